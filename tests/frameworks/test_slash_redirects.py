"""A redirect to the path with a slash has the policy of its target, so pages can follow it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final

import django
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as AiohttpClient
from aiohttp.test_utils import TestServer
from django.http import HttpResponse as DjangoResponse
from django.http import HttpResponseRedirect
from django.test import override_settings
from django.urls import clear_url_caches
from django.urls import path as django_path
from django.views.decorators.common import no_append_slash
from flask import Flask
from quart import Quart
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, Router
from starlette.testclient import TestClient

import corekit_aiohttp
import corekit_asgi
import corekit_django
import corekit_flask
import corekit_starlette
from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard
from tests.frameworks.asking import (
    Ask,
    ask_aiohttp,
    ask_asgi,
    ask_flask,
    read_response,
)
from tests.frameworks.asking import django_site as ask_django

APP: Final = "https://app.example.com"
MAIN: Final = "https://main.example.com"
OWN: Final = CorsPolicy(allow_origins=[APP], allow_methods=["DELETE"])
DEFAULT: Final = CorsPolicy(allow_origins=[MAIN], allow_methods=["DELETE"])
GUARD: Final = CrossOriginGuard(DEFAULT)
METHODS: Final = ["GET", "DELETE"]

Guard = CrossOriginGuard | None


def starlette(guard: Guard = None) -> Ask:
    def respond(_: object) -> PlainTextResponse:
        return PlainTextResponse("")

    route = Route("/feed/", corekit_starlette.cors(OWN)(respond), methods=METHODS)
    app = corekit_starlette.install(Starlette(routes=[route]), DEFAULT, guard=guard)
    return ask_asgi(app)


def flask(guard: Guard = None) -> Ask:
    app = Flask("slashes")
    app.add_url_rule("/feed/", "feed", corekit_flask.cors(OWN)(lambda: ""), methods=METHODS)
    corekit_flask.Cors(app, DEFAULT, guard=guard)
    return ask_flask(app)


def quart(guard: Guard = None) -> Ask:
    app = Quart("slashes")

    @corekit_asgi.cors(OWN)
    async def feed() -> str:
        return ""

    app.add_url_rule("/feed/", "feed", feed, methods=METHODS)
    corekit_asgi.install(app, DEFAULT, guard=guard)
    return ask_asgi(app)


def aiohttp(guard: Guard = None) -> Ask:
    async def respond(request: web.Request) -> web.Response:
        return web.Response(text=await request.text())

    async def leave(_: web.Request) -> web.Response:
        raise web.HTTPFound("https://other.example/feed/")

    @web.middleware
    async def create(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith("/unrouted"):
            query = request.query
            location = {"Location": query.get("location", "/feed/")}
            return web.Response(status=int(query["status"]), headers=location)
        response: web.StreamResponse = await handler(request)
        return response

    def make() -> web.Application:
        app = web.Application(middlewares=[web.normalize_path_middleware(), create])
        for method in METHODS:
            app.router.add_route(method, "/feed/", corekit_aiohttp.cors(OWN)(respond))
        app.router.add_get("/left", leave)
        corekit_aiohttp.install(app, DEFAULT, guard=guard)
        below = web.Application()
        for method in METHODS:
            below.router.add_route(method, "/feed/", corekit_aiohttp.cors(OWN)(respond))
        app.add_subapp("/below", below)
        return app

    return ask_aiohttp(make)


def django_site(guard: Guard = None) -> Ask:
    ask = ask_django()

    def ask_guarded(method: str, path: str, headers: dict[str, str]) -> tuple[int, str | None]:
        with override_settings(CORS_GUARD=guard is not None):
            return ask(method, path, headers)

    return ask_guarded


@pytest.fixture(autouse=True)
def urls() -> Iterator[None]:
    django.setup()
    urls = sys.modules["slashed_urls"] = ModuleType("slashed_urls")
    view = corekit_django.cors(OWN)(lambda _: DjangoResponse())
    vars(urls)["urlpatterns"] = [
        django_path("feed/", view),
        django_path("left", lambda _: HttpResponseRedirect("https://other.example/feed/")),
    ]
    clear_url_caches()
    common = "django.middleware.common.CommonMiddleware"
    settings = {
        "ROOT_URLCONF": "slashed_urls",
        "MIDDLEWARE": ["corekit_django.middleware.CorsMiddleware", common],
        "CORS_ALLOWED_ORIGINS": [MAIN],
        "CORS_ALLOW_METHODS": ["DELETE"],
        "ALLOWED_HOSTS": ["*"],
        "APPEND_SLASH": True,
    }
    with override_settings(**settings):
        yield
    sys.modules.pop("slashed_urls", None)


FRAMEWORKS: Final = (starlette, flask, quart, aiohttp, django_site)


@pytest.mark.parametrize("make", FRAMEWORKS)
def test_redirect_to_the_slash_has_the_policy_of_its_target(make: Callable[[], Ask]) -> None:
    ask = make()
    for origin, allowed in ((APP, APP), (MAIN, None)):
        status, found = ask("GET", "/feed", {"Origin": origin})
        assert (status in {301, 307, 308}, found) == (True, allowed)
        assert ask("GET", "/feed/", {"Origin": origin}) == (200, allowed)
        for path in ("/feed", "/feed/"):
            preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
            found = ask("OPTIONS", path, preflight)[1]
            assert (path, found) == (path, allowed)


@pytest.mark.parametrize("make", FRAMEWORKS)
def test_guard_judges_a_redirect_by_the_policy_of_its_target(make: Callable[[Guard], Ask]) -> None:
    ask = make(GUARD)
    for origin, path, expected in (
        (APP, "/feed", ({301, 307, 308}, APP)),
        (APP, "/feed/", ({200}, APP)),
        (MAIN, "/feed", ({403}, None)),
        (MAIN, "/feed/", ({403}, None)),
        # The application, which has no such path, responds to those that it trusts.
        (APP, "/missing", ({403}, None)),
        (MAIN, "/missing", ({404, 405}, MAIN)),
    ):
        sent = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        status, allowed = ask("DELETE", path, sent)
        assert (origin, path, status in expected[0], allowed) == (origin, path, True, expected[1])


@pytest.mark.parametrize("make", FRAMEWORKS)
def test_path_without_a_target_has_the_policy_of_the_application(make: Callable[[], Ask]) -> None:
    ask = make()
    for path in ("/missing", "/missing/"):
        assert ask("GET", path, {"Origin": MAIN}) == (404, MAIN)
        preflight = {"Origin": MAIN, "Access-Control-Request-Method": "GET"}
        assert ask("OPTIONS", path, preflight)[1] == MAIN


@pytest.mark.parametrize("make", [aiohttp, django_site])
def test_redirect_of_a_handler_has_its_own_policy(make: Callable[[], Ask]) -> None:
    assert make()("GET", "/left", {"Origin": MAIN}) == (302, MAIN)


def flask_rules() -> tuple[Flask, Any, Callable[[], Ask]]:
    app = Flask("rules", host_matching=True, static_folder=None)
    corekit_flask.Cors(app, DEFAULT)
    return app, corekit_flask.cors, lambda: ask_flask(app)


def quart_rules() -> tuple[Quart, Any, Callable[[], Ask]]:
    app = Quart("rules", host_matching=True, static_folder=None)
    return app, corekit_asgi.cors, lambda: ask_asgi(corekit_asgi.install(app, DEFAULT))


def show(page: int) -> str:
    return str(page)


@pytest.mark.parametrize("make", [flask_rules, quart_rules])
def test_redirect_to_another_host_has_the_policy_of_the_application(make: Any) -> None:
    app, cors, build = make()
    here, there = "shop.example", "archive.example"
    # A value that is the default of another rule redirects to that.
    for host, name, view in ((here, "items", cors(OWN)(show)), (there, "archived", show)):
        app.add_url_rule("/all/", name, view, defaults={"page": 1}, host=host)
        app.add_url_rule(f"/{name}/<int:page>", name, host=here)
    ask = build()
    for path, policy_origin in (("/items/1", APP), ("/archived/1", MAIN)):
        for origin in (APP, MAIN):
            sent = {"Origin": origin, "Host": here}
            allowed = origin if origin == policy_origin else None
            assert (path, *ask("GET", path, sent)) == (path, 308, allowed)
            preflight = sent | {"Access-Control-Request-Method": "GET"}
            assert (path, ask("OPTIONS", path, preflight)[1]) == (path, allowed)


@pytest.mark.parametrize(
    ("status", "allowed"),
    [(200, MAIN), (201, MAIN), (299, MAIN), (300, APP), (302, APP), (399, APP), (400, MAIN)],
)
def test_location_of_another_response_than_a_redirect_in_aiohttp(status: int, allowed: str) -> None:
    for origin in (APP, MAIN):
        found = aiohttp()("GET", f"/unrouted?status={status}", {"Origin": origin})
        assert found == (status, origin if origin == allowed else None)


@pytest.mark.parametrize(
    "location", ["//other.example/feed/", "https://other.example/feed/", "", "/missing"]
)
def test_redirect_to_another_place_in_aiohttp(location: str) -> None:
    path = f"/unrouted?status=302&location={location}"
    assert aiohttp()("GET", path, {"Origin": APP}) == (302, None)
    assert aiohttp()("GET", path, {"Origin": MAIN}) == (302, MAIN)


def test_redirect_in_a_subapplication_of_aiohttp_has_the_policy_of_its_target() -> None:
    assert aiohttp()("GET", "/below/feed", {"Origin": APP}) == (308, APP)
    assert aiohttp()("GET", "/below//feed", {"Origin": APP}) == (308, APP)


def test_path_that_django_does_not_redirect_has_the_policy_of_the_settings() -> None:
    with override_settings(APPEND_SLASH=False):
        assert django_site()("GET", "/feed", {"Origin": MAIN}) == (404, MAIN)
    with override_settings(MIDDLEWARE=["corekit_django.middleware.CorsMiddleware"]):
        assert django_site()("GET", "/feed", {"Origin": MAIN}) == (404, MAIN)


def test_view_that_django_does_not_append_a_slash_for() -> None:
    view = corekit_django.cors(OWN)(no_append_slash(lambda _: DjangoResponse()))
    vars(sys.modules["slashed_urls"])["urlpatterns"] = [django_path("feed/", view)]
    clear_url_caches()
    ask = django_site(GUARD)
    sent = {"Sec-Fetch-Site": "cross-site"}
    assert ask("DELETE", "/feed", {"Origin": MAIN} | sent) == (404, MAIN)
    assert ask("DELETE", "/feed", {"Origin": APP} | sent) == (403, None)
    preflight = {"Origin": MAIN, "Access-Control-Request-Method": "DELETE"}
    assert ask("OPTIONS", "/feed", preflight) == (204, MAIN)
    assert ask("DELETE", "/feed/", {"Origin": APP} | sent) == (200, APP)


def test_guard_of_aiohttp_clones_no_request_whose_body_was_read() -> None:
    @web.middleware
    async def read(request: web.Request, handler: Any) -> web.StreamResponse:
        await request.read()
        response: web.StreamResponse = await handler(request)
        return response

    async def send() -> int:
        # With these arguments, the middleware of aiohttp does not clone this request either.
        removing = web.normalize_path_middleware(append_slash=False, merge_slashes=False)
        app = web.Application(middlewares=[removing])
        corekit_aiohttp.install(app, DEFAULT, guard=GUARD)
        app.middlewares.insert(0, read)
        sent = {"Origin": MAIN, "Sec-Fetch-Site": "cross-site"}
        async with (
            AiohttpClient(TestServer(app)) as client,
            client.delete("/missing", headers=sent, data=b"body") as response,
        ):
            return response.status

    assert asyncio.run(send()) == 404


def test_guard_in_a_subapplication_of_aiohttp_judges_a_redirect_by_its_target() -> None:
    sent = {"Sec-Fetch-Site": "cross-site"}
    for path in ("/below/feed", "/below//feed"):
        assert aiohttp(GUARD)("DELETE", path, {"Origin": APP} | sent) == (308, APP)
        assert aiohttp(GUARD)("DELETE", path, {"Origin": MAIN} | sent) == (403, None)


async def legacy(scope: Any, receive: Any, send: Any) -> None:
    """Respond to a path that has no route."""
    await PlainTextResponse("legacy")(scope, receive, send)


def test_path_that_starlette_does_not_redirect_has_the_policy_of_the_router() -> None:
    async def respond(_: object) -> PlainTextResponse:
        return PlainTextResponse("own")

    own = Route("/feed/{name}/", corekit_starlette.cors(OWN)(respond))
    other = Route("/other", respond)
    kept = Router([own], redirect_slashes=False, default=legacy)
    root = Starlette(routes=[own])
    root.router.redirect_slashes = False
    root.router.default = legacy
    feed = corekit_starlette.cors(OWN)(Route("/feed", respond))

    class Other:
        routes: Final = [own]
        __call__ = staticmethod(legacy)

    for app, path in (
        (root, "/feed/x"),
        (Starlette(routes=[Mount("/other", Other())]), "/other/feed/x"),
        (Starlette(routes=[Mount("/kept", kept)]), "/kept/feed/x"),
        # The router that redirects is not the one that has no route.
        (Starlette(routes=[own, Mount("/feed", Router([other], default=legacy))]), "/feed/x"),
        (Starlette(routes=[feed, Mount("/feed", Router([other], default=legacy))]), "/feed/"),
    ):
        client = TestClient(corekit_starlette.install(app, DEFAULT), follow_redirects=False)
        for origin, allowed in ((MAIN, MAIN), (APP, None)):
            response = client.get(path, headers={"Origin": origin})
            assert (path, response.text, read_response(response)) == (
                path,
                "legacy",
                (200, allowed),
            )
            preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
            assert read_response(client.options(path, headers=preflight))[1] == allowed


def test_redirect_of_a_router_has_the_policy_of_its_target() -> None:
    def respond(_: object) -> PlainTextResponse:
        return PlainTextResponse("own")

    own = corekit_starlette.cors(OWN)
    routes = [Route("/feed/", respond), Mount("/files", own(Router(default=legacy)))]
    inner = own(Starlette(routes=[*routes, Mount("/empty", Router([Route("/x", respond)]))]))
    app = corekit_starlette.install(Starlette(routes=[Mount("/v1", inner)]), DEFAULT)
    client = TestClient(app, follow_redirects=False)
    for path in ("/v1", "/v1/feed", "/v1/files", "/v1/empty", "/v1/empty/x/"):
        response = client.get(path, headers={"Origin": APP})
        assert (path, read_response(response)) == (path, (307, APP))
