"""`refresh()` with threads, tasks, files, a database and requests."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.extended import Extender
from corekit.snapshots import SnapshotReader
from corekit_config import load_policy, loaded_origins, refresh, refresh_async, refreshing, watch
from corekit_config.refreshing import Refresher
from corekit_config.watching import WatchedFile
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


def test_rows_stay_while_sharing_is_turned_off(caplog: Records) -> None:
    policy = CorsPolicy(allow_origins=[APP])
    routes, table = CorsRoutes([("/api/", policy), ("/", policy)]), Table(SHOP)
    live = LivePolicy(routes)
    with Loads(table, live, path="/api/") as loads:
        live.replace(CorsPolicy.deny_all())
        table.rows = [OTHER]
        loads.again()
        assert not any(allows(live, each, "/api/x") for each in (APP, SHOP, OTHER))
        assert lines(caplog, logging.ERROR) == []
        live.replace(routes)
        assert [allows(live, each, "/api/x") for each in (APP, SHOP, OTHER)] == [True, False, True]


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
        assert wait_for(lambda: "one of these paths to refresh()" in caplog.text)
        assert allows(live, NEW)


def test_rows_that_cannot_extend_are_an_error_in_each_load(caplog: Records) -> None:
    one = CorsPolicy(allow_origins=[APP])
    live = LivePolicy(CorsRoutes([("/api/", one)]), candidate=one)
    with Loads(Table(SHOP), live, path="/api/", required=False) as loads:
        loads.again()
        assert loads.refresher.age is None
        assert len(lines(caplog, logging.ERROR)) == 2
        live.candidate = None
        loads.again()
        assert allows(live, SHOP, "/api/x")


def test_rows_are_not_a_difference_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(policy_text(APP))
    live = LivePolicy(load_policy(path))
    with refresh(Table(SHOP), live):
        file = WatchedFile(path, live)
        assert file.look()
        assert not file.look()
        assert live.generation == 2


def test_rows_are_validated_again_for_other_rules(live: LivePolicy) -> None:
    table = Table(SHOP, "http://shop-1.example")
    with Loads(table, live) as loads:
        assert not allows(live, "http://shop-1.example")
        live.replace(CorsPolicy(allow_origins=[APP]))
        loads.again()
        assert allows(live, "http://shop-1.example")
        live.replace(CorsPolicy(allow_origins=[APP], allow_credentials=True))
        assert not allows(live, "http://shop-1.example")


@pytest.mark.parametrize("path", [None, "/api/"])
def test_size_is_of_the_rows_that_apply(path: str | None) -> None:
    def policies(policy: CorsPolicy) -> CorsPolicy | CorsRoutes:
        return policy if path is None else CorsRoutes([(path, policy), ("/", policy)])

    one = CorsPolicy(allow_origins=[APP])
    live, table = LivePolicy(policies(one)), Table(SHOP, "http://shop-3.example", "nonsense")
    with Loads(table, live, path=path) as loads:
        sizes = [loads.refresher.size]
        for policy in (
            one.replace(allow_credentials=True),
            CorsPolicy(allow_origins=["*"]),
            CorsPolicy.deny_all(),
            one,
        ):
            live.replace(policies(policy))
            sizes.append(loads.refresher.size)
        assert sizes == [2, 1, 0, 0, 2]
        live.replace(CorsPolicy.deny_all())
        assert loads.refresher.size == 0
    assert loads.refresher.size == 0


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


def test_rows_are_read_again_only_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event loop waits for what extends a policy: nothing is read there."""
    open_policy = CorsPolicy(allow_origins=[APP])
    logged_in = open_policy.replace(allow_credentials=True)
    candidate = logged_in.replace(
        allow_origins=["http://app.example.com"], accept_risks=["insecure-origin"]
    )
    live = LivePolicy(open_policy, candidate=candidate)
    with Loads(Table(SHOP, "http://shop.example"), live) as loads:

        def load() -> Iterator[str]:
            yield OTHER
            live.replace(logged_in)

        loads.refresher._load = load

        extend = Extender.extend

        def extend_without_reading(*arguments: Any) -> bool:
            with monkeypatch.context() as patch:
                patch.delattr(SnapshotReader, "read")
                return extend(*arguments)

        monkeypatch.setattr(Extender, "extend", extend_without_reading)
        loads.again()
    assert (allows(live, SHOP), allows(live, OTHER)) == (False, True)


def test_closing_twice_leaves_a_later_refresher(live: LivePolicy) -> None:
    first = refresh(Table(SHOP), live)
    first.close()
    with refresh(Table(OTHER), live):
        first.close()
        with pytest.raises(ValueError, match="live is refreshed already"):
            refresh(Table(SHOP), live)
