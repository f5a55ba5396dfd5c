"""A request that a handler sends to its own application has its own policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse as DjangoResponse
from django.test import Client as DjangoClient
from django.urls import path as django_path
from flask import Flask
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import corekit_django
import corekit_flask
import corekit_starlette
import corekit_wsgi
from corekit import CorsPolicy, CorsRoutes
from tests.frameworks.django_urls import any_origin_site, serve_urls

APP: Final = "https://app.example.com"
ANY: Final = CorsPolicy(allow_origins=["*"])
OWN: Final = CorsPolicy(allow_origins=[APP])
ROUTES: Final = CorsRoutes([("/batch", ANY)])

Ask = Callable[[], str]
"""Returns Access-Control-Allow-Origin of ``/batch``, and what its handler saw of ``/feed``."""


def _flask(policy: Any, *, is_marked: bool = True) -> Flask:
    app = Flask("batch")
    feed = lambda: "feed"  # noqa: E731
    app.add_url_rule("/feed", "feed", corekit_flask.cors(OWN)(feed) if is_marked else feed)

    @app.get("/batch")
    def batch() -> str:
        response = app.test_client().get("/feed", headers={"Origin": APP})
        return f"{response.status_code} {response.headers.get('Access-Control-Allow-Origin')}"

    corekit_flask.Cors(app, policy)
    return app


def _ask_flask(app: Flask) -> str:
    response = app.test_client().get("/batch", headers={"Origin": APP})
    return f"{response.headers.get('Access-Control-Allow-Origin')} {response.text}"


def flask() -> str:
    return _ask_flask(_flask(ANY))


def flask_in_the_middleware() -> str:
    app = _flask(ANY)
    vars(app)["wsgi_app"] = corekit_wsgi.CorsMiddleware(app.wsgi_app, ROUTES)
    return _ask_flask(app)


def starlette() -> str:
    def feed(_: object) -> PlainTextResponse:
        return PlainTextResponse("feed")

    def batch(_: object) -> PlainTextResponse:
        response = TestClient(app).get("/feed", headers={"Origin": APP})
        allowed = response.headers.get("access-control-allow-origin")
        return PlainTextResponse(f"{response.status_code} {allowed}")

    own = corekit_starlette.cors(OWN)
    app = Starlette(routes=[Route("/feed", own(feed)), Route("/batch", batch)])
    corekit_starlette.install(app, ANY)
    response = TestClient(app).get("/batch", headers={"Origin": APP})
    return f"{response.headers['access-control-allow-origin']} {response.text}"


def _make_urls() -> None:
    @corekit_django.cors(OWN)
    def feed(_: object) -> DjangoResponse:
        return DjangoResponse("feed")

    def batch(_: object) -> DjangoResponse:
        response = DjangoClient().get("/feed", headers={"Origin": APP})
        allowed = response.headers.get("Access-Control-Allow-Origin")
        return DjangoResponse(f"{response.status_code} {allowed}")

    serve_urls(django_path("feed", feed), django_path("batch", batch))


def django_wsgi() -> str:
    _make_urls()
    response = DjangoClient().get("/batch", headers={"Origin": APP})
    return f"{response.headers['Access-Control-Allow-Origin']} {response.content.decode()}"


def django_asgi() -> str:
    _make_urls()
    app: Any = ASGIHandler()
    response = TestClient(app).get("/batch", headers={"Origin": APP})
    return f"{response.headers['access-control-allow-origin']} {response.text}"


@pytest.fixture(autouse=True)
def urls() -> Iterator[None]:
    with any_origin_site():
        yield


@pytest.mark.parametrize(
    "ask", [flask, flask_in_the_middleware, starlette, django_wsgi, django_asgi]
)
def test_request_of_a_handler_to_its_own_application_has_its_own_policy(ask: Ask) -> None:
    assert ask() == f"* 200 {APP}"


def test_marked_view_runs_in_a_request_that_no_policy_covers() -> None:
    app = _flask(ROUTES, is_marked=False)
    feed = corekit_flask.cors(OWN)(lambda: "feed")
    app.view_functions["feed"] = lambda: feed()  # type: ignore[no-untyped-call]  # noqa: PLW0108
    assert _ask_flask(app) == "* 200 None"
