"""The guard in Sanic: judges a request before it is routed, and refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from sanic import Request

from corekit.adapter import (
    CrossOriginGuard,
    Engine,
    GuardedRequest,
    GuardObserver,
    Verdict,
    add_raw_vary,
    is_handshake,
)

from .handlers import find_paths
from .sending import change_when_sent, line_of, send_at_once

_DENIAL: Final = "websocket.http.response"
_POLICY_VIOLATION: Final = 1008


class Gate:
    """A guard in front of an application, and the observer of its verdicts."""

    def __init__(self, guard: CrossOriginGuard, observer: GuardObserver) -> None:
        self.guard = guard
        self._observer = observer

    async def refuses(self, request: Request, engine: Engine | None) -> bool:
        """Judge a request, respond to one that is refused, and return whether it is.

        `engine` is that of the policy for the request, None if no policy covers it.
        """
        # The transport of an ASGI server has the scope.
        scope: Mapping[str, Any] = getattr(request.transport, "scope", {})
        is_opened = scope.get("type") == "websocket"
        is_skipped = request.method in self.guard.skipped_methods
        if is_skipped and not is_opened and "upgrade" not in request.headers:
            return False
        verdict = self._judge(request, engine, is_opened)
        if verdict.status is None:
            vary = verdict.vary
            if vary:
                change_when_sent(request, lambda headers: add_raw_vary(headers, vary))
            return False
        if is_opened:
            await _refuse_handshake(request, verdict, scope)
        else:
            await send_at_once(request, *verdict.response())
        return True

    def _judge(self, request: Request, engine: Engine | None, is_opened: bool) -> Verdict:
        # The scheme of the request itself is that of X-Forwarded-Proto, if there is one.
        is_secure = request.transport.get_extra_info("sslcontext")
        guarded = GuardedRequest(
            guard=self.guard,
            method=request.method,
            paths=find_paths(request),
            engine=engine,
            host=line_of(request, "host"),
            origin=line_of(request, "origin"),
            sec_fetch_site=line_of(request, "sec-fetch-site"),
            sec_fetch_mode=line_of(request, "sec-fetch-mode"),
            sec_fetch_dest=line_of(request, "sec-fetch-dest"),
            cookie=line_of(request, "cookie"),
            authorization=line_of(request, "authorization"),
            scheme="https" if is_secure else None,
            # An ASGI server may have removed Upgrade from a handshake.
            is_websocket=is_opened or is_handshake(request.method, line_of(request, "upgrade")),
        )
        verdict = self.guard.judge_request(guarded)
        self._observer.observe(verdict, guarded, path=unquote(request.path), request=request)
        return verdict


async def _refuse_handshake(request: Request, verdict: Verdict, scope: Mapping[str, Any]) -> None:
    """Refuse a handshake over ASGI, before it is accepted."""
    transport: Any = request.transport
    await transport.receive()
    if _DENIAL in (scope.get("extensions") or {}):
        status, headers, body = verdict.raw_response()
        await transport.send({"type": f"{_DENIAL}.start", "status": status, "headers": headers})
        await transport.send({"type": f"{_DENIAL}.body", "body": body})
    else:
        # Servers respond with a 403: the handshake is not accepted yet.
        await transport.send({"type": "websocket.close", "code": _POLICY_VIOLATION})
