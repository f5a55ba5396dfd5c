"""Wrapped applications deliver the same messages as unwrapped ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

import corekit_asgi
import corekit_wsgi
from corekit import CorsPolicy
from tests.conformance.bare import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

APP = "https://app.example.com"
POLICIES = [
    CorsPolicy(allow_origins=[APP], allow_credentials=True, expose_headers=["etag"]),
    CorsPolicy(allow_origins=["*"]),
    CorsPolicy.deny_all(),
]

policies = st.sampled_from(POLICIES)
origins = st.sampled_from([None, APP, "https://untrusted.example", "null", "nonsense"])
methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS"])
statuses = st.sampled_from([200, 201, 204, 206, 301, 302, 304, 400, 401, 404, 405, 500, 503])
chunks = st.lists(st.binary(max_size=40), max_size=6)
names = st.sampled_from(
    ["Content-Type", "X-One", "Vary", "Set-Cookie", "Access-Control-Allow-Origin", "Link", "Age"]
)
values = st.text("abcXYZ019 ,*", max_size=8).map(str.strip)
headers = st.lists(st.tuples(names, values), max_size=6)
# The number of steps before the exception; None: no exception.
failures = st.none() | st.integers(0, 8)


@dataclass(frozen=True)
class Exchange:
    """A request and the head of its response; the application may fail after some steps."""

    policy: CorsPolicy
    origin: str | None
    method: str
    status: int
    lines: list[tuple[str, str]]
    fails_after: int | None


exchanges = st.builds(
    Exchange,
    policy=policies,
    origin=origins,
    method=methods,
    status=statuses,
    lines=headers,
    fails_after=failures,
)


class AppError(Exception):
    """The exception of the application."""


def app_lines(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers that the policy does not control, in order."""
    return [
        (name.lower(), value)
        for name, value in lines
        if name.lower() != "vary" and not name.lower().startswith("access-control-")
    ]


messages = st.lists(
    st.one_of(
        st.binary(max_size=40).map(
            lambda body: {"type": "http.response.body", "body": body, "more_body": True}
        ),
        st.just({"type": "http.response.body", "more_body": True}),
        st.just({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]}),
        st.just({"type": "http.response.early_hint", "links": [b"</x>; rel=preload"]}),
        st.just({"type": "http.response.push", "path": "/x", "headers": []}),
        st.just({"type": "http.response.pathsend", "path": "/x"}),
        st.just({"type": "http.response.zerocopysend", "file": 3, "count": 4}),
        st.just({"type": "http.response.debug", "info": {"template": "x"}}),
    ),
    max_size=6,
)


def run_asgi(app: ASGIApp, scope: Scope) -> tuple[list[Message], bool]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        await app(scope, receive, send)

    try:
        asyncio.run(run())
    except AppError:
        return sent, True
    return sent, False


@given(exchange=exchanges, before=messages, after=messages)
def test_asgi_messages_are_delivered_unchanged(
    exchange: Exchange, before: list[Message], after: list[Message]
) -> None:
    lines = exchange.lines
    raw = [(name.encode(), value.encode()) for name, value in lines]
    start: Message = {"type": "http.response.start", "status": exchange.status, "headers": raw}
    start["trailers"] = True
    script = [*before, start, *after, {"type": "http.response.body", "body": b"end"}]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for step, message in enumerate(script):
            if step == exchange.fails_after:
                raise AppError
            await send(message)

    scope: Scope = {"type": "http", "method": exchange.method, "path": "/", "headers": []}
    if exchange.origin is not None:
        scope["headers"] = [(b"origin", exchange.origin.encode())]

    plain, failed = run_asgi(app, scope)
    wrapped, failed_too = run_asgi(corekit_asgi.CorsMiddleware(app, exchange.policy), scope)

    assert failed is failed_too
    assert len(wrapped) == len(plain)
    for ours, theirs in zip(wrapped, plain, strict=True):
        if theirs is not start:
            assert ours is theirs
            continue
        assert {**ours, "headers": None} == {**theirs, "headers": None}
        received = [(name.decode(), value.decode()) for name, value in ours["headers"]]
        assert app_lines(received) == app_lines(lines)
        assert theirs["headers"] is raw


class Body:
    """The return value of a WSGI application, which may fail and records calls of `close`."""

    def __init__(self, chunks: list[bytes], fails_after: int | None) -> None:
        self._chunks = chunks
        self._fails_after = fails_after
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for step, chunk in enumerate(self._chunks):
            if step == self._fails_after:
                raise AppError
            yield chunk

    def close(self) -> None:
        self.closed += 1


def run_wsgi(app: WSGIApplication, environ: dict[str, Any]) -> tuple[list[Any], bool]:
    """Return what a server would receive, in order, and whether the application failed."""
    seen: list[Any] = []

    def start_response(status: str, lines: list[tuple[str, str]], exc_info: Any = None) -> Any:
        seen.append(("start", status, list(lines), exc_info is not None))
        return lambda chunk: seen.append(("write", chunk))

    try:
        body = app(environ, start_response)
        try:
            seen += [("piece", chunk) for chunk in body]
        finally:
            getattr(body, "close", lambda: None)()
    except AppError:
        return seen, True
    return seen, False


@given(exchange=exchanges, written=chunks, returned=chunks, restarts=st.booleans())
def test_wsgi_output_is_delivered_unchanged(
    exchange: Exchange, written: list[bytes], returned: list[bytes], restarts: bool
) -> None:
    lines = exchange.lines
    bodies: list[Body] = []

    def app(environ: dict[str, Any], start_response: StartResponse) -> Body:
        write = start_response(f"{exchange.status} Words", lines)
        for chunk in written:
            write(chunk)
        if restarts:
            start_response("500 Words", lines, (AppError, AppError(), None))  # type: ignore[arg-type]
        bodies.append(Body(returned, exchange.fails_after))
        return bodies[-1]

    environ: dict[str, Any] = {
        "REQUEST_METHOD": exchange.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
    }
    if exchange.origin is not None:
        environ["HTTP_ORIGIN"] = exchange.origin
    given_lines = list(lines)

    plain, failed = run_wsgi(app, dict(environ))
    wrapped, failed_too = run_wsgi(corekit_wsgi.CorsMiddleware(app, exchange.policy), dict(environ))

    def comparable(seen: list[Any]) -> list[Any]:
        return [(*e[:2], app_lines(e[2]), e[3]) if e[0] == "start" else e for e in seen]

    assert failed is failed_too
    assert comparable(wrapped) == comparable(plain)
    assert [body.closed for body in bodies] == [1, 1]
    assert lines == given_lines


def test_wsgi_return_value_is_passed_through() -> None:
    wrapper = Body([b"file"], None)

    def app(environ: dict[str, Any], start_response: StartResponse) -> Body:
        start_response("200 OK", [])
        return wrapper

    wrapped = corekit_wsgi.CorsMiddleware(app, POLICIES[0])
    environ = {"REQUEST_METHOD": "GET", "HTTP_ORIGIN": APP}

    assert wrapped(environ, lambda *_: lambda chunk: None) is wrapper
