"""What every look-up has: its state with a clock and a lock, counts, and a log of failures."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, cast
from weakref import WeakSet

from corekit.locks import fork_safe_lock
from corekit.lookups import Flight, LookupResultError, LookupState, Outcome

from .arguments import check_function, check_number, check_seconds
from .reporting import FailureLog, OnLookup, report_end


class BoundedLookup:
    """A look-up that runs up to `concurrency` times at once, for up to `timeout` seconds each.

    `name` is what the log calls it, `more` are other arguments of its `LookupState`. A process that
    is forked starts without what is remembered and what is running.
    """

    def __init__(
        self,
        name: str,
        *,
        concurrency: int = 16,
        timeout: float = 1.0,
        clock: Callable[[], float] = monotonic,
        **more: Any,
    ) -> None:
        check_seconds(timeout, "timeout", least=0.001)
        check_number(concurrency, "concurrency")
        self.timeout: Final = timeout
        self._name: Final = name
        self._clock: Final = clock
        self._lock: Final = fork_safe_lock()
        self._log: Final = FailureLog()
        self._on_lookup: Final[list[OnLookup]] = []
        self._state: Final = LookupState(concurrency=concurrency, timeout=timeout, **more)
        _lookups.add(self)

    @property
    def counts(self) -> dict[str, int]:
        """How many requests had which outcome, for metrics: ``cors_lookups_total{outcome}``."""
        with self._lock:
            return {str(outcome): count for outcome, count in self._state.counts.items()}

    def on_lookup(self, function: OnLookup) -> None:
        """Call ``function(seconds, outcome)`` whenever a look-up has ended, for metrics.

        It is not called for results that were remembered and for requests that waited. `outcome` is
        ALLOWED, DENIED, FAILED or TIMED_OUT. The function may be called in any thread, and must not
        block; several can be added.
        """
        check_function(function, "function", ("seconds", "outcome"))
        self._on_lookup.append(function)

    def _left(self, flight: Flight) -> float:
        return max(0.0, flight.deadline - self._clock())

    def _end(
        self, flight: Flight, end: Callable[..., Outcome], error: BaseException | None = None
    ) -> None:
        """Pass a flight to the state, wake all that wait for it, and log it if it has failed."""
        with self._lock:
            was_known = flight.outcome is not None
            now = self._clock()
            try:
                end(flight, now=now)
            except LookupResultError as wrong:
                error = wrong
            waiters, flight.waiters = flight.waiters, []
        for wake in waiters:
            wake()
        if not was_known:
            outcome = flight.failure or cast("Outcome", flight.outcome)
            report_end(self._on_lookup, now - flight.started, outcome)
        if flight.failure is not None and not was_known:
            is_late = flight.failure is Outcome.TIMED_OUT
            self._log.log(now, self._name, flight.key, None if is_late else error)


_lookups: Final[WeakSet[BoundedLookup]] = WeakSet()


def _start_again() -> None:
    """Free the places that the threads that a fork did not copy have taken."""
    for each in _lookups:
        each._state.start_again()


# Windows cannot fork.
getattr(os, "register_at_fork", lambda **_: None)(after_in_child=_start_again)
