"""Find the view of a request, and the policy of that view.

A preflight does not reach the view, so its path is resolved here as Django would. The mark may be
on the method of a class, on the view as the URLconf names it, or on its class or the `dispatch` of
that; the first one of these wins, and a class before those that it inherits from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache, partial
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.conf.urls.i18n import is_language_prefix_patterns_used
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest
from django.middleware.common import CommonMiddleware
from django.urls import get_resolver, resolve
from django.utils import translation
from django.utils.module_loading import import_string

from corekit import CorsPolicy
from corekit.adapter import (
    MARKS,
    UNROUTABLE,
    Mark,
    Observer,
    ReadPolicies,
    RoutingError,
    class_owners,
    deny_with_hint,
    own_mark,
    read_policy,
    unchecked,
    unwrap,
)

from .decorators import EXEMPT, Exempt, Kept, closed_over, cors, read_marks

View = Callable[..., Any]

_CLASS_NAMES: Final = ("view_class", "cls")
_syntax = re.compile(r"[(\[\\^$*+?|{]")
_parameters = re.compile(r"<[^>]*>")

_HAS_MARKS: Final = "corekit_has_marks"
_LANGUAGES: Final = "corekit_languages"

_IS_UNKNOWN: Final = "_corekit_view_is_unknown"
"""The attribute of a request that the router raised an exception for."""

# Django makes a response with one of the statuses 400, 403 and 404 of them. A path that matches
# nothing raises one, and so may the converter of a path.
_REFUSALS: Final = (Http404, PermissionDenied, SuspiciousOperation, BadRequest)


def has_marked_views(urlconf: str | None = None) -> bool:
    """Return whether any view of a URLconf has a policy: if not, no view needs to be looked up."""
    # Kept on Django's own resolver, which is built once for each URLconf.
    resolver = get_resolver(urlconf)
    known: tuple[int, bool] = vars(resolver).get(_HAS_MARKS, (-1, False))
    count, found = known
    if not found and count != MARKS.count:
        count = MARKS.count
        # An entry of an unknown kind has no view here; what it leads to may have a policy.
        found = any(
            view is None
            or any(find_mark(view, name) is not None for name in ("", "OPTIONS", *methods_of(view)))
            for _, view in _walk(resolver, "/")
        )
        vars(resolver)[_HAS_MARKS] = (count, found)
    return found


def find_view(request: HttpRequest, *, is_redirected: bool = False) -> View | None:
    """Return the view of a request; None if there are no per-view policies, or no view.

    With `is_redirected`, a path without a view has that of the path with a slash at its end, if
    Django redirects to it. Raise `RoutingError` if the URLconf or the converter of a path raises
    something that Django does not respond to with an error of the client.
    """
    try:
        return _find_view(request, is_redirected)
    except Exception as error:
        raise RoutingError from error


def find_view_or_report(
    request: HttpRequest, observer: Observer, *, is_redirected: bool = False
) -> View | None:
    """Like `find_view`, but report a `RoutingError`, and return a view without allowed origins."""
    if _IS_UNKNOWN not in vars(request):
        try:
            return find_view(request, is_redirected=is_redirected)
        except RoutingError as error:
            # Once for each request, which then has one policy.
            vars(request)[_IS_UNKNOWN] = True
            meta = request.META
            observer.report_routing_error(
                error,
                method=request.method or "",
                path=request.path,
                origin=meta.get("HTTP_ORIGIN"),
                request_method=meta.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"),
            )
    return _unknown_view()


def _find_view(request: HttpRequest, is_redirected: bool) -> View | None:
    urlconf = getattr(request, "urlconf", None)
    if not has_marked_views(urlconf):
        return None
    if request.resolver_match is not None:
        return request.resolver_match.func
    path = request.path_info
    view = _route(request, path, urlconf)
    if view is None and is_redirected and not path.endswith("/") and _appends_slashes():
        view = _route(request, f"{path}/", urlconf)
        # See `django.views.decorators.common.no_append_slash`.
        return view if getattr(view, "should_append_slash", True) else None
    return view


def _appends_slashes() -> bool:
    """Return whether `CommonMiddleware`, or a subclass, redirects to paths with a slash."""
    return bool(settings.APPEND_SLASH) and _has_common_middleware(tuple(settings.MIDDLEWARE))


@cache
def _has_common_middleware(names: tuple[str, ...]) -> bool:
    found = map(import_string, names)
    return any(isinstance(each, type) and issubclass(each, CommonMiddleware) for each in found)


def _route(request: HttpRequest, path: str, urlconf: str | None) -> View | None:
    """Return the view of a path in every language that Django may route the request in."""
    found: dict[int, View] = {}
    for language in _find_languages(request, urlconf):
        with suppress(*_REFUSALS), translation.override(language):
            view: View = resolve(path, urlconf).func
            found[id(view)] = view
    views = found.values()
    methods = {"", "OPTIONS"}.union(*map(methods_of, views))
    # Comparing reads all origins.
    if (
        len(views) > 1
        and len({tuple(find_mark(view, method) for method in methods) for view in views}) > 1
    ):
        return _different_view_by_language()
    return next(iter(views), None)


def _find_languages(request: HttpRequest, urlconf: str | None) -> Sequence[str]:
    """Return the languages that Django may route a request in.

    A preflight does not tell the language of the request that follows: it has no cookies, and a
    script may set Accept-Language for that request.
    """
    known: str | None = getattr(request, "LANGUAGE_CODE", None)
    if known is not None and request.method != "OPTIONS":
        return (known,)
    if is_language_prefix_patterns_used(urlconf or settings.ROOT_URLCONF)[0]:
        language = translation.get_language_from_path(request.path_info)
        if language is not None:
            return (language,)
    # Of the languages with the same paths, apart from the prefix, the first one is enough.
    resolver = get_resolver(urlconf)
    found: dict[tuple[str, ...], str] | None = vars(resolver).get(_LANGUAGES)
    if found is None:
        found = {}
        for language in (settings.LANGUAGE_CODE, *dict(settings.LANGUAGES)):
            with translation.override(language):
                paths = (path for path, _ in _walk(resolver, ""))
                found.setdefault(tuple(p.removeprefix(f"{language}/") for p in paths), language)
        vars(resolver)[_LANGUAGES] = found
    return tuple(found.values())


# Not when this module is imported: without any mark, requests skip the search for views.
@cache
def _different_view_by_language() -> View:
    """Return what represents views of a path whose policies depend on the language."""
    hint = "The views of the path differ by language: give them the same policy."
    return _stand_in(deny_with_hint(hint))


@cache
def _unknown_view() -> View:
    """Return what represents the view of a path for which the router raised an exception."""
    return _stand_in(UNROUTABLE)


def _stand_in(policy: CorsPolicy) -> View:
    @cors(policy)
    def view(request: HttpRequest) -> None:
        """Represent another view, whose policy is not known."""

    return view


def find_mark(view: View, method: str) -> Kept | None:
    """Return the policy of a view for a method, or `EXEMPT`; None for neither."""
    return next((mark.policy for mark in _marks(view, method)), None)


def policy_of_mark(mark: Kept, path: str, read: ReadPolicies | None = None) -> CorsPolicy | None:
    """Return the policy that a view has now; None if its responses are not changed.

    Its live policy may have been replaced by routes, which `path` is looked up in. `read` has the
    live policies that were read for the same request: see `read_policy`.
    """
    return None if mark is EXEMPT else read_policy(mark, read).policy_for(path)


def find_marks(view: View, method: str) -> list[Mark]:
    """Return all marks of a view and of what it calls for a method."""
    return [*_marks(view, method)]


def find_paths() -> Iterator[str]:
    """Yield the paths of the project's URLconf as it writes them, such as ``/items/<int:pk>/``."""
    return (path for path, _ in _walk(get_resolver(), "/"))


def fill_path(path: str, value: str = "1") -> str:
    """Return a path that the pattern of a URLconf matches, or what is certain of its beginning.

    >>> fill_path("/items/<int:pk>/"), fill_path("/old/(?P<pk>[0-9]+)/")
    ('/items/1/', '/old/')
    """
    return _syntax.split(_parameters.sub(value, path), maxsplit=1)[0]


class MarkedView(NamedTuple):
    """A view with its policy; `method` is empty if the policy is the same for all methods.

    `mark` is `EXEMPT` if the responses of the view are not changed.
    """

    path: str
    view: View
    method: str
    mark: CorsPolicy | Exempt


def find_marked_views(urlconf: str | None = None) -> Iterator[MarkedView]:
    """Yield all views of a URLconf, by default the project's, that have a policy.

    `path` is as in the URLconf, such as ``/items/<int:pk>/``.
    """
    # The first view of a path wins; django-ninja names a path once for each of its methods.
    views: dict[str, View] = {}
    for path, view in _walk(get_resolver(urlconf), "/"):
        if view is not None:
            views.setdefault(path, view)
    for path, view in views.items():
        methods = sorted(methods_of(view)) or [""]
        marks = {method: find_mark(view, method) for method in methods}
        if len(set(map(id, marks.values()))) == 1:
            marks = {"": marks[methods[0]]}
        for method, mark in marks.items():
            if mark is not None:
                policy = policy_of_mark(mark, fill_path(path))
                yield MarkedView(path, view, method, policy or EXEMPT)


def name_view(view: View, method: str = "") -> str:
    """Return the name of a view: its function or class, with the module.

    >>> name_view(name_view)
    'corekit_django.resolving.name_view'
    """
    cls = _class(view)
    if cls is not None:
        return f"{cls.__module__}.{cls.__name__}"
    named: Any = view
    for operation in _operations(view):
        named = operation.view_func
        if method in operation.methods:
            break
    named = named.func if isinstance(named, partial) else named
    return f"{named.__module__}.{getattr(named, '__qualname__', type(named).__qualname__)}"


def _walk(resolver: Any, prefix: str) -> Iterator[tuple[str, View | None]]:
    for entry in resolver.url_patterns:
        path = prefix + str(getattr(entry, "pattern", "")).removeprefix("^").removesuffix("$")
        if hasattr(entry, "url_patterns"):
            yield from _walk(entry, path)
        else:
            yield path, getattr(entry, "callback", None)


def _marks(view: View, method: str) -> Iterator[Mark]:
    """Yield the marks of a view and of what it calls for a method, the one to use first."""
    # The first operation with the method runs.
    operation = next((each for each in _operations(view) if method in each.methods), None)
    if operation is not None:
        yield from read_marks(operation.run)
        yield from read_marks(operation.view_func)
    cls = _class(view)
    if cls is None:
        yield from read_marks(view)
        return
    handler = _handler(view, cls, method)
    if getattr(handler, "__module__", "") == "rest_framework.decorators":
        # The function inside DRF's @api_view, which does not say what it wraps.
        yield from read_marks(closed_over(handler, "func"))
    yield from read_marks(handler)
    of_class = [mark for owner in class_owners(cls) for mark in read_marks(unchecked(owner))]
    yield from _marks_around(view, cls, of_class)
    yield from of_class


def _marks_around(view: View, cls: Any, of_class: list[Mark]) -> Iterator[Mark]:
    """Yield the marks that a view of a class got itself: `as_view` copies those of `dispatch`."""
    layers: list[Any] = [*unwrap(view)]
    while cls not in (getattr(layers[-1], name, None) for name in _CLASS_NAMES):
        # What Django copied the attributes from.
        layers.pop()
    for layer in layers:
        mark = own_mark(layer)
        function = getattr(layer, "func", layer)
        is_own = unchecked(function) is not function
        if mark is not None and (is_own or mark not in of_class):
            yield mark


def methods_of(view: View) -> set[str]:
    """Return the methods of a view, except OPTIONS; empty for a plain function."""
    methods = {method for operation in _operations(view) for method in operation.methods}
    cls = _class(view)
    if cls is not None:
        names = (name for name in cls.http_method_names if name != "options")
        methods |= {name.upper() for name in names if _handler(view, cls, name.upper())}
    return methods


def _class(view: View) -> Any:
    return _attribute(view, *_CLASS_NAMES)


def _attribute(view: View, *names: str) -> Any:
    found = (getattr(each, name, None) for each in unwrap(view) for name in names)
    return next(filter(None, found), None)


def _handler(view: View, cls: Any, method: str) -> Any:
    # A viewset of DRF names its methods by action; without its own handler, HEAD gets that of GET.
    found = _attribute(view, "actions")
    actions: dict[str, str] = found if isinstance(found, dict) else {}
    name = method.lower()
    handler = getattr(cls, actions.get(name, name), None)
    return _handler(view, cls, "GET") if handler is None and method == "HEAD" else handler


def _operations(view: View) -> Any:
    # django-ninja puts a function around its PathView into the URLconf, for all methods of a path.
    operations = getattr(closed_over(view, "self"), "operations", ())
    is_ninja = isinstance(operations, list) and all(
        hasattr(each, "view_func") and hasattr(each, "methods") for each in operations
    )
    return operations if is_ninja else ()
