"""Open WebSockets to ASGI applications without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

Headers = Iterable[tuple[bytes, bytes]]

DENIAL: dict[str, Any] = {"websocket.http.response": {}}
"""The extensions of a server that can respond to a handshake."""


def handshake(headers: Any, path: str = "/", **more: Any) -> dict[str, Any]:
    """Return the scope of a handshake."""
    return {
        "type": "websocket",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "subprotocols": [],
        **more,
    }


def connect(app: Any, scope: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an application sends; the client leaves as soon as it is connected."""
    sent: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = [
        {"type": "websocket.disconnect", "code": 1000},
        {"type": "websocket.connect"},
    ]

    async def receive() -> dict[str, Any]:
        return events.pop()

    async def send(message: dict[str, Any]) -> None:
        assert len(events) < 2, "the application receives websocket.connect first"
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def is_accepted(app: Any, scope: dict[str, Any]) -> bool:
    """Return whether an application accepts a handshake."""
    return [message["type"] for message in connect(app, scope)][:1] == ["websocket.accept"]


async def accept(scope: Any, receive: Any, send: Any) -> None:
    """Accept every handshake, as an ASGI application."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
