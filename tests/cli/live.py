"""Live servers on loopback for the commands that ask one. Not a test."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from corekit import CorsPolicy, CorsRoutes
from corekit_wsgi import CorsMiddleware

PAGE = "https://app.example.com"
POLICY = CorsPolicy(
    allow_origins=[PAGE],
    allow_methods=["PUT"],
    allow_headers=["x-a"],
    expose_headers=["x-b"],
    max_age=600,
)

Headers = list[tuple[str, str]]
Fault = Callable[[dict[str, Any], int, Headers], tuple[int, Headers]]
"""Takes a request and the right answer, and gives a wrong one."""


@dataclass
class Live:
    """A server that runs, where it is, and the requests that have reached it."""

    origin: str
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.origin}/items"

    def sent(self, name: str) -> set[str | None]:
        """The values of one variable of the environ, over all requests."""
        return {request.get(name) for request in self.requests}


class Quiet(WSGIRequestHandler):
    """A handler that does not log into the test's output."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@contextmanager
def serving(app: Any, tls: ssl.SSLContext | None = None) -> Iterator[Live]:
    """Serve a WSGI application for as long as the block lasts; with `tls`, over https."""
    live = Live("")

    def recording(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        live.requests.append(environ)
        chunks: Iterable[bytes] = app(environ, start_response)
        return chunks

    with make_server("127.0.0.1", 0, recording, WSGIServer, Quiet) as server:
        live.origin = f"http{'s' * bool(tls)}://127.0.0.1:{server.server_port}"
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield live
        finally:
            server.shutdown()
            thread.join(timeout=10)


def items(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Serve one path, and nothing elsewhere."""
    is_there = environ["PATH_INFO"] == "/items"
    status = "200 OK" if is_there else "404 Not Found"
    start_response(status, [("Content-Type", "text/plain"), ("X-B", "1")])
    return [b"items" if is_there else b"nothing"]


def right(policy: CorsPolicy | CorsRoutes = POLICY) -> Any:
    """Make an application that is right."""
    return CorsMiddleware(items, policy)


def wrong(fault: Fault, policy: CorsPolicy = POLICY) -> Any:
    """Make an application with a fault around what is right."""
    app = right(policy)

    def faulty(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            code, told = fault(environ, int(status[:3]), list(headers))
            return start_response(f"{code} As It Is", told, exc_info)

        chunks: Iterable[bytes] = app(environ, start)
        return chunks

    return faulty


def without(headers: Headers, *names: str) -> Headers:
    """Leave out headers."""
    dropped = {name.lower() for name in names}
    return [pair for pair in headers if pair[0].lower() not in dropped]
