"""Policy files that are nested deeply: an error at once, never a traceback."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Final

import pytest

from corekit import CorsPolicy, PolicyError
from corekit_config import ConfigError, parse_policy

DEPTHS: Final = (1, 50, 200, *range(300, 1000, 20), *range(960, 1000, 3), 5_000, 100_000)
FORMS: Final[dict[str, tuple[str, Callable[[int], str]]]] = {
    "open lists": ("a.json", lambda n: "[" * n),
    "lists": ("a.json", lambda n: "[" * n + "]" * n),
    "objects": ("a.json", lambda n: '{"cors": ' * n + "1" + "}" * n),
    "lists of origins": ("a.json", lambda n: f'{{"allow_origins": {"[" * n}{"]" * n}}}'),
    "a list for a number": ("a.json", lambda n: f'{{"max_age": {"[" * n}{"]" * n}}}'),
    "an unknown argument": ("a.json", lambda n: f'{{"x": {"[" * n}{"]" * n}}}'),
    "open lists in TOML": ("a.toml", lambda n: f"allow_origins = {'[' * n}"),
    "lists in TOML": ("a.toml", lambda n: f"allow_origins = {'[' * n}{']' * n}"),
    "inline tables": ("a.toml", lambda n: f"max_age = {'{a=' * n}1{'}' * n}"),
    "dotted keys": ("a.toml", lambda n: f"max_age.{'a.' * n}a = 1"),
    "quoted dotted keys": ("a.toml", lambda n: "max_age." + '"\\"" . ' * n + "a = 1"),
    "a table": ("a.toml", lambda n: f"[cors.{'a.' * n}a]"),
    "a key after a string": (
        "a.toml",
        lambda n: 'x = {a = """it\'s """", b.' + "a.'b'." * n + "c = 1}",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_deep_nesting_is_an_error_at_once(form: str) -> None:
    source, write = FORMS[form]
    start = time.monotonic()
    for depth in DEPTHS:
        with pytest.raises((ConfigError, PolicyError)) as caught:
            parse_policy(write(depth), source)
        assert str(caught.value)
        if isinstance(caught.value, PolicyError):
            assert json.dumps([each.to_dict() for each in caught.value.problems])
    assert time.monotonic() - start < 10


def test_line_of_a_long_dotted_key_is_named() -> None:
    text = '# it\'s\nx = """\n"\n"""\n' + "a." * 100 + "a = 1"
    with pytest.raises(ConfigError) as caught:
        parse_policy(text, "a.toml")
    assert (caught.value.line, caught.value.message) == (5, "Dots join more than 100 keys.")
    with pytest.raises(PolicyError):
        parse_policy("a." * 99 + "a = 1", "a.toml")


DOTS: Final = "a." * 500


@pytest.mark.parametrize(
    "text",
    [
        f"# {DOTS}",
        f"[other]\nx = '{DOTS}'",
        f'[other]\nx = "\\"{DOTS}"',
        f'[other]\nx = """\n"{DOTS}\n"""',
        f'[other]\nx = """\n\\"""{DOTS}\n"""""',
        f"[other]\nx = '''\n'{DOTS}\n''''",
        f"[other]\nx = [{'1.5, ' * 500}]",
    ],
)
def test_dots_elsewhere_are_not_keys(text: str) -> None:
    policy = '[cors]\nallow_origins = ["https://app.example.com"]\n'
    expected = CorsPolicy(allow_origins=["https://app.example.com"])
    assert parse_policy(f"{policy}{text}\n", "a.toml") == expected
