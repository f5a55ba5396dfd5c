"""Where keys and list elements of a TOML or JSON document are."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit_config.documents import parse_document
from corekit_config.places import Path, find_places

keys = st.text(
    st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=4
) | st.sampled_from(["allow_origins", "a.b", "#", '"', "'", "[", "=", ""])
scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    keys,
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)
documents = st.dictionaries(keys, values, max_size=4)


def paths_of(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the path of every key and list element, with the value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in pairs:
        yield (*path, name), inner
        if isinstance(inner, dict | list):
            yield from paths_of(inner, (*path, name))


def text_at(text: str, line: int, column: int) -> str:
    return "\n".join([text.split("\n")[line - 1][column - 1 :], *text.split("\n")[line:]])


def to_toml(value: Any) -> str:
    if isinstance(value, dict):
        pairs = [f"{to_toml(name)} = {to_toml(each)}" for name, each in value.items()]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[ # one, [two]\n" + ",\n".join(map(to_toml, value)) + "\n]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@given(documents, st.sampled_from([None, 2]))
def test_every_key_and_element_of_json_is_found(document: Any, indent: int | None) -> None:
    text = "\n " + json.dumps(document, indent=indent)
    places = find_places(text, is_json=True)
    expected = dict(paths_of(document))
    assert places.keys() == expected.keys()
    for path, value in expected.items():
        start = json.dumps(path[-1] if isinstance(path[-1], str) else value, indent=indent)
        # The first line, since the rest is indented.
        assert text_at(text, *places[path]).startswith(start.split("\n")[0])


@given(documents)
def test_every_key_and_element_of_toml_is_found(document: Any) -> None:
    lines = [f"{to_toml(name)} = {to_toml(value)} # = [" for name, value in document.items()]
    text = "\n\n".join(lines)
    assert tomllib.loads(text) == document
    places = find_places(text, is_json=False)
    expected = dict(paths_of(document))
    assert places.keys() == expected.keys()
    for path, value in expected.items():
        start = to_toml(path[-1] if isinstance(path[-1], str) else value)
        assert text_at(text, *places[path]).startswith(start)


def test_tables_of_toml_are_found() -> None:
    text = (
        "\n"
        "max_age = 07:32:00\n"
        "a.'b' . \"c\\n\" = '''\n[x]\n'''\n"
        "[ tool . corekit ]\n"
        'allow_origins = [ # "a"\n'
        '  "x]", """\n"", #""",\n'
        "  1.5, { b = [2 , ] } ]\n"
        "[[routes]]\n"
        "path = 1\n"
        "[routes.inner]\n"
        "x = 1\n"
        "  [[routes]]\n"
        "path = 2\n"
        "[[routes.inner]]\n"
        '"\\e" = 1\n'
        "[[routes.inner]]"
    )
    assert find_places(text, is_json=False) == {
        ("max_age",): (2, 1),
        ("a",): (3, 1),
        ("a", "b"): (3, 1),
        ("a", "b", "c\n"): (3, 1),
        ("tool", "corekit"): (6, 1),
        ("tool", "corekit", "allow_origins"): (7, 1),
        ("tool", "corekit", "allow_origins", 0): (8, 3),
        ("tool", "corekit", "allow_origins", 1): (8, 9),
        ("tool", "corekit", "allow_origins", 2): (10, 3),
        ("tool", "corekit", "allow_origins", 3): (10, 8),
        ("tool", "corekit", "allow_origins", 3, "b"): (10, 10),
        ("tool", "corekit", "allow_origins", 3, "b", 0): (10, 15),
        ("routes", 0): (11, 1),
        ("routes", 0, "path"): (12, 1),
        ("routes", 0, "inner"): (13, 1),
        ("routes", 0, "inner", "x"): (14, 1),
        ("routes", 1): (15, 3),
        ("routes", 1, "path"): (16, 1),
        ("routes", 1, "inner", 0): (17, 1),
        ("routes", 1, "inner", 0, '"\\e"'): (18, 1),
        ("routes", 1, "inner", 1): (19, 1),
    }


def test_cost_is_linear_in_one_long_line() -> None:
    text = json.dumps({"allow_origins": [f"https://a{number}.example" for number in range(50_000)]})
    started = process_time()
    places = find_places(text, is_json=True)
    assert places["allow_origins", 49_999] == (1, text.index('"https://a49999') + 1)
    # A search for the beginning of the line for each element takes more than ten seconds.
    assert process_time() - started < 5


def test_document_nested_too_deeply_has_no_places(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RecursionError

    document = parse_document("max_age = 1", "cors.toml")
    monkeypatch.setattr("corekit_config.documents.find_places", fail)
    assert document.places == {}
