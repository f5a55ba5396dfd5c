"""The middleware that answers preflights, and the signal that writes all other headers.

aiohttp sends its signal for every response when its headers are about to be written: for streams
that a handler has begun, errors that no middleware sees, and paths that are not routed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import unquote

from aiohttp import web
from multidict import CIMultiDict

from corekit import CorsPolicy
from corekit.adapter import (
    Answer,
    Observer,
    OnDecision,
    Policies,
    check_policy,
    merge_headers,
    policy_for_readings,
    preflight_response,
    raw_path_readings,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOGGER: Final = logging.getLogger("corekit.aiohttp")


def install(
    app: web.Application,
    policy: Policies,
    *,
    on_decision: OnDecision | None = None,
) -> None:
    """Wrap an aiohttp application in `policy`, as its outermost layer.

    Every response then carries the headers: those of handlers and their streams, of middlewares, of
    errors, of unrouted paths and methods, and of subapplications. Routes, middlewares and signals
    may be added before and after; a middleware that is inserted before all others, and a signal
    that comes after, have the last word. If a subapplication has a policy too, the outer one is the
    authority. The routes of a `CorsRoutes` are below the prefix of a subapplication, like its own.

    `on_decision` is a plain function that is called with a `DecisionEvent` for each request that
    `policy` covers, when its response begins. Denials are logged by "corekit.aiohttp" at INFO;
    while the event loop is in debug mode, once for each origin and reason at WARNING.

    Raise TypeError if `policy` is not a policy or `on_decision` is not a plain function, and
    RuntimeError if the application has started or already has a policy.

    >>> from corekit import CorsPolicy
    >>> app = web.Application()
    >>> install(app, CorsPolicy(allow_origins=["https://app.example.com"]))
    """
    check_policy(policy)
    if app.frozen:
        raise RuntimeError("The application has started. Call install(app, policy) before.")
    if _LAYER in app:
        raise RuntimeError("The application already has a policy. Call install() once.")
    layer = app[_LAYER] = _Layer(
        policy, Observer("aiohttp", _LOGGER, on_decision=on_decision, debug=_is_debugged)
    )
    app.middlewares.insert(0, layer.answer_preflight)
    app.on_response_prepare.append(layer)


class _Layer:
    """One policy around one application."""

    def __init__(self, policy: Policies, observer: Observer) -> None:
        self.policy = policy
        self.observer = observer

    def find_policy(self, request: web.Request, prefix: str) -> CorsPolicy | None:
        """Return the policy for the path below the prefix, as aiohttp routes it."""
        if isinstance(self.policy, CorsPolicy):
            return self.policy
        # Depending on its version, aiohttp decodes all of a path or leaves parts as they were sent.
        paths = raw_path_readings(request.rel_url.raw_path)
        prefixes = (unquote(prefix), prefix)
        below = [
            path.removeprefix(each) or "/" for path, each in zip(paths, prefixes, strict=False)
        ]
        return policy_for_readings(self.policy, below)

    @web.middleware
    async def answer_preflight(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        _, policy = _find_policy(request)
        origin = _line(request, "Origin")
        method = _line(request, "Access-Control-Request-Method")
        if policy is None or request.method != "OPTIONS" or origin is None or method is None:
            return await handler(request)
        answer = policy.engine.preflight(
            origin,
            method,
            _line(request, "Access-Control-Request-Headers"),
            _line(request, "Access-Control-Request-Private-Network"),
        )
        return _PreflightResponse(answer, origin)

    async def __call__(self, request: web.Request, response: web.StreamResponse) -> None:
        """Write the headers, as a receiver of ``on_response_prepare``."""
        layer, policy = _find_policy(request)
        # CORS does not apply to WebSockets.
        if policy is None or response.status == 101:
            return
        origin = _line(request, "Origin")
        if isinstance(response, _PreflightResponse):
            answer = response.answer
        else:
            answer = policy.engine.actual(origin)
        # Each application around the handler gets the signal, and one of them reports it.
        observer = self.observer
        if layer is self and (
            observer.observes_all
            or (answer.may_be_denied and observer.logger.isEnabledFor(observer.level))
        ):
            observer.observe(
                policy.engine,
                answer,
                method=request.method,
                path=request.path,
                origin=origin,
                request_method=_line(request, "Access-Control-Request-Method"),
                request_headers=_line(request, "Access-Control-Request-Headers"),
                request=request,
            )
        merged = merge_headers(list(response.headers.items()), answer, origin)
        # An application may use one headers object for all responses, which not every aiohttp
        # copies: changing it would send one origin's headers to the next.
        response._headers = CIMultiDict(merged)


class _PreflightResponse(web.Response):
    def __init__(self, answer: Answer, origin: str) -> None:
        status, headers, body = preflight_response(answer, origin)
        super().__init__(status=status, headers=headers, body=body)
        self.answer = answer


_LAYER: Final = web.AppKey("corekit", _Layer)


def _find_policy(request: web.Request) -> tuple[_Layer | None, CorsPolicy | None]:
    # The outermost application with a policy for the path is the authority.
    outer: web.Application | None = None
    for app in request.match_info.apps:
        layer = app.get(_LAYER)
        policy = None if layer is None else layer.find_policy(request, _prefix(outer, app))
        if policy is not None:
            return layer, policy
        outer = app
    return None, None


def _prefix(outer: web.Application | None, app: web.Application) -> str:
    """Return the prefix of a subapplication, which its routes are below."""
    resources = () if outer is None else outer.router.resources()
    infos = (resource.get_info() for resource in resources)
    return next((info.get("prefix", "") for info in infos if info.get("app") is app), "")


def _is_debugged(_: web.Request) -> bool:
    return asyncio.get_running_loop().get_debug()


def _line(request: web.Request, name: str) -> str | None:
    # No origin has a comma: a second header makes it one that matches nothing.
    lines = request.headers.getall(name, None)
    return None if lines is None else ",".join(lines)
