"""Per-route policies: keep one on a route, and find the one for a request.

A policy is an attribute of the object that it was given to, so it applies wherever the object is
mounted or included, also in another process. It is found by matching as the router does; no
endpoint runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from starlette.routing import Match

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import Policies, keep_policy, kept_policy, make_policy
from corekit_asgi.paths import path_below_root

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import Scope

T = TypeVar("T")

_MOST_LAYERS: Final = 100
# Those that an HTTPEndpoint may have a method for.
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")


def cors(policy: Policies | None = None, /, **grants: Any) -> Callable[[T], T]:
    """Give an endpoint, a route, a router or a mount a policy, which replaces that of `install`.

    Pass a policy, or the arguments of a `CorsPolicy`. The returned decorator takes an endpoint (a
    function or a class, also FastAPI's path operations), a `Route`, a `Mount`, a `Router`, an
    `APIRouter` or a mounted application, and returns it. The policy nearest to the endpoint wins:
    that of the route, then of the endpoint, then of the router or mount around it. A preflight gets
    the policy of the route that the requested method would reach. The application needs `install`:
    without it, no origins are allowed.

    Raise `corekit.PolicyError` with all problems, and TypeError for anything else that is not a
    policy, and for objects that cannot have attributes.

    >>> @cors(allow_origins=["*"])
    ... async def feed(request): ...
    """
    route_policy = make_policy(policy, grants)

    def mark(target: T) -> T:
        if hasattr(target, "include_router") and not _keeps_included_routers():
            raise TypeError("This FastAPI copies routes out of routers. Mark the path operations.")
        keep_policy(target, route_policy, "the function, the class or the route")
        return target

    return mark


class RoutePolicies:
    """The per-route policies of one application."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        # What has routes, with the routes that it had when they were searched, and whether one has
        # a policy: one value, since threads may search at the same time.
        self._searched: tuple[list[tuple[Any, list[Any]]], bool] = ([], False)

    def exist(self) -> bool:
        """Return whether any route has a policy; new routes are noticed."""
        searched, found = self._searched
        if not searched or any(_routes_of(owner) != routes for owner, routes in searched):
            searched, found = self._searched = self._search()
        return found

    def _search(self) -> tuple[list[tuple[Any, list[Any]]], bool]:
        # By id, since an application may be mounted in itself.
        searched: dict[int, tuple[Any, list[Any]]] = {}
        found = kept_policy(self._app.router) is not None
        pending: list[Any] = [self._app]
        while pending:
            owner = pending.pop()
            routes = _routes_of(owner)
            if routes is not None and id(owner) not in searched:
                searched[id(owner)] = (owner, routes)
                pending += routes
                owners = [
                    owner
                    for route in routes
                    for owner in (*_applications(route), *_endpoints(route, _METHODS))
                ]
                found = found or any(map(kept_policy, owners))
        return list(searched.values()), found

    def find(self, scope: Scope, method: str) -> CorsPolicy | None:
        """Return the policy of the route that a request with `method` would reach, if any."""
        scope = {**scope, "method": method}
        policy, is_routed = _walk(self._app, {**scope})
        if not is_routed:
            # The router redirects to the path with or without its slash, which has the same policy.
            path: str = scope["path"]
            other = path.rstrip("/") if path.endswith("/") else f"{path}/"
            redirected, is_routed = _walk(self._app, {**scope, "path": other})
            return redirected if is_routed else policy
        return policy


def _walk(app: Starlette, scope: Scope) -> tuple[CorsPolicy | None, bool]:
    """Follow a request to its route; return its policy and whether there is a route."""
    found = _policy_of(app.router, scope)
    candidates: Iterable[Any] = app.routes
    while True:
        candidate, child_scope = _select(candidates, scope)
        if candidate is None:
            return found, False
        outer = {**scope}
        scope.update(child_scope)
        for owner in _applications(candidate):
            found = _policy_of(owner, scope) or found
        for owner in _endpoints(candidate, (scope["method"],)):
            found = _policy_of(owner, outer) or found
        candidates = _routes_of(candidate) or ()
        if not candidates:
            return found, True


def _select(candidates: Iterable[Any], scope: Scope) -> tuple[Any, Scope]:
    # Like the router: the first match, else the first whose path matches, which responds with 405.
    partial: tuple[Any, Scope] = (None, {})
    for candidate in candidates:
        try:
            match, child_scope = candidate.matches(scope)
        except Exception:  # noqa: BLE001 - the router raises it again, inside its error layer
            return None, {}
        if match is Match.FULL:
            return candidate, child_scope
        if match is Match.PARTIAL and partial[0] is None:
            partial = (candidate, child_scope)
    return partial


def _applications(candidate: Any) -> Iterable[Any]:
    """Yield the applications and routers of a candidate that may have a policy."""
    # FastAPI wraps an included router and its routes in other objects.
    route = getattr(candidate, "original_route", candidate)
    yield getattr(route, "original_router", None)
    # A mount has an application, perhaps inside middleware.
    app = route
    for _ in range(_MOST_LAYERS):
        app = getattr(app, "app", None)
        if app is None:
            break
        yield app
    yield getattr(route, "_base_app", None)


def _endpoints(candidate: Any, methods: Iterable[str]) -> Iterable[Any]:
    """Yield the objects of a route that may have a policy, the one nearest to the code last."""
    route = getattr(candidate, "original_route", candidate)
    endpoint = getattr(route, "endpoint", None)
    yield endpoint
    if isinstance(endpoint, type):
        for method in methods:
            # An HTTPEndpoint without a handler for HEAD uses that for GET.
            name = "get" if method == "HEAD" and not hasattr(endpoint, "head") else method.lower()
            yield getattr(endpoint, name, None)
    yield route


def _routes_of(owner: Any) -> list[Any] | None:
    """Return the routes of an application, a mount or an included router; None if it has none."""
    included = getattr(owner, "effective_candidates", None)
    if included is not None:
        return [*included()]
    app = getattr(owner, "starlette_route", None) or owner
    found: list[Any] | None = None
    for _ in range(_MOST_LAYERS):
        routes = getattr(app, "routes", None)
        # A mounted application of another library may use the name for something else.
        if isinstance(routes, list | tuple):
            found = [*routes]
        # A mounted application may be inside middleware, which has no routes.
        app = None if found else getattr(app, "app", None)
        if app is None:
            break
    return found


def _policy_of(owner: object, scope: Scope) -> CorsPolicy | None:
    policies = kept_policy(owner)
    if not isinstance(policies, CorsPolicy | CorsRoutes):
        return None
    return policies.policy_for(path_below_root(scope["path"], scope.get("root_path", "")))


def _keeps_included_routers() -> bool:
    return hasattr(sys.modules.get("fastapi.routing"), "_IncludedRouter")
