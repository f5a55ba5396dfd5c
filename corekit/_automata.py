"""Sets of origins as finite automata: build one, intersect, subtract, and name a member.

An `Automaton` has states with edges, each with a set of characters. A word is a member if some path
from state 0 that reads it ends in a final state. This one has ``a``, ``ab``, ``abb``, ...::

           a
    [0] -------> ((1)) --.
                   ^     | b
                   '-----'

`_regex_tree` makes an automaton of a regex.

A set of characters is an int with one bit for each character of `ALPHABET`, so that two edges have
a character in common if ``&`` of their sets is not 0. Characters that all edges of a state
treat alike are interchangeable: one of them represents all.

- `intersection` follows two automata at once; a state is a pair of states.
- `members` searches breadth first for words of one automaton that none of the others has, the
  shortest first. From each state of the one it follows the *set* of states that the others may be
  in. There may be exponentially many such sets, so the search has a bound: `TooManyStates`.
- `determinize` makes the same sets the states of a new automaton; the same bound applies.

What is built here is only judged. At request time, origins are matched by `OriginSet` and by `re`.
"""

from __future__ import annotations

import string
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Generic, TypeVar

MANY: Final = "\u00e9\u20ac\u0663\u00a0"
"""A letter, a sign, a digit and a space, for all characters outside ASCII but four of `OTHERS`."""

OTHERS: Final = f"{MANY}\u0130\u0131\u017f\u212a"
"""They represent all characters that are not ASCII: `MANY`, and those that are the same as I, K and
S without case, which represent only themselves."""

_ORIGINS: Final = (
    # In the order in which a person believes an example.
    "x" + string.ascii_lowercase.replace("x", "") + "1023456789-.:/_"
    + string.ascii_uppercase + "[]~!$&'()+;="
)  # fmt: skip
_PATHS: Final = "".join(each for each in map(chr, range(128)) if each not in _ORIGINS)

ALPHABET: Final = _ORIGINS + _PATHS + OTHERS
"""Every character of a serialized origin, then those that only paths have: https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin"""

MOST_STATES: Final = 10_000
"""The states that an automaton may have, or a search may visit."""

MOST_EDGES: Final = 20_000
"""The edges that an automaton may have."""

_BITS: Final = {character: 1 << index for index, character in enumerate(ALPHABET)}
EVERY_CHARACTER: Final = (1 << len(ALPHABET)) - 1

Name = TypeVar("Name")

Edge = tuple[int, int]
"""A set of characters, and the state that it leads to."""


class TooManyStates(Exception):  # noqa: N818 - not an error of the user
    """The automaton, or the search, is larger than `MOST_STATES` or `MOST_EDGES`."""


def mask_of(characters: Iterable[str]) -> int:
    """Return the set of these characters; those that no origin has are left out.

    >>> mask_of("xa") == 0b11, mask_of("\u044f")
    (True, 0)
    """
    mask = 0
    for character in characters:
        mask |= _BITS.get(character, 0)
    return mask


def characters_of(mask: int) -> Iterator[str]:
    """Yield the characters of a set, those that are preferred in examples first.

    >>> "".join(characters_of(mask_of("0123abc")))
    'abc1023'
    """
    while mask:
        lowest = mask & -mask
        yield ALPHABET[lowest.bit_length() - 1]
        mask ^= lowest


@dataclass(frozen=True)
class Automaton:
    """States with edges; the start is state 0."""

    edges: tuple[tuple[Edge, ...], ...]
    final: frozenset[int]

    def matches(self, word: str) -> bool:
        """Return whether `word` is a member.

        >>> Automaton((((mask_of("ab"), 0),),), frozenset({0})).matches("abba")
        True
        """
        states = {0}
        for character in word:
            bit = _BITS.get(character, 0)
            states = {goal for state in states for mask, goal in self.edges[state] if mask & bit}
        return not states.isdisjoint(self.final)

    @cached_property
    def is_empty(self) -> bool:
        """Whether no word is a member."""
        return self.final.isdisjoint(reachable(self.edges, [0]))


EMPTY: Final = Automaton(((),), frozenset())


class States(Generic[Name]):
    """Numbers for the states of a new automaton, in the order in which they are found."""

    def __init__(self, start: Name) -> None:
        self.named = [start]
        self._numbers = {start: 0}

    def number(self, name: Name) -> int:
        number = self._numbers.setdefault(name, len(self.named))
        if number == len(self.named):
            if number >= MOST_STATES:
                raise TooManyStates
            self.named.append(name)
        return number


def intersection(one: Automaton, other: Automaton) -> Automaton:
    """Return the words of both, without states that lead to no member.

    >>> first = Automaton((((mask_of("ab"), 0),),), frozenset({0}))
    >>> other = Automaton((((mask_of("bc"), 0),),), frozenset({0}))
    >>> both = intersection(first, other)
    >>> both.matches("bb"), both.matches("ab")
    (True, False)
    """
    states: States[tuple[int, int]] = States((0, 0))
    edges: list[list[Edge]] = []
    final = set()
    count = 0
    for number, (left, right) in enumerate(states.named):
        edges.append(
            [
                (mask & other_mask, states.number((goal, other_goal)))
                for mask, goal in one.edges[left]
                for other_mask, other_goal in other.edges[right]
                if mask & other_mask
            ]
        )
        count += len(edges[-1])
        if count > MOST_EDGES:
            raise TooManyStates
        if left in one.final and right in other.final:
            final.add(number)
    return _trim(edges, final)


def union(automata: Iterable[Automaton]) -> Automaton:
    """Return the words of any of the automata."""
    edges: list[tuple[Edge, ...]] = [()]
    final: set[int] = set()
    for each in automata:
        shift = len(edges)
        edges += [tuple((mask, goal + shift) for mask, goal in found) for found in each.edges]
        # Nothing leads back to state 0, so it is the start of all.
        edges[0] += edges[shift]
        final.update(state + shift for state in each.final)
        if 0 in each.final:
            final.add(0)
    return Automaton(tuple(edges), frozenset(final))


def determinize(automaton: Automaton) -> Automaton:
    """Return the same words as an automaton whose states have one edge for each character."""
    sets = States(frozenset({0}))
    edges: list[tuple[Edge, ...]] = []
    final = set()
    for number, states in enumerate(sets.named):
        if not states.isdisjoint(automaton.final):
            final.add(number)
        found: dict[frozenset[int], int] = {}
        for mask, goals in split_edges(edge for state in states for edge in automaton.edges[state]):
            found[goals] = found.get(goals, 0) | mask
        edges.append(tuple((mask, sets.number(goals)) for goals, mask in found.items()))
    return Automaton(tuple(edges), frozenset(final))


def merge_states(automaton: Automaton) -> Automaton:
    """Return the same words, with one state for all states that have the same edges.

    >>> one = Automaton((((1, 1), (2, 2)), ((4, 3),), ((4, 3),), ()), frozenset({3}))
    >>> merge_states(one).edges
    (((3, 1),), ((4, 2),), ())
    """
    classes = [int(state in automaton.final) for state in range(len(automaton.edges))]
    while True:
        # State 0 comes first, so its class is 0.
        numbers: dict[tuple[int, frozenset[Edge]], int] = {}
        merged: list[int] = []
        for state, edges in enumerate(automaton.edges):
            masks: defaultdict[int, int] = defaultdict(int)
            for mask, goal in edges:
                masks[classes[goal]] |= mask
            key = (classes[state], frozenset((mask, goal) for goal, mask in masks.items()))
            merged.append(numbers.setdefault(key, len(numbers)))
        if merged == classes:
            found = tuple(tuple(sorted(edges)) for _, edges in numbers)
            return Automaton(found, frozenset(classes[state] for state in automaton.final))
        classes = merged


def split_edges(edges: Iterable[Edge]) -> list[tuple[int, frozenset[int]]]:
    """Return disjoint sets of characters, each with the states that all of its characters lead to.

    >>> split_edges([(0b011, 1), (0b110, 2)])
    [(1, frozenset({1})), (2, frozenset({1, 2})), (4, frozenset({2}))]
    """
    parts: list[tuple[int, frozenset[int]]] = []
    for mask, goal in edges:
        rest = mask
        split: list[tuple[int, frozenset[int]]] = []
        for part, goals in parts:
            both = part & rest
            if both:
                split.append((both, goals | {goal}))
                part ^= both  # noqa: PLW2901
                rest ^= both
            if part:
                split.append((part, goals))
        if rest:
            split.append((rest, frozenset({goal})))
        parts = split
    return sorted(parts, key=lambda each: each[0] & -each[0])


def members(automaton: Automaton, without: Iterable[Automaton] = ()) -> Iterator[str]:
    """Yield words of `automaton` that none of the others has, the shortest first.

    Not all of them: one for each way to be a member. Nothing is yielded if and only if there
    are none. Raise `TooManyStates` if that takes too long to tell.

    >>> every = Automaton((((mask_of("abc"), 0),),), frozenset({0}))
    >>> of_a = Automaton((((mask_of("a"), 0),),), frozenset({0}))
    >>> next(members(every, [of_a]))
    'b'
    """
    others = union(without)
    live = _leading_to(automaton.edges, automaton.final)
    first = (0, frozenset({0}))
    seen: set[tuple[int, frozenset[int]]] = {first}
    queue: deque[tuple[int, frozenset[int], str]] = deque([(*first, "")])
    while queue:
        state, others_states, word = queue.popleft()
        if state in automaton.final and others_states.isdisjoint(others.final):
            yield word
        # The edges of the others have the numbers -1, -2, ... to tell them apart.
        found = [(mask, goal) for mask, goal in automaton.edges[state] if goal in live]
        known = [(mask, ~goal) for each in others_states for mask, goal in others.edges[each]]
        for mask, goals in split_edges(found + known):
            others_goals = frozenset(~goal for goal in goals if goal < 0)
            for goal in sorted(goals):
                key = (goal, others_goals)
                if goal >= 0 and key not in seen:
                    seen.add(key)
                    queue.append((*key, word + ALPHABET[(mask & -mask).bit_length() - 1]))
        if len(seen) > MOST_STATES:
            raise TooManyStates


def subtraction(automaton: Automaton, other: Automaton) -> Automaton:
    """Return the words of `automaton` that `other` does not have."""
    complete = determinize(union([other]))
    sink = len(complete.edges)
    edges: list[tuple[Edge, ...]] = []
    for found in complete.edges:
        rest = EVERY_CHARACTER
        for mask, _ in found:
            rest &= ~mask
        edges.append((*found, (rest, sink)))
    edges.append(((EVERY_CHARACTER, sink),))
    final = frozenset(range(len(edges))) - complete.final
    return intersection(automaton, Automaton(tuple(edges), final))


def reversed_edges(edges: Sequence[Iterable[Edge]]) -> list[list[Edge]]:
    """Return the edges by the state that they lead to, each with the state that it comes from."""
    back: list[list[Edge]] = [[] for _ in edges]
    for state, found in enumerate(edges):
        for mask, goal in found:
            back[goal].append((mask, state))
    return back


def _trim(edges: list[list[Edge]], final: set[int]) -> Automaton:
    live = _leading_to(edges, final)
    numbers = {state: index for index, state in enumerate(sorted({0, *live}))}
    return Automaton(
        tuple(
            tuple((mask, numbers[goal]) for mask, goal in edges[state] if goal in live)
            for state in numbers
        ),
        frozenset(numbers[state] for state in final),
    )


def _leading_to(edges: Sequence[Iterable[Edge]], final: Iterable[int]) -> set[int]:
    return reachable(reversed_edges(edges), final)


def reachable(edges: Sequence[Iterable[Edge]], starts: Iterable[int]) -> set[int]:
    """Return the states that edges lead to from these, and these themselves."""
    found = set(starts)
    queue = [*found]
    for state in queue:
        for _, goal in edges[state]:
            if goal not in found:
                found.add(goal)
                queue.append(goal)
    return found


def split_masks(masks: Iterable[int]) -> list[int]:
    """Return disjoint sets of characters, which are parts of all these sets or outside of them."""
    parts: list[int] = []
    all_parts = 0
    for mask in masks:
        for index, part in enumerate(parts[:] if mask & all_parts else ()):
            inside = part & mask
            if inside and inside != part:
                parts[index] = inside
                parts.append(part ^ inside)
        rest = mask & ~all_parts
        if rest:
            parts.append(rest)
        all_parts |= mask
    return parts


def leading_to_cycles(edges: Sequence[Sequence[Edge]]) -> set[int]:
    """Return the states from which edges lead to a cycle."""
    left = [len(found) for found in edges]
    back = reversed_edges(edges)
    ends = [state for state, count in enumerate(left) if not count]
    for end in ends:
        for _, state in back[end]:
            left[state] -= 1
            if not left[state]:
                ends.append(state)
    return set(range(len(left))).difference(ends)


def longest_way(edges: Sequence[Iterable[Edge]], work: list[int], among: set[int]) -> int:
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
