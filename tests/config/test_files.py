"""Policy files: accepted formats, and errors with their position."""

from __future__ import annotations

import copy
import json
import pickle
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given

from corekit import CorsPolicy, PolicyError
from corekit.compat import RegexCorsPolicy
from corekit.problems import PYTHON
from corekit_config import ConfigError, ConfigPolicyError, load_policy, parse_policy
from tests.properties.strategies import Setup, setups

APP = "https://app.example.com"
TOML = f'allow_origins = ["{APP}"]\nallow_credentials = true\nmax_age = 600\n'
JSON = json.dumps({"allow_origins": [APP], "allow_credentials": True, "max_age": 600})
POLICY = CorsPolicy(allow_origins=[APP], allow_credentials=True, max_age=600)


def refused(content: bytes | str, source: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_policy(content, source)
    text = str(caught.value)
    assert "\n" not in text
    assert text.isascii()
    assert text.startswith(source)
    return text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cors.toml", TOML),
        ("cors.TOML", TOML),
        ("cors.json", JSON),
        ("cors.JSON", JSON),
        ("cors", TOML),
        ("cors", f"\n {JSON}"),
        ("cors.conf", JSON),
        ("cors.json", f"\n{JSON}\n"),
        ("settings.toml", '[app]\nname = "shop"\n[cors]\n' + TOML),
        ("settings.json", json.dumps({"debug": True, "cors": json.loads(JSON)})),
        ("pyproject.toml", '[project]\nname = "shop"\n[tool.corekit]\n' + TOML),
        ("cors.json", '{"$schema": "corekit.schema.json", ' + JSON[1:]),
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "byte order mark"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_policy_is_loaded_from_a_file(
    name: str, content: str, mark: bytes, newline: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(mark + content.replace("\n", newline).encode())
    assert load_policy(path) == load_policy(str(path)) == POLICY


@given(setups())
def test_policy_round_trips_through_json(setup: Setup) -> None:
    written = json.dumps(setup.arguments)
    assert parse_policy(written, "cors.json") == parse_policy(written, "-") == setup.policy


@pytest.mark.parametrize(
    ("content", "source", "message"),
    [
        ("allow_origins = [\n'a' 'b']", "c.toml", "c.toml, line 2, column 5: This is not TOML: "),
        ("max_age = 5\nmax_age = 6", "c.toml", "c.toml, line 2, column "),
        ("allow_credentials = True", "c.toml", "true or false in lower case."),
        ("a = 1\nallow_origins = [", "c.toml", "c.toml, line 2, column 18: This is not TOML: "),
        ('{"allow_origins": ["a",]}', "c.json", "c.json, line 1, column "),
        ("{\n  // note\n}", "c.json", "c.json, line 2, column 3: This is not JSON: "),
        ("{'a': 1}", "c.json", "Use double quotes"),
        ("", "c.json", "c.json, line 1, column 1: This is not JSON: "),
        ('{"max_age": 1, "max_age": 2}', "c.json", "The key 'max_age' appears twice."),
        ('{"cors": {"max_age": 1, "max_age": 2}}', "c.json", "The key 'max_age' appears twice."),
        ('{"\u00e9\\n": 1, "\u00e9\\n": 2}', "c.json", r"The key '\xe9\n' appears twice."),
        ("[]", "c.json", "The file contains a list instead of the arguments of a policy."),
        ("null", "c.json", "The file contains a NoneType"),
        ("[" * 100_000, "c.json", "This JSON cannot be read: "),
        ('{"max_age": ' + "1" * 5000 + "}", "c.json", "This JSON cannot be read: "),
        ("max_age: 5", "c.yaml", "YAML is not supported. Write the policy as TOML or JSON."),
        ("[cors]", "c.ini", "INI is not supported."),
        (b"# x\nmax_age = '\xff'", "c.toml", "c.toml, line 2, column 12: The file is not UTF-8."),
        (b"\xff", "c.toml", "c.toml, line 1, column 1: The file is not UTF-8."),
        ("[project]\n", "pyproject.toml", "There is no table [tool.corekit]."),
        ("[tool]\ncorekit = 1\n", "pyproject.toml", "There is no table [tool.corekit]."),
        ("tool = 1\n", "pyproject.toml", "There is no table [tool.corekit]."),
        ("max_age = 5\n[cors]\n", "c.toml", "in the top level and in [cors]. Keep them"),
        ("[cors]\n[tool.corekit]\n", "c.toml", "in [cors] and in [tool.corekit]."),
    ],
)
def test_error_is_one_line_with_the_position(
    content: bytes | str, source: str, message: str
) -> None:
    assert message in refused(content, source)


def test_error_has_the_position_as_attributes() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_policy("a = 1\nb", "c.toml")
    assert (caught.value.source, caught.value.line) == ("c.toml", 2)


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        ('allow_origins = "https://a.example"', ["string-not-collection"]),
        ('allow_origin = ["https://a.example"]', ["unknown-argument"]),
        ('[cors]\nallow_origins = ["a.example"]\nmaxage = 1', ["malformed-origin", "unknown-arg"]),
        ("[cors]\n", ["no-origins"]),
        ("", ["no-origins"]),
        ('cors = "x"', ["no-origins", "unknown-argument"]),
        ('allow_origins = ["*"]\nallow_credentials = "false"', ["wrong-type"]),
        ('allow_origins = ["*"]\nmax_age = 1979-05-27', ["wrong-type"]),
        ('allow_origins = ["*"]\nmax_age = 60.0', ["wrong-type"]),
    ],
)
def test_all_problems_of_a_file_are_reported(content: str, problems: list[str]) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(content, "cors.toml")
    assert isinstance(caught.value, ConfigPolicyError)
    assert caught.value.source == "cors.toml"
    assert str(caught.value).startswith(f"{len(problems)} problem")
    assert " in cors.toml:\n" in str(caught.value)
    codes = [problem.code for problem in caught.value.problems]
    assert all(code.startswith(start) for code, start in zip(codes, problems, strict=True))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"allow_origins": 1},
        {"allow_origins": [1]},
        {"allow_origins": '["*"]'},
        {"allow_origins": {"a": 1}},
        {"allow_origins": ["*"], "allow_credentials": "yes"},
        {"allow_origins": ["*"], "max_age": "600"},
        {"allow_origins": ["*"], "max_age": -1},
        {"allow_origins": ["*"], "preflight_status": "200"},
    ],
)
def test_hint_uses_the_syntax_of_the_file(settings: Any) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(json.dumps(settings), "cors.json")
    for problem in caught.value.problems:
        for word in ("True", "None", "json.loads", "an int", "timedelta", "collection", "['"):
            assert word not in problem.hint


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cors.toml", r"allow_origin_regexes = ['https://pr-\d{1,4}\.example\.com']"),
        ("cors.json", r'{"allow_origin_regexes": ["https://pr-\\d{1,4}\\.example\\.com"]}'),
        (
            "pyproject.toml",
            "[tool.corekit]\n" + r"allow_origin_regexes = ['https://pr-\d{1,4}\.example\.com']",
        ),
    ],
)
def test_file_may_have_regexes(name: str, content: str) -> None:
    policy = parse_policy(content, name)
    assert policy == RegexCorsPolicy(allow_origin_regexes=[r"https://pr-\d{1,4}\.example\.com"])
    assert isinstance(policy, RegexCorsPolicy)
    assert policy.decide("GET", origin="https://pr-17.example.com").allowed


def test_regexes_at_the_top_level_and_in_a_table_are_an_error() -> None:
    message = refused(f"allow_origin_regexes = []\n[cors]\n{TOML}", "cors.toml")
    assert "the top level and in [cors]" in message


def test_error_can_be_copied_and_pickled() -> None:
    with pytest.raises(ConfigPolicyError) as caught:
        parse_policy("", "cors.toml")
    error = caught.value
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (str(other), other.source, other.problems) == (
            str(error),
            error.source,
            error.problems,
        )


def test_error_names_a_file_that_cannot_be_opened(tmp_path: Path, monkeypatch: Any) -> None:
    missing = tmp_path / "none.toml"
    with pytest.raises(ConfigError, match=r"none\.toml: There is no such file\. Check the path\."):
        load_policy(missing)
    with pytest.raises(ConfigError, match=r"This is a directory\."):
        load_policy(tmp_path)

    def deny(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", deny)
    with pytest.raises(
        ConfigError, match=r"none\.toml: The file cannot be read: Permission denied\."
    ):
        load_policy(missing)


QUOTED: Final = {
    "cors.toml": ("allow_origin_regexes = [{}]", tomllib.loads),
    "cors.json": ('{{"allow_origin_regexes": [{}]}}', json.loads),
}


@pytest.mark.parametrize("name", QUOTED)
@pytest.mark.parametrize(
    ("regex", "fix"),
    [
        ("https://*.example.com", r"https://.*\.example\.com"),
        (r"https://app.example\.com/", r"https://app\.example\.com"),
        ("localhost:[0-9]+", "http://localhost:[0-9]+"),
    ],
)
def test_regex_of_a_hint_can_be_pasted(name: str, regex: str, fix: str) -> None:
    template, load = QUOTED[name]
    with pytest.raises(PolicyError) as caught:
        parse_policy(template.format(json.dumps(regex)), name)
    (problem,) = caught.value.problems
    assert problem.fix == fix
    shown = problem.hint.removeprefix("Did you mean ").removesuffix("?")
    assert load(template.format(shown)) == {"allow_origin_regexes": [fix]}
    parse_policy(template.format(shown), name)


@pytest.mark.parametrize("regex", ["https://[a']", "a\x00", r"a'\.b"])
def test_regex_with_quotes_is_shown_as_python_does(regex: str) -> None:
    assert PYTHON.show_regex(regex) == repr(regex)
