"""`invalidate()` and `clear()`: what is forgotten, and what happens to what is in flight."""

from __future__ import annotations

import pytest

from corekit.lookups import ExpiringKeys, Flight, Key, LookupState, Outcome
from tests.lookups.asking import A, B, count_remembered, count_running, know, start


def test_origin_is_forgotten_for_all_tenants() -> None:
    state = LookupState()
    keys: list[Key] = [A, ("one", A), ("two", A)]
    know(state, (keys[0], True), (keys[1], False), (keys[2], True), (B, True))
    state.invalidate(A)
    for key in keys:
        start(state, key)
    assert state.ask(B, 0) is Outcome.CACHED_ALLOWED


def test_everything_is_forgotten() -> None:
    state = LookupState()
    know(state, (A, True), (B, False))
    state.clear()
    assert count_remembered(state) == 0
    start(state, A)
    start(state, B)


@pytest.mark.parametrize("result", [True, False])
@pytest.mark.parametrize("forget", [LookupState.clear, lambda s: s.invalidate(A)])
def test_what_is_in_flight_is_not_remembered(result: bool, forget: object) -> None:
    state = LookupState()
    flight = start(state)
    assert callable(forget)
    forget(state)
    outcome = state.settle(flight, result, 0)
    assert outcome is (Outcome.ALLOWED if result else Outcome.DENIED)
    start(state)


def test_what_is_in_flight_is_not_joined_after_it_was_forgotten() -> None:
    state = LookupState()
    old = start(state)
    state.invalidate(A)
    new = start(state)
    state.settle(new, True, 0)
    state.settle(old, False, 0)
    assert state.ask(A, 0) is Outcome.CACHED_ALLOWED


def test_other_flights_go_on() -> None:
    state = LookupState()
    flight = start(state, B)
    state.invalidate(A)
    state.settle(flight, True, 0)
    assert state.ask(B, 0) is Outcome.CACHED_ALLOWED


def test_failure_of_what_was_forgotten_backs_nothing_off() -> None:
    state = LookupState()
    flight = start(state)
    state.clear()
    assert state.fail(flight, 0) is Outcome.FAILED
    start(state)


def test_forgotten_flight_counts_as_running() -> None:
    state = LookupState(concurrency=1)
    flight = start(state)
    state.clear()
    assert state.ask(A, 0) is Outcome.OVERLOADED
    state.settle(flight, True, 0)
    start(state)


def test_function_that_still_runs_is_not_called_again() -> None:
    state = LookupState(timeout=1)
    state.time_out(start(state), 1)
    state.clear()
    state.invalidate(A)
    assert state.ask(A, 9) is Outcome.BACKED_OFF


def test_back_off_is_not_forgotten() -> None:
    state = LookupState()
    state.fail(start(state), 0)
    state.clear()
    state.invalidate(A)
    assert state.ask(A, 0) is Outcome.BACKED_OFF


def test_old_yes_is_not_used_after_it_was_forgotten() -> None:
    state = LookupState(ttl=1, stale_if_error=100)
    know(state, (A, True))
    state.invalidate(A)
    assert state.fail(start(state, A, 1), 1) is Outcome.FAILED


def test_state_of_a_forked_process_starts_again() -> None:
    state = LookupState(timeout=1, concurrency=3)
    know(state, ("https://yes.example", True), ("https://no.example", False))
    state.fail(start(state, "https://fails.example"), 0)
    own, late, alone = start(state, A), start(state, B), state.begin(A, 0)
    assert isinstance(alone, Flight)
    state.time_out(late, 1)
    counts = state.counts
    state.start_again()
    assert (count_running(state), count_remembered(state), state.counts) == (0, 0, counts)
    # The thread that forked may go on here.
    assert state.settle(own, True, 0.5) is Outcome.ALLOWED
    assert state.settle(alone, True, 0.5) is Outcome.ALLOWED
    assert (count_running(state), count_remembered(state)) == (0, 0)
    flights = [start(state, key, 1) for key in (A, B, "https://fails.example")]
    assert state.ask("https://no.example", 1) is Outcome.OVERLOADED
    assert [state.settle(each, True, 1) for each in flights] == [Outcome.ALLOWED] * 3


def test_memory_of_displaced_keys_is_freed() -> None:
    keys = ExpiringKeys(ttl=1, size=2)
    for number in range(9):
        keys.add(f"https://{number}.example", 0)
        keys.add(("t", f"https://{number}.example"), 0)
    keys.drop(A)
    assert len(keys) == 2
    keys.drop_origin("https://8.example")
    assert len(keys) == len(keys._of_origin) == 0
    keys.add(A, 0)
    keys.clear()
    keys.drop_origin(A)
    assert len(keys) == len(keys._of_origin) == 0
