"""The first requests get the policy of the handler, and so do those after a later mark."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as AiohttpClient
from aiohttp.test_utils import TestServer
from django.http import HttpResponse
from django.test import Client as DjangoClient
from django.urls import path
from django.views import View
from flask import Flask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

import corekit_aiohttp
import corekit_django
import corekit_flask
import corekit_starlette
from corekit import CorsPolicy
from corekit.browser import HttpRequest
from corekit.browser.fields import get_header
from corekit_testing.transports import AsgiTransport
from tests.frameworks.django_urls import any_origin_site, serve_urls

ORIGIN = "https://app.example.com"
PUBLIC = CorsPolicy(allow_origins=["*"])
SECRET = CorsPolicy.deny_all()
VIEWS = 100
THREADS = 8

Read = Callable[[], str | None]
"""Request the path whose view denies all; return the origin that is allowed to read it."""


def flask() -> Read:
    app = Flask("shop")
    for number in range(VIEWS):
        app.add_url_rule(f"/{number}", f"view{number}", lambda: "public")
    app.add_url_rule("/secret", "secret", corekit_flask.cors(SECRET)(lambda: "secret"))
    corekit_flask.Cors(app, PUBLIC)

    def read() -> str | None:
        response = app.test_client().get("/secret", headers={"Origin": ORIGIN})
        return response.headers.get("Access-Control-Allow-Origin")

    return read


def starlette() -> Read:
    async def view(request: Request) -> Response:
        return PlainTextResponse("public")

    @corekit_starlette.cors(SECRET)
    async def secret(request: Request) -> Response:
        return PlainTextResponse("secret")

    routes = [Route(f"/{number}", view) for number in range(VIEWS)]
    app = Starlette(routes=[*routes, Route("/secret", secret)])
    corekit_starlette.install(app, PUBLIC)
    request = HttpRequest(
        "GET", "https://api.example.com/secret", (("Origin", ORIGIN),), None, False
    )

    def read() -> str | None:
        response = asyncio.run(AsgiTransport(app, raise_exceptions=True).send_async(request))
        return get_header(response.headers, "access-control-allow-origin")

    return read


@pytest.fixture(autouse=True)
def frequent_switches() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.parametrize("make", [flask, starlette])
def test_first_requests_meet_the_policy_of_the_view(make: Callable[[], Read]) -> None:
    for _ in range(20):
        read = make()
        start = Barrier(THREADS)

        def wait_and_read(read: Read = read, start: Barrier = start) -> str | None:
            start.wait()
            return read()

        with ThreadPoolExecutor(THREADS) as pool:
            tasks = [pool.submit(wait_and_read) for _ in range(THREADS)]
            assert {task.result() for task in tasks} == {None}


Ask = Callable[[], str | None]
"""Request a path; return the origin that is allowed to read it."""


def late_flask() -> tuple[Ask, Callable[[], object]]:
    app = Flask("shop")

    def secret() -> str:
        return "secret"

    app.add_url_rule("/secret", "secret", secret)
    corekit_flask.Cors(app, PUBLIC)

    def read() -> str | None:
        response = app.test_client().get("/secret", headers={"Origin": ORIGIN})
        assert response.text == "secret"
        return response.headers.get("Access-Control-Allow-Origin")

    return read, lambda: corekit_flask.cors(SECRET)(secret)


def late_starlette() -> tuple[Ask, Callable[[], object]]:
    async def secret(_: Request) -> Response:
        return PlainTextResponse("secret")

    app = corekit_starlette.install(Starlette(routes=[Route("/secret", secret)]), PUBLIC)

    def read() -> str | None:
        response = TestClient(app).get("/secret", headers={"Origin": ORIGIN})
        assert response.text == "secret"
        return response.headers.get("access-control-allow-origin")

    return read, lambda: corekit_starlette.cors(SECRET)(secret)


def late_django() -> tuple[Ask, Callable[[], object]]:
    class Secret(View):
        def get(self, _: object) -> HttpResponse:
            return HttpResponse("secret")

    serve_urls(path("secret", Secret.as_view()))

    def read() -> str | None:
        response = DjangoClient().get("/secret", headers={"Origin": ORIGIN})
        assert response.content == b"secret"
        return response.headers.get("Access-Control-Allow-Origin")

    return read, lambda: corekit_django.cors(SECRET)(Secret)


@pytest.mark.parametrize("make", [late_flask, late_starlette, late_django])
def test_first_mark_applies_after_the_first_requests(
    make: Callable[[], tuple[Ask, Callable[[], object]]],
) -> None:
    with any_origin_site():
        read, mark = make()
        assert [read(), read()] == ["*", "*"]
        mark()
        assert [read(), read()] == [None, None]


def test_first_mark_applies_after_the_first_requests_of_aiohttp() -> None:
    async def secret(_: web.Request) -> web.Response:
        return web.Response(text="secret")

    async def send() -> list[str | None]:
        app = web.Application()
        app.router.add_get("/secret", secret)
        corekit_aiohttp.install(app, PUBLIC)
        allowed = []
        async with AiohttpClient(TestServer(app)) as client:
            for number in range(4):
                if number == 2:
                    corekit_aiohttp.cors(SECRET)(secret)
                response = await client.get("/secret", headers={"Origin": ORIGIN})
                assert await response.text() == "secret"
                allowed.append(response.headers.get("Access-Control-Allow-Origin"))
        return allowed

    assert asyncio.run(send()) == ["*", "*", None, None]
