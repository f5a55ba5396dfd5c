"""Look-ups in the ASGI layer: clients that disconnect, and handshakes of WebSockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit.guard import CrossOriginGuard, GuardEvent
from corekit_asgi import CorsMiddleware
from corekit_lookups import LookupRequest, OriginLookup
from tests.asgi.calling import answering
from tests.asgi.connecting import accept, handshake, is_accepted
from tests.lookups.running import run, settle

LISTED = "https://app.example.com"
SHOP = "https://shop-1.example"
EVIL = "https://evil.example"
UNKNOWN = "https://unknown.example"

policy = CorsPolicy(allow_origins=[LISTED], allow_credentials=True)
routes = CorsRoutes([("/public/", CorsPolicy(allow_origins=["*"])), ("/chat", policy)])

Ask = Callable[[], "asyncio.Task[list[dict[str, Any]]]"]


def ask_of(app: CorsMiddleware, *, is_preflight: bool) -> Ask:
    """Return a function that sends one request in a task, which returns the messages."""
    headers = [(b"origin", SHOP.encode())]
    if is_preflight:
        headers.append((b"access-control-request-method", b"PUT"))
    method = "OPTIONS" if is_preflight else "GET"

    async def send_request() -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def receive() -> Any:
            raise AssertionError("the middleware reads no body")

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": method, "path": "/", "headers": list(headers)}
        await app(scope, receive, send)
        return sent

    return lambda: asyncio.ensure_future(send_request())


@pytest.mark.parametrize("is_preflight", [False, True])
def test_canceled_client_takes_no_response_from_others(is_preflight: bool) -> None:
    calls: list[str] = []

    async def test() -> None:
        released = asyncio.Event()

        async def look_up(origin: str) -> bool:
            calls.append(origin)
            await released.wait()
            return True

        lookup = OriginLookup(look_up, timeout=10)
        ask = ask_of(CorsMiddleware(answering(), policy, lookup=lookup), is_preflight=is_preflight)
        first, second, third = ask(), ask(), ask()
        await settle()
        first.cancel()
        second.cancel()
        await settle()
        assert first.cancelled()
        assert second.cancelled()
        released.set()
        start, _ = await third
        assert (b"access-control-allow-origin", SHOP.encode()) in [
            (name.lower(), value) for name, value in start["headers"]
        ]
        assert lookup.counts["allowed"] == 1
        assert lookup.counts["joined"] == 2

    run(test)
    assert calls == [SHOP]


class Table:
    """A function that allows one origin, and records what it was asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, origin: str) -> bool:
        self.calls.append(origin)
        if origin == UNKNOWN:
            raise OSError
        return origin == SHOP


@pytest.mark.parametrize("policies", [policy, routes])
@pytest.mark.parametrize(
    ("origin", "is_allowed", "reason"),
    [
        (LISTED, True, "LISTED_ORIGIN"),
        (SHOP, True, "LISTED_ORIGIN"),
        (EVIL, False, "WEBSOCKET_ORIGIN"),
        (UNKNOWN, False, "WEBSOCKET_ORIGIN"),
        ("null", False, "WEBSOCKET_ORIGIN"),
        (None, True, "NO_BROWSER"),
    ],
)
def test_handshake_is_judged_after_the_look_up(
    policies: CorsPolicy | CorsRoutes, origin: str | None, is_allowed: bool, reason: str
) -> None:
    table = Table()
    verdicts: list[GuardEvent] = []
    app = CorsMiddleware(
        accept,
        policies,
        guard=CrossOriginGuard(policies),
        on_verdict=verdicts.append,
        lookup=OriginLookup(table, timeout=10),
    )
    headers = [(b"host", b"api.example.org")]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    assert is_accepted(app, handshake(headers, "/chat")) is is_allowed
    assert [event.verdict.reason.name for event in verdicts] == [reason]
    assert table.calls == ([origin] if origin in {SHOP, EVIL, UNKNOWN} else [])


def test_handshake_without_a_policy_is_not_looked_up() -> None:
    table = Table()
    guard = CrossOriginGuard(routes)
    app = CorsMiddleware(accept, routes, guard=guard, lookup=OriginLookup(table, timeout=10))
    headers = [(b"host", b"api.example.org"), (b"origin", SHOP.encode())]
    assert not is_accepted(app, handshake(headers, "/other"))
    assert table.calls == []


def test_handshake_that_the_guard_does_not_judge_is_not_looked_up() -> None:
    table = Table()
    guard = CrossOriginGuard(policy, websockets="ignore")
    app = CorsMiddleware(accept, policy, guard=guard, lookup=OriginLookup(table, timeout=10))
    headers = [(b"host", b"api.example.org"), (b"origin", SHOP.encode())]
    assert is_accepted(app, handshake(headers))
    assert table.calls == []


@pytest.mark.parametrize(("scheme", "expected"), [("ws", "http"), ("wss", "https")])
def test_tenant_of_a_handshake_gets_a_scheme_of_http(scheme: str, expected: str) -> None:
    seen: list[LookupRequest] = []

    def tenant_of(request: LookupRequest) -> str:
        seen.append(request)
        return request.host

    lookup = OriginLookup(lambda origin, tenant: True, tenant=tenant_of, timeout=10)
    app = CorsMiddleware(accept, policy, guard=CrossOriginGuard(policy), lookup=lookup)
    headers = [(b"host", b"api.example.org"), (b"origin", SHOP.encode())]
    assert is_accepted(app, handshake(headers, "/chat", scheme=scheme))
    assert seen == [LookupRequest(expected, "api.example.org", "/chat")]
