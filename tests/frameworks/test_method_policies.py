"""Methods of one path with different policies: a preflight costs the same whatever they allow."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import django
import pytest
from django.http import HttpResponse as DjangoResponse
from django.test import Client as DjangoClient
from django.test import override_settings
from django.urls import path as django_path
from django.views import View as DjangoView
from flask import Flask
from sanic import HTTPResponse as SanicResponse
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import corekit_django
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy
from corekit._engine import Engine
from corekit._validation import Reader
from corekit.browser import HttpRequest
from corekit.compat import RegexCorsPolicy
from corekit_django.signals import check_request_enabled
from tests.frameworks.sanic_app import make_app, send_to

APP = "https://app.example.com"
PARTNER = "https://partner.example"
UNTRUSTED = "https://untrusted.example"
policy = RegexCorsPolicy(allow_origins=[APP], allow_methods=["DELETE"], max_age=600)
CLOSED = CorsPolicy.deny_all()

Ask = Callable[[str, dict[str, str]], tuple[int, dict[str, str]]]
"""Sends a request with a method and headers; returns the status and the headers."""


def starlette() -> Ask:
    async def get(_: object) -> PlainTextResponse:
        return PlainTextResponse("secret")

    @corekit_starlette.cors(CLOSED)
    async def delete(_: object) -> PlainTextResponse:
        return PlainTextResponse("secret")

    app = Starlette(routes=[Route("/", get), Route("/", delete, methods=["DELETE"])])
    corekit_starlette.install(app, policy)
    client = TestClient(app)

    def ask(method: str, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
        response = client.request(method, "/", headers=headers)
        return response.status_code, dict(response.headers)

    return ask


def flask() -> Ask:
    app = Flask("methods")

    @app.get("/")
    def get() -> str:
        return "secret"

    @app.delete("/")
    @corekit_flask.cors(CLOSED)
    def delete() -> str:
        return "secret"

    corekit_flask.Cors(app, policy)
    client = app.test_client()

    def ask(method: str, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
        response = client.open("/", method=method, headers=headers)
        return response.status_code, dict(response.headers)

    return ask


def sanic() -> Ask:
    app = make_app()

    @app.get("/")
    async def get(_: object) -> SanicResponse:
        return SanicResponse("secret")

    @app.delete("/")
    @corekit_sanic.cors(CLOSED)
    async def delete(_: object) -> SanicResponse:
        return SanicResponse("secret")

    corekit_sanic.install(app, policy)
    send = send_to(app)

    def ask(method: str, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
        response = send(HttpRequest(method, "https://api.example.org/", tuple(headers.items())))
        return response.status, dict(response.headers)

    return ask


class View(DjangoView):
    def get(self, _: object) -> DjangoResponse:
        return DjangoResponse("secret")

    @corekit_django.cors(CLOSED)
    def delete(self, _: object) -> DjangoResponse:
        return DjangoResponse("secret")


def django_site() -> Ask:
    client = DjangoClient()

    def ask(method: str, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
        response = client.generic(method, "/", headers=headers)
        return response.status_code, dict(response.headers)

    return ask


def allow_partner(sender: object, request: Any, **kwargs: object) -> bool:
    return bool(request.headers["Origin"] == PARTNER)


@pytest.fixture
def site() -> Iterator[None]:
    django.setup()
    urls = ModuleType("method_urls")
    vars(urls)["urlpatterns"] = [django_path("", View.as_view())]
    sys.modules["method_urls"] = urls
    settings = {
        "ROOT_URLCONF": "method_urls",
        "MIDDLEWARE": ["corekit_django.middleware.CorsMiddleware"],
        "CORS_ALLOWED_ORIGINS": [APP],
        "CORS_ALLOW_METHODS": ["DELETE"],
    }
    check_request_enabled.connect(allow_partner)
    with override_settings(**settings):
        yield
    check_request_enabled.disconnect(allow_partner)
    del sys.modules["method_urls"]


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("make", "origins"),
    [
        (starlette, [APP, UNTRUSTED]),
        (flask, [APP, UNTRUSTED]),
        (sanic, [APP, UNTRUSTED]),
        (django_site, [APP, UNTRUSTED, PARTNER]),
    ],
)
def test_preflight_reads_no_policy(
    make: Callable[[], Ask], origins: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*values: object, **named: object) -> None:
        raise AssertionError("all origins were read")

    ask = make()
    assert ask("GET", {"Origin": APP})[0] == 200
    # Of none of these the cost is independent of the number of origins.
    for owner, name in ((CorsPolicy, "_comparable"), (Engine, "__init__"), (Reader, "read")):
        monkeypatch.setattr(owner, name, refuse)
    for origin in origins:
        headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        answers = [ask("OPTIONS", headers)]
        # What the first preflight makes is kept.
        with monkeypatch.context() as patch:
            patch.setattr(Engine, "_grant_preflights", refuse)
            answers.append(ask("OPTIONS", headers))
        for status, named in answers:
            fields = {name.lower(): value for name, value in named.items()}
            is_allowed = origin != UNTRUSTED
            assert status == (204 if is_allowed else 403)
            assert fields.get("access-control-allow-origin") == (origin if is_allowed else None)
            assert fields.get("access-control-max-age") == ("0" if is_allowed else None)
