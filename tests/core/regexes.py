"""Regular expressions for tests: generated texts, and what they match in the simplest way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from hypothesis import strategies as st

LETTERS = "ab."
"""The letters of generated regexes and words."""

_LEAVES = st.sampled_from(
    ["a", "b", r"\.", ".", "[ab]", "[^a]", r"\w", r"\W", "(?i:A)", "(?:)", "^", "$", "x", r"[a-b.]"]
)


def _grow(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(parts, min_size=2, max_size=3).map("".join),
        st.lists(parts, min_size=2, max_size=3).map(lambda each: f"(?:{'|'.join(each)})"),
        st.tuples(
            parts, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{1,}", "*?", "+?"])
        ).map(lambda each: f"(?:{each[0]}){each[1]}"),
        parts.map(lambda each: f"({each})"),
    )


def regexes(leaves: int = 8) -> st.SearchStrategy[str]:
    """Return a strategy for regexes of `LETTERS` with every operator that is read exactly."""
    return st.recursive(_LEAVES, _grow, max_leaves=leaves)


def words(longest: int) -> Iterator[str]:
    """Yield every word of `LETTERS`, the shortest first."""
    for length in range(longest + 1):
        yield from map("".join, product(LETTERS, repeat=length))


def members_of(source: str, longest: int) -> set[str]:
    """Return the words that `re` matches, one by one."""
    regex = re.compile(source)
    return {word for word in words(longest) if regex.fullmatch(word)}
