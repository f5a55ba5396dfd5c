"""Find the policy for a request: that of its handler, else the one for the path that Sanic routes.

A per-handler policy is an attribute of the handler, so it applies wherever the handler is routed,
also in another process. It is found by routing as Sanic does; no handler runs.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar, Unpack

from sanic import Request
from sanic.exceptions import MethodNotAllowed, SanicException
from sanic_routing.route import Route

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import (
    AMBIGUOUS,
    Mark,
    Policies,
    ReadPolicies,
    RoutingError,
    keep_policy,
    make_policy,
    policy_for_readings,
    raw_path_readings,
    read_policy,
    view_marks,
)
from corekit.arguments import Grants

__all__ = ["cors", "find_paths", "find_policy"]

T = TypeVar("T")

_MANY_SLASHES: Final = "/" * 20


def cors(policy: Policies | None = None, /, **grants: Unpack[Grants]) -> Callable[[T], T]:
    """Give a handler a policy, which replaces that of `install`.

    Pass a policy, or the arguments of a `CorsPolicy`. The returned decorator takes a function, a
    class-based view or one of its methods, and returns it. The policy of a method wins over that of
    its class. A preflight gets the policy of the handler that the requested method would reach. The
    application needs `install`: without it, no origins are allowed.

    Raise `corekit.PolicyError` with all problems, and TypeError for anything else that is not a
    policy, and for objects that are not handlers.

    >>> @cors(allow_origins=["*"])
    ... async def feed(request): ...
    """
    handler_policy = make_policy(policy, grants)

    def mark(target: T) -> T:
        return keep_policy(target, handler_policy, "the function or the class")

    return mark


def find_policy(
    request: Request,
    method: str,
    default: CorsPolicy | CorsRoutes | None,
    marks: list[Mark],
    read: ReadPolicies,
) -> CorsPolicy | None:
    """Return the policy for a request, as if it had `method`; None if no policy covers it.

    All marks of handlers that were found on the way are added to `marks`. `read` has the live
    policies that were read for the request: see `read_policy`. Raise `RoutingError` if the router
    does not say which handler that is.
    """
    # Sanic's router removes the slashes one by one, and routes again after each.
    if request.path.endswith(_MANY_SLASHES):
        return AMBIGUOUS
    route = _find_route(request, method)
    if route is not None:
        found = view_marks(_handler_of(route), method)
        marks += found
        for mark in found:
            own: Any = read_policy(mark.policy, read)
            policy = _policy_for_path(own, request, route)
            if policy is not None:
                return policy.of_handler
    return None if default is None else _policy_for_path(default, request, route)


def find_paths(request: Request) -> tuple[str, ...]:
    """Return what an application may read the path of a request as."""
    path = request.path
    readings = raw_path_readings(path)
    if not path.endswith("/") or path.endswith(_MANY_SLASHES):
        return readings
    route = None
    with suppress(RoutingError):
        route = _find_route(request, request.method)
    if route is not None and route.strict:
        return readings
    return (*readings, *raw_path_readings(path.rstrip("/")))


def _find_route(request: Request, method: str) -> Route | None:
    host = request.headers.getone("host", None)
    methods = [method]
    for candidate in methods:
        try:
            return request.app.router.get(request.path, candidate, host)[0]
        except MethodNotAllowed as error:
            # The response is a 405. Its policy is that of a method that the path has.
            methods += sorted(set(error.allowed_methods or ()).difference(methods))
        except Exception as error:
            # Raised again where the application handles errors.
            if isinstance(error, SanicException) and error.status_code < 500:
                break
            raise RoutingError from error
    return None


def _handler_of(route: Route) -> object:
    handler: Any = route.handler
    # Sanic Extensions adds one for HEAD, which calls that for GET.
    handler = getattr(handler, "__route_handler__", handler)
    # That of a WebSocket is an argument of Sanic's own.
    return handler.args[0] if hasattr(handler, "is_websocket") else handler


def _policy_for_path(
    policies: CorsPolicy | CorsRoutes, request: Request, route: Route | None
) -> CorsPolicy | None:
    path = request.path
    if route is None or not route.strict:
        # Sanic routes a path with a slash at its end like one without.
        path = path.rstrip("/")
    # Sanic compares a path with its routes without decoding it, also if it decodes the parameters.
    return policy_for_readings(policies, raw_path_readings(path))
