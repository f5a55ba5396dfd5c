"""The origins that are loaded for a `LivePolicy`: what of a load is used, and what is logged."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Final
from weakref import WeakKeyDictionary

from corekit import LivePolicy
from corekit.adapter import show
from corekit.extended import Extender, find_policy, static_policy
from corekit.problems import Problem, SettingProblem
from corekit.snapshots import Loads, Rules, Snapshot, SnapshotReader

from .polling import LOGGER, check_interval, check_live

SLOW: Final = 60.0
"""Seconds after which a load that has not ended is reported."""

_MOST_SHOWN: Final = 10
"""How many rows a line of the log names."""

_refreshed: Final[WeakKeyDictionary[LivePolicy, object]] = WeakKeyDictionary()
"""Policies that are extended, each with an object that only the one that extends it has."""


class LoadedOrigins:
    """The snapshot that extends a `LivePolicy`, what is known of its loads, and their log."""

    def __init__(
        self,
        live: LivePolicy,
        load: object,
        every: float,
        accept_risks: Collection[str],
        path: str | None,
        *,
        allow_patterns: bool,
    ) -> None:
        check_interval(every)
        check_live(live)
        if not callable(load):
            raise TypeError(
                f"load is of type {type(load).__name__}. Pass a function, without calling it."
            )
        if isinstance(accept_risks, str):
            raise TypeError(f"accept_risks is a str. Pass a list: [{accept_risks!a}].")
        if not isinstance(accept_risks, Collection):
            kind = type(accept_risks).__name__
            raise TypeError(f"accept_risks is of type {kind}. Pass a list.")
        self._live: Final = live
        self._path: Final = path
        self._rules_of: Final = partial(
            Rules.of, accept_risks=accept_risks, allow_patterns=allow_patterns
        )
        self._snapshot: Snapshot | None = None
        self._loads: Final = Loads(time.monotonic)
        self._unused: list[dict[str, None]] = []
        self._shown: tuple[int, tuple[str, ...]] = (0, ())
        self._was_empty = False
        self._has_failed = False
        self._has_effect = True
        self._extender: Final = Extender(live, path)
        self._find_rules()

    def open(self) -> None:
        """Keep others from extending the same `LivePolicy`; raise ValueError if one does."""
        mine = object()
        # One call, so that another thread cannot do the same in between.
        if _refreshed.setdefault(self._live, mine) is not mine:
            raise ValueError("live is refreshed already. Load all rows with one function.")

    def close(self) -> None:
        """Let others extend the `LivePolicy`; a load that is running has no effect any longer.

        Closing twice does nothing.
        """
        if self._extender.close():
            del _refreshed[self._live]

    @property
    def is_closed(self) -> bool:
        """Whether loads have no effect any longer."""
        return self._extender.is_closed

    def _find_rules(self) -> Rules:
        return self._rules_of(find_policy(static_policy(self._live), self._path))

    @property
    def size(self) -> int:
        """How many rows extend the policy."""
        return self._extender.size

    def begin(self) -> SnapshotReader:
        """Return a reader for the rows of one load."""
        return SnapshotReader(self._find_rules(), self._snapshot, self._loads)

    def end(self, reader: SnapshotReader) -> Iterator[None]:
        """Use what was read; requests may be answered at each step."""
        # Requests that used the tables that the last load replaced have ended.
        yield from _free(self._unused)
        yield from reader.compile()
        yield from _free(reader.unused)
        snapshot, old = reader.finish(), self._snapshot
        if self.is_closed:
            return
        if reader.count and not snapshot and self.age is None:
            raise ValueError(
                f"No row of the load is valid, of {reader.count}.\n{_list_problems(reader)}"
            )
        self._report_problems(reader)
        was_empty, self._was_empty = self._was_empty, not reader.count
        if not snapshot and self._keeps(reader, was_empty=was_empty):
            return
        is_new = old is None or snapshot != old or not self._extender.is_in_force
        if is_new:
            yield from self._read_again(snapshot)
            if not self._extender.extend(snapshot):
                return
        # Only now, since this may fail for the policies that there are.
        self._loads.note()
        self._snapshot = snapshot
        if self._has_failed:
            self._has_failed = False
            LOGGER.info("CORS: origins are loaded again.")
        if is_new:
            yield from self._report_changes(snapshot, old)
            self._unused = [] if old is None else old.tables_not_in(snapshot)
        self._report_effect()

    def _read_again(self, snapshot: Snapshot) -> Iterator[None]:
        """Read the rows by the rules of a candidate, or of a policy that is new."""
        for policies in (static_policy(self._live), self._live.candidate):
            if policies is not None:
                yield from snapshot.read_again(self._rules_of(find_policy(policies, self._path)))

    def _keeps(self, reader: SnapshotReader, *, was_empty: bool) -> bool:
        """Return whether the rows from before stay, since the load has none that are valid."""
        if reader.count:
            LOGGER.error("CORS: no row of the load is valid; %s.", self._describe())
            return True
        if was_empty or not self._snapshot:
            return False
        LOGGER.error(
            "CORS: the load has no rows; %s. They are removed if the next load has none either.",
            self._describe(),
        )
        return True

    def _describe(self) -> str:
        if self.age is None:
            return "there are none from before"
        return f"those from before stay ({self.size}, {self.age:.0f} seconds old)"

    def fail(self) -> None:
        """Report the exception that is being handled."""
        if self.is_closed:
            return
        self._has_failed, self._was_empty = True, False
        LOGGER.exception("CORS: origins could not be loaded; %s.", self._describe())

    def report_slow(self) -> None:
        """Report a load that has not ended."""
        with suppress(Exception):  # a handler or a filter of the log may fail
            LOGGER.error(
                "CORS: loading origins takes longer than %.0f seconds; %s.", SLOW, self._describe()
            )

    @property
    def age(self) -> float | None:
        """The seconds since the last load that was used."""
        return self._loads.age

    def _report_problems(self, reader: SnapshotReader) -> None:
        """Report rows that are not valid, unless they are those of the last load."""
        lines = tuple(f"{show(each.value)} {each.code}" for each in reader.problems)
        found = (reader.problem_count, lines)
        if found == self._shown:
            return
        self._shown = found
        if reader.problems:
            LOGGER.warning(
                "CORS: rows that are not valid were left out: %d.\n%s",
                reader.problem_count,
                _list_problems(reader),
            )

    def _report_effect(self) -> None:
        """Report once that the policy is not extended, since it is for any origin or for none."""
        policy = find_policy(self._live.policy, self._path)
        had_effect, self._has_effect = self._has_effect, hasattr(policy, "snapshot")
        if had_effect and not self._has_effect:
            LOGGER.warning(
                "CORS: rows have no effect, since policy %s allows %s. List your own origin there.",
                policy.fingerprint,
                "any origin" if policy.allow_origins else "no origins",
            )

    def _report_changes(self, snapshot: Snapshot, old: Snapshot | None) -> Iterator[None]:
        counts, shown = [snapshot.size, 0], [list[str](), list[str]()]
        if old is not None:
            counts = [0, 0]
            for changes in snapshot.changes_since(old):
                for number, rows in enumerate(changes):
                    counts[number] += len(rows)
                    shown[number] += islice(rows, _MOST_SHOWN - len(shown[number]))
                yield
        LOGGER.log(
            logging.INFO if snapshot else logging.WARNING,
            "CORS: rows were loaded for policy %s: %d in all, %d added%s, %d removed%s.",
            self._live.fingerprint,
            snapshot.size,
            counts[0],
            _name(shown[0]),
            counts[1],
            _name(shown[1]),
        )


def _free(tables: list[dict[str, None]]) -> Iterator[None]:
    """Free the memory of tables, a part at each step.

    Python returns memory to the system in large pieces, each of which has rows of many tables. So
    the rows are freed in the order in which they were loaded, and not table by table, after which
    all pieces would be returned at once.
    """
    rows: list[list[str]] = []
    while tables:
        rows.append(list(tables.pop()))
        yield
    while any(rows):
        for each in rows:
            if each:
                each.pop()
        yield


def _list_problems(reader: SnapshotReader) -> str:
    """Return a line for each of the first problems, and one with the number of the others."""
    lines = [f"  - {_explain(each)}" for each in reader.problems[:_MOST_SHOWN]]
    if reader.problem_count > _MOST_SHOWN:
        lines.append(f"  - and {reader.problem_count - _MOST_SHOWN} more")
    return "\n".join(lines)


def _explain(problem: Problem) -> Problem:
    """Return a problem with a hint for what drivers and ORMs yield instead of strings."""
    if problem.code != SettingProblem.WRONG_TYPE.code:
        return problem
    row, hint = problem.value, problem.hint
    if row is None:
        hint = "Leave out rows without an origin, such as NULL."
    elif isinstance(row, bytes):
        hint = "Decode it: yield row.decode()."
    elif isinstance(row, Mapping) or hasattr(row, "keys"):
        hint = "Yield the column with the origin, such as row['origin']."
    elif isinstance(row, tuple):
        hint = "A cursor yields tuples: yield row[0]."
    elif isinstance(row, Sequence):
        hint = "Yield the item with the origin, such as row[0]."
    elif hasattr(row, "__dict__"):
        hint = "Yield the attribute with the origin, such as row.origin."
    return replace(problem, hint=hint)


def _name(rows: list[str]) -> str:
    return f" ({', '.join(map(show, sorted(rows)))})" if rows else ""
