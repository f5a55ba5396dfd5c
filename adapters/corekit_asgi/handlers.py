"""Per-handler policies in Quart and Litestar: keep one on a handler, find the one for a request.

A policy is an attribute of the handler, so it applies wherever the handler is routed. It is found
by routing as the framework does; no handler runs. The frameworks are known by the class of the
application, and not imported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar, Unpack
from urllib.parse import unquote, urlsplit

from corekit.adapter import Mark, Policies, keep_policy, kept_marks, make_policy, view_marks
from corekit.arguments import Grants

from .layers import ASGIApp, Scope, class_names, layers_of

T = TypeVar("T")

FindMarks = Callable[[Scope, str], list[Mark]]
"""Returns the marks of the handler for a request with another method, the one to use first."""

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
        if not (callable(target) and hasattr(target, "__name__")):
            kind = type(target).__name__
            raise TypeError(f"A {kind} cannot keep a policy. Put cors() below the route decorator.")
        return keep_policy(target, own, "the function or the class")

    return mark


def marks_finder(app: ASGIApp) -> FindMarks | None:
    """Return how to find the handlers of an application, or None if its framework is not known."""
    for layer in layers_of(app):
        names = class_names(type(layer))
        if QUART in names:
            return partial(_quart_marks, layer)
        if LITESTAR in names:
            return partial(_litestar_marks, layer)
    return None


def find_methods(app: ASGIApp) -> set[str]:
    """Return the methods of all routes in Quart. In Litestar, routes have only common methods."""
    maps = (layer.url_map for layer in layers_of(app) if QUART in class_names(type(layer)))
    return {method for rules in maps for rule in rules.iter_rules() for method in rule.methods}


def _litestar_marks(app: Any, scope: Scope, method: str) -> list[Mark]:
    path: str = scope["path"]
    root_path = scope.get("root_path", "")
    if root_path:
        path = path.split(root_path, 1)[-1]
    path = sys.modules["litestar.utils"].normalize_path(path)
    try:
        handler = _match_in_litestar(
            app.asgi_router, path, None if scope["type"] == "websocket" else method
        )
    except Exception:  # noqa: BLE001 - raised again where the application handles errors
        return []
    function = handler.fn
    # With sync_to_thread, Litestar wraps a function once for each path of its handler.
    while isinstance(function, sys.modules["litestar.utils.sync"].AsyncCallable):
        function = function.func
    return kept_marks(function)


def _match_in_litestar(router: Any, path: str, method: str | None) -> Any:
    """Return the handler that a request would reach, or with None a handshake of a WebSocket."""
    find = partial(router.handle_routing, path=path)
    try:
        return find(method=method)[1]
    except sys.modules["litestar.exceptions"].MethodNotAllowedException as error:
        # The response is a 405. Its policy is that of a method that the path has.
        first = min(error.headers["allow"].split(", "), key=_get_first)
        return find(method=first)[1]


def _quart_marks(app: Any, scope: Scope, method: str) -> list[Mark]:
    try:
        adapter = app.create_url_adapter(_quart_request(app, scope, method))
        endpoint, method = _match_in_quart(adapter, method)
    except Exception:  # noqa: BLE001 - raised again where the application handles errors
        return []
    return view_marks(app.view_functions.get(endpoint), method)


def _quart_request(app: Any, scope: Scope, method: str) -> Any:
    if scope["type"] == "websocket":
        return app.asgi_websocket_class(app, scope)._create_websocket_from_scope(None)
    connection = app.asgi_http_class(app, {**scope, "method": method})
    return connection._create_request_from_scope(None)


def _match_in_quart(adapter: Any, method: str) -> tuple[str, str]:
    """Return the endpoint and the method of the view that a request would reach."""
    try:
        return adapter.match(method=method)[0], method
    except sys.modules["werkzeug.exceptions"].MethodNotAllowed as error:
        first = min(error.valid_methods, key=_get_first)
        return adapter.match(method=first)[0], first
    except sys.modules["werkzeug.routing"].RequestRedirect as error:
        # Usually to the path with its slash, which has the same policy.
        target = unquote(urlsplit(error.new_url).path).removeprefix(adapter.script_name)
        return adapter.match(f"/{target.lstrip('/')}", method)[0], method


def _get_first(method: str) -> tuple[bool, bool, str]:
    # Both frameworks add a handler for OPTIONS.
    return method != "GET", method == "OPTIONS", method
