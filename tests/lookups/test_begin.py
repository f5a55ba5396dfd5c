"""`LookupState.begin()`: look-ups whose result is for one request only."""

from __future__ import annotations

import pytest

from corekit.lookups import Flight, LookupState, Outcome
from tests.lookups.asking import A, count_remembered, count_running, start


def begin(state: LookupState, now: float = 0) -> Flight:
    found = state.begin(A, now)
    assert isinstance(found, Flight)
    return found


def test_equal_requests_do_not_wait_for_each_other() -> None:
    state = LookupState()
    one, other = begin(state), begin(state)
    assert state.settle(one, True, 0) is Outcome.ALLOWED
    assert other.outcome is None
    assert state.settle(other, False, 0) is Outcome.DENIED


@pytest.mark.parametrize("result", [True, False, None])
def test_nothing_is_remembered(result: bool | None) -> None:
    state = LookupState(stale_if_error=60)
    flight = begin(state)
    if result is None:
        state.fail(flight, 0)
    else:
        state.settle(flight, result, 0)
    assert (count_remembered(state), count_running(state)) == (0, 0)
    assert state.fail(begin(state), 0) is Outcome.FAILED


def test_number_of_running_ones_is_bounded() -> None:
    state = LookupState(concurrency=2)
    flight, _ = begin(state), start(state)
    assert state.begin(A, 0) is Outcome.OVERLOADED
    state.fail(flight, 0)
    begin(state)


def test_one_that_has_timed_out_occupies_its_place() -> None:
    state = LookupState(concurrency=1, timeout=1)
    flight = begin(state, now=5)
    assert flight.deadline == 6
    assert state.time_out(flight, 6) is Outcome.TIMED_OUT
    assert state.begin(A, 100) is Outcome.OVERLOADED
    assert state.settle(flight, True, 100) is Outcome.TIMED_OUT
    begin(state, now=100)


def test_each_request_is_counted_once() -> None:
    state = LookupState(concurrency=4, timeout=1)
    flights = [begin(state) for _ in range(4)]
    state.begin(A, 0)
    state.settle(flights[0], True, 0)
    state.settle(flights[1], False, 0)
    state.fail(flights[2], 0)
    state.settle(flights[3], True, 1)
    counted = {outcome: count for outcome, count in state.counts.items() if count}
    assert counted == dict.fromkeys(
        (
            Outcome.ALLOWED,
            Outcome.DENIED,
            Outcome.FAILED,
            Outcome.TIMED_OUT,
            Outcome.OVERLOADED,
        ),
        1,
    )
