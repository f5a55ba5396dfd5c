"""FORCE_SCRIPT_NAME replaces the prefix that the server sends, also in `corekit_asgi`."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from corekit import CorsPolicy, CorsRoutes
from corekit_asgi import CorsMiddleware

ROUTES = CorsRoutes(
    [("/admin/", CorsPolicy.deny_all()), ("/", CorsPolicy(allow_origins=["*"]))],
)


def show(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.path_info)


async def ask(app: Any, root_path: str, requested: str) -> tuple[bytes, bytes | None]:
    """Return the path that Django routed, and Access-Control-Allow-Origin."""
    sent: list[dict[str, Any]] = []
    is_sent = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not is_sent.is_set():
            is_sent.set()
            return {"type": "http.request", "body": b""}
        await asyncio.sleep(60)
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"origin", b"https://untrusted.example"), (b"host", b"testserver")]
    scope = {"type": "http", "method": "GET", "path": requested, "root_path": root_path}
    await app({**scope, "query_string": b"", "headers": headers}, receive, send)
    allowed = dict(sent[0]["headers"]).get(b"access-control-allow-origin")
    return sent[1]["body"], allowed


@pytest.mark.parametrize(
    ("force", "root_path", "requested", "routed"),
    [
        (None, "", "/v1/admin/x", "/v1/admin/x"),
        (None, "/v1", "/v1/admin/x", "/admin/x"),
        ("/v1", "", "/v1/admin/x", "/admin/x"),
        ("/v1", "/v2", "/v1/admin/x", "/admin/x"),
        ("/v1", "/v2", "/v2/admin/x", "/v2/admin/x"),
        ("/v1", "", "/admin/x", "/admin/x"),
    ],
)
def test_policy_is_that_of_the_path_below_the_script_name(
    force: str | None, root_path: str, requested: str, routed: str
) -> None:
    urls = ModuleType("script_urls")
    vars(urls)["urlpatterns"] = [path("<path:rest>", lambda request, rest: show(request))]
    sys.modules["script_urls"] = urls
    with override_settings(ROOT_URLCONF="script_urls", FORCE_SCRIPT_NAME=force, MIDDLEWARE=[]):
        handler: Any = ASGIHandler()
        body, allowed = asyncio.run(ask(CorsMiddleware(handler, ROUTES), root_path, requested))
    del sys.modules["script_urls"]
    assert body == routed.encode()
    assert allowed == (None if routed.startswith("/admin") else b"*")
