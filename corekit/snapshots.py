"""Origins that are loaded from outside, such as from a table of a database.

A `SnapshotReader` reads the rows of one load, by the rules of a policy, and makes a `Snapshot`.
`corekit.extended` has policies that it extends.

There may be a million rows, and the server answers requests in another thread while they are read.
One call of C code on all of them would hold up every request. So no set or tuple of all rows is
made: the origins are in many small tables, by their hashes. Equal tables are shared by one snapshot
and the next, so little is made and thrown away if little has changed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Final, cast

from ._containers import Origins
from ._fingerprints import sum_of_digests
from ._loads import Loads, Rules
from ._origins import ANY, OriginPattern, OriginSet
from ._suffixes import find_open_suffix
from ._validation import Reader
from .problems import OriginProblem, Problem

__all__ = ["Loads", "Rules", "Snapshot", "SnapshotReader"]

_TABLES: Final = 2048
"""How many tables there are, a power of two: of a million rows, each has about 500."""

_MOST_PROBLEMS: Final = 100
"""How many rows that are not valid are described; all are counted."""

_LAST: Final = _TABLES - 1

_Table = dict[str, None]
"""Origins. The garbage collector looks into sets, but not into dicts of strings."""

# Most rows: origins of websites that have no problem in any policy. The others are validated.
_is_plain = re.compile(
    r"https://(?=.{1,253}\Z)(?!.*xn--)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
).fullmatch


class Snapshot:
    """The valid origins of one load; immutable.

    >>> from corekit import CorsPolicy
    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_credentials=True)
    >>> reader = SnapshotReader(Rules.of(policy))
    >>> reader.read(["https://shop-1.example", "http://shop-2.example"])
    >>> [problem.code for problem in reader.problems]
    ['insecure-origin']
    >>> snapshot = reader.finish()
    >>> len(snapshot), "https://shop-1.example" in snapshot
    (1, True)
    """

    __slots__ = (
        "_by_rules",
        "_digests",
        "_loads",
        "_patterns",
        "_tables",
        "digest",
        "rules",
        "size",
    )

    def __init__(
        self,
        tables: list[_Table],
        digests: list[int],
        patterns: OriginSet,
        rules: Rules,
        loads: Loads | None,
    ) -> None:
        self._tables: Final = tables
        self._digests: Final = digests
        self._patterns: Final = patterns
        self.size: Final = sum(map(len, tables))
        self.digest: Final = sum(digests)
        self.rules: Final = rules
        self._by_rules: Final[dict[Rules, Snapshot]] = {}
        self._loads: Final = loads

    @property
    def age(self) -> float | None:
        """The seconds since these rows were loaded; None if that is not known, as in a copy."""
        return None if self._loads is None else self._loads.age

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[str]:
        for table in self._tables:
            yield from table

    def __contains__(self, origin: str) -> bool:
        """Return whether an origin is allowed by a row."""
        return (self.has_row(origin) and ANY not in origin) or origin in self._patterns

    def has_row(self, row: str) -> bool:
        """Return whether an origin or a pattern is a row."""
        return row in self._tables[hash(row) & _LAST]

    def find(self, origin: str) -> str | None:
        """Return the row that allows an origin, or None."""
        is_row = self.has_row(origin) and ANY not in origin
        return origin if is_row else self._patterns.find(origin)

    def joined_with(self, others: Origins) -> Origins:
        """Return these origins, and others."""
        return _ExtendedOrigins(self, others)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Snapshot):
            return NotImplemented
        return (self.size, self.digest) == (other.size, other.digest)

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.size} rows>"

    def __reduce__(self) -> tuple[object, ...]:
        # Another process has other hashes.
        return _read, (list(self), self.rules)

    def changes_since(self, other: Snapshot) -> Iterator[tuple[Collection[str], Collection[str]]]:
        """Yield what was added and what was removed, table by table."""
        for table, old in zip(self._tables, other._tables, strict=True):
            if table is not old:
                yield table.keys() - old.keys(), old.keys() - table.keys()

    def tables_not_in(self, other: Snapshot) -> list[_Table]:
        """Return the tables that another snapshot does not share."""
        shared = set(map(id, other._tables))
        return [table for table in self._tables if id(table) not in shared]

    def read_by(self, rules: Rules) -> Snapshot:
        """Return the rows that are valid by other rules."""
        for _ in self.read_again(rules):
            pass
        return self._by_rules.get(rules, self)

    def read_again(self, rules: Rules) -> Iterator[None]:
        """Read the rows by other rules, a few at each step; the result is kept for `read_by()`."""
        if rules == self.rules or rules in self._by_rules:
            return
        reader = SnapshotReader(rules, self, self._loads)
        for row in self:
            reader.read([row])
            yield
        yield from reader.compile()
        self._by_rules[rules] = reader.finish()


class SnapshotReader:
    """Reads the rows of one load: strings with one origin each.

    `previous` is the last snapshot, of which equal tables are shared. `problems` has the first rows
    that are not valid and were left out, `problem_count` says how many there are, and `count` how
    many rows were read. `unused` has tables that were made and are not part of the snapshot.
    `loads` knows the age of the snapshot.
    """

    def __init__(
        self, rules: Rules, previous: Snapshot | None = None, loads: Loads | None = None
    ) -> None:
        self.problems: list[Problem] = []
        self.problem_count = 0
        self.count = 0
        self.unused: list[_Table] = []
        self._rules: Final = rules
        self._previous: Final = previous
        self._loads: Final = loads
        self._tables: Final[list[_Table]] = [{} for _ in range(_TABLES)]
        self._digests: Final[list[int]] = []
        self._patterns: Final = OriginSet(())
        given = {"allow_credentials": rules.credentials, "accept_risks": sorted(rules.accepted)}
        self._reader: Final = Reader(given)
        self._reader.needs_origins = False
        if rules.allow_patterns:
            # The first call reads the list of public suffixes, which takes 0.2 seconds: not later.
            find_open_suffix("example.com", below=True)

    def read(self, rows: Iterable[object]) -> None:
        """Read some rows."""
        tables = self._tables
        others: list[tuple[int, object]] = []
        for row in rows:
            if type(row) is str and _is_plain(row):
                tables[hash(row) & _LAST][row] = None
            else:
                others.append((self.count, row))
            self.count += 1
        if others:
            self._validate(others)

    def _validate(self, rows: list[tuple[int, object]]) -> None:
        reader = self._reader
        kept: list[tuple[int, object]] = []
        found: dict[int, Problem] = {}
        for index, row in rows:
            kind = self._find_wildcard(row)
            if kind is None:
                kept.append((index, row))
            else:
                found[index] = Problem.of(kind, "rows", row)
        reader.problems = []
        reader.read_origins("allow_origins", [row for _, row in kept])
        for problem in reader.problems:
            found.setdefault(kept[cast("int", problem.index)][0], problem)
        for index, problem in sorted(found.items()):
            self._add(problem, index)
        for index, row in kept:
            if index not in found:
                text = str.__str__(cast("str", row))
                self._tables[hash(text) & _LAST][text] = None
                pattern = OriginPattern.parse(text) if ANY in text else None
                if pattern is not None:
                    self._patterns.add(pattern)

    def _find_wildcard(self, row: object) -> OriginProblem | None:
        """Return the problem of a row for many origins, None if it may be one."""
        if not isinstance(row, str) or ANY not in row:
            return None
        if row == ANY:
            return OriginProblem.ANY_ORIGIN_IN_ROWS
        is_refused = not self._rules.allow_patterns and OriginPattern.parse(row) is not None
        return OriginProblem.PATTERN_IN_ROWS if is_refused else None

    def _add(self, problem: Problem, index: int) -> None:
        self.problem_count += 1
        if len(self.problems) < _MOST_PROBLEMS:
            subject = f"rows[{index}]"
            self.problems.append(replace(problem, subject=subject, argument="rows", index=index))

    def compile(self) -> Iterator[None]:
        """Compare the tables with those of the previous snapshot, one at each step."""
        previous = self._previous
        for number, table in enumerate(self._tables):
            if previous is None:
                digest = sum_of_digests(table)
            else:
                old, digest = previous._tables[number], previous._digests[number]
                if table.keys() == old.keys():
                    self._tables[number] = old
                    self.unused.append(table)
                else:
                    digest += sum_of_digests(table.keys() - old.keys())
                    yield
                    digest -= sum_of_digests(old.keys() - table.keys())
            self._digests.append(digest)
            yield

    def finish(self) -> Snapshot:
        """Return the snapshot, with what is left to compile."""
        if not self._digests:
            for _ in self.compile():
                pass
        return Snapshot(self._tables, self._digests, self._patterns, self._rules, self._loads)


def _read(rows: Iterable[str], rules: Rules) -> Snapshot:
    reader = SnapshotReader(rules)
    reader.read(rows)
    return reader.finish()


class _ExtendedOrigins:
    """The origins of a snapshot, and the others of a policy."""

    __slots__ = ("_others", "_patterns", "_tables", "snapshot")

    def __init__(self, snapshot: Snapshot, others: Origins) -> None:
        self.snapshot = snapshot
        self._tables = snapshot._tables
        # A call of an empty OriginSet takes longer than that of a frozenset.
        self._patterns = snapshot._patterns if snapshot._patterns.has_patterns else frozenset[str]()
        self._others = others

    def __contains__(self, origin: str) -> bool:
        return (
            (origin in self._tables[hash(origin) & _LAST] and ANY not in origin)
            or origin in self._patterns
            or origin in self._others
        )

    def find(self, origin: str) -> str | None:
        """Return the row or the entry of the policy that matches, or None."""
        found = self.snapshot.find(origin)
        if found is None:
            find = getattr(self._others, "find", None)
            found = None if find is None else find(origin)
        return found
