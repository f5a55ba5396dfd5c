"""aiohttp: corekit beside aiohttp-cors, around one application each, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import aiohttp_cors
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from benchmarks.applications import POLICY
from benchmarks.traffic import (
    ALLOWED,
    BODY,
    EXPOSED,
    HEADERS,
    MAX_AGE,
    METHODS,
    RESPONSE,
    STRANGER,
    preflight_headers,
    request_headers,
)
from benchmarks.workloads import BARE, OURS, Workload

PEER: Final = "aiohttp-cors"
_loop = asyncio.new_event_loop()
_HEADERS: Final = dict(RESPONSE[2:])


class Writer:
    """Stands for the server: takes the head and the body of a response."""

    length = 0
    output_size = 0
    buffer_size = 0

    async def write_headers(self, status_line: str, headers: Any) -> None:
        """Take the head."""

    def send_headers(self) -> None:
        """Take the head, now."""

    async def write(self, chunk: bytes) -> None:
        """Take a part of the body."""

    async def write_eof(self, chunk: bytes = b"") -> None:
        """Take the end."""


async def item(request: web.Request) -> web.Response:
    """Answer as a handler does."""
    return web.Response(body=BODY, headers=_HEADERS, content_type="application/json")


def drive(app: Any, requests: list[Any]) -> None:
    """Send requests through `app`, on an event loop."""
    _loop.run_until_complete(_drive(app, requests))


async def _drive(app: Any, requests: list[Any]) -> None:
    for request in requests:
        response = await app._handle(request)
        await response.prepare(request)
        await response.write_eof()


def contenders() -> dict[str, Any]:
    """Put everybody around an application of their own, with the same grants."""
    from corekit_aiohttp import install  # noqa: PLC0415 - so that the other worlds do not need it

    bare, ours, theirs = web.Application(), web.Application(), web.Application()
    install(ours, POLICY)
    for app in (bare, ours):
        for method in ("GET", "PUT"):
            app.router.add_route(method, "/items/{number}", item)
    make_options: Any = aiohttp_cors.ResourceOptions  # it is untyped
    options = make_options(
        allow_credentials=True,
        expose_headers=EXPOSED,
        allow_headers=HEADERS,
        allow_methods=METHODS,
        max_age=MAX_AGE,
    )
    cors = aiohttp_cors.setup(theirs, defaults={ALLOWED: options})
    resource = cors.add(theirs.router.add_resource("/items/{number}"))
    for method in ("GET", "PUT"):
        cors.add(resource.add_route(method, item))
    for app in (bare, ours, theirs):
        app.freeze()
    return {BARE: bare, OURS: ours, PEER: theirs}


def workloads() -> list[Workload]:
    """List the workloads of aiohttp."""
    around = contenders()
    answerers = {name: app for name, app in around.items() if name != BARE}

    def requesting(method: str, headers: list[tuple[str, str]]) -> Callable[[], Any]:
        return lambda: make_mocked_request(method, "/items/7", headers, writer=Writer())

    def asking(origin: str | None) -> Callable[[], Any]:
        return requesting("GET", request_headers(origin))

    preflighting = requesting("OPTIONS", preflight_headers(ALLOWED))
    return [
        Workload("aiohttp-no-origin", "no Origin", drive, asking(None), around, batch=5),
        Workload(
            "aiohttp-allowed", "allowed, credentials", drive, asking(ALLOWED), around, batch=5
        ),
        Workload("aiohttp-denied", "denied", drive, asking(STRANGER), around, batch=5),
        Workload(
            "aiohttp-preflight", "preflight", drive, preflighting, answerers, whole=True, batch=5
        ),
    ]
