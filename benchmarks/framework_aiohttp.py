"""aiohttp: corekit and aiohttp-cors, each with its own application, without a server."""

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
    UNTRUSTED,
    preflight_headers,
    request_headers,
)
from benchmarks.workloads import BARE, OURS, Workload

OTHER: Final = "aiohttp-cors"
_loop = asyncio.new_event_loop()
_HEADERS: Final = dict(RESPONSE[2:])


class Writer:
    """Acts as the server: accepts the head and the body of a response."""

    length = 0
    output_size = 0
    buffer_size = 0

    async def write_headers(self, status_line: str, headers: Any) -> None:
        """Accept the head."""

    def send_headers(self) -> None:
        """Accept the head immediately."""

    async def write(self, chunk: bytes) -> None:
        """Accept a part of the body."""

    async def write_eof(self, chunk: bytes = b"") -> None:
        """Accept the end of the body."""


async def item(request: web.Request) -> web.Response:
    """Respond like a typical handler."""
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
    """Return one application for each contender, with the same policy."""
    from corekit_aiohttp import install  # noqa: PLC0415 - the other frameworks do not need it

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
    return {BARE: bare, OURS: ours, OTHER: theirs}


def workloads() -> list[Workload]:
    """Return the workloads for aiohttp."""
    apps = contenders()
    preflight_apps = {name: app for name, app in apps.items() if name != BARE}

    def request_factory(method: str, headers: list[tuple[str, str]]) -> Callable[[], Any]:
        return lambda: make_mocked_request(method, "/items/7", headers, writer=Writer())

    def get_factory(origin: str | None) -> Callable[[], Any]:
        return request_factory("GET", request_headers(origin))

    preflight_factory = request_factory("OPTIONS", preflight_headers(ALLOWED))
    return [
        Workload("aiohttp-no-origin", "no Origin", drive, get_factory(None), apps, batch=5),
        Workload(
            "aiohttp-allowed", "allowed, credentials", drive, get_factory(ALLOWED), apps, batch=5
        ),
        Workload("aiohttp-denied", "denied", drive, get_factory(UNTRUSTED), apps, batch=5),
        Workload(
            "aiohttp-preflight",
            "preflight",
            drive,
            preflight_factory,
            preflight_apps,
            whole=True,
            batch=5,
        ),
    ]
