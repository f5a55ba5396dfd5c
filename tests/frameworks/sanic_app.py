"""The application under test in Sanic, and Sanic's own server with one port for each policy."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from collections.abc import Callable, Sequence
from http.client import HTTPResponse as ClientResponse
from itertools import count
from typing import Any

from sanic import HTTPResponse, Request, Sanic
from sanic.compat import Header
from sanic.server import HttpProtocol

import corekit_sanic
from corekit import CorsPolicy
from corekit.browser import HttpRequest, HttpResponse
from corekit.events import OnDecision
from tests.conformance.case import CASE_HEADER
from tests.conformance.table import response_of
from tests.frameworks.dispatch import METHODS, POLICIES, RAN_PATH, Policy, ran
from tests.properties.application import Application, Send, shared_loop

__all__ = ["App", "make", "make_app", "send_to", "serve", "through_sanic"]

App = Sanic[Any, Any]

_numbers = count()


def make_app(**options: Any) -> App:
    """Return an application with a name that no other one has, as Sanic requires."""
    app: App = Sanic(f"application-{next(_numbers)}", configure_logging=False, **options)
    # Otherwise Sanic compiles its own methods, without the signals that this application lacks.
    app.config.TOUCHUP = False
    app.config.ACCESS_LOG = False
    return app


async def respond(request: Request, path: str = "") -> HTTPResponse | None:
    case = response_of(request.headers[CASE_HEADER])
    if case.streamed:
        stream = await request.respond(status=case.status, headers=Header(case.headers))
        assert stream is not None
        for chunk in case.chunks:
            await stream.send(chunk)
        await stream.eof()
        return None
    return HTTPResponse(b"".join(case.chunks), case.status, Header(case.headers), "text/plain")


async def list_cases(request: Request) -> HTTPResponse:
    return HTTPResponse(json.dumps(sorted(ran)))


async def record(request: Request) -> None:
    ran.add(request.headers.get(CASE_HEADER, ""))


def make(policy: Policy, install: Callable[[App, Policy], object] = corekit_sanic.install) -> App:
    app = make_app()
    app.register_middleware(record, "request")
    app.add_route(respond, "/app/<path:path>", methods=METHODS, unquote=True)
    app.add_route(respond, "/get-only", methods=["GET"], name="get_only")
    app.add_route(list_cases, RAN_PATH)
    install(app, policy)
    return app


def serve(ports: Sequence[int]) -> None:
    """Serve an application for each policy, until the process ends."""
    asyncio.run(_serve(ports))


async def _serve(ports: Sequence[int]) -> None:
    apps = [make(policy) for policy in POLICIES]
    # As by default. Its methods can be compiled only once in a process.
    apps[0].config.TOUCHUP = True
    servers = []
    for app, port in zip(apps, ports, strict=True):
        server: Any = await app.create_server("127.0.0.1", port)
        await server.startup()
        await server.start_serving()
        servers.append(server)
    await asyncio.Event().wait()


def through_sanic(
    policy: CorsPolicy, application: Application, on_decision: OnDecision | None = None
) -> Send:
    """Wrap a small application in a policy; return what sends a request to it over a socket."""
    app = make_app()

    async def answer(request: Request) -> HTTPResponse:
        application.reached.append(request.method)
        return HTTPResponse(b"secret", application.status, Header(application.headers))

    app.register_middleware(answer, "request")
    app.add_route(answer, "/")
    corekit_sanic.install(app, policy, on_decision=on_decision)
    return send_to(app)


def send_to(app: App) -> Send:
    """Start an application; return what sends a request to it over a socket."""
    loop = shared_loop()
    loop.run_until_complete(app._startup())  # type: ignore[no-untyped-call]
    Sanic.unregister_app(app)
    return lambda request: loop.run_until_complete(_send(app, request))


async def _send(app: App, request: HttpRequest) -> HttpResponse:
    loop = asyncio.get_running_loop()
    client, server = socket.socketpair()
    await loop.connect_accepted_socket(lambda: HttpProtocol(loop=loop, app=app), server)
    reader, writer = await asyncio.open_connection(sock=client)
    host, _, target = request.url.partition("://")[2].partition("/")
    fields = [*request.headers, ("Host", host), ("Connection", "close")]
    lines = [f"{request.method} /{target} HTTP/1.1", *(f"{n}: {v}" for n, v in fields), "", ""]
    writer.write("\r\n".join(lines).encode("latin-1"))
    raw = await reader.read()
    writer.close()
    await writer.wait_closed()
    response = ClientResponse(_Received(raw), method=request.method)  # type: ignore[arg-type]
    response.begin()
    return HttpResponse(response.status, tuple(response.getheaders()), response.read())


class _Received:
    """What a client reads a response from, instead of a socket."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)
