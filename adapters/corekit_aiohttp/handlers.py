"""Per-handler policies: keep one on a handler, and find the one for a method of a path.

A policy is an attribute of the handler, so it applies wherever the handler is routed. It is found
by routing as aiohttp does; no handler runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, TypeVar, Unpack, cast

from aiohttp import hdrs, web
from yarl import URL

from corekit.adapter import (
    Mark,
    Policies,
    class_owners,
    deny_with_hint,
    has_marks,
    keep_policy,
    kept_marks,
    make_policy,
)
from corekit.arguments import Grants

T = TypeVar("T")

_NO_METHOD: Final = "COREKIT"
"""A method that no path has."""

_MOST_SLASHES: Final = 64

SLOW_TO_ROUTE: Final = deny_with_hint(f"Request a path with at most {_MOST_SLASHES} slashes.")
"""The policy for a preflight whose path takes aiohttp long to route."""


def cors(policy: Policies | None = None, /, **grants: Unpack[Grants]) -> Callable[[T], T]:
    """Give a handler a policy, which replaces that of `install`.

    Pass a policy, or the arguments of a `CorsPolicy`. The returned decorator takes a function, a
    class-based view or one of its methods, and returns it. The policy of a method wins over that of
    its view. A preflight gets the policy of the handler for the requested method. The application,
    or one around it, needs `install`: without it, no origins are allowed.

    Raise `corekit.PolicyError` with all problems, and TypeError for anything else that is not a
    policy, and for objects that are not handlers.

    >>> @cors(allow_origins=["*"])
    ... async def feed(request): ...
    """
    own = make_policy(policy, grants)

    def mark(target: T) -> T:
        if isinstance(target, web.Application):
            raise TypeError("An Application cannot keep a policy. Pass the handler or the view.")
        return keep_policy(target, own, "the handler or the view")

    return mark


def has_policies(app: web.Application) -> bool:
    """Return whether any handler of an application or its subapplications has a policy."""
    return any(has_marks(route.handler) for route in app.router.routes())


def marks_of_handler(handler: object, method: str) -> list[Mark]:
    """Return the marks of a handler and of its method, the one to use first."""
    return [mark for owner in _owners(handler, method) for mark in kept_marks(owner)]


def is_slow_to_route(request: web.Request) -> bool:
    """Return whether the path has too many slashes to be routed for many methods.

    aiohttp removes the segments one by one from the end, and looks up what remains.
    """
    return request.rel_url.raw_path.count("/") > _MOST_SLASHES


async def find_requests(request: web.Request, method: str) -> dict[str, web.Request]:
    """Return a request as it is routed for `method` and for all methods that its path has."""
    other = await _route(request, _NO_METHOD)
    apps, error = other.match_info.apps, other.match_info.http_exception
    # The exception for a path with other methods names them.
    methods: set[str] = {*getattr(error, "allowed_methods", ())}
    if error is None or len(apps) > 1:
        # A handler is routed for any method, or a subapplication answers for all paths below its
        # prefix: other handlers may have some methods.
        methods = {route.method for route in apps[0].router.routes()} - {hdrs.METH_ANY}
    requests = dict.fromkeys(hdrs.METH_ALL, other)
    for each in sorted({method, method.upper(), *methods}):
        requests[each] = await _route(request, each)
    return {
        each: routed
        for each, routed in requests.items()
        if each.upper() == method.upper() or not _is_missing(routed, each)
    }


def _is_missing(request: web.Request, method: str) -> bool:
    """Return whether the response is that no handler has the path or the method."""
    handler = request.match_info.handler
    is_view = isinstance(handler, type) and issubclass(handler, web.View)
    return not is_routed(request) or (is_view and not hasattr(handler, method.lower()))


def is_routed(request: web.Request) -> bool:
    """Return whether a handler is routed for the path and the method of a request."""
    return request.match_info.http_exception is None


async def find_redirected(request: web.Request, method: str, location: str) -> web.Request:
    """Return a request without a handler as the one that it is redirected to, if that has one."""
    if not location.startswith("/") or location.startswith("//"):
        return request
    target = cast("web.Request", _Changed(request, rel_url=URL(location, encoded=True)))
    routed = await _route(target, method)
    return routed if is_routed(routed) else request


async def find_normalized(request: web.Request, method: str) -> web.Request:
    """Return a request without a handler as `web.normalize_path_middleware` redirects it.

    Without that middleware, or if it does not redirect, return the request itself.
    """
    for app in request.match_info.apps:
        for middleware in filter(_is_normalizing, app.middlewares):
            # Each copy that the middleware makes has to be of this method.
            clone = partial(request.clone, method=method)
            asked = cast("web.Request", _Changed(request, app=app, clone=clone))
            try:
                await middleware(asked, _stay)
            except web.HTTPException as redirect:
                return await find_redirected(request, method, redirect.headers["Location"])
    return request


def _is_normalizing(middleware: object) -> bool:
    normalize = web.normalize_path_middleware
    names = normalize.__module__, f"{normalize.__qualname__}.<locals>.impl"
    return names == (
        getattr(middleware, "__module__", None),
        getattr(middleware, "__qualname__", None),
    )


async def _stay(_: web.Request) -> web.StreamResponse:
    return web.Response()


async def _route(request: web.Request, method: str) -> web.Request:
    """Return a request as aiohttp would route it with another method."""
    app = request.match_info.apps[0]
    match_info = await app.router.resolve(cast("web.Request", _Changed(request, method=method)))
    match_info.add_app(app)
    return cast("web.Request", _Changed(request, match_info=match_info))


class _Changed:
    """A request with other attributes: a request whose body was read cannot be cloned."""

    def __init__(self, request: web.Request, **attributes: object) -> None:
        self._request = request
        vars(self).update(attributes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request, name)


def _owners(handler: object, method: str) -> Iterator[object]:
    """Yield the objects of a handler that may have a policy, the one nearest to the code first."""
    if isinstance(handler, type):
        yield getattr(handler, method.lower(), None)
        yield from class_owners(handler)
    yield handler
