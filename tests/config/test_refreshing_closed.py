"""Refreshers that are closed while a load runs, that start together, and that start again."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from corekit import CorsPolicy, LivePolicy
from corekit.extended import extend_live
from corekit.snapshots import Rules, SnapshotReader
from corekit_config import loaded_origins, polling, refresh, refresh_async, refreshing
from tests.config.refreshing import (
    APP,
    LONG,
    OTHER,
    SHOP,
    Loads,
    Records,
    Table,
    allows,
    lines,
    until,
)
from tests.config.watching import wait_for


@pytest.fixture
def live() -> LivePolicy:
    return LivePolicy(CorsPolicy(allow_origins=[APP], allow_credentials=True))


@pytest.fixture(autouse=True)
def at_info(caplog: Records) -> Iterator[None]:
    caplog.set_level(logging.INFO, "corekit")
    yield
    assert not loaded_origins._refreshed


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing does not wait long for a load that hangs."""
    monkeypatch.setattr(polling, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr(refreshing, "LONGEST_WAIT", 0.05)


class TestClosed:
    """After it was closed, a load has no effect."""

    def test_thread_that_hangs(self, live: LivePolicy, short: None) -> None:
        ends, threads = threading.Event(), list[threading.Thread]()

        def load() -> Iterator[str]:
            yield SHOP
            if threads:
                assert ends.wait(10)
                yield "https://removed.example"
            threads.append(threading.current_thread())

        first = refresh(load, live, every=0.01)
        assert wait_for(lambda: first._began != float("inf"))
        thread = first._thread
        first.close()
        with refresh(Table(OTHER), live, every=LONG) as second:
            before = live.policy
            ends.set()
            assert thread is not None
            thread.join(10)
            assert not thread.is_alive()
            assert live.policy is before
            assert (allows(live, SHOP), allows(live, OTHER), second.size) == (False, True, 1)

    def test_task_that_ignores_its_cancellation(self, live: LivePolicy, short: None) -> None:
        async def main() -> None:
            ends, loads = asyncio.Event(), 0

            async def load() -> list[str]:
                nonlocal loads
                loads += 1
                if loads == 1:
                    return [SHOP]
                try:
                    await ends.wait()
                except asyncio.CancelledError:
                    await ends.wait()
                return ["https://removed.example"]

            async with asyncio.timeout(10):
                async with refresh_async(load, live, every=0.001) as first:
                    await until(lambda: loads == 2)
                    task = first._task
                async with refresh_async(Table(OTHER).load, live, every=LONG):
                    before = live.policy
                    ends.set()
                    assert task is not None
                    await asyncio.wait([task])
                    assert live.policy is before
                    assert (allows(live, SHOP), allows(live, OTHER)) == (False, True)
                    assert loads == 2

        asyncio.run(main())

    @pytest.mark.parametrize("rows", [[OTHER], [SHOP], [], ["nonsense"], None])
    def test_no_load_changes_anything(self, rows: Any, live: LivePolicy, caplog: Records) -> None:
        table = Table(SHOP)
        with Loads(table, live) as loads:
            age = loads.refresher.age
        before, generation, table.rows = live.policy, live.generation, rows
        loads.refresher._origins._loads._clock = lambda: 0.0  # type: ignore[misc]
        age = loads.refresher.age
        caplog.clear()
        for _ in range(3):
            loads.again()
        assert live.policy is before
        assert (live.generation, loads.refresher.age) == (generation, age)
        assert caplog.records == []

    def test_closed_in_the_last_moment(
        self, live: LivePolicy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        table = Table(SHOP)
        loads = Loads(table, live)
        read_again = loads.refresher._origins._read_again

        def close(*arguments: Any) -> Iterator[None]:
            yield from read_again(*arguments)
            loads.refresher.close()

        monkeypatch.setattr(loads.refresher._origins, "_read_again", close)
        before, table.rows = live.policy, [OTHER]
        loads.again()
        assert live.policy is before

    def test_rows_of_another_are_noticed(self, live: LivePolicy) -> None:
        with Loads(Table(SHOP), live) as loads:
            assert isinstance(live.policy, CorsPolicy)
            reader = SnapshotReader(Rules.of(live.policy))
            reader.read([OTHER])
            extend_live(live, reader.finish())
            assert not allows(live, SHOP)
            loads.again()
            assert (allows(live, SHOP), allows(live, OTHER)) == (True, False)


class TestTogether:
    """Of two that start at the same time, one does nothing."""

    def test_second_does_not_load(self, live: LivePolicy) -> None:
        begins, ends = threading.Event(), threading.Event()

        def load() -> list[str]:
            begins.set()
            assert ends.wait(10)
            return [SHOP]

        table = Table(OTHER)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(refresh, load, live, every=LONG)
            assert begins.wait(10)
            with pytest.raises(ValueError, match=r"^live is refreshed already"):
                refresh(table, live)
            ends.set()
            with first.result(10):
                assert (allows(live, SHOP), table.loads) == (True, 0)

    def test_thread_that_cannot_start(
        self, live: LivePolicy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_: object) -> None:
            raise RuntimeError("no new thread")

        with monkeypatch.context() as patch:
            patch.setattr(polling.Poller, "_start", refuse)
            with pytest.raises(RuntimeError, match="no new thread"):
                refresh(Table(SHOP), live)
        with refresh(Table(OTHER), live):
            assert allows(live, OTHER)


class Interruption(BaseException):
    """Neither an Exception nor a cancellation."""


async def cancel_another_task() -> None:
    task = asyncio.ensure_future(asyncio.sleep(60))
    task.cancel()
    await task


async def interrupt() -> None:
    raise Interruption


class TestTask:
    @pytest.mark.parametrize("every", [0.001, LONG])
    def test_load_with_its_own_exception(
        self, every: float, live: LivePolicy, caplog: Records
    ) -> None:
        """Drivers may raise their own exception if they are canceled."""

        async def main() -> None:
            loads = 0

            async def load() -> list[str]:
                nonlocal loads
                loads += 1
                if loads > 1:
                    try:
                        await asyncio.sleep(60)
                    except asyncio.CancelledError:
                        raise OSError("connection lost") from None
                return [SHOP]

            async with asyncio.timeout(10):
                async with refresh_async(load, live, every=every) as refresher:
                    refresher.wake()
                    await until(lambda: loads == 2)
                    caplog.clear()
                await asyncio.sleep(0.01)
            assert loads == 2

        asyncio.run(main())
        assert caplog.records == []

    @pytest.mark.parametrize("fail", [cancel_another_task, interrupt])
    def test_load_without_an_exception(self, fail: Any, live: LivePolicy, caplog: Records) -> None:
        async def main() -> None:
            table, fails = Table(SHOP), False

            async def load() -> AsyncIterator[str]:
                if fails:
                    await fail()
                for row in table():
                    yield row

            async with asyncio.timeout(10):
                async with refresh_async(load, live, every=0.001) as refresher:
                    fails = True
                    await until(lambda: "could not be loaded; those from before" in caplog.text)
                    fails, table.rows = False, [OTHER]
                    await until(lambda: allows(live, OTHER))
                    assert refresher.is_running
                fails = True
                with pytest.raises(RuntimeError, match=r"^load raised "):
                    async with refresh_async(load, live):
                        raise AssertionError
                async with refresh_async(load, live, required=False, every=0.001):
                    fails, table.rows = False, [SHOP]
                    await until(lambda: allows(live, SHOP))

        asyncio.run(main())

    def test_entered_again_in_another_event_loop(self, live: LivePolicy, caplog: Records) -> None:
        table = Table(SHOP)
        refresher = refresh_async(table.load, live, every=0.001)

        async def main() -> None:
            loads = table.loads
            async with asyncio.timeout(10), refresher:
                assert table.loads == loads + 1
                with pytest.raises(ValueError, match=r"^live is refreshed already"):
                    await refresher.__aenter__()
                await until(lambda: table.loads > loads + 2)
                refresher.wake()
                await until(lambda: table.loads > loads + 3)
                assert refresher.is_running

        for _ in range(2):
            asyncio.run(main())
            assert not refresher.is_running
        table.rows = ["nonsense"]
        with pytest.raises(ValueError, match=r"^No row of the load is valid"):
            asyncio.run(main())
        assert lines(caplog, logging.ERROR) == []

    def test_exit_that_is_canceled(self, live: LivePolicy) -> None:
        async def main() -> None:
            ends, loads = asyncio.Event(), 0

            async def load() -> list[str]:
                nonlocal loads
                loads += 1
                if loads > 1:
                    try:
                        await asyncio.sleep(60)
                    finally:
                        await ends.wait()  # such as for the end of a connection
                return [SHOP]

            async def serve() -> None:
                async with refresh_async(load, live, every=0.001):
                    await until(lambda: loads == 2)

            async with asyncio.timeout(10):
                server = asyncio.create_task(serve())
                await until(lambda: loads == 2)
                await asyncio.sleep(0.01)
                assert not server.done()
                server.cancel()
                await asyncio.wait([server])
                assert server.cancelled()
                async with refresh_async(Table(OTHER).load, live):
                    assert allows(live, OTHER)
                ends.set()

        asyncio.run(main())
