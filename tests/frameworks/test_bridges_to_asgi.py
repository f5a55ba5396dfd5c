"""An application behind a bridge from WSGI, aiohttp or Sanic keeps the policies of its handlers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as AiohttpClient
from aiohttp.test_utils import TestServer
from django.http import HttpResponse as DjangoResponse
from django.test import Client as DjangoClient
from django.urls import path as django_path
from flask import Flask
from sanic import HTTPResponse as SanicResponse
from sanic import Sanic
from werkzeug.test import Client as WerkzeugClient

import corekit_aiohttp
import corekit_asgi
import corekit_flask
import corekit_sanic
import corekit_wsgi
from corekit.browser import HttpRequest
from corekit_testing.transports import AsgiTransport
from tests.frameworks.bridged_apps import (
    ANY,
    APP,
    ASGI,
    ELSEWHERE,
    OWN,
    WSGI,
    django_asgi,
    django_site,
    ran,
)
from tests.frameworks.bridging import (
    asgi_in_aiohttp,
    asgi_in_sanic,
    call_asgi,
    in_wsgi,
    wsgi_in_aiohttp,
)
from tests.frameworks.django_urls import serve_urls
from tests.frameworks.sanic_app import make_app, send_to

Ask = Callable[[str], tuple[int, str, str | None]]
"""Returns status, body and Access-Control-Allow-Origin of a path."""


def behind_wsgi(inner: Any, policy: Any) -> Ask:
    return _ask_wsgi(corekit_wsgi.CorsMiddleware(in_wsgi(inner), policy))


def behind_flask(inner: Any, policy: Any) -> Ask:
    app = Flask("outer")
    vars(app)["wsgi_app"] = in_wsgi(inner)
    corekit_flask.Cors(app, policy)
    return _ask_wsgi(app)


def _ask_wsgi(app: Any) -> Ask:
    def ask(path: str) -> tuple[int, str, str | None]:
        response = WerkzeugClient(app).get(path, headers={"Origin": APP})
        allowed = response.headers.get("Access-Control-Allow-Origin")
        return response.status_code, response.text, allowed

    return ask


def behind_aiohttp(inner: Any, policy: Any) -> Ask:
    return _behind_aiohttp(asgi_in_aiohttp(inner), policy)


def _behind_aiohttp(handler: Any, policy: Any) -> Ask:
    async def send(path: str) -> tuple[int, str, str | None]:
        app = web.Application()
        app.router.add_get("/{path:.*}", handler)
        corekit_aiohttp.install(app, policy)
        async with AiohttpClient(TestServer(app)) as client:
            response = await client.get(path, headers={"Origin": APP})
            allowed = response.headers.get("Access-Control-Allow-Origin")
            return response.status, await response.text(), allowed

    return lambda path: asyncio.run(send(path))


def behind_sanic(inner: Any, policy: Any) -> Ask:
    app = make_app()
    app.add_route(asgi_in_sanic(inner), "/<path:path>")
    corekit_sanic.install(app, policy)
    send = send_to(app)

    def ask(path: str) -> tuple[int, str, str | None]:
        response = send(HttpRequest("GET", f"https://api.example.com{path}", (("Origin", APP),)))
        fields = {name.lower(): value for name, value in response.headers}
        allowed = fields.get("access-control-allow-origin")
        return response.status, response.body.decode(), allowed

    return ask


@pytest.fixture(autouse=True)
def urls() -> Iterator[None]:
    with django_site():
        yield


@pytest.mark.parametrize("outer", [behind_wsgi, behind_flask, behind_aiohttp, behind_sanic])
@pytest.mark.parametrize("make", ASGI)
def test_asgi_handler_does_not_run_under_the_policy_around_a_bridge(
    make: Callable[[], Any], outer: Callable[[Any, Any], Ask]
) -> None:
    status, _, allowed = outer(make(), ANY)("/secret")
    assert (status, allowed, ran) == (500, "*", [])
    assert outer(make(), ANY)("/open") == (200, "open", "*")
    assert outer(make(), OWN)("/secret") == (200, "secret", APP)


@pytest.mark.parametrize("make", [each for each in ASGI if each is not django_asgi])
def test_asgi_handler_does_not_run_under_the_policy_of_a_django_view(
    make: Callable[[], Any],
) -> None:
    def view(request: Any, name: str) -> DjangoResponse:
        headers = [(b"host", request.get_host().encode()), (b"origin", APP.encode())]
        received = asyncio.run(call_asgi(make(), f"/{name}", headers))
        return DjangoResponse(received.body, status=received.status)

    serve_urls(django_path("<name>", view))
    client = DjangoClient(raise_request_exception=False)
    headers = {"Host": "api.example.com", "Origin": APP}
    response = client.get("/secret", headers=headers)
    assert (response.status_code, response["Access-Control-Allow-Origin"], ran) == (500, "*", [])
    response = client.get("/open", headers=headers)
    assert (response.content, response["Access-Control-Allow-Origin"]) == (b"open", "*")


@pytest.mark.parametrize("make", WSGI)
def test_wsgi_view_does_not_run_under_the_policy_of_aiohttp(make: Callable[[], Any]) -> None:
    status, _, allowed = _behind_aiohttp(wsgi_in_aiohttp(make()), ANY)("/secret")
    assert (status, allowed, ran) == (500, "*", [])
    assert _behind_aiohttp(wsgi_in_aiohttp(make()), OWN)("/secret") == (200, "secret", APP)


@pytest.mark.parametrize("inner", [None, OWN, ANY])
@pytest.mark.parametrize(("outer", "status"), [(ANY, 500), (OWN, 200), (ELSEWHERE, 200)])
def test_sanic_handler_does_not_run_under_the_policy_of_an_asgi_layer(
    outer: Any, inner: Any, status: int
) -> None:
    app = make_app()

    @app.get("/secret")
    @corekit_sanic.cors(OWN)
    async def secret(_: object) -> SanicResponse:
        ran.append("secret")
        return SanicResponse("secret")

    corekit_sanic.install(app, inner)
    transport = AsgiTransport(corekit_asgi.CorsMiddleware(app, outer), raise_exceptions=False)
    url = "https://api.example.com/secret"
    response = transport.send(HttpRequest("GET", url, (("Origin", APP),)))
    transport.close()
    Sanic.unregister_app(app)
    assert (response.status, ran) == (status, ["secret"] if status == 200 else [])
