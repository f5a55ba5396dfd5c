"""Regexes as trees, and the automaton of one.

A tree is first wired up like a circuit: each part has a state before it and one after it, joined by
empty moves (K. Thompson: Regular expression search algorithm, 1968). `build` then follows the empty
moves and leaves only steps that read a character.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ._automata import MOST_EDGES, Automaton, Edge, States, TooManyStates

_MOST_WIRED: Final = 25_000
"""The states of a regex before the empty moves are removed: about two for each character."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set.

    `work` is what `re` does to compare one, in addition to a visit, in visits of a state.
    `partial` is the part of the set that represents more characters, of which only some are in it.
    """

    mask: int
    work: int = 0
    partial: int = 0


@dataclass(frozen=True, slots=True)
class Sequence:
    """One part after the other; without parts, the empty word."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Any one of the parts; without parts, nothing matches.

    `work` is what `re` does to try one of them.
    """

    parts: tuple[Node, ...] = ()
    work: int = 0


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part, at least `low` and at most `high` times; None is any number.

    `work` is what `re` does for each repetition.
    """

    part: Node
    low: int
    high: int | None
    work: int = 0


@dataclass(frozen=True, slots=True)
class Start:
    """The empty word, before the first character only: ``^``."""


@dataclass(frozen=True, slots=True)
class End:
    """The empty word, after the last character only: ``$``. No origin has a line feed."""


@dataclass(frozen=True, slots=True)
class Look:
    """The empty word, for a judgment of the cost: a look-around for the part.

    `work` is what `re` does to begin it.
    """

    part: Node
    work: int = 0


Node = Chars | Sequence | Choice | Repeat | Start | End | Look


class Wiring:
    """The states of a regex, with empty moves, which `build` removes.

    `characters` has the one edge of a state, if it has one, `partial` the part of its set of which
    not all characters lead on, and `moves` the empty moves of each state, possibly only at the
    `Start` or the `End`. `work` has what `re` does in a state in addition to a visit. `loops` has
    the states that begin an unlimited repetition, each with the last of the states inside. The
    first state is 0, the last one `last`.
    """

    def __init__(self, node: Node) -> None:
        self.characters: dict[int, Edge] = {}
        self.partial: dict[int, int] = {}
        self.work: dict[int, int] = {}
        self.loops: dict[int, int] = {}
        self.moves: list[list[tuple[Node | None, int]]] = []
        self.last = self.wire(node, self.add())

    def add(self) -> int:
        """Add a state."""
        self.moves.append([])
        if len(self.moves) > _MOST_WIRED:
            raise TooManyStates
        return len(self.moves) - 1

    def wire(self, node: Node, origin: int) -> int:
        """Add the states of `node` after the state `origin`; return the state after it."""
        if isinstance(node, Sequence):
            for part in node.parts:
                origin = self.wire(part, origin)
            return origin
        if isinstance(node, Repeat):
            return self._wire_repeat(node, origin)
        goal = self.add()
        if isinstance(node, Chars):
            before = self.add()
            self.moves[origin].append((None, before))
            self._add_work(node.work, before)
            self.characters[before] = (node.mask, goal)
            self.partial[before] = node.partial
        elif isinstance(node, Choice):
            for part in node.parts:
                before = self.add()
                self.moves[origin].append((None, before))
                self._add_work(node.work, before)
                self.moves[self.wire(part, before)].append((None, goal))
        else:
            if isinstance(node, Look):
                self._add_work(node.work, goal)
            self.moves[origin].append((node, goal))
        return goal

    def _wire_repeat(self, node: Repeat, origin: int) -> int:
        for _ in range(node.low):
            self._add_work(node.work, origin)
            origin = self.wire(node.part, origin)
        if node.high is None:
            before, goal = self.add(), self.add()
            self._add_work(node.work, before)
            self.moves[origin] += [(None, before), (None, goal)]
            self.moves[self.wire(node.part, before)] += [(None, before), (None, goal)]
            self.loops[before] = len(self.moves) - 1
            return goal
        goal = self.add()
        for _ in range(node.high - node.low):
            self._add_work(node.work, origin)
            self.moves[origin].append((None, goal))
            origin = self.wire(node.part, origin)
        self.moves[origin].append((None, goal))
        return goal

    def _add_work(self, work: int, state: int) -> None:
        self.work[state] = self.work.get(state, 0) + work

    def closure(self, state: int, *, start: bool, end: bool = False) -> list[int]:
        """Return the states that empty moves lead to, at the start or the end of a word."""
        found = [state]
        seen = {state}
        for each in found:
            for condition, goal in self.moves[each]:
                is_open = (
                    condition is None
                    or (start and isinstance(condition, Start))
                    or (end and isinstance(condition, End))
                )
                if is_open and goal not in seen:
                    seen.add(goal)
                    found.append(goal)
        return found


def build(node: Node) -> Automaton:
    """Return the automaton of a regex; raise `TooManyStates` if it is too large.

    >>> from ._automata import mask_of
    >>> automaton = build(Sequence((Start(), Chars(mask_of("a")), End())))
    >>> automaton.matches("a"), automaton.matches("aa")
    (True, False)
    """
    wiring = Wiring(node)
    # Only the start, and what follows a character, become states.
    states = States(0)
    edges: list[tuple[Edge, ...]] = []
    final = set()
    count = 0
    for number, origin in enumerate(states.named):
        is_start = number == 0
        found = wiring.closure(origin, start=is_start)
        steps = [wiring.characters[each] for each in found if each in wiring.characters]
        edges.append(tuple((mask, states.number(goal)) for mask, goal in steps if mask))
        count += len(steps)
        if count > MOST_EDGES:
            raise TooManyStates
        if wiring.last in wiring.closure(origin, start=is_start, end=True):
            final.add(number)
    return Automaton(tuple(edges), frozenset(final))
