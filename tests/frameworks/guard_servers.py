"""Serve WebSockets behind a guard: ``python -m tests.frameworks.guard_servers SERVER PORT``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard
from corekit_asgi import CorsMiddleware

APP: Final = "https://app.example.com"

connected: list[str] = []
"""The paths of the WebSockets that were accepted."""


async def accept(scope: Any, receive: Any, send: Any) -> None:
    """Accept every WebSocket; respond to a request with the accepted ones."""
    if scope["type"] == "websocket":
        await receive()
        connected.append(scope["path"])
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000})
    elif scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": " ".join(connected).encode()})


def make() -> CorsMiddleware:
    """Return the application, for the factories of servers."""
    policy = CorsPolicy(allow_origins=[APP])
    guard = CrossOriginGuard(policy, hosts=["localhost", "127.0.0.1"])
    return CorsMiddleware(accept, policy, guard=guard)


def serve_uvicorn(port: int, ws: Any) -> None:
    import uvicorn

    uvicorn.run(make(), port=port, ws=ws, log_level="critical")


def serve_hypercorn(port: int) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    asyncio.run(serve(make(), config))  # type: ignore[arg-type]


def serve_granian(port: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    target = f"{__spec__.name}:make"
    Granian(target, port=port, interface=Interfaces.ASGI, factory=True, log_enabled=False).serve()


SERVERS: Final[dict[str, Callable[[int], None]]] = {
    "uvicorn (websockets)": partial(serve_uvicorn, ws="websockets-sansio"),
    "uvicorn (websockets, legacy)": partial(serve_uvicorn, ws="websockets"),
    "uvicorn (wsproto)": partial(serve_uvicorn, ws="wsproto"),
    "hypercorn": serve_hypercorn,
    "granian": serve_granian,
}

if __name__ == "__main__":
    SERVERS[sys.argv[1]](int(sys.argv[2]))
