"""Characters outside ASCII, of which a regular expression may name any, and `re` knows a million.

Few of them represent all others. Here `re` itself says which characters a set has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from corekit._automata import ALPHABET, EVERY_CHARACTER, MANY, OTHERS, TooManyStates, mask_of
from corekit._backtracking import PATH, Budget, Cost
from corekit._regex_syntax import read_roughly
from corekit._regex_tree import Chars, Repeat, Sequence
from corekit._slow_regexes import longest_path
from tests.core.naive_matcher import MOST_STEPS, NaiveMatcher, read_atoms, shown

SLOW = [
    r"^/tags/([^、]+、?)+$",
    r"^/([^\u200b]+/?)*$",
    r"^/([^\u3000]+/?)+$",
    r"^/([\x00-\xff]+/?)*$",
    r"^/([^一-龥]+/?)*$",
    r"^/([^\ufffd]+/?)*$",
    r"^/([^\U0001f600]+/?)*$",
    r"^/((?:[\x00-\u20ff]|[\u2101-\U0010ffff])+/?)*$",
    r"^/((?:[\x00-\x7f]|[\x81-\U0010ffff])+/?)*$",
    r"^/([^é€٣\xa0]+/?)*$",
    r"(?i)^/([^Я]+/?)*$",
    r"(?i)^/([^ß]+/?)*$",
    # The long s and the sign of kelvin are s and k without case, unless only ASCII is.
    r"(?i)^/([^k]+/?)*$",
    r"(?i)^/([^\u017f]+/?)*$",
    r"(?i)^/([^\u212a]+/?)*$",
    r"(?i)^/([^\u0131]+/?)*$",
    r"(?i)^/([\x00-\x7f\x80-\u0160]+/?)*$",
    r"(?ai)^/((?:[\x00-\x7f]|[^\u0130\u0131\u017f\u212a\x00-\x7f])+/?)*$",
    r"(?ai)^/((?:[ki s]|[^ \u212a])+/?)*$",
    r"^/((?ai:[\x00-\x7f]|[^\u0130\u0131\u017f\u212a])+/?)*$",
    # Not every character is a word or a space in ASCII, or neither.
    r"^/([^\W\d]+/?)*$",
    r"^/((?:[\w\s]|[^\x80-\U0010ffff])+/?)*$",
    r"(?a)^/((?:\w|[\x00-\x7f])+/?)*$",
    r"(?a)^/((?:(?u:\w)|(?u:\s)|[\x00-\x7f])+/?)*$",
    r"^/((?:\w|\s|[\x00-\x7f])+/?)*$",
    r"(?a)^/((?:(?u:\W)|[\x00-\x7f])+/?)*$",
    # Not those that represent others match.
    r"^/([^\x00-\x7fé€٣\xa0\u0130\u0131\u017f\u212a]+日?)*$",
    r"^/(\S+/?)*$",
    r"^/(.+/?)*$",
    r"^/([^\n]+/?)*$",
]

FAST = [
    # Every character matches, so the first way is enough.
    r"^/([\w\W]+/?)*$",
    r"^/([\d\D]+/?)*$",
    r"^/([\s\S]+/?)*$",
    r"(?s)^/(.+/?)*$",
    r"^/((?:.|\n)+/?)*$",
    r"^/([\x00-\U0010ffff]+/?)*$",
    r"^/((?:[\x00-\x7f]|[\x80-\U0010ffff])+/?)*$",
    r"^/((?:[\x00-\x7f]|[^\x00-\x7f])+/?)*$",
    r"(?a)^/((?:\w|[^\w])+/?)*$",
    r"(?i)^/((?:[a-z]|[^a-z])+/?)*$",
    r"(?i)^/((?:k|[^k])+/?)*$",
    r"(?ai)^/((?:k|[^k])+/?)*$",
    r"^/über/.*$",
    r"^/[^、]+/.*",
    r"^/(?:[^、/]+/)*",
    r"^/日本/(?:[一-龥]+-)*[一-龥]+$",
]


@pytest.mark.parametrize("source", SLOW)
def test_a_set_that_lacks_any_character_stops_a_repetition(source: str) -> None:
    longest = longest_path(re.compile(source))
    assert longest is not None
    assert longest < 64


@pytest.mark.parametrize("source", FAST)
def test_sets_of_all_characters_always_match(source: str) -> None:
    assert longest_path(re.compile(source)) is None


CHARACTERS = st.sampled_from(
    "ak sKIi-\n\x7f\x80\xa0éßµüÿŸ«、\u017f\u0131\u0130\u212a€٣\u200b\u2028一龥日я\ufffd"
    "\U0001f600\U0010ffff"
) | st.characters(exclude_categories=())


@st.composite
def sets(draw: st.DrawFn) -> str:
    """Return the source of a regular expression of one character, in a group with its flags."""
    items = draw(st.lists(_ITEMS, min_size=1, max_size=4))
    negated = draw(st.sampled_from(["", "^"]))
    flags = draw(st.sampled_from(["u", "a", "ui", "ai", "us"]))
    return f"(?{flags}:[{negated}{''.join(items)}])"


_ITEMS = st.one_of(
    CHARACTERS.map(lambda each: shown(ord(each))),
    st.sampled_from([r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", r"\x00-\x7f", r"\x80-\U0010ffff"]),
    st.tuples(CHARACTERS, CHARACTERS).map(
        lambda both: "-".join(shown(ord(each)) for each in sorted(both))
    ),
)


def near(sources: Iterable[str]) -> list[str]:
    """Return the characters that these name, those next to them, and some of every kind."""
    named = {int(each, 16) for each in re.findall(r"\\U([0-9a-f]{8})", "".join(sources))}
    numbers = {number + step for number in named for step in (-1, 0, 1)}
    characters = {chr(number) for number in numbers if 0 <= number <= 0x10FFFF}
    cases = {other for each in characters for other in each.lower() + each.upper()}
    return sorted(characters | cases | {*ALPHABET, *"日ß\u200b\U0001f600५\u3000"})


@given(sources=st.lists(sets(), min_size=1, max_size=3))
@settings(deadline=None)
@example(sources=["(?ui:[^\\U00000073])"])
@example(sources=["(?ai:[^\\U00000073])", "(?u:[^\\U000000e9])"])
def test_every_character_is_represented_in_all_sets_alike(sources: list[str]) -> None:
    nodes = [read_roughly(re.compile(each))[0] for each in sources]
    chars = [node for node in nodes if isinstance(node, Chars)]
    assert len(chars) == len(sources)
    for character in near(sources):
        is_in = [bool(re.fullmatch(each, character)) for each in sources]
        alike = EVERY_CHARACTER
        for found, node in zip(is_in, chars, strict=True):
            alike &= node.mask if found else node.partial | ~node.mask
        assert alike, ascii(character)
        if character in ALPHABET and character not in MANY:
            assert alike & mask_of(character)


@cache
def _words_digits_and_spaces() -> set[tuple[bool, bool, bool]]:
    kinds = [re.compile(each).match for each in (r"\w", r"\d", r"\s")]
    one, two, three = kinds
    return {
        (bool(one(each)), bool(two(each)), bool(three(each)))
        for each in map(chr, range(128, 0x110000))
    }


def test_there_are_four_kinds_of_characters_outside_ascii() -> None:
    kinds = {
        tuple(bool(re.match(each, character)) for each in (r"\w", r"\d", r"\s"))
        for character in MANY
    }
    assert kinds == _words_digits_and_spaces()
    assert len(kinds) == len(MANY)


def test_four_characters_are_the_same_as_those_of_ascii() -> None:
    is_same = re.compile(r"(?i)[\x00-\x7f]").match
    assert {each for each in map(chr, range(128, 0x110000)) if is_same(each)} == {*OTHERS} - {*MANY}


PARTS = st.sampled_from(
    [
        *["a", "、", "[^、]", "[^é]", "[a-é]", "[、日]", "[^\u3000a]", r"[\x00-\xff]", "a|、"],
        *[r"\w", r"\W", r"\s", r"[^\W\d]", ".", r"[\w\W]", "[^、]?", "[^a]*", "[^k]+", ".*"],
        *["[^一-龥]+", "$", "\u017f", "[^\u017f]"],
    ]
)


def _nest(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(parts, min_size=2, max_size=3).map("".join),
        st.lists(parts, min_size=2, max_size=3).map(lambda each: f"({'|'.join(each)})"),
        parts.map(lambda each: f"({each})*"),
        parts.map(lambda each: f"({each})+"),
    )


BODIES = st.recursive(PARTS, _nest, max_leaves=5)
WORDS = "a、é日k\u212a\u017f\n\u3000\u3001\u3002龥龦\xff\u0100٣"


@given(
    body=BODIES,
    flags=st.sampled_from(["", "(?i)", "(?s)", "(?a)", "(?ai)"]),
    part=st.text(WORDS, min_size=1, max_size=2),
    end=st.text(WORDS, max_size=2),
)
@settings(deadline=None)
@example(body="([^、]+、?)+$", flags="", part="a", end="、、")
@example(body="([^\u3000]+a?)+$", flags="", part="a", end="\u3000")
@example(body="([^k]+a?)+$", flags="(?i)", part="a", end="\u212a")
@example(body=r"([^\W\d]+a?)+$", flags="", part="日", end="٣")
@example(body="(.+a?)+", flags="", part="a", end="\n")
def test_no_path_takes_more_steps_than_the_bound(
    body: str, flags: str, part: str, end: str
) -> None:
    regex = re.compile(f"{flags}/{body}")
    node, is_exact = read_roughly(regex)
    assert is_exact
    word = f"/{part * 12}{end}"
    try:
        # What follows the match is not compared.
        rest = Repeat(Chars(EVERY_CHARACTER), 0, None)
        cost = Cost(Sequence((node, rest)), PATH, Budget(), is_exact=True)
        bound = cost.most(MOST_STEPS, len(word))
    except TooManyStates:
        assume(False)
    if bound <= MOST_STEPS:
        matcher = NaiveMatcher(read_atoms(regex), word, is_whole=False)
        assert matcher.matched == bool(regex.match(word))
        # The way to the end that surely matches is not counted.
        assert matcher.steps <= bound + 20 * len(word)
