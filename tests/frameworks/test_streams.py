"""What an application sends arrives as it sent it: compared with the application unwrapped."""

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
origins = st.sampled_from([None, APP, "https://stranger.example", "null", "nonsense"])
methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS"])
statuses = st.sampled_from([200, 201, 204, 206, 301, 302, 304, 400, 401, 404, 405, 500, 503])
pieces = st.lists(st.binary(max_size=40), max_size=6)
names = st.sampled_from(
    ["Content-Type", "X-One", "Vary", "Set-Cookie", "Access-Control-Allow-Origin", "Link", "Age"]
)
values = st.text("abcXYZ019 ,*", max_size=8).map(str.strip)
headers = st.lists(st.tuples(names, values), max_size=6)
# 0 to 8: after that many steps; None: never.
faults = st.none() | st.integers(0, 8)


@dataclass(frozen=True)
class Exchange:
    """A request, and the head of its answer; the application fails after `fault` steps."""

    policy: CorsPolicy
    origin: str | None
    method: str
    status: int
    lines: list[tuple[str, str]]
    fault: int | None


exchanges = st.builds(
    Exchange,
    policy=policies,
    origin=origins,
    method=methods,
    status=statuses,
    lines=headers,
    fault=faults,
)


class FaultError(Exception):
    """What the application raises."""


def own(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out what the policy has the say over: the rest has to be there, in its order."""
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
    except FaultError:
        return sent, True
    return sent, False


@given(exchange=exchanges, before=messages, after=messages)
def test_every_message_of_asgi_arrives_in_its_order_and_unchanged(
    exchange: Exchange, before: list[Message], after: list[Message]
) -> None:
    lines = exchange.lines
    raw = [(name.encode(), value.encode()) for name, value in lines]
    start: Message = {"type": "http.response.start", "status": exchange.status, "headers": raw}
    start["trailers"] = True
    script = [*before, start, *after, {"type": "http.response.body", "body": b"end"}]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for step, message in enumerate(script):
            if step == exchange.fault:
                raise FaultError
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
        told = [(name.decode(), value.decode()) for name, value in ours["headers"]]
        assert own(told) == own(lines)
        assert theirs["headers"] is raw


class Body:
    """What a WSGI application returns: its pieces, a fault perhaps, and whether it was closed."""

    def __init__(self, chunks: list[bytes], fault: int | None) -> None:
        self._chunks = chunks
        self._fault = fault
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for step, chunk in enumerate(self._chunks):
            if step == self._fault:
                raise FaultError
            yield chunk

    def close(self) -> None:
        self.closed += 1


def run_wsgi(app: WSGIApplication, environ: dict[str, Any]) -> tuple[list[Any], bool]:
    """Give what a server would see, in its order, and whether the application failed."""
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
    except FaultError:
        return seen, True
    return seen, False


@given(exchange=exchanges, written=pieces, returned=pieces, restarts=st.booleans())
def test_everything_of_wsgi_arrives_in_its_order_and_unchanged(
    exchange: Exchange, written: list[bytes], returned: list[bytes], restarts: bool
) -> None:
    lines = exchange.lines
    bodies: list[Body] = []

    def app(environ: dict[str, Any], start_response: StartResponse) -> Body:
        write = start_response(f"{exchange.status} Words", lines)
        for chunk in written:
            write(chunk)
        if restarts:
            start_response("500 Words", lines, (FaultError, FaultError(), None))  # type: ignore[arg-type]
        bodies.append(Body(returned, exchange.fault))
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
        return [(*e[:2], own(e[2]), e[3]) if e[0] == "start" else e for e in seen]

    assert failed is failed_too
    assert comparable(wrapped) == comparable(plain)
    assert [body.closed for body in bodies] == [1, 1]
    assert lines == given_lines


def test_what_wsgi_returns_is_handed_on_itself_so_that_servers_know_their_file_wrapper() -> None:
    wrapper = Body([b"file"], None)

    def app(environ: dict[str, Any], start_response: StartResponse) -> Body:
        start_response("200 OK", [])
        return wrapper

    covered = corekit_wsgi.CorsMiddleware(app, POLICIES[0])
    environ = {"REQUEST_METHOD": "GET", "HTTP_ORIGIN": APP}

    assert covered(environ, lambda *_: lambda chunk: None) is wrapper
