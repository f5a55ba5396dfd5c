"""Reports of the Starlette adapter to `on_decision` and to its logger."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from corekit import CorsPolicy, DecisionEvent
from corekit_starlette import cors, install
from corekit_starlette.compat import CORSMiddleware
from tests.core.reporting import logged, reported

APP = "https://app.example.com"
PARTNER = "https://partner.example"
UNTRUSTED = "https://untrusted.example"
LOGGER = "corekit.starlette"

policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])
partners = CorsPolicy(allow_origins=[PARTNER])

Hear = Callable[[DecisionEvent], None]


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


@cors(partners)
async def of_partners(request: Request) -> Response:
    return PlainTextResponse("partners")


def make_app(**options: Any) -> Starlette:
    routes = [Route("/", hello, methods=["GET", "PUT"]), Route("/partners", of_partners)]
    return Starlette(routes=routes, **options)


def visit(app: Any) -> None:
    client = TestClient(app)
    client.get("/")
    client.get("/", headers={"Origin": APP})
    client.get("/missing", headers={"Origin": UNTRUSTED})
    for method in ("PUT", "DELETE"):
        client.options("/", headers={"Origin": APP, "Access-Control-Request-Method": method})


VISITED = [
    ("NOT_CORS", "/", "NOT_CORS"),
    ("ACTUAL", "/", "GRANTED"),
    ("ACTUAL", "/missing", "ORIGIN_NOT_ALLOWED"),
    ("PREFLIGHT", "/", "GRANTED"),
    ("PREFLIGHT", "/", "METHOD_NOT_ALLOWED"),
]


def installed(hear: Hear | None, given: Any = policy, **options: Any) -> Starlette:
    app = make_app(**options)
    install(app, given, on_decision=hear)
    return app


def added(hear: Hear | None, **options: Any) -> Starlette:
    app = make_app(**options)
    app.add_middleware(CORSMiddleware, allow_origins=[APP], allow_methods=["PUT"], on_decision=hear)
    return app


def listed(hear: Hear | None, **options: Any) -> Starlette:
    middleware = Middleware(
        CORSMiddleware, allow_origins=[APP], allow_methods=["PUT"], on_decision=hear
    )
    return make_app(middleware=[middleware], **options)


def around(hear: Hear | None, **options: Any) -> Any:
    return CORSMiddleware(
        make_app(**options), allow_origins=[APP], allow_methods=["PUT"], on_decision=hear
    )


def fast(hear: Hear | None, **options: Any) -> FastAPI:
    app = FastAPI(**options)

    @app.api_route("/", methods=["GET", "PUT"])
    async def hello() -> str:
        return "hello"

    install(app, policy, on_decision=hear)
    return app


each = pytest.mark.parametrize("make", [installed, added, listed, around, fast])


class TestOnDecision:
    @each
    def test_every_request_is_reported_once(self, make: Callable[[Hear | None], Any]) -> None:
        heard: list[DecisionEvent] = []
        visit(make(heard.append))
        assert reported(heard) == VISITED
        assert {event.adapter for event in heard} == {"starlette"}
        assert heard[1].origin == APP
        assert heard[1].request["type"] == "http"

    def test_route_policies_are_reported(self) -> None:
        heard: list[DecisionEvent] = []
        app = installed(heard.append, None)
        client = TestClient(app)
        client.get("/partners", headers={"Origin": PARTNER})
        client.get("/partners", headers={"Origin": APP})
        client.get("/", headers={"Origin": APP})
        client.options(
            "/partners", headers={"Origin": PARTNER, "Access-Control-Request-Method": "GET"}
        )
        assert reported(heard) == [
            ("ACTUAL", "/partners", "GRANTED"),
            ("ACTUAL", "/partners", "ORIGIN_NOT_ALLOWED"),
            ("PREFLIGHT", "/partners", "GRANTED"),
        ]

    @pytest.mark.parametrize("make", [installed, around, fast])
    def test_invalid_on_decision_is_refused(self, make: Any) -> None:
        async def hear(event: DecisionEvent) -> None: ...

        with pytest.raises(TypeError, match="Pass a plain function"):
            make(hear)


class TestLog:
    @each
    def test_denials_are_logged_at_info(
        self, make: Callable[[Hear | None], Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, LOGGER)
        visit(make(None))
        assert logged(caplog, LOGGER) == [
            ("INFO", "ORIGIN_NOT_ALLOWED"),
            ("INFO", "METHOD_NOT_ALLOWED"),
        ]

    @each
    def test_debug_mode_warns_once_per_origin_and_reason(
        self, make: Callable[..., Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        visit(make(None))
        assert logged(caplog, LOGGER) == []
        app = make(None, debug=True)
        visit(app)
        visit(app)
        assert logged(caplog, LOGGER) == [
            ("WARNING", "ORIGIN_NOT_ALLOWED"),
            ("WARNING", "METHOD_NOT_ALLOWED"),
        ]
