"""Which view a request leads to, and which policy that view has of its own.

A preflight is answered before the view, so its path is resolved here as Django will resolve it. The
mark may be on the method of a class that is asked, on the view as the URLconf names it, or on its
class; the closest to the code that runs counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, URLResolver, get_resolver, resolve
from django.utils import translation

from .decorators import Mark, is_in_use, read_mark

__all__ = [
    "MarkedView",
    "View",
    "find_mark",
    "find_marked_views",
    "find_view",
    "has_one_policy",
    "name_view",
]

View = Callable[..., Any]


def find_view(request: HttpRequest) -> View | None:
    """Find the view of a request; None where there is none, or where no view has a policy."""
    urlconf = getattr(request, "urlconf", None)
    # The URLconf is loaded with the first request, and the views are marked as it is loaded.
    get_resolver(urlconf).url_patterns  # noqa: B018
    if not is_in_use():
        return None
    if request.resolver_match is not None:
        return request.resolver_match.func
    # LocaleMiddleware has not run yet, and with i18n_patterns the language is part of the path; the
    # thread may still have the one of an earlier request.
    path = request.path_info
    language = translation.get_language_from_path(path) or settings.LANGUAGE_CODE
    try:
        with translation.override(language):
            return resolve(path, urlconf).func
    except Resolver404:
        return None


def find_mark(view: View, method: str) -> Mark | None:
    """Find the policy that a view has of its own for a method, or `EXEMPT`; None for neither."""
    for place in _places(view, method):
        mark = read_mark(place)
        if mark is not None:
            return mark
    return None


def has_one_policy(view: View) -> bool:
    """Say whether all methods of a view have the same policy, so that one answer serves them."""
    marks = {id(find_mark(view, method)) for method in _methods(view)}
    return len(marks) <= 1


class MarkedView(NamedTuple):
    """A view with a policy of its own; `method` is empty where that is for all of them."""

    path: str
    view: View
    method: str
    mark: Mark


def find_marked_views(urlconf: str | None = None) -> Iterator[MarkedView]:
    """Find every view of a URLconf, by default the project's, that has a policy of its own.

    `path` is as the URLconf has it, such as ``/items/<int:pk>/``.
    """
    # The first view of a path counts; django-ninja names a path once for each of its methods.
    views: dict[str, View] = {}
    for path, view in _walk(get_resolver(urlconf), "/"):
        views.setdefault(path, view)
    for path, view in views.items():
        methods = sorted(_methods(view)) or [""]
        asked = methods[:1] if has_one_policy(view) else methods
        for method in asked:
            mark = find_mark(view, method)
            if mark is not None:
                yield MarkedView(path, view, "" if len(asked) == 1 else method, mark)


def name_view(view: View, method: str = "") -> str:
    """Name a view for people: its function or class, with the module.

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


def _walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, View]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern).removeprefix("^").removesuffix("$")
        if isinstance(entry, URLResolver):
            yield from _walk(entry, path)
        else:
            yield path, entry.callback


def _places(view: View, method: str) -> Iterator[object]:
    for operation in _operations(view):
        if method in operation.methods:
            yield operation.run
            yield operation.view_func
    cls = _class(view)
    if cls is not None:
        handler = _handler(view, cls, method)
        yield handler
        # The function below DRF's @api_view, which does not carry attributes on.
        yield _closed_over(handler, "func")
    yield view
    yield cls


def _methods(view: View) -> set[str]:
    methods = {method for operation in _operations(view) for method in operation.methods}
    cls = _class(view)
    if cls is not None:
        names = (name for name in cls.http_method_names if name != "options")
        methods |= {name.upper() for name in names if _handler(view, cls, name.upper())}
    return methods


def _class(view: View) -> Any:
    return getattr(view, "view_class", None) or getattr(view, "cls", None)


def _handler(view: View, cls: Any, method: str) -> Any:
    # A viewset of DRF names its methods by action; GET answers HEAD where nothing else does.
    actions: dict[str, str] = getattr(view, "actions", None) or {}
    name = method.lower()
    handler = getattr(cls, actions.get(name, name), None)
    return _handler(view, cls, "GET") if handler is None and method == "HEAD" else handler


def _operations(view: View) -> Any:
    # django-ninja gives the URLconf a function around its PathView, one for all methods of a path.
    return getattr(_closed_over(view, "self"), "operations", ())


def _closed_over(function: object, name: str) -> object:
    code, closure = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    if code is None or closure is None or name not in code.co_freevars:
        return None
    return closure[code.co_freevars.index(name)].cell_contents
