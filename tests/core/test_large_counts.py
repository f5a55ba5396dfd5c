"""A count that is larger than any origin is not without limit for a path."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from corekit import _regex_syntax
from corekit._automata import TooManyStates
from corekit._backtracking import Budget
from corekit._regexes import RegexError, compile_path_regex
from corekit._slow_regexes import find_slow_word, longest_path, path_cost
from tests.core.naive_matcher import MOST_STEPS, NaiveMatcher, TooManySteps, read_atoms

FEW = 3
"""A count that is large, in the property."""

PARTS = st.sampled_from(["x", "a", "/", ".", "[^a]", "[^a]*", "[^/]*", "/?", ".*", r"[\w\W]", "$"])
COUNTS = ["{0,4}", "{1,5}", "{0,12}", "{5}", "{4,}", "{5,7}", "{0,3}", "*", "+", "?"]


def _nest(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    groups = st.one_of(
        st.lists(parts, min_size=1, max_size=3).map("".join),
        st.lists(parts, min_size=2, max_size=3).map("|".join),
    )
    counted = st.tuples(groups, st.sampled_from(COUNTS)).map(lambda each: f"({each[0]}){each[1]}")
    return st.one_of(counted, st.lists(parts, min_size=2, max_size=3).map("".join))


def _steps(regex: re.Pattern[str], word: str) -> int:
    try:
        return NaiveMatcher(read_atoms(regex), word, is_whole=False).steps
    except TooManySteps:
        return MOST_STEPS


@given(
    body=st.recursive(PARTS, _nest, max_leaves=5),
    part=st.text("xa/", min_size=1, max_size=2),
    end=st.text("xa/\n", max_size=3),
)
@settings(deadline=None)
@example(body="([^/]*/?){0,12}$", part="x/", end="x/x")
@example(body=r"(.*/)*[\w\W]{0,4}$", part="x/", end="xxx")
@example(body=r"(x{5,}[\w\W]*)?.*/.*a", part="/", end="")
@example(body=r".*/.*/[\w\W]{5,}", part="/", end="x")
@example(body="(x|a){5}$", part="x", end="")
def test_no_path_takes_more_steps_than_the_bound(body: str, part: str, end: str) -> None:
    regex = re.compile(f"(?s)/{body}")
    word = f"/{part * 14}{end}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_regex_syntax, "LONGEST", FEW)
        try:
            bound = path_cost(regex, Budget()).most(MOST_STEPS, len(word))
        except (TooManyStates, _regex_syntax.Unreadable):
            assume(False)
    if bound <= MOST_STEPS:
        # The way to the end that surely matches is not counted.
        assert _steps(regex, word) <= bound + 20 * len(word)


@pytest.mark.parametrize(
    "source",
    [
        r"^/(?:[^/]*/?){0,513}$",
        r"^/api/(?:[^/]*/?){1,1000}$",
        r"^(?:/?[^/]*){1,1000}$",
        r"^/(?:[^,]*,?){0,600}$",
        r"^/(?:\w|\W)(?:\w*\W?){0,1024}$",
        r"^/.{0,600}(?:.*){0,600}$",
        r"^/(?:(?:(?:[^/]*/?){0,600})?){0,600}$",
        # What matches nothing is tried as often as the count says.
        r"^/(?:(?=a)){513}",
        r"^/(?:ab|a?b?){513}",
    ],
)
def test_path_regex_with_a_large_count_is_refused(source: str) -> None:
    with pytest.raises(RegexError):
        compile_path_regex(source)


@pytest.mark.parametrize(
    ("source", "longest"),
    [
        # A longer path might be matched in as many ways as it has characters, one after the other.
        (r"^/.*/[\s\S]{0,2000}$", 446),
        (r"^/(?:[\s\S]*?/)?[\s\S]{0,513}$", 445),
        (r"^/.*/[\s\S]{600,}", 128),
        (r"^/.*/[\s\S]{0,2000}", 499),
        # There is one way only.
        (r"^/.*/[\s\S]*", None),
        (r"^/api/[^/]{1,1000}/?$", None),
        (r"^/(?:[^/]{1,600}/)+$", None),
        (r"^/(?:a/){0,1000}$", None),
        (r"^/a{600}", None),
    ],
)
def test_longest_path_of_a_large_count(source: str, longest: int | None) -> None:
    assert longest_path(re.compile(source)) == longest


def test_an_origin_is_shorter_than_a_large_count() -> None:
    assert find_slow_word(re.compile(r"https://.*\.example\.com.{0,513}.{0,1000}")) is None
    with pytest.raises(_regex_syntax.Unreadable):
        find_slow_word(re.compile(r"https://(?:(?=a)){513}a\.example\.com"))
