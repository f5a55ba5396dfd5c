"""Checks of MIDDLEWARE: orders that they report, and orders that they do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from corekit.adapter import MARKS
from corekit_django.middleware import CorsMiddleware
from tests.django.checking import (
    COMMON,
    CSRF,
    OURS,
    SECURITY,
    SESSION,
    run,
)
from tests.django.settings import INSTALLED_APPS


class Subclass(CorsMiddleware):
    pass


def make_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    return get_response


class SelectUrls:
    """Like the middleware of django-hosts."""

    hosts = len

    def process_request(self, request: HttpRequest) -> None:
        request.urlconf = "tests.django.urls"


class SelectTenant:
    """Like the middleware of django-tenants."""

    def process_request(self, request: Any) -> None:
        request.tenant = object()


def select_urls(get_response: Callable[[HttpRequest], Any]) -> Any:
    def respond(request: HttpRequest) -> Any:
        request.urlconf = "tests.django.urls"
        return get_response(request)

    return respond


ALLOW_ORIGIN = "Access-Control-Allow-Origin"


def add_header(get_response: Callable[[HttpRequest], Any]) -> Any:
    def respond(request: HttpRequest) -> Any:
        response = get_response(request)
        response["access-control-allow-origin"] = "*"
        return response

    return respond


class AddHeader:
    def process_response(self, request: HttpRequest, response: Any) -> Any:
        response[ALLOW_ORIGIN] = "*"
        return response


MIDDLEWARE_TABLE: list[tuple[str, list[str], dict[str, Any]]] = [
    ("E002", [COMMON], {}),
    ("E002", [], {}),
    ("E002", ["no.such.Middleware", COMMON], {}),
    ("E003", [OURS, COMMON, OURS], {}),
    ("E003", [OURS, "tests.django.test_middleware_checks.Subclass"], {}),
    ("E004", [OURS, "corsheaders.middleware.CorsMiddleware"], {}),
    ("E004", [OURS], {"INSTALLED_APPS": [*INSTALLED_APPS, "corsheaders"]}),
    ("W001", [COMMON, OURS], {}),
    ("W001", ["whitenoise.middleware.WhiteNoiseMiddleware", OURS], {}),
    ("W001", ["django.contrib.auth.middleware.AuthenticationMiddleware", OURS], {}),
    ("W001", ["django.contrib.auth.middleware.LoginRequiredMiddleware", OURS], {}),
    ("W001", ["django.middleware.locale.LocaleMiddleware", OURS], {}),
    ("W001", ["django.middleware.cache.FetchFromCacheMiddleware", OURS], {}),
    ("W001", [CSRF, OURS], {}),
    ("W001", ["tests.django.test_middleware_checks.make_middleware", OURS], {}),
    ("W001", [SECURITY, OURS], {"SECURE_SSL_REDIRECT": True}),
    ("W001", [SESSION, COMMON, "tests.django.test_middleware_checks.Subclass"], {}),
    ("W015", [OURS, "tests.django.test_middleware_checks.SelectUrls"], {}),
    ("W015", [OURS, COMMON, "tests.django.test_middleware_checks.select_urls"], {}),
]


@pytest.mark.parametrize(("number", "middleware", "values"), MIDDLEWARE_TABLE)
def test_misplaced_middleware_is_reported(
    number: str, middleware: list[str], values: dict[str, Any]
) -> None:
    (message,) = run(number, MIDDLEWARE=middleware, **values)
    assert message.hint


@pytest.mark.parametrize(
    "middleware",
    [
        [OURS, COMMON, SESSION, CSRF],
        [SECURITY, SESSION, "django.middleware.gzip.GZipMiddleware", OURS, COMMON],
        ["tests.django.test_middleware_checks.Subclass", COMMON],
        ["tests.django.test_middleware_checks.SelectTenant", OURS, COMMON],
        [
            "tests.django.test_middleware_checks.select_urls",
            "tests.django.test_middleware_checks.SelectUrls",
            OURS,
        ],
        [OURS, "tests.django.test_middleware_checks.SelectTenant"],
        [OURS, "no.such.Middleware"],
    ],
)
def test_correct_middleware_order_has_no_messages(middleware: list[str]) -> None:
    assert run(MIDDLEWARE=middleware) == []


def test_earlier_middleware_is_named() -> None:
    (message,) = run("W001", MIDDLEWARE=[SESSION, COMMON, CSRF, OURS])
    assert f"after {COMMON}, {CSRF}, whose" in message.msg
    assert message.hint == "Put it first in MIDDLEWARE."


def test_hint_keeps_middleware_before_that_preflights_need() -> None:
    path = "tests.django.test_middleware_checks.SelectUrls"
    (message,) = run("W001", MIDDLEWARE=[path, COMMON, OURS])
    assert f"after {COMMON}, whose" in message.msg
    assert message.hint == f"Put it first in MIDDLEWARE, after {path}."


@pytest.mark.parametrize("name", ["add_header", "AddHeader"])
def test_other_middleware_with_cors_headers_is_named(name: str) -> None:
    path = f"tests.django.test_middleware_checks.{name}"
    for middleware in ([path, OURS], [OURS, path]):
        (message,) = run("W017", MIDDLEWARE=middleware)
        assert message.msg.startswith(f"{path} sets CORS headers itself.")
    assert run("W017", MIDDLEWARE=[path]) == []
    theirs = "corsheaders.middleware.CorsMiddleware"
    assert run("W017", MIDDLEWARE=[OURS, theirs, "no.such.Middleware"]) == []


def test_order_does_not_matter_without_per_view_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MARKS, "exist", False)
    assert run(MIDDLEWARE=[OURS, "tests.django.test_middleware_checks.SelectUrls"]) == []
