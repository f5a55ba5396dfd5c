"""Whether origins or paths may take long to match: limits for the cost that is counted."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from typing import Final, NamedTuple

from ._automata import EVERY_CHARACTER, TooManyStates
from ._backtracking import MOST_LAYERS, MOST_TRIES, ORIGIN, PATH, Budget, Cost
from ._origins import MAX_ORIGIN_LENGTH
from ._regex_syntax import Unreadable, read_roughly
from ._regex_tree import Chars, Repeat, Sequence

_MOST_TRIES: Final = 300_000
"""What an origin may cost, in states that `re` visits: a few milliseconds."""

_FEW_TRIES: Final = 5_000
"""What any origin may cost if the cost grows faster than its length."""

_MOST_LINEAR_TRIES: Final = 2_000_000
"""What the longest path may cost if the cost grows with its length: about 50 milliseconds."""

ORDINARY_PATH: Final = 64
"""In characters. A regular expression is refused if it may be slow for such a path."""

_PATH_LENGTHS: Final = (8_192, 512, 128, 32, 8)
_ANY_LENGTH: Final = 65_536
"""In characters; no server accepts a longer path."""


class Work(NamedTuple):
    """How many states `re` visits at most: once, and for each character."""

    once: int
    repeated: int

    def of(self, length: int) -> int:
        """Return the states for an origin of a length."""
        return self.once + length * self.repeated


_UNKNOWN: Final = Work(10**9, 0)
_MOST_WORKS: Final = 1_000
_works: dict[re.Pattern[str], Work] = {}
"""Of the regular expressions that were judged last; each policy keeps what it needs."""


def find_slow_word(regex: re.Pattern[str], budget: Budget | None = None) -> str | None:
    """Return the beginning of an origin that takes long to match, or None.

    Raise `Unreadable` or `TooManyStates` if it is not known, or if the budget does not suffice.

    >>> find_slow_word(re.compile(r"https://.*\\.example\\.com")) is None
    True
    >>> find_slow_word(re.compile(r"https://([a-z]+-?)+\\.example\\.com"))
    'https://xxxxxxxxx'
    """
    node, is_exact = read_roughly(regex)
    length = MAX_ORIGIN_LENGTH
    cost = Cost(node, ORIGIN, budget or Budget(), is_exact=is_exact)
    # If the ways grow with the length, it is slow, even if the longest origin costs little.
    linear = cost.linear(length)
    most = _FEW_TRIES if linear is None and not cost.is_rough else _MOST_TRIES
    tries = cost.most(most, length)
    if tries <= most:
        if len(_works) >= _MOST_WORKS:
            _works.clear()
        _works[regex] = Work(*linear) if linear else Work(tries, 0)
        return None
    word = cost.find_word(most, length, is_bound=False)
    if word is None:
        raise TooManyStates
    return word


def origin_work(regex: re.Pattern[str]) -> Work:
    """Return what origins cost that a regular expression is matched with.

    It is known if the regular expression was judged lately, and has no slow word.

    >>> find_slow_word(re.compile(r"https://.*\\.example\\.com"))
    >>> origin_work(re.compile(r"https://.*\\.example\\.com")).of(30) < 600
    True
    """
    return _works.get(regex, _UNKNOWN)


def path_cost(regex: re.Pattern[str], budget: Budget) -> Cost:
    """Return what paths cost with whose beginning a regular expression is matched."""
    node, is_exact = read_roughly(regex, any_length=True)
    if is_exact:
        node = Sequence((node, Repeat(Chars(EVERY_CHARACTER), 0, None)))
    return Cost(node, PATH, budget, is_exact=is_exact)


@cache
def longest_path(regex: re.Pattern[str]) -> int | None:
    """Return how long a path may be for a regular expression, in characters; None is any length.

    The regular expression is matched with the beginning of paths, as by `re.match`. It is 0 if its
    cost is not known.

    >>> longest_path(re.compile("/api/.*")), longest_path(re.compile(r"/(\\w+/?)+$"))
    (None, 16)
    """
    budget = Budget()
    longest = 0
    with suppress(Unreadable, TooManyStates):
        cost = path_cost(regex, budget)
        limit = cost.limit(_ANY_LENGTH)
        if limit is not None and limit <= _MOST_LINEAR_TRIES:
            return None
        lengths = [each for each in _PATH_LENGTHS if each <= MOST_LAYERS or limit is not None]
        for length in lengths:
            # If there are too many states to count, there may be fewer for a shorter path.
            with suppress(TooManyStates):
                word = cost.find_word(MOST_TRIES, length)
                if word is None:
                    return max(length, longest)
                longest = max(longest, len(word) - 1)
    is_known = budget.left >= 0 or longest >= ORDINARY_PATH
    return longest if is_known else 0
