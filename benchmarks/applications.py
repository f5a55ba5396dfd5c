"""Bare applications, the policy that all contenders are given, and how requests are sent to them.

Nothing of a peer is imported here, so that what counts instructions starts quickly. Coroutines are
driven by hand: nothing in these applications waits, so no event loop is needed, and none disturbs.
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
    """Stand for the server: no body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: Any) -> None:
    """Stand for the server: take a message."""


def drive_asgi(app: Any, scopes: list[Any]) -> None:
    """Send requests through `app`."""
    for one in scopes:
        try:  # noqa: SIM105 - suppress would add 0.3 µs to every request
            app(one, receive, send).send(None)
        except StopIteration:
            pass


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """Answer as an application does, with a message and a list of its own for each request."""
    headers = [_CONTENT_TYPE, _CONTENT_LENGTH, _CACHE_CONTROL, _REQUEST_ID]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


async def varying(scope: Any, receive: Any, send: Any) -> None:
    """Answer with a Vary of its own beside."""
    headers = [_CONTENT_TYPE, _CONTENT_LENGTH, _VARY, _CACHE_CONTROL, _REQUEST_ID]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


async def streaming(scope: Any, receive: Any, send: Any) -> None:
    """Answer in many parts."""
    headers = [_CONTENT_TYPE, _CACHE_CONTROL, _REQUEST_ID]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for _ in range(STREAMED - 1):
        await send({"type": "http.response.body", "body": BODY, "more_body": True})
    await send({"type": "http.response.body", "body": BODY})
