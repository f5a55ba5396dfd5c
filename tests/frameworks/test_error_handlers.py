"""An error handler cannot have a policy: the response to a request has that of its path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from fastapi import FastAPI
from flask import Flask
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

import corekit_flask
import corekit_starlette
from corekit import CorsPolicy

APP: Final = "https://app.example.com"
ANY: Final = CorsPolicy(allow_origins=["*"])
OWN: Final = CorsPolicy(allow_origins=[APP])


def flask(path: str) -> tuple[int, str, str | None]:
    app = Flask("errors")

    @app.get("/own/<int:number>")
    @corekit_flask.cors(OWN)
    def own(number: int) -> str:
        raise LookupError(number)

    @app.errorhandler(404)
    @app.errorhandler(LookupError)
    @corekit_flask.cors(OWN)
    def explain(_: Exception) -> tuple[str, int]:
        return "explained", 404

    corekit_flask.Cors(app, ANY)
    response = app.test_client().get(path, headers={"Origin": APP})
    return response.status_code, response.text, response.headers.get("Access-Control-Allow-Origin")


def fastapi(path: str) -> tuple[int, str, str | None]:
    app = FastAPI()

    @app.get("/own/{number}")
    @corekit_starlette.cors(OWN)
    def own(number: int) -> str:
        raise LookupError(number)

    @corekit_starlette.cors(OWN)
    def explain(_: object, __: Exception) -> PlainTextResponse:
        return PlainTextResponse("explained", 404)

    app.add_exception_handler(404, explain)
    app.add_exception_handler(LookupError, explain)
    corekit_starlette.install(app, ANY)
    client = TestClient(app, raise_server_exceptions=False)
    response = client.get(path, headers={"Origin": APP})
    return response.status_code, response.text, response.headers.get("access-control-allow-origin")


Ask = Callable[[str], tuple[int, str, Any]]


@pytest.mark.parametrize("ask", [flask, fastapi])
def test_error_handler_with_a_policy_does_not_run_under_another_one(ask: Ask) -> None:
    status, text, allowed = ask("/missing")
    assert (status, allowed) == (500, "*")
    assert "explained" not in text


@pytest.mark.parametrize("ask", [flask, fastapi])
def test_error_handler_runs_under_the_policy_of_the_route(ask: Ask) -> None:
    assert ask("/own/5") == (404, "explained", APP)
