"""The paths that a regular expression matches the beginning of, compared with those of another."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit.compat import paths_of

ATOMS = ["/", "a", "b", "1", r"\d", r"\w", "[^/]", ".", "(a|/b)", "(?!a)", r"\b", "$", "^"]
COUNTS = ["", "*", "+", "?", "{2}"]
PATHS = [f"/{''.join(each)}" for length in range(5) for each in product("/ab1", repeat=length)]
PATHS = [each for each in PATHS if not each.startswith("//")]

parts = st.builds(
    lambda atom, count: atom if atom in {"(?!a)", r"\b", "$", "^"} else atom + count,
    st.sampled_from(ATOMS),
    st.sampled_from(COUNTS),
)
regexes = st.lists(parts, max_size=4).map(lambda each: re.compile("/" + "".join(each)))


@given(regexes, regexes)
def test_regex_that_is_covered_matches_no_other_path(
    later: re.Pattern[str], earlier: re.Pattern[str]
) -> None:
    paths, others = paths_of(later), paths_of(earlier)
    assert paths is not None
    assert others is not None
    covered = [bool(earlier.match(each)) for each in PATHS if later.match(each)]
    is_covered = paths.are_all_in(others)
    if is_covered:
        assert all(covered)
    assert (is_covered is None) == (others.least is None)
    example = paths.example()
    if paths.least is not None and example is not None:
        assert later.match(example)


@given(regexes)
def test_regex_covers_itself_if_it_is_read_exactly(regex: re.Pattern[str]) -> None:
    paths = paths_of(regex)
    assert paths is not None
    assert paths.are_all_in(paths) is (None if paths.least is None else True)


@pytest.mark.parametrize(
    ("later", "earlier", "covered"),
    [
        (r"/users/\d+/private", r"/users/\d+", True),
        (r"/users/\d+", r"/users/\d+/private", False),
        (r"/users/\d+$", r"/users/\d+", True),
        (r"/users/\d+", r"/users/\d+$", False),
        (r"\d+", r"/x", True),  # no path begins so
        (r".*", r"/", True),
        (r"/{3}", r"/x", True),  # frameworks route one slash
        (r"/x.*$", r"/x.*\n", False),
        (r"/(?=a)", r"/\w", False),
        (r"/(?=a)a", r"/\w", True),
        (r"/a", r"/(?=a)", None),
        (r"/a*$", r"/a{0,600}$", None),  # a path may be longer
        (r"/a{0,600}$", r"/a*$", True),
        (r"/é", r"/[à-é]", False),
        (r"/é", r"/é", False),  # others are represented by the same letter
    ],
)
def test_paths_are_compared_exactly(later: str, earlier: str, covered: bool | None) -> None:
    paths, others = paths_of(re.compile(later)), paths_of(re.compile(earlier))
    assert paths is not None
    assert others is not None
    assert paths.are_all_in(others) is covered


def test_what_is_too_much_to_tell_is_not_known() -> None:
    assert paths_of(re.compile("(" * 101 + ")" * 101)) is None
    large = paths_of(re.compile("/(a|b)*a(a|b){14}$"))
    assert large is not None
    assert large.are_all_in(large) is None


def test_regex_without_paths_has_no_example() -> None:
    paths = paths_of(re.compile("x"))
    assert paths is not None
    assert paths.example() is None
