"""The state of a look-up: what is remembered, what is running, and what follows for a request.

The rules: at most one look-up of a key runs, and at most `concurrency` of all keys. True and False
are remembered apart, so that random origins, which are denied, cannot displace those that are
allowed. A failure is not an answer: it is not remembered as False, and its key is not asked again
for a second. What was running when the memory was cleared is not remembered afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from corekit._origins import split_origin

from .expiring import ExpiringKeys, Key, split_key
from .outcomes import LookupResultError, Outcome

BACK_OFF: Final = 1.0
"""Seconds for which a key is not asked again after a failure."""

MAX_TENANT_LENGTH: Final = 255
"""The longest tenant that is looked up, in characters: a host name has at most 253."""

# Reading a member of an enumeration takes as long as a look-up in a dict in Python 3.11.
_CACHED_ALLOWED: Final = Outcome.CACHED_ALLOWED
_CACHED_DENIED: Final = Outcome.CACHED_DENIED


@dataclass(slots=True, eq=False)
class Flight:
    """One look-up that was started.

    `started` is when it began, `deadline` when it must have ended. `outcome` is None until then; it
    is for the request that asked, and for all that wait. `failure` is FAILED or TIMED_OUT, also if
    there is an old True to use instead. `error` is that of a wrong result. `waiters` are called
    once it has an outcome.
    """

    key: Key
    started: float
    deadline: float
    outcome: Outcome | None = None
    failure: Outcome | None = None
    error: LookupResultError | None = None
    waiters: list[Callable[[], None]] = field(default_factory=list)
    is_kept: bool = True
    """Whether its result is remembered."""


class Ask(NamedTuple):
    """Call the function now, and pass the result to `settle()`, an exception to `fail()`."""

    flight: Flight


class Wait(NamedTuple):
    """Wait until the flight of another request has an outcome.

    If it has none at its deadline, call `time_out()`.
    """

    flight: Flight


class LookupState:
    """Decides when to ask a look-up, and remembers what it returned.

    `ttl` and `size` are for True, `negative_ttl` and `negative_size` for False. `timeout` seconds
    after its start, a look-up has failed. For `stale_if_error` seconds after `ttl`, True is used if
    the look-up cannot be asked. Arguments are not validated, and `now`, in seconds, must not
    decrease. It must not be used by two threads at once, except what `recall_with()` returns.

    >>> state = LookupState(ttl=60, negative_ttl=10)
    >>> key = "https://app.example.com"
    >>> flight = state.ask(key, now=0).flight
    >>> state.ask(key, now=0) == Wait(flight)
    True
    >>> state.settle(flight, True, now=0.5)
    <Outcome.ALLOWED: 'allowed'>
    >>> state.ask(key, now=60)
    <Outcome.CACHED_ALLOWED: 'cached_allowed'>
    """

    __slots__ = (
        "_allowed",
        "_concurrency",
        "_counts",
        "_denied",
        "_failed",
        "_flights",
        "_recalled",
        "_running",
        "_stale_if_error",
        "_timeout",
    )

    def __init__(
        self,
        *,
        ttl: float = 60,
        negative_ttl: float = 10,
        size: int = 10_000,
        negative_size: int = 10_000,
        concurrency: int = 16,
        timeout: float = 1.0,
        stale_if_error: float = 0,
    ) -> None:
        self._allowed: Final = ExpiringKeys(ttl=ttl, size=size)
        self._denied: Final = ExpiringKeys(ttl=negative_ttl, size=negative_size)
        self._failed: Final = ExpiringKeys(ttl=BACK_OFF, size=negative_size)
        self._flights: Final[dict[Key, Flight]] = {}
        self._running: Final[set[Flight]] = set()
        self._concurrency: Final = concurrency
        self._timeout: Final = timeout
        self._stale_if_error: Final = stale_if_error
        self._counts: Final = dict.fromkeys(Outcome, 0)
        self._recalled = 0

    @property
    def counts(self) -> dict[Outcome, int]:
        """The number of requests by their outcome: each call of `ask()` is counted once.

        So is each of `begin()`, and each key that was recalled. Without Python's global lock, two
        of two threads at the same moment may count as one.
        """
        counts = dict(self._counts)
        counts[_CACHED_ALLOWED] += self._recalled
        return counts

    def count(self, outcome: Outcome) -> None:
        """Count a request that could not be asked about."""
        self._counts[outcome] += 1

    def recall_with(self, clock: Callable[[], float]) -> Callable[[Key], Outcome | None]:
        """Return a function that recalls HTTPS origins that were allowed, or used, a moment ago.

        It returns CACHED_ALLOWED for such a key, and None if `ask()` has to be called. Any number
        of threads may call it, also during a call of a method. It has what it needs in its own
        variables, since most requests of origins that are looked up need nothing else.
        """
        find = self._allowed.entries.get

        def recall(key: Key) -> Outcome | None:
            entry = find(key)
            if entry is None or clock() >= entry.recalled_until:
                return None
            self._recalled += 1
            return _CACHED_ALLOWED

        return recall

    def ask(self, key: Key, now: float) -> Outcome | Ask | Wait:
        """Return what is known about a key, or what to do to know it."""
        if self._allowed.is_fresh(key, now):
            outcome = _CACHED_ALLOWED
        elif self._denied.is_fresh(key, now):
            outcome = _CACHED_DENIED
        else:
            flight = self._flights.get(key)
            if flight is not None and flight.outcome is None:
                self._counts[Outcome.JOINED] += 1
                return Wait(flight)
            refusal = self._find_refusal(key, now)
            if refusal is None:
                flight = self._flights[key] = Flight(key, now, now + self._timeout)
                self._running.add(flight)
                return Ask(flight)
            outcome = refusal
        self._counts[outcome] += 1
        return outcome

    def begin(self, origin: str, now: float) -> Flight | Outcome:
        """Start a look-up whose result is for one request only; return OVERLOADED if it must not.

        It counts as running, and has the timeout. But no request waits for another one, and neither
        a result nor a failure is remembered: both may be due to anything in the request.
        """
        if self._is_full():
            self._counts[Outcome.OVERLOADED] += 1
            return Outcome.OVERLOADED
        flight = Flight(origin, now, now + self._timeout, is_kept=False)
        self._running.add(flight)
        return flight

    def settle(self, flight: Flight, result: object, now: float) -> Outcome:
        """End a flight with what the function returned; return the outcome.

        It is too late if the flight has timed out, or should have: then it is a failure. Raise
        `LookupResultError` for anything but True and False, which is a failure too.
        """
        if result is not True and result is not False:
            flight.error = LookupResultError(split_key(flight.key)[1], result)
            self.fail(flight, now)
            raise flight.error
        if flight.outcome is not None or now >= flight.deadline:
            return self.fail(flight, now)
        self._land(flight)
        flight.outcome = Outcome.ALLOWED if result else Outcome.DENIED
        self._counts[flight.outcome] += 1
        if flight.is_kept and result:
            self._allowed.add(flight.key, now)
        elif flight.is_kept:
            # It was allowed before, and must not be used if a later look-up fails.
            self._allowed.drop(flight.key)
            self._denied.add(flight.key, now)
        return flight.outcome

    def fail(self, flight: Flight, now: float) -> Outcome:
        """End a flight whose function raised an exception; return the outcome."""
        self._land(flight)
        if now >= flight.deadline:
            return self.time_out(flight, now)
        return flight.outcome or self._give_up(flight, Outcome.FAILED, now, now)

    def time_out(self, flight: Flight, now: float) -> Outcome:
        """Give up on a flight whose deadline is over; return the outcome.

        The function may still run. It counts as running, and its key is not asked again, until it
        has returned and the flight was passed to `settle()` or `fail()`.
        """
        return flight.outcome or self._give_up(flight, Outcome.TIMED_OUT, flight.deadline, now)

    def invalidate(self, origin: str) -> None:
        """Forget what is known about an origin, for all tenants."""
        self._allowed.drop_origin(origin)
        self._denied.drop_origin(origin)
        # There are at most as many flights as `concurrency`.
        flights = self._flights.values()
        for flight in [each for each in flights if split_key(each.key)[1] == origin]:
            self._detach(flight)

    def clear(self) -> None:
        """Forget what is known about all origins."""
        self._allowed.clear()
        self._denied.clear()
        for flight in list(self._flights.values()):
            self._detach(flight)

    def start_again(self) -> None:
        """Forget all but the counts, in a process that was forked: nothing that runs goes on there.

        The fork may have been at any step of a method. A function that forked may return in both
        processes; here, its result is not remembered.
        """
        for flight in self._running:
            flight.is_kept = False
        self._running.clear()
        self._flights.clear()
        for keys in (self._allowed, self._denied, self._failed):
            keys.clear()

    def _find_refusal(self, key: Key, now: float) -> Outcome | None:
        """Return the outcome for a key that is not asked; None if it is."""
        if key in self._flights or self._failed.is_fresh(key, now):
            return self._fall_back(key, now, Outcome.BACKED_OFF)
        tenant, origin = split_key(key)
        is_too_long = tenant is not None and len(tenant) > MAX_TENANT_LENGTH
        if is_too_long or split_origin(origin) is None:
            return Outcome.REJECTED
        if self._is_full():
            return self._fall_back(key, now, Outcome.OVERLOADED)
        return None

    def _is_full(self) -> bool:
        return len(self._running) >= self._concurrency

    def _fall_back(self, key: Key, now: float, outcome: Outcome) -> Outcome:
        """Return the outcome of a key that is not known now, but may have been before."""
        is_usable = self._allowed.is_fresh(key, now - self._stale_if_error)
        return Outcome.STALE_ALLOWED if is_usable else outcome

    def _give_up(self, flight: Flight, failure: Outcome, since: float, now: float) -> Outcome:
        self._counts[failure] += 1
        flight.failure = failure
        if flight.is_kept:
            self._failed.add(flight.key, since)
        flight.outcome = self._fall_back(flight.key, now, failure)
        return flight.outcome

    def _land(self, flight: Flight) -> None:
        """Note that the function of a flight has returned."""
        self._running.discard(flight)
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]

    def _detach(self, flight: Flight) -> None:
        """Let the next request ask again, unless the flight has timed out and stores nothing."""
        if flight.outcome is None:
            flight.is_kept = False
            del self._flights[flight.key]
