"""A bound method of any object has its own policy, and the object itself has none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as AiohttpClient
from aiohttp.test_utils import TestServer
from fastapi import FastAPI
from flask import Flask
from quart import Quart
from sanic import HTTPResponse
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import corekit_aiohttp
import corekit_asgi
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy
from corekit.browser import HttpRequest
from tests.frameworks.sanic_app import make_app, send_to

APP: Final = "https://app.example.com"
UNTRUSTED: Final = "https://untrusted.example"
ANY: Final = CorsPolicy(allow_origins=["*"])
OWN: Final = CorsPolicy(allow_origins=[APP])

Ask = Callable[[str, str, dict[str, str]], tuple[int, str | None]]
"""Sends a method, a path and headers; returns the status and Access-Control-Allow-Origin."""


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
    return _ask_asgi(corekit_starlette.install(app, ANY))


def fastapi() -> Ask:
    reports = Reports()
    app = FastAPI()
    app.get("/own")(corekit_starlette.cors(OWN)(reports.read_item))
    app.get("/open")(reports.read)
    client = TestClient(corekit_starlette.install(app, ANY))
    return lambda *request: _read(
        client.request(request[0], f"{request[1]}?number=7", headers=request[2])
    )


def quart() -> Ask:
    reports = Reports()
    app = Quart("reports")
    app.add_url_rule("/own", "own", corekit_asgi.cors(OWN)(reports.read))
    app.add_url_rule("/open", "open", reports.read)
    return _ask_asgi(corekit_asgi.install(app, ANY))


def flask() -> Ask:
    reports = Reports()
    app = Flask("reports")
    app.add_url_rule("/own", "own", corekit_flask.cors(OWN)(reports.read))
    app.add_url_rule("/open", "open", reports.read)
    corekit_flask.Cors(app, ANY)
    client = app.test_client()
    return lambda method, path, fields: _read(client.open(path, method=method, headers=fields))


def aiohttp() -> Ask:
    reports = Reports(lambda text: web.Response(text=text))
    marked = corekit_aiohttp.cors(OWN)(reports.read_async)

    def ask(method: str, path: str, fields: dict[str, str]) -> tuple[int, str | None]:
        async def send() -> tuple[int, str | None]:
            app = web.Application()
            app.router.add_get("/own", marked)
            app.router.add_get("/open", reports.read_async)
            corekit_aiohttp.install(app, ANY)
            async with (
                AiohttpClient(TestServer(app)) as client,
                client.request(method, path, headers=fields) as response,
            ):
                return response.status, response.headers.get("Access-Control-Allow-Origin")

        return asyncio.run(send())

    return ask


def sanic() -> Ask:
    reports = Reports(HTTPResponse)
    app = make_app()
    app.add_route(corekit_sanic.cors(OWN)(reports.read_async), "/own", name="own")
    app.add_route(reports.read_async, "/open", name="open")
    corekit_sanic.install(app, ANY)
    send = send_to(app)

    def ask(method: str, path: str, fields: dict[str, str]) -> tuple[int, str | None]:
        url = f"https://api.example.org{path}"
        response = send(HttpRequest(method, url, tuple(fields.items())))
        found = {name.lower(): value for name, value in response.headers}
        return response.status, found.get("access-control-allow-origin")

    return ask


def _ask_asgi(app: Any) -> Ask:
    client = TestClient(app)
    return lambda method, path, fields: _read(client.request(method, path, headers=fields))


def _read(response: Any) -> tuple[int, str | None]:
    return response.status_code, response.headers.get("access-control-allow-origin")


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
