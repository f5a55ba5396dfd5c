"""`OriginLookup.ask_async()`: a task asks, whatever happens to the requests that need it."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest

from corekit_lookups import LookupResultError, Outcome
from tests.clock import Clock
from tests.lookups.asking import count_running
from tests.lookups.running import REQUEST, A, B, build, run, settle, wait_until


class Held:
    """An async look-up that returns True once it is released."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.ended: list[str] = []
        self.released = asyncio.Event()

    async def __call__(self, origin: str) -> bool:
        self.calls.append(origin)
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.ended.append("canceled")
            raise
        self.ended.append("returned")
        return True


def test_function_is_awaited_and_its_results_are_remembered() -> None:
    async def look_up(origin: str, tenant: str) -> bool:
        await asyncio.sleep(0)
        seen.append((origin, tenant))
        return origin == A

    seen: list[object] = []
    clock = Clock()
    lookup = build(look_up, tenant=lambda _: "one", clock=clock)

    async def test() -> None:
        for now, outcomes in (
            (0, (Outcome.ALLOWED, Outcome.DENIED)),
            (9, (Outcome.CACHED_ALLOWED, Outcome.CACHED_DENIED)),
            (10, (Outcome.CACHED_ALLOWED, Outcome.DENIED)),
            (60, (Outcome.ALLOWED, Outcome.DENIED)),
        ):
            clock.now = now
            asked = await lookup.ask_async(A, REQUEST), await lookup.ask_async(B, REQUEST)
            assert asked == outcomes

    run(test)
    assert seen == [(origin, "one") for origin in (A, B, B, A, B)]


def test_tenant_that_fails_allows_nothing() -> None:
    async def test() -> None:
        async def look_up(origin: str, tenant: str) -> bool:
            return True

        lookup = build(look_up, tenant=lambda request: request.host.split(".")[9])
        assert await lookup.ask_async(A, REQUEST) is Outcome.FAILED

    run(test)


def test_many_requests_ask_once() -> None:
    async def test() -> None:
        held = Held()
        lookup = build(held)
        asking = [asyncio.ensure_future(lookup.ask_async(A, REQUEST)) for _ in range(100)]
        await settle()
        held.released.set()
        assert set(await asyncio.gather(*asking)) == {Outcome.ALLOWED}
        assert held.calls == [A]
        assert lookup.counts["joined"] == 99

    run(test)


def test_random_origins_do_not_reach_the_database_all_at_once() -> None:
    async def test() -> None:
        held = Held()
        lookup = build(held, concurrency=16)
        origins = [f"https://{number}.example" for number in range(1000)]
        asking = [asyncio.ensure_future(lookup.ask_async(each, REQUEST)) for each in origins]
        await settle()
        assert held.calls == origins[:16]
        held.released.set()
        outcomes = await asyncio.gather(*asking)
        assert outcomes == [Outcome.ALLOWED] * 16 + [Outcome.OVERLOADED] * 984

    run(test)


class TestCancellation:
    def test_client_that_disconnects_cancels_it_for_nobody(self) -> None:
        async def test() -> None:
            held = Held()
            lookup = build(held)
            first, second, third = (
                asyncio.ensure_future(lookup.ask_async(A, REQUEST)) for _ in range(3)
            )
            await settle()
            first.cancel()
            second.cancel()
            await settle()
            assert first.cancelled()
            assert second.cancelled()
            held.released.set()
            assert await third is Outcome.ALLOWED
            assert held.ended == ["returned"]

        run(test)

    def test_result_is_remembered_if_all_clients_disconnect(self) -> None:
        async def test() -> None:
            held = Held()
            lookup = build(held)
            asking = asyncio.ensure_future(lookup.ask_async(A, REQUEST))
            await settle()
            asking.cancel()
            held.released.set()
            await settle()
            assert await lookup.ask_async(A, REQUEST) is Outcome.CACHED_ALLOWED

        run(test)

    def test_timeout_cancels_it(self, caplog: pytest.LogCaptureFixture) -> None:
        async def test() -> None:
            held = Held()
            lookup = build(held, timeout=0.02, concurrency=1)
            asking = [lookup.ask_async(A, REQUEST) for _ in range(3)]
            assert set(await asyncio.gather(*asking)) == {Outcome.TIMED_OUT}
            await wait_until(lambda: held.ended == ["canceled"])
            assert lookup.counts["timed_out"] == 1
            held.released.set()
            assert await lookup.ask_async(B, REQUEST) is Outcome.ALLOWED

        run(test)
        (record,) = caplog.records
        assert record.getMessage() == (
            "CORS: the look-up of 'https://a.example' took too long, so it is not known whether the"
            " origin is allowed."
        )

    def test_timeout_cancels_it_if_nobody_waits(self) -> None:
        async def test() -> None:
            held = Held()
            lookup = build(held, timeout=0.02, clock=Clock())
            asking = asyncio.ensure_future(lookup.ask_async(A, REQUEST))
            await settle()
            asking.cancel()
            await wait_until(lambda: held.ended == ["canceled"])
            assert (lookup.counts["timed_out"], lookup.counts["failed"]) == (1, 0)

        run(test)

    def test_function_that_ignores_it_occupies_its_key(self) -> None:
        async def test() -> None:
            released = asyncio.Event()

            async def look_up(origin: str) -> bool:
                while not released.is_set():
                    try:
                        await released.wait()
                    except asyncio.CancelledError:
                        canceled.append(origin)
                return True

            canceled: list[str] = []
            lookup = build(look_up, timeout=0.02, concurrency=1)
            assert await lookup.ask_async(A, REQUEST) is Outcome.TIMED_OUT
            await wait_until(lambda: canceled == [A])
            assert await lookup.ask_async(A, REQUEST) is Outcome.BACKED_OFF
            assert await lookup.ask_async(B, REQUEST) is Outcome.OVERLOADED
            released.set()
            await settle()
            assert await lookup.ask_async(B, REQUEST) is Outcome.ALLOWED

        run(test)

    def test_server_that_stops_ends_it(self) -> None:
        lookup = build(hang, concurrency=1)

        async def test() -> None:
            asking = asyncio.ensure_future(lookup.ask_async(A, REQUEST))
            await settle()
            assert not asking.done()

        run(test)
        assert lookup.counts["failed"] == 1
        assert count_running(lookup._state) == 0

    def test_server_that_stops_before_it_begins_ends_it(self) -> None:
        lookup = build(hang, concurrency=1)

        async def test() -> None:
            asking = asyncio.ensure_future(lookup.ask_async(A, REQUEST))
            await asyncio.sleep(0)
            (started,) = lookup._started
            started.cancel()
            assert await asking is Outcome.FAILED

        run(test)
        assert count_running(lookup._state) == 0


async def hang(origin: str) -> bool:
    await asyncio.Event().wait()
    return True


class TestErrors:
    def test_exception_allows_nothing(self) -> None:
        async def look_up(origin: str) -> bool:
            raise sqlite3.OperationalError

        async def test() -> None:
            lookup = build(look_up)
            assert await lookup.ask_async(A, REQUEST) is Outcome.FAILED
            assert await lookup.ask_async(A, REQUEST) is Outcome.BACKED_OFF

        run(test)

    def test_own_timeout_of_the_function_is_a_failure(self) -> None:
        async def look_up(origin: str) -> bool:
            raise TimeoutError

        async def test() -> None:
            assert await build(look_up).ask_async(A, REQUEST) is Outcome.FAILED

        run(test)

    def test_wrong_result_is_an_error_for_the_one_that_asks(self) -> None:
        async def look_up(origin: str) -> Any:
            await settle()
            return 1

        async def test() -> None:
            lookup = build(look_up, concurrency=1)
            asking = [lookup.ask_async(A, REQUEST) for _ in range(2)]
            error, outcome = await asyncio.gather(*asking, return_exceptions=True)
            assert isinstance(error, LookupResultError)
            assert outcome is Outcome.FAILED

        run(test)

    def test_exit_is_raised_and_frees_the_place(self) -> None:
        async def look_up(origin: str) -> bool:
            raise SystemExit(3)

        lookup = build(look_up)

        async def test() -> None:
            await lookup.ask_async(A, REQUEST)

        with pytest.raises(SystemExit):
            run(test)
        assert count_running(lookup._state) == 0
