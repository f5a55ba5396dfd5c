"""The rules of a look-up, each with an example."""

from __future__ import annotations

from typing import Any

import pytest

from corekit.lookups import (
    Ask,
    Key,
    LookupResultError,
    LookupState,
    Outcome,
    Wait,
)
from corekit.lookups.state import MAX_TENANT_LENGTH
from tests.lookups.asking import A, B, count_remembered, count_running, know, start


class TestCaches:
    def test_unknown_origin_is_asked(self) -> None:
        assert start(LookupState()).key == A

    @pytest.mark.parametrize(
        ("result", "ttl", "cached"),
        [(True, 60, Outcome.CACHED_ALLOWED), (False, 10, Outcome.CACHED_DENIED)],
    )
    def test_result_is_used_for_its_ttl(self, result: bool, ttl: int, cached: Outcome) -> None:
        state = LookupState(ttl=60, negative_ttl=10)
        know(state, (A, result), now=5)
        assert state.ask(A, 5 + ttl - 0.001) is cached
        assert isinstance(state.ask(A, 5 + ttl), Ask)

    @pytest.mark.parametrize("result", [True, False])
    def test_tenants_are_apart(self, result: bool) -> None:
        state = LookupState()
        know(state, (("one", A), result))
        assert isinstance(state.ask(("two", A), 0), Ask)
        assert isinstance(state.ask(A, 0), Ask)

    def test_random_origins_displace_no_allowed_one(self) -> None:
        state = LookupState(size=2, negative_size=2)
        know(state, (A, True), (B, True))
        for number in range(100):
            know(state, (f"https://{number}.example", False))
        assert state.ask(A, 0) is state.ask(B, 0) is Outcome.CACHED_ALLOWED
        assert count_remembered(state) == 4

    @pytest.mark.parametrize(("size", "negative_size"), [(1, 3), (3, 1)])
    def test_each_has_its_size(self, size: int, negative_size: int) -> None:
        state = LookupState(size=size, negative_size=negative_size)
        for number in range(10):
            know(state, (f"https://{number}.example", True))
        assert count_remembered(state) == size
        for number in range(10, 20):
            know(state, (f"https://{number}.example", False))
        assert count_remembered(state) == size + negative_size

    @pytest.mark.parametrize("result", [True, False])
    def test_least_recently_used_is_displaced(self, result: bool) -> None:
        state = LookupState(size=2, negative_size=2)
        c: Key = "https://c.example"
        know(state, (A, result), (B, result))
        state.ask(A, 1)
        know(state, (c, result), now=1)
        assert isinstance(state.ask(A, 1), Outcome)
        assert isinstance(state.ask(c, 1), Outcome)
        assert isinstance(state.ask(B, 1), Ask)

    @pytest.mark.parametrize("result", [True, False])
    def test_uses_within_a_second_count_as_one(self, result: bool) -> None:
        state = LookupState(size=2, negative_size=2)
        know(state, (A, result), (B, result))
        state.ask(A, 0.9)
        know(state, ("https://c.example", result), now=0.9)
        # It was also used last, but within a second after it was asked for the first time.
        assert isinstance(state.ask(A, 0.9), Ask)
        assert isinstance(state.ask(B, 0.9), Outcome)

    def test_origin_that_is_asked_again_was_used(self) -> None:
        state = LookupState(ttl=1, size=2)
        know(state, (A, True), (B, True))
        know(state, (A, True), now=1)
        know(state, ("https://c.example", True), now=1)
        assert state.ask(A, 1) is Outcome.CACHED_ALLOWED

    def test_new_result_replaces_the_old_one(self) -> None:
        state = LookupState(ttl=1, negative_ttl=1)
        know(state, (A, True))
        know(state, (A, False), now=1)
        assert state.ask(A, 1) is Outcome.CACHED_DENIED
        know(state, (A, True), now=2)
        assert state.ask(A, 2) is Outcome.CACHED_ALLOWED

    def test_nothing_is_remembered_with_a_ttl_of_0(self) -> None:
        state = LookupState(ttl=0, negative_ttl=0)
        know(state, (A, True), (B, False))
        assert isinstance(state.ask(A, 0), Ask)
        assert isinstance(state.ask(B, 0), Ask)


class TestFlights:
    def test_others_wait_for_the_one_that_asks(self) -> None:
        state = LookupState()
        flight = start(state)
        assert state.ask(A, 0) == state.ask(A, 0.9) == Wait(flight)
        assert start(state, B) is not flight
        assert flight.outcome is None
        state.settle(flight, True, 0.9)
        assert flight.outcome is Outcome.ALLOWED

    def test_more_than_the_bound_are_not_asked(self) -> None:
        state = LookupState(concurrency=2)
        flight, _ = start(state, A), start(state, B)
        other: Key = "https://other.example"
        assert state.ask(other, 0) is Outcome.OVERLOADED
        assert state.ask(A, 0) == Wait(flight)
        state.settle(flight, False, 0)
        start(state, other)

    def test_overload_is_not_a_denial(self) -> None:
        state = LookupState(concurrency=1)
        flight = start(state)
        state.ask(B, 0)
        assert Outcome.OVERLOADED.allowed is None
        state.settle(flight, True, 0)
        start(state, B)

    def test_result_after_the_timeout_is_a_failure(self) -> None:
        state = LookupState(timeout=1)
        flight = start(state, now=10)
        assert flight.deadline == 11
        assert state.settle(flight, True, 11) is Outcome.TIMED_OUT
        assert state.ask(A, 11) is Outcome.BACKED_OFF

    def test_result_just_before_the_timeout_counts(self) -> None:
        state = LookupState(timeout=1)
        assert state.settle(start(state), True, 0.999) is Outcome.ALLOWED

    def test_running_function_occupies_its_key_and_its_place(self) -> None:
        state = LookupState(concurrency=1, timeout=1)
        flight = start(state)
        assert state.time_out(flight, 1) is flight.outcome is Outcome.TIMED_OUT
        assert state.ask(A, 100) is Outcome.BACKED_OFF
        assert state.ask(B, 100) is Outcome.OVERLOADED
        assert state.settle(flight, True, 100) is Outcome.TIMED_OUT
        start(state, A, 100)

    def test_second_end_of_a_flight_changes_nothing(self) -> None:
        state = LookupState(concurrency=1)
        flight = start(state)
        state.settle(flight, False, 0)
        other = start(state, B)
        state.settle(flight, True, 0)
        state.fail(flight, 0)
        assert state.ask(A, 0) is Outcome.CACHED_DENIED
        assert count_running(state) == 1
        assert state.ask(B, 0) == Wait(other)


class TestFailures:
    def test_failure_is_not_a_no(self) -> None:
        state = LookupState()
        assert state.fail(start(state), 0) is Outcome.FAILED
        assert Outcome.FAILED.allowed is None
        assert state.ask(A, 0.999) is Outcome.BACKED_OFF
        assert Outcome.BACKED_OFF.allowed is None
        start(state, A, 1)

    def test_back_off_is_for_one_key(self) -> None:
        state = LookupState()
        state.fail(start(state), 0)
        start(state, B)

    def test_back_off_of_a_timeout_begins_at_the_deadline(self) -> None:
        state = LookupState(timeout=2)
        state.settle(start(state), True, 2.5)
        assert state.ask(A, 2.999) is Outcome.BACKED_OFF
        start(state, A, 3)

    def test_back_off_does_not_outlive_a_result(self) -> None:
        state = LookupState(ttl=60)
        state.fail(start(state), 0)
        know(state, (A, True), now=1)
        assert state.ask(A, 1) is Outcome.CACHED_ALLOWED

    def test_back_off_is_bounded(self) -> None:
        state = LookupState(negative_size=3)
        for number in range(100):
            state.fail(start(state, f"https://{number}.example"), 0)
        assert count_remembered(state) == 3

    def test_old_yes_is_used_after_a_failure(self) -> None:
        state = LookupState(ttl=60, stale_if_error=30)
        know(state, (A, True))
        assert state.fail(start(state, A, 60), 60) is Outcome.STALE_ALLOWED
        assert state.ask(A, 60.5) is Outcome.STALE_ALLOWED
        assert state.counts[Outcome.FAILED] == state.counts[Outcome.STALE_ALLOWED] == 1
        assert state.fail(start(state, A, 89.5), 89.999) is Outcome.STALE_ALLOWED
        assert state.ask(A, 90) is Outcome.BACKED_OFF

    def test_old_yes_is_used_after_a_timeout(self) -> None:
        state = LookupState(ttl=60, stale_if_error=30)
        know(state, (A, True))
        flight = start(state, A, 60)
        assert state.time_out(flight, 61) is Outcome.STALE_ALLOWED
        assert flight.failure is Outcome.TIMED_OUT

    def test_old_yes_is_used_under_overload(self) -> None:
        state = LookupState(ttl=60, stale_if_error=30, concurrency=1)
        know(state, (A, True))
        start(state, B, 60)
        assert state.ask(A, 60) is Outcome.STALE_ALLOWED

    def test_old_yes_is_not_used_instead_of_asking(self) -> None:
        state = LookupState(ttl=60, stale_if_error=30)
        know(state, (A, True))
        start(state, A, 60)

    def test_old_yes_is_not_used_without_being_asked_for(self) -> None:
        state = LookupState(ttl=60)
        know(state, (A, True))
        assert state.fail(start(state, A, 60), 60) is Outcome.FAILED

    def test_old_yes_is_not_used_after_a_no(self) -> None:
        state = LookupState(ttl=1, negative_ttl=1, stale_if_error=100)
        know(state, (A, True))
        know(state, (A, False), now=1)
        assert state.fail(start(state, A, 2), 2) is Outcome.FAILED

    def test_old_no_is_not_used(self) -> None:
        state = LookupState(negative_ttl=1, stale_if_error=100)
        know(state, (A, False))
        assert state.fail(start(state, A, 1), 1) is Outcome.FAILED

    @pytest.mark.parametrize("result", [None, 1, 0, "", "yes", [], object()])
    def test_anything_but_true_and_false_is_an_error(self, result: object) -> None:
        state = LookupState(concurrency=1)
        flight = start(state)
        with pytest.raises(TypeError, match=r"look-up of 'https://a\.example' returned .*Return"):
            state.settle(flight, result, 0)
        assert flight.outcome is Outcome.FAILED
        assert state.ask(A, 0) is Outcome.BACKED_OFF
        start(state, B)

    def test_no_code_of_a_wrong_result_runs(self) -> None:
        """All other requests wait for the state, and a QuerySet may ask the database."""
        called: list[str] = []

        class Row:
            @property  # type: ignore[misc]
            def __class__(self) -> Any:
                called.append("class")
                return Row

            def __repr__(self) -> str:
                called.append("repr")
                return "<Row>"

            def __eq__(self, other: object) -> bool:
                called.append("eq")
                return True

            def __hash__(self) -> int:
                called.append("hash")
                return 0

            def __bool__(self) -> bool:
                called.append("bool")
                return True

        state = LookupState()
        flight, result = start(state), Row()
        with pytest.raises(LookupResultError) as caught:
            state.settle(flight, result, 0)
        assert called == []
        assert str(caught.value) == (
            f"The look-up of '{A}' returned an object of type Row. Return True or False."
        )

    def test_awaitable_is_an_error_with_another_hint(self) -> None:
        async def ask() -> bool:
            return True

        result = ask()
        error = LookupResultError("https://a.example", result)
        result.close()
        assert str(error).endswith(
            "of type coroutine. Pass the async function itself, not a function that calls it."
        )


class TestWhatIsAsked:
    @pytest.mark.parametrize(
        "origin",
        [
            *("", "null", "file://", "app://", "*", "https://", "https://*.a.example", "a.example"),
            *(
                "https://a.example/",
                "https://A.example",
                "https://a.example:443",
                "wss://a.example",
            ),
            *("https://a.example, https://b.example", "https://a.example\r\n"),
            "http://" + "a" * 300,
        ],
    )
    def test_only_origins_of_pages_are_asked(self, origin: str) -> None:
        state = LookupState(concurrency=1)
        assert state.ask(origin, 0) is Outcome.REJECTED
        start(state, B)
        # It is known without the look-up, so it is not unknown under overload.
        assert state.ask(origin, 0) is Outcome.REJECTED
        assert Outcome.REJECTED.allowed is False

    @pytest.mark.parametrize(
        "origin", ["https://a.example", "http://localhost:3000", "capacitor://localhost"]
    )
    def test_origins_of_pages_are_asked(self, origin: str) -> None:
        start(LookupState(), origin)

    def test_long_tenant_is_not_asked(self) -> None:
        state = LookupState()
        start(state, ("x" * MAX_TENANT_LENGTH, A))
        assert state.ask(("x" * (MAX_TENANT_LENGTH + 1), A), 0) is Outcome.REJECTED


def test_each_request_is_counted_once() -> None:
    state = LookupState(concurrency=3, timeout=1)
    flight = start(state)
    state.ask(A, 0)
    state.ask("null", 0)
    state.settle(start(state, B), False, 0)
    state.ask(B, 0)
    state.time_out(flight, 1)
    state.time_out(flight, 1)
    state.settle(flight, True, 2)
    state.ask(A, 1.5)
    c, d = "https://c.example", "https://d.example"
    state.settle(start(state, c, 2), True, 2)
    state.ask(c, 2)
    state.fail(start(state, d, 2), 2)
    assert {outcome.value: count for outcome, count in state.counts.items()} == {
        "allowed": 1,
        "denied": 1,
        "cached_allowed": 1,
        "cached_denied": 1,
        "stale_allowed": 0,
        "rejected": 1,
        "failed": 1,
        "timed_out": 1,
        "backed_off": 1,
        "overloaded": 0,
        "joined": 1,
    }


def test_outcomes_without_a_verdict_are_known() -> None:
    unknown = {outcome for outcome in Outcome if outcome.allowed is None}
    assert unknown == {"failed", "timed_out", "backed_off", "overloaded", "joined"}
