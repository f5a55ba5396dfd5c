"""Wrap a whole application in a policy, outside its router, middleware and error handlers.

Sanic's middleware runs after routing, and not at all for some errors. So the application gets a
subclass of its class, which handles each request first, and the headers are merged when the
server writes them.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, TypeVar, Unpack, cast
from urllib.parse import unquote

from sanic import HTTPResponse, Request, Sanic
from sanic.compat import Header
from sanic.http import Http
from sanic.response import BaseHTTPResponse

from corekit import CorsPolicy
from corekit.adapter import (
    MARKS,
    Answer,
    Applied,
    Mark,
    Observer,
    OnDecision,
    Policies,
    applying,
    is_bridged,
    make_policy,
    merge_raw_headers,
    policy_for_preflight,
    preflight_response,
)
from corekit.arguments import Grants

from .handlers import find_policy

__all__ = ["install"]

_LOGGER: Final = logging.getLogger("corekit.sanic")

# The key that corekit_asgi puts into the scope.
_APPLIED: Final = "corekit.applied"

App = TypeVar("App", bound=Sanic[Any, Any])
Handle = Callable[[Request], Awaitable[None]]


def install(
    app: App,
    policy: Policies | None = None,
    *,
    on_decision: OnDecision | None = None,
    **grants: Unpack[Grants],
) -> App:
    """Wrap a Sanic application in `policy`, as its outermost layer, and return it.

    Pass a policy, or the arguments of a `CorsPolicy`. Call it before the application starts, or
    later, such as in a listener: connections that are opened from then on are covered. Every
    response then carries the headers: those of handlers and their streams, of middleware, of error
    handlers, and of unrouted paths and methods. Routes, blueprints and middleware may be added
    before and after. Handlers with their own policy (`cors`) keep it; without `policy`, only those
    are covered. A request that Sanic cannot parse never reaches this layer.

    `on_decision` is a plain function that is called with a `DecisionEvent` for each request that a
    policy covers, when its response begins. Denials are logged by "corekit.sanic" at INFO; while
    the application is in debug mode, once for each origin and reason at WARNING.

    Raise TypeError if `policy` is not a policy or `on_decision` is not a plain function,
    `corekit.PolicyError` with all problems of a policy, and RuntimeError if the application already
    has one.

    >>> from sanic import Sanic
    >>> app = install(Sanic("shop"), allow_origins=["https://app.example.com"])
    """
    if policy is not None or grants:
        policy = make_policy(policy, grants, "install()", ["on_decision"])
    has_policy = isinstance(app, _Covered)
    if has_policy:
        raise RuntimeError("The application already has a policy. Call install() once.")
    observer = Observer("sanic", _LOGGER, on_decision=on_decision, debug=_is_debugged)
    layer = _Layer(policy, observer)
    # Sanic's objects take no attributes, so the layer is an attribute of the subclass.
    names = {"__slots__": (), "corekit_layer": layer, "corekit_policy": policy}
    app.__class__ = type(type(app).__name__, (_Covered, type(app)), names)
    return app


class _Covered:
    """Comes before the class of an application, and passes its requests through a layer."""

    __slots__ = ()
    corekit_layer: _Layer

    async def handle_request(self, request: Request) -> None:
        await self.corekit_layer.handle(request, super().handle_request)  # type: ignore[misc]


class _Layer:
    """One policy around one application."""

    def __init__(self, policy: Policies | None, observer: Observer) -> None:
        self._policy = policy
        self._observer = observer

    async def handle(self, request: Request, handle: Handle) -> None:
        origin = _line(request, "origin")
        method = None
        if request.method == "OPTIONS" and origin is not None:
            method = _line(request, "access-control-request-method")
        marks: list[Mark] = []
        policy = self._find_policy(request, method, marks)
        if policy is None:
            await _run(request, handle, None)
        elif origin is None or method is None:
            answer = policy.engine.actual(origin)
            self._merge_when_sent(request, policy, answer, origin)
            await _run(request, handle, Applied(policy.engine, marks))
        else:
            answer = policy.engine.preflight(
                origin,
                method,
                _line(request, "access-control-request-headers"),
                _line(request, "access-control-request-private-network"),
            )
            self._observe(request, policy, answer, origin)
            await _send_preflight(request, answer, origin)

    def _find_policy(
        self, request: Request, request_method: str | None, marks: list[Mark]
    ) -> CorsPolicy | None:
        def find(method: str) -> CorsPolicy | None:
            return find_policy(request, method, self._policy, marks)

        if request_method is None:
            return find(request.method)
        return policy_for_preflight(find, request_method)

    def _merge_when_sent(
        self, request: Request, policy: CorsPolicy, answer: Answer, origin: str | None
    ) -> None:
        # A handler may change the headers until it sends the first part of the body, and an error
        # may replace the whole response until then. A WebSocket handshake is not sent this way.
        attribute = "response_func" if isinstance(request.stream, Http) else "send"
        stream: Any = request.stream
        send = getattr(stream, attribute)
        is_observed = False

        async def send_with_headers(data: bytes, end_stream: bool) -> None:
            nonlocal is_observed
            response = stream.response
            if not is_observed:
                is_observed = True
                self._observe(request, policy, answer, origin)
            stream.response = _MergedResponse(response, answer, origin)
            try:
                await send(data, end_stream)
            finally:
                stream.response = response

        setattr(stream, attribute, send_with_headers)

    def _observe(
        self, request: Request, policy: CorsPolicy, answer: Answer, origin: str | None
    ) -> None:
        observer = self._observer
        if observer.observes_all or (answer.may_be_denied and observer.logs_denials(origin)):
            observer.observe(
                policy.engine,
                answer,
                method=request.method,
                path=unquote(request.path),
                origin=origin,
                request_method=_line(request, "access-control-request-method"),
                request_headers=_line(request, "access-control-request-headers"),
                host=_line(request, "host"),
                sec_fetch_site=_line(request, "sec-fetch-site"),
                request=request,
            )


async def _run(request: Request, handle: Handle, applied: Applied | None) -> None:
    """Let the handler of a request know what is applied to it, unless a layer is outside."""
    if not MARKS.exist:
        await handle(request)
        return
    # The transport of an ASGI server has the scope.
    scope = getattr(request.transport, "scope", None)
    interface = "sanic" if scope is None else "asgi"
    # Sanic decodes the bytes as UTF-8.
    headers = [
        (name, value.encode(errors="surrogateescape")) for name, value in request.headers.items()
    ]
    if (scope is not None and _APPLIED in scope) or is_bridged(interface, headers):
        await handle(request)
        return
    with applying(applied, interface, headers):
        await handle(request)


class _MergedResponse:
    """A response whose headers are merged with an answer while they are written.

    The response itself stays unchanged, since an application may use it again for other requests.
    """

    def __init__(self, response: BaseHTTPResponse, answer: Answer, origin: str | None) -> None:
        self._response = response
        self._answer = answer
        self._origin = None if origin is None else origin.encode("latin-1")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)

    @property
    def processed_headers(self) -> Iterable[tuple[bytes, bytes]]:
        return merge_raw_headers(self._response.processed_headers, self._answer, self._origin)


async def _send_preflight(request: Request, answer: Answer, origin: str) -> None:
    # Sent to the server directly: respond() of the request would run the response middleware.
    status, headers, body = preflight_response(answer, origin)
    response = HTTPResponse(body, status, Header(headers), "text/plain; charset=utf-8")
    cast("Http", request.stream).respond(response)
    await response.send(end_stream=True)


def _is_debugged(request: Request) -> bool:
    return request.app.debug


def _line(request: Request, name: str) -> str | None:
    # No origin has a comma: a second header makes it one that matches nothing.
    lines = request.headers.getall(name, None)
    if lines is None:
        return None
    # Sanic decodes the bytes as UTF-8, corekit as latin-1.
    return ",".join(lines).encode(errors="surrogateescape").decode("latin-1")
