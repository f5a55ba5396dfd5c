"""The middleware that answers preflights, and the signal that writes all other headers.

aiohttp sends its signal for every response when its headers are about to be written: for streams
that a handler has begun, errors that no middleware sees, and paths that are not routed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, Unpack
from urllib.parse import unquote

from aiohttp import web
from multidict import CIMultiDict

from corekit import CorsPolicy
from corekit.adapter import (
    MARKS,
    Answer,
    Applied,
    CrossOriginGuard,
    Engine,
    Lookup,
    LookupRequest,
    Observer,
    OnDecision,
    OnVerdict,
    Policies,
    ReadPolicies,
    applying,
    check_is_asked,
    check_lookup,
    find_lookup,
    find_widest,
    guard_observer,
    look_up_async,
    make_policy,
    merge_headers,
    policy_for_preflight,
    policy_for_readings,
    preflight_response,
    raw_path_readings,
    read_policy,
    use_looked_up,
)
from corekit.arguments import Grants

from .guard import Gate, Refusal, add_vary_of_guard, line_of, request_key
from .handlers import (
    SLOW_TO_ROUTE,
    find_normalized,
    find_redirected,
    find_requests,
    has_policies,
    is_routed,
    is_slow_to_route,
    marks_of_handler,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOGGER: Final = logging.getLogger("corekit.aiohttp")

_OPTIONS: Final = ("on_decision", "guard", "on_verdict", "lookup")


def install(
    app: web.Application,
    policy: Policies | None = None,
    *,
    on_decision: OnDecision | None = None,
    guard: CrossOriginGuard | None = None,
    on_verdict: OnVerdict | None = None,
    lookup: Lookup | None = None,
    **grants: Unpack[Grants],
) -> web.Application:
    """Wrap an aiohttp application in `policy`, as its outermost layer, and return it.

    Pass a policy, or the arguments of a `CorsPolicy`. Every response then carries the headers:
    those of handlers and their streams, of middlewares, of errors, of unrouted paths and methods,
    and of subapplications. Routes, middlewares and signals may be added before and after; a
    middleware that is inserted before all others, and a signal that comes after, have the last
    word. Handlers with their own policy (`cors`) keep it; without `policy`, only those are covered.
    If a subapplication has a policy too, the outer one is the authority. The routes of a
    `CorsRoutes` are below the prefix of a subapplication, like its own.

    `on_decision` is a plain function that is called with a `DecisionEvent` for each request that
    `policy` covers, when its response begins. Denials are logged by "corekit.aiohttp" at INFO;
    while the event loop is in debug mode, once for each origin and reason at WARNING.

    `guard` is a `corekit.guard.CrossOriginGuard` with the same policy. It refuses requests and
    handshakes of WebSockets before other middlewares and the handler run, by the policy of the
    handler. `on_verdict` is a plain function that is called with a `GuardEvent` for each request
    that it judges.

    `lookup` is a `corekit_lookups.OriginLookup`, which is asked for origins that `policy` does not
    list, and not for handlers with their own policy.

    Raise TypeError if `policy` is not a policy, `guard` not a guard, `lookup` not a look-up, or if
    a function is not a plain one, ValueError if the guard has another policy, `policy` is
    missing or `lookup` is never asked, `corekit.PolicyError` with all problems of a policy, and
    RuntimeError if the application has started or already has a policy.

    >>> app = install(web.Application(), allow_origins=["https://app.example.com"])
    """
    if policy is not None or grants:
        policy = make_policy(policy, grants, "install()", _OPTIONS)
    check_lookup(lookup, is_async=True)
    check_is_asked(lookup, policy)
    if app.frozen:
        raise RuntimeError("The application has started. Call install(app, policy) before.")
    if _LAYER in app:
        raise RuntimeError("The application already has a policy. Call install() once.")
    reporter = guard_observer("aiohttp", _LOGGER, guard, policy, on_verdict)
    gate = None if guard is None or reporter is None else Gate(guard, reporter)
    own = () if guard is None else guard.own_origins
    observer = Observer(
        "aiohttp", _LOGGER, on_decision=on_decision, debug=_is_debugged, own_origins=own
    )
    layer = app[_LAYER] = _Layer(app, policy, observer, gate, lookup)
    app.middlewares.insert(0, layer.handle)
    app.on_response_prepare.append(layer)
    if gate is not None:
        app.on_response_prepare.append(add_vary_of_guard)
    # For the command.
    vars(app).update(corekit_policy=policy, corekit_guard=guard, corekit_lookup=lookup)
    return app


class _Layer:
    """One policy around one application."""

    def __init__(
        self,
        app: web.Application,
        policy: Policies | None,
        observer: Observer,
        gate: Gate | None,
        lookup: Lookup | None,
    ) -> None:
        self.app = app
        self.policy = policy
        self.observer = observer
        self.gate = gate
        self.lookup = lookup
        # How many marks there were when they were searched, and whether a handler has one.
        self._searched = (0, False)

    @property
    def has_handler_policies(self) -> bool:
        """Whether handlers have policies; the application has started, so its routes are final."""
        count, found = self._searched
        if not found and count != MARKS.count:
            count = MARKS.count
            found = has_policies(self.app)
            self._searched = (count, found)
        return found

    @web.middleware
    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a preflight; pass all other requests through the guard.

        Their handlers know what is applied to them.
        """
        # Now, since the policy may be replaced while the handler runs.
        _read_policies(request)
        origin = line_of(request, "Origin")
        method = line_of(request, "Access-Control-Request-Method")
        if request.method != "OPTIONS" or origin is None or method is None:
            refusal = await self._refuse(request)
            return await _handle_actual(request, handler) if refusal is None else refusal
        layer, policy = await _find_preflight_policy(request, method)
        if policy is None:
            refusal = await self._refuse(request)
            return await handler(request) if refusal is None else refusal
        engine = await _find_engine(request, layer, policy)
        answer = engine.preflight(
            origin,
            method,
            line_of(request, "Access-Control-Request-Headers"),
            line_of(request, "Access-Control-Request-Private-Network"),
        )
        return _PreflightResponse(answer, origin, layer, engine)

    async def _refuse(self, request: web.Request) -> web.Response | None:
        """Return the response to a request that the guard refuses."""
        gate = self.gate
        if gate is None or gate.skips(request):
            return None
        routed = request
        if MARKS.exist and not is_routed(request):
            routed = await find_normalized(request, request.method)
        layer, policy = _find_policy(routed, request.method)
        engine = None if policy is None else await _find_engine(request, layer, policy)
        return gate.refuse(request, _paths_below(request, self.app), engine, routed)

    async def __call__(self, request: web.Request, response: web.StreamResponse) -> None:
        """Write the headers, as a receiver of ``on_response_prepare``."""
        # Of a response to a request that aiohttp cannot read, this is the first that sees it.
        _read_policies(request)
        origin = line_of(request, "Origin")
        if isinstance(response, _PreflightResponse):
            layer, engine, answer = response.layer, response.engine, response.answer
        else:
            routed = request
            is_redirect = 300 <= response.status < 400
            if isinstance(response, Refusal):
                routed = response.routed
            elif MARKS.exist and is_redirect and not is_routed(request):
                location = response.headers.get("Location", "")
                routed = await find_redirected(request, request.method, location)
            layer, found = _find_policy(routed, request.method)
            # CORS does not apply to WebSockets.
            if found is None or response.status == 101:
                return
            engine = found.engine
            if layer is not None and layer.lookup is not None:
                engine = await _find_engine(request, layer, found)
            answer = engine.actual(origin)
        # Each application around the handler gets the signal, and one of them reports it.
        observer = self.observer
        if layer is self and (
            observer.observes_all or (answer.may_be_denied and observer.logs_denials(origin))
        ):
            observer.observe(
                engine,
                answer,
                method=request.method,
                path=request.path,
                origin=origin,
                request_method=line_of(request, "Access-Control-Request-Method"),
                request_headers=line_of(request, "Access-Control-Request-Headers"),
                host=line_of(request, "Host"),
                sec_fetch_site=line_of(request, "Sec-Fetch-Site"),
                request=request,
                find_policy=lambda policies: _policy_for_path(policies, request, self.app),
            )
        merged = merge_headers(list(response.headers.items()), answer, origin)
        # An application may use one headers object for all responses, which not every aiohttp
        # copies: changing it would send one origin's headers to the next.
        response._headers = CIMultiDict(merged)


class _PreflightResponse(web.Response):
    def __init__(self, answer: Answer, origin: str, layer: _Layer | None, engine: Engine) -> None:
        status, headers, body = preflight_response(answer, origin)
        super().__init__(status=status, headers=headers, body=body)
        self.answer = answer
        self.layer = layer
        self.engine = engine


_READ: Final[Any] = request_key("corekit.read", dict)
"""The key in a request for what was read for it."""

_LOOKED_UP: Final[Any] = request_key("corekit.looked_up", Engine)
"""The key in a request for its engine, if its origin was looked up."""

_LAYER: Final = web.AppKey("corekit", _Layer)


def _find_policy(request: web.Request, method: str) -> tuple[_Layer | None, CorsPolicy | None]:
    """Return the policy for a method of a routed request, and the layer that reports it."""
    apps, handler = request.match_info.apps, request.match_info.handler
    # The outermost application with a policy is the authority.
    for app in apps:
        layer = app.get(_LAYER)
        if layer is None:
            continue
        marks = marks_of_handler(handler, method) if layer.has_handler_policies else []
        # A handler routes the path below the innermost application.
        own = (_policy_for_path(mark.policy, request, apps[-1]) for mark in marks)
        policy = next((each.of_handler for each in own if each is not None), None)
        policy = policy or _policy_for_path(layer.policy, request, app)
        if policy is not None:
            return layer, policy
    return None, None


async def _find_engine(request: web.Request, layer: _Layer | None, policy: CorsPolicy) -> Engine:
    """Return the engine for a request, after a look-up of its origin if that is needed."""
    engine, origin = policy.engine, line_of(request, "Origin")
    if layer is None or layer.lookup is None or origin is None:
        return engine
    known = use_looked_up(request.get(_LOOKED_UP), engine)
    if known is not engine:
        return known
    site = line_of(request, "Sec-Fetch-Site")
    lookup = find_lookup(layer.lookup, engine, origin, site)
    if lookup is None:
        return engine
    asked = LookupRequest(request.scheme, line_of(request, "Host") or "", request.path)
    engine = request[_LOOKED_UP] = await look_up_async(lookup, engine, origin, asked)
    return engine


async def _handle_actual(request: web.Request, handler: Handler) -> web.StreamResponse:
    if not MARKS.exist:
        return await handler(request)
    layer, policy = _find_policy(request, request.method)
    marks = marks_of_handler(request.match_info.handler, request.method)
    applied = None
    if policy is not None:
        lookup = None if layer is None else layer.lookup
        origin, site = line_of(request, "Origin"), line_of(request, "Sec-Fetch-Site")
        engine = find_widest(lookup, policy.engine, origin, site)
        applied = Applied(engine, marks, _read_policies(request))
    with applying(applied, "aiohttp", request.raw_headers):
        return await handler(request)


async def _find_preflight_policy(
    request: web.Request, method: str
) -> tuple[_Layer | None, CorsPolicy | None]:
    outer, *inner = request.match_info.apps
    # The outermost application routes all methods of a path, but may do so past those below it.
    if not any(_LAYER in app for app in inner) and not outer[_LAYER].has_handler_policies:
        return _find_policy(request, method)
    if is_slow_to_route(request):
        return next(app[_LAYER] for app in (outer, *inner) if _LAYER in app), SLOW_TO_ROUTE
    requests = await find_requests(request, method)
    if not is_routed(requests[method]):
        redirected = await find_normalized(requests[method], method)
        if redirected is not requests[method]:
            requests = await find_requests(redirected, method)
    layer, _ = _find_policy(requests[method], method)
    return layer, policy_for_preflight(
        lambda each: _find_policy(requests[each], each)[1], method, requests
    )


def _policy_for_path(
    policies: Policies | None, request: web.Request, app: web.Application
) -> CorsPolicy | None:
    """Return the policy for the path below the prefix of an application, as aiohttp routes it."""
    current = read_policy(policies, _read_policies(request))
    if current is None or isinstance(current, CorsPolicy):
        return current
    return policy_for_readings(current, _paths_below(request, app))


def _read_policies(request: web.Request) -> ReadPolicies:
    """Return what the live policies of a request are; all are read when it is called first."""
    read: ReadPolicies | None = request.get(_READ)
    if read is None:
        read = request[_READ] = MARKS.read({})
        for app in request.match_info.apps:
            if _LAYER in app:
                read_policy(app[_LAYER].policy, read)
    return read


def _paths_below(request: web.Request, app: web.Application) -> tuple[str, ...]:
    """Return what aiohttp may route a path as, below the prefix of an application."""
    url, prefix = request.rel_url, _prefix(request, app)
    decoded, *as_sent = raw_path_readings(url.raw_path)
    if as_sent:
        # Depending on its version, aiohttp leaves all of a path as it was sent, or %2F and %25.
        as_sent.append(getattr(url, "path_safe", decoded))
    below = [
        decoded.removeprefix(unquote(prefix)),
        *(path.removeprefix(prefix) for path in as_sent),
    ]
    return tuple(path or "/" for path in below)


def _prefix(request: web.Request, app: web.Application) -> str:
    """Return the prefix of a subapplication, which its routes are below."""
    apps = request.match_info.apps
    outer = apps[: apps.index(app)][-1:]
    infos = (resource.get_info() for each in outer for resource in each.router.resources())
    return next((info.get("prefix", "") for info in infos if info.get("app") is app), "")


def _is_debugged(_: web.Request) -> bool:
    return asyncio.get_running_loop().get_debug()
