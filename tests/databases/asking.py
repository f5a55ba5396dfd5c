"""Functions that look up an origin in PostgreSQL, and count how often they ask. Not a test."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import Final, LiteralString, Self

import psycopg

from tests.databases.cluster import Cluster

FIND: Final[LiteralString] = (
    "SELECT EXISTS (SELECT FROM tenants WHERE origin = %s), nextval('asked'), pg_sleep(%s)"
)


class Asking:
    """A table that is asked, in `seconds`; the server counts the queries in a sequence."""

    def __init__(self, server: Cluster, seconds: float = 0) -> None:
        self._conninfo: Final = server.conninfo()
        self._server: Final = server
        self._local: Final = threading.local()
        self._connections: Final = ExitStack()
        self.seconds = seconds
        server.run("CREATE SEQUENCE asked")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connections.close()

    @property
    def count(self) -> int:
        """The number of queries; a sequence skips numbers if its server is stopped."""
        ((last, is_used),) = self._server.run("SELECT last_value, is_called FROM asked")
        return int(last) if is_used else 0

    def find(self, origin: str, *_: object) -> bool:
        """Ask with a connection for each thread, which is opened again if it was lost."""
        connection = getattr(self._local, "connection", None)
        if connection is None or connection.closed:
            connection = psycopg.connect(self._conninfo, autocommit=True)
            self._local.connection = self._connections.enter_context(connection)
        row = connection.execute(FIND, [origin, self.seconds]).fetchone()
        assert row is not None
        return bool(row[0])

    async def find_async(self, origin: str, *_: object) -> bool:
        """Ask with a new connection."""
        async with await psycopg.AsyncConnection.connect(self._conninfo) as connection:
            cursor = await connection.execute(FIND, [origin, self.seconds])
            row = await cursor.fetchone()
        assert row is not None
        return bool(row[0])
