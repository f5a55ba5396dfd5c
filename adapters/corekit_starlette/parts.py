"""Read what routes and mounts consist of: their applications, routers, routes and endpoints.

A mounted application may be one of another library, which uses the same names for something else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Router

from corekit.adapter import class_owners, kept_marks

if TYPE_CHECKING:
    from starlette.types import Scope

_MOST_LAYERS: Final = 100
_ROUTERS: Final = (Starlette, Router)


def root_path_of(app: object) -> str:
    """Return the root path of a FastAPI application, which replaces that of the request."""
    root_path = getattr(app, "root_path", "") if isinstance(app, Starlette) else ""
    return root_path if isinstance(root_path, str) else ""


def applications_of(candidate: Any, around: Collection[object] = ()) -> Iterator[Any]:
    """Yield the applications and routers of a candidate that may have a policy.

    `around` are the applications that the candidate is in.
    """
    route = original_of(candidate)
    yield getattr(route, "original_router", None)
    yield from _layers_of(route, around)
    yield getattr(route, "_base_app", None)


def _layers_of(route: Any, around: Collection[object] = ()) -> Iterator[Any]:
    """Yield the application of a mount, and what is inside it if it is middleware."""
    app = route
    for _ in range(_MOST_LAYERS):
        app = _read(app, "app")
        # A mounted object may keep the application that it is in.
        if app is None or any(app is each for each in around):
            break
        yield app


def _read(owner: object, name: str, failed: object = None) -> Any:
    """Return an attribute, None if it is missing, and `failed` if it raises an exception."""
    try:
        return getattr(owner, name, None)
    except Exception:  # noqa: BLE001 - of any library
        return failed


def original_of(candidate: Any) -> Any:
    """Return the route of the application: FastAPI wraps that of an included router."""
    return getattr(candidate, "original_route", candidate)


def endpoint_of(candidate: Any) -> Any:
    return getattr(original_of(candidate), "endpoint", None)


def methods_of(candidate: Any) -> Iterator[str]:
    """Yield the methods of a route, and those of its class that have their own policies."""
    methods = getattr(original_of(candidate), "methods", None)
    if isinstance(methods, Collection):
        yield from methods
    members = (vars(each) for each in getattr(endpoint_of(candidate), "__mro__", ()))
    yield from (name.upper() for each in members for name in each if kept_marks(each[name]))


def endpoints_of(candidate: Any, method: str) -> Iterable[Any]:
    """Yield the objects of an endpoint that may have a policy, the one nearest to the code last."""
    endpoint = endpoint_of(candidate)
    if not isinstance(endpoint, type):
        yield endpoint
    else:
        yield from reversed([*class_owners(endpoint)])
        # An HTTPEndpoint without a handler for HEAD uses that for GET.
        name = "get" if method == "HEAD" and not hasattr(endpoint, "head") else method.lower()
        yield getattr(endpoint, name, None)


def routes_of(owner: Any, around: Collection[object] = ()) -> list[Any] | None:
    """Return the routes of an application, a mount or an included router; None if it has none.

    `around` are the applications that the owner is in.
    """
    included = getattr(owner, "effective_candidates", None)
    if included is not None:
        return [*included()]
    route = getattr(owner, "starlette_route", None) or owner
    found: list[Any] | None = None
    # A mounted application may be inside middleware, which has no routes.
    for layer in chain((route,), _layers_of(route, around)):
        # Those of an application that is not set up yet may be there later.
        routes = _read(layer, "routes", failed=[])
        if isinstance(routes, list | tuple) and _are_routes(layer, routes):
            found = [*routes]
        if found:
            break
    return found


def _are_routes(owner: object, routes: Sequence[object]) -> bool:
    # An application of another library may use the name for something else.
    if isinstance(owner, _ROUTERS):
        return True
    return all(issubclass(kind, BaseRoute) for kind in set(map(type, routes)))


def router_of(candidate: Any, around: Collection[object]) -> Router | None:
    """Return the router of a mount, which may be inside middleware."""
    route = getattr(candidate, "starlette_route", None) or candidate
    found = applications_of(route, around)
    routers = (each.router if isinstance(each, Starlette) else each for each in found)
    return next((each for each in routers if isinstance(each, Router)), None)


def frontend_routers(router: Any, scope: Scope) -> Sequence[Any]:
    """Return the included routers around the static files that FastAPI has for a request, if any.

    These routes of `APIRouter.frontend` come after all others, and after the redirects.
    """
    if not hasattr(router, "_match_low_priority"):
        return ()
    *_, context = router._match_low_priority(scope)
    for included in filter(is_included, router.routes):
        contexts = included.effective_low_priority_routes()
        for each, routers in zip(contexts, _frontends(included.original_router), strict=True):
            if each is context:
                return routers
    return ()


def _frontends(router: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the routers around each low-priority route of a router, in FastAPI's order."""
    yield from ((router,) for _ in router._low_priority_routes)
    for included in filter(is_included, router.routes):
        yield from ((router, *inner) for inner in _frontends(included.original_router))


def is_included(route: Any) -> bool:
    return hasattr(route, "effective_candidates")
