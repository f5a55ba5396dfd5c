"""Per-handler policies in Quart and Litestar: keep one on a handler, find the one for a request.

A policy is an attribute of the handler, so it applies wherever the handler is routed. It is found
by routing as the framework does; no handler runs. The frameworks are known by the class of the
application, and not imported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import Any, Final, Protocol, TypeVar, Unpack
from urllib.parse import unquote, urlsplit

from corekit import CorsPolicy
from corekit.adapter import (
    Mark,
    Policies,
    RoutingError,
    keep_policy,
    kept_marks,
    make_policy,
    policy_for_preflight,
    view_marks,
)
from corekit.arguments import Grants

from .headers import requested_method
from .layers import ASGIApp, Scope, class_names, layers_of

T = TypeVar("T")

QUART: Final = "quart.app.Quart"
LITESTAR: Final = "litestar.app.Litestar"


def cors(policy: Policies | None = None, /, **grants: Unpack[Grants]) -> Callable[[T], T]:
    """Give a handler of Quart or Litestar a policy, which replaces that of the application.

    Pass a policy, or the arguments of a `CorsPolicy`. Put the decorator below the one that routes
    the function. In Quart it also takes a class-based view or one of its methods; the policy of a
    method wins. A preflight gets the policy of the handler that the requested method would reach.
    The application needs `install`, or a `CorsMiddleware` around it: without one, no origins are
    allowed.

    Raise `corekit.PolicyError` with all problems, and TypeError for anything else that is not a
    policy, and for objects that are not a function or a class.

    >>> @cors(allow_origins=["*"])
    ... async def feed(): ...
    """
    own = make_policy(policy, grants)

    def mark(target: T) -> T:
        # A classmethod cannot be called, but its function can.
        function = getattr(target, "__func__", target)
        if not (callable(function) and hasattr(function, "__name__")):
            kind = type(target).__name__
            raise TypeError(f"A {kind} cannot keep a policy. Put cors() below the route decorator.")
        return keep_policy(target, own, "the function or the class")

    return mark


class Handlers(Protocol):
    """The handlers of an application."""

    def find_marks(self, scope: Scope, method: str) -> list[Mark]:
        """Return the marks of the handler for a request with another method, the one to use first.

        Raise `RoutingError` if the router does not say which handler that is.
        """
        ...

    def methods(self) -> set[str]:
        """Return the methods of all routes; in Litestar, routes have only common methods."""
        ...

    def routing(self) -> AbstractAsyncContextManager[object]:
        """Return a context in which the router is called."""
        ...


def find_handlers(app: ASGIApp) -> Handlers | None:
    """Return the handlers of an application, or None if its framework is not known."""
    for layer in layers_of(app):
        names = class_names(type(layer))
        if QUART in names:
            return _QuartHandlers(layer)
        if LITESTAR in names:
            return _LitestarHandlers(layer)
    return None


async def find_policy(
    handlers: Handlers, scope: Scope, find: Callable[[str], CorsPolicy | None]
) -> CorsPolicy | None:
    """Return the policy for a request, from a function that returns that of a method."""
    # A handshake is a GET, which its scope does not say.
    method: str = scope.get("method", "GET")
    requested = requested_method(scope["headers"]) if method == "OPTIONS" else None
    async with handlers.routing():
        if requested is None:
            return find(method)
        # The policy for a preflight is that of the method that it asks for.
        return policy_for_preflight(find, requested, others=handlers.methods())


class _LitestarHandlers:
    def __init__(self, app: Any) -> None:
        self._app = app

    def find_marks(self, scope: Scope, method: str) -> list[Mark]:
        path: str = scope["path"]
        root_path = scope.get("root_path", "")
        if root_path:
            path = path.split(root_path, 1)[-1]
        path = sys.modules["litestar.utils"].normalize_path(path)
        try:
            handler = _match_in_litestar(
                self._app.asgi_router, path, None if scope["type"] == "websocket" else method
            )
        # Each is raised again where the application handles errors.
        except sys.modules["litestar.exceptions"].ClientException:
            return []
        except Exception as error:
            raise RoutingError from error
        function = handler.fn
        if isinstance(handler, sys.modules["litestar.handlers"].WebsocketListenerRouteHandler):
            # An object that accepts the WebSocket and calls the function for each message.
            function = function._fn
        # With sync_to_thread, Litestar wraps a function once for each path of its handler.
        while isinstance(function, sys.modules["litestar.utils.sync"].AsyncCallable):
            function = function.func
        return kept_marks(function)

    def methods(self) -> set[str]:
        return set()

    def routing(self) -> AbstractAsyncContextManager[object]:
        return nullcontext()


def _match_in_litestar(router: Any, path: str, method: str | None) -> Any:
    """Return the handler that a request would reach, or with None a handshake of a WebSocket."""
    find = partial(router.handle_routing, path=path)
    try:
        return find(method=method)[1]
    except sys.modules["litestar.exceptions"].MethodNotAllowedException as error:
        # The response is a 405. Its policy is that of a method that the path has.
        first = min(error.headers["allow"].split(", "), key=_get_first)
        return find(method=first)[1]


class _QuartHandlers:
    def __init__(self, app: Any) -> None:
        self._app = app

    def find_marks(self, scope: Scope, method: str) -> list[Mark]:
        app = self._app
        try:
            adapter = app.create_url_adapter(_quart_request(app, scope, method))
            matched = _match_in_quart(adapter, method)
        # Each is raised again where the application handles errors.
        except sys.modules["werkzeug.exceptions"].HTTPException as error:
            if (error.code or 500) >= 500:
                raise RoutingError from error
            return []
        except Exception as error:
            raise RoutingError from error
        if matched is None:
            return []
        endpoint, method = matched
        return view_marks(app.view_functions.get(endpoint), method)

    def methods(self) -> set[str]:
        rules = self._app.url_map.iter_rules()
        return {method for rule in rules for method in rule.methods}

    def routing(self) -> AbstractAsyncContextManager[object]:
        # Quart's own converters do not need the context, and its end runs functions, too.
        known = sys.modules["werkzeug.routing"].Map.default_converters
        is_plain = self._app.url_map.converters == known
        return nullcontext() if is_plain else self._app.app_context()


def _quart_request(app: Any, scope: Scope, method: str) -> Any:
    if scope["type"] == "websocket":
        return app.asgi_websocket_class(app, scope)._create_websocket_from_scope(None)
    connection = app.asgi_http_class(app, {**scope, "method": method})
    return connection._create_request_from_scope(None)


def _match_in_quart(adapter: Any, method: str) -> tuple[str, str] | None:
    """Return the endpoint and the method of the view that a request would reach.

    Return None if the request is redirected to another host.
    """
    try:
        return adapter.match(method=method)[0], method
    except sys.modules["werkzeug.exceptions"].MethodNotAllowed as error:
        if not error.valid_methods:
            raise
        first = min(error.valid_methods, key=_get_first)
        return adapter.match(method=first)[0], first
    except sys.modules["werkzeug.routing"].RequestRedirect as error:
        # Usually to the path with its slash, which has the same policy.
        url = urlsplit(error.new_url)
        if url.netloc != adapter.get_host(None):
            return None
        target = unquote(url.path).removeprefix(adapter.script_name)
        return adapter.match(f"/{target.lstrip('/')}", method)[0], method


def _get_first(method: str) -> tuple[bool, bool, str]:
    # Both frameworks add a handler for OPTIONS.
    return method != "GET", method == "OPTIONS", method
