"""Bare ASGI and WSGI callables that return the response of each case, without framework or server.

Both have the routes of the table and an error layer like that of a framework. `call_asgi` and
`call_wsgi` send one request to a callable in this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from tests.conformance.case import CASE_HEADER, GET_ONLY_PATH, Case, Headers, Response
from tests.conformance.table import Observed, request_headers, response_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["ASGIApp", "bare_asgi", "bare_wsgi", "call_asgi", "call_wsgi", "respond"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_CASE_KEY: Final = CASE_HEADER.encode()
_ENVIRON_KEY: Final = f"HTTP_{CASE_HEADER.upper().replace('-', '_')}"


def respond(method: str, path: str, name: str) -> Response:
    """Route a request like every application under test, and return the response of its case."""
    if path == GET_ONLY_PATH and method not in ("GET", "HEAD"):
        return Response(405, (("Allow", "GET"),))
    if path != GET_ONLY_PATH and not path.startswith("/app/"):
        return Response(404)
    try:
        return response_of(name)
    except RuntimeError:
        return Response(500, (), (b"Internal Server Error",))


async def bare_asgi(scope: Scope, receive: Receive, send: Send) -> None:
    """Send the response of the case, as an ASGI 3 callable."""
    if scope["type"] != "http":
        raise RuntimeError(f"{scope['type']} is not supported")
    name = dict(scope["headers"])[_CASE_KEY].decode()
    response = respond(scope["method"], scope["path"], name)
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.headers]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if scope["method"] != "HEAD":
        for chunk in response.chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def bare_wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Return the response of the case, as a WSGI callable."""
    response = respond(
        environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""), environ[_ENVIRON_KEY]
    )
    status = f"{response.status} {HTTPStatus(response.status).phrase}"
    start_response(status, list(response.headers))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else iter(response.chunks)


def call_asgi(case: Case, app: ASGIApp, ran: Callable[[], bool]) -> Observed:
    """Send the request of a case to an ASGI callable, as a server does."""
    sent: list[Message] = []
    path, _, query = case.request.path.partition("?")
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": case.request.method,
        "scheme": "http",
        "path": unquote_to_bytes(path).decode(),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (name.lower().encode(), value.encode("latin-1"))
            for name, value in (("host", "api.example.com"), *request_headers(case))
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        try:
            await app(scope, receive, send)
        except RuntimeError:
            # An error layer responds first, then raises again for the server's log.
            if not sent or not case.response.raises:
                raise

    asyncio.run(run())
    start, *bodies = sent
    headers: Headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]
    )
    return Observed(start["status"], headers, b"".join(m.get("body", b"") for m in bodies), ran())


def call_wsgi(case: Case, app: WSGIApplication, ran: Callable[[], bool]) -> Observed:
    """Send the request of a case to a WSGI callable, as a server does."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    path, _, query = case.request.path.partition("?")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": case.request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "api.example.com",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request_headers(case):
        key = f"HTTP_{name.upper().replace('-', '_')}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda _: None

    result = app(environ, start_response)
    try:
        body = b"".join(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    status, headers = started[-1]
    return Observed(int(status[:3]), tuple(headers), body, ran())
