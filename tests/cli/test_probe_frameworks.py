"""`corekit probe` against other CORS layers, and corekit on ASGI."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_cors import CORS
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import corekit_asgi
from tests.cli.live import serving
from tests.cli.probing import QUICK, run_probe, severities
from tests.frameworks.test_delivery import over_uvicorn
from tests.probe.servers import PAGE, POLICY


def test_flask_cors_with_credentials_for_any_origin() -> None:
    app = Flask("app")
    app.add_url_rule("/items", view_func=lambda: "items")
    CORS(app, supports_credentials=True)
    with serving(app) as live:
        result = run_probe(live.url, *QUICK, "--json", "--credentials=include")
    assert result.exit_code == 1
    assert severities(result)["any-origin"] == "error"
    assert "opaque-origin" not in severities(result)


@pytest.mark.parametrize("credentials", ["omit", "include"])
def test_corekit_on_asgi_has_no_findings(credentials: str) -> None:
    async def items(request: object) -> PlainTextResponse:
        return PlainTextResponse("items")

    app = Starlette(routes=[Route("/items", items)])
    policy = POLICY.replace(allow_credentials=True)
    with over_uvicorn(corekit_asgi.CorsMiddleware(app, policy)) as port:
        url = f"http://127.0.0.1:{port}/items"
        result = run_probe(url, *QUICK, "--json", f"--credentials={credentials}")
    assert (result.exit_code, severities(result)) == (0, {})


def test_starlette_with_credentials_for_any_origin() -> None:
    async def items(request: object) -> PlainTextResponse:
        return PlainTextResponse("items")

    app = Starlette(routes=[Route("/items", items)])
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
    with over_uvicorn(app) as port:
        result = run_probe(f"http://127.0.0.1:{port}/items", *QUICK, "--json")
    assert severities(result)["any-origin"] == "error"
    assert "opaque-origin" not in severities(result)


def test_starlette_without_problems() -> None:
    async def items(request: object) -> PlainTextResponse:
        return PlainTextResponse("items")

    app = Starlette(routes=[Route("/items", items)])
    app.add_middleware(CORSMiddleware, allow_origins=[PAGE], allow_methods=["PUT"])
    with over_uvicorn(app) as port:
        result = run_probe(f"http://127.0.0.1:{port}/items", *QUICK, "--json")
    assert severities(result) == {}


def test_starlette_may_refuse_the_default_method() -> None:
    async def items(request: object) -> PlainTextResponse:
        return PlainTextResponse("items")

    app = Starlette(routes=[Route("/items", items)])
    app.add_middleware(CORSMiddleware, allow_origins=[PAGE])
    with over_uvicorn(app) as port:
        result = run_probe(f"http://127.0.0.1:{port}/items", *QUICK, "--json")
    assert severities(result) == {"preflight-refused": "info"}


def test_flask_cors_with_a_wildcard() -> None:
    app = Flask("app")
    app.add_url_rule("/items", view_func=lambda: "items", methods=["GET", "PUT"])
    CORS(app, send_wildcard=True, max_age=600)
    with serving(app) as live:
        assert severities(run_probe(live.url, *QUICK, "--json")) == {"wildcard": "info"}
