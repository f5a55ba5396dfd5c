"""Origins that an ASGI application looks up in PostgreSQL, over a real server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Final, NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from corekit import CorsPolicy
from corekit_asgi import CorsMiddleware
from tests.config.watching import wait_for
from tests.databases.asking import Asking
from tests.databases.cluster import Cluster
from tests.databases.pages import APP, OTHER, SHOP
from tests.frameworks.test_delivery import over_uvicorn
from tests.lookups.running import build

NEW: Final = "https://shop-3.example"


class Answer(NamedTuple):
    status: int
    is_granted: bool
    cache: str | None
    retry: str | None


def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello", headers={"Cache-Control": "max-age=60"})


def ask(port: int, origin: str, method: str = "GET") -> Answer:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    connection.request(method, "/", headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    is_granted = response.headers["Access-Control-Allow-Origin"] == origin
    found = response.headers["Cache-Control"], response.headers["Retry-After"]
    return Answer(response.status, is_granted, *found)


@contextmanager
def serving(asking: Asking) -> Iterator[int]:
    policy = CorsPolicy(allow_origins=[APP], allow_credentials=True)
    site = Starlette(routes=[Route("/", hello)])
    with over_uvicorn(CorsMiddleware(site, policy, lookup=build(asking.find_async))) as port:
        yield port


def test_server_is_stopped_and_started(postgres: Cluster) -> None:
    postgres.add(SHOP)
    with Asking(postgres) as asking, serving(asking) as port:
        for origin, granted in {APP: True, SHOP: True, OTHER: False}.items():
            assert ask(port, origin) == (200, granted, "max-age=60", None)
            assert ask(port, origin, "OPTIONS")[:2] == (204 if granted else 403, granted)
        assert asking.count == 2
        postgres.stop()
        assert ask(port, SHOP).is_granted
        assert ask(port, NEW) == (200, False, "no-store", None)
        assert ask(port, NEW, "OPTIONS") == (503, False, "no-store", "1")
        postgres.start()
        postgres.add(NEW)
        assert wait_for(lambda: ask(port, NEW).is_granted)
        assert ask(port, NEW, "OPTIONS")[:2] == (204, True)
    assert wait_for(lambda: postgres.count_clients() == 0)


def test_crowd_makes_one_query(postgres: Cluster) -> None:
    postgres.add(SHOP)
    with Asking(postgres, seconds=0.3) as asking, ThreadPoolExecutor(50) as pool:
        with serving(asking) as port:
            answers = Counter(pool.map(lambda _: ask(port, SHOP), range(50)))
        assert answers == {Answer(200, True, "max-age=60", None): 50}
        assert asking.count == 1
