"""Putting a policy outermost, outside Starlette's own error layer, and asking routes for theirs.

Which policy a route has is the subject of `routes`; what a policy does to a request is that of
`corekit_asgi`, which is put around the finished stack of the application here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from corekit import CorsPolicy, CorsRoutes
from corekit._names import COMMON_METHODS, SAFELISTED_METHODS
from corekit._origins import ANY
from corekit.events import Observer, OnDecision, check_on_decision
from corekit_asgi import CorsMiddleware

from .observing import make_observer
from .routes import find_policy, is_any_route_marked

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["install"]


def install(
    app: Starlette,
    policy: CorsPolicy | CorsRoutes | None = None,
    *,
    on_decision: OnDecision | None = None,
) -> None:
    """Put `policy` around a Starlette or FastAPI application, as its outermost layer.

    Every response then carries the headers: of middleware, of error handlers, of unrouted paths,
    and the 500 of Starlette's own error layer, which no added middleware can reach. Routes and
    middleware may be added before and after. Routes with a policy of their own (`cors`) keep it;
    without `policy`, only those are covered.

    `on_decision` is a plain function that is given a `DecisionEvent` of every request that a policy
    covers, those of routes among them. Denials go to the logger "corekit.starlette" at INFO; where
    ``app.debug`` is on as the application starts, once for each origin and reason at WARNING.

    Raises TypeError where `policy` is none or `on_decision` no plain function, and RuntimeError
    where the application has started or has a policy already.

    >>> from corekit import CorsPolicy
    >>> from starlette.applications import Starlette
    >>> app = Starlette()
    >>> install(app, CorsPolicy(allow_origins=["https://app.example.com"]))
    """
    if policy is not None and not isinstance(policy, CorsPolicy | CorsRoutes):
        raise TypeError(
            f"policy is of type {type(policy).__name__}: give a CorsPolicy or a CorsRoutes"
        )
    if app.middleware_stack is not None:
        raise RuntimeError("install(app, policy) comes before the application is started")
    if _has_policy(app):
        raise RuntimeError("this application has a policy already: one is the authority")
    check_on_decision(on_decision)
    # The stack is built when the application starts, with all that was added until then.
    vars(app)["build_middleware_stack"] = _Builder(app, policy, on_decision)


def _has_policy(app: Starlette) -> bool:
    return isinstance(app.build_middleware_stack, _Builder)


class _Builder:
    def __init__(
        self, app: Starlette, policy: CorsPolicy | CorsRoutes | None, on_decision: OnDecision | None
    ) -> None:
        self._app = app
        self._build = app.build_middleware_stack
        self._policy = policy
        self._on_decision = on_decision

    def __call__(self) -> ASGIApp:
        observer = make_observer(self._on_decision, self._app)
        return _Outermost(self._build(), self._app, self._policy, observer)


class _Outermost:
    """The whole of an application, with the policy of the route that each request would reach."""

    def __init__(
        self,
        app: ASGIApp,
        starlette: Starlette,
        policy: CorsPolicy | CorsRoutes | None,
        observer: Observer,
    ) -> None:
        self.app = app
        self._starlette = starlette
        self._policy = policy
        self._observer = observer
        self._default: ASGIApp = app if policy is None else self._cover(policy)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._default
        # Routing twice costs something, so those without policies of routes do not pay for it.
        if is_any_route_marked() and scope["type"] == "http":
            policy = self._find_policy(scope)
            app = self.app if policy is None else self._cover(policy)
        await app(scope, receive, send)

    def _cover(self, policy: CorsPolicy | CorsRoutes) -> ASGIApp:
        return CorsMiddleware(self.app, policy, observer=self._observer)

    def _find_policy(self, scope: Scope) -> CorsPolicy | None:
        asked = _requested_method(scope)
        if asked is None:
            return self._policy_for(scope, scope["method"])
        policy = self._policy_for(scope, asked)
        if policy is None or all(
            self._policy_for(scope, method) is policy for method in _named_methods(policy)
        ):
            return policy
        return _uncached(policy)

    def _policy_for(self, scope: Scope, method: str) -> CorsPolicy | None:
        own = find_policy(self._starlette, scope, method)
        if own is None and self._policy is not None:
            return self._policy.policy_for(scope["path"])
        return own


def _requested_method(scope: Scope) -> str | None:
    # A preflight speaks for the method that it asks for; anything else has none.
    fields: dict[bytes, bytes] = {name.lower(): value for name, value in scope["headers"]}
    asked = fields.get(b"access-control-request-method")
    if scope["method"] != "OPTIONS" or asked is None or b"origin" not in fields:
        return None
    return asked.decode("latin-1")


def _named_methods(policy: CorsPolicy) -> tuple[str, ...]:
    """List the methods that a browser would read out of this policy's answer."""
    always = COMMON_METHODS if ANY in policy.allow_methods else SAFELISTED_METHODS
    return (*always, *policy.allow_methods)


@lru_cache(maxsize=256)
def _uncached(policy: CorsPolicy) -> CorsPolicy:
    """Keep the answer of this policy out of the browser's cache.

    A browser keeps an answer for all methods that it names: where another method of the path has
    another policy, that one is to be asked, too.
    """
    return policy if policy == CorsPolicy.deny_all() else policy.replace(max_age=0)
