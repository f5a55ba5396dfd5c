"""A per-route policy is found behind partials, classes, layers and mounts.

All other paths are open to any origin, so that a policy that is not found shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from aiohttp import web
from django.http import HttpResponse as DjangoResponse
from django.urls import include
from django.urls import path as django_path
from django.views import View as DjangoView
from fastapi import FastAPI
from flask import Blueprint, Flask
from flask.views import MethodView
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

import corekit_aiohttp
import corekit_django
import corekit_flask
import corekit_starlette
from corekit import CorsPolicy, CorsRoutes
from corekit_django.resolving import find_mark
from tests.frameworks.asking import Ask, ask_aiohttp, ask_asgi, ask_flask, django_site
from tests.frameworks.django_urls import any_origin_site, serve_urls

UNTRUSTED = "https://untrusted.example"
ANY = CorsPolicy(allow_origins=["*"], allow_methods=["PUT"])
CLOSED = CorsPolicy.deny_all()
PREFLIGHT = {"Origin": UNTRUSTED, "Access-Control-Request-Method": "GET"}


class Layer:
    """An ASGI middleware."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def starlette() -> Ask:
    cors = corekit_starlette.cors(CLOSED)

    async def endpoint(_: object) -> PlainTextResponse:
        return PlainTextResponse("secret")

    @cors
    async def closed(_: object) -> PlainTextResponse:
        return PlainTextResponse("secret")

    class Method(HTTPEndpoint):
        @cors
        async def get(self, _: object) -> PlainTextResponse:
            return PlainTextResponse("secret")

    class Views:
        @cors
        async def read(self, _: object) -> PlainTextResponse:
            return PlainTextResponse("secret")

    below = Starlette(routes=[Route("/below", closed)])
    marked = cors(Starlette(routes=[Route("/marked", endpoint)]))
    app = Starlette(
        routes=[
            Route("/open", endpoint, methods=["GET", "PUT"]),
            Route("/plain", closed),
            Route("/partial", partial(closed)),
            Route("/bound", Views().read),
            Route("/method", Method),
            Route("/route", endpoint),
            Mount("/layer", Layer(Layer(below))),
            Mount("/marked-layer", Layer(marked)),
        ]
    )
    cors(app.routes[5])
    corekit_starlette.install(app, ANY)
    return ask_asgi(app)


def fastapi() -> Ask:
    cors = corekit_starlette.cors(CLOSED)
    app = FastAPI()

    def secret() -> str:
        return "secret"

    @cors
    def closed() -> str:
        return "secret"

    below = FastAPI()
    below.get("/below")(closed)
    app.get("/open")(secret)
    app.put("/open")(secret)
    app.get("/plain")(closed)
    app.get("/partial")(partial(closed))
    app.mount("/layer", Layer(below))
    corekit_starlette.install(app, ANY)
    return ask_asgi(app)


def flask() -> Ask:
    cors = corekit_flask.cors(CLOSED)
    app = Flask("closed")

    def secret() -> str:
        return "secret"

    @cors
    def closed() -> str:
        return "secret"

    class Method(MethodView):
        @cors
        def get(self) -> str:
            return "secret"

    @cors
    class Class(MethodView):
        def get(self) -> str:
            return "secret"

    class Views:
        @cors
        def read(self) -> str:
            return "secret"

    blueprint = Blueprint("blueprint", "closed", url_prefix="/blueprint")
    blueprint.add_url_rule("/below", "below", closed)
    app.add_url_rule("/open", "open", secret, methods=["GET", "PUT"])
    app.add_url_rule("/plain", "plain", closed)
    app.add_url_rule("/partial", "partial", partial(closed))
    app.add_url_rule("/bound", "bound", Views().read)
    app.add_url_rule("/method", view_func=Method.as_view("method"))
    app.add_url_rule("/class", view_func=Class.as_view("class"))
    app.register_blueprint(blueprint)
    corekit_flask.Cors(app, ANY)
    return ask_flask(app)


def aiohttp() -> Ask:
    cors = corekit_aiohttp.cors(CLOSED)

    async def secret(_: object) -> web.Response:
        return web.Response(text="secret")

    @cors
    async def closed(_: object) -> web.Response:
        return web.Response(text="secret")

    class Method(web.View):
        @cors
        async def get(self) -> web.Response:
            return web.Response(text="secret")

        @cors
        async def head(self) -> web.Response:
            return web.Response()

    @cors
    class Class(web.View):
        async def get(self) -> web.Response:
            return web.Response(text="secret")

    class Views:
        @cors
        async def read(self, _: object) -> web.Response:
            return web.Response(text="secret")

    def make() -> web.Application:
        below = web.Application()
        below.router.add_get("/below", closed)
        app = web.Application()
        app.router.add_get("/open", secret)
        app.router.add_get("/plain", closed)
        app.router.add_get("/partial", partial(closed))
        app.router.add_get("/bound", Views().read)
        app.router.add_view("/method", Method)
        app.router.add_view("/class", Class)
        app.add_subapp("/subapp", below)
        corekit_aiohttp.install(app, ANY)
        return app

    return ask_aiohttp(make)


def make_urls() -> None:
    cors = corekit_django.cors(CLOSED)

    def secret(_: object) -> DjangoResponse:
        return DjangoResponse("secret")

    @cors
    def closed(_: object) -> DjangoResponse:
        return DjangoResponse("secret")

    class Method(DjangoView):
        @cors
        def get(self, _: object) -> DjangoResponse:
            return DjangoResponse("secret")

    class Views:
        @cors
        def read(self, _: object) -> DjangoResponse:
            return DjangoResponse("secret")

    below = [django_path("below", closed)]
    serve_urls(
        django_path("open", secret),
        django_path("plain", closed),
        django_path("partial", partial(closed)),
        django_path("bound", Views().read),
        django_path("method", Method.as_view()),
        django_path("include/", include(below)),
    )


@pytest.fixture
def urls() -> Iterator[None]:
    with any_origin_site():
        make_urls()
        yield


PLACES = {
    starlette: (
        "/plain",
        "/partial",
        "/bound",
        "/method",
        "/route",
        "/layer/below",
        "/marked-layer/marked",
    ),
    fastapi: ("/plain", "/partial", "/layer/below"),
    flask: (
        "/plain",
        "/partial",
        "/bound",
        "/method",
        "/class",
        "/blueprint/below",
    ),
    aiohttp: (
        "/plain",
        "/partial",
        "/bound",
        "/method",
        "/class",
        "/subapp/below",
    ),
    django_site: (
        "/plain",
        "/partial",
        "/bound",
        "/method",
        "/include/below",
    ),
}


@pytest.mark.usefixtures("urls")
@pytest.mark.parametrize("make", PLACES, ids=lambda make: make.__name__)
def test_policy_is_found_wherever_it_was_given(make: Callable[[], Ask]) -> None:
    ask = make()
    assert ask("GET", "/open", {"Origin": UNTRUSTED}) == (200, "*")
    assert ask("OPTIONS", "/open", PREFLIGHT)[1] == "*"
    for path in PLACES[make]:
        assert (path, ask("GET", path, {"Origin": UNTRUSTED})) == (path, (200, None))
        assert (path, ask("HEAD", path, {"Origin": UNTRUSTED})[1]) == (path, None)
        assert (path, ask("OPTIONS", path, PREFLIGHT)) == (path, (403, None))


def test_mounted_application_may_have_another_policy() -> None:
    async def endpoint(_: object) -> PlainTextResponse:
        return PlainTextResponse("public")

    below = Starlette(routes=[Route("/closed/x", endpoint)])
    corekit_starlette.install(below, ANY)
    app = Starlette(routes=[Mount("/below", below)])
    corekit_starlette.install(app, CorsRoutes([("/closed/", CLOSED), ("/", ANY)]))
    assert ask_asgi(app)("GET", "/below/closed/x", {"Origin": UNTRUSTED}) == (200, "*")


def test_names_of_django_rest_framework_and_ninja_may_mean_something_else() -> None:
    class Approve(DjangoView):
        actions = ("approve",)

        def get(self, _: object) -> DjangoResponse:
            return DjangoResponse("approved")

    class Menu:
        operations = ("open",)

        def view(self) -> Callable[..., DjangoResponse]:
            def show(_: object) -> DjangoResponse:
                return DjangoResponse(self.operations[0])

            return show

    def make_late_view() -> Callable[..., DjangoResponse]:
        nothing: tuple[str, ...] = ()

        def show(_: object) -> DjangoResponse:
            return DjangoResponse(self)

        for self in nothing:  # noqa: B007
            return show
        return show

    for view in (Approve.as_view(), Menu().view(), make_late_view()):
        assert find_mark(view, "GET") is None
        assert find_mark(corekit_django.cors(CLOSED)(view), "GET") is CLOSED


def test_search_through_layers_is_bounded() -> None:
    async def endpoint(_: object) -> PlainTextResponse:
        return PlainTextResponse("public")

    layers: Any = Starlette(routes=[Route("/x", endpoint)])
    for _ in range(150):
        layers = Layer(layers)
    app = Starlette(routes=[Mount("/below", layers), Route("/closed", endpoint)])
    corekit_starlette.cors(CLOSED)(app.routes[1])
    corekit_starlette.install(app, ANY)
    ask = ask_asgi(app)
    assert ask("GET", "/closed", {"Origin": UNTRUSTED}) == (200, None)
    assert ask("GET", "/below/x", {"Origin": UNTRUSTED}) == (200, "*")
