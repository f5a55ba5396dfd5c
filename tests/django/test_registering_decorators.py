"""Decorators below `cors` that register the function itself, as those of django-ninja-extra."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, ClassVar, Final

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI

from corekit_django import cors, cors_exempt
from corekit_django.decorators import read_mark
from tests.django.conftest import Ask
from tests.django.views import OWN, OWN_ORIGIN

APP: Final = "https://app.example.com"
ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"


class Urls:
    urlpatterns: ClassVar[list[URLPattern]] = []


def register(place: str) -> Callable[[Any], Any]:
    """Register a function, and return it: `cors` above this never sees what is registered."""

    def decorate(function: Any) -> Any:
        Urls.urlpatterns.append(path(place, function))
        return function

    return decorate


def partner(function: Any) -> Any:
    """Give a view the policy, as a decorator of the project."""
    return cors(OWN)(function)


def without_cache(function: Any) -> Any:
    @wraps(function)
    def run(*args: Any) -> Any:
        return function(*args)

    return run


@cors(OWN)
@register("function")
def function(_: object) -> HttpResponse:
    return HttpResponse()


# fmt: off
@cors(
    OWN,
)
@register("lines")
def lines(
    _: object,
) -> HttpResponse: return HttpResponse()
# fmt: on


@cors(OWN)
@register("coroutine")
async def coroutine(_: object) -> HttpResponse:
    return HttpResponse()


@cors(OWN)
@without_cache
@register("wrapped-above")
def wrapped_above(_: object) -> HttpResponse:
    return HttpResponse()


@cors(OWN)
@register("wrapped-below")
@without_cache
def wrapped_below(_: object) -> HttpResponse:
    return HttpResponse()


@csrf_exempt
@partner
@register("other")
def other(_: object) -> HttpResponse:
    return HttpResponse()


class Controller:
    @staticmethod
    @cors(OWN)
    @register("method")
    def method(_: object) -> HttpResponse:
        return HttpResponse()

    @cors(OWN)
    @staticmethod
    @register("static")
    def static(_: object) -> HttpResponse:
        return HttpResponse()


@cors_exempt
@register("exempt")
def exempt(_: object) -> HttpResponse:
    return HttpResponse()


class ExemptController:
    @cors_exempt
    @staticmethod
    @register("exempt-static")
    def exempt(_: object) -> HttpResponse:
        return HttpResponse()


@pytest.fixture(autouse=True)
def project() -> Iterator[None]:
    with override_settings(CORS_ALLOWED_ORIGINS=[APP], ROOT_URLCONF=Urls):
        yield


PLACES: Final = [
    "function",
    "lines",
    "coroutine",
    "wrapped-above",
    "wrapped-below",
    "other",
    "method",
    "static",
]


@pytest.mark.parametrize("place", PLACES)
def test_registered_function_has_the_policy(ask: Ask, place: str) -> None:
    for origin, expected in ((OWN_ORIGIN, OWN_ORIGIN), (APP, None)):
        response = ask("GET", f"/{place}", origin=origin)
        preflight = ask("OPTIONS", f"/{place}", origin=origin, asked="GET")
        assert response.status_code == 200
        assert [each.headers.get(ALLOW_ORIGIN) for each in (response, preflight)] == [expected] * 2


@pytest.mark.parametrize("place", ["exempt", "exempt-static"])
def test_registered_function_is_exempt(ask: Ask, place: str) -> None:
    assert ALLOW_ORIGIN not in ask("GET", f"/{place}", origin=APP).headers


def test_function_of_two_views_is_not_marked(ask: Ask) -> None:
    def view(_: object) -> HttpResponse:
        return HttpResponse()

    class TwoViews:
        urlpatterns = (
            path("own", cors(OWN)(view)),
            path("partner", partner(view)),
            path("wrapped", cors(OWN)(without_cache(view))),
            path("plain", view),
        )

    with override_settings(ROOT_URLCONF=TwoViews):
        for place in ("own", "partner", "wrapped"):
            assert ask("GET", f"/{place}", origin=OWN_ORIGIN).headers[ALLOW_ORIGIN] == OWN_ORIGIN
        assert ask("GET", "/plain", origin=APP).headers[ALLOW_ORIGIN] == APP


def test_function_of_ninja_is_marked_after_its_definition() -> None:
    def view(request: HttpRequest) -> str:
        return ""

    registered = NinjaAPI(urls_namespace="after").get("/")(view)
    assert cors(OWN)(registered) is view
    assert cors(OWN)(registered) is view
    assert read_mark(view) == OWN
    with pytest.raises(TypeError, match="view has another CORS policy already"):
        cors_exempt(registered)
