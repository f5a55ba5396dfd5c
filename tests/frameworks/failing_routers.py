"""Applications whose router calls a function, and may raise what that raises.

`/admin/<item>` has its own policy, which allows `ADMIN`, and the application allows `APP`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpResponse as DjangoResponse
from django.test import Client as DjangoClient
from django.test import override_settings
from django.urls import path as django_path
from django.urls import register_converter
from fastapi import FastAPI
from flask import Blueprint, Flask
from quart import Quart
from sanic import HTTPResponse as SanicResponse
from starlette.applications import Starlette
from starlette.convertors import CONVERTOR_TYPES, Convertor
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from werkzeug.routing import BaseConverter

import corekit_asgi
import corekit_django
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy
from corekit_flask.compat import CORS
from tests.frameworks.asking import Ask, ask_asgi, ask_flask, ask_sanic, read_response
from tests.frameworks.django_urls import any_origin_site, serve_urls
from tests.frameworks.sanic_app import make_app

ADMIN: Final = "https://admin.example.com"
APP: Final = "https://app.example.com"
OWN: Final = CorsPolicy(allow_origins=[ADMIN], allow_methods=["DELETE"])
DEFAULT: Final = CorsPolicy(allow_origins=[APP], allow_methods=["DELETE"])

Load = Callable[[str], str]
"""Converts the part of a path, or raises an exception."""


def converter(load: Load) -> type[BaseConverter]:
    """Return a converter of Werkzeug's."""

    class Loading(BaseConverter):
        def to_python(self, value: str) -> str:
            return load(value)

    return Loading


def make_flask(load: Load) -> Flask:
    app = Flask("failing")
    app.config["ITEMS"] = {"1": "one"}
    app.url_map.converters["item"] = converter(load)
    return app


def make_blueprint() -> Blueprint:
    admin = Blueprint("admin", "failing", url_prefix="/admin")
    admin.add_url_rule("/<item:item>", "item", lambda item: item, methods=["GET", "DELETE"])
    return admin


def flask(load: Load) -> Ask:
    app = make_flask(load)
    view = corekit_flask.cors(OWN)(lambda item: item)
    app.add_url_rule("/admin/<item:item>", "admin", view, methods=["GET", "DELETE"])
    corekit_flask.Cors(app, DEFAULT)
    return ask_flask(app)


def flask_blueprint(load: Load) -> Ask:
    app = make_flask(load)
    admin = make_blueprint()
    corekit_flask.cors(OWN)(admin)
    app.register_blueprint(admin)
    corekit_flask.Cors(app, DEFAULT)
    return ask_flask(app)


def flask_compat(load: Load) -> Ask:
    app = make_flask(load)
    admin = make_blueprint()
    CORS(admin, origins=ADMIN)
    app.register_blueprint(admin)
    CORS(app, origins=APP)
    return ask_flask(app)


def quart(load: Load) -> Ask:
    app = Quart("failing")
    app.config["ITEMS"] = {"1": "one"}
    app.url_map.converters["item"] = converter(load)

    async def respond(item: str) -> str:
        return item

    view = corekit_asgi.cors(OWN)(respond)
    app.add_url_rule("/admin/<item:item>", "admin", view, methods=["GET", "DELETE"])
    return ask_asgi(corekit_asgi.install(app, DEFAULT))


class Loading(Convertor[str]):
    """A convertor of Starlette's."""

    regex = "[^/]+"

    def __init__(self, load: Load) -> None:
        self._load = load

    def convert(self, value: str) -> str:
        return self._load(value)

    def to_string(self, value: str) -> str:
        return value


def starlette(load: Load) -> Ask:
    CONVERTOR_TYPES["item"] = Loading(load)

    @corekit_starlette.cors(OWN)
    async def respond(_: object) -> PlainTextResponse:
        return PlainTextResponse("item")

    route = Route("/admin/{item:item}", respond, methods=["GET", "DELETE"])
    app = Starlette(routes=[route])
    return ask_asgi(corekit_starlette.install(app, DEFAULT))


def fastapi(load: Load) -> Ask:
    CONVERTOR_TYPES["item"] = Loading(load)
    app = FastAPI()

    @app.api_route("/admin/{item:item}", methods=["GET", "DELETE"])
    @corekit_starlette.cors(OWN)
    def respond(item: str) -> str:
        return item

    return ask_asgi(corekit_starlette.install(app, DEFAULT))


def sanic(load: Load) -> Ask:
    def convert(value: str) -> str:
        return load(value)

    app = make_app()
    app.router.register_pattern("item", convert, r"[^/]+")

    @corekit_sanic.cors(OWN)
    async def respond(_: object, item: str) -> SanicResponse:
        return SanicResponse(item)

    app.add_route(respond, "/admin/<item:item>", methods=["GET", "DELETE"])
    return ask_sanic(corekit_sanic.install(app, DEFAULT))


class ItemConverter:
    """A converter of Django's, which is registered once."""

    regex = "[^/]+"
    load: Load

    def to_python(self, value: str) -> str:
        return type(self).load(value)

    def to_url(self, value: str) -> str:
        return value


register_converter(ItemConverter, "item_of_the_test")


def respond_inside(get_response: Any) -> Any:
    """Respond before Django routes a request, as a cache does."""
    return lambda request: DjangoResponse(request.path)


def django(load: Load, *layers: str) -> Ask:
    ItemConverter.load = staticmethod(load)
    view = corekit_django.cors(OWN)(lambda _, item: DjangoResponse(item))
    middleware = ["corekit_django.middleware.CorsMiddleware", *layers]
    client = DjangoClient(raise_request_exception=False)

    def ask(method: str, path: str, headers: dict[str, str]) -> tuple[int, str | None]:
        settings = {"CORS_ALLOW_ALL_ORIGINS": False, "CORS_ALLOWED_ORIGINS": [APP]}
        with any_origin_site(), override_settings(**settings, MIDDLEWARE=middleware):
            serve_urls(django_path("admin/<item_of_the_test:item>", view))
            return read_response(client.generic(method, path, headers=headers))

    return ask


def django_cached(load: Load) -> Ask:
    return django(load, f"{__name__}.respond_inside")


ROUTED_TWICE: Final = (flask, flask_blueprint, flask_compat, quart, starlette, fastapi, sanic)
"""Those whose layer routes before the framework does."""
