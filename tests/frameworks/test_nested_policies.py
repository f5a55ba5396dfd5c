"""Of several policies around an endpoint, the closest one that covers the path applies."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import pytest
from aiohttp import web
from fastapi import APIRouter, FastAPI
from flask import Blueprint, Flask
from flask.views import MethodView
from quart import Quart
from quart.views import MethodView as QuartView
from sanic import HTTPResponse as SanicResponse
from sanic.views import HTTPMethodView
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Host, Mount, Route, Router

import corekit_aiohttp
import corekit_asgi
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy, CorsRoutes
from corekit_flask import compat
from tests.frameworks.asking import Ask, ask_aiohttp, ask_asgi, ask_flask, ask_sanic
from tests.frameworks.sanic_app import make_app

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"
OPEN = CorsPolicy(allow_origins=["*"])
STRICT = CorsPolicy(allow_origins=[APP], allow_credentials=True)
PUBLIC = CorsRoutes([("/api/public/", OPEN)])
# That of a route of the class, the blueprint or the router around it must not be missed.
DEFAULT = CorsPolicy(allow_origins=["*"], expose_headers=["x-default"])

starlette_cors = corekit_starlette.cors


def make_endpoint() -> Callable[[object], PlainTextResponse]:
    """Return another function each time, since `cors` marks it."""
    return lambda _: PlainTextResponse("secret")


def fastapi_router() -> Ask:
    child, parent, app = APIRouter(), APIRouter(prefix="/api"), FastAPI()
    child.get("/{kind}/x")(lambda kind: kind)
    parent.include_router(starlette_cors(PUBLIC)(child))
    app.include_router(starlette_cors(STRICT)(parent))
    return ask_asgi(corekit_starlette.install(app, DEFAULT))


def starlette_method() -> Ask:
    @starlette_cors(STRICT)
    class Items(HTTPEndpoint):
        @starlette_cors(PUBLIC)
        async def get(self, _: object) -> PlainTextResponse:
            return PlainTextResponse("secret")

    app = Starlette(routes=[Route("/api/{kind}/x", Items)])
    return ask_asgi(corekit_starlette.install(app, DEFAULT))


def starlette_wrapped() -> Ask:
    strict = starlette_cors(STRICT)(make_endpoint())

    @starlette_cors(PUBLIC)
    @wraps(strict)
    def endpoint(request: object) -> PlainTextResponse:
        return strict(request)

    app = Starlette(routes=[Route("/api/{kind}/x", endpoint)])
    return ask_asgi(corekit_starlette.install(app, DEFAULT))


def flask_blueprint() -> Ask:
    child, app = Blueprint("child", "child"), Flask("nested")
    parent = Blueprint("parent", "parent", url_prefix="/api")
    child.add_url_rule("/<kind>/x", "x", lambda kind: kind)
    parent.register_blueprint(corekit_flask.cors(PUBLIC)(child))
    app.register_blueprint(corekit_flask.cors(STRICT)(parent))
    corekit_flask.Cors(app, DEFAULT)
    return ask_flask(app)


def flask_view() -> Ask:
    blueprint, app = Blueprint("parent", "parent", url_prefix="/api"), Flask("nested")
    blueprint.add_url_rule("/<kind>/x", "x", corekit_flask.cors(PUBLIC)(lambda kind: kind))
    app.register_blueprint(corekit_flask.cors(STRICT)(blueprint))
    corekit_flask.Cors(app, DEFAULT)
    return ask_flask(app)


def flask_method() -> Ask:
    @corekit_flask.cors(STRICT)
    class Items(MethodView):
        @corekit_flask.cors(PUBLIC)
        def get(self, kind: str) -> str:
            return kind

    app = Flask("nested")
    app.add_url_rule("/api/<kind>/x", view_func=Items.as_view("items"))
    corekit_flask.Cors(app, DEFAULT)
    return ask_flask(app)


def flask_compat() -> Ask:
    child, app = Blueprint("child", "child"), Flask("nested")
    parent = Blueprint("parent", "parent", url_prefix="/api")
    child.add_url_rule("/<kind>/x", "x", lambda kind: kind)
    compat.CORS(child, resources={"/api/public/*": {"origins": "*"}})
    compat.CORS(parent, origins=APP, supports_credentials=True)
    parent.register_blueprint(child)
    app.register_blueprint(parent)
    compat.CORS(app)
    return ask_flask(app)


def quart_method() -> Ask:
    @corekit_asgi.cors(STRICT)
    class Items(QuartView):
        @corekit_asgi.cors(PUBLIC)
        async def get(self, kind: str) -> str:
            return kind

    app = Quart("nested")
    app.add_url_rule("/api/<kind>/x", view_func=Items.as_view("items"))
    return ask_asgi(corekit_asgi.install(app, DEFAULT))


def sanic_method() -> Ask:
    @corekit_sanic.cors(STRICT)
    class Items(HTTPMethodView):
        @corekit_sanic.cors(PUBLIC)
        async def get(self, _: object, kind: str) -> SanicResponse:
            return SanicResponse(kind)

    app = make_app()
    app.add_route(Items.as_view(), "/api/<kind>/x")
    return ask_sanic(corekit_sanic.install(app, DEFAULT))


def aiohttp_method() -> Ask:
    @corekit_aiohttp.cors(STRICT)
    class Items(web.View):
        @corekit_aiohttp.cors(PUBLIC)
        async def get(self) -> web.Response:
            return web.Response()

    def make() -> web.Application:
        app = web.Application()
        app.router.add_view("/api/{kind}/x", Items)
        return corekit_aiohttp.install(app, DEFAULT)

    return ask_aiohttp(make)


UNCOVERED: list[Callable[[], Ask]] = [
    fastapi_router,
    starlette_method,
    flask_blueprint,
    flask_view,
    flask_method,
    flask_compat,
    quart_method,
    sanic_method,
    aiohttp_method,
]


@pytest.mark.parametrize("make", UNCOVERED)
def test_routes_that_do_not_cover_the_path_leave_it_to_the_next_policy(
    make: Callable[[], Ask],
) -> None:
    ask = make()
    assert ask("GET", "/api/public/x", {"Origin": UNTRUSTED}) == (200, "*")
    assert ask("GET", "/api/private/x", {"Origin": UNTRUSTED}) == (200, None)
    assert ask("GET", "/api/private/x", {"Origin": APP}) == (200, APP)
    preflight = {"Origin": UNTRUSTED, "Access-Control-Request-Method": "GET"}
    assert ask("OPTIONS", "/api/public/x", preflight)[1] == "*"
    assert ask("OPTIONS", "/api/private/x", preflight)[1] is None


def test_policy_below_the_routes_of_a_handler_is_not_used_silently() -> None:
    ask = starlette_wrapped()
    assert ask("GET", "/api/public/x", {"Origin": UNTRUSTED}) == (200, "*")
    # The wrapped endpoint does not run: that of the application is another policy.
    assert ask("GET", "/api/private/x", {"Origin": UNTRUSTED})[0] == 500


def make_routes() -> dict[str, BaseRoute]:
    """Return routes around what has the policy STRICT."""
    strict, route = starlette_cors(STRICT), Route("/x", make_endpoint())
    app, api = FastAPI(), FastAPI()
    app.get("/x")(strict(lambda: "secret"))
    included = APIRouter()
    included.get("/x")(lambda: "secret")
    api.include_router(strict(included))
    return {
        "application": Mount("/r", strict(Starlette(routes=[route]))),
        "fastapi": Mount("/r", strict(FastAPI(routes=[route]))),
        "router": Mount("/r", strict(Router([route]))),
        "host": Host("testserver", strict(Starlette(routes=[Route("/r/x", make_endpoint())]))),
        "mount": Mount("/r", routes=[strict(Mount("", routes=[route]))]),
        "mounted route": Mount("/r", routes=[strict(Route("/x", make_endpoint()))]),
        "endpoint": Mount("/r", app),
        "included router": Mount("/r", api),
        "route": Route("/r/x", strict(make_endpoint())),
    }


ROUTES = [
    "application",
    "fastapi",
    "router",
    "host",
    "mount",
    "mounted route",
    "endpoint",
    "included router",
    "route",
]


@pytest.mark.parametrize("name", ROUTES)
def test_policy_of_what_is_mounted_comes_before_that_of_the_mount(name: str) -> None:
    route = make_routes()[name]
    app = Starlette(routes=[starlette_cors(OPEN)(route)])
    ask = ask_asgi(corekit_starlette.install(app, DEFAULT))
    # The policy of a route is that of this use of the endpoint.
    nearest = OPEN if name == "route" else STRICT
    granted = {APP: "*", UNTRUSTED: "*"} if nearest is OPEN else {APP: APP, UNTRUSTED: None}
    for origin, expected in granted.items():
        assert ask("GET", "/r/x", {"Origin": origin}) == (200, expected)
        preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        assert ask("OPTIONS", "/r/x", preflight)[1] == expected
