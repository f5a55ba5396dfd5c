"""Origins that are looked up in PostgreSQL: by crowds, at random, and while it is stopped."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Final

import psycopg
import pytest

from corekit_lookups import OriginLookup, Outcome
from tests.clock import Clock
from tests.config.watching import wait_for
from tests.databases.asking import Asking
from tests.databases.cluster import Cluster
from tests.databases.pages import OTHER, SHOP
from tests.lookups.running import REQUEST, build, random_origins, run

RANDOM: Final = 50_000 if os.environ.get("CI") else 10_000
"""How many random origins one client sends."""


@pytest.fixture
def asking(postgres: Cluster) -> Iterator[Asking]:
    postgres.add(SHOP)
    with Asking(postgres) as asking:
        yield asking


def test_rows_are_granted_and_others_refused(asking: Asking, postgres: Cluster) -> None:
    clock = Clock()
    lookup = build(asking.find, ttl=60, negative_ttl=10, clock=clock)

    def ask(*origins: str) -> list[Outcome]:
        return [lookup.ask_sync(each, REQUEST) for each in origins]

    assert ask(SHOP, OTHER) == [Outcome.ALLOWED, Outcome.DENIED]
    assert ask(SHOP, OTHER) == [Outcome.CACHED_ALLOWED, Outcome.CACHED_DENIED]
    assert asking.count == 2
    postgres.add(OTHER)
    postgres.remove(SHOP)
    clock.now = 10
    assert ask(SHOP, OTHER) == [Outcome.CACHED_ALLOWED, Outcome.ALLOWED]
    clock.now = 60
    assert ask(SHOP, OTHER) == [Outcome.DENIED, Outcome.CACHED_ALLOWED]
    assert asking.count == 4
    assert ask("https://shop-1.example' OR 'a' = 'a") == [Outcome.REJECTED]


def test_crowd_of_threads_makes_one_query(asking: Asking) -> None:
    asking.seconds = 0.2
    lookup = build(asking.find)
    start = Barrier(100)

    def ask(_: int) -> Outcome:
        start.wait(10)
        return lookup.ask_sync(SHOP, REQUEST)

    with ThreadPoolExecutor(100) as pool:
        outcomes = Counter(pool.map(ask, range(100)))
    # A thread that comes late finds the result.
    assert set(outcomes) <= {Outcome.ALLOWED, Outcome.CACHED_ALLOWED}
    assert outcomes[Outcome.ALLOWED] > 1
    assert asking.count == 1


@pytest.mark.parametrize("name", ["find", "find_async"])
def test_crowd_of_tasks_makes_one_query(asking: Asking, name: str) -> None:
    asking.seconds = 0.1
    lookup = build(getattr(asking, name))

    async def test() -> None:
        asks = [lookup.ask_async(SHOP, REQUEST) for _ in range(500)]
        assert Counter(await asyncio.gather(*asks)) == {Outcome.ALLOWED: 500}

    run(test)
    assert asking.count == 1
    assert lookup.counts["joined"] == 499


def test_random_origins_displace_no_tenant(asking: Asking) -> None:
    clock = Clock()
    lookup = build(asking.find, size=1000, clock=clock)
    assert lookup.ask_sync(SHOP, REQUEST) is Outcome.ALLOWED
    origins = random_origins()
    blocks = 0
    for number in range(RANDOM):
        clock.now = number * 50 / RANDOM
        assert lookup.ask_sync(next(origins), REQUEST) is Outcome.DENIED
        if number == 2000:
            blocks = sys.getallocatedblocks()
    assert sys.getallocatedblocks() - blocks < 1000
    assert lookup.ask_sync(SHOP, REQUEST) is Outcome.CACHED_ALLOWED
    assert asking.count == RANDOM + 1


def test_flood_of_random_origins_makes_few_queries(asking: Asking) -> None:
    asking.seconds = 0.05
    lookup = build(asking.find_async, concurrency=4)
    origins = random_origins()

    async def test() -> None:
        assert await lookup.ask_async(SHOP, REQUEST) is Outcome.ALLOWED
        for _ in range(5):
            flood = [lookup.ask_async(next(origins), REQUEST) for _ in range(500)]
            *outcomes, known = await asyncio.gather(*flood, lookup.ask_async(SHOP, REQUEST))
            assert Counter(outcomes) == {Outcome.DENIED: 4, Outcome.OVERLOADED: 496}
            assert known is Outcome.CACHED_ALLOWED

    run(test)
    assert asking.count == 21


def test_server_is_stopped_in_the_middle(
    asking: Asking, postgres: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    lookup = build(asking.find, clock=clock)
    tenants = [f"https://tenant-{number}.example" for number in range(1000)]
    postgres.run("INSERT INTO tenants SELECT unnest(%s::text[])", tenants)
    others = [f"https://other-{number}.example" for number in range(1000)]
    mixed = [each for pair in zip(tenants, others, strict=True) for each in pair]

    def ask(origin: str) -> bool | None:
        return lookup.ask_sync(origin, REQUEST).allowed

    asking.seconds = 0.002
    with ThreadPoolExecutor(8) as pool:
        asks = [pool.submit(ask, each) for each in mixed[:1000]]
        assert wait_for(lambda: sum(each.done() for each in asks) > 500)
        postgres.stop()
        asks += [pool.submit(ask, each) for each in mixed[1000:]]
        found = dict(zip(mixed, (each.result() for each in asks), strict=True))
    unknown = [origin for origin, allowed in found.items() if allowed is None]
    known = {origin: origin in tenants for origin in mixed if origin not in unknown}
    assert {origin: found[origin] for origin in known} == known
    assert len(known) > 500
    assert len(unknown) >= 1000
    (record,) = (each for each in caplog.records if each.name == "corekit.lookups")
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], psycopg.OperationalError)
    # What is known stays so, and nothing else is asked.
    assert {origin: ask(origin) for origin in known} == known
    assert {ask(origin) for origin in unknown} == {None}
    assert lookup.counts["backed_off"] == len(unknown)
    # The server is back, and a second later everything is asked again.
    postgres.start()
    assert {ask(origin) for origin in unknown} == {None}
    clock.now = 1
    assert {origin: ask(origin) for origin in mixed} == {each: each in tenants for each in mixed}
    assert lookup.counts["allowed"] == lookup.counts["denied"] == 1000


def test_tasks_find_the_server_again(asking: Asking, postgres: Cluster) -> None:
    clock = Clock()
    lookup = build(asking.find_async, stale_if_error=60, ttl=5, clock=clock)

    async def ask(*origins: str) -> list[Outcome]:
        return await asyncio.gather(*(lookup.ask_async(each, REQUEST) for each in origins))

    async def test() -> None:
        assert await ask(SHOP) == [Outcome.ALLOWED]
        postgres.stop()
        clock.now = 10
        assert await ask(SHOP, OTHER) == [Outcome.STALE_ALLOWED, Outcome.FAILED]
        postgres.start()
        assert await ask(SHOP, OTHER) == [Outcome.STALE_ALLOWED, Outcome.BACKED_OFF]
        clock.now = 11
        assert await ask(SHOP, OTHER) == [Outcome.ALLOWED, Outcome.DENIED]

    run(test)


def test_canceled_clients_do_not_cancel_the_query(asking: Asking, postgres: Cluster) -> None:
    asking.seconds = 0.2
    lookup = build(asking.find_async)

    async def test() -> None:
        tasks = [asyncio.create_task(lookup.ask_async(SHOP, REQUEST)) for _ in range(100)]
        await asyncio.sleep(0.1)
        gone, left = tasks[:60], tasks[60:]  # the first one asks
        for task in gone:
            task.cancel()
        assert Counter(await asyncio.gather(*left)) == {Outcome.ALLOWED: 40}
        assert all(task.cancelled() for task in gone)
        assert await lookup.ask_async(SHOP, REQUEST) is Outcome.CACHED_ALLOWED

    run(test)
    assert asking.count == 1
    assert wait_for(lambda: postgres.count_clients() == 0)


def test_late_queries_are_canceled(asking: Asking, postgres: Cluster) -> None:
    asking.seconds = 30
    lookup = OriginLookup(asking.find_async, timeout=0.2)

    async def test() -> None:
        asks = [lookup.ask_async(each, REQUEST) for each in (SHOP, SHOP, OTHER)]
        assert await asyncio.gather(*asks) == [Outcome.TIMED_OUT] * 3

    run(test)
    assert asking.count == 2
    assert wait_for(lambda: postgres.count_clients() == 0)
