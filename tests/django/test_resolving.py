"""Paths that Django cannot route before its middleware runs, or refuses to route."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path, register_converter
from django.utils.functional import lazy
from django.utils.translation import get_language

from corekit_django import cors
from tests.django import views
from tests.django.conftest import Ask
from tests.django.views import OWN, OWN_ORIGIN

APP: Final = "https://app.example.com"
ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"
CORS: Final = "corekit_django.middleware.CorsMiddleware"
LOCALE: Final = "django.middleware.locale.LocaleMiddleware"
ERRORS: Final = {
    "404": Http404,
    "403": PermissionDenied,
    "400": SuspiciousOperation,
    "400-too": BadRequest,
    "500": RuntimeError,
}


class Raising:
    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        if value in ERRORS:
            raise ERRORS[value]("refused by the converter")
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Raising, "raising")


def translated(english: str, german: str) -> Any:
    """Return a route that is translated, as by `gettext_lazy`."""

    def choose() -> str:
        return german if get_language() == "de" else english

    return lazy(choose, str)()


other = cors(allow_origins=[APP], max_age=1)(views.plain)


class Urls:
    urlpatterns = (
        path("things/<raising:value>/", cors(OWN)(views.plain)),
        path(translated("news/", "nachrichten/"), cors(OWN)(views.plain)),
        path(translated("same/", "gleich/"), views.plain),
        path(translated("gleich/", "same/"), cors(OWN)(views.crash)),
        path(translated("a/", "b/"), cors(OWN)(views.plain)),
        path(translated("b/", "a/"), cors(OWN)(views.shared)),
    )


def unavailable(request: HttpRequest) -> HttpResponse:
    return HttpResponse("try again", status=503)


class UrlsWithErrorPage(Urls):
    handler500 = unavailable


@pytest.fixture(autouse=True)
def project() -> Iterator[None]:
    with override_settings(
        CORS_ALLOWED_ORIGINS=[APP],
        ROOT_URLCONF=Urls,
        USE_I18N=True,
        LANGUAGES=[("en", "English"), ("de", "Deutsch"), ("fr", "Français")],
        MIDDLEWARE=[CORS, LOCALE],
    ):
        yield


@pytest.mark.parametrize("value", ERRORS)
def test_error_of_a_converter_is_readable(ask: Ask, value: str) -> None:
    response = ask("GET", f"/things/{value}/", origin=APP)
    assert response.status_code == int(value[:3])
    assert response.headers[ALLOW_ORIGIN] == APP


def test_error_page_of_another_status_is_readable(ask: Ask) -> None:
    with override_settings(ROOT_URLCONF=UrlsWithErrorPage):
        response = ask("GET", "/things/500/", origin=APP)
    assert (response.status_code, response.headers[ALLOW_ORIGIN]) == (503, APP)


@pytest.mark.parametrize("value", ERRORS)
def test_preflight_for_a_path_whose_converter_raises(ask: Ask, value: str) -> None:
    preflight = ask("OPTIONS", f"/things/{value}/", origin=APP, asked="GET")
    # An unexpected error may be gone with the next request, which the view then gets.
    expected = (500, None) if value == "500" else (204, APP)
    assert (preflight.status_code, preflight.headers.get(ALLOW_ORIGIN)) == expected


@pytest.mark.parametrize(
    "sent", [{}, {"Accept-Language": "de"}, {"Accept-Language": "en"}], ids=str
)
@pytest.mark.parametrize(
    ("place", "allowed"),
    [
        ("/things/x/", {OWN_ORIGIN}),
        ("/news/", {OWN_ORIGIN}),
        ("/nachrichten/", {OWN_ORIGIN}),
        ("/de/", {APP}),
        # The view of one language has the policy of the settings, that of the other has its own.
        ("/same/", set()),
        ("/gleich/", set()),
        # Two views with equal policies.
        ("/a/", {OWN_ORIGIN}),
        ("/b/", {OWN_ORIGIN}),
    ],
)
def test_preflight_holds_in_every_language(
    ask: Ask, place: str, allowed: set[str], sent: dict[str, str]
) -> None:
    def allows(origin: str) -> bool:
        preflight = ask("OPTIONS", place, origin=origin, asked="GET", headers=sent)
        return ALLOW_ORIGIN in preflight.headers

    assert {origin for origin in (APP, OWN_ORIGIN) if allows(origin)} == allowed


@pytest.mark.parametrize(
    ("place", "language", "status", "allowed"),
    [
        ("/nachrichten/", "de", 200, OWN_ORIGIN),
        ("/nachrichten/", "en", 404, APP),
        ("/news/", "de", 404, APP),
        ("/same/", "en", 200, APP),
        ("/same/", "de", 500, OWN_ORIGIN),
    ],
)
def test_actual_request_has_a_language(
    ask: Ask, place: str, language: str, status: int, allowed: str
) -> None:
    for origin in (APP, OWN_ORIGIN):
        response = ask("GET", place, origin=origin, headers={"Accept-Language": language})
        assert response.status_code == status
        assert (ALLOW_ORIGIN in response.headers) is (origin == allowed)
