"""Threads that send the first requests at the same time get the policy of the view or route."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import corekit_flask
import corekit_starlette
from corekit import CorsPolicy
from corekit.browser import HttpRequest
from corekit.browser.fields import get_header
from corekit_testing.transports import AsgiTransport

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
