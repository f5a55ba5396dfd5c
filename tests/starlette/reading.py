"""Policies of routes, and what pages may read and send under them."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from corekit import CorsPolicy

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


def reads(app: Starlette, path: str, origin: str, method: str = "GET") -> str | None:
    """Return the allowed origin of the response, or None."""
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    response = client.request(method, path, headers={"Origin": origin})
    reported: str | None = response.headers.get("access-control-allow-origin")
    return reported


def may_send(app: Starlette, path: str, origin: str, method: str) -> bool:
    """Return whether the preflight of `method` is allowed without reaching the application."""
    response = TestClient(app).options(
        path, headers={"Origin": origin, "Access-Control-Request-Method": method}
    )
    methods = response.headers.get("access-control-allow-methods", "").split(", ")
    assert response.status_code in (204, 403)
    return response.status_code == 204 and method in methods
