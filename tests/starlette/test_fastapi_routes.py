"""`cors` on FastAPI's path operations and routers, included and nested."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import cast

import pytest
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.testclient import TestClient

from corekit import CorsPolicy
from corekit_starlette import cors, install

APP = "https://app.example.com"
ADMIN = "https://admin.example.com"
PARTNER = "https://partner.example"
UNTRUSTED = "https://untrusted.example"

default = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])
admin = CorsPolicy(allow_origins=[ADMIN], allow_credentials=True, allow_methods=["PUT", "DELETE"])
partner = CorsPolicy(allow_origins=[PARTNER], allow_methods=["PATCH"])
public = CorsPolicy(allow_origins=["*"])


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


def reads(app: FastAPI, path: str, origin: str, method: str = "GET") -> str | None:
    """Return the allowed origin of the response, or None."""
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    response = client.request(method, path, headers={"Origin": origin})
    reported: str | None = response.headers.get("access-control-allow-origin")
    return reported


def may_send(app: FastAPI, path: str, origin: str, method: str) -> bool:
    """Return whether the preflight of `method` is allowed without reaching the application."""
    response = TestClient(app).options(
        path, headers={"Origin": origin, "Access-Control-Request-Method": method}
    )
    methods = response.headers.get("access-control-allow-methods", "").split(", ")
    assert response.status_code in (204, 403)
    return response.status_code == 204 and method in methods


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
