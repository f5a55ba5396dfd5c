"""django-cors-headers and corekit_django in a whole project: other middleware, single views."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

import pytest
from asgiref.sync import iscoroutinefunction
from corsheaders.middleware import CorsMiddleware as Theirs
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from corekit import CorsPolicy
from corekit_django import cors, get_policy
from corekit_django.defaults import default_headers, default_methods
from corekit_django.middleware import CorsMiddleware as Ours
from tests.django.conftest import Ask
from tests.django.layers import APP, EVIL, Seen
from tests.django.layers import ask as ask_layer
from tests.django.parity_rows import LISTED
from tests.django.test_parity_table import assert_in_the_guide, effect

View = Callable[..., Any]
THEIRS, OURS = (f"{layer.__module__}.CorsMiddleware" for layer in (Theirs, Ours))
ANSWERS: Final = f"{__name__}.Answers"


def view(request: HttpRequest, slug: str) -> HttpResponse:
    return HttpResponse(f"view of {slug}")


async def view_async(request: HttpRequest, slug: str) -> HttpResponse:
    return view(request, slug)


class Answers:
    """Middleware that never calls the next."""

    def __init__(self, get_response: View) -> None: ...

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("from the middleware")


def urlconf(decorated: View) -> ModuleType:
    module = ModuleType("urls_of_a_decorated_view")
    paths = [path("one/<slug:slug>/", decorated), path("other/<slug:slug>/", view)]
    vars(module)["urlpatterns"] = paths
    return module


@pytest.mark.parametrize("middleware", [THEIRS, OURS])
@pytest.mark.parametrize("regex", ["^/plain/$", "^/elsewhere/$"])
def test_earlier_middleware_that_answers_gets_no_headers(
    ask: Ask, middleware: str, regex: str
) -> None:
    stack = {**LISTED, "MIDDLEWARE": [ANSWERS, middleware], "CORS_URLS_REGEX": regex}
    with override_settings(**stack):
        response = ask("GET", "/plain/", origin=APP)
    assert response.content == b"from the middleware"
    assert "Access-Control-Allow-Origin" not in response.headers


def test_request_has_no_attribute() -> None:
    requests: list[HttpRequest] = []

    def remember(request: HttpRequest) -> HttpResponse:
        requests.append(request)
        return HttpResponse()

    for layer in (Theirs, Ours):
        ask_layer(layer, LISTED, answer=remember, Origin=APP)
    assert [getattr(each, "_cors_enabled", None) for each in requests] == [True, None]
    assert_in_the_guide("`request._cors_enabled`")


def wrap(layer: Any, inner: View) -> View:
    """Put a middleware around one view, as a decorator without its own middleware does."""

    def around(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return layer(lambda request: inner(request, *args, **kwargs))(request)

    async def around_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        async def call(request: HttpRequest) -> Any:
            return await inner(request, *args, **kwargs)

        return await layer(call)(request)

    return around_async if iscoroutinefunction(inner) else around


def by_middleware(inner: View) -> View:
    return wrap(Ours, inner)


def by_settings(inner: View) -> View:
    policy = get_policy()
    assert isinstance(policy, CorsPolicy)
    return cors(policy)(inner)


def by_policy(inner: View) -> View:
    """Give a view what its settings give all views, with the defaults of the settings."""
    return cors(
        allow_origins=LISTED["CORS_ALLOWED_ORIGINS"],
        allow_methods=default_methods,
        allow_headers=default_headers,
        max_age=86400,
        preflight_status=200,
    )(inner)


@pytest.mark.parametrize("inner", [view, view_async])
@pytest.mark.parametrize(
    ("decorate", "middleware", "settings"),
    [
        (by_middleware, [], LISTED),
        (by_settings, [OURS], {**LISTED, "CORS_URLS_REGEX": "^/one/"}),
        (by_policy, [OURS], {}),
    ],
    ids=["the middleware around the view", "the policy of the settings", "a policy"],
)
def test_one_view_is_covered_like_by_the_middleware_around_it(
    ask: Ask,
    inner: View,
    decorate: Callable[[View], View],
    middleware: list[str],
    settings: dict[str, Any],
) -> None:
    def send(view: View, around: list[str], **request: str) -> tuple[bytes, dict[str, object]]:
        with override_settings(ROOT_URLCONF=urlconf(view), MIDDLEWARE=around):
            response = ask(path="/one/a/", **request)
            other = ask(path="/other/a/", **request)
        assert "Access-Control-Allow-Origin" not in other.headers
        headers = {name.lower(): value for name, value in response.headers.items()}
        return response.content, effect(Seen(response.status_code, headers))

    for request in (
        {"method": "GET"},
        {"method": "GET", "origin": EVIL},
        {"method": "GET", "origin": APP},
        {"method": "OPTIONS", "origin": APP, "asked": "PUT"},
    ):
        with override_settings(**LISTED):
            theirs = send(wrap(Theirs, inner), [], **request)
        with override_settings(**settings):
            ours = send(decorate(inner), middleware, **request)
        assert ours == theirs
