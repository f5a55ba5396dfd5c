"""The lab: a page in a real browser that makes fetches, and servers that respond and record them.

The page at ``app.localhost`` requests batches of sessions. Every other host responds as the session
with the first path segment defines. One `Wire` serves all hosts.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Final

from corekit.browser import Exchange, Fetch, HttpRequest, HttpResponse
from corekit.browser.urls import parse_url
from tests.browsers.wire import Wire, finish, serve

RUNNER: Final = Path(__file__).with_name("runner.html").read_bytes()
TIMEOUT: Final = 60.0


@dataclass
class Session:
    """Fetches of one page, one after the other, and the server's responses.

    `answer` returns the response to a request; the path of each URL begins with `id`.
    """

    id: str
    page: str
    fetches: list[Fetch]
    answer: Callable[[HttpRequest], HttpResponse]
    note: object = None
    cache: str = "default"
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    log: list[Exchange] = field(default_factory=list)

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Return the complete response, as the server sends it."""
        return finish(self.answer(request))

    def describe(self) -> dict[str, Any]:
        fetches = [
            {
                "url": fetch.url,
                "method": fetch.method,
                "headers": fetch.headers,
                "body": None if fetch.body is None else fetch.body.decode(),
                "body_type": fetch.body_type,
                "mode": fetch.mode,
                "credentials": fetch.credentials,
                "redirect": fetch.redirect,
                "upload_listener": fetch.upload_listener,
                "target_address_space": fetch.target_address_space,
                "cache": self.cache,
            }
            for fetch in self.fetches
        ]
        return {"id": self.id, "page": self.page, "fetches": fetches}


class Lab:
    """The server side of the lab; created by `open_lab`."""

    def __init__(self, page_host: str) -> None:
        self.page_host = page_host
        self.sessions: dict[str, Session] = {}
        self.wire: Wire
        self._batches: asyncio.Queue[list[Session]] = asyncio.Queue()
        self._done: Queue[list[dict[str, Any]]] = Queue()

    @property
    def scheme(self) -> str:
        return self.wire._scheme

    def origin(self, host: str) -> str:
        """Return the origin of a host of the lab."""
        return f"{self.scheme}://{host}:{self.wire.port}"

    @property
    def page(self) -> str:
        """The origin of the page that makes the fetches."""
        return self.origin(self.page_host)

    def run(self, sessions: Sequence[Session], batch: int = 400) -> None:
        """Let the page make the fetches, and store outcomes and logs in the sessions."""
        for at in range(0, len(sessions), batch):
            part = list(sessions[at : at + batch])
            self.sessions = {session.id: session for session in part}
            self.wire.call(lambda part=part: self._batches.put_nowait(part))  # type: ignore[misc]
            try:
                done = self._done.get(timeout=TIMEOUT)
            except Empty:
                raise TimeoutError("the browser did not make its fetches in time") from None
            for each in done:
                self.sessions[each["id"]].outcomes = each["outcomes"]

    async def respond(self, request: HttpRequest) -> HttpResponse:
        url = parse_url(request.url)
        path = url.target.partition("?")[0]
        if url.origin == self.page and path == "/":
            html = ("Content-Type", "text/html; charset=utf-8")
            return finish(HttpResponse(200, (html,), RUNNER))
        if url.origin == self.page and path == "/batch":
            return await self._exchange_batch(request)
        session = self.sessions.get(path.split("/")[1])
        if session is None:
            return finish(HttpResponse(404))
        response = session.respond(request)
        session.log.append(Exchange(request, response))
        return response

    async def _exchange_batch(self, request: HttpRequest) -> HttpResponse:
        done = json.loads(request.body or b"[]")
        if done:
            self._done.put(done)
        sessions = await self._batches.get()
        body = json.dumps([session.describe() for session in sessions]).encode()
        return finish(HttpResponse(200, (("Cache-Control", "no-store"),), body))


@contextmanager
def open_lab(
    context: ssl.SSLContext | None = None, page_host: str = "app.localhost"
) -> Iterator[Lab]:
    """Serve the page and the API during the block, without a browser."""
    lab = Lab(page_host)
    with serve(lab.respond, context) as wire:
        lab.wire = wire
        yield lab
