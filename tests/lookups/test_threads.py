"""`OriginLookup.ask_sync()`: one thread asks, the others wait, and none waits for long."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from asyncio import CancelledError
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Lock
from typing import Any

import pytest

from corekit_lookups import LookupRequest, LookupResultError, Outcome
from tests.clock import Clock
from tests.lookups.running import LONG, REQUEST, A, B, build


class Held:
    """A look-up that returns True once it is released; `calls` are those that were made."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.called = Event()
        self.released = Event()

    def __call__(self, origin: str) -> bool:
        self.calls.append(origin)
        self.called.set()
        assert self.released.wait(LONG)
        return True


def test_function_gets_what_its_result_is_remembered_for() -> None:
    seen: list[object] = []

    def look_up(*arguments: str) -> bool:
        seen.append(arguments)
        return True

    assert build(look_up).ask_sync(A, REQUEST) is Outcome.ALLOWED
    by_host = build(look_up, tenant=lambda request: request.host)
    assert by_host.ask_sync(A, REQUEST) is Outcome.ALLOWED
    assert seen == [(A,), (A, "api.example.com")]


def test_results_are_remembered(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[str] = []
    clock = Clock()

    def look_up(origin: str) -> bool:
        calls.append(origin)
        return origin == A

    lookup = build(look_up, ttl=60, negative_ttl=10, clock=clock)
    for now, outcomes in (
        (0, (Outcome.ALLOWED, Outcome.DENIED)),
        (9, (Outcome.CACHED_ALLOWED, Outcome.CACHED_DENIED)),
        (10, (Outcome.CACHED_ALLOWED, Outcome.DENIED)),
        (60, (Outcome.ALLOWED, Outcome.DENIED)),
    ):
        clock.now = now
        assert (lookup.ask_sync(A, REQUEST), lookup.ask_sync(B, REQUEST)) == outcomes
    assert calls == [A, B, B, A, B]
    assert lookup.counts["cached_allowed"] == 2
    lookup.invalidate(A)
    assert lookup.ask_sync(A, REQUEST) is Outcome.ALLOWED
    lookup.clear()
    assert lookup.ask_sync(A, REQUEST) is Outcome.ALLOWED
    assert caplog.records == []


def test_arguments_reach_the_state() -> None:
    clock = Clock()
    results = iter([True, None, True, True, False])

    def look_up(origin: str) -> bool:
        result = next(results)
        if result is None:
            raise ValueError
        return result

    lookup = build(look_up, ttl=1, negative_ttl=1, size=1, stale_if_error=5, clock=clock)
    assert lookup.ask_sync(A, REQUEST) is Outcome.ALLOWED
    clock.now = 1
    assert lookup.ask_sync(A, REQUEST) is Outcome.STALE_ALLOWED
    clock.now = 6
    assert lookup.ask_sync(A, REQUEST) is Outcome.ALLOWED
    assert lookup.ask_sync(B, REQUEST) is Outcome.ALLOWED
    assert lookup.ask_sync(A, REQUEST) is Outcome.DENIED


def allow_tenant(origin: str, tenant: str) -> bool:
    return True


class TestTenants:
    def test_each_has_its_own_results(self) -> None:
        def look_up(origin: str, tenant: str) -> bool:
            return (tenant, origin) == ("one", A)

        lookup = build(look_up, tenant=lambda request: request.host.partition(".")[0])
        for host, outcome in (
            ("one.example.com", Outcome.ALLOWED),
            ("two.example.com", Outcome.DENIED),
            ("one.example.com", Outcome.CACHED_ALLOWED),
            ("two.example.com", Outcome.CACHED_DENIED),
        ):
            assert lookup.ask_sync(A, REQUEST._replace(host=host)) is outcome

    def test_long_one_is_not_looked_up(self) -> None:
        held = Held()
        lookup = build(lambda origin, _: held(origin), tenant=lambda request: request.host)
        assert lookup.ask_sync(A, REQUEST._replace(host="x" * 256)) is Outcome.REJECTED
        assert held.calls == []

    def test_exception_is_a_failure(self, caplog: pytest.LogCaptureFixture) -> None:
        lookup = build(allow_tenant, tenant=lambda request: request.host.split(".")[9])
        assert lookup.ask_sync(A, REQUEST) is Outcome.FAILED
        assert lookup.counts["failed"] == 1
        (record,) = caplog.records
        assert record.getMessage() == (
            "CORS: the function tenant raised IndexError, so it is not known whether the origin is"
            " allowed."
        )

    @pytest.mark.parametrize("tenant", [None, 7, b"one"])
    def test_anything_but_a_string_is_a_failure(
        self, tenant: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        lookup = build(allow_tenant, tenant=lambda _: tenant)
        assert lookup.ask_sync(A, REQUEST) is Outcome.FAILED
        expected = f"tenant returned {tenant!r}, of type {type(tenant).__name__}. Return a string."
        assert expected in caplog.text


class TestFailures:
    def test_exception_is_logged_and_allows_nothing(self, caplog: pytest.LogCaptureFixture) -> None:
        def look_up(origin: str, tenant: str) -> bool:
            raise sqlite3.OperationalError("unable to open database file")

        lookup = build(look_up, tenant=lambda request: "one")
        assert lookup.ask_sync(A, REQUEST) is Outcome.FAILED
        assert lookup.ask_sync(A, REQUEST) is Outcome.BACKED_OFF
        (record,) = caplog.records
        assert (record.name, record.levelno) == ("corekit.lookups", logging.ERROR)
        assert record.getMessage() == (
            "CORS: the look-up of 'https://a.example' for tenant 'one' raised OperationalError, so"
            " it is not known whether the origin is allowed."
        )
        assert record.exc_info is not None
        assert isinstance(record.exc_info[1], sqlite3.OperationalError)

    def test_lines_are_limited(self, caplog: pytest.LogCaptureFixture) -> None:
        clock = Clock()

        def look_up(origin: str) -> bool:
            raise ValueError(origin)

        lookup = build(look_up, clock=clock)
        for seconds in (0, 1, 9.9, 10, 19, 20):
            clock.now = seconds
            for number in range(10):
                lookup.ask_sync(f"https://{seconds}-{number}.example".replace(".", "-", 1), REQUEST)
        assert lookup.counts["failed"] == 60
        assert [len(record.getMessage().split(" There were ")) for record in caplog.records] == [
            *(1, 2, 2)
        ]
        assert (
            caplog.records[1]
            .getMessage()
            .endswith("There were 29 more failures since the last of these lines.")
        )
        assert "There were 19 more" in caplog.records[2].getMessage()

    def test_log_that_fails_changes_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def look_up(origin: str) -> bool:
            raise ValueError

        def fail(record: logging.LogRecord) -> bool:
            raise RuntimeError

        monkeypatch.setattr(logging.getLogger("corekit.lookups"), "filters", [fail])
        assert build(look_up).ask_sync(A, REQUEST) is Outcome.FAILED

    @pytest.mark.parametrize("result", [None, 1, sqlite3])
    def test_wrong_result_is_an_error(self, result: Any, caplog: pytest.LogCaptureFixture) -> None:
        lookup = build(lambda origin: result, concurrency=1)
        with pytest.raises(LookupResultError, match="Return True or False"):
            lookup.ask_sync(A, REQUEST)
        assert lookup.ask_sync(A, REQUEST) is Outcome.BACKED_OFF
        assert "raised LookupResultError" in caplog.text

    def test_coroutine_is_an_error_without_a_warning(self) -> None:
        async def look_up(origin: str) -> bool:
            return True

        function: Any = lambda *arguments: look_up(*arguments)  # noqa: E731, PLW0108
        with pytest.raises(LookupResultError, match="Pass the async function itself"):
            build(function).ask_sync(A, REQUEST)

    def test_interrupt_is_raised_and_frees_the_place(self) -> None:
        errors = iter([KeyboardInterrupt, None])

        def look_up(origin: str) -> bool:
            error = next(errors)
            if error is not None:
                raise error
            return True

        lookup = build(look_up, concurrency=1)
        with pytest.raises(KeyboardInterrupt):
            lookup.ask_sync(A, REQUEST)
        assert lookup.ask_sync(B, REQUEST) is Outcome.ALLOWED

    def test_cancellation_in_the_function_is_a_failure(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It may run a task and wait for it: the request was not canceled."""

        def look_up(origin: str) -> bool:
            raise CancelledError

        assert build(look_up, concurrency=1).ask_sync(A, REQUEST) is Outcome.FAILED
        (record,) = caplog.records
        assert " raised CancelledError, so it is not known " in record.getMessage()

    def test_cancellation_in_the_function_tenant_is_a_failure(self) -> None:
        def tenant(request: LookupRequest) -> str:
            raise CancelledError

        lookup = build(lambda origin, tenant: True, tenant=tenant)
        assert lookup.ask_sync(A, REQUEST) is Outcome.FAILED
        assert asyncio.run(lookup.ask_async(A, REQUEST)) is Outcome.FAILED


class TestRaces:
    def test_many_threads_ask_once(self) -> None:
        barrier = Barrier(8)
        held = Held()
        lookup = build(held)

        def ask(_: int) -> Outcome:
            barrier.wait(LONG)
            return lookup.ask_sync(A, REQUEST)

        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(ask, number) for number in range(8)]
            wait_until(lambda: lookup.counts["joined"] == 7)
            held.released.set()
            assert {each.result(LONG) for each in asked} == {Outcome.ALLOWED}
        assert held.calls == [A]

    def test_many_threads_ask_for_many_origins(self) -> None:
        """Whatever the threads do, no more look-ups than the bound run, and none twice at once."""
        barrier, lock = Barrier(8), Lock()
        running: Counter[str] = Counter()
        most: Counter[str] = Counter()

        def look_up(origin: str) -> bool:
            with lock:
                running[origin] += 1
                most["all"] = max(most["all"], running.total())
                most["one"] = max(most["one"], running[origin])
            Event().wait(0.0002)
            with lock:
                running[origin] -= 1
            return origin.startswith("https://1")

        lookup = build(look_up, size=3, concurrency=3)

        def ask(thread: int) -> list[tuple[str, bool | None]]:
            barrier.wait(LONG)
            origins = [f"https://{(thread + number) % 20}.example" for number in range(200)]
            return [(origin, lookup.ask_sync(origin, REQUEST).allowed) for origin in origins]

        with ThreadPoolExecutor(8) as pool:
            found = [each for asked in pool.map(ask, range(8)) for each in asked]
        assert all(
            allowed is None or allowed == origin.startswith("https://1")
            for origin, allowed in found
        )
        assert most == {"all": 3, "one": 1}
        assert sum(lookup.counts.values()) == len(found) == 1600
        assert lookup.counts["failed"] == lookup.counts["timed_out"] == 0

    def test_waiting_ends_at_the_timeout(self, caplog: pytest.LogCaptureFixture) -> None:
        held = Held()
        lookup = build(held, timeout=0.03, concurrency=1, clock=Clock())
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(lookup.ask_sync, A, REQUEST)
            assert held.called.wait(LONG)
            assert lookup.ask_sync(A, REQUEST) is Outcome.TIMED_OUT
            # The thread still runs: it is not asked a second time, and no other one is either.
            assert lookup.ask_sync(A, REQUEST) is Outcome.BACKED_OFF
            assert lookup.ask_sync(B, REQUEST) is Outcome.OVERLOADED
            held.released.set()
            assert asking.result(LONG) is Outcome.TIMED_OUT
        assert lookup.ask_sync(B, REQUEST) is Outcome.ALLOWED
        assert held.calls == [A, B]
        (record,) = caplog.records
        assert record.getMessage() == (
            "CORS: the look-up of 'https://a.example' took too long, so it is not known whether the"
            " origin is allowed."
        )

    def test_late_result_is_a_timeout_if_nobody_waits(self) -> None:
        clock = Clock()

        def look_up(origin: str) -> bool:
            clock.now += 1.0
            return True

        lookup = build(look_up, timeout=1.0, clock=clock)
        assert lookup.ask_sync(A, REQUEST) is Outcome.TIMED_OUT

    def test_late_exception_is_a_timeout(self, caplog: pytest.LogCaptureFixture) -> None:
        clock = Clock()

        def look_up(origin: str) -> bool:
            clock.now += 1.0
            raise ValueError

        lookup = build(look_up, timeout=1.0, clock=clock)
        assert lookup.ask_sync(A, REQUEST) is Outcome.TIMED_OUT
        assert "took too long" in caplog.text

    def test_timeout_is_logged_once(self, caplog: pytest.LogCaptureFixture) -> None:
        clock = Clock()
        held = Held()
        lookup = build(held, timeout=0.03, clock=clock)
        for _ in range(2):
            held.called.clear()
            held.released.clear()
            with ThreadPoolExecutor(1) as pool:
                asking = pool.submit(lookup.ask_sync, A, REQUEST)
                assert held.called.wait(LONG)
                assert lookup.ask_sync(A, REQUEST) is Outcome.TIMED_OUT
                held.released.set()
                assert asking.result(LONG) is Outcome.TIMED_OUT
            clock.now += 60
        assert len(caplog.records) == 2
        assert "more failures" not in caplog.text

    def test_what_is_in_flight_is_not_remembered_after_it_was_forgotten(self) -> None:
        held = Held()
        lookup = build(held)
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(lookup.ask_sync, A, REQUEST)
            assert held.called.wait(LONG)
            lookup.invalidate(A)
            held.released.set()
            assert asking.result(LONG) is Outcome.ALLOWED
        assert lookup.ask_sync(A, REQUEST) is Outcome.ALLOWED

    def test_waiting_thread_gets_no_error_of_another(self) -> None:
        def look_up(origin: str) -> Any:
            wait_until(lambda: lookup.counts["joined"] == 1)

        lookup = build(look_up)
        barrier = Barrier(2)

        def ask(_: int) -> object:
            barrier.wait(LONG)
            try:
                return lookup.ask_sync(A, REQUEST)
            except LookupResultError as error:
                return type(error)

        with ThreadPoolExecutor(2) as pool:
            assert set(pool.map(ask, range(2))) == {Outcome.FAILED, LookupResultError}


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for other threads, a millisecond at a time."""
    waiting = Event()
    for _ in range(10_000):
        if condition():
            return
        waiting.wait(0.001)
    pytest.fail("the other threads took too long")
