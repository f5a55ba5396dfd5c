"""What Sanic's adapter reports of its decisions: to `on_decision`, and to its logger."""

from __future__ import annotations

from typing import Any

import pytest
from sanic import HTTPResponse, Request, text

from corekit import CorsPolicy, CorsRoutes, DecisionEvent
from corekit_sanic import cors, install
from tests.core.reporting import logged
from tests.sanic.serving import APP, UNTRUSTED, Server, serve
from tests.sanic.site import make, policy

LOGGER = "corekit.sanic"

VISITED = [
    ("NOT_CORS", "/", "NOT_CORS"),
    ("ACTUAL", "/stream", "GRANTED"),
    ("ACTUAL", "/fail", "GRANTED"),
    ("ACTUAL", "/bad-status", "GRANTED"),
    ("ACTUAL", "/missing é", "ORIGIN_NOT_ALLOWED"),
    ("PREFLIGHT", "/", "HEADER_NOT_ALLOWED"),
    ("PREFLIGHT", "/", "METHOD_NOT_ALLOWED"),
]


def visit(server: Server) -> None:
    server.get("/", None)
    server.get("/stream")
    server.get("/fail")
    server.get("/bad-status")
    server.get("/missing%20%C3%A9", UNTRUSTED)
    for method in ("PUT", "DELETE"):
        server.preflight("/", method=method)


class TestOnDecision:
    @pytest.mark.parametrize("policies", [policy, CorsRoutes([("/", policy)])])
    def test_every_request_is_reported_once(self, policies: Any) -> None:
        events: list[DecisionEvent] = []
        app = make()
        install(app, policies, on_decision=events.append)
        with serve(app) as server:
            visit(server)
        reported = [(e.decision.kind.name, e.path, e.decision.reason.name) for e in events]
        assert reported == VISITED
        assert {event.adapter for event in events} == {"sanic"}
        assert events[1].origin == APP
        assert isinstance(events[1].request, Request)
        assert (events[-1].request_method, events[-1].request_headers) == ("DELETE", "x-a")
        assert (events[1].request_method, events[1].request_headers) == (None, None)

    def test_policy_of_a_handler_is_reported_too(self) -> None:
        events: list[DecisionEvent] = []

        @cors(allow_origins=["*"])
        async def own(request: Request) -> HTTPResponse:
            return text("own")

        app = make()
        app.add_route(own, "/own")
        install(app, on_decision=events.append)
        with serve(app) as server:
            server.get("/own")
            server.get("/")
        assert [event.path for event in events] == ["/own"]

    def test_coroutine_function_is_refused(self) -> None:
        async def observe(event: DecisionEvent) -> None: ...

        app = make()
        with pytest.raises(TypeError, match="Pass a plain function"):
            install(app, policy, on_decision=observe)  # type: ignore[arg-type]
        install(app, policy)


class TestLog:
    def test_debug_mode_warns_once_of_each(self, caplog: pytest.LogCaptureFixture) -> None:
        app = make()
        install(app, CorsPolicy(allow_origins=[APP]))
        with serve(app, debug=True) as server:
            server.get("/", UNTRUSTED)
            server.get("/", UNTRUSTED)
        assert logged(caplog, LOGGER) == [("WARNING", "ORIGIN_NOT_ALLOWED")]
