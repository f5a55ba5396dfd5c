"""An HTTP/1.1 server that sends the exact response of a test.

Real servers correct malformed headers; this one sends them unchanged. It listens on loopback, uses
TLS if it gets a context, and distinguishes hosts by the Host header.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from corekit.browser import HttpRequest, HttpResponse

Respond = Callable[[HttpRequest], Awaitable[HttpResponse]]

NO_BODY: Final = frozenset({204, 304})


def finish(response: HttpResponse) -> HttpResponse:
    """Return the response with its Content-Length."""
    if response.status in NO_BODY:
        return response
    length = ("Content-Length", str(len(response.body)))
    return HttpResponse(response.status, (*response.headers, length), response.body)


class Wire:
    """A server in a separate thread; `respond` is called in that thread's event loop."""

    def __init__(self, respond: Respond, context: ssl.SSLContext | None) -> None:
        self._respond = respond
        self._context = context
        self._scheme = "https" if context else "http"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def call(self, function: Callable[[], None]) -> None:
        """Call a function in the server's thread."""
        self._loop.call_soon_threadsafe(function)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        serving = self._loop.run_until_complete(
            asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._context, backlog=256)
        )
        self.port = serving.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        serving.close()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._serve_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
        method, target, _ = first.split(" ")
        pairs = [line.split(":", 1) for line in lines]
        headers = tuple((name, value.strip(" \t")) for name, value in pairs)
        fields = {name.lower(): value for name, value in headers}
        length = int(fields.get("content-length", "0"))
        body = await reader.readexactly(length) if length else None
        url = f"{self._scheme}://{fields['host']}{target}"
        response = await self._respond(HttpRequest(method, url, headers, body))
        writer.write(_serialize(response, head_only=method == "HEAD"))
        await writer.drain()
        return True


def _serialize(response: HttpResponse, *, head_only: bool) -> bytes:
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "Status"
    lines = [f"HTTP/1.1 {response.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head if head_only else head + response.body


@contextmanager
def serve(respond: Respond, context: ssl.SSLContext | None = None) -> Iterator[Wire]:
    """Serve on a free loopback port during the block."""
    wire = Wire(respond, context)
    wire.start()
    try:
        yield wire
    finally:
        wire.stop()
