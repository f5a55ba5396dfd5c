"""Per-handler policies: keep one on a handler, and find the one for a method of a path.

A policy is an attribute of the handler, so it applies wherever the handler is routed. It is found
by routing as aiohttp does; no handler runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar, Unpack, cast

from aiohttp import hdrs, web
from yarl import URL

from corekit.adapter import (
    Mark,
    Policies,
    class_owners,
    has_marks,
    keep_policy,
    kept_marks,
    make_policy,
)
from corekit.arguments import Grants

T = TypeVar("T")

_NO_METHOD: Final = "COREKIT"
"""A method that no path has."""


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


async def find_handlers(request: web.Request, method: str) -> dict[str, object]:
    """Return the handlers of the requested path by method, with that for `method` if it has one."""
    found = await _resolve(request, _NO_METHOD)
    # The exception for a path with other methods names them.
    methods: set[str] = {*getattr(found.http_exception, "allowed_methods", ())}
    if found.http_exception is None:
        # A handler is routed for any method, and others may have some of them.
        routes = request.match_info.apps[0].router.routes()
        methods = {method, method.upper(), *hdrs.METH_ALL, *(route.method for route in routes)}
    handlers = {each: (await _resolve(request, each)).handler for each in sorted(methods)}
    return {
        each: handler
        for each, handler in handlers.items()
        if each.upper() == method.upper() or not _is_missing(handler, each)
    }


def _is_missing(handler: object, method: str) -> bool:
    """Return whether a class-based view responds to a method with 405."""
    is_view = isinstance(handler, type) and issubclass(handler, web.View)
    return is_view and not hasattr(handler, method.lower())


async def find_redirected(request: web.Request, method: str, location: str) -> web.Request:
    """Return a request without a handler as the one that it is redirected to, if that has one."""
    if not location.startswith("/") or location.startswith("//"):
        return request
    target = cast("web.Request", _Changed(request, rel_url=URL(location, encoded=True)))
    match_info = await _resolve(target, method)
    if match_info.http_exception is not None:
        return request
    match_info.add_app(request.match_info.apps[0])
    return cast("web.Request", _Changed(target, match_info=match_info))


async def find_normalized(request: web.Request, method: str) -> web.Request:
    """Return a request as `web.normalize_path_middleware` redirects it, if that is installed."""
    match_info = await _resolve(request, method)
    for app in request.match_info.apps:
        for middleware in filter(_is_normalizing, app.middlewares):
            # Each copy of a request has to be of the method that the preflight asks for.
            copy = request.clone(method=method)
            asked = cast("web.Request", _Changed(copy, match_info=match_info, app=app))
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


async def _resolve(request: web.Request, method: str) -> web.UrlMappingMatchInfo:
    router = request.match_info.apps[0].router
    return await router.resolve(cast("web.Request", _Changed(request, method=method)))


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
