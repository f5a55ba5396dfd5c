"""Wrap a whole application in a policy, outside Starlette's own error layer.

Which policy a route has is the subject of `routes`; what a policy does to a request is that of
`corekit_asgi`, which wraps the finished middleware stack here.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette

from corekit import CorsPolicy
from corekit.adapter import (
    Observer,
    OnDecision,
    Policies,
    check_on_decision,
    check_policy,
    policy_for_preflight,
)
from corekit_asgi import CorsMiddleware

from .routes import RoutePolicies

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_LOGGER: Final = logging.getLogger("corekit.starlette")


def install(
    app: Starlette, policy: Policies | None = None, *, on_decision: OnDecision | None = None
) -> None:
    """Wrap a Starlette or FastAPI application in `policy`, as its outermost layer.

    Every response then carries the headers: those of middleware, of error handlers, of unrouted
    paths, and the 500 of Starlette's own error layer, which no added middleware can reach. Routes
    and middleware may be added before and after. Routes with their own policy (`cors`) keep
    it; without `policy`, only those are covered.

    `on_decision` is a plain function that is called with a `DecisionEvent` for each request that a
    policy covers. Denials are logged by "corekit.starlette" at INFO; if ``app.debug`` is on as the
    application starts, once for each origin and reason at WARNING.

    Raise TypeError if `policy` is not a policy or `on_decision` is not a plain function, and
    RuntimeError if the application has started or already has a policy.

    >>> from corekit import CorsPolicy
    >>> from starlette.applications import Starlette
    >>> app = Starlette()
    >>> install(app, CorsPolicy(allow_origins=["https://app.example.com"]))
    """
    if policy is not None:
        check_policy(policy)
    if app.middleware_stack is not None:
        raise RuntimeError("The application has started. Call install(app, policy) before.")
    has_policy = isinstance(app.build_middleware_stack, _Builder)
    if has_policy:
        raise RuntimeError("The application already has a policy. Call install() once.")
    check_on_decision(on_decision)
    # The stack is built when the application starts, with everything that was added until then.
    vars(app)["build_middleware_stack"] = _Builder(app, policy, on_decision)


def make_observer(on_decision: OnDecision | None, app: ASGIApp) -> Observer:
    """Return the observer for a layer around `app`.

    Starlette reads its debug mode when it builds its layers, and so does the outermost layer. A
    layer among them does not know its application, but each request does.
    """

    def is_debugged(scope: Scope) -> bool:
        return bool(getattr(scope.get("app"), "debug", False))

    debug = app.debug if isinstance(app, Starlette) else is_debugged
    return Observer("starlette", _LOGGER, on_decision=on_decision, debug=debug)


class _Builder:
    def __init__(
        self, app: Starlette, policy: Policies | None, on_decision: OnDecision | None
    ) -> None:
        self._app = app
        self._build = app.build_middleware_stack
        self._policy = policy
        self._on_decision = on_decision

    def __call__(self) -> ASGIApp:
        observer = make_observer(self._on_decision, self._app)
        return _Outermost(self._build(), RoutePolicies(self._app), self._policy, observer)


class _Outermost:
    """The layer around an application that finds the policy of each request."""

    def __init__(
        self, app: ASGIApp, routes: RoutePolicies, policy: Policies | None, observer: Observer
    ) -> None:
        self.app = app
        self._routes = routes
        self._policy = policy
        self._observer = observer
        self._default: ASGIApp = app if policy is None else self._wrap(policy)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._default
        # Routing twice takes time, so an application without per-route policies does not.
        if scope["type"] == "http" and self._routes.exist():
            policy = self._find_policy(scope)
            app = self.app if policy is None else self._wrap(policy)
        await app(scope, receive, send)

    def _wrap(self, policy: Policies) -> ASGIApp:
        return CorsMiddleware(self.app, policy, observer=self._observer)

    def _find_policy(self, scope: Scope) -> CorsPolicy | None:
        def find(method: str) -> CorsPolicy | None:
            policy = self._routes.find(scope, method)
            if policy is None and self._policy is not None:
                return self._policy.policy_for(scope["path"])
            return policy

        request_method = _requested_method(scope)
        if request_method is None:
            return find(scope["method"])
        return policy_for_preflight(find, request_method)


def _requested_method(scope: Scope) -> str | None:
    # The policy for a preflight is that of the method that it asks for.
    fields: dict[bytes, bytes] = {name.lower(): value for name, value in scope["headers"]}
    method = fields.get(b"access-control-request-method")
    if scope["method"] != "OPTIONS" or method is None or b"origin" not in fields:
        return None
    return method.decode("latin-1")
