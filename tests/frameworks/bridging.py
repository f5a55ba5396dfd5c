"""Bridges between interfaces: they pass the headers and the context on, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from aiohttp import web
from sanic import HTTPResponse, Request
from werkzeug.test import EnvironBuilder, run_wsgi_app


class Received(NamedTuple):
    """The response of an application behind a bridge."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


async def call_asgi(app: Any, path: str, headers: list[tuple[bytes, bytes]]) -> Received:
    """Send a request to an ASGI application."""
    messages: list[Any] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "https",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "server": ("api.example.com", 443),
        "client": ("192.0.2.1", 1234),
    }

    asked = False

    async def receive() -> Any:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    try:
        await app(scope, receive, send)
    except Exception:
        # A framework raises again what it has responded to.
        if not messages:
            raise
    start, *parts = messages
    lines = [(name.decode(), value.decode()) for name, value in start["headers"]]
    return Received(start["status"], lines, b"".join(part.get("body", b"") for part in parts))


def in_wsgi(app: Any) -> Any:
    """Return a WSGI application that sends its requests to an ASGI application."""

    def bridge(environ: Any, start_response: Any) -> Any:
        headers = [
            (name[5:].lower().replace("_", "-").encode(), value.encode("latin-1"))
            for name, value in environ.items()
            if name.startswith("HTTP_")
        ]
        received = asyncio.run(call_asgi(app, environ["PATH_INFO"], headers))
        start_response(f"{received.status} Status", received.headers)
        return [received.body]

    return bridge


def asgi_in_aiohttp(app: Any) -> Any:
    """Return a handler of aiohttp that sends its requests to an ASGI application."""

    async def bridge(request: web.Request) -> web.Response:
        received = await call_asgi(app, request.path, [*request.raw_headers])
        return web.Response(status=received.status, body=received.body)

    return bridge


def wsgi_in_aiohttp(app: Any) -> Any:
    """Return a handler of aiohttp that sends its requests to a WSGI application in a thread."""

    async def bridge(request: web.Request) -> web.Response:
        environ = EnvironBuilder(request.path, headers=[*request.headers.items()]).get_environ()
        body, status, _ = await asyncio.to_thread(run_wsgi_app, app, environ, buffered=True)
        return web.Response(status=int(status.split()[0]), body=b"".join(body))

    return bridge


def asgi_in_sanic(app: Any) -> Any:
    """Return a handler of Sanic that sends its requests to an ASGI application."""

    async def bridge(request: Request, path: str) -> HTTPResponse:
        headers = [
            (name.encode(), value.encode("utf-8", "surrogateescape"))
            for name, value in request.headers.items()
        ]
        received = await call_asgi(app, request.path, headers)
        return HTTPResponse(received.body, received.status)

    return bridge
