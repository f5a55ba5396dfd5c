"""The guard in ASGI: requests and handshakes are judged before the application sees them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Final

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import (
    CrossOriginGuard,
    Engine,
    GuardedRequest,
    GuardObserver,
    OnVerdict,
    Policies,
    Verdict,
    add_raw_vary,
    check_guard,
    guard_observer,
    read_policy,
    share_reads,
    shared_reads,
)
from corekit.guard import SAFE_METHODS

from .headers import RawHeaders, as_bytes, with_headers
from .layers import ASGIApp, FailedStart, Message, Receive, Scope, Send, is_created_at_start
from .paths import PathReader

LOGGER: Final = logging.getLogger("corekit.asgi")

_FIELDS: Final = {
    name.encode(): name.replace("-", "_")
    for name in (
        "host",
        "origin",
        "sec-fetch-site",
        "sec-fetch-mode",
        "sec-fetch-dest",
        "cookie",
        "authorization",
    )
}
_ORIGIN: Final = b"origin"
_SITE: Final = b"sec-fetch-site"
_DENIAL: Final = "websocket.http.response"
_POLICY_VIOLATION: Final = 1008


class Gate:
    """A guard in front of an application: it judges requests and responds to those it refuses.

    `paths` is how the application reads the path of a request.
    """

    def __init__(self, guard: CrossOriginGuard, observer: GuardObserver, paths: PathReader) -> None:
        self.guard = guard
        self.skipped_methods = guard.skipped_methods
        self.judges_handshakes = guard.websockets != "ignore"
        self._observer = observer
        # A function that is called with every verdict is also called with the most common ones.
        self._hurries = observer.on_verdict is None
        self._paths = paths

    @property
    def own_origins(self) -> tuple[str, ...]:
        """The origins of the server, for an `Observer`."""
        return self.guard.own_origins

    def pass_on(
        self, app: ASGIApp, engine: Engine | None, scope: Scope, receive: Receive, send: Send
    ) -> Awaitable[None]:
        """Call an application with a request or a handshake, unless it is refused.

        The headers in the scope are a list. `engine` is that of the policy for the path, if any.
        """
        if scope["type"] == "http":
            method = scope["method"]
            if method in self.skipped_methods:
                return app(scope, receive, send)
            if self._hurries and method not in SAFE_METHODS:
                common = self._judge_common(engine, scope["headers"])
                if common is not None:
                    return app(scope, receive, send)
        verdict = self._judge(engine, scope)
        if verdict.status is not None:
            return _refuse(verdict, scope, receive, send)
        if verdict.vary:
            send = _with_vary(send, verdict.vary)
        return app(scope, receive, send)

    def _judge(self, engine: Engine | None, scope: Scope) -> Verdict:
        is_websocket = scope["type"] == "websocket"
        method = "GET" if is_websocket else scope["method"]
        fields = _read_fields(scope["headers"])
        request = GuardedRequest(
            guard=self.guard,
            method=method,
            paths=self._paths.readings(scope) if self.guard.exempt else (scope["path"],),
            engine=engine,
            scheme=scope.get("scheme"),
            is_websocket=is_websocket,
            **fields,
        )
        verdict = self.guard.judge_request(request)
        self._observer.observe(verdict, request, path=scope["path"], request=scope)
        return verdict

    def _judge_common(self, engine: Engine | None, headers: RawHeaders) -> Verdict | None:
        """Return the verdict on a write that passes, or None if all headers have to be read.

        It costs less than the CORS layer, which `benchmarks.guard` checks.
        """
        origin: str | None = None
        site: str | None = None
        try:
            for name, value in headers:
                # Few names are as long as these two. The lengths are literals, which are faster.
                length = len(name)
                if length == 6:
                    if name == _ORIGIN and origin is None:
                        origin = str(value, "latin-1")
                    elif type(name) is not bytes or name.lower() == _ORIGIN:
                        return None
                elif length == 14:
                    if name == _SITE and site is None:
                        site = str(value, "latin-1")
                    elif type(name) is not bytes or name.lower() == _SITE:
                        return None
        except (TypeError, ValueError):
            return None
        return self.guard.judge_common_write(engine, origin, site)


def make_gate(
    app: ASGIApp,
    policy: Policies | None,
    guard: CrossOriginGuard | None,
    on_verdict: OnVerdict | None,
    *,
    adapter: str = "asgi",
    logger: logging.Logger = LOGGER,
    strips_root_path: bool | None = None,
) -> Gate | None:
    """Return the gate in front of `app`, or None without a guard; check the arguments."""
    observer = guard_observer(adapter, logger, guard, policy, on_verdict)
    if guard is None or observer is None:
        return None
    return Gate(guard, observer, PathReader.of(app, strips_root_path))


class GuardMiddleware:
    """Puts a guard in front of an ASGI application whose CORS headers are written elsewhere.

    Requests that the guard refuses do not reach `app`; handshakes of WebSockets are refused before
    they are accepted. Use ``CorsMiddleware(app, policy, guard=guard)`` if corekit also writes the
    headers: then pages that may read a refusal can read it.

    `on_verdict` is a plain function that is called with a `corekit.guard.GuardEvent` for each
    request that is judged. Refusals are logged by "corekit.asgi": the first of each origin and
    reason at WARNING, others at INFO. The policy is that of the path: policies of handlers do not
    apply. `strips_root_path` is as in `CorsMiddleware`.

    Raise TypeError if `guard` is not a guard or `on_verdict` not a plain function.

    >>> from corekit.guard import CrossOriginGuard
    >>> async def hello(scope, receive, send):
    ...     await send({"type": "http.response.start", "status": 200, "headers": []})
    ...     await send({"type": "http.response.body", "body": b"hello"})
    >>> app = GuardMiddleware(hello, CrossOriginGuard.local())
    """

    def __init__(
        self,
        app: ASGIApp,
        guard: CrossOriginGuard,
        *,
        on_verdict: OnVerdict | None = None,
        strips_root_path: bool | None = None,
    ) -> None:
        try:
            check_guard(guard)
            observer = GuardObserver("asgi", LOGGER, on_verdict=on_verdict)
        except TypeError as error:
            if not is_created_at_start(app):
                raise
            app, guard = FailedStart(error), CrossOriginGuard(CorsPolicy.deny_all())
            observer = GuardObserver("asgi", LOGGER)
        self.app = app
        self._guard = guard
        share_reads(guard.policy)
        self._paths = PathReader.of(app, strips_root_path)
        self._gate = Gate(guard, observer, self._paths)

    @property
    def guard(self) -> CrossOriginGuard:
        """The guard, which cannot be replaced."""
        return self._guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request or a handshake, as an ASGI 3 application."""
        kind, gate = scope["type"], self._gate
        if kind == "websocket" or (kind == "http" and scope["method"] not in gate.skipped_methods):
            scope = with_headers(scope)
            policy = self._paths.find_policy(self._read(scope), scope)
            engine = None if policy is None else policy.engine
            await gate.pass_on(self.app, engine, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _read(self, scope: Scope) -> CorsPolicy | CorsRoutes:
        policy = self._guard.policy
        return read_policy(policy, shared_reads(scope, policy))


def _read_fields(headers: RawHeaders) -> dict[str, str]:
    lines: dict[str, list[bytes]] = {}
    for name, value in headers:
        if type(name) is not bytes or type(value) is not bytes:
            return _read_fields(as_bytes(headers))
        field = _FIELDS.get(name.lower())
        if field is not None:
            lines.setdefault(field, []).append(value)
    return {field: b", ".join(values).decode("latin-1") for field, values in lines.items()}


def _with_vary(send: Send, names: tuple[str, ...]) -> Send:
    async def send_with_vary(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = add_raw_vary(message.get("headers", ()), names)
            message = {**message, "headers": headers}
        await send(message)

    return send_with_vary


async def _refuse(verdict: Verdict, scope: Scope, receive: Receive, send: Send) -> None:
    kind = "http.response"
    if scope["type"] == "websocket":
        await receive()
        if _DENIAL not in (scope.get("extensions") or {}):
            # Servers respond with a 403, since the handshake is not accepted yet.
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": ""})
            return
        kind = _DENIAL
    status, headers, body = verdict.raw_response()
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
