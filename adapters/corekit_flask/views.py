"""Per-view policies: keep one on a view, and find the one for a request.

If `Cors` wraps the application, its outermost layer asks here. If there is only a decorator, the
view itself writes the headers: that is enough for requests that reach the view.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Flask, Response, after_this_request, current_app, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, RequestRedirect

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import (
    MARKS,
    Mark,
    Observer,
    Policies,
    ReadPolicies,
    RoutingError,
    has_marks,
    keep_policy,
    kept_marks,
    merge_headers,
    preflight_response,
    read_policy,
    view_class,
    view_marks,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.routing import MapAdapter

Target = TypeVar("Target")
View = TypeVar("View", bound=Callable[..., Any])

COVERED: Final = "corekit.covered"
"""The key in the environ of a request to which the outermost layer applies a policy."""

LOGGER: Final = logging.getLogger("corekit.flask")

# For views that write the headers themselves: they know their application only by the request.
_OBSERVER: Final = Observer("flask", LOGGER, debug=lambda _: current_app.debug)


class Finder(Protocol):
    """Returns the policy of a view for its application and the path; None if it has none."""

    def __call__(self, app: Flask, path: str, /) -> CorsPolicy | None: ...


def mark(target: Target, find: Finder | Policies, *, is_copy: bool = False) -> Target:
    """Keep a policy on a view or a blueprint, and return what to use instead."""
    is_called = not isinstance(target, Blueprint)
    kinds = "the view or the blueprint"
    return keep_policy(target, find, kinds, _current_policy, is_called=is_called, is_copy=is_copy)


def _current_policy(find: Finder | CorsPolicy | CorsRoutes) -> CorsPolicy | None:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return _policy_for(find, app, routed_path(request.environ))


def _policy_for(find: Finder | CorsPolicy | CorsRoutes, app: Flask, path: str) -> CorsPolicy | None:
    return find.policy_for(path) if isinstance(find, CorsPolicy | CorsRoutes) else find(app, path)


def answer_in_view(view: View, find: Finder, *, automatic_options: bool) -> View:
    """Wrap a view so that it writes the headers itself if no outermost layer does.

    With `automatic_options`, an OPTIONS request that is not a preflight gets Flask's own response.
    """

    def answer_early() -> Response | None:
        if COVERED not in request.environ:
            app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
            policy = find(app, request.path)
            response = None if policy is None else _answer(policy)
            if response is not None:
                return response
        if automatic_options and request.method == "OPTIONS":
            return current_app.make_default_options_response()
        return None

    @wraps(view)
    def answering(*args: Any, **kwargs: Any) -> Any:
        response = answer_early()
        return view(*args, **kwargs) if response is None else response

    @wraps(view)
    async def answering_later(*args: Any, **kwargs: Any) -> Any:
        response = answer_early()
        return await view(*args, **kwargs) if response is None else response

    # Other decorators may ask whether the view is asynchronous.
    wrapper = answering_later if iscoroutinefunction(view) else answering
    attributes = vars(wrapper)
    if automatic_options:
        # So that a preflight reaches the view: https://flask.palletsprojects.com/en/stable/api/#view-function-options
        attributes["provide_automatic_options"] = False
        attributes["required_methods"] = {*attributes.get("required_methods", ()), "OPTIONS"}
    return cast("View", mark(wrapper, find, is_copy=True))


class ViewPolicies:
    """The per-view policies of one application."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        # The views and blueprints that were searched for policies, how many marks there were, and
        # whether one was found: one value, since threads may search at the same time.
        self._searched: tuple[dict[str, Any], dict[str, Any], int, bool] = ({}, {}, 0, False)

    def exist(self) -> bool:
        """Return whether any view or blueprint has a policy; new ones are noticed."""
        views, blueprints, count, found = self._searched
        if (views, blueprints) != (self._app.view_functions, self._app.blueprints) or (
            not found and count != MARKS.count
        ):
            count = MARKS.count
            views, blueprints = dict(self._app.view_functions), dict(self._app.blueprints)
            classes = filter(None, map(view_class, views.values()))
            found = any(map(has_marks, (*views.values(), *classes, *blueprints.values())))
            self._searched = (views, blueprints, count, found)
        return found

    def methods(self) -> set[str]:
        """Return the methods that the rules of the application have."""
        rules = self._app.url_map.iter_rules()
        return {method for rule in rules for method in rule.methods or ()}

    def find(
        self, environ: WSGIEnvironment, method: str, marks: list[Mark], read: ReadPolicies
    ) -> CorsPolicy | None:
        """Return the policy of the view that a request with `method` would reach, if any.

        All marks that were found on the way are added to `marks`. `read` has the live policies that
        were read for the request: see `read_policy`. Raise `RoutingError` if the router does not
        say which view that is.
        """
        app, matched = self._app, self._route(environ, method)
        if matched is None:
            return None
        endpoint, method = matched
        names = endpoint.split(".")[:-1]
        blueprints = (app.blueprints.get(".".join(names[:end])) for end in range(len(names), 0, -1))
        found = view_marks(app.view_functions.get(endpoint), method)
        found += [mark for blueprint in blueprints for mark in kept_marks(blueprint)]
        marks += found
        for mark in found:
            kept: Any = read_policy(mark.policy, read)
            policy = _policy_for(kept, app, routed_path(environ))
            # Routes may not cover the path.
            if policy is not None:
                return policy.of_handler
        return None

    def _route(self, environ: WSGIEnvironment, method: str) -> tuple[str, str] | None:
        """Return the endpoint and the method of the view, or None if Flask responds with 4xx."""
        app = self._app
        try:
            adapter = app.create_url_adapter(app.request_class(environ))
            # Flask's own converters do not need the context, and its end runs functions, too.
            is_plain = app.url_map.converters == Map.default_converters
            with nullcontext() if is_plain else app.app_context():
                return None if adapter is None else _match(adapter, method)
        except Exception as error:
            # Flask raises it again, where its error handlers are.
            if isinstance(error, HTTPException) and (error.code or 500) < 500:
                return None
            raise RoutingError from error


def routed_path(environ: Mapping[str, Any]) -> str:
    """Return the path that Flask routes: below SCRIPT_NAME, with one slash at its beginning."""
    path: str = environ.get("PATH_INFO", "")
    return "/" + path.encode("latin-1", "replace").decode("utf-8", "replace").lstrip("/")


def _match(adapter: MapAdapter, method: str, path: str | None = None) -> tuple[str, str] | None:
    try:
        return adapter.match(path, method)[0], method
    except MethodNotAllowed as error:
        if not error.valid_methods:
            raise
        # No rule has the method, so Flask responds with 405, for the policy of the path.
        first = min(error.valid_methods, key=lambda name: (name != "GET", name))
        return adapter.match(path, first)[0], first
    except RequestRedirect as error:
        # Usually to the path with its slash, which has the same policy.
        url = urlsplit(error.new_url)
        if path is not None or url.netloc != adapter.get_host(None):
            return None
        target = unquote(url.path).removeprefix(adapter.script_name)
        return _match(adapter, method, f"/{target}")


def _answer(policy: CorsPolicy) -> Response | None:
    headers = request.headers
    origin = headers.get("Origin")
    method = headers.get("Access-Control-Request-Method") if request.method == "OPTIONS" else None
    names = headers.get("Access-Control-Request-Headers")
    if origin is None or method is None:
        answer = policy.engine.actual(origin)
    else:
        private_network = headers.get("Access-Control-Request-Private-Network")
        answer = policy.engine.preflight(origin, method, names, private_network)
    if answer.may_be_denied and _OBSERVER.logs_denials(origin):
        _OBSERVER.observe(
            policy.engine,
            answer,
            method=request.method,
            path=request.script_root + request.path,
            origin=origin,
            request_method=method,
            request_headers=names,
            host=headers.get("Host"),
            sec_fetch_site=headers.get("Sec-Fetch-Site"),
            request=request.environ,
        )
    if origin is not None and method is not None:
        status, lines, body = preflight_response(answer, origin)
        response = Response(body, status)
        response.headers = Headers(lines)
        return response

    @after_this_request
    def write(response: Response) -> Response:
        response.headers = Headers(merge_headers(list(response.headers), answer, origin))
        return response

    return None
