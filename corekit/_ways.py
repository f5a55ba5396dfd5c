"""In how many ways a regular expression reaches its states, and the words that lead there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ._automata import ALPHABET

Ways = Mapping[int, int]
"""In how many ways each state of a set has been reached."""

Move = tuple[int, int, int]
"""From a state to another one, in a number of ways."""


class Step(NamedTuple):
    """A step from a set of states to another one, for every character of `mask`."""

    mask: int
    goal: int
    moves: tuple[Move, ...]


class Word(NamedTuple):
    """The most expensive word that leads to a set: its last character, and the word before it."""

    tries: int
    ways: Ways
    mask: int = 0
    before: Word | None = None

    def __str__(self) -> str:
        characters: list[str] = []
        word: Word | None = self
        while word is not None and word.mask:
            characters.append(_character(word.mask))
            word = word.before
        return "".join(reversed(characters))


def move(ways: Ways, moves: Iterable[Move]) -> dict[int, int]:
    """Return the ways after a step.

    >>> move({0: 2, 1: 1}, [(0, 5, 1), (1, 5, 3)])
    {5: 5}
    """
    found: dict[int, int] = {}
    for state, goal, many in moves:
        if state in ways:
            found[goal] = found.get(goal, 0) + many * ways[state]
    return found


def weigh(ways: Ways, work: Sequence[int]) -> int:
    """Return the work of all ways, from the work of one in each state."""
    tries = 0
    for state, many in ways.items():
        tries += many * work[state]
    return tries


def join(one: Ways, other: Ways) -> Ways:
    """Return the larger number of ways for each state."""
    if one == other:
        return one
    found = dict(one)
    for state, many in other.items():
        if many > found.get(state, 0):
            found[state] = many
    return found


def _character(mask: int) -> str:
    return ALPHABET[(mask & -mask).bit_length() - 1]
