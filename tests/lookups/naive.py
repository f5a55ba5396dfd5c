"""A naive model of a look-up: the rules of the documentation, with lists that are searched.

Not a test. What is remembered is a list, the least recently used first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from corekit.lookups import Key, split_key

Memory = list[tuple[Key, float, float]]
"""Keys, each with the time at which it expires, and that of its last use that counts."""


@dataclass(eq=False)
class NaiveFlight:
    key: Key
    started: float
    verdict: str | None = None
    returned: bool = False
    forgotten: bool = False


@dataclass
class NaiveLookup:
    ttl: float
    negative_ttl: float
    size: int
    negative_size: int
    concurrency: int
    timeout: float
    stale_if_error: float
    yes: Memory = field(default_factory=list)
    no: Memory = field(default_factory=list)
    failed: Memory = field(default_factory=list)
    flights: list[NaiveFlight] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)

    def ask(self, key: Key, now: float) -> str | NaiveFlight:
        """Return an outcome, a flight to wait for, or a new one, which is the last in the list."""
        answer = self._ask(key, now)
        if isinstance(answer, str):
            self.counted.append(answer)
        elif answer in self.flights:
            self.counted.append("joined")
        else:
            self.flights.append(answer)
        return answer

    def _ask(self, key: Key, now: float) -> str | NaiveFlight:
        if use(self.yes, key, now):
            return "cached_allowed"
        if use(self.no, key, now):
            return "cached_denied"
        asking = [each for each in self.flights if each.key == key and not each.forgotten]
        asking = [each for each in asking if not each.returned]
        for flight in asking:
            if flight.verdict is None:
                return flight
        if asking or use(self.failed, key, now):
            return self.old_yes(key, now) or "backed_off"
        tenant, origin = split_key(key)
        is_origin = origin.startswith(("https://", "http://")) and not origin.endswith("/")
        if not is_origin or len(tenant or "") > 255:
            return "rejected"
        if len([each for each in self.flights if not each.returned]) == self.concurrency:
            return self.old_yes(key, now) or "overloaded"
        return NaiveFlight(key, now)

    def give(self, flight: NaiveFlight, answer: bool | None, now: float) -> str:
        """The function returned True or False; None if it failed."""
        flight.returned = True
        if flight.verdict is None and now >= flight.started + self.timeout:
            self.time_out(flight, now)
        elif flight.verdict is None and answer is None:
            self.give_up(flight, "failed", now, now)
        elif flight.verdict is None:
            flight.verdict = "allowed" if answer else "denied"
            self.counted.append(flight.verdict)
            if not flight.forgotten and answer:
                put(self.yes, flight.key, now, self.ttl, self.size)
            elif not flight.forgotten:
                self.yes = [each for each in self.yes if each[0] != flight.key]
                put(self.no, flight.key, now, self.negative_ttl, self.negative_size)
        assert flight.verdict is not None
        return flight.verdict

    def time_out(self, flight: NaiveFlight, now: float) -> str:
        if flight.verdict is None:
            self.give_up(flight, "timed_out", flight.started + self.timeout, now)
        assert flight.verdict is not None
        return flight.verdict

    def give_up(self, flight: NaiveFlight, failure: str, since: float, now: float) -> None:
        self.counted.append(failure)
        if not flight.forgotten:
            put(self.failed, flight.key, since, 1, self.negative_size)
        flight.verdict = self.old_yes(flight.key, now) or failure

    def old_yes(self, key: Key, now: float) -> str | None:
        return "stale_allowed" if use(self.yes, key, now - self.stale_if_error) else None

    def invalidate(self, origin: str) -> None:
        self.yes = [each for each in self.yes if split_key(each[0])[1] != origin]
        self.no = [each for each in self.no if split_key(each[0])[1] != origin]
        self.forget([each for each in self.flights if split_key(each.key)[1] == origin])

    def clear(self) -> None:
        self.yes, self.no = [], []
        self.forget(self.flights)

    def forget(self, flights: list[NaiveFlight]) -> None:
        for flight in flights:
            # One that has timed out still occupies its key.
            flight.forgotten = flight.forgotten or flight.verdict is None


def use(memory: Memory, key: Key, now: float) -> bool:
    for place, (each, expiry, used) in enumerate(memory):
        if each == key and now < expiry:
            if now >= min(expiry, used + resolution(key)):
                del memory[place]
                memory.append((key, expiry, now))
            return True
    return False


def resolution(key: Key) -> int:
    """Return in how many seconds uses of a key count as one: whether HTTP is asked may change."""
    return 1 if split_key(key)[1].startswith("https://") else 0


def was_just_used(memory: Memory, key: Key, now: float) -> bool:
    return any(
        each == key and now < min(expiry, used + resolution(key)) for each, expiry, used in memory
    )


def put(memory: Memory, key: Key, now: float, ttl: float, size: int) -> None:
    memory[:] = [each for each in memory if each[0] != key]
    memory.append((key, now + ttl, now))
    del memory[:-size]
