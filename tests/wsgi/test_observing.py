"""Reports of the WSGI middleware to `on_decision` and to its logger."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes, DecisionEvent, Reason, RequestKind
from corekit._engine import Engine
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
    @pytest.mark.parametrize(
        ("method", "headers", "kind", "reason"),
        [
            ("GET", {}, RequestKind.NOT_CORS, Reason.NOT_CORS),
            ("GET", {"origin": APP}, RequestKind.ACTUAL, Reason.GRANTED),
            ("OPTIONS", {"origin": APP}, RequestKind.ACTUAL, Reason.GRANTED),
            ("GET", {"origin": UNTRUSTED}, RequestKind.ACTUAL, Reason.ORIGIN_NOT_ALLOWED),
            ("GET", preflight(UNTRUSTED), RequestKind.ACTUAL, Reason.ORIGIN_NOT_ALLOWED),
            ("GET", {"origin": "x"}, RequestKind.ACTUAL, Reason.ORIGIN_MALFORMED),
            ("OPTIONS", preflight(APP), RequestKind.PREFLIGHT, Reason.GRANTED),
            ("OPTIONS", preflight(APP, "PATCH"), RequestKind.PREFLIGHT, Reason.METHOD_NOT_ALLOWED),
            (
                "OPTIONS",
                preflight(APP, "PUT", "x-b"),
                RequestKind.PREFLIGHT,
                Reason.HEADER_NOT_ALLOWED,
            ),
            ("OPTIONS", preflight(UNTRUSTED), RequestKind.PREFLIGHT, Reason.ORIGIN_NOT_ALLOWED),
        ],
    )
    @pytest.mark.parametrize("around", [policy, routes], ids=["policy", "routes"])
    def test_every_covered_request_is_reported_once(
        self, around: Any, method: str, headers: Any, kind: RequestKind, reason: Reason
    ) -> None:
        heard: list[DecisionEvent] = []
        app = CorsMiddleware(hello, around, on_decision=heard.append)
        Exchange(app, method, "/api/items", **headers)
        (event,) = heard
        assert (event.decision.kind, event.decision.reason) == (kind, reason)
        assert (event.adapter, event.method, event.path) == ("wsgi", method, "/api/items")

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

    def test_uncovered_paths_are_not_reported(self) -> None:
        heard: list[DecisionEvent] = []
        app = CorsMiddleware(hello, routes, on_decision=heard.append)
        Exchange(app, "GET", "/other", origin=UNTRUSTED)
        Exchange(app, "OPTIONS", "/other", **preflight(UNTRUSTED))
        assert heard == []

    @pytest.mark.parametrize("headers", [{}, {"origin": APP}, {"origin": UNTRUSTED}])
    def test_failing_on_decision_changes_no_response(
        self, headers: dict[str, str], caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(event: DecisionEvent) -> None:
            raise LookupError("a bug of the hook")

        reported = Exchange(CorsMiddleware(hello, policy, on_decision=fail), **headers)
        quiet = Exchange(CorsMiddleware(hello, policy), **headers)
        assert (reported.status, reported.headers, reported.body) == (
            quiet.status,
            quiet.headers,
            quiet.body,
        )
        (record,) = caplog.records
        assert (record.name, record.levelname) == (LOGGER, "ERROR")
        assert record.exc_info

    def test_coroutine_function_is_refused(self) -> None:
        async def hear(event: DecisionEvent) -> None: ...

        with pytest.raises(TypeError, match="Pass a plain function"):
            CorsMiddleware(hello, policy, on_decision=hear)  # type: ignore[arg-type]

    @given(
        method=st.sampled_from(["GET", "OPTIONS", "PUT"]),
        origin=st.sampled_from([None, APP, UNTRUSTED, "null", "x", f"{APP}\r\nx: 1"]),
        asked=st.sampled_from([None, "PUT", "PATCH", "put", "\xff"]),
        names=st.sampled_from([None, "content-type", "x-b", ",", "\xff", "," * 5_000]),
        echoes=st.booleans(),
    )
    def test_reported_decision_matches_the_response(
        self, method: str, origin: str | None, asked: str | None, names: str | None, echoes: bool
    ) -> None:
        given = policy.replace(allow_methods=["*"], allow_headers=["*"]) if echoes else policy
        sent = {
            "origin": origin,
            "access_control_request_method": asked,
            "access_control_request_headers": names,
        }
        headers = {name: value for name, value in sent.items() if value is not None}
        heard: list[DecisionEvent] = []
        app = CorsMiddleware(hello, given, on_decision=heard.append)
        exchange = Exchange(app, method, **headers)
        (event,) = heard
        assert event.decision == given.decide(
            method, origin=origin, request_method=asked, request_headers=names
        )
        assert set(event.decision.headers) <= set(exchange.headers)
        assert event.decision.status in (None, int(exchange.status[:3]))


class TestLog:
    def test_denials_are_logged_by_the_adapter(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, LOGGER)
        app = CorsMiddleware(hello, routes)
        Exchange(app, "GET", "/api/", origin=UNTRUSTED)
        Exchange(app, "OPTIONS", "/api/", **preflight(UNTRUSTED))
        Exchange(app, "OPTIONS", "/api/items", **preflight(APP, "PATCH"))
        assert [(record.name, record.levelname) for record in caplog.records] == [
            (LOGGER, "INFO")
        ] * 3
        assert [record.getMessage().partition("://")[0] for record in caplog.records] == [
            "CORS: GET '/api/' from 'https",
            "CORS: preflight for PUT '/api/' with 'content-type' from 'https",
            "CORS: preflight for PATCH '/api/items' with 'content-type' from 'https",
        ]
        assert "METHOD_NOT_ALLOWED" in caplog.records[2].getMessage()

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

    def test_denial_is_logged_and_reported(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, LOGGER)
        heard: list[DecisionEvent] = []
        app = CorsMiddleware(hello, policy, on_decision=heard.append)
        Exchange(app, origin=UNTRUSTED)
        Exchange(app, "OPTIONS", **preflight(APP, "PATCH"))
        assert [record.getMessage() for record in caplog.records] == list(map(str, heard))

    def test_verdict_is_not_computed_without_observers(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*values: object) -> None:
            raise AssertionError("nobody asked")

        monkeypatch.setattr(Engine, "decision_of", fail)
        app = CorsMiddleware(hello, policy)
        Exchange(app, "OPTIONS", **preflight(APP, "PATCH"))
        Exchange(app, origin=UNTRUSTED)

    @pytest.mark.parametrize("headers", [{}, {"origin": APP}])
    def test_allowed_request_skips_the_logger(
        self, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(self: logging.Logger, level: int) -> bool:
            raise AssertionError("nobody was denied")

        monkeypatch.setattr(logging.Logger, "isEnabledFor", refuse)
        assert Exchange(CorsMiddleware(hello, policy), **headers).body == b"hello"
