"""Policies of views: marking what has one, and finding the one that a request would meet.

Where the application is covered, the outermost layer asks here. Where it is not, since a decorator
is all that there is, the view itself answers: that is enough for what gets as far as the view.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast
from urllib.parse import unquote, urlsplit

from flask import Flask, Response, after_this_request, current_app, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import RequestRedirect

from corekit import Answer, CorsPolicy
from corekit._headers import merge_headers

from .observing import VIEWS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.routing import MapAdapter

__all__ = [
    "COVERED",
    "Finder",
    "answer_in_view",
    "find_view_policy",
    "is_any_view_marked",
    "mark",
]

View = TypeVar("View", bound=Callable[..., Any])

COVERED: Final = "corekit.covered"
"""The key in the environ of a request that the outermost layer answers for."""

_MARK: Final = "__corekit_policy__"
_marked: Final[set[str]] = set()
_REFUSED: Final = b"CORS: the origin is not allowed.\n"


class Finder(Protocol):
    """Says which policy a view has, given its application and the path; None: it has none."""

    def __call__(self, app: Flask, path: str, /) -> CorsPolicy | None: ...


def mark(target: object, find: Finder) -> None:
    """Keep a policy on a view or a blueprint, for the outermost layer to find."""
    try:
        setattr(target, _MARK, find)
    except AttributeError:
        kind = type(target).__name__
        raise TypeError(
            f"no policy can be kept on a {kind}: give the view or the blueprint"
        ) from None
    _marked.add(_MARK)


def answer_in_view(view: View, find: Finder, *, automatic_options: bool) -> View:
    """Wrap a view so that it answers for itself where no outermost layer does.

    With `automatic_options`, every OPTIONS that is no preflight is answered as Flask does it.
    """

    @wraps(view)
    def answering(*args: Any, **kwargs: Any) -> Any:
        if COVERED not in request.environ:
            app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
            policy = find(app, request.path)
            response = None if policy is None else _answer(policy)
            if response is not None:
                return response
        if automatic_options and request.method == "OPTIONS":
            return current_app.make_default_options_response()
        return current_app.ensure_sync(view)(*args, **kwargs)

    attributes = vars(answering)
    if automatic_options:
        # So that a preflight gets as far as here: https://flask.palletsprojects.com/en/stable/api/#view-function-options
        attributes["provide_automatic_options"] = False
        attributes["required_methods"] = {*attributes.get("required_methods", ()), "OPTIONS"}
    mark(answering, find)
    return cast("View", answering)


def is_any_view_marked() -> bool:
    """Say whether this process has a policy of a view at all."""
    return bool(_marked)


def find_view_policy(app: Flask, environ: WSGIEnvironment, method: str) -> CorsPolicy | None:
    """Find the policy of the view that a request with `method` would reach."""
    try:
        adapter = app.create_url_adapter(app.request_class(environ))
        endpoint = _match(adapter, method) if adapter is not None else None
    except Exception:  # noqa: BLE001 - Flask runs into it again, where its error handlers are
        return None
    if endpoint is None:
        return None
    names = endpoint.split(".")[:-1]
    blueprints = (app.blueprints.get(".".join(names[:end])) for end in range(len(names), 0, -1))
    for owner in (app.view_functions.get(endpoint), *blueprints):
        find = getattr(owner, _MARK, None)
        if find is not None:
            policy: CorsPolicy | None = find(app, adapter.path_info if adapter else "")
            return policy
    return None


def _match(adapter: MapAdapter, method: str, path: str | None = None) -> str | None:
    try:
        endpoint: str = adapter.match(path, method)[0]
    except MethodNotAllowed as error:
        # No rule has the method: the answer is a 405, which belongs to whoever may read the path.
        (first, *_) = sorted(error.valid_methods or (), key=lambda name: (name != "GET", name))
        endpoint = adapter.match(path, first)[0]
    except RequestRedirect as error:
        # To the path with its slash, as a rule: what may be read there may be read here.
        target = unquote(urlsplit(error.new_url).path).removeprefix(adapter.script_name)
        return _match(adapter, method, f"/{target}") if path is None else None
    return endpoint


def _answer(policy: CorsPolicy) -> Response | None:
    headers = request.headers
    origin = headers.get("Origin")
    asked = headers.get("Access-Control-Request-Method")
    if request.method == "OPTIONS" and origin is not None and asked is not None:
        answer = policy.engine.preflight(
            origin,
            asked,
            headers.get("Access-Control-Request-Headers"),
            headers.get("Access-Control-Request-Private-Network"),
        )
        _log(policy, answer, asked)
        body = b"" if answer.origin_allowed else _REFUSED
        response = Response(body, answer.status, mimetype="text/plain")
        return _write(response, answer, origin)
    answer = policy.engine.actual(origin)
    _log(policy, answer)

    @after_this_request
    def write(response: Response) -> Response:
        return _write(response, answer, origin)

    return None


def _log(policy: CorsPolicy, answer: Answer, asked: str | None = None) -> None:
    if not VIEWS.hears_denials(request.environ):
        return
    headers = request.headers
    event = VIEWS.event(
        policy.engine,
        answer,
        method=request.method,
        path=request.script_root + request.path,
        origin=headers.get("Origin"),
        request_method=asked,
        request_headers=headers.get("Access-Control-Request-Headers") if asked else None,
        request=request.environ,
    )
    VIEWS.log(event)


def _write(response: Response, answer: Answer, origin: str | None) -> Response:
    response.headers = Headers(merge_headers(list(response.headers), answer, origin))
    return response
