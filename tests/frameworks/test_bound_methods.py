"""A bound method of any object has its own policy, and the object itself has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from aiohttp import web
from fastapi import FastAPI
from flask import Flask
from quart import Quart
from sanic import HTTPResponse
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import corekit_aiohttp
import corekit_asgi
import corekit_django
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy
from corekit.adapter import kept_policy
from tests.frameworks.asking import Ask, ask_aiohttp, ask_asgi, ask_flask, ask_sanic
from tests.frameworks.sanic_app import make_app

APP: Final = "https://app.example.com"
UNTRUSTED: Final = "https://untrusted.example"
ANY: Final = CorsPolicy(allow_origins=["*"])
OWN: Final = CorsPolicy(allow_origins=[APP])


class Reports:
    """Methods that are handlers, of a class that is not a view."""

    def __init__(self, make: Callable[[str], Any] = str) -> None:
        self._make = make

    def read(self) -> Any:
        return self._make("report")

    async def read_async(self, _: object) -> Any:
        return self._make("report")

    async def read_item(self, number: int) -> Any:
        return self._make(f"report {number}")


def starlette() -> Ask:
    reports = Reports(PlainTextResponse)
    own = Route("/own", corekit_starlette.cors(OWN)(reports.read_async))
    app = Starlette(routes=[own, Route("/open", reports.read_async)])
    return ask_asgi(corekit_starlette.install(app, ANY))


def fastapi() -> Ask:
    reports = Reports()
    app = FastAPI()
    app.get("/own")(corekit_starlette.cors(OWN)(reports.read_item))
    app.get("/open")(reports.read)
    ask = ask_asgi(corekit_starlette.install(app, ANY))
    return lambda method, path, headers: ask(method, f"{path}?number=7", headers)


def quart() -> Ask:
    reports = Reports()
    app = Quart("reports")
    app.add_url_rule("/own", "own", corekit_asgi.cors(OWN)(reports.read))
    app.add_url_rule("/open", "open", reports.read)
    return ask_asgi(corekit_asgi.install(app, ANY))


def flask() -> Ask:
    reports = Reports()
    app = Flask("reports")
    app.add_url_rule("/own", "own", corekit_flask.cors(OWN)(reports.read))
    app.add_url_rule("/open", "open", reports.read)
    corekit_flask.Cors(app, ANY)
    return ask_flask(app)


def aiohttp() -> Ask:
    reports = Reports(lambda text: web.Response(text=text))
    marked = corekit_aiohttp.cors(OWN)(reports.read_async)

    def make() -> web.Application:
        app = web.Application()
        app.router.add_get("/own", marked)
        app.router.add_get("/open", reports.read_async)
        return corekit_aiohttp.install(app, ANY)

    return ask_aiohttp(make)


def sanic() -> Ask:
    reports = Reports(HTTPResponse)
    app = make_app()
    app.add_route(corekit_sanic.cors(OWN)(reports.read_async), "/own", name="own")
    app.add_route(reports.read_async, "/open", name="open")
    return ask_sanic(corekit_sanic.install(app, ANY))


@pytest.mark.parametrize("make", [starlette, fastapi, quart, flask, aiohttp, sanic])
def test_bound_method_has_its_own_policy(make: Callable[[], Ask]) -> None:
    ask = make()
    preflight = {"Origin": UNTRUSTED, "Access-Control-Request-Method": "GET"}
    assert ask("GET", "/open", {"Origin": UNTRUSTED}) == (200, "*")
    assert ask("OPTIONS", "/open", preflight) == (204, "*")
    assert ask("GET", "/own", {"Origin": UNTRUSTED}) == (200, None)
    assert ask("GET", "/own", {"Origin": APP}) == (200, APP)
    assert ask("OPTIONS", "/own", preflight) == (403, None)
    assert ask("OPTIONS", "/own", {**preflight, "Origin": APP}) == (204, APP)


ADAPTERS: Final[dict[str, Callable[[CorsPolicy], Callable[[Any], Any]]]] = {
    "aiohttp": corekit_aiohttp.cors,
    "asgi": corekit_asgi.cors,
    "django": corekit_django.cors,
    "flask": corekit_flask.cors,
    "sanic": corekit_sanic.cors,
    "starlette": corekit_starlette.cors,
}


@pytest.mark.parametrize("kind", [staticmethod, classmethod])
@pytest.mark.parametrize("name", ADAPTERS)
def test_policy_above_a_static_or_a_class_method(name: str, kind: Callable[[Any], Any]) -> None:
    cors, registered = ADAPTERS[name], []

    def register(function: Any) -> Any:
        registered.append(function)
        return function

    class Views:
        @cors(OWN)
        @kind
        def read(*_: object) -> str:
            return "report"

        @cors(OWN)
        @kind
        @register
        def write(*_: object) -> str:
            return "report"

    for method in ("read", "write"):
        assert isinstance(vars(Views)[method], type(kind(len)))
        for owner in (Views, Views()):
            assert kept_policy(getattr(owner, method)) == OWN
            assert getattr(owner, method)() == "report"
    assert [kept_policy(each) for each in registered] == [OWN]


@pytest.mark.parametrize("name", ADAPTERS)
def test_static_method_that_takes_no_policy(name: str) -> None:
    with pytest.raises(TypeError, match="cannot keep a policy"):
        ADAPTERS[name](OWN)(staticmethod(len))
