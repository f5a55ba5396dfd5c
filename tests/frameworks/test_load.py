"""No header of one request appears on another, in tasks, in threads and on servers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import corekit_asgi
import corekit_wsgi
from corekit import CorsPolicy, CorsRoutes
from tests.conformance.bare import Message, Receive, Scope, Send
from tests.frameworks.test_delivery import get, over_uvicorn, over_waitress

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

REQUESTS = 10_000
policy = CorsPolicy(allow_origins=["https://*.example.com"], allow_credentials=True)
routes = CorsRoutes([("/open/", CorsPolicy(allow_origins=["*"])), ("/", policy)])


def expected(number: int) -> tuple[str | None, str | None, str | None]:
    """Return the origin of a request, and the expected Allow-Origin and Vary."""
    if number % 5 == 0:
        return None, None, "Accept, Origin"
    if number % 5 == 1:
        return f"https://untrusted-{number}.example.net", None, "Accept, Origin"
    origin = f"https://app-{number}.example.com"
    return origin, origin, "Accept, Origin"


def test_concurrent_tasks_get_their_own_headers() -> None:
    # One message and one list for all responses, which must not be modified.
    shared = [(b"vary", b"Accept")]
    start: Message = {"type": "http.response.start", "status": 200, "headers": shared}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["headers"].clear()
        for _ in range(random.randrange(3)):
            await asyncio.sleep(0)
        await send(start)
        await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})

    wrapped = corekit_asgi.CorsMiddleware(app, policy)

    async def send_request(number: int) -> None:
        origin, allowed, vary = expected(number)
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request"}

        async def send(message: Message) -> None:
            await asyncio.sleep(0)
            sent.append(message)
            if message["type"] == "http.response.start":
                # A server or an outer middleware may modify the message.
                seen.append(dict(message["headers"]))
                message["headers"].append((b"x-number", str(number).encode()))

        seen: list[dict[bytes, bytes]] = []
        fields = [] if origin is None else [(b"origin", origin.encode())]
        scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": fields}
        await wrapped(scope, receive, send)
        (received,) = seen
        assert received.get(b"access-control-allow-origin", b"").decode() == (allowed or "")
        assert (b"access-control-allow-credentials" in received) is (allowed is not None)
        assert received[b"vary"].decode() == vary
        assert b"x-number" not in received

    async def send_all() -> None:
        await asyncio.gather(*(send_request(number) for number in range(REQUESTS)))

    asyncio.run(send_all())
    assert shared == [(b"vary", b"Accept")]


def test_concurrent_threads_get_their_own_headers() -> None:
    shared = [("Vary", "Accept")]

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        environ.pop("HTTP_ORIGIN", None)
        start_response("200 OK", shared)
        return [b""]

    wrapped = corekit_wsgi.CorsMiddleware(app, policy)

    def send_request(number: int) -> None:
        origin, allowed, vary = expected(number)
        seen = []

        def start_response(status: str, lines: list[tuple[str, str]], exc_info: Any = None) -> Any:
            seen.append(dict(lines))
            lines.append(("X-Number", str(number)))
            return None

        environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
        if origin is not None:
            environ["HTTP_ORIGIN"] = origin
        list(wrapped(environ, start_response))
        (received,) = seen
        assert received.get("Access-Control-Allow-Origin") == allowed
        assert ("Access-Control-Allow-Credentials" in received) is (allowed is not None)
        assert received["Vary"] == vary
        assert "X-Number" not in received

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send_request, range(REQUESTS), chunksize=50))
    assert shared == [("Vary", "Accept")]


async def asgi_app(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(random.random() / 1000)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"vary", b"Accept")]})
    await send({"type": "http.response.body", "body": b"hello"})


def wsgi_app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Vary", "Accept"), ("Content-Length", "5")])
    return [b"hello"]


@pytest.mark.parametrize("gateway", ["asgi", "wsgi"])
def test_clients_of_a_busy_server_get_their_own_headers(gateway: str) -> None:
    serving = (
        over_uvicorn(corekit_asgi.CorsMiddleware(asgi_app, routes))
        if gateway == "asgi"
        else over_waitress(corekit_wsgi.CorsMiddleware(wsgi_app, routes))
    )

    def send_request(number: int) -> None:
        origin, allowed, vary = expected(number)
        path = "/"
        if number % 7 == 0:
            path, allowed, vary = "/open/x", "*", "Accept"
        status, received, body = get(port, path, origin)
        assert (status, body) == (200, b"hello")
        assert received.get("access-control-allow-origin") == allowed
        assert received["vary"] == vary

    with serving as port, ThreadPoolExecutor(16) as pool:
        list(pool.map(send_request, range(1000)))
