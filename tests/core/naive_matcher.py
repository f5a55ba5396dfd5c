"""A matcher that tries one way after the other, like `re`, and counts what it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from corekit._automata import mask_of
from corekit._regex_tree import Chars, Choice, End, Look, Node, Repeat, Sequence, Start

Continue = Callable[[int], bool]

MOST_STEPS = 20_000


class TooManySteps(Exception):  # noqa: N818
    """The matcher has given up."""


@dataclass(frozen=True)
class Atom(Chars):
    """One character of a set, of which `re` says which ones it has."""

    regex: re.Pattern[str] = re.compile("")


class NaiveMatcher:
    """Tries one way after the other, like `re`, and counts the characters that it compares.

    After a look-around, it goes on as if it had found what it looks for. The whole word is
    matched, or else its beginning.
    """

    def __init__(self, node: Node, word: str, *, is_whole: bool = True) -> None:
        self.steps = self.visits = 0
        self._word = word
        self.matched = self._match(node, 0, lambda place: not is_whole or place == len(word))

    def _match(self, node: Node, place: int, then: Continue) -> bool:
        self.visits += 1
        match node:
            case Chars():
                self.steps += 1
                if self.steps > MOST_STEPS:
                    raise TooManySteps
                here = self._word[place : place + 1]
                return bool(here) and _has(node, here) and then(place + 1)
            case Sequence(()):
                return then(place)
            case Sequence((first, *rest)):
                left = Sequence(tuple(rest))
                return self._match(first, place, lambda at: self._match(left, at, then))
            case Choice(parts):
                return any(self._match(part, place, then) for part in parts)
            case Repeat(part, low, high):
                return self._repeat(part, low, high, place, then)
            case Look(part):
                self._match(part, place, lambda _: True)
                return then(place)
            case End():
                return self._word[place:] in {"", "\n"} and then(place)
        return place == 0 and then(place)

    def _repeat(self, part: Node, low: int, high: int | None, place: int, then: Continue) -> bool:
        def again(at: int) -> bool:
            if at == place and low <= 0:
                return then(at)  # there is no other repetition after an empty one
            return self._repeat(part, low - 1, None if high is None else high - 1, at, then)

        if high != 0 and self._match(part, place, again):
            return True
        return low <= 0 and then(place)


def _has(node: Chars, character: str) -> bool:
    if isinstance(node, Atom):
        return bool(node.regex.match(character))
    return bool(mask_of(character) & node.mask)


def steps(node: Node, word: str) -> int:
    """Return the steps for `word`, at most `MOST_STEPS`."""
    try:
        return NaiveMatcher(node, word).steps
    except TooManySteps:
        return MOST_STEPS


def read_atoms(regex: re.Pattern[str]) -> Node:
    """Return the tree of a regex of sets, alternatives, groups, greedy repetitions and ``$``."""
    return _read(_parser.parse(regex.pattern, regex.flags), regex.flags)


def shown(number: int) -> str:
    """Return the escape of a character."""
    return f"\\U{number:08x}"


def _read(items: Iterable[tuple[Any, Any]], flags: int) -> Node:
    return Sequence(tuple(_read_item(str(name), value, flags) for name, value in items))


def _read_item(name: str, value: Any, flags: int) -> Node:
    match name:
        case "AT":
            return End() if str(value) == "AT_END" else Start()
        case "BRANCH":
            return Choice(tuple(_read(each, flags) for each in value[1]))
        case "SUBPATTERN":
            return _read(value[3], flags)
        case "MAX_REPEAT":
            low, high, part = value
            return Repeat(_read(part, flags), low, None if high > 1_000 else high)
    source = "." if name == "ANY" else f"[{_set_of(name, value)}]"
    return Atom(0, regex=re.compile(source, flags))


def _set_of(name: str, value: Any) -> str:
    match name:
        case "LITERAL":
            return shown(value)
        case "NOT_LITERAL":
            return f"^{shown(value)}"
        case "RANGE":
            return "-".join(map(shown, value))
        case "CATEGORY":
            kind = str(value).removeprefix("CATEGORY_")
            letter = f"\\{kind.removeprefix('NOT_')[0].lower()}"
            return letter.upper() if kind.startswith("NOT_") else letter
        case "NEGATE":
            return "^"
    return "".join(_set_of(str(each), item) for each, item in value)
