"""Class-based handlers run under their policy, or not at all, wherever in the class it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as AiohttpClient
from aiohttp.test_utils import TestServer
from django.http import HttpResponse as DjangoResponse
from django.test import Client as DjangoClient
from django.urls import path as django_path
from django.views import View as DjangoView
from flask import Flask
from flask.views import MethodView
from quart import Quart
from quart.views import MethodView as QuartView
from sanic import HTTPResponse as SanicResponse
from sanic.views import HTTPMethodView
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import corekit_aiohttp
import corekit_asgi
import corekit_django
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy, CorsRoutes
from corekit.browser import HttpRequest
from tests.frameworks.django_urls import any_origin_site, serve_urls
from tests.frameworks.marked_classes import (
    ANY,
    EVERYWHERE,
    Framework,
    around,
    around_decorated,
    decorated,
    inherited_entry,
    over_decorators,
)
from tests.frameworks.sanic_app import make_app, send_to

UNTRUSTED: Final = "https://untrusted.example"
APP: Final = "https://app.example.com"
OWN: Final = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])
BELOW: Final = CorsRoutes([("/", OWN)])
ELSEWHERE: Final = CorsRoutes([("/elsewhere", OWN)])


def starlette() -> Framework:
    def make_entry() -> Any:
        async def dispatch(self: Any) -> None:
            await PlainTextResponse("secret")(self.scope, self.receive, self.send)

        return dispatch

    def make_method() -> Any:
        async def method(self: object, _: object) -> PlainTextResponse:
            return PlainTextResponse("secret")

        return method

    def ask(view: Any, is_hidden: bool, origin: str) -> tuple[int, str | None, bool]:
        class Hidden:
            async def __call__(self, *args: Any) -> None:
                await view(*args)

        app = Starlette(routes=[Route("/view", Hidden() if is_hidden else view)])
        corekit_starlette.install(app, ANY)
        client = TestClient(app, raise_server_exceptions=False)
        response = client.put("/view", headers={"Origin": origin})
        allowed = response.headers.get("access-control-allow-origin")
        return response.status_code, allowed, response.text == "secret"

    return Framework(HTTPEndpoint, "dispatch", make_entry, make_method, corekit_starlette.cors, ask)


def starlette_awaited() -> Framework:
    """Return a framework whose server awaits the instance, as that of Starlette does."""

    def make_entry() -> Any:
        async def run(self: Any) -> None:
            await PlainTextResponse("secret")(self.scope, self.receive, self.send)

        return lambda self: run(self).__await__()

    return starlette()._replace(entry="__await__", make_entry=make_entry)


def quart() -> Framework:
    def make() -> Any:
        async def method(self: object) -> str:
            return "secret"

        return method

    def ask(view: Any, is_hidden: bool, origin: str) -> tuple[int, str | None, bool]:
        app = Quart("hidden")
        function = view.as_view("view")

        async def hidden() -> Any:
            return await function()

        app.add_url_rule("/view", "view", hidden if is_hidden else function, methods=["PUT"])
        corekit_asgi.install(app, ANY)

        async def send() -> tuple[int, str | None, bool]:
            response = await app.test_client().put("/view", headers={"Origin": origin})
            allowed = response.headers.get("Access-Control-Allow-Origin")
            return response.status_code, allowed, await response.get_data() == b"secret"

        return asyncio.run(send())

    return Framework(QuartView, "dispatch_request", make, make, corekit_asgi.cors, ask)


def flask() -> Framework:
    def make() -> Any:
        return lambda self: "secret"

    def ask(view: Any, is_hidden: bool, origin: str) -> tuple[int, str | None, bool]:
        app = Flask("hidden")
        function = view.as_view("view")
        endpoint = (lambda: function()) if is_hidden else function  # noqa: PLW0108
        app.add_url_rule("/view", "view", endpoint, methods=["PUT"])
        corekit_flask.Cors(app, ANY)
        response = app.test_client().put("/view", headers={"Origin": origin})
        allowed = response.headers.get("Access-Control-Allow-Origin")
        return response.status_code, allowed, response.text == "secret"

    return Framework(MethodView, "dispatch_request", make, make, corekit_flask.cors, ask)


def aiohttp() -> Framework:
    def make_method() -> Any:
        async def method(self: object) -> web.Response:
            return web.Response(text="secret")

        return method

    def make_entry() -> Any:
        method = make_method()

        def __await__(self: object) -> Any:  # noqa: N807
            return method(self).__await__()

        return __await__

    def ask(view: Any, is_hidden: bool, origin: str) -> tuple[int, str | None, bool]:
        async def hidden(request: web.Request) -> Any:
            return await view(request)

        async def send() -> tuple[int, str | None, bool]:
            app = web.Application()
            app.router.add_put("/view", hidden if is_hidden else view)
            corekit_aiohttp.install(app, ANY)
            async with AiohttpClient(TestServer(app)) as client:
                response = await client.put("/view", headers={"Origin": origin})
                allowed = response.headers.get("Access-Control-Allow-Origin")
                return response.status, allowed, await response.text() == "secret"

        return asyncio.run(send())

    return Framework(web.View, "__await__", make_entry, make_method, corekit_aiohttp.cors, ask)


def sanic() -> Framework:
    def make() -> Any:
        async def method(self: object, _: object) -> SanicResponse:
            return SanicResponse("secret")

        return method

    def ask(view: Any, is_hidden: bool, origin: str) -> tuple[int, str | None, bool]:
        function = view.as_view()

        async def hidden(request: Any) -> Any:
            return await function(request)

        app = make_app()
        app.add_route(hidden if is_hidden else function, "/view", methods=["PUT"], name="view")
        corekit_sanic.install(app, ANY)
        url = "https://api.example.org/view"
        response = send_to(app)(HttpRequest("PUT", url, (("Origin", origin),)))
        fields = {name.lower(): value for name, value in response.headers}
        allowed = fields.get("access-control-allow-origin")
        return response.status, allowed, response.body == b"secret"

    return Framework(HTTPMethodView, "dispatch_request", make, make, corekit_sanic.cors, ask)


def django_site() -> Framework:
    def make() -> Any:
        return lambda self, _: DjangoResponse("secret")

    def ask(view: Any, is_hidden: bool, origin: str) -> tuple[int, str | None, bool]:
        function = view.as_view()
        endpoint = (lambda request: function(request)) if is_hidden else function  # noqa: PLW0108
        serve_urls(django_path("view", endpoint))
        client = DjangoClient(raise_request_exception=False)
        response = client.put("/view", headers={"Origin": origin})
        allowed = response.headers.get("Access-Control-Allow-Origin")
        return response.status_code, allowed, response.content == b"secret"

    return Framework(DjangoView, "dispatch", make, make, corekit_django.cors, ask)


@pytest.fixture(autouse=True)
def urls() -> Iterator[None]:
    with any_origin_site():
        yield


FRAMEWORKS: Final = (starlette, starlette_awaited, flask, quart, aiohttp, sanic, django_site)
CASES: Final = [
    *((make, kind) for make in FRAMEWORKS for kind in EVERYWHERE),
    *((make, kind) for make in (flask, quart, sanic) for kind in (decorated, over_decorators)),
    *((make, around) for make in (flask, quart, sanic, django_site)),
    *((make, around_decorated) for make in (flask, quart, sanic)),
]


@pytest.mark.parametrize(("make", "kind"), CASES)
def test_class_never_runs_under_the_policy_of_the_application(
    make: Callable[[], Framework], kind: Callable[[Any, Framework], type]
) -> None:
    framework = make()
    view = kind(OWN, framework)
    for origin, allowed in ((UNTRUSTED, None), (APP, APP)):
        assert framework.ask(view, False, origin) == (200, allowed, True)
        assert framework.ask(view, True, origin)[::2] == (500, False)


@pytest.mark.parametrize("make", FRAMEWORKS)
def test_subclass_inherits_the_policy_of_a_method(make: Callable[[], Framework]) -> None:
    framework = make()
    view = inherited_entry(OWN, framework)
    for origin, allowed in ((UNTRUSTED, None), (APP, APP)):
        assert framework.ask(view, False, origin) == (200, allowed, True)


@pytest.mark.parametrize("make", [each for each in FRAMEWORKS if each is not django_site])
def test_hidden_routes_never_leave_a_class_to_the_application(
    make: Callable[[], Framework],
) -> None:
    framework = make()
    for routes, allowed in ((BELOW, None), (ELSEWHERE, "*")):
        members = {"put": framework.make_method()}
        view = framework.cors(routes)(type("View", (framework.view,), members))
        assert framework.ask(view, False, UNTRUSTED) == (200, allowed, True)
    # Flask knows the path, and so that the application's policy applies.
    is_known = make is flask
    assert framework.ask(view, True, UNTRUSTED)[::2] == ((200, True) if is_known else (500, False))
