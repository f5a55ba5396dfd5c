"""One function in two routes: each route has the policy that was given for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from fastapi import FastAPI
from flask import Flask
from flask.views import MethodView
from litestar import Litestar
from litestar import get as litestar_get
from quart import Quart
from quart.views import MethodView as QuartView
from sanic import HTTPResponse as SanicResponse
from sanic.views import HTTPMethodView
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import corekit_aiohttp
import corekit_asgi
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy, CorsRoutes
from tests.frameworks.asking import Ask, ask_aiohttp, ask_asgi, ask_flask, ask_sanic
from tests.frameworks.hiding import named, named_async
from tests.frameworks.sanic_app import make_app

PARTNER = "https://partner.example"
UNTRUSTED = "https://untrusted.example"
OPEN = CorsPolicy(allow_origins=["*"])
STRICT = CorsPolicy(allow_origins=["https://app.example.com"], allow_credentials=True)
ROUTES = CorsRoutes([("/files/partner/", CorsPolicy(allow_origins=[PARTNER]))])

Handler = Callable[..., Any]
Use = Callable[[str, Any, Handler], Handler]
"""Registers a function for a path, with a policy or None; returns what the decorators return."""
Register = Callable[[Use], None]


def mark_routes(cors: Any, route: Callable[[str], Any]) -> Use:
    return lambda path, policy, view: route(path)(cors(policy)(view) if policy else view)


def flask(register: Register) -> Ask:
    app = Flask("uses")
    register(
        mark_routes(
            corekit_flask.cors, lambda path: app.get(f"{path}<path:rest>", endpoint=path.strip("/"))
        )
    )
    corekit_flask.Cors(app, STRICT)
    return ask_flask(app)


def quart(register: Register) -> Ask:
    app = Quart("uses")
    register(
        mark_routes(
            corekit_asgi.cors, lambda path: app.get(f"{path}<path:rest>", endpoint=path.strip("/"))
        )
    )
    return ask_asgi(corekit_asgi.install(app, STRICT))


def fastapi(register: Register) -> Ask:
    app = FastAPI()
    register(mark_routes(corekit_starlette.cors, lambda path: app.get(path + "{rest:path}")))
    return ask_asgi(corekit_starlette.install(app, STRICT))


def starlette(register: Register) -> Ask:
    routes: list[Route] = []

    def route(path: str) -> Callable[[Handler], Handler]:
        def add(view: Handler) -> Handler:
            routes.append(Route(path + "{rest:path}", view))
            return view

        return add

    register(mark_routes(corekit_starlette.cors, route))
    return ask_asgi(corekit_starlette.install(Starlette(routes=routes), STRICT))


def litestar(register: Register) -> Ask:
    handlers: list[Any] = []

    def route(path: str) -> Callable[[Handler], Handler]:
        def add(view: Handler) -> Handler:
            handlers.append(litestar_get(path + "{rest:path}")(view))
            return view

        return add

    register(mark_routes(corekit_asgi.cors, route))
    return ask_asgi(corekit_asgi.install(Litestar(handlers, logging_config=None), STRICT))


def sanic(register: Register) -> Ask:
    app = make_app()
    register(
        mark_routes(
            corekit_sanic.cors, lambda path: app.get(f"{path}<rest:path>", name=path.strip("/"))
        )
    )
    return ask_sanic(corekit_sanic.install(app, STRICT))


def aiohttp(register: Register) -> Ask:
    routes = web.RouteTableDef()
    register(mark_routes(corekit_aiohttp.cors, lambda path: routes.get(path + "{rest:.*}")))

    def make() -> web.Application:
        app = web.Application()
        app.router.add_routes(routes)
        return corekit_aiohttp.install(app, STRICT)

    return ask_aiohttp(make)


def make_view() -> Handler:
    def view(rest: str) -> str:
        return rest

    return view


def make_async_view() -> Handler:
    async def view(rest: str) -> str:
        return rest

    return view


def make_litestar_handler() -> Handler:
    async def view() -> str:
        return "ran"

    return view


def make_endpoint() -> Handler:
    async def view(request: object) -> PlainTextResponse:
        return PlainTextResponse("ran")

    return view


def make_sanic_handler() -> Handler:
    async def view(request: object, rest: str) -> SanicResponse:
        return SanicResponse(rest)

    return view


def make_aiohttp_handler() -> Handler:
    async def view(request: object) -> web.Response:
        return web.Response()

    return view


FRAMEWORKS: list[tuple[Callable[[Register], Ask], Callable[[], Handler]]] = [
    (flask, make_view),
    (quart, make_async_view),
    (fastapi, make_async_view),
    (starlette, make_endpoint),
    (litestar, make_litestar_handler),
    (sanic, make_sanic_handler),
    (aiohttp, make_aiohttp_handler),
]
each_framework = pytest.mark.parametrize(("framework", "make"), FRAMEWORKS)
each_order = pytest.mark.parametrize("is_open_first", [True, False])


def uses(*, is_open_first: bool) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [("/public/", OPEN), ("/files/", ROUTES)]
    return found if is_open_first else found[::-1]


def check(ask: Ask) -> None:
    """Check that a path that ROUTES does not cover has the policy of the application."""
    preflight = {"Origin": UNTRUSTED, "Access-Control-Request-Method": "GET"}
    for path, granted in (("/public/x", "*"), ("/files/x", None), ("/files/partner/x", None)):
        assert ask("GET", path, {"Origin": UNTRUSTED}) == (200, granted)
        assert ask("OPTIONS", path, preflight)[1] == granted
    assert ask("GET", "/files/partner/x", {"Origin": PARTNER}) == (200, PARTNER)


@each_order
@each_framework
def test_plain_calls_for_one_function(
    framework: Callable[[Register], Ask], make: Callable[[], Handler], is_open_first: bool
) -> None:
    def register(use: Use) -> None:
        view = make()
        for path, policy in uses(is_open_first=is_open_first):
            use(path, policy, view)

    check(framework(register))


@each_order
@each_framework
def test_stacked_decorators_of_one_function(
    framework: Callable[[Register], Ask], make: Callable[[], Handler], is_open_first: bool
) -> None:
    def register(use: Use) -> None:
        view = make()
        for path, policy in uses(is_open_first=is_open_first):
            view = use(path, policy, view)

    check(framework(register))


@each_framework
def test_decorator_between_two_uses(
    framework: Callable[[Register], Ask], make: Callable[[], Handler]
) -> None:
    def register(use: Use) -> None:
        view = use("/public/", OPEN, make())
        use("/files/", ROUTES, (named_async if asyncio.iscoroutinefunction(view) else named)(view))

    ask = framework(register)
    assert ask("GET", "/public/x", {"Origin": UNTRUSTED}) == (200, "*")
    assert ask("GET", "/files/partner/x", {"Origin": PARTNER}) == (200, PARTNER)
    # The function that runs has the policy OPEN, and the application another one.
    assert ask("GET", "/files/x", {"Origin": UNTRUSTED}) == (500, None)


@each_framework
def test_policy_above_a_decorator_leaves_the_route_below_it(
    framework: Callable[[Register], Ask], make: Callable[[], Handler]
) -> None:
    def register(use: Use) -> None:
        view = use("/strict/", STRICT, make())
        wrapped = (named_async if asyncio.iscoroutinefunction(view) else named)(view)
        use("/below/", None, wrapped)
        use("/open/", OPEN, wrapped)

    ask = framework(register)
    for path, granted in (("/strict/x", None), ("/below/x", None), ("/open/x", "*")):
        assert ask("GET", path, {"Origin": UNTRUSTED}) == (200, granted)


def flask_views(*, is_open_first: bool) -> Ask:
    app, view = Flask("methods"), lambda self, rest: rest
    for path, policy in uses(is_open_first=is_open_first):
        name = path.strip("/")
        made: Any = type(name, (MethodView,), {"get": corekit_flask.cors(policy)(view)})
        app.add_url_rule(f"{path}<path:rest>", view_func=made.as_view(name))
    corekit_flask.Cors(app, STRICT)
    return ask_flask(app)


def quart_views(*, is_open_first: bool) -> Ask:
    app = Quart("methods")

    async def view(self: object, rest: str) -> str:
        return rest

    for path, policy in uses(is_open_first=is_open_first):
        name = path.strip("/")
        made: Any = type(name, (QuartView,), {"get": corekit_asgi.cors(policy)(view)})
        app.add_url_rule(f"{path}<path:rest>", view_func=made.as_view(name))
    return ask_asgi(corekit_asgi.install(app, STRICT))


def sanic_views(*, is_open_first: bool) -> Ask:
    app = make_app()

    async def view(self: object, request: object, rest: str) -> SanicResponse:
        return SanicResponse(rest)

    for path, policy in uses(is_open_first=is_open_first):
        name = path.strip("/")
        made: Any = type(name, (HTTPMethodView,), {"get": corekit_sanic.cors(policy)(view)})
        app.add_route(made.as_view(), f"{path}<rest:path>")
    return ask_sanic(corekit_sanic.install(app, STRICT))


def starlette_views(*, is_open_first: bool) -> Ask:
    routes = []

    async def view(self: object, request: object) -> PlainTextResponse:
        return PlainTextResponse("ran")

    for path, policy in uses(is_open_first=is_open_first):
        made = type("Items", (HTTPEndpoint,), {"get": corekit_starlette.cors(policy)(view)})
        routes.append(Route(path + "{rest:path}", made))
    return ask_asgi(corekit_starlette.install(Starlette(routes=routes), STRICT))


def aiohttp_views(*, is_open_first: bool) -> Ask:
    async def view(self: object) -> web.Response:
        return web.Response()

    found = {
        path: type("Items", (web.View,), {"get": corekit_aiohttp.cors(policy)(view)})
        for path, policy in uses(is_open_first=is_open_first)
    }

    def make() -> web.Application:
        app = web.Application()
        for path, made in found.items():
            app.router.add_view(path + "{rest:.*}", made)
        return corekit_aiohttp.install(app, STRICT)

    return ask_aiohttp(make)


@each_order
@pytest.mark.parametrize(
    "make", [flask_views, quart_views, sanic_views, starlette_views, aiohttp_views]
)
def test_method_of_two_classes(make: Callable[..., Ask], is_open_first: bool) -> None:
    check(make(is_open_first=is_open_first))


@each_order
def test_view_of_one_class(is_open_first: bool) -> None:
    class Files(MethodView):
        def get(self, rest: str) -> str:
            return rest

    app, view = Flask("views"), Files.as_view("files")
    for path, policy in uses(is_open_first=is_open_first):
        app.add_url_rule(f"{path}<path:rest>", path.strip("/"), corekit_flask.cors(policy)(view))
    corekit_flask.Cors(app, STRICT)
    check(ask_flask(app))
