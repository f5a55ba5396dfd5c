"""Whether `re` may take long to match a regular expression, because it tries too many ways.

`re` tries one way after the other to match the beginning of a string. If the number of ways grows
with the string, an origin that an attacker chooses takes time that grows faster than its length:
``(a+)+`` has exponentially many ways to match ``aaa...``, ``a*a*`` has as many as there are places
to divide it.

The number of ways is unlimited if and only if there are two states p and q, and a word that leads
from p to p, from p to q and from q to q: repeated, it can change from p to q after any repetition
(A. Weber, H. Seidl: On the degree of ambiguity of finite automata, 1991, theorem 4.1). So all
triples of states that (p, p, q) leads to are searched for (p, q, q). Two things are left out:
strings that do not look like an origin, which are never matched, and states q from which every
origin matches, such as a last ``.*``: `re` stops at the first way that matches.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import replace
from functools import cache, cached_property
from typing import Final

from ._automata import (
    ALPHABET,
    Automaton,
    Edge,
    TooManyStates,
    determinize,
    mask_of,
    reachable,
    reversed_edges,
    split_edges,
)
from ._origins import MAX_ORIGIN_LENGTH
from ._regex_syntax import LONGEST, Unreadable, read_regex, read_roughly
from ._regex_tree import Chars, Choice, Node, Repeat, Sequence, Start, Wiring, build

_FEW: Final = 3
"""With more optional repetitions than this, a repetition is treated as unlimited."""

_MOST_WAYS: Final = 5_000
_MOST_STATES: Final = 250
_MOST_STEPS: Final = 20_000
_MOST_VISITS: Final = 300_000
_MOST_TRIES: Final = 20_000
_MOST_PATH_TRIES: Final = 500_000
_WIDTH: Final = 4
_LONGEST_PATH: Final = 2_048
_PATH: Final = "(?s)/.*"
_ORIGIN: Final = (
    r"[a-z][a-z0-9+.\-]*://(\[[0-9a-f:]*\]|[A-Za-z0-9_.~!$&'()+;=-]*)(:[0-9]{1,5})?|null"
)

# With other regular expressions, a path that is as long as a server accepts costs little.
_may_backtrack = re.compile(r"[*+{].*[*+{]|\)[*+{]|\\[1-9]|\(\?P=|(?:\?.*){4}", re.DOTALL).search

Step = tuple[int, int, bool]
"""A set of characters, the state that it leads to, and whether it does so in several ways."""


def find_slow_word(regex: re.Pattern[str]) -> str | None:
    """Return the beginning of an origin that takes long to match, or None.

    The end of it, repeated, makes it take longer. Raise `Unreadable` or `TooManyStates` if it
    is not known.

    >>> find_slow_word(re.compile(r"https://.*\\.example\\.com")) is None
    True
    >>> find_slow_word(re.compile(r"https://([a-z]+-?)+\\.example\\.com"))
    'https://xxx'
    """
    node = read_roughly(regex)
    shape = _automaton_of(_ORIGIN)
    word = _Ways(_unlimited(node), shape).find_slow_word()
    if word is None:
        # A limited number of ways may be large, too.
        word = _Ways(node, shape).find_costly_word(_MOST_TRIES, MAX_ORIGIN_LENGTH)
    return word


@cache
def longest_path(regex: re.Pattern[str]) -> int | None:
    """Return how long a path may be for a regular expression, in characters; None is any length.

    It is 0 if the cost of the regular expression is not known.

    >>> longest_path(re.compile("/api/.*")), longest_path(re.compile(r"/(\\w+/?)+$"))
    (None, 19)
    """
    try:
        ways = _Ways(read_roughly(regex), _automaton_of(_PATH))
        word = ways.find_costly_word(_MOST_PATH_TRIES, _LONGEST_PATH)
    except (Unreadable, TooManyStates):
        return 0
    if word is not None:
        return len(word) - 1
    return None if _may_backtrack(regex.pattern) is None else _LONGEST_PATH


class _Ways:
    """The states of a regex while it reads a text of a shape, and the ways to the next ones."""

    def __init__(self, node: Node, shape: Automaton) -> None:
        self._wiring = Wiring(node)
        self._shape = shape
        self._visited = 0
        pairs = [(0, 0)]
        numbers = {(0, 0): 0}
        self.steps: list[list[Step]] = []
        self.words = [""]
        self._parents = [-1]
        count = 0
        for number, (origin, place) in enumerate(pairs):
            found: list[Step] = []
            for mask, goal, is_ambiguous in self._steps_of(origin):
                for shape_mask, shape_goal in shape.edges[place]:
                    both = mask & shape_mask
                    if not both:
                        continue
                    pair = (goal, shape_goal)
                    if pair not in numbers:
                        numbers[pair] = len(pairs)
                        pairs.append(pair)
                        self.words.append(self.words[number] + _character(both))
                        self._parents.append(number)
                    found.append((both, numbers[pair], is_ambiguous))
            self.steps.append(found)
            count += len(found)
            if count > _MOST_STEPS:
                raise TooManyStates
        self._pairs = pairs

    def _steps_of(self, origin: int) -> list[Step]:
        # A way of empty moves passes no state twice: `re` does not repeat what matched nothing.
        ways: dict[int, int] = {}
        stack = [(origin, frozenset({origin}))]
        for _ in range(_MOST_WAYS):
            if not stack:
                break
            state, path = stack.pop()
            ways[state] = ways.get(state, 0) + 1
            for condition, goal in self._wiring.moves[state]:
                is_open = condition is None or (origin == 0 and isinstance(condition, Start))
                if is_open and goal not in path:
                    stack.append((goal, path | {goal}))
        else:
            raise TooManyStates
        edges = self._wiring.characters
        return [(*edges[state], count > 1) for state, count in ways.items() if state in edges]

    def find_slow_word(self) -> str | None:
        """Return a word after which an origin takes long to match, or None."""
        after = self._reachable_in_cycles
        for state in after:
            for mask, goal, is_ambiguous in self.steps[state]:
                is_cycle = state in after.get(goal, ())
                if is_ambiguous and is_cycle and goal not in self._always_matching:
                    return self.words[state] + _character(mask)
        cyclic = [state for state in after if state in after[state]]
        for first in cyclic:
            for second in (each for each in cyclic if each not in self._always_matching):
                if first != second and second in after[first]:
                    word = self._find_change(first, second)
                    if word is not None:
                        return self.words[first] + word
        return None

    def find_costly_word(self, most: int, longest: int) -> str | None:
        """Return a word for which `re` tries more than `most` ways, or None.

        Only the words that seem to cost most are made longer, up to `longest` characters, so that
        a word may be missed. A word is left if another one has led to the same ways.
        """
        seen: set[frozenset[tuple[int, int]]] = set()
        # From each state with several ways for one character, so that no part is missed; one that
        # follows another such state is part of the same search.
        divided = {state for state, steps in enumerate(self.steps) if _overlap(steps)}
        firsts = (state for state in sorted(divided) if self._parents[state] not in divided)
        for start in dict.fromkeys(["", *(self.words[state] for state in firsts)]):
            word = self._find_costly_word(start, most, longest, seen)
            if word is not None:
                return word
        return None

    def _find_costly_word(
        self, start: str, most: int, longest: int, seen: set[frozenset[tuple[int, int]]]
    ) -> str | None:
        words = [(0, start, self._ways_after(start))]
        for _ in range(longest - len(start)):
            longer: list[tuple[int, str, dict[int, int]]] = []
            for tries, word, ways in words:
                for mask, after in self._after(ways):
                    now = tries + sum(after.values())
                    if now > most:
                        return word + _character(mask)
                    key = frozenset(after.items())
                    if after and key not in seen:
                        seen.add(key)
                        longer.append((now, word + _character(mask), after))
            longer.sort(key=lambda each: sum(each[2].values()), reverse=True)
            words = longer[:_WIDTH]
        return None

    def _ways_after(self, word: str) -> dict[int, int]:
        ways = {0: 1}
        for character in word:
            bit = mask_of(character)
            ways = next((after for mask, after in self._after(ways) if mask & bit), {})
        return ways

    def _after(self, ways: dict[int, int]) -> list[tuple[int, dict[int, int]]]:
        """Return how many ways lead where, for each set of characters that is treated alike."""
        steps = [
            (mask, goal, count * (2 if is_ambiguous else 1))
            for state, count in ways.items()
            for mask, goal, is_ambiguous in self.steps[state]
            if goal not in self._always_matching
        ]
        self._visited += len(steps)
        if self._visited > _MOST_VISITS:
            raise TooManyStates
        found = []
        for mask, indexes in split_edges((mask, index) for index, (mask, _, _) in enumerate(steps)):
            after: dict[int, int] = {}
            for index in indexes:
                _, goal, count = steps[index]
                after[goal] = after.get(goal, 0) + count
            found.append((mask, after))
        return found

    @cached_property
    def _reachable_in_cycles(self) -> dict[int, set[int]]:
        """The states of cycles and between cycles, and those that at least one step leads to."""
        edges = [[(mask, goal) for mask, goal, _ in found] for found in self.steps]
        states = _without_ends(edges) & _without_ends(reversed_edges(edges))
        if len(states) > _MOST_STATES:
            raise TooManyStates
        return {
            state: reachable(edges, [goal for _, goal in edges[state]]) & states
            for state in sorted(states)
        }

    @cached_property
    def _always_matching(self) -> set[int]:
        """The states from which every rest of an origin matches."""
        wiring, shape = self._wiring, self._shape
        states = {
            number
            for number, (origin, place) in enumerate(self._pairs)
            if place not in shape.final or wiring.last in wiring.closure(origin, end=True)
        }
        while True:
            kept = {state for state in states if self._continues(state, states)}
            if kept == states:
                return states
            states = kept

    def _continues(self, state: int, goals: set[int]) -> bool:
        possible = 0
        for mask, _ in self._shape.edges[self._pairs[state][1]]:
            possible |= mask
        for mask, goal, _ in self.steps[state]:
            if goal in goals:
                possible &= ~mask
        return not possible

    def _find_change(self, first: int, second: int) -> str | None:
        """Return a word from `first` to itself and to `second`, and from that to itself."""
        after = self._reachable_in_cycles
        start, end = (first, first, second), (first, second, second)
        words = {start: ""}
        queue = deque([start])
        self._visited += 1
        while queue:
            triple = queue.popleft()
            one, between, other = triple
            self._visited += len(self.steps[one]) * len(self.steps[between])
            if self._visited > _MOST_VISITS:
                raise TooManyStates
            for mask, next_one, _ in self.steps[one]:
                if first not in after.get(next_one, ()):
                    continue
                for next_mask, next_between, _ in self.steps[between]:
                    both = mask & next_mask
                    if not both or second not in after.get(next_between, ()):
                        continue
                    for last_mask, next_other, _ in self.steps[other]:
                        triple_goal = (next_one, next_between, next_other)
                        shared = both & last_mask
                        if not shared or second not in after.get(next_other, ()):
                            continue
                        if triple_goal in words:
                            continue
                        words[triple_goal] = words[triple] + _character(shared)
                        if triple_goal == end:
                            return words[end]
                        queue.append(triple_goal)
        return None


def _overlap(steps: list[Step]) -> bool:
    """Return whether a character has several ways."""
    seen = 0
    for mask, _, is_ambiguous in steps:
        if is_ambiguous or seen & mask:
            return True
        seen |= mask
    return False


def _without_ends(edges: list[list[Edge]]) -> set[int]:
    """Return the states from which a cycle can be reached."""
    left = [len(found) for found in edges]
    back = reversed_edges(edges)
    ends = [state for state, count in enumerate(left) if not count]
    for end in ends:
        for _, state in back[end]:
            left[state] -= 1
            if not left[state]:
                ends.append(state)
    return set(range(len(left))).difference(ends)


def _unlimited(node: Node) -> Node:
    """Return the regex with no limit on repetitions that have a high one."""
    if isinstance(node, Sequence | Choice):
        return replace(node, parts=tuple(map(_unlimited, node.parts)))
    if not isinstance(node, Repeat):
        return node
    part, low, high = _unlimited(node.part), node.low, node.high
    shortest, longest = _lengths(node.part)
    if low > _FEW and shortest == 0 < longest:
        # Any of the repetitions may match nothing, and each choice of them is another way.
        return Repeat(Repeat(part, 0, None), 0, None)
    if low > _FEW and shortest < longest:
        # There are many ways to divide a text among the repetitions.
        return Repeat(part, 1, None)
    return Repeat(part, low, None if high is not None and high - low > _FEW else high)


def _lengths(node: Node) -> tuple[int, int]:
    """Return how many characters match, at least and at most; no origin has `LONGEST`."""
    match node:
        case Chars():
            return 1, 1
        case Repeat(part, low, high):
            shortest, longest = _lengths(part)
            return shortest * low, min(longest * (LONGEST if high is None else high), LONGEST)
        case Sequence(parts):
            each = [_lengths(part) for part in parts]
            return sum(low for low, _ in each), min(sum(high for _, high in each), LONGEST)
        case Choice(parts):
            each = [_lengths(part) for part in parts]
            return min(low for low, _ in each), max(high for _, high in each)
    return 0, 0


def _character(mask: int) -> str:
    return ALPHABET[(mask & -mask).bit_length() - 1]


@cache
def _automaton_of(source: str) -> Automaton:
    return determinize(build(read_regex(re.compile(source))))
