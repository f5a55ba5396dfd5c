"""Call ASGI applications without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from corekit import CorsPolicy

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"

policy = CorsPolicy(
    allow_origins=[APP, "https://*.preview.example.com"],
    allow_credentials=True,
    allow_methods=["PUT", "DELETE"],
    allow_headers=["content-type"],
    expose_headers=["x-request-id"],
    max_age=600,
)
public = CorsPolicy(allow_origins=["*"])

RawHeaders = list[tuple[bytes, bytes]]
Application = Callable[..., Coroutine[Any, Any, None]]


def ask(
    app: Application,
    method: str = "GET",
    headers: Iterable[tuple[bytes, bytes]] | None = (),
    path: str = "/",
) -> list[dict[str, Any]]:
    """Send one request and return the messages that reach the server."""
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "query_string": b""}
    if headers is not None:
        scope["headers"] = headers
    return run(app, scope)


def run(app: Application, scope: dict[str, Any], body: bytes | None = None) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        assert body is not None, "the middleware reads no body"
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def preflight(origin: str, method: str = "PUT", names: str = "content-type") -> RawHeaders:
    return [
        (b"origin", origin.encode()),
        (b"access-control-request-method", method.encode()),
        (b"access-control-request-headers", names.encode()),
    ]


def answering(
    headers: Any = (), body: bytes = b"hello", status: int = 200, **more: Any
) -> Application:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        start = {"type": "http.response.start", "status": status, **more}
        if headers is not None:
            start["headers"] = headers
        await send(start)
        await send({"type": "http.response.body", "body": body})

    return app


async def unreachable(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("the application must not be asked")


GRANT = [
    (b"access-control-allow-origin", APP.encode()),
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-expose-headers", b"x-request-id"),
]
VARY = (b"vary", b"Origin")
