"""Whether `re` may take long to match a regular expression, because it tries too many ways.

`re` tries one way after the other to match the beginning of a string. If the number of ways grows
with the string, a client that chooses the string can keep the server busy: ``(a+)+b`` has
exponentially many ways to match ``aaa...``, ``a*a*b`` has as many as there are places to divide it.

Here the ways are counted, for the worst string of a length. After each character the regex is in
a set of states, and each state of the set has been reached in a number of ways::

    a*a*b     after "":  [first a*] 1 way
              after "a": [first a*] 1 way, [second a*] 1 way
              after "aa": [first a*] 1 way, [second a*] 2 ways ...

The sets are those of a deterministic automaton. If two strings lead to the same set, the larger
number counts for each state, so the result is an upper bound: what is accepted is fast. If it is
too high, single strings are counted, to show one that is slow. Two things are left out: strings
that do not look like an origin or a path, which are never matched, and states from which every way
matches every rest, such as a last ``.*``: `re` stops at the first way that matches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from typing import Final, NamedTuple

from ._automata import ALPHABET, Automaton, Edge, TooManyStates, determinize, reversed_edges
from ._regex_syntax import read_regex
from ._regex_tree import End, Look, Node, Wiring, build

MOST_LINEAR_TRIES: Final = 2_000_000
"""What the longest path may cost if the cost grows with its length: about 50 milliseconds."""

_UNKNOWN: Final = 10**12
"""More than anything may cost."""

MOST_LAYERS: Final = 512
"""The length up to which ways that grow with the length are counted."""

_MOST_EMPTY_WAYS: Final = 5_000
_MOST_STEPS: Final = 20_000
_MOST_SETS: Final = 2_000
_MOST_MOVES: Final = 100_000
_MOST_VISITS: Final = 400_000

ORIGIN: Final = (
    r"[a-z][a-z0-9+.\-]*://(\[[0-9a-f:]*\]|[A-Za-z0-9_.~!$&'()+;=-]*)(:[0-9]{1,5})?|null"
)
"""The form of what a regular expression of origins is matched with."""

PATH: Final = "(?s)/.*"
TEXT: Final = "(?s).*"

Ways = Mapping[int, int]
"""In how many ways each state of a set has been reached."""

Move = tuple[int, int, int]
"""From a state to another one, in a number of ways."""


class Step(NamedTuple):
    """A step from a set of states to another one, for every character of `mask`."""

    mask: int
    goal: int
    moves: tuple[Move, ...]


class _Word(NamedTuple):
    """The most expensive word that leads to a set: its last character, and the word before it."""

    tries: int
    ways: Ways
    mask: int = 0
    before: _Word | None = None

    def __str__(self) -> str:
        characters: list[str] = []
        word: _Word | None = self
        while word is not None and word.mask:
            characters.append(_character(word.mask))
            word = word.before
        return "".join(reversed(characters))


class Cost:
    """What strings of a shape and a length cost: how many states `re` visits at most."""

    def __init__(self, node: Node, shape: str, length: int, *, is_exact: bool) -> None:
        self._wiring = Wiring(node)
        self._length = length
        self._looks: dict[int, int] = {}
        self.is_rough = False
        """Whether there is one set for all states: ways of different strings are counted as one."""
        try:
            self._read(shape, is_exact=is_exact)
            self._steps = self._determinize()
        except TooManyStates:
            self.is_rough = True
            self._read(TEXT, is_exact=False)
            everything = range(len(self._states))
            split = self._split(everything)
            self._steps = [tuple(Step(mask, 0, moves) for mask, moves in split)]

    def _read(self, shape: str, *, is_exact: bool) -> None:
        self._shape = _automaton_of(shape)
        self._has_line_feeds = shape != ORIGIN
        self._states = [(0, 0)]
        numbers = {(0, 0): 0}
        self._edges: list[list[tuple[int, int, int]]] = []
        self._work: list[int] = []
        """What `re` visits from each state before the next character."""
        self._final: frozenset[int] = frozenset()
        count = 0
        for origin, place in self._states:
            work, ways = self._follow(origin)
            found: list[tuple[int, int, int]] = []
            for before, many in ways.items():
                mask, goal = self._wiring.characters[before]
                for shape_mask, shape_goal in self._shape.edges[place]:
                    both = mask & shape_mask
                    if both:
                        pair = (goal, shape_goal)
                        if pair not in numbers:
                            numbers[pair] = len(numbers)
                            self._states.append(pair)
                        found.append((both, numbers[pair], many))
            self._edges.append(found)
            self._work.append(work)
            count += len(found)
            if count > _MOST_STEPS:
                raise TooManyStates
        if is_exact:
            self._final = self._always_matching()

    def _follow(self, origin: int) -> tuple[int, dict[int, int]]:
        """Return the work of all empty moves, and in how many ways they lead to characters."""
        # A way of empty moves passes no state twice: `re` does not repeat what matched nothing.
        work = 0
        ways: dict[int, int] = {}
        stack = [(origin, frozenset({origin}))]
        for _ in range(_MOST_EMPTY_WAYS):
            if not stack:
                return work, ways
            state, path = stack.pop()
            work += 1
            if state in self._wiring.characters:
                ways[state] = ways.get(state, 0) + 1
            for condition, goal in self._wiring.moves[state]:
                if isinstance(condition, Look):
                    work += self._cost_of(condition)
                elif not self._is_open(condition, origin):
                    continue
                if goal not in path:
                    stack.append((goal, path | {goal}))
        raise TooManyStates

    def _is_open(self, condition: Node | None, origin: int) -> bool:
        if isinstance(condition, End):
            return self._has_line_feeds  # one may follow the end
        return condition is None or origin == 0

    def _cost_of(self, look: Look) -> int:
        cost = self._looks.get(id(look))
        if cost is None:
            cost = Cost(look.part, TEXT, self._length, is_exact=False).most(MOST_LINEAR_TRIES)
            self._looks[id(look)] = cost
        return cost

    def find_word(self, most: int, *, is_bound: bool = True) -> str | None:
        """Return a word whose bound, or whose own cost, is more than `most`, or None."""
        if self.limit is not None and self.limit <= most:
            return None
        word = self._find(most, is_bound=is_bound)
        return str(word) if word.tries > most else None

    def most(self, bound: int) -> int:
        """Return what any string of the length costs at most; `_UNKNOWN` if more than `bound`."""
        if self.limit is not None and self.limit <= bound:
            return self.limit
        if self._length > MOST_LAYERS:
            return _UNKNOWN
        tries = self._find(bound).tries
        return tries if tries <= bound else _UNKNOWN

    @cached_property
    def limit(self) -> int | None:
        """What any string of the length costs at most; None if the ways grow with the length."""
        ways = self._find_ways()
        if ways is None:
            return None
        work = [self._weigh(each) for each in ways]
        edges = [[(step.mask, step.goal) for step in steps] for steps in self._steps]
        cyclic = _leading_to_cycles(edges) & _leading_to_cycles(reversed_edges(edges))
        # Outside of cycles, each set is passed at most once, before or after them.
        once = _longest_way(edges, work, set(range(len(edges))) - cyclic)
        return 2 * once + self._length * max((work[each] for each in cyclic), default=0)

    def _weigh(self, ways: Ways) -> int:
        return sum(many * self._work[state] for state, many in ways.items())

    def _find_ways(self) -> list[Ways] | None:
        """Return the ways to reach the states of each set, by strings of any length."""
        found: list[Ways] = [{} for _ in self._steps]
        found[0] = {0: 1}
        queue = [0]
        left = 3 * sum(map(len, self._steps)) + 100
        for number in queue:
            for _, goal, moves in self._steps[number]:
                left -= 1
                larger = _join(found[goal], _move(found[number], moves))
                if larger != found[goal]:
                    found[goal] = larger
                    queue.append(goal)
            if left < 0 or len(queue) > left:
                return None
        return found

    def _find(self, most: int, *, is_bound: bool = True) -> _Word:
        """Return the most expensive word up to the length, or the first above `most`.

        Of the words that lead to the same set, only the most expensive one is made longer. If
        `is_bound` is true, it is counted as if it had the ways of all of them.
        """
        layer = {0: _Word(self._work[0], {0: 1})}
        worst = layer[0]
        visits = 0
        for _ in range(self._length):
            after: dict[int, _Word] = {}
            for number, word in layer.items():
                for mask, goal, moves in self._steps[number]:
                    visits += len(moves)
                    ways = _move(word.ways, moves)
                    other = after.get(goal)
                    if other is not None and is_bound:
                        ways = _join(other.ways, ways)
                    tries = word.tries + self._weigh(ways)
                    if other is None or tries > other.tries:
                        after[goal] = _Word(tries, ways, mask, word)
                    elif is_bound:
                        after[goal] = other._replace(ways=ways)
                    if tries > most:
                        return after[goal]
            if visits > _MOST_VISITS:
                raise TooManyStates
            if not after:
                break
            layer = after
            worst = max(worst, *layer.values(), key=lambda each: each.tries)
        return worst

    def _determinize(self) -> list[tuple[Step, ...]]:
        """Return the steps from each set of the deterministic automaton; the first is the start."""
        numbers = {frozenset({0}): 0}
        steps: list[tuple[Step, ...]] = []
        queue = [*numbers]
        count = 0
        for states in queue:
            found: list[Step] = []
            for mask, moves in self._split(states):
                goals = frozenset(goal for _, goal, _ in moves)
                number = numbers.setdefault(goals, len(numbers))
                if number == len(queue):
                    queue.append(goals)
                found.append(Step(mask, number, moves))
            steps.append(tuple(found))
            count += sum(len(step.moves) for step in found)
            if len(queue) > _MOST_SETS or count > _MOST_MOVES:
                raise TooManyStates
        return steps

    def _split(self, states: Iterable[int]) -> list[tuple[int, tuple[Move, ...]]]:
        """Return the moves from these states, for each set of characters with the same ones."""
        moves = [
            (mask, (state, goal, many))
            for state in states
            for mask, goal, many in self._edges[state]
            if goal not in self._final
        ]
        alike: dict[tuple[Move, ...], int] = {}
        for part in _split_masks({mask for mask, _ in moves}):
            here = tuple(move for mask, move in moves if mask & part)
            alike[here] = alike.get(here, 0) | part
        return [(mask, here) for here, mask in alike.items()]

    def _always_matching(self) -> frozenset[int]:
        """Return the states from which every way matches every rest."""
        wiring, shape = self._wiring, self._shape
        states = {
            number
            for number, (origin, place) in enumerate(self._states)
            if place not in shape.final
            or wiring.last in wiring.closure(origin, start=False, end=True)
        }
        while True:
            kept = {state for state in states if self._continues(state, states)}
            if kept == states:
                return frozenset(states)
            states = kept

    def _continues(self, state: int, goals: set[int]) -> bool:
        origin, place = self._states[state]
        possible = 0
        for mask, _ in self._shape.edges[place]:
            possible |= mask
        # Not by way of the end, after which there is only one line feed.
        wiring = self._wiring
        near = wiring.closure(origin, start=origin == 0)
        certain = {wiring.characters[each][1] for each in near if each in wiring.characters}
        for mask, goal, _ in self._edges[state]:
            if goal not in goals:
                return False
            if self._states[goal][0] in certain:
                possible &= ~mask
        return not possible


def _split_masks(masks: Iterable[int]) -> list[int]:
    """Return disjoint sets of characters, which are parts of all these sets or outside of them."""
    parts: list[int] = []
    for mask in masks:
        rest = mask
        for index, part in enumerate(parts[:]):
            inside = part & mask
            rest &= ~part
            if inside and inside != part:
                parts[index] = inside
                parts.append(part ^ inside)
        if rest:
            parts.append(rest)
    return parts


def _move(ways: Ways, moves: Iterable[Move]) -> dict[int, int]:
    found: dict[int, int] = {}
    for state, goal, many in moves:
        if state in ways:
            found[goal] = found.get(goal, 0) + many * ways[state]
    return found


def _join(one: Ways, other: Ways) -> dict[int, int]:
    return {**one, **{state: max(many, one.get(state, 0)) for state, many in other.items()}}


def _leading_to_cycles(edges: list[list[Edge]]) -> set[int]:
    left = [len(found) for found in edges]
    back = reversed_edges(edges)
    ends = [state for state, count in enumerate(left) if not count]
    for end in ends:
        for _, state in back[end]:
            left[state] -= 1
            if not left[state]:
                ends.append(state)
    return set(range(len(left))).difference(ends)


def _longest_way(edges: list[list[Edge]], work: list[int], among: set[int]) -> int:
    """Return the most work on a way among some states, which have no cycles."""
    back = reversed_edges(edges)
    left = {state: sum(goal in among for _, goal in edges[state]) for state in among}
    most = {state: work[state] for state in among}
    ends = [state for state, count in left.items() if not count]
    for end in ends:
        for _, state in back[end]:
            if state in among:
                most[state] = max(most[state], work[state] + most[end])
                left[state] -= 1
                if not left[state]:
                    ends.append(state)
    return max(most.values(), default=0)


def _character(mask: int) -> str:
    return ALPHABET[(mask & -mask).bit_length() - 1]


@cache
def _automaton_of(source: str) -> Automaton:
    return determinize(build(read_regex(re.compile(source))))
