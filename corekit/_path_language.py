"""Whether a regular expression for the beginning of paths matches all paths that another one does.

Both are compared exactly, as automata (`_automata`). Of what is not a regular language, such as a
look-ahead, two sets are known: one that has all of the paths, and one that has no others.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from ._automata import (
    EVERY_CHARACTER,
    Automaton,
    TooManyStates,
    intersection,
    members,
)
from ._regex_syntax import Unreadable, read_regex, read_roughly
from ._regex_tree import Chars, Choice, Look, Node, Repeat, Sequence, build

_ANYTHING: Final = Repeat(Chars(EVERY_CHARACTER), 0, None)


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths with whose beginning a regular expression matches.

    `most` has all of them, and `least` has no others; None if that is not known. Paths with control
    characters are left out.
    """

    most: Automaton
    least: Automaton | None

    def example(self) -> str | None:
        """Return a short path that may be one of these, or None without any.

        >>> paths_of(re.compile(r"/users/\\d+")).example()
        '/users/1'
        """
        return next(members(self.most), None)

    def are_all_in(self, others: Paths) -> bool | None:
        """Return whether all of these are among the others; None if that is not known.

        >>> users = paths_of(re.compile(r"/users/\\d+"))
        >>> private = paths_of(re.compile(r"/users/\\d+/private"))
        >>> private.are_all_in(users), users.are_all_in(private)
        (True, False)
        """
        if others.least is None:
            return None
        with suppress(TooManyStates):
            return next(members(self.most, [others.least]), None) is None
        return None


@lru_cache(maxsize=1_000)
def paths_of(regex: re.Pattern[str]) -> Paths | None:
    """Return the paths with whose beginning `regex` matches; None if that is too much to tell."""
    with suppress(Unreadable, TooManyStates):
        roughly, is_exact = read_roughly(regex, any_length=True)
        most = intersection(build(Sequence((_without_looks(roughly), _ANYTHING))), _paths())
        if not is_exact:
            return Paths(most, None)
        return Paths(most, build(Sequence((_certain(read_regex(regex)), _ANYTHING))))
    return None


@cache
def _paths() -> Automaton:
    # With one slash at the beginning, as frameworks route them.
    return build(read_regex(re.compile(r"/(?:[^/\x00-\x1f\x7f][^\x00-\x1f\x7f]*)?$")))


def _without_looks(node: Node) -> Node:
    """Return a tree in which a look-around always succeeds."""
    if isinstance(node, Look):
        return Sequence()
    if isinstance(node, Sequence | Choice):
        return type(node)(tuple(map(_without_looks, node.parts)))
    if isinstance(node, Repeat):
        return Repeat(_without_looks(node.part), node.low, node.high)
    return node


def _certain(node: Node) -> Node:
    """Return a tree without the characters that represent others which may not match."""
    if isinstance(node, Chars):
        return Chars(node.mask & ~node.partial)
    if isinstance(node, Sequence | Choice):
        return type(node)(tuple(map(_certain, node.parts)))
    if isinstance(node, Repeat):
        return Repeat(_certain(node.part), node.low, node.high)
    return node
