"""Reports of the WSGI middleware to `on_decision` and to its logger."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes, DecisionEvent
from corekit.events import Observer
from corekit_wsgi import CorsMiddleware
from tests.wsgi.test_middleware import APP, PLAIN, UNTRUSTED, Exchange, policy

routes = CorsRoutes([("/api/", policy), ("/public/", CorsPolicy(allow_origins=["*"]))])

LOGGER = "corekit.wsgi"


def hello(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [PLAIN])
    return [b"hello"]


def preflight(origin: str, method: str = "PUT", names: str = "content-type") -> dict[str, str]:
    return {
        "origin": origin,
        "access_control_request_method": method,
        "access_control_request_headers": names,
    }


class TestOnDecision:
    def test_event_has_the_request_and_the_environ(self) -> None:
        heard: list[DecisionEvent] = []
        app = CorsMiddleware(hello, policy, on_decision=heard.append)
        path = "/caf\u00e9".encode().decode("latin-1")
        Exchange(app, "OPTIONS", path, "/mount", **preflight(APP, "PUT", "x-a,x-b"))
        (event,) = heard
        assert event.origin == APP
        assert (event.method, event.path) == ("OPTIONS", "/mount/caf\u00e9")
        assert (event.request_method, event.request_headers) == ("PUT", "x-a,x-b")
        assert event.request["HTTP_ORIGIN"] == APP


class TestLog:
    def test_allowed_and_uncovered_requests_are_not_logged(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, LOGGER)
        app = CorsMiddleware(hello, routes, debug=True)
        Exchange(app, "GET", "/api/")
        Exchange(app, "GET", "/api/", origin=APP)
        Exchange(app, "OPTIONS", "/api/", **preflight(APP))
        Exchange(app, "GET", "/other", origin=UNTRUSTED)
        assert caplog.records == []

    def test_debug_mode_warns_once_per_origin_and_reason(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        app = CorsMiddleware(hello, policy, debug=True)
        for _ in range(3):
            Exchange(app, origin=UNTRUSTED)
        assert [record.levelname for record in caplog.records] == ["WARNING"]

    def test_observer_decides_if_a_request_is_debugged(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        logger = logging.getLogger("corekit.tests")
        observer = Observer("own", logger, debug=lambda env: env["PATH_INFO"] == "/debugged")
        app = CorsMiddleware(hello, policy, observer=observer)
        for path in ("/other", "/debugged"):
            Exchange(app, path=path, origin=UNTRUSTED)
        (record,) = caplog.records
        assert (record.name, record.levelname) == ("corekit.tests", "WARNING")
        assert "'/debugged'" in record.getMessage()

    @pytest.mark.parametrize("given", [{"on_decision": print}, {"debug": True}])
    def test_observer_excludes_on_decision_and_debug(self, given: dict[str, Any]) -> None:
        observer = Observer("own", logging.getLogger("corekit.tests"))
        with pytest.raises(TypeError, match="observer replaces on_decision"):
            CorsMiddleware(hello, policy, observer=observer, **given)
