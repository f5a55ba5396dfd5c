"""What all applications under test share: the routes, the record of what ran, the choice by policy.

One server run serves the whole table: a request names its case in a header, and the case's policy
says which application answers it.
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
    "choose_asgi",
    "choose_wsgi",
    "joined",
    "ran",
    "record_asgi",
    "record_wsgi",
]

Policy = CorsPolicy | CorsRoutes
App = TypeVar("App")

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""What every application routes below ``/app/``."""

RAN_PATH: Final = "/-/ran"
"""Where a server tells which cases have reached the application, as a JSON list of names."""

POLICIES: Final[tuple[Policy, ...]] = tuple(
    {id(case.policy): case.policy for case in CASES}.values()
)

CASE_ENVIRON_KEY: Final = f"HTTP_{CASE_HEADER.upper().replace('-', '_')}"
_CASE_KEY: Final = CASE_HEADER.encode()

ran: Final[set[str]] = set()
"""The names of the cases that reached the application in this process."""


def joined(headers: Headers) -> dict[str, str]:
    """Make one line of each name, for frameworks that have no second: Vary's are joined."""
    lines: dict[str, tuple[str, str]] = {}
    for name, value in headers:
        key = name.lower()
        earlier = f"{lines[key][1]}, " if key == "vary" and key in lines else ""
        lines[key] = name, f"{earlier}{value}"
    return dict(lines.values())


def record_asgi(app: ASGIApp) -> ASGIApp:
    """Note which cases reach an ASGI application."""

    async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            ran.add(dict(scope["headers"])[_CASE_KEY].decode())
        await app(scope, receive, send)

    return recorded


def record_wsgi(app: WSGIApplication) -> WSGIApplication:
    """Note which cases reach a WSGI application."""

    def recorded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        ran.add(environ[CASE_ENVIRON_KEY])
        return app(environ, start_response)

    return recorded


def choose_asgi(make: Callable[[Policy], ASGIApp]) -> ASGIApp:
    """Make an application for each policy, and an ASGI callable that chooses by the case."""
    apps = {id(policy): make(policy) for policy in POLICIES}

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _live(list(apps.values()), scope, receive, send)
            return
        if scope["path"] == RAN_PATH:
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": json.dumps(sorted(ran)).encode()})
            return
        case = find_case(dict(scope["headers"])[_CASE_KEY].decode())
        await apps[id(case.policy)](scope, receive, send)

    return choose


async def _live(apps: Sequence[ASGIApp], scope: Scope, receive: Receive, send: Send) -> None:
    """Start and stop every application that knows how to, as a server does with one."""
    await receive()
    lives = [_Life(app, scope) for app in apps]
    for life in lives:
        await life.hear("lifespan.startup")
    await send({"type": "lifespan.startup.complete"})
    await receive()
    for life in lives:
        await life.hear("lifespan.shutdown")
    await send({"type": "lifespan.shutdown.complete"})


class _Life:
    def __init__(self, app: ASGIApp, scope: Scope) -> None:
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self._said: asyncio.Queue[Message] = asyncio.Queue()
        self._task = asyncio.ensure_future(app({**scope}, self._told.get, self._said.put))

    async def hear(self, message: str) -> None:
        await self._told.put({"type": message})
        answer = asyncio.ensure_future(self._said.get())
        # An application that knows no start raises, or returns.
        await asyncio.wait([answer, self._task], return_when=asyncio.FIRST_COMPLETED)
        answer.cancel()
        if self._task.done():
            self._task.exception()


def choose_wsgi(make: Callable[[Policy], WSGIApplication]) -> WSGIApplication:
    """Make an application for each policy, and a WSGI callable that chooses by the case."""
    apps = {id(policy): make(policy) for policy in POLICIES}

    def choose(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == RAN_PATH:
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(sorted(ran)).encode()]
        case = find_case(environ[CASE_ENVIRON_KEY])
        return apps[id(case.policy)](environ, start_response)

    return choose
