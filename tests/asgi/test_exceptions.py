"""Exceptions of an application: they reach the server, and with an option pages may read a 500."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from corekit import CorsPolicy
from corekit_asgi import CorsMiddleware

APP = "https://app.example.com"
policy = CorsPolicy(allow_origins=[APP])


async def fail(scope: Any, receive: Any, send: Any) -> None:
    raise LookupError("a bug")


async def fail_after_start(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise LookupError("a bug")


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def ask(app: Any, kind: str = "http") -> list[dict[str, Any]]:
    """Return what the application sends, without an exception."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"origin", APP.encode())]
    scope = {"type": kind, "method": "GET", "path": "/", "headers": headers}
    if app.app is hello or getattr(app.app, "app", None) is hello:
        asyncio.run(app(scope, None, send))
    else:
        with pytest.raises(LookupError, match="a bug"):
            asyncio.run(app(scope, None, send))
    return sent


def test_page_may_read_the_500_of_an_exception() -> None:
    start, body = ask(CorsMiddleware(fail, policy, answers_exceptions=True))
    assert start["status"] == 500
    assert (b"access-control-allow-origin", APP.encode()) in start["headers"]
    assert body["body"] == b"Internal Server Error"


@pytest.mark.parametrize(
    ("app", "options", "kind", "count"),
    [
        (fail, {}, "http", 0),
        (fail, {"answers_exceptions": True}, "websocket", 0),
        (fail_after_start, {"answers_exceptions": True}, "http", 1),
        (hello, {"answers_exceptions": True}, "http", 2),
        (hello, {"answers_exceptions": True}, "websocket", 2),
    ],
)
def test_everything_else_is_not_changed(
    app: Any, options: dict[str, Any], kind: str, count: int
) -> None:
    assert len(ask(CorsMiddleware(app, policy, **options), kind)) == count
