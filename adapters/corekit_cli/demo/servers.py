"""HTTP as the demo speaks it: servers on loopback only, responses in JSON, and a client.

A response is the browser model's `HttpResponse`, so that it can be sent, checked and explained. The
servers are the standard library's, with a thread per request.

Each site is ``http://localhost:PORT`` on both loopback addresses: browsers may try either, and on
only one of them, the page could reach another program. Requests for other hosts are refused, since
any website could point its name at this machine and read what is served (DNS rebinding).
"""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from collections.abc import Iterable
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPConnection
from socket import AF_INET, AF_INET6
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from corekit.browser import HttpRequest, HttpResponse
from corekit.browser.urls import parse_url

Headers = Iterable[tuple[str, str]]

_is_local = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?").fullmatch

_NO_IPV6: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL})


class _Handler(WSGIRequestHandler):
    timeout = 30  # seconds: browsers open connections in advance, and may never use them

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as inherited
        """Log nothing: the terminal shows the results."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    # On Windows this would share a port in use; elsewhere it frees one that was just closed.
    allow_reuse_address = os.name == "posix"

    def __init__(self, family: int, host: str, port: int) -> None:
        self.address_family = family
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind without looking up the name of this machine."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect; report everything else."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Site:
    """A port that is reserved, and after `start` an application that is served on it."""

    def __init__(self, port: int) -> None:
        """Reserve `port`, or any free one if it is 0, on the loopback addresses."""
        self._servers = [_Server(AF_INET, "127.0.0.1", port)]
        self.port = self._servers[0].server_port
        self._threads: list[Thread] = []
        try:
            self._servers.append(_Server(AF_INET6, "::1", self.port))
        except OSError as error:
            if error.errno not in _NO_IPV6:
                self.close()
                raise

    @property
    def origin(self) -> str:
        """The serialized origin of the site."""
        return f"http://localhost:{self.port}"

    def start(self, app: WSGIApplication) -> None:
        """Serve `app` from now on, only to requests for this machine."""

        def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if _is_local(environ.get("HTTP_HOST", "")):
                return app(environ, start_response)
            message, hint = "This site is served on localhost only.", f"Open {self.origin}/."
            return start(start_response, respond_error(421, message, hint))

        for server in self._servers:
            server.set_app(guarded)
            thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Stop serving and release the port."""
        for server, thread in zip(self._servers, self._threads, strict=False):
            server.shutdown()
            thread.join()
        for server in self._servers:
            server.server_close()


def open_site(port: int | None, default: int) -> Site:
    """Reserve `port`, or if it is None `default`, or if that is taken a free port.

    Raise OSError with the port in its message if `port` is taken or not permitted.
    """
    if port is not None:
        try:
            return Site(port)
        except OSError as error:
            raise OSError(error.errno, f"port {port}: {error.strerror}") from error
    for candidate in (default, 0, 0):
        with suppress(OSError):
            return Site(candidate)
    return Site(0)


def respond(status: int, content_type: str, body: bytes, headers: Headers = ()) -> HttpResponse:
    """Build a response that no cache may keep."""
    about = (
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    )
    return HttpResponse(status, (*about, *headers), body)


def respond_json(value: Any, *, status: int = 200, headers: Headers = ()) -> HttpResponse:
    """Build a JSON response."""
    return respond(status, "application/json", json.dumps(value).encode(), headers)


def respond_error(status: int, message: str, hint: str) -> HttpResponse:
    """Build the JSON response that reports an error.

    >>> respond_error(404, "Not found.", "Open /.").body
    b'{"error": {"message": "Not found.", "hint": "Open /."}}'
    """
    return respond_json({"error": {"message": message, "hint": hint}}, status=status)


def start(start_response: StartResponse, response: HttpResponse) -> list[bytes]:
    """Pass a response to a WSGI server."""
    status = f"{response.status} {HTTPStatus(response.status).phrase}"
    start_response(status, list(response.headers))
    return [response.body]


def read_body(environ: WSGIEnvironment, most: int) -> bytes | None:
    """Read the body of a request; return None, unread, if it is longer than `most` bytes."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or len(length) > 9 or int(length) > most:
        return None
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def send(request: HttpRequest) -> HttpResponse:
    """Send a request over HTTP, never through a proxy; raise OSError or HTTPException."""
    url = parse_url(request.url)
    with closing(HTTPConnection(url.authority, timeout=10)) as connection:
        connection.request(request.method, url.target, request.body, dict(request.headers))
        response = connection.getresponse()
        return HttpResponse(response.status, tuple(response.getheaders()), response.read())
