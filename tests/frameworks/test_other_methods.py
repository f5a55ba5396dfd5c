"""A cached preflight response never covers a method of the path that has another policy.

Without credentials, `*` in a response covers all methods. Browsers convert the names of six methods
to upper case, and servers may convert all of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse as DjangoResponse
from django.test import override_settings
from django.urls import path as django_path
from django.views import View as DjangoView
from fastapi import APIRouter, FastAPI
from flask import Flask
from flask.views import MethodView
from litestar import Litestar
from litestar import delete as litestar_delete
from litestar import patch as litestar_patch
from ninja import NinjaAPI
from quart import Quart
from sanic import HTTPResponse as SanicResponse
from sanic import Sanic
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

import corekit_aiohttp
import corekit_asgi
import corekit_django
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy
from corekit_testing import Browser, FetchError
from tests.frameworks.django_urls import any_origin_site, serve_urls
from tests.frameworks.sanic_app import make_app

UNTRUSTED = "https://untrusted.example"
OPEN = CorsPolicy(allow_origins=["*"], allow_methods=["*"], max_age=600)
STRICT = CorsPolicy(allow_origins=["https://app.example.com"], allow_methods=["*"])

ran: list[str] = []
"""The handlers that were called."""


def run(name: str) -> str:
    ran.append(name)
    return name


@contextmanager
def starlette() -> Iterator[Any]:
    class Endpoint(HTTPEndpoint):
        async def delete(self, _: object) -> PlainTextResponse:
            return PlainTextResponse(run("open"))

        @corekit_starlette.cors(STRICT)
        async def query(self, _: object) -> PlainTextResponse:
            return PlainTextResponse(run("strict"))

    below = Starlette(routes=[Route("/x", Endpoint)])
    yield corekit_starlette.install(Starlette(routes=[Mount("/", below)]), OPEN)


@contextmanager
def starlette_application() -> Iterator[Any]:
    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse(run("strict"))(scope, receive, send)

    async def delete(_: object) -> PlainTextResponse:
        return PlainTextResponse(run("open"))

    mount = corekit_starlette.cors(STRICT)(Mount("/", respond))
    app = Starlette(routes=[Route("/x", delete, methods=["DELETE"]), mount])
    yield corekit_starlette.install(app, OPEN)


@contextmanager
def fastapi() -> Iterator[Any]:
    router = APIRouter()

    @router.delete("/x")
    def delete() -> str:
        return run("open")

    @router.api_route("/x", methods=["QUERY"])
    @corekit_starlette.cors(STRICT)
    def query() -> str:
        return run("strict")

    app = FastAPI()
    app.include_router(router)
    yield corekit_starlette.install(app, OPEN)


@contextmanager
def flask() -> Iterator[Any]:
    app = Flask("methods")
    app.add_url_rule("/x", "delete", lambda: run("open"), methods=["DELETE"])
    strict = corekit_flask.cors(STRICT)(lambda: run("strict"))
    app.add_url_rule("/x", "query", strict, methods=["QUERY"])
    corekit_flask.Cors(app, OPEN)
    yield app


@contextmanager
def flask_view() -> Iterator[Any]:
    class View(MethodView):
        methods = ("DELETE", "QUERY")

        def delete(self) -> str:
            return run("open")

        @corekit_flask.cors(STRICT)
        def query(self) -> str:
            return run("strict")

    app = Flask("methods")
    app.add_url_rule("/x", view_func=View.as_view("view"))
    corekit_flask.Cors(app, OPEN)
    yield app


@contextmanager
def quart() -> Iterator[Any]:
    app = Quart("methods")

    @app.route("/x", methods=["DELETE"])
    async def delete() -> str:
        return run("open")

    @app.route("/x", methods=["QUERY"])
    @corekit_asgi.cors(STRICT)
    async def query() -> str:
        return run("strict")

    yield corekit_asgi.install(app, OPEN)


@contextmanager
def litestar() -> Iterator[Any]:
    @litestar_delete("/x", status_code=200, sync_to_thread=False)
    def delete() -> str:
        return run("open")

    @litestar_patch("/x", sync_to_thread=False)
    @corekit_asgi.cors(STRICT)
    def patch() -> str:
        return run("strict")

    app: Any = Litestar([delete, patch], openapi_config=None, logging_config=None)
    yield corekit_asgi.install(app, OPEN)


@contextmanager
def sanic() -> Iterator[Any]:
    app = make_app()

    @app.route("/x", methods=["DELETE"])
    async def delete(_: object) -> SanicResponse:
        return SanicResponse(run("open"))

    @app.route("/x", methods=["PATCH"])
    @corekit_sanic.cors(STRICT)
    async def patch(_: object) -> SanicResponse:
        return SanicResponse(run("strict"))

    corekit_sanic.install(app, OPEN)
    yield app
    Sanic.unregister_app(app)


@contextmanager
def aiohttp_of_all_methods() -> Iterator[Any]:
    async def other(_: object) -> web.Response:
        return web.Response(text=run("open"))

    with serve_aiohttp(("*", other)) as url:
        yield url


@contextmanager
def aiohttp() -> Iterator[Any]:
    async def delete(_: object) -> web.Response:
        return web.Response(text=run("open"))

    with serve_aiohttp(("DELETE", delete)) as url:
        yield url


@contextmanager
def serve_aiohttp(route: tuple[str, Any]) -> Iterator[str]:
    """Serve the handler of a method in another thread, next to a strict one; yield the URL."""

    @corekit_aiohttp.cors(STRICT)
    async def query(_: object) -> web.Response:
        return web.Response(text=run("strict"))

    async def start() -> TestServer:
        app = web.Application()
        app.router.add_route("QUERY", "/x", query)
        app.router.add_route(route[0], "/x", route[1])
        corekit_aiohttp.install(app, OPEN)
        server = TestServer(app)
        await server.start_server()
        return server

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield str(server.make_url("/"))
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextmanager
def django_site() -> Iterator[Any]:
    class View(DjangoView):
        http_method_names = ("delete", "query", "options")

        def delete(self, _: object) -> DjangoResponse:
            return DjangoResponse(run("open"))

        @corekit_django.cors(STRICT)
        def query(self, _: object) -> DjangoResponse:
            return DjangoResponse(run("strict"))

    with any_origin_site(), override_settings(CORS_ALLOW_METHODS=["*"]):
        serve_urls(django_path("x", View.as_view()))
        yield WSGIHandler()


@contextmanager
def django_ninja() -> Iterator[Any]:
    api = NinjaAPI(urls_namespace="methods", docs_url=None, openapi_url=None)

    @api.delete("x")
    def delete(request: object) -> str:
        return run("open")

    @api.patch("x")
    @corekit_django.cors(STRICT)
    def patch(request: object) -> str:
        return run("strict")

    with any_origin_site(), override_settings(CORS_ALLOW_METHODS=["*"]):
        serve_urls(django_path("", api.urls))
        yield WSGIHandler()


Make = Callable[[], AbstractContextManager[Any]]

FRAMEWORKS: list[tuple[Make, str]] = [
    (starlette, "QUERY"),
    (starlette_application, "QUERY"),
    (fastapi, "QUERY"),
    (flask, "QUERY"),
    (flask_view, "QUERY"),
    (quart, "QUERY"),
    (litestar, "PATCH"),
    (sanic, "PATCH"),
    (aiohttp, "QUERY"),
    (aiohttp_of_all_methods, "QUERY"),
    (django_site, "QUERY"),
    (django_ninja, "PATCH"),
]


@pytest.mark.parametrize(
    ("make", "method"), FRAMEWORKS, ids=lambda each: getattr(each, "__name__", each)
)
def test_any_method_in_a_response_is_not_cached_for_a_strict_one(make: Make, method: str) -> None:
    ran.clear()
    with make() as app, Browser(app, page=UNTRUSTED) as browser:
        assert "open" in browser.fetch("DELETE", "/x").text
        for spelled in (method, method.lower()):
            with pytest.raises(FetchError) as caught:
                browser.fetch(spelled, "/x")
            assert caught.value.name == "PreflightMissingAllowOriginHeader"
    assert ran == ["open"]
