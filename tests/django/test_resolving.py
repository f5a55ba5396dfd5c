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
from corekit_django.signals import check_request_enabled
from corekit_lookups import OriginLookup
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
REFUSED: Final = [value for value in ERRORS if value != "500"]
OTHER: Final = "https://other.example"


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


@pytest.mark.parametrize("value", REFUSED)
def test_value_that_a_converter_refuses_has_the_policy_of_the_settings(
    ask: Ask, value: str
) -> None:
    response = ask("GET", f"/things/{value}/", origin=APP)
    assert (response.status_code, response.headers[ALLOW_ORIGIN]) == (int(value[:3]), APP)
    preflight = ask("OPTIONS", f"/things/{value}/", origin=APP, asked="GET")
    assert (preflight.status_code, preflight.headers[ALLOW_ORIGIN]) == (204, APP)


@pytest.mark.parametrize("urls", [Urls, UrlsWithErrorPage])
@pytest.mark.parametrize("guard", [None, True])
@pytest.mark.parametrize("origin", [APP, OWN_ORIGIN])
def test_converter_that_fails_allows_no_origins(
    ask: Ask, caplog: pytest.LogCaptureFixture, urls: object, guard: object, origin: str
) -> None:
    # An unexpected error may be gone with the next request, which the view then gets.
    lookup = OriginLookup(lambda _: True)
    with override_settings(ROOT_URLCONF=urls, CORS_GUARD=guard, CORS_LOOKUP=lookup):
        response = ask("POST", "/things/500/", origin=origin)
        preflight = ask("OPTIONS", "/things/500/", origin=origin, asked="POST")
    status = 403 if guard else 500 if urls is Urls else 503
    assert (response.status_code, response.headers.get(ALLOW_ORIGIN)) == (status, None)
    assert (preflight.status_code, preflight.headers.get(ALLOW_ORIGIN)) == (403, None)
    lines = [each for each in caplog.records if "no origins are allowed," in each.getMessage()]
    assert [line.getMessage().split(":")[1] for line in lines] == [
        " POST '/things/500/' from 'https",
        " preflight for POST '/things/500/' from 'https",
    ]
    assert all(isinstance(line.exc_info and line.exc_info[1], RuntimeError) for line in lines)


def test_guard_passes_requests_of_the_site_if_a_converter_fails(ask: Ask) -> None:
    with override_settings(CORS_GUARD=True):
        response = ask("POST", "/things/500/", origin="https://testserver")
    assert (response.status_code, response.headers.get(ALLOW_ORIGIN)) == (500, None)


def test_receivers_are_not_asked_if_a_converter_fails(ask: Ask) -> None:
    def allow(**_: object) -> bool:
        return True

    check_request_enabled.connect(allow)
    try:
        assert ask("GET", "/things/404/", origin=OTHER).headers[ALLOW_ORIGIN] == OTHER
        response = ask("GET", "/things/500/", origin=OTHER)
    finally:
        assert check_request_enabled.disconnect(allow)
    assert ALLOW_ORIGIN not in response.headers


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
