"""Reports of the ASGI middleware to `on_decision` and to its logger."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes, DecisionEvent
from corekit.events import Observer
from corekit_asgi import CorsMiddleware
from tests.asgi.calling import APP, UNTRUSTED, answering, ask, policy, preflight, run

routes = CorsRoutes([("/api/", policy), ("/public/", CorsPolicy(allow_origins=["*"]))])

LOGGER = "corekit.asgi"


def asking(origin: str) -> list[tuple[bytes, bytes]]:
    return [(b"origin", origin.encode("latin-1"))]


class TestOnDecision:
    def test_event_has_the_request_and_the_scope(self) -> None:
        heard: list[DecisionEvent] = []
        app = CorsMiddleware(answering(), policy, on_decision=heard.append)
        scope: dict[str, Any] = {
            "type": "http",
            "method": "OPTIONS",
            "path": "/caf\u00e9",
            "headers": preflight(APP, "PUT", "x-a,x-b"),
        }
        run(app, scope)
        (event,) = heard
        assert event.origin == APP
        assert (event.method, event.path) == ("OPTIONS", "/caf\u00e9")
        assert (event.request_method, event.request_headers) == ("PUT", "x-a,x-b")
        assert event.request is scope

    def test_event_has_every_line_of_a_repeated_header(self) -> None:
        heard: list[DecisionEvent] = []
        app = CorsMiddleware(answering(), policy, on_decision=heard.append)
        more = [(b"Origin", b"x"), (b"Access-Control-Request-Headers", b"x-b")]
        ask(app, method="OPTIONS", headers=preflight(APP, "PUT", "x-a") + more)
        ask(app, headers=asking(APP) * 3)
        assert [event.origin for event in heard] == [f"{APP},x", f"{APP},{APP},{APP}"]
        assert heard[0].request_headers == "x-a,x-b"

    def test_event_scope_is_readable_if_headers_are_a_generator(self) -> None:
        heard: list[DecisionEvent] = []
        app = CorsMiddleware(answering(), policy, on_decision=heard.append)
        ask(app, headers=(header for header in asking(APP)))
        assert list(heard[0].request["headers"]) == asking(APP)

    @pytest.mark.parametrize("kind", ["websocket", "lifespan"])
    def test_other_protocols_are_not_reported(self, kind: str) -> None:
        heard: list[DecisionEvent] = []
        app = CorsMiddleware(answering(), policy, on_decision=heard.append)
        run(app, {"type": kind, "path": "/", "headers": asking(UNTRUSTED)})
        assert heard == []


class TestLog:
    def test_allowed_and_uncovered_requests_are_not_logged(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, LOGGER)
        app = CorsMiddleware(answering(), routes, debug=True)
        ask(app, path="/api/")
        ask(app, headers=asking(APP), path="/api/")
        ask(app, "OPTIONS", preflight(APP), "/api/")
        ask(app, headers=asking(UNTRUSTED), path="/other")
        assert caplog.records == []

    def test_debug_mode_warns_once_per_origin_and_reason(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        app = CorsMiddleware(answering(), policy, debug=True)
        for _ in range(3):
            ask(app, headers=asking(UNTRUSTED))
        assert [record.levelname for record in caplog.records] == ["WARNING"]

    def test_observer_decides_if_a_request_is_debugged(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        logger = logging.getLogger("corekit.tests")
        observer = Observer("own", logger, debug=lambda scope: scope["path"] == "/debugged")
        app = CorsMiddleware(answering(), policy, observer=observer)
        for path in ("/other", "/debugged"):
            ask(app, headers=asking(UNTRUSTED), path=path)
        (record,) = caplog.records
        assert (record.name, record.levelname) == ("corekit.tests", "WARNING")
        assert "'/debugged'" in record.getMessage()

    @pytest.mark.parametrize("given", [{"on_decision": print}, {"debug": True}])
    def test_observer_excludes_on_decision_and_debug(self, given: dict[str, Any]) -> None:
        observer = Observer("own", logging.getLogger("corekit.tests"))
        with pytest.raises(TypeError, match="observer replaces on_decision"):
            CorsMiddleware(answering(), policy, observer=observer, **given)
