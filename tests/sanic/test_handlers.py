"""`cors` on handlers: which policy a request gets."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sanic import Blueprint, HTTPResponse, Request, text
from sanic.exceptions import MethodNotAllowed
from sanic.router import Router
from sanic.views import HTTPMethodView

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit_sanic import cors, install
from tests.frameworks.sanic_app import App, make_app
from tests.sanic.serving import APP, UNTRUSTED, serve
from tests.sanic.site import policy

PARTNER = "https://partner.example"
partners = CorsPolicy(allow_origins=[PARTNER], allow_methods=["PUT"], max_age=600)


@cors(allow_origins=["*"])
async def feed(request: Request) -> HTTPResponse:
    return text("feed")


async def plain(request: Request) -> HTTPResponse:
    return text("plain")


@cors(partners)
async def replace(request: Request) -> HTTPResponse:
    return text("replaced")


@cors(CorsRoutes([("/routes/partners", partners)]))
async def by_path(request: Request, name: str) -> HTTPResponse:
    return text(name)


@cors(partners)
class View(HTTPMethodView):
    async def get(self, request: Request) -> HTTPResponse:
        return text("get")

    @cors(allow_origins=["*"])
    async def post(self, request: Request) -> HTTPResponse:
        return text("post")


@pytest.fixture
def app() -> App:
    app = make_app()
    app.add_route(feed, "/feed")
    app.add_route(plain, "/plain")
    app.add_route(plain, "/items", name="get_items")
    app.add_route(replace, "/items", methods=["PUT"], name="put_items")
    app.add_route(by_path, "/routes/<name>")
    app.add_route(View.as_view(), "/view")
    inner = Blueprint(f"inner-{app.name}", url_prefix="/inner")
    inner.add_route(feed, "/feed")
    app.blueprint(inner)
    return app


def test_policy_of_a_handler_replaces_that_of_the_application(app: App) -> None:
    install(app, policy)
    with serve(app) as server:
        assert server.get("/feed", UNTRUSTED).allowed == ["*"]
        assert server.get("/inner/feed", UNTRUSTED).allowed == ["*"]
        assert server.get("/plain").allowed == [APP]
        assert server.get("/plain", UNTRUSTED).allowed is None
        assert server.get("/missing").allowed == [APP]


def test_only_handler_policies_apply_without_a_default(app: App) -> None:
    install(app)
    with serve(app) as server:
        assert server.get("/feed").allowed == ["*"]
        assert server.get("/plain").vary is None
        assert server.get("/missing").vary is None


def test_preflight_gets_the_policy_of_the_requested_method(app: App) -> None:
    install(app, policy)
    with serve(app) as server:
        assert server.preflight("/items", PARTNER, "PUT").allowed == [PARTNER]
        assert server.preflight("/items", PARTNER, "GET").status == 403
        assert server.preflight("/items", APP, "GET").allowed == [APP]
        # Browsers would use the response for the other method too.
        cached = server.preflight("/items", PARTNER, "PUT").headers["access-control-max-age"]
        assert cached == ["0"]


def test_method_without_handler_gets_the_policy_of_another_one(app: App) -> None:
    install(app, policy)
    with serve(app) as server:
        response = server.request("PUT", "/feed")
        assert (response.status, response.allowed) == (405, ["*"])
        assert server.preflight("/feed", UNTRUSTED).allowed == ["*"]


def test_router_that_lists_no_methods_is_supported() -> None:
    class Silent(Router):
        def get(self, path: str, method: str, host: str | None) -> Any:  # type: ignore[override]
            raise MethodNotAllowed("no", method=method)

    app = make_app(router=Silent())
    app.add_route(feed, "/feed")
    install(app, policy)
    with serve(app) as server:
        response = server.get("/feed")
        assert (response.status, response.allowed) == (405, [APP])


def test_view_and_its_methods_have_policies(app: App) -> None:
    install(app, policy)
    with serve(app) as server:
        assert server.get("/view", PARTNER).allowed == [PARTNER]
        assert server.request("POST", "/view", UNTRUSTED, Content_Length="0").allowed == ["*"]


def test_handler_with_routes_has_the_policy_of_the_path(app: App) -> None:
    install(app, policy)
    with serve(app) as server:
        assert server.get("/routes/partners", PARTNER).allowed == [PARTNER]
        assert server.get("/routes/other").allowed == [APP]


def test_invalid_arguments_are_refused() -> None:
    with pytest.raises(PolicyError):
        cors(allow_origins=[])
    with pytest.raises(TypeError, match="A View cannot keep a policy"):
        cors(partners)(View())


@pytest.mark.parametrize("kind", ["function", "class", "another"])
def test_head_handler_of_sanic_extensions_has_the_policy_for_get(kind: str) -> None:
    async def call_get(request: Request, get_handler: Any) -> Any:
        return await get_handler(request)

    handler: Any = View.as_view() if kind == "class" else replace
    head: Any = partial(call_get, get_handler=handler)
    if kind != "another":
        head.__route_handler__ = handler
    app = make_app()
    app.add_route(handler, "/x", methods=["GET"], name="get")
    app.add_route(head, "/x", methods=["HEAD"], name="get_head")
    install(app, policy)
    with serve(app) as server:
        for origin in (PARTNER, APP):
            granted = [origin] if origin == PARTNER else None
            assert server.get("/x", origin).allowed == granted
            response = server.request("HEAD", "/x", origin)
            # Any other handler that calls one with another policy is a mistake.
            expected = (500, [APP] if origin == APP else None)
            assert (response.status, response.allowed) == (
                expected if kind == "another" else (200, granted)
            )
