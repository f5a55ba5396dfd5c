"""Per-route policies: keep one on a route, and find the one for a request.

A policy is an attribute of the object that it was given to, so it applies wherever the object is
mounted or included, also in another process. It is found by matching as the router does; no
endpoint runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar, Unpack

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Router

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import (
    MARKS,
    Mark,
    Policies,
    ReadPolicies,
    RoutingError,
    check_found,
    has_marks,
    keep_policy,
    kept_marks,
    make_policy,
    read_policy,
)
from corekit.arguments import Grants
from corekit_asgi.context import APPLIED
from corekit_asgi.paths import path_below_root

from .parts import (
    applications_of,
    endpoint_of,
    endpoints_of,
    frontend_routers,
    is_included,
    methods_of,
    original_of,
    root_path_of,
    router_of,
    routes_of,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

T = TypeVar("T")

# Whether one of these matches a path does not depend on the method; others may do as they like.
_KNOWN_ROUTES: Final = frozenset({"starlette.routing", "fastapi.routing"})

# Applications of Starlette that are nested much deeper end in a RecursionError.
_MOST_MOUNTS: Final = 100


def cors(policy: Policies | None = None, /, **grants: Unpack[Grants]) -> Callable[[T], T]:
    """Give an endpoint, a route, a router or a mount a policy, which replaces that of `install`.

    Pass a policy, or the arguments of a `CorsPolicy`. The returned decorator takes an endpoint (a
    function or a class, also FastAPI's path operations), a `Route`, a `Mount`, a `Router`, an
    `APIRouter` or an application, and returns what to use instead: a function that checks first,
    or the object itself. The policy nearest to the endpoint wins: that of the route, then of the
    endpoint, then of the router or mount around it. A preflight gets the policy of the route that
    the requested method would reach. The application needs `install`: without it, no origins are
    allowed. Use what is returned: if `install` cannot find the policy, since the endpoint is behind
    a decorator without `functools.wraps`, it raises RuntimeError instead of running.

    Raise `corekit.PolicyError` with all problems, and TypeError for anything else that is not a
    policy, and for other objects.

    >>> @cors(allow_origins=["*"])
    ... async def feed(request): ...
    """
    route_policy = make_policy(policy, grants)

    def mark(target: T) -> T:
        if hasattr(target, "include_router") and not _keeps_included_routers():
            raise TypeError("This FastAPI copies routes out of routers. Mark the path operations.")
        made = keep_policy(target, route_policy, "the function, the class or the route")
        _guard_application(target)
        return made

    return mark


def _guard_application(target: object) -> None:
    """Let a route, a router or an application check that its policy was found."""
    owner: Any = target
    names: tuple[str, ...] = ("app",)
    if isinstance(target, Starlette | Router):
        # FastAPI calls `handle` of an included router.
        owner, names = getattr(target, "router", target), ("middleware_stack", "handle")
    elif not isinstance(target, BaseRoute):
        return
    elif hasattr(target, "get_route_handler"):
        # FastAPI does not call `app` of an `APIRoute` in an included router.
        names = ("handle",)
    for name in names:
        app = getattr(owner, name, None)
        if app is not None and not isinstance(app, _Guarded):
            setattr(owner, name, _Guarded(app, target))


class _Guarded:
    """The inside of a route or a router with a policy, which does not run under another one."""

    def __init__(self, app: ASGIApp, owner: Any) -> None:
        self.app = app
        self._owner = owner

    @property
    def routes(self) -> list[BaseRoute]:
        """The routes of the application, for a `Host`."""
        return getattr(self.app, "routes", [])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, as an ASGI 3 application."""
        # A policy is applied to a handshake only if a guard judges it.
        if scope["type"] == "http" or APPLIED in scope:
            owner = self._owner
            name = f"{type(owner).__name__} {getattr(owner, 'path', '')}".rstrip()
            path = path_below_root(scope["path"], scope.get("root_path", ""))
            check_found(name, kept_marks(owner), lambda policy: policy.policy_for(path))
        await self.app(scope, receive, send)


class RoutePolicies:
    """The per-route policies of one application."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        # What has routes, with the routes that it had when they were searched, how many marks there
        # were, and whether one was found: one value, since threads may search at the same time.
        self._searched: tuple[list[tuple[Any, list[Any]]], int, bool] = ([], 0, False)

    def exist(self) -> bool:
        """Return whether any route has a policy; new routes are noticed."""
        searched, count, found = self._searched
        if (
            not searched
            or (not found and count != MARKS.count)
            or any(routes_of(owner) != routes for owner, routes in searched)
        ):
            _, _, found = self._searched = self._search()
        return found

    def methods(self) -> set[str]:
        """Return the methods that the routes have, as far as they were searched."""
        routes = [route for _, routes in self._searched[0] for route in routes]
        return set().union(*map(methods_of, routes))

    def _search(self) -> tuple[list[tuple[Any, list[Any]]], int, bool]:
        count = MARKS.count
        # By id, since an application may be mounted in itself.
        searched: dict[int, tuple[Any, list[Any]]] = {}
        found = any(map(has_marks, (self._app, self._app.router)))
        pending: list[Any] = [self._app]
        while pending:
            owner = pending.pop()
            routes = routes_of(owner)
            if routes is not None and id(owner) not in searched:
                searched[id(owner)] = (owner, routes)
                pending += routes
                owners = [
                    owner
                    for route in routes
                    for owner in (*applications_of(route), endpoint_of(route), original_of(route))
                ]
                found = found or any(map(has_marks, owners))
        return list(searched.values()), count, found

    def find(self, scope: Scope, read: ReadPolicies) -> RoutePolicy:
        """Return the policies of the routes that a request would reach, by method."""
        return RoutePolicy(self._app, scope, read)


class RoutePolicy:
    """The per-route policies of one path: call it with a method for the policy of its route.

    `marks` are all that were found on the way to the endpoint. `read` has the live policies that
    were read for the request: see `read_policy`. A call raises `RoutingError` if the router does
    not say which route a request would reach.
    """

    def __init__(self, app: Starlette, scope: Scope, read: ReadPolicies) -> None:
        self._app = app
        self._scope = scope
        self._read = read
        self.marks: list[Mark] = []
        # The routes that do not match the path, whatever the method is, and the included routers
        # that do: by their id and the paths.
        self._others: set[tuple[int, str, str]] = set()
        self._routers: set[tuple[int, str, str]] = set()

    def __call__(self, method: str) -> CorsPolicy | None:
        """Return the policy of the route that a request with `method` would reach, if any."""
        return self._walk(method, self._scope["path"])

    def _walk(self, method: str, path: str, *, is_redirected: bool = False) -> CorsPolicy | None:
        """Follow a request to its route, and return its policy."""
        scope = {**self._scope, "method": method, "path": path}
        app = self._app
        found = self._policy_of(app.router, scope) or self._policy_of(app, scope)
        router: Any = app.router
        around: list[Any] = [app, app.router]
        candidates: Iterable[Any] = app.routes
        for _ in range(_MOST_MOUNTS + 1):
            try:
                _, candidate, child_scope = self._select(candidates, scope)
                redirect = None
                if candidate is None and not is_redirected:
                    redirect = self._slash_redirect(router, candidates, scope)
            except Exception as error:
                # The router raises it again, inside its error layer.
                if isinstance(error, HTTPException) and error.status_code < 500:
                    return found
                raise RoutingError from error
            if redirect is not None:
                # The handler there has the policy, so that pages can follow the redirect.
                return self._walk(method, redirect, is_redirected=True)
            if candidate is None:
                for owner in frontend_routers(router, scope):
                    found = self._policy_of(owner, scope) or found
                return found
            scope.update(child_scope)
            # Below the prefix of a mount, whatever its application makes of it.
            below = {**scope}
            route, is_mount = original_of(candidate), endpoint_of(candidate) is None
            found = (self._policy_of(route, below) if is_mount else None) or found
            owners = [*applications_of(candidate, around)]
            for owner in owners:
                scope["root_path"] = root_path_of(owner) or scope.get("root_path", "")
                found = self._policy_of(owner, scope) or found
            for owner in () if is_mount else (*endpoints_of(candidate, scope["method"]), route):
                found = self._policy_of(owner, below) or found
            candidates = routes_of(candidate, around) or ()
            if not candidates:
                return found
            router = router_of(candidate, around)
            around += (*owners, router)
        # An application that is mounted in itself without a prefix would be routed without an end.
        raise RoutingError(f"The request passes more than {_MOST_MOUNTS} mounts.")

    def _select(self, candidates: Iterable[Any], scope: Scope) -> tuple[Match, Any, Scope]:
        # Like the router: the first match, else the first whose path matches, which responds 405.
        partial: tuple[Match, Any, Scope] = (Match.NONE, None, {})
        paths = (scope["path"], scope.get("root_path", ""))
        others = self._others
        for candidate in candidates:
            key = (id(candidate), *paths)
            if key in others:
                continue
            match, child_scope = self._match(key, candidate, scope)
            if match is Match.FULL:
                return match, candidate, child_scope
            if match is Match.NONE:
                if _is_known(candidate) and _is_known(original_of(candidate)):
                    others.add(key)
            elif partial[1] is None:
                partial = (match, candidate, child_scope)
        return partial

    def _match(
        self, key: tuple[int, str, str], candidate: Any, scope: Scope
    ) -> tuple[Match, Scope]:
        # FastAPI's included routers try all of their routes, for each method again.
        if key in self._routers:
            return self._select(routes_of(candidate) or (), scope)[0], {}
        original = original_of(candidate)
        is_wrapped = original is not candidate and hasattr(original, "get_route_handler")
        if is_wrapped and not _is_known(original):
            # FastAPI asks the route itself, and passes the object around it.
            of_fastapi = {**scope.get("fastapi", {}), "effective_route_context": candidate}
            return original.matches({**scope, "fastapi": of_fastapi})  # type: ignore[no-any-return]
        match, child_scope = candidate.matches(scope)
        if match is not Match.NONE and is_included(candidate):
            self._routers.add(key)
        return match, child_scope

    def _slash_redirect(self, router: Any, candidates: Iterable[Any], scope: Scope) -> str | None:
        """Return the path that a router redirects a request to, if it has no route for it."""
        path: str = scope["path"]
        other = f"{path}/"
        if path.endswith("/"):
            is_root = path_below_root(path, scope.get("root_path", "")) == "/"
            other = "" if is_root else path.rstrip("/")
        if not other or not getattr(router, "redirect_slashes", False):
            return None
        target = self._select(candidates, {**scope, "path": other})[1]
        return None if target is None else other

    def _policy_of(self, owner: object, scope: Scope) -> CorsPolicy | None:
        marks = kept_marks(owner)
        self.marks += marks
        if not marks:
            return None
        path = path_below_root(scope["path"], scope.get("root_path", ""))
        given = (read_policy(mark.policy, self._read) for mark in marks)
        known = (each for each in given if isinstance(each, CorsPolicy | CorsRoutes))
        policy = next(filter(None, (each.policy_for(path) for each in known)), None)
        return None if policy is None else policy.of_handler


def _is_known(route: object) -> bool:
    return type(route).__module__ in _KNOWN_ROUTES


def _keeps_included_routers() -> bool:
    return hasattr(sys.modules.get("fastapi.routing"), "_IncludedRouter")
