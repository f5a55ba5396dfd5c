"""Policies of classes: that of the nearest class applies, whichever way it was given."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any, Final

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import clear_url_caches
from django.urls import path as route
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from corekit import CorsPolicy
from corekit_django import cors, cors_exempt
from corekit_django.decorators import EXEMPT
from corekit_django.resolving import find_mark
from tests.django.conftest import Ask
from tests.django.views import OWN, OWN_ORIGIN

ANY: Final = CorsPolicy(allow_origins=["*"], allow_methods=["PUT"])
UNTRUSTED: Final = "https://untrusted.example"

Mark = Callable[[Any], Any]


def on_class(mark: Mark, cls: type) -> type:
    marked: type = mark(cls)
    return marked


def on_dispatch(mark: Mark, cls: type) -> type:
    """Mark a method that the class defines."""

    def dispatch(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return cls.dispatch(self, request, *args, **kwargs)  # type: ignore[attr-defined]

    return type(cls.__name__, (cls,), {"dispatch": mark(dispatch)})


def by_method_decorator(mark: Mark, cls: type) -> type:
    decorated: type = method_decorator(mark, name="dispatch")(cls)
    return decorated


def by_method_decorators(mark: Mark, cls: type) -> type:
    decorated: type = method_decorator([never_cache, mark, csrf_exempt], name="dispatch")(cls)
    return decorated


WAYS: Final = (on_class, on_dispatch, by_method_decorator, by_method_decorators)


def respond(self: object, request: HttpRequest, **_: object) -> HttpResponse:
    response = HttpResponse("secret")
    response["Access-Control-Allow-Origin"] = "https://set-by-the-view.example"
    return response


def make_view(view: type) -> type:
    open_to_all = {"authentication_classes": (), "permission_classes": ()}
    return type("Base", (view,), {"put": respond, "list": respond, **open_to_all})


def as_view(cls: Any) -> Any:
    return cls.as_view({"put": "list"}) if issubclass(cls, ViewSet) else cls.as_view()


@pytest.fixture(autouse=True)
def project() -> Iterator[None]:
    with override_settings(
        ROOT_URLCONF="class_urls", CORS_ALLOWED_ORIGINS=["https://settings.example"]
    ):
        yield
    sys.modules.pop("class_urls", None)


def serve(view: Any) -> None:
    urls = sys.modules["class_urls"] = ModuleType("class_urls")
    vars(urls)["urlpatterns"] = [route("view/", view)]
    clear_url_caches()


def allowed(ask: Ask, view: Any, origin: str) -> str | None:
    """Return the origin that a view allows: with PUT, and in the preflight for it."""
    serve(view)
    actual = ask("PUT", "/view/", origin=origin)
    assert (actual.status_code, actual.content) == (200, b"secret")
    preflight = ask("OPTIONS", "/view/", origin=origin, asked="PUT")
    found: str | None = actual.headers.get("Access-Control-Allow-Origin")
    assert preflight.headers.get("Access-Control-Allow-Origin") == found
    return found


@pytest.mark.parametrize("below", WAYS)
@pytest.mark.parametrize("above", WAYS)
@pytest.mark.parametrize("kind", [View, APIView, ViewSet])
def test_policy_of_the_subclass_applies(
    ask: Ask, kind: type, above: Callable[..., type], below: Callable[..., type]
) -> None:
    base = above(cors(ANY), make_view(kind))
    view = as_view(below(cors(OWN), type("Child", (base,), {})))
    assert allowed(ask, view, UNTRUSTED) is None
    assert allowed(ask, view, OWN_ORIGIN) == OWN_ORIGIN
    assert allowed(ask, as_view(type("Other", (base,), {})), UNTRUSTED) == "*"


@pytest.mark.parametrize("below", WAYS)
@pytest.mark.parametrize("above", WAYS)
def test_exempt_classes_follow_the_same_order(
    ask: Ask, above: Callable[..., type], below: Callable[..., type]
) -> None:
    base = above(cors_exempt, make_view(View))
    view = below(cors(OWN), type("Child", (base,), {})).as_view()  # type: ignore[attr-defined]
    assert allowed(ask, view, UNTRUSTED) is None
    base = above(cors(OWN), make_view(View))
    serve(below(cors_exempt, type("Child", (base,), {})).as_view())  # type: ignore[attr-defined]
    response = ask("PUT", "/view/", origin=UNTRUSTED)
    assert response.headers["Access-Control-Allow-Origin"] == "https://set-by-the-view.example"


def test_decorator_of_a_method_replaces_the_inherited_one(ask: Ask) -> None:
    base: Any = method_decorator(cors(ANY), name="put")(make_view(View))
    view: Any = method_decorator(cors(OWN), name="put")(type("Child", (base,), {}))
    assert allowed(ask, view.as_view(), UNTRUSTED) is None
    assert allowed(ask, view.as_view(), OWN_ORIGIN) == OWN_ORIGIN
    assert allowed(ask, base.as_view(), UNTRUSTED) == "*"


@pytest.mark.parametrize("mark", [cors(OWN), cors_exempt])
@pytest.mark.parametrize("wrap", [lambda view: view, csrf_exempt, partial, never_cache])
def test_policy_in_the_urlconf_wins_over_that_of_the_class(
    mark: Mark, wrap: Callable[[Any], Any]
) -> None:
    expected = EXEMPT if mark is cors_exempt else OWN
    # The same mark further away than that of the class.
    base = by_method_decorator(mark, make_view(View))
    view: Any = cors(ANY)(type("Child", (base,), {}))
    assert find_mark(view.as_view(), "PUT") is ANY
    assert find_mark(wrap(view.as_view()), "PUT") is ANY
    assert find_mark(mark(view.as_view()), "PUT") is expected
    assert find_mark(mark(wrap(view.as_view())), "PUT") is expected
    assert find_mark(wrap(mark(view.as_view())), "PUT") is expected


def test_class_marked_after_its_view_was_made(ask: Ask) -> None:
    view: Any = type("Child", (by_method_decorator(cors(ANY), make_view(View)),), {})
    made = view.as_view()
    cors(OWN)(view)
    assert allowed(ask, made, UNTRUSTED) is None


def test_function_that_names_a_class_keeps_its_policy(ask: Ask) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return respond(view, request)

    marked: Any = cors(OWN)(view)
    marked.cls = cors(ANY)(make_view(View))
    assert allowed(ask, marked, UNTRUSTED) is None


def test_view_with_a_variable_that_has_no_value_yet() -> None:
    def make() -> Callable[[HttpRequest], object]:
        def view(request: HttpRequest) -> object:
            return self

        if view.__name__ == "another":
            self = None
        return view

    assert find_mark(make(), "GET") is None
    assert find_mark(cors(OWN)(make()), "GET") is OWN
