"""Read a regular expression of Python's `re` as a tree of `_regex_tree`.

Python's own parser reads it, so nothing is read differently than `re` matches it. The parser is
private: `_parse` is the only function that calls it, and what it does not know, or a release
changes, is `Unreadable`, as are look-around, back-references, conditions, atomic groups and word
boundaries, which no automaton can do, or only by a detour.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final

from ._automata import ALPHABET, EVERY_CHARACTER, MANY, mask_of
from ._regex_tree import Chars, Choice, End, Look, Node, Repeat, Sequence, Start

LONGEST: Final = 512
"""More than the characters of the longest origin. For one, higher counts in a repetition are the
same; for a path they are not."""

_MOST_NODES: Final = 10_000
_MOST_NESTED: Final = 100  # far from Python's limit of recursion, also deep in a framework
_MOST_ITEMS: Final = 500
"""The items of a set, with each of which `re` may compare a character."""

_GROUPS_PER_VISIT: Final = 2
"""`re` copies the places of so many capture groups in the time that it visits a state."""

_ITEMS_PER_VISIT: Final = 8
"""It compares a character with so many items of a set in that time, or with twice as many if case
is not ignored."""

_CASES: Final = re.IGNORECASE.value
_TYPES: Final = (re.ASCII | re.UNICODE).value
_MANY: Final = mask_of(MANY)
_LAST_CHARACTER: Final = 0x10FFFF


class Unreadable(Exception):  # noqa: N818 - not an error of the user
    """The regex describes no regular language, or is too large or too deeply nested to be read."""


def read_regex(regex: re.Pattern[str]) -> Node:
    """Return the tree of a regular expression; raise `Unreadable` if it has none.

    >>> from ._regex_tree import build
    >>> build(read_regex(re.compile(r"(a|b)+\\.c"))).matches("ab.c")
    True
    """
    return _Reader(_READERS).read(_parse(regex), regex.flags)


def read_roughly(regex: re.Pattern[str], *, any_length: bool = False) -> tuple[Node, bool]:
    """Return a tree that has all ways of a regular expression, and whether it has no others.

    It is for a judgment of the cost. What is not a regular language is replaced by something that
    matches in more ways, such as a back-reference by any text. With `any_length`, it has no other
    ways for texts longer than `LONGEST` either.
    """
    reader = _Reader(_ROUGH_READERS, any_length=any_length)
    return reader.read(_parse(regex), regex.flags), reader.is_exact


def _parse(regex: re.Pattern[str]) -> Iterable[tuple[Any, Any]]:
    try:
        from re import _parser  # type: ignore[attr-defined]  # noqa: PLC0415

        return list(_parser.parse(regex.pattern, regex.flags))
    except (ImportError, AttributeError, TypeError, RecursionError, Warning) as error:
        raise Unreadable from error


class _Reader:
    def __init__(self, readers: Mapping[str, _Read], *, any_length: bool = False) -> None:
        self._readers = readers
        self._any_length = any_length
        self._nodes = 0
        self._nesting = 0
        self._groups = 0
        self._repeats = 0
        self.is_exact = True

    def read(self, items: Iterable[tuple[Any, Any]], flags: int) -> Node:
        parts = []
        self._nesting += 1
        if self._nesting > _MOST_NESTED:
            raise Unreadable
        for operation, value in items:
            self._nodes += 1
            read = self._readers.get(str(operation))
            if read is None or self._nodes > _MOST_NODES:
                raise Unreadable
            parts.append(read(self, value, flags))
        self._nesting -= 1
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def branch(self, value: Any, flags: int) -> Node:
        _, branches = value
        parts = tuple(self.read(each, flags) for each in branches)
        return Choice(parts, self._copying() if self._repeats else 0)

    def group(self, value: Any, flags: int) -> Node:
        number, added, removed, items = value
        self._groups = max(self._groups, number or 0)
        if added & _TYPES:
            flags &= ~_TYPES
        return self.read(items, (flags | added) & ~removed)

    def repeat(self, value: Any, flags: int) -> Node:
        low, high, items = value
        before = self._groups
        self._repeats += 1
        part = self.read(items, flags)
        self._repeats -= 1
        is_copied = self._repeats or self._groups > before or not isinstance(part, Chars)
        work = self._copying() if is_copied else 0
        lowest, highest = min(int(low), LONGEST), None if int(high) > LONGEST else int(high)
        if lowest < int(low) and _matches_nothing(part):
            raise Unreadable  # it is repeated as often as it says, even in a short text
        is_cut = lowest < int(low) or (highest is None and str(high) != "MAXREPEAT")
        if is_cut and self._any_length:
            self.is_exact = False
        return Repeat(part, lowest, highest, work)

    def look_around(self, value: Any, flags: int) -> Node:
        _, items = value
        self.is_exact = False
        part = self.read(items, flags)
        return Look(part, self._copying() if self._repeats else 0)

    def _copying(self) -> int:
        """Return the work to copy the places where all groups so far have matched."""
        return self._groups // _GROUPS_PER_VISIT

    def possessive_repeat(self, value: Any, flags: int) -> Node:
        self.is_exact = False
        return self.repeat(value, flags)

    def atomic_group(self, value: Any, flags: int) -> Node:
        self.is_exact = False
        return self.read(value, flags)

    def reference(self, value: Any, flags: int) -> Node:  # noqa: ARG002
        self.is_exact = False
        return Repeat(Chars(EVERY_CHARACTER), 0, None)

    def condition(self, value: Any, flags: int) -> Node:
        self.is_exact = False
        _, *branches = value
        return Choice(tuple(self.read(each or [], flags) for each in branches))

    def position(self, value: Any, flags: int) -> Node:  # noqa: ARG002
        node = _POSITIONS.get(str(value))
        if node is None:
            raise Unreadable
        return node

    def rough_position(self, value: Any, flags: int) -> Node:
        node = None if flags & re.MULTILINE else _POSITIONS.get(str(value))
        if node is None:
            self.is_exact = False
        return node or Sequence()


def _matches_nothing(node: Node) -> bool:
    """Return whether the empty text is matched, possibly only at some places."""
    match node:
        case Chars():
            return False
        case Sequence(parts):
            return all(map(_matches_nothing, parts))
        case Choice(parts):
            return any(map(_matches_nothing, parts))
        case Repeat(part, low):
            return low == 0 or _matches_nothing(part)
    return True


def _any_character(_: _Reader, value: Any, flags: int) -> Node:  # noqa: ARG001
    return Chars(EVERY_CHARACTER if flags & re.DOTALL else EVERY_CHARACTER & ~mask_of("\n"))


def _literal(_: _Reader, value: Any, flags: int) -> Node:
    mask, partial = _range(value, value, flags)
    return Chars(mask, 0, partial)


def _other_than(_: _Reader, value: Any, flags: int) -> Node:
    mask, partial = _range(value, value, flags)
    return _all_but(mask, 0, partial)


def _set(_: _Reader, value: Any, flags: int) -> Node:
    mask = whole = 0
    is_negated = False
    if len(value) > _MOST_ITEMS:
        raise Unreadable
    for operation, item in value:
        name = str(operation)
        if name == "NEGATE":
            is_negated = True
        elif name == "CATEGORY":
            found = _category(str(item), flags & re.ASCII)
            mask |= found
            whole |= found
        elif name in {"LITERAL", "RANGE"}:
            first, last = item if name == "RANGE" else (item, item)
            found, partial = _range(first, last, flags)
            mask |= found
            whole |= found & ~partial
        else:
            raise Unreadable
    work = len(value) // (_ITEMS_PER_VISIT if flags & _CASES else 2 * _ITEMS_PER_VISIT)
    read = _all_but if is_negated else Chars
    return read(mask, work, mask & ~whole)


def _all_but(mask: int, work: int, partial: int) -> Chars:
    return Chars(EVERY_CHARACTER & ~mask | partial, work, partial)


def _range(first: int, last: int, flags: int) -> tuple[int, int]:
    """Return the characters from `first` to `last`, and those that represent only some of them."""
    mask = _characters(first, last, flags & (_CASES | re.ASCII))
    if last <= 127:
        return mask, 0
    # Which of the characters that one represents are in the range is not looked at.
    return mask | _MANY, 0 if first <= 128 and last == _LAST_CHARACTER else _MANY


@cache
def _characters(first: int, last: int, flags: int) -> int:
    if not flags & _CASES:
        return mask_of(each for each in ALPHABET if first <= ord(each) <= last)
    # Which letters are the same without case is for `re` to say: there are some outside ASCII.
    is_in = re.compile(f"[\\U{first:08x}-\\U{last:08x}]", flags).match
    return mask_of(filter(is_in, ALPHABET))


@cache
def _category(name: str, flags: int) -> int:
    kind = name.removeprefix("CATEGORY_")
    letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}.get(kind.removeprefix("NOT_"))
    if letter is None:
        raise Unreadable
    letter = letter.upper() if kind.startswith("NOT_") else letter
    return mask_of(filter(re.compile(f"\\{letter}", flags).match, ALPHABET))


_POSITIONS: Final[dict[str, Node]] = {
    "AT_BEGINNING": Start(),
    "AT_BEGINNING_STRING": Start(),
    "AT_END": End(),
    "AT_END_STRING": End(),
}
_Read = Callable[[_Reader, Any, int], Node]
_READERS: Final[Mapping[str, _Read]] = {
    "ANY": _any_character,
    "AT": _Reader.position,
    "BRANCH": _Reader.branch,
    "IN": _set,
    "LITERAL": _literal,
    "MAX_REPEAT": _Reader.repeat,
    "MIN_REPEAT": _Reader.repeat,
    "NOT_LITERAL": _other_than,
    "SUBPATTERN": _Reader.group,
}
_ROUGH_READERS: Final[Mapping[str, _Read]] = {
    **_READERS,
    "ASSERT": _Reader.look_around,
    "ASSERT_NOT": _Reader.look_around,
    "AT": _Reader.rough_position,
    "ATOMIC_GROUP": _Reader.atomic_group,
    "GROUPREF": _Reader.reference,
    "GROUPREF_EXISTS": _Reader.condition,
    "POSSESSIVE_REPEAT": _Reader.possessive_repeat,
}
