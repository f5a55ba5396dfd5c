"""Automata have the words that their regexes match: compared with `re`, and with greenery."""

from __future__ import annotations

import re

import pytest
from greenery import parse
from hypothesis import assume, given
from hypothesis import strategies as st

from corekit import _automata, _regex_tree
from corekit._automata import (
    ALPHABET,
    Automaton,
    TooManyStates,
    characters_of,
    determinize,
    intersection,
    mask_of,
    members,
    merge_states,
    split_edges,
    subtraction,
    union,
)
from corekit._regex_syntax import Unreadable, read_regex
from corekit._regex_tree import Chars, Choice, Repeat, Sequence, build
from tests.core.regexes import LETTERS, members_of, regexes, words

LONGEST = 4


def automaton_of(source: str) -> Automaton:
    return build(read_regex(re.compile(source)))


def accepted(automaton: Automaton) -> set[str]:
    return {word for word in words(LONGEST) if automaton.matches(word)}


@given(source=regexes())
def test_automaton_has_the_words_that_re_matches(source: str) -> None:
    assert accepted(automaton_of(source)) == members_of(source, LONGEST)


@given(source=st.text("ab.|()[]*+?{}12,^$\\-wW", max_size=8))
def test_whatever_text_compiles_is_read_as_re_matches_it(source: str) -> None:
    try:
        re.compile(source)
    except (re.error, OverflowError, FutureWarning):
        assume(False)
    try:
        automaton = automaton_of(source)
    except Unreadable:
        return
    assert accepted(automaton) == members_of(source, LONGEST)


@given(one=regexes(5), two=regexes(5))
def test_operations_are_those_of_sets(one: str, two: str) -> None:
    first, second = automaton_of(one), automaton_of(two)
    here, there = members_of(one, LONGEST), members_of(two, LONGEST)
    assert accepted(intersection(first, second)) == here & there
    assert accepted(union([first, second])) == here | there
    assert accepted(subtraction(first, second)) == here - there
    assert accepted(determinize(first)) == here


@given(source=regexes())
def test_a_deterministic_automaton_has_one_edge_for_each_character(source: str) -> None:
    for edges in determinize(automaton_of(source)).edges:
        for character in ALPHABET:
            assert sum(bool(mask & mask_of(character)) for mask, _ in edges) <= 1


def test_edges_to_the_same_states_become_one() -> None:
    one, two, three = map(mask_of, "abc")
    automaton = Automaton((((one, 1), (two, 1), (three, 2)), (), ()), frozenset({1}))
    assert determinize(automaton).edges == (((one | two, 1), (three, 2)), (), ())


@given(whole=regexes(5), parts=st.lists(regexes(4), max_size=3))
def test_the_first_member_is_a_shortest_one_that_the_others_do_not_have(
    whole: str, parts: list[str]
) -> None:
    others = [automaton_of(each) for each in parts]
    found = next(members(automaton_of(whole), others), None)
    left = members_of(whole, LONGEST).difference(*(members_of(each, LONGEST) for each in parts))
    if found is None:
        assert not left
    else:
        assert re.fullmatch(whole, found)
        assert not any(re.fullmatch(each, found) for each in parts)
        assert all(len(found) <= len(each) for each in left)


@given(whole=regexes(5), parts=st.lists(regexes(4), max_size=3))
def test_inclusion_and_emptiness_agree_with_greenery(whole: str, parts: list[str]) -> None:
    # greenery has no anchors, flags and lazy repetitions, and no groups that are not captured.
    assume(not re.search(r"(?<!\[)\^|\$|\?i|[*+]\?", "|".join([whole, *parts])))
    sources = [each.replace("(?:", "(") for each in (whole, *parts)]
    letters = r"(a|b|\.)*"
    left = parse(sources[0]) & parse(letters)
    for each in sources[1:]:
        left = left.difference(parse(each))
    limited = intersection(automaton_of(whole), automaton_of(letters))
    others = [automaton_of(each) for each in parts]
    assert (next(members(limited, others), None) is None) == left.empty()


@given(source=regexes())
def test_is_empty_if_and_only_if_there_is_no_member(source: str) -> None:
    automaton = automaton_of(source)
    assert automaton.is_empty == (next(members(automaton), None) is None)


@given(st.lists(st.tuples(st.integers(1, 63), st.integers(0, 4)), max_size=6))
def test_split_edges_separates_what_any_edge_separates(edges: list[tuple[int, int]]) -> None:
    parts = split_edges(edges)
    for index in range(6):
        bit = 1 << index
        goals = {goal for mask, goal in edges if mask & bit}
        assert [set(found) for mask, found in parts if mask & bit] == ([goals] if goals else [])


@given(source=regexes(5))
def test_merged_states_have_the_same_words_and_differ(source: str) -> None:
    automaton = determinize(intersection(automaton_of("(?s).*"), automaton_of(source)))
    merged = merge_states(automaton)
    assert accepted(merged) == accepted(automaton)
    rests = [begun_at(merged, state) for state in range(len(merged.edges))]
    for index, one in enumerate(rests):
        for other in rests[:index]:
            differing = (*members(one, [other]), *members(other, [one]))
            assert differing


def begun_at(automaton: Automaton, start: int) -> Automaton:
    """Return an automaton of the words that lead from a state to a final one."""
    shifted = [tuple((mask, goal + 1) for mask, goal in edges) for edges in automaton.edges]
    final = {state + 1 for state in automaton.final}
    return Automaton(
        (shifted[start], *shifted), frozenset(final | ({0} if start in automaton.final else set()))
    )


def test_examples_prefer_letters_that_a_person_believes() -> None:
    found = next(members(automaton_of(r"https://pr-\d+.example\.com"), []))
    assert found == "https://pr-1xexample.com"


def test_characters_that_no_alphabet_has_are_left_out() -> None:
    assert mask_of("\u044f\u4e2d") == 0
    assert "".join(characters_of(mask_of(LETTERS))) == "ab."
    assert not automaton_of("\u044f").matches("\u044f")
    assert not automaton_of("x").matches("\u044f")


def test_an_intersection_has_a_limit_of_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = automaton_of("[ab]{9}"), automaton_of("[bc]{9}")
    monkeypatch.setattr(_automata, "MOST_EDGES", 9)
    assert intersection(one, other).matches("b" * 9)
    monkeypatch.setattr(_automata, "MOST_EDGES", 8)
    with pytest.raises(TooManyStates):
        intersection(one, other)


def test_regex_has_a_limit_of_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_regex_tree, "MOST_EDGES", 9)
    assert automaton_of("a{9}").matches("a" * 9)
    with pytest.raises(TooManyStates):
        automaton_of("a{10}")


def test_regex_has_a_limit_of_states(monkeypatch: pytest.MonkeyPatch) -> None:
    # One at the start, and two for each character.
    monkeypatch.setattr(_regex_tree, "_MOST_WIRED", 7)
    assert automaton_of("abc").matches("abc")
    with pytest.raises(TooManyStates):
        automaton_of("abcd")


def test_automata_and_searches_have_a_limit_of_states(monkeypatch: pytest.MonkeyPatch) -> None:
    automaton = automaton_of("a{4}")
    monkeypatch.setattr(_automata, "MOST_STATES", 5)
    assert len(determinize(automaton).edges) == 5
    assert list(members(automaton)) == ["aaaa"]
    monkeypatch.setattr(_automata, "MOST_STATES", 4)
    with pytest.raises(TooManyStates):
        determinize(automaton)
    with pytest.raises(TooManyStates):
        list(members(automaton))


def test_automaton_may_return_to_its_start() -> None:
    one, two = map(mask_of, "ab")
    any_number = Automaton((((one, 0),),), frozenset({0}))
    assert determinize(any_number) == any_number
    after_others = Automaton((((two, 0), (one, 1)), ()), frozenset({1}))
    assert list(members(after_others, [any_number])) == ["ba"]


def test_a_choice_of_nothing_has_no_words() -> None:
    assert build(Choice()).is_empty
    assert build(Sequence()).matches("")


def test_what_is_too_large_is_not_built() -> None:
    # The automaton of all words with an a in the 20th place from the end has 2 ** 20 states.
    automaton = automaton_of("[ab]*a[ab]{20}")
    with pytest.raises(TooManyStates):
        determinize(automaton)
    with pytest.raises(TooManyStates):
        next(members(automaton_of("[ab]*"), [automaton, automaton_of("[ab]{0,20}|[ab]*b[ab]{20}")]))
    with pytest.raises(TooManyStates):
        build(Repeat(Repeat(Chars(1), 500, 500), 500, 500))
    with pytest.raises(TooManyStates):
        intersection(automaton_of("(a{300})*"), automaton_of("(a{299})*"))
