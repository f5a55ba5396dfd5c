"""Tokens and lists of field names against naive readers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from corekit._names import is_token, parse_field_names
from tests.properties.naive import TOKEN_CHARACTERS, read_field_names

pieces = st.sampled_from(
    [*'aB,, \t;:\n\r\x0b\x00é"(*', "x-a", "X-B", ", ", "\u017f", "\u212a", "\xa0"]
)


@given(st.lists(pieces, max_size=12).map("".join) | st.text(max_size=8))
def test_a_list_is_read_as_the_grammar_has_it(value: str) -> None:
    assert parse_field_names(value) == read_field_names(value)


@given(st.text(max_size=4) | st.text(st.sampled_from([*"!#$%&'*+-.^_`|~aZ0 ,;\n"]), max_size=4))
def test_a_token_is_read_as_the_grammar_has_it(value: str) -> None:
    assert is_token(value) == (value != "" and set(value) <= TOKEN_CHARACTERS)


@given(st.lists(st.sampled_from(["x-a", "x-b", "authorization"])))
def test_what_is_written_as_a_list_is_read_back(names: list[str]) -> None:
    assert parse_field_names(",".join(names)) == frozenset(names)
    assert parse_field_names(" , ".join(names).upper()) == frozenset(names)
