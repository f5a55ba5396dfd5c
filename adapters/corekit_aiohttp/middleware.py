"""The middleware that answers preflights, and the signal that writes the headers of all the rest.

aiohttp sends its signal for every response, as its head is about to be written: streams that a
handler has begun, errors that no middleware sees, paths that are not routed. No rule is held here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from multidict import CIMultiDict

from corekit import Answer, CorsPolicy, CorsRoutes, RequestKind
from corekit._headers import merge_headers
from corekit.events import Observer, OnDecision

__all__ = ["install"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOGGER: Final = logging.getLogger("corekit.aiohttp")

_REFUSED: Final = b"CORS: the origin is not allowed.\n"


def install(
    app: web.Application,
    policy: CorsPolicy | CorsRoutes,
    *,
    on_decision: OnDecision | None = None,
) -> None:
    """Put `policy` around an aiohttp application, as its outermost layer.

    Every response then carries the headers: of handlers and their streams, of middlewares, of
    errors, of unrouted paths and methods, and of applications added below. Routes, middlewares and
    signals may be added before and after; a middleware that is inserted before all others, and a
    signal that comes after, have the last word. Where an application below has a policy too, the
    outer one is the authority.

    `on_decision` is a plain function that is given a `DecisionEvent` of every request that `policy`
    covers, as its response begins. Denials go to the logger "corekit.aiohttp" at INFO; while the
    event loop is in debug mode, once for each origin and reason at WARNING.

    Raises TypeError where `policy` is none or `on_decision` no plain function, and RuntimeError
    where the application runs or has a policy already.

    >>> from corekit import CorsPolicy
    >>> app = web.Application()
    >>> install(app, CorsPolicy(allow_origins=["https://app.example.com"]))
    """
    if not isinstance(policy, CorsPolicy | CorsRoutes):
        raise TypeError(
            f"policy is of type {type(policy).__name__}: give a CorsPolicy or a CorsRoutes"
        )
    if app.frozen:
        raise RuntimeError("install(app, policy) comes before the application is started")
    if _LAYER in app:
        raise RuntimeError("this application has a policy already: one is the authority")
    layer = app[_LAYER] = _Layer(
        policy, Observer("aiohttp", _LOGGER, on_decision=on_decision, debug=_is_debugged)
    )
    app.middlewares.insert(0, layer.answer_preflight)
    app.on_response_prepare.append(layer)


class _Layer:
    """One policy around one application."""

    def __init__(self, policy: CorsPolicy | CorsRoutes, observer: Observer) -> None:
        self.observer = observer
        self.match: Callable[[str], CorsPolicy | None] = policy.policy_for

    @web.middleware
    async def answer_preflight(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        _, policy = _find_policy(request)
        origin = _line(request, "Origin")
        asked = _line(request, "Access-Control-Request-Method")
        if policy is None or request.method != "OPTIONS" or origin is None or asked is None:
            return await handler(request)
        answer = policy.engine.preflight(
            origin,
            asked,
            _line(request, "Access-Control-Request-Headers"),
            _line(request, "Access-Control-Request-Private-Network"),
        )
        return _PreflightResponse(answer)

    async def __call__(self, request: web.Request, response: web.StreamResponse) -> None:
        """Write the headers: a receiver of ``on_response_prepare``."""
        layer, policy = _find_policy(request)
        # CORS has no say in WebSockets.
        if policy is None or response.status == 101:
            return
        origin = _line(request, "Origin")
        if isinstance(response, _PreflightResponse):
            answer = response.answer
        else:
            answer = policy.engine.actual(origin)
        # The signal comes to every application around the handler, and one of them is to tell.
        if layer is self:
            self._tell(request, policy, answer, origin)
        merged = merge_headers(list(response.headers.items()), answer, origin)
        # An application may use one object of headers for all of its responses, which not every
        # aiohttp copies: written into, it would hand one origin's headers to the next.
        response._headers = CIMultiDict(merged)

    def _tell(
        self, request: web.Request, policy: CorsPolicy, answer: Answer, origin: str | None
    ) -> None:
        observer = self.observer
        is_preflight = answer.kind is RequestKind.PREFLIGHT
        if not observer.hears_all:
            # A preflight whose origin is allowed may ask for what is not.
            is_denial = answer.kind is RequestKind.ACTUAL and not answer.origin_allowed
            if not (is_preflight or is_denial) or not observer.hears_denials(request):
                return
        asked = asked_headers = None
        if is_preflight:
            asked = _line(request, "Access-Control-Request-Method")
            asked_headers = _line(request, "Access-Control-Request-Headers")
        event = observer.event(
            policy.engine,
            answer,
            method=request.method,
            path=request.path,
            origin=origin,
            request_method=asked,
            request_headers=asked_headers,
            request=request,
        )
        observer.tell(event)


class _PreflightResponse(web.Response):
    def __init__(self, answer: Answer) -> None:
        body = b"" if answer.origin_allowed else _REFUSED
        super().__init__(status=answer.status or 0, body=body, content_type="text/plain")
        self.answer = answer


_LAYER: Final = web.AppKey("corekit", _Layer)


def _find_policy(request: web.Request) -> tuple[_Layer | None, CorsPolicy | None]:
    # The outermost application with a policy for the path is the authority.
    for app in request.match_info.apps:
        layer = app.get(_LAYER)
        policy = None if layer is None else layer.match(request.path)
        if policy is not None:
            return layer, policy
    return None, None


def _is_debugged(_: web.Request) -> bool:
    return asyncio.get_running_loop().get_debug()


def _line(request: web.Request, name: str) -> str | None:
    # No origin has a comma: a second header makes it one that matches nothing.
    lines = request.headers.getall(name, None)
    return None if lines is None else ",".join(lines)
