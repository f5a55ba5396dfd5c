"""`cors` on FastAPI's path operations and routers, included and nested."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, Final, cast

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Mount, Route, Router
from starlette.testclient import TestClient

from corekit import CorsPolicy, CorsRoutes
from corekit_asgi import CorsMiddleware
from corekit_starlette import cors, install
from corekit_starlette.compat import CORSMiddleware
from tests.starlette.reading import (
    ADMIN,
    APP,
    PARTNER,
    UNTRUSTED,
    admin,
    default,
    hello,
    may_send,
    partner,
    public,
    reads,
)


def fastapi() -> FastAPI:
    """Build an application with a policy at each place that accepts one."""
    app = FastAPI()
    outer, inner = APIRouter(prefix="/outer"), APIRouter(prefix="/inner")

    @app.get("/operation")
    @cors(public)
    def above() -> str:
        return "marked before it is routed"

    @cors(public)
    @app.get("/routed-first")
    def below() -> str:
        return "marked after it is routed"

    @app.get("/items/{number}")
    def read(number: int) -> int:
        return number

    @app.delete("/items/{number}")
    @cors(admin)
    def delete(number: int) -> int:
        return number

    @outer.get("/x")
    def in_outer() -> str:
        return "outer"

    @inner.get("/x")
    def in_inner() -> str:
        return "inner"

    @inner.delete("/x")
    @cors(admin)
    def delete_in_inner() -> str:
        return "gone"

    outer.mount("/mounted", cors(admin)(Router([Route("/x", hello)])))
    cors(partner)(outer)
    outer.include_router(inner)
    app.include_router(outer, prefix="/v1")
    install(app, default)
    return app


@pytest.mark.parametrize(
    ("method", "path", "origin", "reported"),
    [
        ("GET", "/operation", UNTRUSTED, "*"),
        ("GET", "/routed-first", UNTRUSTED, "*"),
        ("GET", "/routed-first/", UNTRUSTED, "*"),
        ("GET", "/items/1", APP, APP),
        ("GET", "/items/1", ADMIN, None),
        ("GET", "/items/x", APP, APP),
        ("DELETE", "/items/1", ADMIN, ADMIN),
        ("DELETE", "/items/1", APP, None),
        ("GET", "/v1/outer/x", PARTNER, PARTNER),
        ("GET", "/v1/outer/x", APP, None),
        ("GET", "/v1/outer/inner/x", PARTNER, PARTNER),
        ("GET", "/v1/outer/inner/x", ADMIN, None),
        ("DELETE", "/v1/outer/inner/x", ADMIN, ADMIN),
        ("DELETE", "/v1/outer/inner/x", PARTNER, None),
        ("PUT", "/v1/outer/inner/x", PARTNER, PARTNER),
        ("GET", "/v1/mounted/x", ADMIN, ADMIN),
        ("GET", "/v1/mounted/x", PARTNER, None),
        ("GET", "/v1/outer/missing", APP, APP),
        ("GET", "/docs", APP, APP),
    ],
)
def test_fastapi_path_operations_and_routers_have_policies(
    method: str, path: str, origin: str, reported: str | None
) -> None:
    assert reads(fastapi(), path, origin, method) == reported


@pytest.mark.parametrize(
    ("path", "origin", "method", "granted"),
    [
        ("/items/1", APP, "PUT", True),
        ("/items/1", ADMIN, "DELETE", True),
        ("/items/1", APP, "DELETE", False),
        ("/v1/outer/x", PARTNER, "GET", True),
        ("/v1/outer/inner/x", PARTNER, "GET", True),
        ("/v1/outer/inner/x", ADMIN, "DELETE", True),
        ("/v1/outer/inner/x", PARTNER, "DELETE", False),
        ("/v1/mounted/x", ADMIN, "GET", True),
    ],
)
def test_fastapi_preflights_have_the_policy_of_the_operation(
    path: str, origin: str, method: str, granted: bool
) -> None:
    assert may_send(fastapi(), path, origin, method) is granted


def test_fastapi_that_copies_routes_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "fastapi.routing", cast("ModuleType", object()))

    with pytest.raises(TypeError, match="Mark the path operations"):
        cors(partner)(APIRouter())


def included_router() -> FastAPI:
    app, router = FastAPI(), APIRouter(prefix="/orders")
    router.add_api_route("/x", lambda: "secret")
    app.include_router(cors(partner)(router))
    return app


def included_twice() -> FastAPI:
    app, outer, inner = FastAPI(), APIRouter(), APIRouter()
    inner.add_api_route("/x", lambda: "secret")
    outer.include_router(inner)
    app.include_router(outer, prefix="/orders")
    cors(partner)(outer)
    return app


def included_route() -> FastAPI:
    app, router = FastAPI(), APIRouter()
    router.routes.append(cors(partner)(APIRoute("/x", lambda: "secret")))
    app.include_router(router, prefix="/orders")
    return app


def included_route_of_starlette() -> FastAPI:
    def secret(_: Request) -> Response:
        return PlainTextResponse('"secret"')

    app, router = FastAPI(), APIRouter()
    router.routes.append(cors(partner)(Route("/x", secret)))
    app.include_router(router, prefix="/orders")
    return app


def included_router_of_an_application() -> FastAPI:
    app = FastAPI()
    part = cors(CorsRoutes([("/orders/", partner)]))(FastAPI())
    part.add_api_route("/x", lambda: "secret")
    app.include_router(part.router, prefix="/orders")
    return app


def own_route() -> FastAPI:
    app = FastAPI()
    app.router.routes.append(cors(partner)(APIRoute("/orders/x", lambda: "secret")))
    return app


def hidden(app: Any) -> Any:
    async def call(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    return call


def around(app: FastAPI) -> Any:
    return CorsMiddleware(app, public)


def added(app: FastAPI) -> Any:
    app.add_middleware(CorsMiddleware, policy=public)
    return app


def added_of_compat(app: FastAPI) -> Any:
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    return app


def behind_a_function(app: FastAPI) -> Any:
    return install(Starlette(routes=[Mount("/", hidden(app))]), public)


MARKED: Final = (included_router, included_twice, included_route, own_route)


@pytest.mark.parametrize("layer", [around, added, added_of_compat, behind_a_function])
@pytest.mark.parametrize("make", [*MARKED, included_router_of_an_application])
def test_marked_router_does_not_run_under_another_policy(
    make: Callable[[], FastAPI], layer: Callable[[FastAPI], Any]
) -> None:
    client = TestClient(layer(make()))
    with pytest.raises(RuntimeError, match="has its own CORS policy, which was not found"):
        client.get("/orders/x", headers={"Origin": UNTRUSTED})


@pytest.mark.parametrize("make", [*MARKED, included_route_of_starlette])
def test_marked_router_runs_under_its_policy(make: Callable[[], FastAPI]) -> None:
    assert TestClient(make()).get("/orders/x").text == '"secret"'
    app = install(make(), default)
    assert reads(app, "/orders/x", PARTNER) == PARTNER
    assert TestClient(app).get("/orders/x", headers={"Origin": UNTRUSTED}).text == '"secret"'
    mounted = install(Starlette(routes=[Mount("/v1", make())]), default)
    found = TestClient(mounted).get("/v1/orders/x", headers={"Origin": PARTNER})
    assert (found.text, found.headers["access-control-allow-origin"]) == ('"secret"', PARTNER)


def with_files(directory: Path) -> FastAPI:
    """Build an application with static files in routers with and without policies."""
    (directory / "data.json").write_text("{}")
    app, outer, inner = FastAPI(), APIRouter(prefix="/outer"), APIRouter(prefix="/inner")
    plain, closed = APIRouter(prefix="/plain"), APIRouter(prefix="/plain/closed")
    for router in (outer, inner, plain, closed):
        router.frontend("/", directory=directory, fallback=None)
    app.frontend("/", directory=directory, fallback=None)
    outer.include_router(plain)
    outer.include_router(cors(admin)(inner))
    app.include_router(plain)
    app.include_router(cors(CorsPolicy.deny_all())(closed))
    app.include_router(cors(partner)(outer), prefix="/v1")
    app.add_api_route("/v1/outer/found/", cors(public)(lambda: "found"))
    return app


FILES: Final = [
    ("/data.json", APP),
    ("/plain/data.json", APP),
    ("/plain/closed/data.json", None),
    ("/v1/outer/data.json", PARTNER),
    ("/v1/outer/inner/data.json", ADMIN),
    ("/v1/outer/plain/data.json", PARTNER),
    ("/v1/outer/missing", PARTNER),
    ("/missing", APP),
]


@pytest.mark.parametrize(("path", "allowed"), FILES)
@pytest.mark.parametrize("prefix", ["", "/mounted"])
def test_files_of_a_router_have_its_policy(
    path: str, allowed: str | None, prefix: str, tmp_path: Path
) -> None:
    app: Any = with_files(tmp_path)
    app = install(FastAPI(routes=[Mount(prefix, app)]) if prefix else app, default)
    response = TestClient(app).get(f"{prefix}{path}")
    assert response.status_code == (404 if path.endswith("missing") else 200)
    for origin in (APP, PARTNER, ADMIN):
        expected = origin if origin == allowed else None
        assert reads(app, f"{prefix}{path}", origin) == expected
        assert reads(app, f"{prefix}{path}", origin, "POST") == expected
        assert may_send(app, f"{prefix}{path}", origin, "GET") is (origin == allowed)


def test_redirect_comes_before_the_files_of_a_router(tmp_path: Path) -> None:
    app = install(with_files(tmp_path), default)
    assert reads(app, "/v1/outer/found", UNTRUSTED) == "*"
    assert reads(app, "/v1/outer/found/", UNTRUSTED) == "*"


def test_router_does_not_run_without_its_marked_application() -> None:
    client = TestClient(install(included_router_of_an_application(), public))
    with pytest.raises(RuntimeError, match="has its own CORS policy, which was not found"):
        client.get("/orders/x", headers={"Origin": UNTRUSTED})


class ReservedRoute(APIRoute):
    """A route that leaves some names, and the hosts other than its own, to the next one."""

    def matches(self, scope: Any) -> tuple[Match, Any]:
        match, child_scope = super().matches(scope)
        host = dict(scope["headers"]).get(b"host", b"")
        if match is not Match.NONE and (
            child_scope["path_params"]["name"] == "admin" or host == b"other.example"
        ):
            return Match.NONE, {}
        return match, child_scope


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("is_marked", [False, True])
def test_route_class_of_the_application_chooses_its_requests(depth: int, is_marked: bool) -> None:
    @cors(public)
    def profile(name: str) -> str:
        return f"profile of {name}"

    def page(name: str) -> str:
        return f"page of {name}"

    app = FastAPI()
    routers = [app.router, *(APIRouter() for _ in range(depth))]
    router = routers[-1]
    router.add_api_route("/{name}", profile, route_class_override=ReservedRoute)
    router.add_api_route("/{name}", cors(admin)(page) if is_marked else page)
    for outer, inner in reversed([*pairwise(routers)]):
        outer.include_router(inner, prefix="/v1")
    client = TestClient(install(app, admin))
    prefix = "/v1" * depth
    for name, host, text, granted in (
        ("joe", "api.example", "profile", "*"),
        ("admin", "api.example", "page", None),
        ("joe", "other.example", "page", None),
    ):
        headers = {"Origin": UNTRUSTED, "Host": host}
        response = client.get(f"{prefix}/{name}", headers=headers)
        assert response.json() == f"{text} of {name}"
        assert response.headers.get("Access-Control-Allow-Origin") == granted
        headers["Access-Control-Request-Method"] = "GET"
        response = client.options(f"{prefix}/{name}", headers=headers)
        assert response.headers.get("Access-Control-Allow-Origin") == granted
