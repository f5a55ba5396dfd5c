"""Whatever happens in whatever order, the state of a look-up is that of the naive model."""

from __future__ import annotations

from collections import Counter
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from corekit.lookups import (
    Ask,
    Flight,
    Key,
    LookupResultError,
    LookupState,
    Outcome,
    Wait,
    split_key,
)
from tests.lookups.asking import count_remembered, count_running
from tests.lookups.naive import NaiveFlight, NaiveLookup, was_just_used

# Binary fractions, so that sums are exact.
SECONDS: Final = st.sampled_from([2.0, 0.0, 0.25, 0.75, 1.0, 1.5, 4.0])
SIZES: Final = st.sampled_from([2, 1, 3, 4])
VALID: Final = ["https://a.example", "http://b.example", "https://c.example", "https://d.example"]
ORIGINS: Final = st.sampled_from([*VALID, "null", "file://", "https://a.example/", ""])
TENANTS: Final = st.sampled_from(["t", "u", "x" * 255, "x" * 256])
KEYS: Final = ORIGINS | st.tuples(TENANTS, ORIGINS)
FEW: Final = st.sampled_from(VALID[:2])
USUAL: Final = FEW | st.tuples(st.just("t"), FEW)

Pair = tuple[Flight, NaiveFlight]


class LookupMachine(RuleBasedStateMachine):
    running = Bundle("running")
    started = Bundle("started")

    @initialize(
        ttl=SECONDS,
        negative_ttl=SECONDS,
        size=SIZES,
        negative_size=SIZES,
        concurrency=SIZES,
        timeout=SECONDS.filter(bool),
        stale_if_error=st.sampled_from([8.0, 0.0, 1.0, 100.0]),
    )
    def start(self, **arguments: float) -> None:
        self.state = LookupState(**arguments)  # type: ignore[arg-type]
        self.model = NaiveLookup(**arguments)  # type: ignore[arg-type]
        self.now = 0.0
        self.recall = self.state.recall_with(lambda: self.now)
        self.pairs: dict[Flight, NaiveFlight] = {}
        # Without any structure: when each key was last seen to be allowed or denied.
        self.seen: dict[Key, tuple[bool, float]] = {}

    @rule(target=running, key=USUAL | KEYS)
    def ask(self, key: Key) -> object:
        found = self.ask_both(key)
        return found if isinstance(found, Flight) else multiple()

    def ask_both(self, key: Key) -> Flight | None:
        """Ask the state and the model; return the flight that was started, if any."""
        is_recalled = was_just_used(self.model.yes, key, self.now)
        expected = self.model.ask(key, self.now)
        recalled = self.recall(key)
        assert is_recalled == (recalled is not None)
        found = self.state.ask(key, self.now) if recalled is None else recalled
        if isinstance(expected, str):
            assert isinstance(found, Outcome)
            assert found == expected
            self.check(key, found)
            return None
        if isinstance(found, Wait):
            assert self.pairs[found.flight] is expected
            return None
        assert isinstance(found, Ask)
        assert expected not in self.pairs.values()
        self.pairs[found.flight] = expected
        assert found.flight.deadline == self.now + self.model.timeout
        return found.flight

    @rule(key=USUAL, result=st.sampled_from([True, None, False]))
    def ask_and_end(self, key: Key, result: bool | None) -> None:
        found = self.ask_both(key)
        if found is None:
            return
        if result is None:
            self.fail_both(found)
        else:
            self.settle_both(found, result)

    def check(self, key: Key, outcome: Outcome) -> None:
        was_allowed, since = self.seen.get(key, (None, 0.0))
        age = self.now - since
        if outcome.allowed:
            assert was_allowed is True
            assert age < self.model.ttl + self.model.stale_if_error
        elif outcome is Outcome.CACHED_DENIED:
            assert was_allowed is False
            assert age < self.model.negative_ttl

    @rule(target=started, flight=consumes(running), result=st.booleans())
    def settle(self, flight: Flight, result: bool) -> Flight:
        self.settle_both(flight, result)
        return flight

    def settle_both(self, flight: Flight, result: bool) -> None:
        expected = self.model.give(self.pairs[flight], result, self.now)
        outcome = self.state.settle(flight, result, self.now)
        assert outcome == flight.outcome == expected
        if outcome in (Outcome.ALLOWED, Outcome.DENIED) and not self.pairs[flight].forgotten:
            self.seen[flight.key] = result, self.now

    @rule(target=started, flight=consumes(running))
    def fail(self, flight: Flight) -> Flight:
        self.fail_both(flight)
        return flight

    def fail_both(self, flight: Flight) -> None:
        expected = self.model.give(self.pairs[flight], None, self.now)
        assert self.state.fail(flight, self.now) == flight.outcome == expected

    @rule(target=started, flight=consumes(running), result=st.sampled_from([None, 1, 0, "True"]))
    def settle_with_something_else(self, flight: Flight, result: object) -> Flight:
        expected = self.model.give(self.pairs[flight], None, self.now)
        with pytest.raises(LookupResultError) as caught:
            self.state.settle(flight, result, self.now)
        assert flight.error is caught.value
        assert flight.outcome == expected
        return flight

    @rule(flight=running, early=st.sampled_from([0.0, 0.25]))
    def time_out(self, flight: Flight, early: float) -> None:
        # A timer may be a little early.
        self.now = max(self.now, flight.deadline - early)
        expected = self.model.time_out(self.pairs[flight], self.now)
        assert self.state.time_out(flight, self.now) == flight.outcome == expected

    @rule(flight=started, result=st.booleans())
    def settle_again(self, flight: Flight, result: bool) -> None:
        outcome = flight.outcome
        assert self.state.settle(flight, result, self.now) is outcome
        assert self.state.fail(flight, self.now) is outcome
        assert self.state.time_out(flight, self.now) is outcome

    @rule(origin=st.sampled_from(VALID[:3]))
    def invalidate(self, origin: str) -> None:
        self.model.invalidate(origin)
        self.state.invalidate(origin)
        self.seen = {key: seen for key, seen in self.seen.items() if split_key(key)[1] != origin}

    @rule()
    def clear(self) -> None:
        self.model.clear()
        self.state.clear()
        self.seen.clear()

    @rule(seconds=st.sampled_from([0.25, 0.5, 1.0, 3.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def numbers_are_those_of_the_model(self) -> None:
        model = self.model
        assert Counter(self.state.counts) == Counter(model.counted)
        running = [each for each in model.flights if not each.returned]
        assert count_running(self.state) == len(running) <= model.concurrency
        occupied = {each.key for each in running if not each.forgotten}
        remembered = len(model.yes) + len(model.no) + len(model.failed) + len(occupied)
        assert count_remembered(self.state) == remembered
        assert remembered <= model.size + 2 * model.negative_size + model.concurrency

    @invariant()
    def one_look_up_of_a_key_runs(self) -> None:
        running = [
            naive.key for naive in self.pairs.values() if not naive.returned and not naive.forgotten
        ]
        assert len(running) == len(set(running))

    @invariant()
    def flights_of_both_have_the_same_outcome(self) -> None:
        assert all(each.outcome == naive.verdict for each, naive in self.pairs.items())


TestModel = LookupMachine.TestCase
TestModel.settings = settings(max_examples=min(200, 2 * settings().max_examples))
