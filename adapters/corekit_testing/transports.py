"""Transports: they carry a request to a WSGI or ASGI application, or to a server at a URL.

Each takes an `HttpRequest` and returns an `HttpResponse`, with headers in their original order and
spelling. None follows redirects or keeps cookies. `asgi` and `urls` have the other two.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from inspect import iscoroutinefunction
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Protocol, cast
from urllib.parse import unquote_to_bytes, urlsplit

from corekit.browser import HttpRequest, HttpResponse

from .asgi import ASGIApp, AsgiTransport
from .urls import UrlTransport

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication

_SERVER_ERROR: Final = HttpResponse(
    500, (("Content-Type", "text/plain"),), b"Internal Server Error"
)


class Transport(Protocol):
    """What a `Browser` sends requests with."""

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request."""
        ...

    async def send_async(self, request: HttpRequest) -> HttpResponse:
        """Send one request from within an event loop."""
        ...

    def close(self) -> None:
        """Release what was opened."""
        ...


def make_transport(app: object, *, raise_exceptions: bool) -> Transport:
    """Return the transport for an application or a URL; raise TypeError for anything else."""
    if isinstance(app, str):
        return UrlTransport()
    if not callable(app):
        raise TypeError(
            f"{type(app).__name__} is neither an ASGI nor a WSGI application. Pass one of those,"
            " or the URL of a server."
        )
    if _is_asgi(app):
        return AsgiTransport(cast("ASGIApp", app), raise_exceptions=raise_exceptions)
    return WsgiTransport(cast("WSGIApplication", app), raise_exceptions=raise_exceptions)


def _is_asgi(app: object) -> bool:
    while isinstance(app, partial):
        app = app.func
    return iscoroutinefunction(app) or iscoroutinefunction(type(app).__call__)


class WsgiTransport:
    """Calls a WSGI application as a server would: https://peps.python.org/pep-3333/

    An exception of the application propagates, or becomes the bare 500 that a server sends.
    """

    def __init__(self, app: WSGIApplication, *, raise_exceptions: bool) -> None:
        self._app = app
        self._raise_exceptions = raise_exceptions

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request."""
        started: list[tuple[str, list[tuple[str, str]]]] = []
        body = BytesIO()

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            if started and exc_info is None:
                raise AssertionError("start_response was called twice without exc_info")
            started[:] = [(status, list(headers))]
            return body.write

        try:
            chunks = self._app(_environ(request), start_response)
            try:
                for chunk in chunks:
                    body.write(chunk)
            finally:
                close = getattr(chunks, "close", None)
                if close is not None:
                    close()
        except Exception:
            if self._raise_exceptions:
                raise
            return _SERVER_ERROR
        status, headers = started[0]
        return HttpResponse(int(status[:3]), tuple(headers), body.getvalue())

    async def send_async(self, request: HttpRequest) -> HttpResponse:
        """Send one request; the application blocks the event loop."""
        return self.send(request)

    def close(self) -> None:
        """Do nothing, since nothing was opened."""


def _environ(request: HttpRequest) -> dict[str, Any]:
    url = urlsplit(request.url)
    body = request.body or b""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if request.body is not None or request.method in ("POST", "PUT"):
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        if key != "CONTENT_TYPE":
            key = f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ
