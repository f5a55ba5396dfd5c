"""Shared parts of all applications under test: routes, a record of what ran, dispatch by policy.

One server serves the whole table: a request names its case in a header, and the policy of the case
selects the application.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from corekit import CorsPolicy, CorsRoutes
from tests.conformance.bare import ASGIApp, Message, Receive, Scope, Send
from tests.conformance.case import CASE_HEADER, Headers
from tests.conformance.table import CASES, find_case

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = [
    "CASE_ENVIRON_KEY",
    "METHODS",
    "POLICIES",
    "RAN_PATH",
    "Policy",
    "dispatch_asgi",
    "dispatch_wsgi",
    "join_lines",
    "ran",
    "record_asgi",
    "record_wsgi",
]

Policy = CorsPolicy | CorsRoutes
App = TypeVar("App")

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""The methods that every application routes below ``/app/``."""

RAN_PATH: Final = "/-/ran"
"""The path at which a server lists the cases that reached the application, in JSON."""

POLICIES: Final[tuple[Policy, ...]] = tuple(
    {id(case.policy): case.policy for case in CASES}.values()
)

CASE_ENVIRON_KEY: Final = f"HTTP_{CASE_HEADER.upper().replace('-', '_')}"
_CASE_KEY: Final = CASE_HEADER.encode()

ran: Final[set[str]] = set()
"""The names of the cases that reached the application in this process."""


def join_lines(headers: Headers) -> dict[str, str]:
    """Return one line for each name, for frameworks without repeated headers; join Vary."""
    lines: dict[str, tuple[str, str]] = {}
    for name, value in headers:
        key = name.lower()
        earlier = f"{lines[key][1]}, " if key == "vary" and key in lines else ""
        lines[key] = name, f"{earlier}{value}"
    return dict(lines.values())


def record_asgi(app: ASGIApp) -> ASGIApp:
    """Wrap an ASGI application and record the cases that reach it."""

    async def recording_app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            ran.add(dict(scope["headers"])[_CASE_KEY].decode())
        await app(scope, receive, send)

    return recording_app


def record_wsgi(app: WSGIApplication) -> WSGIApplication:
    """Wrap a WSGI application and record the cases that reach it."""

    def recording_app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        ran.add(environ[CASE_ENVIRON_KEY])
        return app(environ, start_response)

    return recording_app


def dispatch_asgi(make: Callable[[Policy], ASGIApp]) -> ASGIApp:
    """Return an ASGI callable that dispatches to an application for each policy."""
    apps = {id(policy): make(policy) for policy in POLICIES}

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await run_lifespans(list(apps.values()), scope, receive, send)
            return
        if scope["path"] == RAN_PATH:
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": json.dumps(sorted(ran)).encode()})
            return
        case = find_case(dict(scope["headers"])[_CASE_KEY].decode())
        await apps[id(case.policy)](scope, receive, send)

    return dispatch


async def run_lifespans(
    apps: Sequence[ASGIApp], scope: Scope, receive: Receive, send: Send
) -> None:
    """Start and stop every application that supports lifespan events."""
    await receive()
    lifespans = [_Lifespan(app, scope) for app in apps]
    for lifespan in lifespans:
        await lifespan.send_event("lifespan.startup")
    await send({"type": "lifespan.startup.complete"})
    await receive()
    for lifespan in lifespans:
        await lifespan.send_event("lifespan.shutdown")
    await send({"type": "lifespan.shutdown.complete"})


class _Lifespan:
    def __init__(self, app: ASGIApp, scope: Scope) -> None:
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._replies: asyncio.Queue[Message] = asyncio.Queue()
        self._task = asyncio.ensure_future(app({**scope}, self._events.get, self._replies.put))

    async def send_event(self, message: str) -> None:
        await self._events.put({"type": message})
        reply = asyncio.ensure_future(self._replies.get())
        # An application without lifespan support raises or returns.
        await asyncio.wait([reply, self._task], return_when=asyncio.FIRST_COMPLETED)
        reply.cancel()
        if self._task.done():
            self._task.exception()


def dispatch_wsgi(make: Callable[[Policy], WSGIApplication]) -> WSGIApplication:
    """Return a WSGI callable that dispatches to an application for each policy."""
    apps = {id(policy): make(policy) for policy in POLICIES}

    def dispatch(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == RAN_PATH:
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(sorted(ran)).encode()]
        case = find_case(environ[CASE_ENVIRON_KEY])
        return apps[id(case.policy)](environ, start_response)

    return dispatch
