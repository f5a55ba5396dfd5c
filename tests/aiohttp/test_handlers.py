"""`cors` on handlers, class-based views and their methods: the handler selects the policy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractView
from aiohttp.test_utils import TestClient

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit_aiohttp import cors, install
from tests.aiohttp.test_install import with_client

APP = "https://app.example.com"
ADMIN = "https://admin.example.com"
UNTRUSTED = "https://untrusted.example"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"

default = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"], max_age=600)
admin = CorsPolicy(allow_origins=[ADMIN], allow_methods=["PUT", "DELETE"], max_age=600)
public = CorsPolicy(allow_origins=["*"])

Client = TestClient[web.Request, web.Application]


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


@cors(public)
async def feed(_: web.Request) -> web.Response:
    return web.Response(text="feed")


@cors(admin)
async def change(_: web.Request) -> web.Response:
    return web.Response(text="changed")


class Orders(web.View):
    @cors(admin)
    async def delete(self) -> web.Response:
        return web.Response(text="deleted")

    async def get(self) -> web.Response:
        return web.Response(text="orders")


def make_app() -> web.Application:
    app = web.Application()
    app.router.add_get("/users/{id}/public", feed)
    app.router.add_get("/users/{id}/private", hello)
    app.router.add_get("/items", feed)
    app.router.add_put("/items", change)
    app.router.add_view("/orders", Orders)
    return app


def use(app: web.Application, check: Callable[[Client], Awaitable[None]]) -> None:
    with_client(app, check)


async def reads(client: Client, path: str, origin: str, method: str = "GET") -> str | None:
    response = await client.request(method, path, headers={"Origin": origin})
    return response.headers.get(ALLOW_ORIGIN)


async def preflight(client: Client, path: str, origin: str, method: str) -> Any:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    return await client.options(path, headers=headers)


def test_handler_policy_overrides_the_default() -> None:
    app = make_app()
    install(app, default)

    async def check(client: Client) -> None:
        assert await reads(client, "/users/7/public", UNTRUSTED) == "*"
        assert await reads(client, "/users/7/private", UNTRUSTED) is None
        assert await reads(client, "/users/7/private", APP) == APP

    use(app, check)


def test_preflight_has_the_policy_of_the_requested_method() -> None:
    app = make_app()
    install(app, default)

    async def check(client: Client) -> None:
        granted = await preflight(client, "/items", ADMIN, "PUT")
        assert granted.headers[ALLOW_ORIGIN] == ADMIN
        # GET has another policy, so that the response must not be cached for it.
        assert granted.headers["Access-Control-Max-Age"] == "0"
        assert (await preflight(client, "/items", APP, "PUT")).status == 403
        assert (await preflight(client, "/items", APP, "GET")).headers[ALLOW_ORIGIN] == "*"

    use(app, check)


def test_method_of_a_view_has_its_own_policy() -> None:
    app = make_app()
    install(app, default)

    async def check(client: Client) -> None:
        assert await reads(client, "/orders", APP) == APP
        assert await reads(client, "/orders", APP, "DELETE") is None
        assert await reads(client, "/orders", ADMIN, "DELETE") == ADMIN
        assert (await preflight(client, "/orders", APP, "DELETE")).status == 403
        assert (await preflight(client, "/orders", ADMIN, "DELETE")).status == 204
        assert (await preflight(client, "/orders", APP, "PATCH")).status == 204

    use(app, check)


def test_without_a_default_only_marked_handlers_are_covered() -> None:
    app = make_app()
    install(app)

    async def check(client: Client) -> None:
        assert await reads(client, "/users/7/public", UNTRUSTED) == "*"
        response = await client.get("/users/7/private", headers={"Origin": APP})
        assert "Vary" not in response.headers
        assert (await preflight(client, "/users/7/private", APP, "GET")).status == 405

    use(app, check)


def test_handler_of_a_subapplication_has_its_policy() -> None:
    below = make_app()
    below.router.add_get("/routes", cors(CorsRoutes([("/routes", admin)]))(hello))
    app = web.Application()
    app.add_subapp("/below", below)
    install(app, default)

    async def check(client: Client) -> None:
        assert await reads(client, "/below/items", UNTRUSTED) == "*"
        assert await reads(client, "/below/routes", ADMIN) == ADMIN
        assert (await preflight(client, "/below/items", ADMIN, "PUT")).status == 204
        assert await reads(client, "/below/missing", APP) == APP

    use(app, check)


def make_app_of_all_methods() -> web.Application:
    @cors(admin)
    class Everything(AbstractView):
        def __await__(self) -> Generator[Any, None, web.StreamResponse]:
            return change(self.request).__await__()

    below = web.Application()
    below.router.add_route("*", "/{path:.*}", change)
    app = web.Application()
    app.router.add_route("*", "/all", change)
    app.router.add_get("/others", hello)
    app.router.add_route("*", "/others", change)
    app.router.add_view("/view", Everything)
    app.add_subapp("/below/", below)
    return app


@pytest.mark.parametrize("method", ["PUT", "PURGE", "PROPFIND", "QUERY"])
@pytest.mark.parametrize("path", ["/all", "/others", "/view", "/below/item"])
def test_preflight_of_any_method_has_the_policy_of_a_handler_of_all(path: str, method: str) -> None:
    app = make_app_of_all_methods()
    install(app, default.replace(allow_methods=["*"]))

    async def check(client: Client) -> None:
        for origin, granted in ((APP, None), (ADMIN, ADMIN)):
            response = await preflight(client, path, origin, method)
            assert response.headers.get(ALLOW_ORIGIN) == granted
            assert await reads(client, path, origin, method) == granted

    use(app, check)


def test_preflight_of_a_method_that_no_handler_has() -> None:
    app = make_app()
    install(app, public.replace(allow_methods=["*"]))

    async def check(client: Client) -> None:
        for path in ("/orders", "/items", "/nothing"):
            response = await preflight(client, path, UNTRUSTED, "PURGE")
            assert response.headers.get(ALLOW_ORIGIN) == "*"

    use(app, check)


@pytest.mark.parametrize(
    "target",
    [
        7,
        "handler",
        web.Application(),
        web.RouteTableDef(),
        *make_app().router.resources(),
        *make_app().router.routes(),
    ],
    ids=lambda target: type(target).__name__,
)
def test_other_objects_are_refused(target: Any) -> None:
    with pytest.raises(TypeError, match=r"cannot keep a policy\. Pass the handler or the view"):
        cors(public)(target)


def test_policy_is_validated_at_once() -> None:
    with pytest.raises(PolicyError):
        cors(allow_origins=["*"], allow_credentials=True)
