"""A WSGI application behind a bridge in an ASGI application keeps the policies of its views."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final

import django
import pytest
from asgiref.wsgi import WsgiToAsgi
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse as DjangoResponse
from django.test import Client as DjangoClient
from django.test import override_settings
from django.urls import path as django_path
from flask import Flask
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

import corekit_asgi
import corekit_django
import corekit_flask
import corekit_starlette
import corekit_wsgi
from corekit import CorsPolicy, CorsRoutes

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.middleware.wsgi import WSGIMiddleware

APP: Final = "https://app.example.com"
ANY: Final = CorsPolicy(allow_origins=["*"])
OWN: Final = CorsPolicy(allow_origins=[APP], allow_credentials=True)
ELSEWHERE: Final = CorsRoutes([("/elsewhere", ANY)])

ran: list[str] = []


def _flask() -> Flask:
    app = Flask("inner")

    @app.get("/secret")
    @corekit_flask.cors(OWN)
    def secret() -> str:
        ran.append("secret")
        return "secret"

    app.add_url_rule("/open", "open", lambda: "open")
    return app


def flask() -> Any:
    app = _flask()
    corekit_flask.Cors(app)
    return app


def flask_with_policy() -> Any:
    app = _flask()
    corekit_flask.Cors(app, ANY)
    return app


def flask_in_the_middleware() -> Any:
    return corekit_wsgi.CorsMiddleware(_flask(), ANY)


def flask_in_the_middleware_of_other_paths() -> Any:
    return corekit_wsgi.CorsMiddleware(_flask(), ELSEWHERE)


def django_wsgi() -> Any:
    return WSGIHandler()


def installed(app: Starlette) -> Any:
    corekit_starlette.install(app, ANY)
    return app


def wrapped(app: Starlette) -> Any:
    return corekit_asgi.CorsMiddleware(app, ANY)


INNER: Final = (
    flask,
    flask_with_policy,
    flask_in_the_middleware,
    flask_in_the_middleware_of_other_paths,
    django_wsgi,
)
BRIDGES: Final = (WSGIMiddleware, WsgiToAsgi)


@pytest.fixture(autouse=True)
def urls() -> Iterator[None]:
    @corekit_django.cors(OWN)
    def secret(_: object) -> DjangoResponse:
        ran.append("secret")
        return DjangoResponse("secret")

    ran.clear()
    module = sys.modules["bridged_urls"] = ModuleType("bridged_urls")
    vars(module)["urlpatterns"] = [
        django_path("secret", secret),
        django_path("open", lambda _: DjangoResponse("open")),
    ]
    django.setup()
    settings = {
        "ROOT_URLCONF": "bridged_urls",
        "MIDDLEWARE": ["corekit_django.middleware.CorsMiddleware"],
        "CORS_ALLOW_ALL_ORIGINS": True,
        "CORS_ALLOW_CREDENTIALS": False,
        "ALLOWED_HOSTS": ["*"],
    }
    with override_settings(**settings):
        yield
    sys.modules.pop("bridged_urls", None)


def _get(app: Any, path: str, **headers: str) -> Any:
    client = TestClient(app, raise_server_exceptions=False)
    return client.get(path, headers={"Origin": APP, **headers})


@pytest.mark.parametrize("outer", [installed, wrapped])
@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("bridge", BRIDGES)
def test_view_does_not_run_under_the_policy_of_the_application_around(
    bridge: Any, inner: Callable[[], Any], outer: Callable[[Starlette], Any]
) -> None:
    app = outer(Starlette(routes=[Mount("/inner", bridge(inner()))]))
    assert _get(app, "/inner/secret").status_code == 500
    assert ran == []
    response = _get(app, "/inner/open")
    assert (response.text, response.headers["access-control-allow-origin"]) == ("open", "*")


@pytest.mark.parametrize("inner", [flask, flask_with_policy, django_wsgi])
@pytest.mark.parametrize("bridge", BRIDGES)
def test_view_runs_if_the_mount_has_its_policy(bridge: Any, inner: Callable[[], Any]) -> None:
    mount = corekit_starlette.cors(OWN)(Mount("/inner", bridge(inner())))
    response = _get(installed(Starlette(routes=[mount])), "/inner/secret")
    assert (response.text, response.headers["access-control-allow-origin"]) == ("secret", APP)


@pytest.mark.parametrize("inner", [flask, flask_with_policy, django_wsgi])
@pytest.mark.parametrize("bridge", BRIDGES)
def test_policy_of_the_view_applies_if_no_policy_covers_the_mount(
    bridge: Any, inner: Callable[[], Any]
) -> None:
    app = Starlette(routes=[Mount("/inner", bridge(inner()))])
    corekit_starlette.install(app, ELSEWHERE)
    response = _get(app, "/inner/secret")
    assert (response.text, response.headers["access-control-allow-origin"]) == ("secret", APP)


def _change(app: Any, name: bytes) -> Any:
    async def change(scope: Any, receive: Any, send: Any) -> None:
        headers = [
            (each, b"changed" if each == name else value) for each, value in scope["headers"]
        ]
        await app({**scope, "headers": headers}, receive, send)

    return change


@pytest.mark.parametrize("name", [b"host", b"user-agent"])
@pytest.mark.parametrize("bridge", BRIDGES)
def test_bridge_is_known_behind_a_middleware_that_changes_a_header(
    bridge: Any, name: bytes
) -> None:
    app = installed(Starlette(routes=[Mount("/inner", _change(bridge(flask()), name))]))
    assert _get(app, "/inner/secret").status_code == 500
    assert ran == []


@pytest.mark.parametrize("bridge", BRIDGES)
def test_bridge_is_known_by_a_header_in_several_lines(bridge: Any) -> None:
    app = installed(Starlette(routes=[Mount("/inner", _change(bridge(flask()), b"host"))]))

    async def repeat(scope: Any, receive: Any, send: Any) -> None:
        headers = [*scope["headers"], (b"user-agent", bytearray(b"again"))]
        await app({**scope, "headers": headers}, receive, send)

    assert _get(repeat, "/inner/secret").status_code == 500
    assert ran == []


def _ask_flask() -> str:
    response = flask_with_policy().test_client().get("/secret", headers={"Origin": APP})
    return f"{response.text} {response.headers.get('Access-Control-Allow-Origin')}"


def _ask_django() -> str:
    response = DjangoClient().get("/secret", headers={"Origin": APP})
    return f"{response.content.decode()} {response.headers.get('Access-Control-Allow-Origin')}"


@pytest.mark.parametrize("ask", [_ask_flask, _ask_django])
def test_request_that_an_asgi_handler_sends_to_a_wsgi_application_has_its_own_policy(
    ask: Callable[[], str],
) -> None:
    app = installed(Starlette(routes=[Route("/", lambda _: PlainTextResponse(ask()))]))
    response = _get(app, "/")
    assert (response.text, response.headers["access-control-allow-origin"]) == (
        f"secret {APP}",
        "*",
    )


@pytest.mark.parametrize("bridge", BRIDGES)
def test_request_that_a_view_behind_a_bridge_sends_has_its_own_policy(bridge: Any) -> None:
    inner = flask()
    inner.add_url_rule("/ask", "ask", _ask_flask)
    app = installed(Starlette(routes=[Mount("/inner", bridge(inner))]))
    assert _get(app, "/inner/ask").text == f"secret {APP}"
