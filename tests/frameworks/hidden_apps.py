"""Applications with marked handlers behind everything that may wrap them, in every adapter.

Each allows any origin, so that a policy that is not found shows. It serves ``/open``, and a marked
function, a method of a class and a class below `PATHS`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from inspect import signature
from typing import Any, Final

from aiohttp import web
from aiohttp.test_utils import TestClient as AiohttpClient
from aiohttp.test_utils import TestServer
from fastapi import FastAPI
from flask import Flask
from flask.views import MethodView
from sanic import HTTPResponse as SanicResponse
from sanic.views import HTTPMethodView
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import corekit_aiohttp
import corekit_asgi
import corekit_flask
import corekit_flask.compat
import corekit_sanic
import corekit_starlette
import corekit_wsgi
from corekit.browser import HttpRequest
from tests.frameworks.hidden_django import django_asgi, django_in_the_middleware, django_wsgi
from tests.frameworks.hidden_requests import (
    ANY,
    APP,
    OWN,
    Ask,
    Seen,
    ask_asgi,
    headers_of,
)
from tests.frameworks.hiding import Wrap, Wrapping
from tests.frameworks.sanic_app import make_app, send_to

PATHS: Final = ("/function", "/method", "/class")


def _ask_flask(app: Flask) -> Ask:
    client = app.test_client()

    def ask(path: str, origin: str | None) -> Seen:
        response = client.get(path, headers=headers_of(origin))
        allowed = response.headers.get("Access-Control-Allow-Origin")
        return Seen(response.status_code, allowed, "secret" in response.text)

    return ask


class Application:
    """An ASGI application around another one."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)


def _starlette_app(wrap: Wrap) -> Starlette:
    cors = corekit_starlette.cors(OWN)

    @cors
    async def function(_: object) -> PlainTextResponse:
        return PlainTextResponse("secret")

    class Method(HTTPEndpoint):
        @cors
        async def get(self, _: object) -> PlainTextResponse:
            return PlainTextResponse("secret")

    @cors
    class Class(HTTPEndpoint):
        async def get(self, _: object) -> PlainTextResponse:
            return PlainTextResponse("secret")

    async def public(_: object) -> PlainTextResponse:
        return PlainTextResponse("public")

    def view(cls: Any) -> Any:
        # Starlette serves a class as it is, and an object of any other class as an application.
        return cls if wrap(function) is function else Application(cls)

    return Starlette(
        routes=[
            Route("/open", public),
            Route("/function", wrap(function)),
            Route("/method", view(Method)),
            Route("/class", view(Class)),
        ]
    )


def starlette(wrapping: Wrapping) -> Ask:
    app = _starlette_app(wrapping.coroutine)
    corekit_starlette.install(app, ANY)
    return ask_asgi(app)


def starlette_without_install(wrapping: Wrapping) -> Ask:
    return ask_asgi(corekit_asgi.CorsMiddleware(_starlette_app(wrapping.coroutine), ANY))


def fastapi(wrapping: Wrapping) -> Ask:
    cors = corekit_starlette.cors(OWN)

    @cors
    def function() -> str:
        return "secret"

    @cors
    async def coroutine() -> str:
        return "secret"

    class Views:
        @cors
        def read(self) -> str:
            return "secret"

    # FastAPI reads the parameters, and would take *args and **kwargs for names of a query.
    def call(handler: Any) -> Any:
        def run() -> Any:
            return handler()

        return run if "args" in signature(handler).parameters else handler

    def call_async(handler: Any) -> Any:
        async def run() -> Any:
            return await handler()

        return run if "args" in signature(handler).parameters else handler

    app = FastAPI()
    app.get("/open")(lambda: "public")
    app.get("/function")(call(wrapping.function(function)))
    app.get("/method")(call(wrapping.function(Views().read)))
    app.get("/class")(call_async(wrapping.coroutine(coroutine)))
    corekit_starlette.install(app, ANY)
    return ask_asgi(app)


def _flask_app(wrap: Wrap, cors: Callable[[Any], Any], own: Callable[[Any], Any]) -> Flask:
    app = Flask("hidden")

    @cors
    def function() -> str:
        return "secret"

    class Method(MethodView):
        @cors
        def get(self) -> str:
            return "secret"

    class Class(MethodView):
        def get(self) -> str:
            return "secret"

    own(Class)
    app.add_url_rule("/open", "open", lambda: "public")
    app.add_url_rule("/function", "function", wrap(function))
    app.add_url_rule("/method", "method", wrap(Method.as_view("method")))
    app.add_url_rule("/class", "class", wrap(Class.as_view("class")))
    return app


def flask(wrapping: Wrapping) -> Ask:
    cors = corekit_flask.cors(OWN)
    app = _flask_app(wrapping.function, cors, cors)
    corekit_flask.Cors(app, ANY)
    return _ask_flask(app)


def flask_compat(wrapping: Wrapping) -> Ask:
    cors = corekit_flask.compat.cross_origin(origins=APP)
    app = _flask_app(wrapping.function, cors, corekit_flask.cors(OWN))
    corekit_flask.compat.CORS(app)
    return _ask_flask(app)


def flask_without_cors(wrapping: Wrapping) -> Ask:
    cors = corekit_flask.cors(OWN)
    app = _flask_app(wrapping.function, cors, cors)
    vars(app)["wsgi_app"] = corekit_wsgi.CorsMiddleware(app.wsgi_app, ANY)
    return _ask_flask(app)


def flask_in_a_generator(wrapping: Wrapping) -> Ask:
    cors = corekit_flask.cors(OWN)
    app = _flask_app(wrapping.function, cors, cors)
    inner = app.wsgi_app

    def later(environ: Any, start_response: Any) -> Any:
        yield from inner(environ, start_response)

    vars(app)["wsgi_app"] = corekit_wsgi.CorsMiddleware(later, ANY)
    return _ask_flask(app)


def aiohttp(wrapping: Wrapping) -> Ask:
    cors = corekit_aiohttp.cors(OWN)
    wrap = wrapping.coroutine

    @cors
    async def function(_: object) -> web.Response:
        return web.Response(text="secret")

    async def public(_: object) -> web.Response:
        return web.Response(text="public")

    class Method(web.View):
        @cors
        async def get(self) -> web.Response:
            return web.Response(text="secret")

    @cors
    class Class(web.View):
        async def get(self) -> web.Response:
            return web.Response(text="secret")

    def view(cls: Any) -> Any:
        async def run(request: Any) -> Any:
            return await cls(request)

        return cls if wrap(function) is function else wrap(run)

    def make() -> web.Application:
        app = web.Application()
        app.router.add_get("/open", public)
        app.router.add_get("/function", wrap(function))
        app.router.add_get("/method", view(Method))
        app.router.add_get("/class", view(Class))
        corekit_aiohttp.install(app, ANY)
        return app

    def ask(path: str, origin: str | None) -> Seen:
        async def send() -> Seen:
            async with AiohttpClient(TestServer(make())) as client:
                response = await client.get(path, headers=headers_of(origin))
                allowed = response.headers.get("Access-Control-Allow-Origin")
                return Seen(response.status, allowed, "secret" in await response.text())

        return asyncio.run(send())

    return ask


def sanic(wrapping: Wrapping) -> Ask:
    cors = corekit_sanic.cors(OWN)
    wrap = wrapping.coroutine

    @cors
    async def function(_: object) -> SanicResponse:
        return SanicResponse("secret")

    async def public(_: object) -> SanicResponse:
        return SanicResponse("public")

    class Method(HTTPMethodView):
        @cors
        async def get(self, _: object) -> SanicResponse:
            return SanicResponse("secret")

    @cors
    class Class(HTTPMethodView):
        async def get(self, _: object) -> SanicResponse:
            return SanicResponse("secret")

    app = make_app()
    app.add_route(public, "/open")
    app.add_route(wrap(function), "/function", name="function")
    app.add_route(wrap(Method.as_view()), "/method", name="method")
    app.add_route(wrap(Class.as_view()), "/class", name="class")
    corekit_sanic.install(app, ANY)
    send = send_to(app)

    def ask(path: str, origin: str | None) -> Seen:
        headers = tuple(headers_of(origin).items())
        response = send(HttpRequest("GET", f"https://api.example.org{path}", headers))
        fields = {name.lower(): value for name, value in response.headers}
        allowed = fields.get("access-control-allow-origin")
        return Seen(response.status, allowed, b"secret" in response.body)

    return ask


FINDING: Final = (
    starlette,
    fastapi,
    flask,
    flask_compat,
    aiohttp,
    sanic,
    django_wsgi,
    django_asgi,
)
"""Layers that look for marks."""

NOT_FINDING: Final = (
    starlette_without_install,
    flask_without_cors,
    flask_in_a_generator,
    django_in_the_middleware,
)
"""Layers that do not, or that are inside a layer that does not."""
