"""A preflight has the policy of the path that its request reaches, however slashes are read."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from types import ModuleType
from typing import Any, Final

import django
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as AiohttpClient
from aiohttp.test_utils import TestServer
from django.http import HttpResponse as DjangoResponse
from django.test import Client as DjangoClient
from django.test import override_settings
from django.urls import clear_url_caches
from django.urls import path as django_path
from flask import Flask
from sanic.response import text
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import corekit_aiohttp
import corekit_django
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy
from tests.frameworks.sanic_app import make_app
from tests.sanic.serving import serve

APP: Final = "https://app.example.com"
MAIN: Final = "https://main.example.com"
OWN: Final = CorsPolicy(allow_origins=[APP])
DEFAULT: Final = CorsPolicy(allow_origins=[MAIN])

PATHS: Final = (
    "/feed", "/feed/", "/feed//", "//feed", "//feed/", "/plain", "/plain/", "//plain", "/none",
)  # fmt: skip
ORIGINS: Final = (APP, MAIN)

Requests = list[tuple[str, str, dict[str, str]]]
Send = Callable[[Requests], list[str | None]]
"""Sends requests; returns Access-Control-Allow-Origin of each response."""


@web.middleware
async def leave(request: web.Request, handler: Any) -> web.StreamResponse:
    response: web.StreamResponse = await handler(request)
    return response


def aiohttp(middleware: Any = leave, *, below: bool = False) -> Send:
    async def respond(_: web.Request) -> web.Response:
        return web.Response()

    async def send(requests: Requests) -> list[str | None]:
        outer = inner = web.Application(middlewares=[] if below else [middleware])
        corekit_aiohttp.install(outer, DEFAULT)
        if below:
            inner = web.Application(middlewares=[middleware])
        for path in ("/feed/", "/plain"):
            inner.router.add_get(path, corekit_aiohttp.cors(OWN)(respond))
        prefix = "/below" if below else ""
        if below:
            outer.add_subapp(prefix, inner)
        found = []
        async with AiohttpClient(TestServer(outer)) as client:
            base = str(client.make_url("/")).rstrip("/")
            for method, path, fields in requests:
                url = f"{base}{prefix}{path}"
                asked = client.session.request(method, url, headers=fields, allow_redirects=False)
                async with asked as response:
                    found.append(response.headers.get("Access-Control-Allow-Origin"))
        return found

    return lambda requests: asyncio.run(send(requests))


def starlette(*, redirects: bool) -> Send:
    def respond(_: object) -> PlainTextResponse:
        return PlainTextResponse("")

    view = corekit_starlette.cors(OWN)(respond)
    app = Starlette(routes=[Route("/feed/", view), Route("/plain", view)])
    app.router.redirect_slashes = redirects
    client = TestClient(corekit_starlette.install(app, DEFAULT), follow_redirects=False)

    def send(requests: Requests) -> list[str | None]:
        urls = [(method, f"http://testserver{path}", fields) for method, path, fields in requests]
        return [_read(client.request(method, url, headers=each)) for method, url, each in urls]

    return send


def flask(*, strict: bool = True, merges: bool = True) -> Send:
    app = Flask("slashes")
    app.url_map.strict_slashes = strict
    app.url_map.merge_slashes = merges
    view = corekit_flask.cors(OWN)(lambda: "")
    app.add_url_rule("/feed/", "feed", view)
    app.add_url_rule("/plain", "plain", view)
    corekit_flask.Cors(app, DEFAULT)
    client = app.test_client()

    def send(requests: Requests) -> list[str | None]:
        return [
            _read(client.open(base_url="http://localhost", path=path, method=method, headers=each))
            for method, path, each in requests
        ]

    return send


def django_site(*, appends: bool, is_common: bool) -> Send:
    middleware = ["corekit_django.middleware.CorsMiddleware"]
    if is_common:
        middleware.append("django.middleware.common.CommonMiddleware")

    def send(requests: Requests) -> list[str | None]:
        with override_settings(APPEND_SLASH=appends, MIDDLEWARE=middleware):
            client = DjangoClient()
            return [
                _read(client.generic(method, path, headers=fields))
                for method, path, fields in requests
            ]

    return send


def sanic(*, strict: bool) -> Send:
    async def respond(_: object) -> Any:
        return text("")

    def send(requests: Requests) -> list[str | None]:
        app = make_app()
        for path in ("/feed/", "/plain"):
            view = corekit_sanic.cors(OWN)(respond)
            app.add_route(view, path, name=path.strip("/"), strict_slashes=strict)
        corekit_sanic.install(app, DEFAULT)
        with serve(app) as server:
            responses = [server.send(*each[:2], [*each[2].items()]) for each in requests]
        return [each.allowed[0] if each.allowed else None for each in responses]

    return send


def _read(response: Any) -> str | None:
    found: str | None = response.headers.get("Access-Control-Allow-Origin")
    return found


@pytest.fixture(autouse=True)
def urls() -> Iterator[None]:
    django.setup()
    urls = sys.modules["preflight_urls"] = ModuleType("preflight_urls")
    view = corekit_django.cors(OWN)(lambda _: DjangoResponse())
    vars(urls)["urlpatterns"] = [django_path("feed/", view), django_path("plain", view)]
    clear_url_caches()
    settings = {
        "ROOT_URLCONF": "preflight_urls",
        "CORS_ALLOWED_ORIGINS": [MAIN],
        "ALLOWED_HOSTS": ["*"],
    }
    with override_settings(**settings):
        yield
    sys.modules.pop("preflight_urls", None)


normalizing: Final = web.normalize_path_middleware
removing: Final = partial(normalizing, append_slash=False, remove_slash=True)

APPS: Final[dict[str, Callable[[], Send]]] = {
    "aiohttp": aiohttp,
    "aiohttp, append": lambda: aiohttp(normalizing(merge_slashes=False)),
    "aiohttp, append and merge": lambda: aiohttp(normalizing()),
    "aiohttp, remove": lambda: aiohttp(removing(merge_slashes=False)),
    "aiohttp, remove and merge": lambda: aiohttp(removing()),
    "aiohttp, merge": lambda: aiohttp(normalizing(append_slash=False)),
    "aiohttp, subapplication": lambda: aiohttp(below=True),
    "aiohttp, subapplication, append": lambda: aiohttp(normalizing(), below=True),
    "aiohttp, subapplication, remove": lambda: aiohttp(removing(), below=True),
    "starlette": lambda: starlette(redirects=True),
    "starlette, redirect_slashes=False": lambda: starlette(redirects=False),
    "flask": flask,
    "flask, strict_slashes=False": lambda: flask(strict=False),
    "flask, merge_slashes=False": lambda: flask(merges=False),
    "sanic": lambda: sanic(strict=False),
    "sanic, strict_slashes=True": lambda: sanic(strict=True),
    "django": lambda: django_site(appends=True, is_common=True),
    "django, APPEND_SLASH=False": lambda: django_site(appends=False, is_common=True),
    "django, no CommonMiddleware": lambda: django_site(appends=True, is_common=False),
}


@pytest.mark.parametrize("make", APPS.values(), ids=APPS)
def test_preflight_has_the_policy_of_the_request(make: Callable[[], Send]) -> None:
    requests: Requests = []
    for path, origin in product(PATHS, ORIGINS):
        requests.append(("GET", path, {"Origin": origin}))
        preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        requests.append(("OPTIONS", path, preflight))
    found = make()(requests)
    asked = [(path, fields["Origin"]) for _, path, fields in requests[::2]]
    assert dict(zip(asked, found[1::2], strict=True)) == dict(zip(asked, found[::2], strict=True))
    assert set(found) == {APP, MAIN, None}
