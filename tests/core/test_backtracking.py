"""Regular expressions that some origins take long to match are found, and no others.

The steps of a naive matcher, which tries every way like `re`, are counted on strings that grow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

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


def longer_words(start: str, size: int) -> Iterator[str]:
    """Yield origins that begin with `start`, repeat a short part and then match nothing."""
    for length in (1, 2, 3):
        for part in map("".join, product("xa.", repeat=length)):
            yield f"{start}{part * size}-"


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
    start = word or "https://"
    growth = max(
        steps(source, longer) / (steps(source, shorter) + 1)
        for shorter, longer in zip(longer_words(start, 12), longer_words(start, 24), strict=True)
    )
    most = max(steps(source, longer) for longer in longer_words(start, 24))
    if word is None:
        assert most < MANY
        assert growth < 2.3
    else:
        assert most == MANY or growth > 2.3
