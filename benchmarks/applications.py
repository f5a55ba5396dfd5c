"""Bare applications, the policy of all contenders, and a driver that sends requests to them.

No other library is imported here, so that the instruction count starts quickly. Coroutines are
driven by hand: these applications never wait, so no event loop is needed, and none adds noise.
"""

from __future__ import annotations

from typing import Any, Final

from benchmarks.traffic import ALLOWED, BODY, EXPOSED, HEADERS, MAX_AGE, METHODS, RESPONSE
from corekit import CorsPolicy

STREAMED: Final = 100
"""Body messages of the streamed response."""

POLICY = CorsPolicy(
    allow_origins=[ALLOWED],
    allow_credentials=True,
    allow_methods=METHODS,
    allow_headers=HEADERS,
    expose_headers=EXPOSED,
    max_age=MAX_AGE,
)

_RAW = [(name.lower().encode(), value.encode()) for name, value in RESPONSE]
_CONTENT_TYPE, _CONTENT_LENGTH, _CACHE_CONTROL, _REQUEST_ID = _RAW
_VARY = (b"vary", b"Accept-Encoding")


async def receive() -> Any:
    """Act as the server: send an empty body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: Any) -> None:
    """Act as the server: accept a message."""


def drive_asgi(app: Any, scopes: list[Any]) -> None:
    """Send requests through `app`."""
    for one in scopes:
        try:  # noqa: SIM105 - suppress would add 0.3 µs to every request
            app(one, receive, send).send(None)
        except StopIteration:
            pass


async def plain_app(scope: Any, receive: Any, send: Any) -> None:
    """Respond like a typical application, with a new message and list for each request."""
    headers = [_CONTENT_TYPE, _CONTENT_LENGTH, _CACHE_CONTROL, _REQUEST_ID]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


async def vary_app(scope: Any, receive: Any, send: Any) -> None:
    """Like `plain_app`, with a Vary header."""
    headers = [_CONTENT_TYPE, _CONTENT_LENGTH, _VARY, _CACHE_CONTROL, _REQUEST_ID]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


async def streaming_app(scope: Any, receive: Any, send: Any) -> None:
    """Like `plain_app`, with a body in many messages."""
    headers = [_CONTENT_TYPE, _CACHE_CONTROL, _REQUEST_ID]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for _ in range(STREAMED - 1):
        await send({"type": "http.response.body", "body": BODY, "more_body": True})
    await send({"type": "http.response.body", "body": BODY})
