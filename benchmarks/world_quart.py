"""Quart: corekit's ASGI middleware beside quart-cors, around one application each."""

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
    STRANGER,
    preflight_headers,
    request_headers,
    scope,
)
from benchmarks.workloads import BARE, OURS, Workload
from corekit_asgi import CorsMiddleware

PEER: Final = "quart-cors"
_loop = asyncio.new_event_loop()


def receiver() -> Callable[[], Any]:
    """Stand for the server: an empty body, and then a client that stays until it is answered."""
    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        return messages.pop() if messages else await asyncio.Event().wait()

    return receive


async def send(message: Any) -> None:
    """Stand for the server: take a message."""


def drive(app: Any, scopes: list[Any]) -> None:
    """Send requests through `app`, on an event loop, since Quart makes tasks."""
    _loop.run_until_complete(_drive(app, scopes))


async def _drive(app: Any, scopes: list[Any]) -> None:
    for one in scopes:
        await app(one, receiver(), send)


def application() -> Quart:
    """Make an application of one view."""
    app = Quart(__name__)

    @app.route("/items/<int:number>")
    async def item(number: int) -> Response:
        return Response(BODY, headers=dict(RESPONSE[2:]), content_type="application/json")

    return app


def workloads() -> list[Workload]:
    """List the workloads of Quart."""
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
    around = {BARE: application(), OURS: ours, PEER: theirs}
    answerers = {OURS: ours, PEER: theirs}

    def asking(origin: str | None) -> Callable[[], Any]:
        headers = request_headers(origin)
        return lambda: scope("GET", headers)

    def preflighting() -> Any:
        return scope("OPTIONS", preflight_headers(ALLOWED))

    return [
        Workload("quart-no-origin", "no Origin", drive, asking(None), around, batch=5),
        Workload("quart-allowed", "allowed, credentials", drive, asking(ALLOWED), around, batch=5),
        Workload("quart-denied", "denied", drive, asking(STRANGER), around, batch=5),
        Workload(
            "quart-preflight", "preflight", drive, preflighting, answerers, whole=True, batch=5
        ),
    ]
