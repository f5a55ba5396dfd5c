"""Calling an ASGI application as a server would: https://asgi.readthedocs.io/en/latest/specs/www.html

Each transport has one event loop, which is created on demand and closed with the transport. The
lifespan starts before the first request, if the application supports it, and ends with the loop.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from corekit.browser import HttpRequest, HttpResponse

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_VERSIONS: Final = {"version": "3.0", "spec_version": "2.4"}
_SERVER_ERROR: Final = HttpResponse(
    500, (("Content-Type", "text/plain"),), b"Internal Server Error"
)


class AsgiTransport:
    """Calls an ASGI application; only `send`, which owns the loop, starts the lifespan.

    An exception of the application propagates, or becomes the bare 500 that a server sends.
    """

    def __init__(self, app: ASGIApp, *, raise_exceptions: bool) -> None:
        self._app = app
        self._raise_exceptions = raise_exceptions
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lifespan: _Lifespan | None = None

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request; raises RuntimeError if an event loop is running already."""
        if _is_loop_running():
            raise RuntimeError("An event loop is running. Use: await browser.fetch_async(...)")
        if self._loop is None or self._lifespan is None:
            self._loop = asyncio.new_event_loop()
            self._lifespan = _Lifespan(self._app)
            # If nobody closes the transport, its loop would warn when it is collected.
            weakref.finalize(self, _abandon, self._loop, self._lifespan)
            self._loop.run_until_complete(self._lifespan.start())
        return self._loop.run_until_complete(self.send_async(request, self._lifespan.state))

    async def send_async(
        self, request: HttpRequest, state: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send one request from within an event loop."""
        exchange = _Exchange(request)
        try:
            await self._app(_scope(request, state or {}), exchange.receive, exchange.send)
        except Exception:
            if self._raise_exceptions:
                raise
            # What an error layer sent before it raised the exception again has left the server.
            if not exchange.is_complete:
                return _SERVER_ERROR
        return HttpResponse(exchange.status, exchange.headers, bytes(exchange.body))

    def close(self) -> None:
        """End the lifespan and the event loop."""
        if self._loop is None or self._lifespan is None:
            return
        lifespan, self._lifespan = self._lifespan, None
        loop, self._loop = self._loop, None
        try:
            loop.run_until_complete(lifespan.end())
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()


def _abandon(loop: asyncio.AbstractEventLoop, lifespan: _Lifespan) -> None:
    # While another loop runs, this one cannot run to completion.
    if not loop.is_closed() and not _is_loop_running():
        loop.run_until_complete(lifespan.cancel())
    loop.close()


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class _Exchange:
    """The two callables of one request, and the response."""

    def __init__(self, request: HttpRequest) -> None:
        self.status = 0
        self.headers: tuple[tuple[str, str], ...] = ()
        self.body = bytearray()
        self._incoming: list[Message] = [
            {"type": "http.request", "body": request.body or b"", "more_body": False}
        ]
        self._complete = asyncio.Event()

    @property
    def is_complete(self) -> bool:
        """Whether the whole response was sent."""
        return self._complete.is_set()

    async def receive(self) -> Message:
        if self._incoming:
            return self._incoming.pop()
        await self._complete.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message.get("headers") or ()
            )
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                self._complete.set()


def _scope(request: HttpRequest, state: dict[str, Any]) -> dict[str, Any]:
    url = urlsplit(request.url)
    headers = [(b"host", url.netloc.encode())]
    headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in request.headers]
    if request.body is not None or request.method in ("POST", "PUT"):
        headers.append((b"content-length", str(len(request.body or b"")).encode()))
    return {
        "type": "http",
        "asgi": _VERSIONS,
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(url.path),
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": (url.hostname, url.port or (443 if url.scheme == "https" else 80)),
        "state": dict(state),
    }


class _Lifespan:
    """Startup and shutdown: https://asgi.readthedocs.io/en/latest/specs/lifespan.html

    An application that raises on this scope, or returns, does not support it; servers agree.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._outgoing: asyncio.Queue[Message | None] = asyncio.Queue()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())
        await self._notify("startup")

    async def end(self) -> None:
        await self._notify("shutdown")
        await self._task

    async def cancel(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _notify(self, event: str) -> None:
        await self._incoming.put({"type": f"lifespan.{event}"})
        reply = await self._outgoing.get()
        if reply is None:
            # The next call gets the same reply.
            await self._outgoing.put(None)
        elif reply["type"] == f"lifespan.{event}.failed":
            raise RuntimeError(f"The {event} of the application failed: {reply.get('message', '')}")

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": _VERSIONS, "state": self.state}
        with suppress(Exception):
            await self._app(scope, self._incoming.get, self._outgoing.put)
        await self._outgoing.put(None)
