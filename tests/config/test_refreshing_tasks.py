"""`refresh_async()`: loads in a task, and loads that hang, also in a thread."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from corekit import CorsPolicy, LivePolicy
from corekit_config import loaded_origins, polling, refresh, refresh_async, refreshing
from tests.config.refreshing import APP, LONG, OTHER, SHOP, Records, Table, allows, lines, until
from tests.config.watching import wait_for


@pytest.fixture
def live() -> LivePolicy:
    return LivePolicy(CorsPolicy(allow_origins=[APP], allow_credentials=True))


@pytest.fixture(autouse=True)
def at_info(caplog: Records) -> Iterator[None]:
    caplog.set_level(logging.INFO, "corekit")
    yield
    assert not loaded_origins._refreshed


class TestAsync:
    def test_function_and_generator(self, live: LivePolicy) -> None:
        async def generate() -> AsyncIterator[str]:
            for number in range(200):
                yield f"https://tenant-{number}.example"

        async def main() -> None:
            table = Table(SHOP)
            async with refresh_async(table.load, live, every=LONG) as refresher:
                assert allows(live, SHOP)
                assert (refresher.size, table.loads) == (1, 1)
                assert refresher.age is not None
                assert refresher.age < 60
            async with refresh_async(generate, live) as refresher:
                assert refresher.size == 200
                assert allows(live, "https://tenant-199.example")

        asyncio.run(main())

    def test_rows_are_loaded_again(self, live: LivePolicy, caplog: Records) -> None:
        async def main() -> None:
            table = Table(SHOP)
            async with asyncio.timeout(10), refresh_async(table.load, live, every=LONG) as it:
                table.rows = [OTHER]
                it.wake()
                await until(lambda: allows(live, OTHER))
                table.error = OSError("no database")
                it.wake()
                await until(lambda: "could not be loaded; those from before" in caplog.text)
                assert allows(live, OTHER)
                table.error = None
                it.wake()
                await until(lambda: table.loads == 4)

        asyncio.run(main())

    def test_only_one_of_two_extends_a_policy(self, live: LivePolicy) -> None:
        async def main() -> None:
            first, second = (refresh_async(Table(row).load, live) for row in (SHOP, OTHER))
            async with first:
                with pytest.raises(ValueError, match=r"^live is refreshed already"):
                    await second.__aenter__()
                assert (allows(live, SHOP), allows(live, OTHER)) == (True, False)
            async with second:
                assert allows(live, OTHER)

        asyncio.run(main())

    def test_first_load_that_is_canceled(self, live: LivePolicy) -> None:
        async def load() -> list[str]:
            await asyncio.sleep(60)
            raise AssertionError

        async def main() -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01), refresh_async(load, live, required=False):
                    raise AssertionError
            async with refresh_async(Table(SHOP).load, live):
                assert allows(live, SHOP)

        asyncio.run(main())

    def test_task_that_is_canceled_keeps_nothing(self, live: LivePolicy) -> None:
        """Such as the connection of a load."""

        class Connection:
            pass

        connections: list[weakref.ref[Connection]] = []

        async def load() -> list[str]:
            connection = Connection()
            connections.append(weakref.ref(connection))
            if len(connections) == 2:
                await asyncio.sleep(60)
            return [SHOP]

        async def main() -> None:
            async with asyncio.timeout(10):
                async with refresh_async(load, live, every=LONG) as refresher:
                    assert refresher.is_running
                    refresher.wake()
                    await until(lambda: len(connections) == 2)
                    await asyncio.sleep(0)
                    assert connections[1]() is not None
                assert not refresher.is_running
                assert connections[1]() is None

        gc.disable()
        try:
            asyncio.run(main())
        finally:
            gc.enable()

    def test_log_that_raises_does_not_end_the_task(self, live: LivePolicy) -> None:
        def refuse(record: logging.LogRecord) -> bool:
            raise ValueError(record.levelname)

        async def main() -> None:
            table = Table(SHOP)
            async with asyncio.timeout(10), refresh_async(table.load, live, every=0.01):
                polling.LOGGER.addFilter(refuse)
                table.error = OSError("no database")
                await until(lambda: table.loads > 3)
                polling.LOGGER.removeFilter(refuse)
                table.error, table.rows = None, [OTHER]
                await until(lambda: allows(live, OTHER))

        try:
            asyncio.run(main())
        finally:
            polling.LOGGER.removeFilter(refuse)

    def test_interval(self, live: LivePolicy) -> None:
        async def main() -> None:
            table = Table(SHOP)
            async with asyncio.timeout(10), refresh_async(table.load, live, every=0.01):
                await until(lambda: table.loads == 3)

        asyncio.run(main())

    def test_first_load(self, live: LivePolicy, caplog: Records) -> None:
        async def main() -> None:
            table = Table()
            table.error = OSError("no database")
            with pytest.raises(OSError, match="no database"):
                async with refresh_async(table.load, live):
                    pass
            async with refresh_async(table.load, live, required=False):
                assert allows(live, APP)
            table.error, table.rows = None, SHOP
            with pytest.raises(TypeError, match=r"^load returned a str"):
                async with refresh_async(table.load, live):
                    pass

        asyncio.run(main())
        assert lines(caplog, logging.ERROR) == [
            "CORS: origins could not be loaded; there are none from before."
        ]

    def test_other_tasks_run_while_rows_are_read(
        self, live: LivePolicy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(refreshing, "PAUSE", 0.0)
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        async def main() -> None:
            task = asyncio.create_task(count())
            table = Table(*(f"https://shop-{number}.example" for number in range(6_400)))
            async with refresh_async(table.load, live):
                pass
            task.cancel()

        asyncio.run(main())
        assert turns > 100


class TestSlowLoad:
    """A load that hangs is reported once, and requests are answered with what there was."""

    def test_in_a_thread(
        self, live: LivePolicy, caplog: Records, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ends = threading.Event()
        table = Table(SHOP)

        def load() -> Any:
            rows = table()
            if table.loads > 1:
                assert ends.wait(10)
            return rows

        with refresh(load, live, every=LONG) as refresher:
            assert lines(caplog, logging.ERROR) == []
            self.make_short(monkeypatch)
            refresher.wake()
            assert wait_for(lambda: "takes longer than" in caplog.text)
            assert allows(live, SHOP)
            ends.set()
        (line,) = lines(caplog, logging.ERROR)
        assert re.search(
            r"longer than 0 seconds; those from before stay \(1, \d seconds old\)", line
        )

    def test_in_a_task(
        self, live: LivePolicy, caplog: Records, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        table = Table(SHOP)

        async def load() -> Any:
            rows = table()
            if table.loads > 1:
                await until(lambda: "takes longer than" in caplog.text)
            return rows

        async def main() -> None:
            async with asyncio.timeout(10), refresh_async(load, live, every=LONG) as refresher:
                assert lines(caplog, logging.ERROR) == []
                self.make_short(monkeypatch)
                refresher.wake()
                await until(lambda: "takes longer than" in caplog.text)
                assert allows(live, SHOP)
                await asyncio.sleep(0.1)

        asyncio.run(main())
        assert len(lines(caplog, logging.ERROR)) == 1

    def test_one_that_ends_in_time_is_not_reported(
        self, live: LivePolicy, caplog: Records, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(refreshing, "SLOW", 0.5)
        table = Table(SHOP)

        async def load() -> Any:
            return table()

        async def main() -> None:
            async with asyncio.timeout(10), refresh_async(load, live, every=LONG):
                await asyncio.sleep(0.6)

        asyncio.run(main())
        assert lines(caplog, logging.ERROR) == []

    def make_short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Report later loads soon; the first one may take a while on a machine that is busy."""
        monkeypatch.setattr(refreshing, "SLOW", 0.05)
        monkeypatch.setattr(loaded_origins, "SLOW", 0.05)
