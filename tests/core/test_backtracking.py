"""Regular expressions that some origins take long to match are found, and no others.

The steps of a naive matcher, which tries every way like `re`, are counted on strings that grow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corekit import _backtracking
from corekit._automata import TooManyStates, mask_of
from corekit._backtracking import find_slow_word
from corekit._regex_syntax import Unreadable, read_roughly
from corekit._regex_tree import Chars, Choice, End, Node, Repeat, Sequence

FAST = [
    r"https://.*\.example\.com",
    r"https?://(.*\.)?example\.com(:\d+)?",
    r".*://.*\.example\.com",
    r"^.+\.example\.com$",
    r"(https?://)?.*\.example\.com",
    r"https://([\w-]+\.)*example\.com",
    r"https://([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+example\.com",
    r"https://(\w+-)*\w+\.example\.com",
    r"https://\w+(-\w+)*\.example\.com",
    # The port cannot be part of the host, so there is one way only.
    r"https://.*\.example\.com(:.*)?",
    # Any rest of an origin matches, so the first way is enough.
    r"https://.*\.example\.com.*",
    r".*example.*",
    r".*.*",
    # Python makes one set of this.
    r"https://([a-z]|[a-f])+\.example\.com",
    # Each is tried once.
    r"(?=https://.*x).*\.example\.com",
    r"https://(?!.*\.evil\.).*\.example\.com(?<=m)",
    r"https://(\w+)\.\1\.com",
    r"(https?)(?(1)://a|b)",
    r"https://(?>[a-z]+)\.com",
    r"\bhttps://[a-z]++\.com",
    r"https://(x?){3}\.com",
    r"https://(x$){4}\.com",
    r"https://(\d{1,3}\.){3}\d{1,3}",
    r"https://([a-z]{1,63}\.){1,8}[a-z]{2,63}",
    r"https://(\w{2}){9}(ab|cd){4}$\.example\.com",
    r"https://([a-z]+\.){4}example\.com",
    "null",
]

SLOW = [
    (r"https://(.*\.)*example\.com", "https://.."),
    (r"https://([a-z]+-?)+\.example\.com", "https://xxx"),
    (r"https://(([a-z0-9]+-?)*[a-z0-9]+\.)*example\.com", "https://xx.x"),
    (r"https://.*\.a\..*\.example\.com", "https://x.a.x"),
    (r"https://([a-z]*)*\.example\.com", "https://xx"),
    (r"https://(x|x)*\.example\.com", "https://xx"),
    (r"https://(\w|\d\w)*\.example\.com", None),
    (r"https://[a-z]{1,60}[a-z]{1,60}\.example\.com", "https://xxxx"),
    (r"https://(?:(?=[a-z]*x)[a-z])*\.example\.com", None),
    (r"(?=(a+)+:)https://a", None),
    (r"https://(x?){30}\.example\.com", None),
    (r"https://(xx?|){30}\.example\.com", None),
    (r"https://(x{1,2}){20}\.example\.com", None),
    (r"https://(\w+)*\1\.com", None),
    # A limited number of ways that is large.
    (r"https://(([a-z0-9]{1,3}-?){1,4}){1,4}\.example\.com", None),
    (r"https://(([a-z]{1,4}){1,4}){1,4}\.example\.com", None),
    (f"https://{'[a-z]?' * 22}[a-z]+", None),
    (f"https://{'a?' * 24}{'a' * 24}", None),
    (r"https://(([a-z0-9.]{1,4}){3}){5}\.example\.com", None),
    (f"https://(a|b|c|d|e|preview{'[0-9a-f]?' * 26})x", None),
    # Look-around does not hide it.
    (r"https://(?!staging)([\w-]+\.?)+example\.com", None),
    (r"https://(?=a)([\w-]+\.?)+example\.com", None),
    (r"https://([\w-]+\.?)+example\.com\b", None),
    (r"(https)?(?(1)://|x)([\w-]+\.?)+example\.com", None),
]


@pytest.mark.parametrize("source", FAST)
def test_regex_that_takes_linear_time_is_accepted(source: str) -> None:
    assert find_slow_word(re.compile(source)) is None


@pytest.mark.parametrize(("source", "word"), SLOW)
def test_regex_that_takes_longer_is_found_with_an_origin(source: str, word: str | None) -> None:
    found = find_slow_word(re.compile(source))
    assert found is not None
    if word is not None:
        assert found == word


@pytest.mark.parametrize(
    "source",
    [
        rf"https://({'|'.join(map(''.join, product('abcd', 'abcd', 'abcd', 'x')))})+\.com",
        rf"https://({'|'.join(map(''.join, product('abcdefgh', 'abcdefgh', 'abcdefgh')))}x)+\.com",
    ],
)
def test_work_is_bounded(source: str) -> None:
    with pytest.raises(TooManyStates):
        find_slow_word(re.compile(source))


@pytest.mark.parametrize(
    ("name", "source"),
    [("_MOST_VISITS", r"https://([a-z]+\.)+com"), ("_MOST_VISITS", "https://a")],
)
def test_every_search_has_a_limit(monkeypatch: pytest.MonkeyPatch, name: str, source: str) -> None:
    monkeypatch.setattr(_backtracking, name, 0)
    with pytest.raises(TooManyStates):
        find_slow_word(re.compile(source))


def test_unreadable_regexes_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(re, "_parser", object())
    with pytest.raises(Unreadable):
        find_slow_word(re.compile("a"))


Continue = Callable[[int], bool]

MANY = 2_500


class TooManySteps(Exception):  # noqa: N818
    """The matcher has given up."""


class NaiveMatcher:
    """Tries one way after the other, like `re`, and counts the characters that it compares."""

    def __init__(self, node: Node, word: str) -> None:
        self.steps = 0
        self._word = word
        self.matched = self._match(node, 0, lambda place: place == len(word))

    def _match(self, node: Node, place: int, then: Continue) -> bool:
        match node:
            case Chars(mask):
                self.steps += 1
                if self.steps > MANY:
                    raise TooManySteps
                here = self._word[place : place + 1]
                return bool(here and mask_of(here) & mask) and then(place + 1)
            case Sequence(()):
                return then(place)
            case Sequence((first, *rest)):
                left = Sequence(tuple(rest))
                return self._match(first, place, lambda at: self._match(left, at, then))
            case Choice(parts):
                return any(self._match(part, place, then) for part in parts)
            case Repeat(part, low, high):
                return self._repeat(part, low, high, place, then)
            case End():
                return place == len(self._word) and then(place)
        return place == 0 and then(place)

    def _repeat(self, part: Node, low: int, high: int | None, place: int, then: Continue) -> bool:
        def again(at: int) -> bool:
            if at == place and low <= 0:
                return False  # an empty repetition leads to nothing new
            return self._repeat(part, low - 1, None if high is None else high - 1, at, then)

        if high != 0 and self._match(part, place, again):
            return True
        return low <= 0 and then(place)


def steps(source: str, word: str) -> int:
    """Return the steps for `word`, at most `MANY`."""
    try:
        return NaiveMatcher(read_roughly(re.compile(source)), word).steps
    except TooManySteps:
        return MANY


def grows(source: str, start: str, parts: Iterable[str]) -> Iterator[bool]:
    """Yield for each part whether the steps grow faster than the number of its repetitions."""
    for part in parts:
        short, long = (steps(source, f"{start}{part * size}-") for size in (12, 24))
        yield long == MANY or long / (short + 1) > 2.3


FEW_PARTS = [*map("".join, (*product("xa.", repeat=1), *product("xa.", repeat=2)))]
MANY_PARTS = [*FEW_PARTS, *map("".join, (*product("xa.", repeat=3), *product("xa.", repeat=4)))]

PARTS = st.sampled_from(
    ["x", "a", r"\.", ".", "[xa]", r"\w", "x?", "x*", "a+", ".*", "[^.]+", "(x|a)", "x{1,2}"]
)


def _nest(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(parts, min_size=2, max_size=3).map("".join),
        st.lists(parts, min_size=2, max_size=2).map(lambda each: f"({'|'.join(each)})"),
        parts.map(lambda each: f"({each})*"),
        parts.map(lambda each: f"({each})+"),
    )


@given(body=st.recursive(PARTS, _nest, max_leaves=5))
@settings(deadline=None)
@example(body=r".*\.a\..*x")
@example(body="(x*)*a")
def test_a_regex_is_slow_if_and_only_if_the_steps_grow(body: str) -> None:
    source = f"https://{body}\\.com"
    word = find_slow_word(re.compile(source))
    if word is None:
        assert not any(grows(source, "https://", FEW_PARTS))
    else:
        assert any(grows(source, word, MANY_PARTS))
