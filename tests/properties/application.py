"""A small application with one response, for the properties, and the event loop that it runs in."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from corekit.browser import HttpRequest, HttpResponse

__all__ = ["Application", "Send", "shared_loop"]


@dataclass
class Application:
    """The application under every adapter: one response, and the methods that reached it."""

    status: int
    headers: list[tuple[str, str]]
    encode: Callable[[str], Any] = str.encode
    reached: list[str] = field(default_factory=list)

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.reached.append(scope["method"])
            raw = [(self.encode(name.lower()), self.encode(value)) for name, value in self.headers]
            await send({"type": "http.response.start", "status": self.status, "headers": raw})
            await send({"type": "http.response.body", "body": b"secret"})

    def wsgi(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.reached.append(environ["REQUEST_METHOD"])
        start_response(f"{self.status} Status", list(self.headers))
        return [b"secret"]


Send = Callable[[HttpRequest], HttpResponse]


@cache
def shared_loop() -> asyncio.AbstractEventLoop:
    """Return one event loop for all examples, since creating a loop is slow."""
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop
