"""A path with a parameter, and one method of it, have their own policy in every framework."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiohttp import web
from fastapi import FastAPI
from flask import Flask
from sanic import HTTPResponse

import corekit_aiohttp
import corekit_asgi
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy
from tests.asgi.shops import litestar as litestar_shop
from tests.asgi.shops import quart as quart_shop
from tests.frameworks.asking import Ask, ask_aiohttp, ask_asgi, ask_flask, ask_sanic
from tests.frameworks.sanic_app import make_app

APP = "https://app.example.com"
PARTNER = "https://partner.example"
UNTRUSTED = "https://untrusted.example"
OWN = CorsPolicy(allow_origins=[PARTNER])
DEFAULT = CorsPolicy(allow_origins=[APP], allow_methods=["DELETE"])


def fastapi() -> Ask:
    app = FastAPI()

    @app.get("/users/{number}/public")
    @corekit_starlette.cors(OWN)
    def public(number: int) -> int:
        return number

    @app.get("/users/{number}/private")
    @app.delete("/users/{number}/public")
    def private(number: int) -> int:
        return number

    return ask_asgi(corekit_starlette.install(app, DEFAULT))


def quart() -> Ask:
    return ask_asgi(corekit_asgi.install(quart_shop(), DEFAULT))


def litestar() -> Ask:
    return ask_asgi(corekit_asgi.install(litestar_shop(), DEFAULT))


def flask() -> Ask:
    app = Flask("shop")

    @app.get("/users/<number>/public")
    @corekit_flask.cors(OWN)
    def public(number: str) -> str:
        return number

    @app.get("/users/<number>/private")
    @app.delete("/users/<number>/public")
    def private(number: str) -> str:
        return number

    corekit_flask.Cors(app, DEFAULT)
    return ask_flask(app)


def aiohttp() -> Ask:
    @corekit_aiohttp.cors(OWN)
    async def public(request: web.Request) -> web.Response:
        return web.Response(text=request.match_info["number"])

    async def private(request: web.Request) -> web.Response:
        return web.Response(text=request.match_info["number"])

    def make() -> web.Application:
        app = web.Application()
        app.router.add_get("/users/{number}/public", public)
        app.router.add_delete("/users/{number}/public", private)
        app.router.add_get("/users/{number}/private", private)
        return corekit_aiohttp.install(app, DEFAULT)

    return ask_aiohttp(make)


def sanic() -> Ask:
    app = make_app()

    @app.get("/users/<number:int>/public")
    @corekit_sanic.cors(OWN)
    async def public(request: object, number: int) -> HTTPResponse:
        return HTTPResponse(str(number))

    @app.get("/users/<number:int>/private", name="private")
    @app.delete("/users/<number:int>/public", name="remove")
    async def private(request: object, number: int) -> HTTPResponse:
        return HTTPResponse(str(number))

    return ask_sanic(corekit_sanic.install(app, DEFAULT))


@pytest.mark.parametrize(
    "make", [fastapi, flask, quart, litestar, aiohttp, sanic], ids=lambda make: make.__name__
)
def test_handler_has_its_own_policy(make: Callable[[], Ask]) -> None:
    ask = make()
    for method, path, allowed in (
        ("GET", "/users/7/public", PARTNER),
        ("GET", "/users/7/private", APP),
        ("DELETE", "/users/7/public", APP),
    ):
        for origin in (APP, PARTNER, UNTRUSTED):
            granted = origin if origin == allowed else None
            asked = {"Origin": origin, "Access-Control-Request-Method": method}
            assert ask(method, path, {"Origin": origin}) == (200, granted)
            assert ask("OPTIONS", path, asked) == (204 if granted else 403, granted)
