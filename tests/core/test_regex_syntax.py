"""Which regular expressions are read exactly, in each release of Python."""

from __future__ import annotations

import re
from typing import Any

import pytest

from corekit import _regex_syntax
from corekit._automata import MANY, Automaton, mask_of
from corekit._regex_syntax import LONGEST, Unreadable, read_regex, read_roughly
from corekit._regex_tree import Chars, Sequence, build

READ = [
    # regex, words that match, words that do not
    (r"https?://a", ["http://a", "https://a"], ["httpss://a"]),
    (r"(?P<name>a)(?:b)", ["ab"], ["a"]),
    (r"a{2,3}", ["aa", "aaa"], ["a", "aaaa"]),
    (r"a{,2}", ["", "aa"], ["aaa"]),
    (r"a{0}", [""], ["a"]),
    (r"a*?b+?c??", ["b", "aabbc"], ["a"]),
    (r"[^a-y/]", ["z", ":"], ["a", "/"]),
    (r"[\w.-]+", ["a-b.c_0"], ["a/b"]),
    (r"[^\w]", ["-", "/"], ["a", "_"]),
    (r"\d\D\w\W\S", ["1a_-x"], ["aa_-x"]),
    (r"a\s*b", ["ab"], ["aab"]),
    (r"^a$|\Ab\Z", ["a", "b"], ["ab"]),
    (r"a^b|a$b", [], ["ab", "a", "b"]),
    (r"(^|b)a", ["a", "ba"], ["aa"]),
    (r"(?i)A[B-C]é", [], ["ab", "AB"]),
    (r"(?i)A[B-C]\u017f", ["ABS", "abs", "acs"], ["add"]),
    (r"A(?i:A)", ["Aa", "AA"], ["aA"]),
    (r"(?i:a(?-i:a))", ["Aa"], ["AA"]),
    (r"(?i)[^a]", ["b", "B"], ["a", "A"]),
    (r"[^a]", ["A", "b"], ["a"]),
    (r"(?i)[AB]", ["a", "B"], ["c"]),
    (r"[AB]", ["A", "B"], ["a"]),
    (r"(?i)[^\x00-`]", ["~"], ["a", "A", "1"]),
    ("(?x) a  # a comment\n b", ["ab"], ["a b"]),
    (r"(?s).(?m:^|.)", ["a", "ab"][1:], ["abc"]),
    (r"\x61\u0062\143", ["abc"], ["ab"]),
    (r"a||b", ["a", "", "b"], ["ab"]),
]

UNREADABLE = [
    r"(?=a).",
    r"(?!a).",
    r"(?<=a).",
    r"(?<!a).",
    r"(a)\1",
    r"(?P<n>a)(?P=n)",
    r"(a)?(?(1)b|c)",
    r"(?>a*)b",
    r"a++b",
    r"\ba",
    r"a\B",
    "a" * 10_001,
    "(" * 400 + "a" + ")" * 400 + "|" + "(a)" * 10_000,
]


def automaton_of(source: str) -> Automaton:
    return build(read_regex(re.compile(source)))


@pytest.mark.parametrize(("source", "matching", "others"), READ)
def test_regex_is_read_as_re_matches_it(
    source: str, matching: list[str], others: list[str]
) -> None:
    automaton = automaton_of(source)
    for word in matching:
        assert re.fullmatch(source, word)
        assert automaton.matches(word), word
    for word in others:
        assert not re.fullmatch(source, word)
        assert not automaton.matches(word), word


@pytest.mark.parametrize("source", UNREADABLE)
def test_what_is_not_regular_or_too_large_is_unreadable(source: str) -> None:
    with pytest.raises(Unreadable):
        read_regex(re.compile(source))


@pytest.mark.parametrize("source", UNREADABLE[:11])
def test_its_cost_is_judged_all_the_same(source: str) -> None:
    node, is_exact = read_roughly(re.compile(source))
    build(node)
    assert is_exact is False


@pytest.mark.parametrize(
    ("source", "word"),
    [
        (r"(a?)b\1", "b"),
        (r"(a?)b\1", "aba"),
        (r"(a+)\1", "aaaa"),
        (r"(a)?(?(1)b|c)", "ab"),
        (r"(a)?(?(1)b|c)", "c"),
        (r"(a)?(?(1)b)", "ab"),
        (r"(a)?(?(1)b)", ""),
        (r"(?>a*)b", "aab"),
        (r"a++b", "aab"),
    ],
)
def test_what_is_not_read_exactly_matches_no_less(source: str, word: str) -> None:
    node, _ = read_roughly(re.compile(source))
    assert re.fullmatch(source, word)
    assert build(node).matches(word)


@pytest.mark.parametrize("opening", ["(", "(?:a|", "(?=(", "(?>"])
@pytest.mark.parametrize("depth", [20, 110, 130])
def test_deep_nesting_is_unreadable_before_python_gives_up(opening: str, depth: int) -> None:
    closing = ")*" * opening.count("(")
    regex = re.compile("https://" + opening * depth + "a" + closing * depth)
    if depth == 20:
        build(read_roughly(regex)[0])
    else:
        for read in (read_regex, read_roughly):
            with pytest.raises(Unreadable):
                read(regex)


@pytest.mark.parametrize("read", [read_regex, read_roughly])
def test_groups_may_be_nested_up_to_a_depth(read: Any) -> None:
    assert read(re.compile("(" * 99 + "a" + ")" * 99))
    with pytest.raises(Unreadable):
        read(re.compile("(" * 100 + "a" + ")" * 100))


@pytest.mark.parametrize(
    ("source", "flags", "is_exact"),
    [("^a$", 0, True), ("^a$", re.MULTILINE, False), (r"\Aa\Z", 0, True), (r"\ba", 0, False)],
)
def test_positions_are_read_exactly_at_both_ends(source: str, flags: int, is_exact: bool) -> None:
    node, found = read_roughly(re.compile(source, flags))
    assert found is is_exact
    assert build(node).matches("a")


def test_counts_that_no_origin_reaches_are_unlimited() -> None:
    assert not automaton_of(rf"a{{1,{LONGEST}}}").matches("a" * (LONGEST + 1))
    automaton = automaton_of(rf"a{{{LONGEST + 1},}}|b{{1,{LONGEST + 1}}}")
    assert automaton.matches("b" * (LONGEST + 5))
    assert not automaton.matches("a" * (LONGEST - 1))


def test_flags_of_a_compiled_regex_count() -> None:
    assert build(read_regex(re.compile("a", re.IGNORECASE))).matches("A")
    assert build(read_regex(re.compile("a b", re.VERBOSE))).matches("ab")


def test_regex_of_the_most_nodes_is_read() -> None:
    assert read_regex(re.compile("a" * 10_000)) == Sequence((Chars(mask_of("a")),) * 10_000)


@pytest.mark.parametrize(
    "source", ["\u044f", "[\u044fa]", "[\u044f\u044eb-c]", "[\u0430-\u044fb-c]"]
)
def test_all_characters_without_a_place_in_the_alphabet_are_taken_as_one(source: str) -> None:
    node, _ = read_roughly(re.compile(source))
    assert all(build(node).matches(each) for each in MANY)


@pytest.mark.parametrize(("character", "is_known"), [("\x7f", True), ("\x80", False)])
def test_the_alphabet_has_ascii(character: str, is_known: bool) -> None:
    automaton = build(read_roughly(re.compile(character))[0])
    assert automaton.matches(MANY[0]) is not is_known


def test_a_parser_that_changed_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    regex = re.compile("a")
    monkeypatch.setattr(_regex_syntax, "_READERS", {})
    with pytest.raises(Unreadable):
        read_regex(regex)
    monkeypatch.setattr(re, "_parser", object())
    with pytest.raises(Unreadable):
        read_regex(regex)


@pytest.mark.parametrize("item", ["CATEGORY_UNI_EMOJI", "SOMETHING"])
def test_a_set_with_something_unknown_is_unreadable(
    monkeypatch: pytest.MonkeyPatch, item: str
) -> None:
    name = "CATEGORY" if item.startswith("CATEGORY") else item
    monkeypatch.setattr(_regex_syntax, "_parse", lambda _: [("IN", [(name, item)])])
    with pytest.raises(Unreadable):
        read_regex(re.compile("a"))
