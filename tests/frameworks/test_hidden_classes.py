"""Class-based handlers run under their policy, or not at all, wherever in the class it is."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final, NamedTuple

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
from django.views import View as DjangoView
from flask import Flask
from flask.views import MethodView
from sanic import HTTPResponse as SanicResponse
from sanic.views import HTTPMethodView
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import corekit_aiohttp
import corekit_django
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy, CorsRoutes
from corekit.browser import HttpRequest
from tests.frameworks.sanic_app import make_app, send_to

UNTRUSTED: Final = "https://untrusted.example"
APP: Final = "https://app.example.com"
ANY: Final = CorsPolicy(allow_origins=["*"], allow_methods=["PUT"])
OWN: Final = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])
BELOW: Final = CorsRoutes([("/", OWN)])
ELSEWHERE: Final = CorsRoutes([("/elsewhere", OWN)])


class Framework(NamedTuple):
    """Classes of a framework: its view, the method that it calls on one, and a decorator."""

    view: type
    entry: str
    make_entry: Callable[[], Any]
    make_method: Callable[[], Any]
    cors: Callable[[Any], Callable[[Any], Any]]
    ask: Callable[[type, bool, str], tuple[int, str | None, bool]]
    """Returns status, Access-Control-Allow-Origin and whether a view ran that may be hidden."""


def _subclass(policy: Any, framework: Framework) -> type:
    """Return a class whose subclass replaces what the framework calls."""
    members = {"put": framework.make_method()}
    parent = framework.cors(policy)(type("Parent", (framework.view,), members))
    return type("Child", (parent,), {framework.entry: framework.make_entry()})


def _earlier(policy: Any, framework: Framework) -> type:
    """Return a subclass that was there before its parent got the policy."""
    parent = type("Parent", (framework.view,), {"put": framework.make_method()})
    child = type("Child", (parent,), {framework.entry: framework.make_entry()})
    framework.cors(policy)(parent)
    return child


def _mixin(policy: Any, framework: Framework) -> type:
    mixin = framework.cors(policy)(type("Mixin", (), {framework.entry: framework.make_entry()}))
    return type("View", (mixin, framework.view), {"put": framework.make_method()})


def _other_method(policy: Any, framework: Framework) -> type:
    """Return a class with the policy, in which another method has that of the application."""
    get = framework.cors(ANY)(framework.make_method())
    members = {"get": get, "put": framework.make_method()}
    view: type = framework.cors(policy)(type("View", (framework.view,), members))
    return view


def _entry(policy: Any, framework: Framework) -> type:
    """Return a class with the policy on the method that the framework calls."""
    members = {"put": framework.make_method()}
    members[framework.entry] = framework.cors(policy)(framework.make_entry())
    return type("View", (framework.view,), members)


def _inherited_entry(policy: Any, framework: Framework) -> type:
    """Return a subclass that replaces a method with the policy."""
    members = {framework.entry: framework.make_entry()}
    return type("Child", (_entry(policy, framework),), members)


def _over_entry(policy: Any, framework: Framework) -> type:
    """Return a class with the policy that inherits a method with another one."""
    view: type = framework.cors(policy)(type("Child", (_entry(ANY, framework),), {}))
    return view


def _over_mixin(policy: Any, framework: Framework) -> type:
    """Return a class with the policy and a mixin, which has a method with another one."""
    entry = framework.cors(ANY)(framework.make_entry())
    mixin = type("Mixin", (), {framework.entry: entry})
    members = {"put": framework.make_method()}
    view: type = framework.cors(policy)(type("View", (mixin, framework.view), members))
    return view


def _below_mixin(policy: Any, framework: Framework) -> type:
    """Return a class whose mixin has the policy on a method; the class after it has another one."""
    entry = framework.cors(policy)(framework.make_entry())
    mixin = type("Mixin", (), {framework.entry: entry})
    parent = framework.cors(ANY)(
        type("Parent", (framework.view,), {"put": framework.make_method()})
    )
    return type("View", (mixin, parent), {})


def _entry_over_class(policy: Any, framework: Framework) -> type:
    """Return a class with the policy on a method that inherits another one from its parent."""
    parent = framework.cors(ANY)(_entry(ANY, framework))
    members = {framework.entry: framework.cors(policy)(framework.make_entry())}
    return type("Child", (parent,), members)


KINDS: Final = (
    _subclass,
    _earlier,
    _mixin,
    _other_method,
    _entry,
    _over_entry,
    _over_mixin,
    _below_mixin,
    _entry_over_class,
)


def starlette() -> Framework:
    def make_entry() -> Any:
        async def dispatch(self: Any) -> None:
            await PlainTextResponse("secret")(self.scope, self.receive, self.send)

        return dispatch

    def make_method() -> Any:
        async def method(self: object, _: object) -> PlainTextResponse:
            return PlainTextResponse("secret")

        return method

    def ask(view: Any, is_hidden: bool, origin: str) -> tuple[int, str | None, bool]:
        class Hidden:
            async def __call__(self, *args: Any) -> None:
                await view(*args)

        app = Starlette(routes=[Route("/view", Hidden() if is_hidden else view)])
        corekit_starlette.install(app, ANY)
        client = TestClient(app, raise_server_exceptions=False)
        response = client.put("/view", headers={"Origin": origin})
        allowed = response.headers.get("access-control-allow-origin")
        return response.status_code, allowed, response.text == "secret"

    return Framework(HTTPEndpoint, "dispatch", make_entry, make_method, corekit_starlette.cors, ask)


def flask() -> Framework:
    def make() -> Any:
        return lambda self: "secret"

    def ask(view: Any, is_hidden: bool, origin: str) -> tuple[int, str | None, bool]:
        app = Flask("hidden")
        function = view.as_view("view")
        endpoint = (lambda: function()) if is_hidden else function  # noqa: PLW0108
        app.add_url_rule("/view", "view", endpoint, methods=["PUT"])
        corekit_flask.Cors(app, ANY)
        response = app.test_client().put("/view", headers={"Origin": origin})
        allowed = response.headers.get("Access-Control-Allow-Origin")
        return response.status_code, allowed, response.text == "secret"

    return Framework(MethodView, "dispatch_request", make, make, corekit_flask.cors, ask)


def aiohttp() -> Framework:
    def make_method() -> Any:
        async def method(self: object) -> web.Response:
            return web.Response(text="secret")

        return method

    def make_entry() -> Any:
        method = make_method()

        def __await__(self: object) -> Any:  # noqa: N807
            return method(self).__await__()

        return __await__

    def ask(view: Any, is_hidden: bool, origin: str) -> tuple[int, str | None, bool]:
        async def hidden(request: web.Request) -> Any:
            return await view(request)

        async def send() -> tuple[int, str | None, bool]:
            app = web.Application()
            app.router.add_put("/view", hidden if is_hidden else view)
            corekit_aiohttp.install(app, ANY)
            async with AiohttpClient(TestServer(app)) as client:
                response = await client.put("/view", headers={"Origin": origin})
                allowed = response.headers.get("Access-Control-Allow-Origin")
                return response.status, allowed, await response.text() == "secret"

        return asyncio.run(send())

    return Framework(web.View, "__await__", make_entry, make_method, corekit_aiohttp.cors, ask)


def sanic() -> Framework:
    def make() -> Any:
        async def method(self: object, _: object) -> SanicResponse:
            return SanicResponse("secret")

        return method

    def ask(view: Any, is_hidden: bool, origin: str) -> tuple[int, str | None, bool]:
        function = view.as_view()

        async def hidden(request: Any) -> Any:
            return await function(request)

        app = make_app()
        app.add_route(hidden if is_hidden else function, "/view", methods=["PUT"], name="view")
        corekit_sanic.install(app, ANY)
        url = "https://api.example.org/view"
        response = send_to(app)(HttpRequest("PUT", url, (("Origin", origin),)))
        fields = {name.lower(): value for name, value in response.headers}
        allowed = fields.get("access-control-allow-origin")
        return response.status, allowed, response.body == b"secret"

    return Framework(HTTPMethodView, "dispatch_request", make, make, corekit_sanic.cors, ask)


def django_site() -> Framework:
    def make() -> Any:
        return lambda self, _: DjangoResponse("secret")

    def ask(view: Any, is_hidden: bool, origin: str) -> tuple[int, str | None, bool]:
        function = view.as_view()
        endpoint = (lambda request: function(request)) if is_hidden else function  # noqa: PLW0108
        urls = sys.modules["hidden_urls"] = ModuleType("hidden_urls")
        vars(urls)["urlpatterns"] = [django_path("view", endpoint)]
        clear_url_caches()
        client = DjangoClient(raise_request_exception=False)
        response = client.put("/view", headers={"Origin": origin})
        allowed = response.headers.get("Access-Control-Allow-Origin")
        return response.status_code, allowed, response.content == b"secret"

    return Framework(DjangoView, "dispatch", make, make, corekit_django.cors, ask)


@pytest.fixture(autouse=True)
def urls() -> Iterator[None]:
    django.setup()
    settings = {
        "ROOT_URLCONF": "hidden_urls",
        "MIDDLEWARE": ["corekit_django.middleware.CorsMiddleware"],
        "CORS_ALLOW_ALL_ORIGINS": True,
        "CORS_ALLOW_CREDENTIALS": False,
        "ALLOWED_HOSTS": ["*"],
    }
    with override_settings(**settings):
        yield
    sys.modules.pop("hidden_urls", None)


FRAMEWORKS: Final = (starlette, flask, aiohttp, sanic, django_site)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", FRAMEWORKS)
def test_class_never_runs_under_the_policy_of_the_application(
    make: Callable[[], Framework], kind: Callable[[Any, Framework], type]
) -> None:
    framework = make()
    view = kind(OWN, framework)
    for origin, allowed in ((UNTRUSTED, None), (APP, APP)):
        assert framework.ask(view, False, origin) == (200, allowed, True)
        assert framework.ask(view, True, origin)[::2] == (500, False)


@pytest.mark.parametrize("make", FRAMEWORKS)
def test_subclass_inherits_the_policy_of_a_method(make: Callable[[], Framework]) -> None:
    framework = make()
    view = _inherited_entry(OWN, framework)
    for origin, allowed in ((UNTRUSTED, None), (APP, APP)):
        assert framework.ask(view, False, origin) == (200, allowed, True)


@pytest.mark.parametrize("make", [each for each in FRAMEWORKS if each is not django_site])
def test_hidden_routes_never_leave_a_class_to_the_application(
    make: Callable[[], Framework],
) -> None:
    framework = make()
    for routes, allowed in ((BELOW, None), (ELSEWHERE, "*")):
        members = {"put": framework.make_method()}
        view = framework.cors(routes)(type("View", (framework.view,), members))
        assert framework.ask(view, False, UNTRUSTED) == (200, allowed, True)
    # Flask knows the path, and so that the application's policy applies.
    is_known = make is flask
    assert framework.ask(view, True, UNTRUSTED)[::2] == ((200, True) if is_known else (500, False))
