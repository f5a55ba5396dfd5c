"""Quart: corekit's ASGI middleware and quart-cors, each with its own application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from quart import Quart, Response
from quart_cors import cors

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
    scope,
)
from benchmarks.workloads import BARE, OURS, Workload
from corekit_asgi import CorsMiddleware

OTHER: Final = "quart-cors"
_loop = asyncio.new_event_loop()


def receiver() -> Callable[[], Any]:
    """Act as the server: an empty body, then a client that waits for the response."""
    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        return messages.pop() if messages else await asyncio.Event().wait()

    return receive


async def send(message: Any) -> None:
    """Act as the server: accept a message."""


def drive(app: Any, scopes: list[Any]) -> None:
    """Send requests through `app`, on an event loop, since Quart creates tasks."""
    _loop.run_until_complete(_drive(app, scopes))


async def _drive(app: Any, scopes: list[Any]) -> None:
    for one in scopes:
        await app(one, receiver(), send)


def application() -> Quart:
    """Return an application with one view."""
    app = Quart(__name__)

    @app.route("/items/<int:number>")
    async def item(number: int) -> Response:
        return Response(BODY, headers=dict(RESPONSE[2:]), content_type="application/json")

    return app


def workloads() -> list[Workload]:
    """Return the workloads for Quart."""
    ours: Any = application()
    theirs: Any = application()
    ours.asgi_app = CorsMiddleware(ours.asgi_app, POLICY)
    theirs = cors(
        theirs,
        allow_origin=[ALLOWED],
        allow_methods=[*METHODS],
        allow_headers=[*HEADERS],
        expose_headers=[*EXPOSED],
        allow_credentials=True,
        max_age=MAX_AGE,
    )
    apps = {BARE: application(), OURS: ours, OTHER: theirs}
    preflight_apps = {OURS: ours, OTHER: theirs}

    def get_factory(origin: str | None) -> Callable[[], Any]:
        headers = request_headers(origin)
        return lambda: scope("GET", headers)

    def preflight_factory() -> Any:
        return scope("OPTIONS", preflight_headers(ALLOWED))

    return [
        Workload("quart-no-origin", "no Origin", drive, get_factory(None), apps, batch=5),
        Workload(
            "quart-allowed", "allowed, credentials", drive, get_factory(ALLOWED), apps, batch=5
        ),
        Workload("quart-denied", "denied", drive, get_factory(UNTRUSTED), apps, batch=5),
        Workload(
            "quart-preflight",
            "preflight",
            drive,
            preflight_factory,
            preflight_apps,
            whole=True,
            batch=5,
        ),
    ]
