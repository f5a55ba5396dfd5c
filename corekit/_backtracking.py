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
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import chain, islice
from typing import Final

from ._automata import (
    EVERY_CHARACTER,
    Automaton,
    Edge,
    States,
    TooManyStates,
    determinize,
    leading_to_cycles,
    longest_way,
    reversed_edges,
    split_masks,
)
from ._regex_syntax import read_regex
from ._regex_tree import End, Look, Node, Wiring, build
from ._ways import Move, Step, Ways, Word, join, move, weigh

MOST_TRIES: Final = 500_000
"""What any string may cost if the cost grows faster than its length, in states that `re` visits."""

_UNKNOWN: Final = 10**12
"""More than anything may cost."""

MOST_STEPS: Final = 1_000_000
"""What may be counted for one regular expression: about a second of the processor."""

MOST_LAYERS: Final = 512
"""The length up to which ways that grow with the length are counted."""

_COMPARISONS_PER_STEP: Final = 16
_FEWEST_MOVES: Final = 2
"""A step of fewer moves takes as much time as one of so many."""

_MOST_EMPTY_WAYS: Final = 5_000
_MOST_EDGES: Final = 20_000
_MOST_SETS: Final = 2_000
_SETS_PER_STATE: Final = 2
"""How many more there may be: a list of words, which may be long, has about one for each state."""

_MOST_MOVES: Final = 100_000
_MOST_VISITS: Final = 400_000

ORIGIN: Final = (
    r"[a-z][a-z0-9+.\-]*://(\[[0-9a-f:]*\]|[A-Za-z0-9_.~!$&'()+;=-]*)(:[0-9]{1,5})?|null"
)
"""The form of what a regular expression of origins is matched with."""

PATH: Final = "(?s)/.*"
TEXT: Final = "(?s).*"


class Budget:
    """The steps that may still be counted for a regular expression, by all counts together."""

    def __init__(self) -> None:
        self.left = MOST_STEPS

    def charge(self, steps: int) -> None:
        """Count steps that are made in any case."""
        self.left -= steps

    def spend(self, steps: int) -> None:
        """Raise `TooManyStates` if so many steps are not left."""
        self.charge(steps)
        if self.left < 0:
            raise TooManyStates


class Cost:
    """What strings of a shape cost: how many states `re` visits at most, by their length."""

    def __init__(self, node: Node, shape: str, budget: Budget, *, is_exact: bool) -> None:
        self._wiring = Wiring(node)
        self._budget = budget
        self._looks: dict[int, Cost] = {}
        self._works: dict[int, list[int]] = {}
        self._counted: dict[tuple[int, ...], int] = {}
        self._sums: dict[tuple[int, ...], tuple[int, int]] = {}
        self._counts: dict[tuple[int, ...], tuple[list[int], Iterator[Word]]] = {}
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
        states = States[tuple[int, int]]((0, 0))
        self._states = states.named
        self._edges: list[list[tuple[int, int, int]]] = []
        self._visits: list[tuple[int, dict[int, int]]] = []
        """What `re` visits from each state before the next character, and the look-arounds."""
        self._final: frozenset[int] = frozenset()
        count = 0
        for origin, place in self._states:
            visits, looks, ways = self._follow(origin)
            found: list[tuple[int, int, int]] = []
            for before, many in ways.items():
                mask, goal = self._wiring.characters[before]
                for shape_mask, shape_goal in self._shape.edges[place]:
                    both = mask & shape_mask
                    if both:
                        found.append((both, states.number((goal, shape_goal)), many))
            self._edges.append(found)
            self._visits.append((visits, looks))
            count += len(found)
            self._budget.spend(len(found))
            if count > _MOST_EDGES:
                raise TooManyStates
        if is_exact:
            self._final = self._always_matching()

    def _follow(self, origin: int) -> tuple[int, dict[int, int], dict[int, int]]:
        """Follow all empty moves.

        Return the number of visits, how often each look-around is tried, and in how many ways they
        lead to characters.
        """
        looks: dict[int, int] = {}
        ways: dict[int, int] = {}
        none: frozenset[int] = frozenset()
        stack = [(origin, none)]
        work = 0
        for visits in range(_MOST_EMPTY_WAYS):
            if not stack:
                self._budget.spend(visits)
                return visits + work, looks, ways
            state, begun = stack.pop()
            work += self._wiring.work.get(state, 0)
            if state in self._wiring.characters:
                ways[state] = ways.get(state, 0) + 1
            for condition, goal in self._wiring.moves[state]:
                if isinstance(condition, Look):
                    self._add(condition)
                    looks[id(condition)] = looks.get(id(condition), 0) + 1
                elif not self._is_open(condition, origin):
                    continue
                inside = self._wiring.loops.get(goal)
                if inside is None:
                    stack.append((goal, begun))
                elif goal not in begun:
                    # A repetition begins only once: `re` does not repeat what matched nothing.
                    # Those inside of it begin anew.
                    others = {each for each in begun if not goal < each <= inside}
                    stack.append((goal, frozenset({goal, *others})))
        raise TooManyStates

    def _is_open(self, condition: Node | None, origin: int) -> bool:
        if isinstance(condition, End):
            return self._has_line_feeds  # one may follow the end
        return condition is None or origin == 0

    def _add(self, look: Look) -> None:
        if id(look) not in self._looks:
            self._looks[id(look)] = Cost(look.part, TEXT, self._budget, is_exact=False)

    def _work(self, length: int) -> list[int]:
        """Return what `re` visits from each state before the next character, and to look around."""
        if length not in self._works:
            costs: dict[int, int] = {}
            left = MOST_TRIES
            for key, look in self._looks.items():
                costs[key] = look.most(left, length)
                left = max(left - costs[key], 0)
            self._works[length] = [
                visits + sum(costs[key] * count for key, count in looks.items())
                for visits, looks in self._visits
            ]
        return self._works[length]

    def find_word(self, most: int, length: int, *, is_bound: bool = True) -> str | None:
        """Return a word whose bound, or whose own cost, is more than `most`, or None."""
        limit = self.limit(length)
        if limit is not None and limit <= most:
            return None
        work = tuple(self._work(length))
        if length >= self._counted.get(work, length + 1):
            raise TooManyStates  # as before, for a longer string
        words: list[Word] = []
        try:
            words.extend(islice(self._worst_words(work, most, is_bound=is_bound), length + 1))
        except TooManyStates:
            self._counted[work] = len(words)
            raise
        word = words[-1]
        return str(word) if word.tries > most else None

    def most(self, bound: int, length: int) -> int:
        """Return what any string of a length costs at most; more than `bound` is not exact."""
        limit = self.limit(length)
        if limit is not None and (limit <= bound or length > MOST_LAYERS):
            return limit
        if length > MOST_LAYERS:
            return _UNKNOWN
        work = tuple(self._work(length))
        # The same count goes on for a longer string, unless look-arounds cost more.
        tries, words = self._counts.setdefault(work, ([], self._worst_words(work, _UNKNOWN)))
        while len(tries) <= length and (not tries or tries[-1] <= bound):
            word = next(words, None)
            if word is None:
                break
            tries.append(word.tries)
        found = tries[min(length, len(tries) - 1)]
        return found if found <= bound else _UNKNOWN

    def limit(self, length: int) -> int | None:
        """Return what any string of a length costs at most; None if the ways grow with it."""
        linear = self.linear(length)
        return None if linear is None else linear[0] + length * linear[1]

    def linear(self, length: int) -> tuple[int, int] | None:
        """Return what strings up to a length cost once, and for each character, or None."""
        ways = self._ways
        if ways is None:
            return None
        work = tuple(self._work(length))
        if work not in self._sums:
            edges, cyclic = self._cycles
            self._budget.spend(len(edges))
            sums = [weigh(each, work) for each in ways]
            # Outside of cycles, each set is passed at most once, before or after them.
            once = longest_way(edges, sums, set(range(len(edges))) - cyclic)
            self._sums[work] = 2 * once, max((sums[each] for each in cyclic), default=0)
        return self._sums[work]

    @cached_property
    def _cycles(self) -> tuple[list[list[Edge]], set[int]]:
        """Return the edges between the sets, and those sets that are passed more than once."""
        edges = [[(step.mask, step.goal) for step in steps] for steps in self._steps]
        self._budget.spend(sum(map(len, edges)))
        return edges, leading_to_cycles(edges) & leading_to_cycles(reversed_edges(edges))

    @cached_property
    def _ways(self) -> list[Ways] | None:
        """Return the ways to reach the states of each set, by strings of any length."""
        found: list[Ways] = [{} for _ in self._steps]
        found[0] = {0: 1}
        queue = [0]
        left = 3 * sum(map(len, self._steps)) + 100
        for number in queue:
            for _, goal, moves in self._steps[number]:
                left -= 1
                self._budget.spend(len(moves))
                larger = join(found[goal], move(found[number], moves))
                if larger != found[goal]:
                    found[goal] = larger
                    queue.append(goal)
            if left < 0 or len(queue) > left:
                return None
        return found

    def _worst_words(
        self, work: Sequence[int], most: int, *, is_bound: bool = True
    ) -> Iterator[Word]:
        """Yield the most expensive word up to each length, at last the first above `most`.

        Of the words that lead to the same set, only the most expensive one is made longer. If
        `is_bound` is true, it is counted as if it had the ways of all of them.
        """
        layer = {0: Word(work[0], {0: 1})}
        worst = layer[0]
        left = _MOST_VISITS
        while layer:
            yield worst
            after: dict[int, Word] = {}
            for number, word in layer.items():
                for mask, goal, moves in self._steps[number]:
                    visits = max(len(moves), _FEWEST_MOVES)
                    self._budget.spend(visits)
                    left -= visits
                    ways: Ways = move(word.ways, moves)
                    other = after.get(goal)
                    if other is not None and is_bound:
                        ways = join(other.ways, ways)
                    tries = word.tries + weigh(ways, work)
                    if other is None or tries > other.tries:
                        after[goal] = Word(tries, ways, mask, word)
                    elif is_bound:
                        after[goal] = Word(other.tries, ways, other.mask, other.before)
                    if tries > most:
                        yield after[goal]
                        return
            if left < 0:
                raise TooManyStates
            layer = after
            for word in layer.values():
                if word.tries > worst.tries:
                    worst = word

    def _determinize(self) -> list[tuple[Step, ...]]:
        """Return the steps from each set of the deterministic automaton; the first is the start."""
        sets = States(frozenset({0}))
        steps: list[tuple[Step, ...]] = []
        most = _MOST_SETS + _SETS_PER_STATE * len(self._states)
        count = 0
        for states in sets.named:
            found: list[Step] = []
            for mask, moves in self._split(states):
                goals = frozenset(goal for _, goal, _ in moves)
                found.append(Step(mask, sets.number(goals), moves))
            steps.append(tuple(found))
            more = sum(len(step.moves) for step in found)
            count += more
            self._budget.spend(more)
            if len(sets.named) > most or count > _MOST_MOVES:
                raise TooManyStates
        return steps

    def _split(self, states: Iterable[int]) -> list[tuple[int, tuple[Move, ...]]]:
        """Return the moves from these states, for each set of characters with the same ones."""
        by_mask: dict[int, list[Move]] = {}
        for state in states:
            for mask, goal, many in self._edges[state]:
                if goal not in self._final:
                    by_mask.setdefault(mask, []).append((state, goal, many))
        parts = split_masks(by_mask)
        self._budget.spend(len(parts) * len(by_mask) // _COMPARISONS_PER_STEP)
        alike: dict[tuple[Move, ...], int] = {}
        for part in parts:
            here = tuple(chain(*(moves for mask, moves in by_mask.items() if mask & part)))
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
        partial = {
            wiring.characters[each][1]: wiring.partial[each]
            for each in near
            if each in wiring.characters
        }
        for mask, goal, _ in self._edges[state]:
            if goal not in goals:
                return False
            possible &= ~mask | partial.get(self._states[goal][0], EVERY_CHARACTER)
        return not possible


@cache
def _automaton_of(source: str) -> Automaton:
    return determinize(build(read_regex(re.compile(source))))
