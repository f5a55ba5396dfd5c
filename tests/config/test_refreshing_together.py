"""`refresh()` with threads, tasks, files, a database and requests."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit_config import loaded_origins, polling, refresh, refresh_async, refreshing, watch
from corekit_config.refreshing import Refresher
from tests.config.refreshing import APP, LONG, OTHER, SHOP, Loads, Records, Table, allows, lines
from tests.config.watching import NEW, policy_text, wait_for


@pytest.fixture
def live() -> LivePolicy:
    return LivePolicy(CorsPolicy(allow_origins=[APP], allow_credentials=True))


@pytest.fixture(autouse=True)
def at_info(caplog: Records) -> Iterator[None]:
    caplog.set_level(logging.INFO, "corekit")
    yield
    assert not loaded_origins._refreshed


def test_only_one_function_extends_a_policy(live: LivePolicy) -> None:
    with (
        refresh(Table(SHOP), live),
        pytest.raises(ValueError, match=r"^live is refreshed already\. Load all rows with one"),
    ):
        refresh(Table(OTHER), live)
    with refresh(Table(OTHER), live):
        assert allows(live, OTHER)
        assert not allows(live, SHOP)


def test_route_is_extended() -> None:
    other = CorsPolicy(allow_origins=[APP])
    live = LivePolicy(CorsRoutes([("/api/", other), ("/", other)]))
    with refresh(Table(SHOP), live, path="/api/"):
        assert allows(live, SHOP, "/api/x")
        assert not allows(live, SHOP, "/x")


def test_rows_survive_a_new_file(live: LivePolicy, tmp_path: Path, caplog: Records) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(policy_text(APP) + "allow_credentials = true\n")
    table = Table(SHOP, "http://shop-3.example")
    with (
        Loads(table, live, accept_risks=["insecure-origin"]) as loads,
        watch(path, live, every=0.02) as watcher,
    ):
        assert wait_for(lambda: watcher._file._settled is not None)
        assert live.generation == 2
        path.write_text(policy_text(NEW))
        assert wait_for(lambda: allows(live, NEW))
        assert allows(live, SHOP)
        before = live.policy
        table.rows = [OTHER]
        loads.again()
        assert live.policy is not before
        assert [allows(live, each) for each in (NEW, APP, SHOP, OTHER)] == [
            True,
            False,
            False,
            True,
        ]
        caplog.clear()
        path.write_text(f'[[routes]]\npath = "/"\n{policy_text(APP)}')
        assert wait_for(lambda: "Pass the path of the route" in caplog.text)
        assert allows(live, NEW)


def test_rows_are_validated_again_for_other_rules(live: LivePolicy) -> None:
    table = Table(SHOP, "http://shop-1.example")
    with Loads(table, live) as loads:
        assert not allows(live, "http://shop-1.example")
        live.replace(CorsPolicy(allow_origins=[APP]))
        loads.again()
        assert allows(live, "http://shop-1.example")
        live.replace(CorsPolicy(allow_origins=[APP], allow_credentials=True))
        assert not allows(live, "http://shop-1.example")


def test_thread_loads_again_and_again(live: LivePolicy) -> None:
    table = Table(SHOP)
    with refresh(table, live, every=0.02) as refresher:
        table.rows = [OTHER]
        assert wait_for(lambda: allows(live, OTHER))
        table.error = OSError()
        loads = table.loads
        assert wait_for(lambda: table.loads > loads + 2)
        assert refresher.is_running
        table.error, table.rows = None, [SHOP]
        assert wait_for(lambda: allows(live, SHOP))


def test_wake_loads_at_once(live: LivePolicy) -> None:
    table = Table(SHOP)
    with refresh(table, live, every=LONG) as refresher:
        assert table.loads == 1
        table.rows = [OTHER]
        refresher.wake()
        assert wait_for(lambda: allows(live, OTHER))
        assert table.loads == 2


def test_refreshing_pauses_after_a_while(live: LivePolicy, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    monkeypatch.setattr("time.perf_counter", iter(range(10**9)).__next__)
    with Loads(
        Table(*(f"https://shop-{number}.example" for number in range(1_000))), live
    ) as loads:
        assert pauses == []  # nothing is served yet
        loads.again()
    assert set(pauses) == {refreshing.PAUSE}
    assert len(pauses) > 1_000 / 64


def test_connection_of_another_thread(live: LivePolicy, caplog: Records) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE tenants (origin TEXT)")
        connection.execute("INSERT INTO tenants VALUES (?)", [SHOP])

        def load() -> Iterator[str]:
            for (origin,) in connection.execute("SELECT origin FROM tenants"):
                yield origin

        with refresh(load, live, every=0.02):
            assert wait_for(lambda: "can only be used in that same thread" in caplog.text)
            assert allows(live, SHOP)
        assert allows(live, SHOP)  # also after close()


def test_sqlite(live: LivePolicy, tmp_path: Path, caplog: Records) -> None:
    path = tmp_path / "tenants.db"

    def write(statement: str, *values: str) -> None:
        with sqlite3.connect(path) as connection:
            connection.execute(statement, values)
        connection.close()

    def load() -> Iterator[str]:
        connection = sqlite3.connect(path)
        try:
            for (origin,) in connection.execute("SELECT origin FROM tenants"):
                yield origin
        finally:
            connection.close()

    write("CREATE TABLE tenants (origin TEXT PRIMARY KEY)")
    write("INSERT INTO tenants VALUES (?)", SHOP)
    with refresh(load, live, every=0.02):
        assert allows(live, SHOP)
        write("INSERT INTO tenants VALUES (?)", OTHER)
        assert wait_for(lambda: allows(live, OTHER))
        write("ALTER TABLE tenants RENAME TO others")
        assert wait_for(lambda: "no such table: tenants" in caplog.text)
        assert allows(live, SHOP)
        write("ALTER TABLE others RENAME TO tenants")
        write("DELETE FROM tenants WHERE origin = ?", SHOP)
        assert wait_for(lambda: not allows(live, SHOP))
        assert allows(live, OTHER)


async def until(is_true: Callable[[], bool]) -> None:
    while not is_true():  # noqa: ASYNC110 - in production code there is nothing to wait for
        await asyncio.sleep(0.001)


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


class TestFunctionOfTheOtherKind:
    @pytest.mark.parametrize("required", [True, False])
    def test_function_would_block_the_event_loop(self, live: LivePolicy, *, required: bool) -> None:
        async def main() -> None:
            table: Any = Table(SHOP)
            with pytest.raises(TypeError, match=r"^load is not an async.*Use refresh\(\), which"):
                async with refresh_async(table, live, required=required):
                    pass

        asyncio.run(main())
        assert not allows(live, SHOP)

    def test_generator_would_block_the_event_loop(self, live: LivePolicy) -> None:
        def load() -> Iterator[str]:
            yield SHOP

        with pytest.raises(TypeError, match=r"^load is not an async.*Use refresh\(\), which"):
            refresh_async(load, live)  # type: ignore[arg-type]

    @pytest.mark.parametrize("required", [True, False])
    def test_function_that_returns_a_coroutine(self, live: LivePolicy, *, required: bool) -> None:
        async def generate() -> AsyncIterator[str]:
            yield SHOP

        returns: list[Any] = [lambda: Table(SHOP).load(), lambda: aiter(generate())]
        for load in returns:
            with pytest.raises(TypeError, match=r"^load is an async.*Use refresh_async\(\)\.$"):
                refresh(load, live, required=required)

    def test_context_manager_of_the_other_kind(self, live: LivePolicy) -> None:
        table = Table(SHOP)

        async def main() -> None:
            with pytest.raises(
                TypeError, match=r"^refresh\(\) is for `with`.*refresh_async\(\)\.$"
            ):
                async with refresh(table, live):
                    pass

        asyncio.run(main())
        with (
            pytest.raises(
                TypeError, match=r"^refresh_async\(\) is for `async with`.*refresh\(\)\.$"
            ),
            refresh_async(table.load, live),
        ):
            pass


def test_requests_are_answered_while_rows_change(live: LivePolicy) -> None:
    """Each origin that is in every load is allowed at each moment."""
    count = 2_000
    rows = [f"https://tenant-{number}.example" for number in range(count)]
    table = Table(*rows)
    loads: Refresher
    with refresh(table, live, every=0.001) as loads:
        denied = 0
        asked = 0
        done = threading.Event()

        def ask() -> None:
            nonlocal denied, asked
            while not done.is_set():
                asked += 1
                denied += not allows(live, rows[asked % (count // 2)])

        thread = threading.Thread(target=ask)
        thread.start()
        for number in range(10):
            table.rows = rows[: count // 2 + number]
            table.loads = 0
            assert wait_for(lambda: table.loads > 1)
        done.set()
        thread.join(10)
    assert loads.size >= count // 2
    assert asked > 100
    assert denied == 0
