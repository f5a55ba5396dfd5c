"""Policies of routes: marking what has one, and finding the one that a request would meet.

A policy is kept on the object that it is given to, so that it is there wherever the object is
mounted or included. It is found by matching as the router does, with nothing run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from starlette.routing import Match

from corekit import CorsPolicy, CorsRoutes

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import Scope

__all__ = ["cors", "find_policy", "is_any_route_marked"]

T = TypeVar("T")
Policy = CorsPolicy | CorsRoutes

_MARK: Final = "__corekit_policy__"
_marked: Final[set[str]] = set()


def cors(policy: Policy) -> Callable[[T], T]:
    """Give an endpoint, a route, a router or a mount a policy of its own, in `install`'s place.

    What is returned takes an endpoint (a function or a class, FastAPI's path operations among
    them), a `Route`, a `Mount`, a `Router`, an `APIRouter` or a mounted application, and returns
    it. The policy nearest to the endpoint wins: that of the route, then of the endpoint, then of
    the router or mount around it. A preflight meets the policy of the route that the requested
    method would reach. The application needs an `install`: without one, nothing is granted.

    Raises TypeError for a policy that is none, and for what no policy can be kept on.

    >>> from corekit import CorsPolicy
    >>> @cors(CorsPolicy(allow_origins=["*"]))
    ... async def feed(request): ...
    """
    if not isinstance(policy, CorsPolicy | CorsRoutes):
        raise TypeError(
            f"policy is of type {type(policy).__name__}: give a CorsPolicy or a CorsRoutes"
        )

    def mark(target: T) -> T:
        if hasattr(target, "include_router") and not _keeps_included_routers():
            raise TypeError("this FastAPI copies routes out of routers: mark the path operations")
        try:
            setattr(target, _MARK, policy)
        except AttributeError:
            kind = type(target).__name__
            raise TypeError(
                f"no policy can be kept on a {kind}: give the function, the class or the route"
            ) from None
        _marked.add(_MARK)
        return target

    return mark


def is_any_route_marked() -> bool:
    """Say whether this process has a policy of a route at all."""
    return bool(_marked)


def find_policy(app: Starlette, scope: Scope, method: str) -> CorsPolicy | None:
    """Find the policy of the route that a request with `method` would reach; None: the default."""
    scope = {**scope, "method": method}
    policy, is_routed = _walk(app, {**scope})
    path: str = scope["path"]
    if not is_routed:
        # The router redirects to the path with its slash, or without: what may be read there may be
        # read here.
        other = path.rstrip("/") if path.endswith("/") else f"{path}/"
        redirected, is_routed = _walk(app, {**scope, "path": other})
        return redirected if is_routed else policy
    return policy


def _walk(app: Starlette, scope: Scope) -> tuple[CorsPolicy | None, bool]:
    """Follow a request down to its route; say also whether there is one."""
    path: str = scope["path"]
    found = _policy_of(app.router, path)
    candidates: Iterable[Any] = app.routes
    while True:
        candidate, child_scope = _select(candidates, scope)
        if candidate is None:
            return found, False
        for owner in _owners(candidate):
            found = _policy_of(owner, path) or found
        scope.update(child_scope)
        below = _below(candidate)
        if below is None:
            return found, True
        candidates = below


def _select(candidates: Iterable[Any], scope: Scope) -> tuple[Any, Scope]:
    # As the router does: the first that matches; else the first whose path matches, for its 405.
    partial: tuple[Any, Scope] = (None, {})
    for candidate in candidates:
        try:
            match, child_scope = candidate.matches(scope)
        except Exception:  # noqa: BLE001 - the router runs into it again, inside its error layer
            return None, {}
        if match is Match.FULL:
            return candidate, child_scope
        if match is Match.PARTIAL and partial[0] is None:
            partial = (candidate, child_scope)
    return partial


def _owners(candidate: Any) -> Iterable[Any]:
    """List what may have the policy of a candidate, the nearest to the request last."""
    # A mount has an application, perhaps inside middleware; FastAPI keeps an included router and
    # its routes behind objects of its own.
    route = getattr(candidate, "original_route", candidate)
    for name in ("original_router", "app", "_base_app", "endpoint"):
        yield getattr(route, name, None)
    yield route


def _below(candidate: Any) -> Iterable[Any] | None:
    included = getattr(candidate, "effective_candidates", None)
    if included is not None:
        return included()  # type: ignore[no-any-return]  # FastAPI's, which is not typed so
    starlette_route = getattr(candidate, "starlette_route", None)
    return getattr(starlette_route or candidate, "routes", None) or None


def _policy_of(owner: object, path: str) -> CorsPolicy | None:
    policy = getattr(owner, _MARK, None)
    return policy.policy_for(path) if isinstance(policy, CorsPolicy | CorsRoutes) else None


def _keeps_included_routers() -> bool:
    return hasattr(sys.modules.get("fastapi.routing"), "_IncludedRouter")
