"""Tokens and lists of field names are parsed like the naive parsers do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from corekit._names import is_token, parse_field_names
from tests.properties.naive import TOKEN_CHARACTERS, read_field_names

pieces = st.sampled_from(
    [*'aB,, \t;:\n\r\x0b\x00é"(*', "x-a", "X-B", ", ", "\u017f", "\u212a", "\xa0"]
)


@given(st.lists(pieces, max_size=12).map("".join) | st.text(max_size=8))
def test_list_parser_agrees_with_naive_parser(value: str) -> None:
    assert parse_field_names(value) == read_field_names(value)


@given(st.text(max_size=4) | st.text(st.sampled_from([*"!#$%&'*+-.^_`|~aZ0 ,;\n"]), max_size=4))
def test_token_check_agrees_with_naive_check(value: str) -> None:
    assert is_token(value) == (value != "" and set(value) <= TOKEN_CHARACTERS)


@given(st.lists(st.sampled_from(["x-a", "x-b", "authorization"])))
def test_joined_list_is_parsed_back(names: list[str]) -> None:
    assert parse_field_names(",".join(names)) == frozenset(names)
    assert parse_field_names(" , ".join(names).upper()) == frozenset(names)
