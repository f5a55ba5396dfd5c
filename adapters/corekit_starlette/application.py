"""Wrap a whole application in a policy, outside Starlette's own error layer.

Which policy a route has is the subject of `routes`; what a policy does to a request is that of
`corekit_asgi`, which wraps the finished middleware stack here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar, Unpack

from starlette.applications import Starlette

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import (
    MARKS,
    UNROUTABLE,
    Applied,
    CrossOriginGuard,
    Lookup,
    Mark,
    Observer,
    OnDecision,
    OnVerdict,
    Policies,
    ReadPolicies,
    RoutingError,
    check_is_asked,
    check_lookup,
    check_on_decision,
    find_widest,
    make_policy,
    policy_for_preflight,
    read_policy,
    shared_reads,
    why_not_asked,
)
from corekit.arguments import Grants
from corekit_asgi import CorsMiddleware
from corekit_asgi.context import apply, report_routing_error
from corekit_asgi.guard import Gate, make_gate
from corekit_asgi.headers import as_bytes, find_line, requested_method, with_headers
from corekit_asgi.middleware import report_second_layer
from corekit_asgi.paths import PathReader, path_below_root

from .routes import RoutePolicies

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

App = TypeVar("App", bound=Starlette)

_OPTIONS: Final = ("on_decision", "guard", "on_verdict", "lookup")
# The second is that to which OpenTelemetry's `uninstrument_app` returns.
_BUILDERS: Final = ("build_middleware_stack", "_original_build_middleware_stack")
_CHECK: Final = "corekit.check_route"
# Also behind middleware that hides the application.
_PATHS: Final = PathReader((path_below_root,))
LOGGER: Final = logging.getLogger("corekit.starlette")


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
    """Wrap a Starlette or FastAPI application in `policy`, as its outermost layer, and return it.

    Pass a policy, or the arguments of a `CorsPolicy`. Call it before the application starts, or
    later, such as in the lifespan: requests that arrive from then on are covered. Every response
    then carries the headers: those of middleware, of error handlers, of unrouted paths, and the 500
    of Starlette's own error layer, which no added middleware can reach. Routes and middleware may
    be added before and after. Routes with their own policy (`cors`) keep it; without `policy`, only
    those are covered. If a mounted application has a policy too, the outer one is the authority. A
    CORS middleware inside has no effect, which is logged once.

    `on_decision` is a plain function that is called with a `DecisionEvent` for each request that a
    policy covers. Denials are logged by "corekit.starlette" at INFO; if ``app.debug`` is on as the
    application starts, once for each origin and reason at WARNING.

    `guard` is a `corekit.guard.CrossOriginGuard` with the same policy, which then judges requests
    and handshakes of WebSockets by the policy of their route. What it refuses reaches no middleware
    and no route; a page that the policy allows can read the refusal. `on_verdict` is a plain
    function that is called with a `corekit.guard.GuardEvent` for each request that is judged.

    `lookup` is a `corekit_lookups.OriginLookup`, which is asked for origins that `policy` does not
    list, and not for routes with their own policy.

    Raise TypeError if `policy` is not a policy, `guard` is not a guard, `lookup` is not a look-up,
    or `on_decision` or `on_verdict` is not a plain function; ValueError if the guard has another
    policy, `policy` is missing or `lookup` is never asked, `corekit.PolicyError` with all problems
    of a policy, and RuntimeError if the application already has one.

    >>> from starlette.applications import Starlette
    >>> app = install(Starlette(), allow_origins=["https://app.example.com"])
    """
    if policy is not None or grants:
        policy = make_policy(policy, grants, "install()", _OPTIONS)
    if getattr(app.build_middleware_stack, "func", None) is _Outermost:
        raise RuntimeError("The application already has a policy. Call install() once.")
    check_on_decision(on_decision)
    check_lookup(lookup, is_async=True)
    check_is_asked(lookup, policy)
    gate = make_gate(app, policy, guard, on_verdict, adapter="starlette", logger=LOGGER)
    # The stack is built when the application starts, with everything that was added until then.
    innermost = _Innermost(app.router.middleware_stack)
    wrap = partial(_Outermost, app, innermost, policy, on_decision, gate=gate, lookup=lookup)
    for name in _BUILDERS:
        if hasattr(app, name):
            vars(app)[name] = partial(wrap, getattr(app, name))
    # For the command.
    vars(app).update(corekit_policy=policy, corekit_guard=guard, corekit_lookup=lookup)
    app.router.middleware_stack = innermost
    if app.middleware_stack is not None:
        started = app.middleware_stack
        app.middleware_stack = wrap(lambda: started)
    return app


def make_observer(
    on_decision: OnDecision | None, app: ASGIApp, own_origins: Collection[str] = ()
) -> Observer:
    """Return the observer for a layer around `app`.

    Starlette reads its debug mode when it builds its layers, and so does the outermost layer. A
    layer among them does not know its application, but each request does.
    """

    def is_debugged(scope: Scope) -> bool:
        return bool(getattr(scope.get("app"), "debug", False))

    debug = app.debug if isinstance(app, Starlette) else is_debugged
    return Observer(
        "starlette", LOGGER, on_decision=on_decision, debug=debug, own_origins=own_origins
    )


class _Outermost:
    """The layer around an application that finds the policy of each request."""

    def __init__(
        self,
        app: Starlette,
        innermost: _Innermost,
        policy: Policies | None,
        on_decision: OnDecision | None,
        build: Callable[[], ASGIApp],
        *,
        gate: Gate | None,
        lookup: Lookup | None,
    ) -> None:
        self._routes = RoutePolicies(app)
        self._policy = policy
        self.app = build()
        self._gate = gate
        self._lookup = lookup
        own_origins = () if gate is None else gate.own_origins
        self._observer = make_observer(on_decision, app, own_origins)
        # What the policy was when it was read last, and the application wrapped in that.
        current = read_policy(policy)
        self._wrapped = current, self._wrap(current)
        innermost.outermost = self
        if policy is not None:
            report_second_layer(self.app, LOGGER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind, gate = scope["type"], self._gate
        is_judged = kind == "websocket" and gate is not None and gate.judges_handshakes
        read = shared_reads(scope, self._policy)
        current = read_policy(self._policy, read)
        if kind != "http" and not is_judged:
            await self._wrap_default(current)(scope, receive, send)
            return
        # Routing twice takes time, so an application without per-route policies does not.
        has_route_policies = self._routes.exist()
        scope = with_headers(scope)
        if has_route_policies or isinstance(current, CorsRoutes):
            # A layer may change the list of headers in place.
            before = {**scope, "headers": [*scope["headers"]]}
            scope = {**scope, _CHECK: (self, _routed(scope), before, read)}
        # Other handlers may have a mark with the same live policy, which was read here.
        if not has_route_policies and not (read and MARKS.exist):
            await self._wrap_default(current)(scope, receive, send)
            return
        try:
            policy, marks = self._find_policy(scope, read)
        except RoutingError as error:
            report_routing_error(self._observer, error, scope)
            policy, marks = UNROUTABLE, []
        applied = None
        if policy is not None:
            origin = find_line(scope["headers"], b"origin")
            site = find_line(scope["headers"], b"sec-fetch-site")
            text = None if origin is None else origin.decode("latin-1")
            applied = Applied(find_widest(self._lookup, policy.engine, text, site), marks, read)
        await apply(self._wrap(policy), applied, scope, receive, send)

    def check_route(self, before: Scope, scope: Scope, read: ReadPolicies) -> None:
        """Raise RuntimeError if a layer changed a request so that it has another policy."""
        names = ("path", "root_path", "method", "headers")
        # Without the methods of preflights, which never come here.
        old = {**scope, **{name: before[name] for name in names if name in before}}
        if self._find_policy(scope, read)[0] != self._find_policy(old, read)[0]:
            raise RuntimeError(
                f"A middleware changed {_describe(before)!r} to {_describe(scope)!r}, which has"
                " another CORS policy. Wrap the application in this middleware instead of adding"
                " it: app = Middleware(app)."
            )

    def _wrap_default(self, current: CorsPolicy | CorsRoutes | None) -> ASGIApp:
        """Return the application wrapped in what the policy is now: once for each policy."""
        policy, app = self._wrapped
        if policy is not current:
            app = self._wrap(current)
            self._wrapped = current, app
        return app

    def _wrap(self, policy: CorsPolicy | CorsRoutes | None) -> ASGIApp:
        gate = self._gate
        if policy is not None:
            observer = self._observer
            lookup = self._lookup if why_not_asked(policy) is None else None
            return CorsMiddleware(
                self.app,
                policy,
                observer=observer,
                gate=gate,
                lookup=lookup,
                paths=_PATHS,
            )
        return self.app if gate is None else partial(gate.pass_on, self.app, None)

    def _find_policy(
        self, scope: Scope, read: ReadPolicies
    ) -> tuple[CorsPolicy | None, list[Mark]]:
        """Return the policy for a request, and all marks that were found on the way.

        `read` has the live policies that were read for the request: see `read_policy`. Raise
        `RoutingError` if the router does not say which route that is.
        """
        route_policy = self._routes.find(scope, read)
        default = read_policy(self._policy, read)

        def find(method: str) -> CorsPolicy | None:
            policy = route_policy(method)
            if policy is None and default is not None:
                return _PATHS.find_policy(default, scope)
            return policy

        # A handshake is a GET, which its scope does not say.
        method: str = scope.get("method", "GET")
        requested = requested_method(scope["headers"]) if method == "OPTIONS" else None
        if requested is None:
            policy = find(method)
        else:
            # The policy for a preflight is that of the method that it asks for.
            policy = policy_for_preflight(find, requested, others=self._routes.methods())
        return policy, route_policy.marks


class _Innermost:
    """The layer around the routes, which sees a request as all middleware left it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.outermost: _Outermost | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        outermost = self.outermost
        layer, routed, before, read = scope.get(_CHECK, (None, None, None, None))
        # Paths of an application that is mounted in another one are below another root.
        if outermost is not None and layer is outermost and routed != _routed(scope):
            outermost.check_route(before, scope, read)
        await self._app(scope, receive, send)


def _routed(scope: Scope) -> tuple[object, ...]:
    """Return what the choice of a route depends on."""
    hosts = [value for name, value in as_bytes(scope["headers"]) if name.lower() == b"host"]
    return scope["path"], scope.get("root_path", ""), scope.get("method"), hosts


def _describe(scope: Scope) -> str:
    return f"{scope.get('method', 'WebSocket')} {scope['path']}"
