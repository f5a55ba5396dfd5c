"""Transports: they carry a request to an ASGI or WSGI application, or to a server at a URL.

Each takes an `HttpRequest` and returns an `HttpResponse`, with headers in their original order and
spelling. None follows redirects or keeps cookies. An exception of an application propagates, or
becomes the bare 500 that a server sends.
"""

from __future__ import annotations

import asyncio
import atexit
import sys
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from inspect import iscoroutinefunction
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import SplitResult, unquote, unquote_to_bytes, urlsplit

from corekit.browser import HttpRequest, HttpResponse
from corekit.browser.messages import Headers

from .network import MAX_BODY, TIMEOUT, UrlTransport, decode_headers, encode_headers

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_VERSIONS: Final = {"version": "3.0", "spec_version": "2.4"}
_SERVER_ERROR: Final = HttpResponse(
    500, (("Content-Type", "text/plain"),), b"Internal Server Error"
)
_LINES: Final = "corekit.lines"


class AsgiTransport:
    """Calls an ASGI application: https://asgi.readthedocs.io/en/latest/specs/www.html

    `send` creates an event loop on demand, which is closed with the transport. The lifespan starts
    before its first request, if the application supports it, and ends with the loop. If nobody
    closes the transport, the next one cancels the lifespan, or the end of the process.
    """

    def __init__(self, app: ASGIApp, *, raise_exceptions: bool) -> None:
        self._app = app
        self._raise_exceptions = raise_exceptions
        self._runner: asyncio.Runner | None = None
        self._lifespan = AsyncExitStack()
        self._state: dict[str, Any] = {}

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request; raises RuntimeError if an event loop is running already."""
        if _is_loop_running():
            raise RuntimeError("An event loop is running. Use: await browser.fetch_async(...)")
        if self._runner is None:
            _cancel_abandoned()
            self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
            loop = self._runner.get_loop()
            _opened[self._runner] = weakref.ref(self), self._lifespan
            lifespan = self._lifespan.enter_async_context(_run_lifespan(self._app))
            self._state = loop.run_until_complete(lifespan)
        loop = self._runner.get_loop()
        return loop.run_until_complete(self.send_async(request, self._state))

    async def send_async(
        self, request: HttpRequest, state: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        """Send one request from within an event loop."""
        incoming: list[Message] = [
            {"type": "http.request", "body": request.body or b"", "more_body": False}
        ]
        start: Message = {"status": 0}
        body = bytearray()
        complete = asyncio.Event()

        async def receive() -> Message:
            if incoming:
                return incoming.pop()
            await complete.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    complete.set()

        try:
            await self._app(_scope(request, state or {}), receive, send)
        except Exception:
            if self._raise_exceptions:
                raise
            # What an error layer sent before it raised the exception again has left the server.
            if not complete.is_set():
                return _SERVER_ERROR
        return HttpResponse(
            start["status"], decode_headers(start.get("headers") or ()), bytes(body)
        )

    def close(self) -> None:
        """End the lifespan and the event loop."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            del _opened[runner]
            with runner:
                runner.get_loop().run_until_complete(self._lifespan.aclose())


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


# The loops that are not closed, with the transport and the lifespan of each. Loops refer to tasks
# weakly, so the lifespan is kept here. Nothing runs during garbage collection, which can happen
# anywhere, such as within another loop or in the compiler.
_opened: Final[dict[asyncio.Runner, tuple[weakref.ref[AsgiTransport], AsyncExitStack]]] = {}


def _cancel_abandoned(*, is_exit: bool = False) -> None:
    """Close the loops whose transports are gone; when the process exits, all of them."""
    for runner, (transport, _) in tuple(_opened.items()):
        if is_exit or transport() is None:
            del _opened[runner]
            with suppress(Exception):
                runner.close()


atexit.register(_cancel_abandoned, is_exit=True)


@asynccontextmanager
async def _run_lifespan(app: ASGIApp) -> AsyncIterator[dict[str, Any]]:
    """Start an application and shut it down: https://asgi.readthedocs.io/en/latest/specs/lifespan.html

    An application that raises on this scope, or returns, does not support it; servers agree.
    """
    scope: dict[str, Any] = {"type": "lifespan", "asgi": _VERSIONS, "state": {}}
    events: asyncio.Queue[Message] = asyncio.Queue()
    replies: asyncio.Queue[Message] = asyncio.Queue()

    async def run() -> None:
        with suppress(Exception):
            await app(scope, events.get, replies.put)
        for _ in ("startup", "shutdown"):
            await replies.put({"type": "lifespan.unsupported"})

    async def notify(event: str) -> None:
        await events.put({"type": f"lifespan.{event}"})
        reply = await replies.get()
        if reply["type"] == f"lifespan.{event}.failed":
            raise RuntimeError(f"The {event} of the application failed: {reply.get('message', '')}")

    task = asyncio.create_task(run())
    await notify("startup")
    yield scope["state"]
    await notify("shutdown")
    await task


def _scope(request: HttpRequest, state: Mapping[str, Any]) -> dict[str, Any]:
    url = urlsplit(request.url)
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
        "headers": [
            (name.lower(), value) for name, value in encode_headers(_add_headers(request, url))
        ],
        "client": ("127.0.0.1", 50000),
        "server": (url.hostname, _port(url)),
        "state": dict(state),
    }


class WsgiTransport:
    """Calls a WSGI application as a server would: https://peps.python.org/pep-3333/"""

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
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(_port(url)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(request.body or b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    lines: dict[str, list[str]] = {}
    for name, value in _add_headers(request, url):
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        lines.setdefault(key, []).append(value)
    return environ | {key: ",".join(values) for key, values in lines.items()}


Transport = AsgiTransport | WsgiTransport | UrlTransport


def make_transport(
    app: object,
    *,
    raise_exceptions: bool,
    timeout: float = TIMEOUT,
    max_body: int = MAX_BODY,
) -> Transport:
    """Return the transport for an application or a URL; raise TypeError for anything else.

    `timeout` and `max_body` apply to a URL.
    """
    if isinstance(app, str):
        return UrlTransport(timeout=timeout, max_body=max_body)
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


def _add_headers(request: HttpRequest, url: SplitResult) -> Headers:
    """Return the headers of a request with those that the network layer of a browser adds."""
    headers = (("Host", url.netloc), *request.headers)
    if request.body is not None or request.method in ("POST", "PUT"):
        headers += (("Content-Length", str(len(request.body or b""))),)
    return headers


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)
