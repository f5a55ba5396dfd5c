"""A table of tenants in SQLite, which is missing for a while and changes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from corekit_lookups import Outcome
from tests.clock import Clock
from tests.lookups.running import REQUEST, A, B, build


def test_sqlite_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "tenants.sqlite3"

    def change(statement: str, *values: str) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement, values)

    def look_up(origin: str, tenant: str) -> bool:
        query = "SELECT 1 FROM origins WHERE tenant = ? AND origin = ?"
        with closing(sqlite3.connect(path)) as connection:
            row = connection.execute(query, (tenant, origin)).fetchone()
        return row is not None

    clock = Clock()
    lookup = build(
        look_up,
        tenant=lambda request: request.host.partition(".")[0],
        ttl=60,
        stale_if_error=600,
        clock=clock,
    )
    shop = REQUEST._replace(host="shop-1.example.com")
    # Before the table exists, nothing is known.
    assert lookup.ask_sync(A, shop) is Outcome.FAILED
    change("CREATE TABLE origins (tenant TEXT, origin TEXT)")
    change("INSERT INTO origins VALUES (?, ?)", "shop-1", A)
    clock.now = 1
    assert lookup.ask_sync(A, shop) is Outcome.ALLOWED
    assert lookup.ask_sync(A, REQUEST._replace(host="shop-2.example.com")) is Outcome.DENIED
    assert lookup.ask_sync("https://a.example' OR '1'='1", shop) is Outcome.REJECTED
    # The table is gone for a while: an old True is used.
    change("ALTER TABLE origins RENAME TO moved")
    clock.now = 61
    assert lookup.ask_sync(A, shop) is Outcome.STALE_ALLOWED
    assert lookup.ask_sync(B, shop) is Outcome.FAILED
    change("ALTER TABLE moved RENAME TO origins")
    clock.now = 62
    assert lookup.ask_sync(A, shop) is Outcome.ALLOWED
    # The origin is removed, and the table's owner says so.
    change("DELETE FROM origins")
    assert lookup.ask_sync(A, shop) is Outcome.CACHED_ALLOWED
    lookup.invalidate(A)
    assert lookup.ask_sync(A, shop) is Outcome.DENIED
