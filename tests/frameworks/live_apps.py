"""Applications with one marked handler, during whose call something happens, in every adapter.

Each serves ``/own`` for GET and PUT. `before` is called by a decorator around the handler, so after
the layer has looked for its policy and before the handler checks which one is applied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import wraps
from typing import Any, Final, NamedTuple

from aiohttp import web
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse as DjangoResponse
from django.test import override_settings
from django.urls import path as django_path
from fastapi import FastAPI
from flask import Flask
from litestar import Litestar
from litestar import route as litestar_route
from quart import Quart
from sanic import HTTPResponse as SanicResponse
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import corekit_aiohttp
import corekit_asgi
import corekit_django
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit.adapter import Policies
from tests.frameworks.django_urls import serve_urls
from tests.frameworks.sanic_app import make_app, send_to
from tests.properties.adapters import aiohttp_sender, asgi_sender, wsgi_sender
from tests.properties.application import Send

__all__ = ["LIVE_APPS", "Setup"]

METHODS: Final = ["GET", "PUT"]


class Setup(NamedTuple):
    """The policies of an application and of its handler, and the decorator of the handler.

    `is_named` is whether the decorator uses `functools.wraps`, so that the mark is found. `site`
    closes what an application leaves open, `more` are further arguments of the layer.
    """

    default: Policies
    own: Policies
    before: Callable[[], object]
    is_named: bool
    site: ExitStack
    more: Mapping[str, Any] = {}

    def wrap(self, function: Any) -> Any:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            self.before()
            return function(*args, **kwargs)

        return wraps(function)(wrapper) if self.is_named else wrapper

    def wrap_async(self, function: Any) -> Any:
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            self.before()
            return await function(*args, **kwargs)

        return wraps(function)(wrapper) if self.is_named else wrapper

    def wrap_bare(self, function: Any) -> Any:
        # FastAPI and Litestar read the parameters.
        async def wrapper() -> bytes:
            self.before()
            return await function()  # type: ignore[no-any-return]

        return wraps(function)(wrapper) if self.is_named else wrapper


def starlette(setup: Setup) -> Send:
    @corekit_starlette.cors(setup.own)
    async def own(_: object) -> PlainTextResponse:
        return PlainTextResponse("secret")

    app = Starlette(routes=[Route("/own", setup.wrap_async(own), methods=METHODS)])
    return asgi_sender(corekit_starlette.install(app, setup.default, **setup.more))


def fastapi(setup: Setup) -> Send:
    @corekit_starlette.cors(setup.own)
    async def own() -> bytes:
        return b"secret"

    app = FastAPI()
    app.api_route("/own", methods=METHODS)(setup.wrap_bare(own))
    return asgi_sender(corekit_starlette.install(app, setup.default, **setup.more))


def quart(setup: Setup) -> Send:
    @corekit_asgi.cors(setup.own)
    async def own() -> bytes:
        return b"secret"

    app = Quart("live")
    app.add_url_rule("/own", "own", setup.wrap_async(own), methods=METHODS)
    return asgi_sender(corekit_asgi.install(app, setup.default, **setup.more))


def litestar(setup: Setup) -> Send:
    @corekit_asgi.cors(setup.own)
    async def own() -> bytes:
        return b"secret"

    handler = litestar_route("/own", http_method=["GET", "PUT"])(setup.wrap_bare(own))
    app = Litestar([handler], openapi_config=None, logging_config=None)
    return asgi_sender(corekit_asgi.install(app, setup.default, **setup.more))


def flask(setup: Setup) -> Send:
    @corekit_flask.cors(setup.own)
    def own() -> bytes:
        return b"secret"

    app = Flask("live")
    app.add_url_rule("/own", "own", setup.wrap(own), methods=METHODS)
    corekit_flask.Cors(app, setup.default, **setup.more)
    return wsgi_sender(app)


def aiohttp(setup: Setup) -> Send:
    @corekit_aiohttp.cors(setup.own)
    async def own(_: object) -> web.Response:
        return web.Response(body=b"secret")

    app = web.Application()
    for method in METHODS:
        app.router.add_route(method, "/own", setup.wrap_async(own))
    return aiohttp_sender(corekit_aiohttp.install(app, setup.default, **setup.more))


def sanic(setup: Setup) -> Send:
    @corekit_sanic.cors(setup.own)
    async def own(_: object) -> SanicResponse:
        return SanicResponse(b"secret")

    app = make_app()
    app.add_route(setup.wrap_async(own), "/own", methods=METHODS, name="own")
    return send_to(corekit_sanic.install(app, setup.default, **setup.more))


def _serve_django(setup: Setup) -> None:
    @corekit_django.cors(setup.own)  # type: ignore[arg-type]
    def own(_: object) -> DjangoResponse:
        return DjangoResponse(b"secret")

    serve_urls(django_path("own", setup.wrap(own)))
    setup.site.enter_context(
        override_settings(
            ROOT_URLCONF="urls_of_the_test",
            MIDDLEWARE=["corekit_django.middleware.CorsMiddleware"],
            CORS_POLICY=setup.default,
            **{f"CORS_{name.upper()}": value for name, value in setup.more.items()},
            ALLOWED_HOSTS=["*"],
        )
    )


def django_wsgi(setup: Setup) -> Send:
    _serve_django(setup)
    return wsgi_sender(WSGIHandler())


def django_asgi(setup: Setup) -> Send:
    _serve_django(setup)
    return asgi_sender(ASGIHandler())


LIVE_APPS: Final = (
    starlette,
    fastapi,
    quart,
    litestar,
    flask,
    aiohttp,
    sanic,
    django_wsgi,
    django_asgi,
)
