"""Origins that are loaded from PostgreSQL with psycopg, by the snippets of the documentation."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Final

import psycopg
import pytest
from starlette.applications import Starlette

from corekit import CorsPolicy, LivePolicy
from corekit_asgi import CorsMiddleware as AsgiMiddleware
from corekit_config import refresh, refresh_async
from corekit_wsgi import CorsMiddleware as WsgiMiddleware
from tests.config.refreshing import Records, allows
from tests.config.watching import wait_for
from tests.databases.cluster import Cluster
from tests.databases.pages import APP, OTHER, SHOP, names_of
from tests.frameworks.test_delivery import over_uvicorn, over_waitress

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

EVERY: Final = 0.1
POLICY: Final = CorsPolicy(allow_origins=[APP], allow_credentials=True)

Ask = Callable[[str], bool]
"""Send a request of a page to a server; return whether the page may read the response."""


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def asking(port: int) -> Ask:
    def ask(origin: str) -> bool:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/", headers={"Origin": origin})
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.headers["Access-Control-Allow-Origin"] == origin

    return ask


@contextmanager
def in_threads(live: LivePolicy, **arguments: Any) -> Iterator[Ask]:
    load = names_of("import psycopg")["load_origins"]
    app = WsgiMiddleware(hello, live)
    with refresh(load, live, every=EVERY, **arguments), over_waitress(app) as port:
        yield asking(port)


@contextmanager
def in_tasks(live: LivePolicy, **arguments: Any) -> Iterator[Ask]:
    load = names_of("import psycopg")["load_origins_async"]

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        async with refresh_async(load, live, every=EVERY, **arguments):
            yield

    app = AsgiMiddleware(Starlette(lifespan=lifespan), live)
    with over_uvicorn(app, lifespan="on") as port:
        yield asking(port)


kinds = pytest.mark.parametrize("serve", [in_threads, in_tasks])


@pytest.fixture
def live(caplog: Records) -> LivePolicy:
    caplog.set_level(logging.INFO, "corekit.config")
    return LivePolicy(POLICY)


def messages(caplog: Records, level: int) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno == level]


@kinds
def test_rows_are_seen_by_requests(serve: Any, postgres: Cluster, live: LivePolicy) -> None:
    postgres.add(SHOP)
    with serve(live) as ask:
        assert [ask(each) for each in (APP, SHOP, OTHER)] == [True, True, False]
        postgres.add(OTHER)
        assert wait_for(lambda: ask(OTHER))
        postgres.remove(SHOP)
        assert wait_for(lambda: not ask(SHOP))
        postgres.remove(OTHER)
        assert wait_for(lambda: not ask(OTHER))
        assert ask(APP)


@kinds
def test_rows_stay_while_the_server_is_stopped(
    serve: Any, postgres: Cluster, live: LivePolicy, caplog: Records
) -> None:
    postgres.add(SHOP)
    with serve(live) as ask:
        assert ask(SHOP)
        generation = live.generation
        postgres.stop()
        assert wait_for(lambda: len(messages(caplog, logging.ERROR)) > 2)
        assert [ask(each) for each in (APP, SHOP, OTHER)] == [True, True, False]
        assert live.generation == generation
        for record in caplog.records:
            if record.levelno == logging.ERROR:
                assert record.getMessage().startswith(
                    "CORS: origins could not be loaded; those from before stay (1, "
                )
                assert record.exc_info is not None
                assert isinstance(record.exc_info[1], psycopg.OperationalError)
        caplog.clear()
        postgres.start()
        postgres.remove(SHOP)
        postgres.add(OTHER)
        assert wait_for(lambda: ask(OTHER))
        assert not ask(SHOP)
        assert messages(caplog, logging.INFO)[0] == "CORS: origins are loaded again."


@kinds
def test_server_starts_without_rows_if_they_are_not_required(
    serve: Any, postgres: Cluster, live: LivePolicy, caplog: Records
) -> None:
    postgres.add(SHOP)
    postgres.stop()
    with serve(live, required=False) as ask:
        assert [ask(each) for each in (APP, SHOP)] == [True, False]
        assert messages(caplog, logging.ERROR)[0] == (
            "CORS: origins could not be loaded; there are none from before."
        )
        postgres.start()
        assert wait_for(lambda: ask(SHOP))


def test_required_rows_cannot_be_loaded(postgres: Cluster, live: LivePolicy) -> None:
    postgres.stop()
    names = names_of("import psycopg")
    with pytest.raises(psycopg.OperationalError):
        refresh(names["load_origins"], live)

    async def enter() -> None:
        async with refresh_async(names["load_origins_async"], live):
            pass

    with pytest.raises(psycopg.OperationalError):
        asyncio.run(enter())
    assert live.policy is POLICY


def test_server_that_hangs_ends_the_load(
    postgres: Cluster, live: LivePolicy, caplog: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.add(SHOP)
    names = names_of("import psycopg")
    names["SHOP"] = names["SHOP"].replace("30s", "100ms")
    with psycopg.connect(postgres.conninfo()) as connection:
        with refresh(names["load_origins"], live, every=EVERY):
            connection.execute("LOCK TABLE tenants")
            assert wait_for(lambda: bool(messages(caplog, logging.ERROR)))
            assert allows(live, SHOP)
        (record, *_) = (each for each in caplog.records if each.levelno == logging.ERROR)
        assert record.exc_info is not None
        assert isinstance(record.exc_info[1], psycopg.errors.QueryCanceled)


def test_rows_are_read_in_parts(postgres: Cluster, live: LivePolicy) -> None:
    postgres.run(
        "INSERT INTO tenants SELECT 'https://shop-' || n || '.example'"
        " FROM generate_series(1, 20000) AS n"
    )
    load = names_of("import psycopg")["load_origins"]
    rows = load()
    next(rows)
    ((query,),) = postgres.run(
        "SELECT query FROM pg_stat_activity WHERE datname = 'shop' AND pid <> pg_backend_pid()"
    )
    assert query.startswith("FETCH FORWARD 100 ")
    rows.close()
    with refresh(load, live) as refresher:
        assert refresher.size == 20_000
        assert allows(live, "https://shop-20000.example")
