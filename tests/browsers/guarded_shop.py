"""A shop behind the guard, and pages of every origin that read, write and connect to it.

The pages are served by the same process, outside of the guard, so that the shop's own page has its
origin, and so has a page whose name was pointed to the shop after it was loaded (DNS rebinding).
"""

from __future__ import annotations

import json
from pathlib import Path
from queue import Queue
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard
from corekit_asgi import CorsMiddleware

PAGE: Final = Path(__file__).with_name("attack.html").read_bytes()
REFERRER_POLICIES: Final = (
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
)
FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
FETCHES: Final = ("no-cors", "cors", "json", "put", "delete", "beacon")
SECRET: Final = "the secret"
WRITES: Final = frozenset({*FORMS, *FETCHES})


class Page(NamedTuple):
    """A page: whose it is, where it is, and the shop as it calls it."""

    owner: str
    origin: str
    target: str
    referrer_policy: str

    @property
    def name(self) -> str:
        return f"{self.owner} {self.referrer_policy}"

    @property
    def url(self) -> str:
        query = {"page": self.name, "target": self.target, "referrer_policy": self.referrer_policy}
        return f"{self.origin}/page?{urlencode(query)}"


class Visit(NamedTuple):
    """What a page achieved: the ways that changed something, what it read and heard."""

    wrote: frozenset[str]
    read: str | None
    heard: str | None
    connected: bool


class Shop:
    """The shop, as an ASGI application around which the pages are."""

    def __init__(self) -> None:
        self.writes: list[tuple[str, str]] = []
        self.connections: list[str] = []
        self.lines: list[dict[str, Any]] = []
        self.pages: list[Page] = []
        self.reports: Queue[dict[str, Any]] = Queue()
        self.guarded: Any = self.sell

    def protect(self, policy: CorsPolicy, guard: CrossOriginGuard) -> None:
        """Put the shop behind a policy and a guard."""
        self.guarded = CorsMiddleware(self.sell, policy, guard=guard)

    def visit_of(self, report: dict[str, Any]) -> Visit:
        """Return what the page of a report achieved."""
        name = report["page"]
        wrote = frozenset(way for by, way in self.writes if by == name)
        # A page may read the refusal of a server that is called by the page's own name.
        read = report["read"] if report["read"] == SECRET else None
        return Visit(wrote, read, report["heard"], name in self.connections)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/page":
            await self._send_page(scope, send)
        elif scope["type"] == "http" and scope["path"] == "/report":
            await self._take_report(receive, send)
        else:
            if scope["type"] == "http":
                headers = {name.decode(): value.decode() for name, value in scope["headers"]}
                self.lines.append({"method": scope["method"], **headers})
            await self.guarded(scope, receive, send)

    async def sell(self, scope: Any, receive: Any, send: Any) -> None:
        """Take an order, and open the live feed."""
        query = dict(parse_qsl(scope["query_string"].decode()))
        if scope["type"] == "websocket":
            await receive()
            self.connections.append(query["by"])
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": SECRET})
            await send({"type": "websocket.close"})
            return
        while (await receive()).get("more_body"):
            pass
        if scope["method"] in ("POST", "PUT", "DELETE"):
            self.writes.append((query["by"], query["way"]))
        await respond(send, SECRET.encode(), ("content-type", "text/plain"))

    async def _send_page(self, scope: Any, send: Any) -> None:
        query = dict(parse_qsl(scope["query_string"].decode()))
        html = ("content-type", "text/html; charset=utf-8")
        await respond(send, PAGE, html, ("referrer-policy", query["referrer_policy"]))

    async def _take_report(self, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        report = json.loads(body)
        names = [page.name for page in self.pages]
        following = self.pages[names.index(report["page"]) + 1 :]
        await respond(send, following[0].url.encode() if following else b"")
        self.reports.put(report)


async def respond(send: Any, body: bytes, *headers: tuple[str, str]) -> None:
    """Send a response that is not stored."""
    lines = [*headers, ("cache-control", "no-store"), ("content-length", str(len(body)))]
    raw = [(name.encode(), value.encode()) for name, value in lines]
    await send({"type": "http.response.start", "status": 200, "headers": raw})
    await send({"type": "http.response.body", "body": body})
