"""Serve an application with Sanic's own server, in a thread of this process."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from sanic import Sanic

from tests.frameworks.sanic_app import App

__all__ = ["APP", "UNTRUSTED", "Response", "Server", "preflight", "serve"]

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"


@dataclass(frozen=True)
class Response:
    """What a client receives; `headers` by lower-case name, with all lines of each."""

    status: int
    headers: dict[str, list[str]]
    body: bytes

    @property
    def allowed(self) -> list[str] | None:
        return self.headers.get("access-control-allow-origin")

    @property
    def vary(self) -> list[str] | None:
        return self.headers.get("vary")


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int

    def request(self, method: str, path: str, origin: str | None = APP, **headers: str) -> Response:
        """Send a request on a new connection."""
        if origin is not None:
            headers["Origin"] = origin
        pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
        return self.send(method, path, pairs)

    def send(self, method: str, path: str, pairs: list[tuple[str, str]]) -> Response:
        """Send a request with these header lines."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            has_host = any(name.lower() == "host" for name, _ in pairs)
            connection.putrequest(method, path, skip_host=has_host, skip_accept_encoding=True)
            for name, value in pairs:
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            lines: dict[str, list[str]] = {}
            for name, value in response.getheaders():
                lines.setdefault(name.lower(), []).append(value)
            return Response(response.status, lines, response.read())

    def get(self, path: str, origin: str | None = APP) -> Response:
        return self.request("GET", path, origin)

    def preflight(self, path: str, origin: str = APP, method: str = "PUT") -> Response:
        return self.request("OPTIONS", path, origin, **preflight(method))


def preflight(method: str) -> dict[str, str]:
    return {"Access_Control_Request_Method": method, "Access_Control_Request_Headers": "x-a"}


@contextmanager
def serve(app: App, debug: bool = False) -> Iterator[Server]:
    """Serve an application on a free port until the block ends."""
    loop = asyncio.new_event_loop()
    started = threading.Event()
    stop = asyncio.Event()

    async def run(listening: socket.socket) -> None:
        server: Any = await app.create_server(sock=listening, debug=debug)
        await server.startup()
        await server.before_start()
        await server.start_serving()
        started.set()
        await stop.wait()
        server.close()
        for connection in list(server.connections):
            connection.abort()
        Sanic.unregister_app(app)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        runner = asyncio.Runner(loop_factory=lambda: loop)
        thread = threading.Thread(target=runner.run, args=(run(listening),))
        thread.start()
        try:
            assert started.wait(10)
            yield Server(listening.getsockname()[1])
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(10)
            runner.close()
