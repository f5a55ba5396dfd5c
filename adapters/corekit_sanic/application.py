"""Wrap a whole application in a policy, outside its router, middleware and error handlers.

Sanic's middleware runs after routing, and not at all for some errors. So the application gets a
subclass of its class, which handles each request first, and the headers are merged when the
server writes them.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, Unpack
from urllib.parse import unquote

from sanic import Request, Sanic

from corekit import CorsPolicy
from corekit.adapter import (
    MARKS,
    UNROUTABLE,
    Answer,
    Applied,
    CrossOriginGuard,
    Engine,
    Lookup,
    LookupRequest,
    Mark,
    Observer,
    OnDecision,
    OnVerdict,
    Policies,
    ReadPolicies,
    RoutingError,
    applying,
    check_is_asked,
    check_lookup,
    find_lookup,
    guard_observer,
    is_bridged,
    look_up_async,
    make_policy,
    merge_raw_headers,
    policy_for_preflight,
    policy_for_readings,
    preflight_response,
    read_policy,
    shared_reads,
)
from corekit.arguments import Grants

from .guard import Gate
from .handlers import find_paths, find_policy
from .sending import RawHeaders, change_when_sent, line_of, send_at_once
from .workers import AppFinder, is_only_main_process

__all__ = ["install"]

_LOGGER: Final = logging.getLogger("corekit.sanic")

# The key that corekit_asgi puts into the scope.
_APPLIED: Final = "corekit.applied"

_OPTIONS: Final = ("on_decision", "guard", "on_verdict", "lookup")

App = TypeVar("App", bound=Sanic[Any, Any])
Handle = Callable[[Request], Awaitable[None]]


def install(
    app: App,
    policy: Policies | None = None,
    *,
    on_decision: OnDecision | None = None,
    guard: CrossOriginGuard | None = None,
    on_verdict: OnVerdict | None = None,
    lookup: Lookup | None = None,
    **grants: Unpack[Grants],
) -> App:
    """Wrap a Sanic application in `policy`, as its outermost layer, and return it.

    Pass a policy, or the arguments of a `CorsPolicy`. Call it before the application starts, or
    later, such as in a listener: connections that are opened from then on are covered. Every
    response then carries the headers: those of handlers and their streams, of middleware, of error
    handlers, and of unrouted paths and methods. Routes, blueprints and middleware may be added
    before and after. Handlers with their own policy (`cors`) keep it; without `policy`, only those
    are covered. A request that Sanic cannot parse never reaches this layer. Sanic's workers import
    the application again, so do not call it in the main process only.

    `on_decision` is a plain function that is called with a `DecisionEvent` for each request that a
    policy covers, when its response begins. Denials are logged by "corekit.sanic" at INFO; while
    the application is in debug mode, once for each origin and reason at WARNING.

    `guard` is a `corekit.guard.CrossOriginGuard` with the same policy. It refuses requests and
    handshakes of WebSockets before middleware and the handler run, by the policy of the handler.
    `on_verdict` is a plain function that is called with a `GuardEvent` for each request that it
    judges.

    `lookup` is a `corekit_lookups.OriginLookup`, which is asked for origins that `policy` does not
    list, and not for handlers with their own policy.

    Raise TypeError if `policy` is not a policy, `guard` not a guard, `lookup` not a look-up, or if
    a function is not a plain one, ValueError if the guard has another policy, `policy` is
    missing or `lookup` is never asked, `corekit.PolicyError` with all problems of a policy, and
    RuntimeError if the application already has one, or in `@app.main_process_start`.

    >>> from sanic import Sanic
    >>> app = install(Sanic("shop"), allow_origins=["https://app.example.com"])
    """
    if policy is not None or grants:
        policy = make_policy(policy, grants, "install()", _OPTIONS)
    check_lookup(lookup, is_async=True)
    check_is_asked(lookup, policy)
    has_policy = isinstance(app, _Covered)
    if has_policy:
        raise RuntimeError("The application already has a policy. Call install() once.")
    if is_only_main_process(app):
        raise RuntimeError(
            "install() has no effect in the main process, since Sanic's workers import the "
            "application again. Call it at module level or in @app.before_server_start."
        )
    reporter = guard_observer("sanic", _LOGGER, guard, policy, on_verdict)
    gate = None if guard is None or reporter is None else Gate(guard, reporter)
    own = () if guard is None else guard.own_origins
    observer = Observer(
        "sanic", _LOGGER, on_decision=on_decision, debug=_is_debugged, own_origins=own
    )
    layer = _Layer(policy, observer, gate, lookup)
    # Sanic's objects take no attributes, so the layer is an attribute of the subclass.
    marks = {"corekit_policy": policy, "corekit_guard": guard, "corekit_lookup": lookup}
    finder = AppFinder(type(app).get_app)
    names = {"__slots__": (), "get_app": finder, "corekit_layer": layer, **marks}
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

    def __init__(
        self,
        policy: Policies | None,
        observer: Observer,
        gate: Gate | None,
        lookup: Lookup | None,
    ) -> None:
        self._policy = policy
        self._observer = observer
        self._gate = gate
        self._lookup = lookup

    async def handle(self, request: Request, handle: Handle) -> None:
        origin = line_of(request, "origin")
        method = None
        if request.method == "OPTIONS" and origin is not None:
            method = line_of(request, "access-control-request-method")
        marks: list[Mark] = []
        # On its own server, Sanic is the only layer.
        read = shared_reads(getattr(request.transport, "scope", {}), self._policy)
        policy = self._find_policy(request, method, marks, read)
        if policy is None:
            await self._run(request, handle, None)
            return
        engine = policy.engine
        if self._lookup is not None and origin is not None:
            engine = await self._look_up(request, engine, origin)
        if origin is None or method is None:
            answer = engine.actual(origin)
            self._merge_when_sent(request, engine, answer, origin)
            await self._run(request, handle, Applied(engine, marks, read))
        else:
            answer = engine.preflight(
                origin,
                method,
                line_of(request, "access-control-request-headers"),
                line_of(request, "access-control-request-private-network"),
            )
            self._observe(request, engine, answer, origin)
            await send_at_once(request, *preflight_response(answer, origin))

    async def _run(self, request: Request, handle: Handle, applied: Applied | None) -> None:
        engine = None if applied is None else applied.engine
        if self._gate is None or not await self._gate.refuses(request, engine):
            await _run(request, handle, applied)

    async def _look_up(self, request: Request, engine: Engine, origin: str) -> Engine:
        """Return the engine for a request, after a look-up of its origin if that is needed."""
        site = line_of(request, "sec-fetch-site")
        lookup = find_lookup(self._lookup, engine, origin, site)
        if lookup is None:
            return engine
        # The scheme of a handshake is that of WebSockets.
        scheme = request.scheme.replace("ws", "http")
        host = line_of(request, "host") or ""
        return await look_up_async(
            lookup, engine, origin, LookupRequest(scheme, host, unquote(request.path))
        )

    def _find_policy(
        self, request: Request, request_method: str | None, marks: list[Mark], read: ReadPolicies
    ) -> CorsPolicy | None:
        default = read_policy(self._policy, read)

        def find(method: str) -> CorsPolicy | None:
            return find_policy(request, method, default, marks, read)

        try:
            if request_method is None:
                return find(request.method)
            # Sanic routes only the methods that this compares.
            return policy_for_preflight(find, request_method)
        except RoutingError as error:
            self._observer.report_routing_error(
                error,
                method=request.method,
                path=unquote(request.path),
                origin=line_of(request, "origin"),
                request_method=request_method,
            )
            return UNROUTABLE

    def _merge_when_sent(
        self, request: Request, engine: Engine, answer: Answer, origin: str | None
    ) -> None:
        raw_origin = None if origin is None else origin.encode("latin-1")

        def merge(headers: RawHeaders) -> RawHeaders:
            self._observe(request, engine, answer, origin)
            return merge_raw_headers(headers, answer, raw_origin)

        change_when_sent(request, merge)

    def _observe(
        self, request: Request, engine: Engine, answer: Answer, origin: str | None
    ) -> None:
        observer = self._observer
        if observer.observes_all or (answer.may_be_denied and observer.logs_denials(origin)):
            observer.observe(
                engine,
                answer,
                method=request.method,
                path=unquote(request.path),
                origin=origin,
                request_method=line_of(request, "access-control-request-method"),
                request_headers=line_of(request, "access-control-request-headers"),
                host=line_of(request, "host"),
                sec_fetch_site=line_of(request, "sec-fetch-site"),
                request=request,
                find_policy=lambda policies: policy_for_readings(policies, find_paths(request)),
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


def _is_debugged(request: Request) -> bool:
    return request.app.debug
