"""Live servers on loopback for the commands that call one. Not a test."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


@dataclass
class Live:
    """A running server: its origin, and the requests that it received."""

    origin: str
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.origin}/items"

    def sent(self, name: str) -> set[str | None]:
        """Return the values of one variable of the environ, over all requests."""
        return {request.get(name) for request in self.requests}


class Quiet(WSGIRequestHandler):
    """A handler that does not log into the test's output."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@contextmanager
def serving(app: Any, tls: ssl.SSLContext | None = None) -> Iterator[Live]:
    """Serve a WSGI application for as long as the block lasts; with `tls`, over HTTPS."""
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
