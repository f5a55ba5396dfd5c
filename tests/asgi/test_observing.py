"""Reports of the ASGI middleware to `on_decision` and to its logger."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes, DecisionEvent, Reason, RequestKind
from corekit._engine import Engine
from corekit.events import Observer
from corekit_asgi import CorsMiddleware
from tests.asgi.test_middleware import APP, UNTRUSTED, answering, ask, policy, preflight, run

routes = CorsRoutes([("/api/", policy), ("/public/", CorsPolicy(allow_origins=["*"]))])

LOGGER = "corekit.asgi"


def asking(origin: str) -> list[tuple[bytes, bytes]]:
    return [(b"origin", origin.encode("latin-1"))]


class TestOnDecision:
    @pytest.mark.parametrize(
        ("method", "headers", "kind", "reason"),
        [
            ("GET", [], RequestKind.NOT_CORS, Reason.NOT_CORS),
            ("GET", asking(APP), RequestKind.ACTUAL, Reason.GRANTED),
            ("OPTIONS", asking(APP), RequestKind.ACTUAL, Reason.GRANTED),
            ("GET", asking(UNTRUSTED), RequestKind.ACTUAL, Reason.ORIGIN_NOT_ALLOWED),
            ("GET", asking("x"), RequestKind.ACTUAL, Reason.ORIGIN_MALFORMED),
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
        app = CorsMiddleware(answering(), around, on_decision=heard.append)
        ask(app, method, headers, "/api/items")
        (event,) = heard
        assert (event.decision.kind, event.decision.reason) == (kind, reason)
        assert (event.adapter, event.method, event.path) == ("asgi", method, "/api/items")

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

    def test_event_scope_is_readable_if_headers_are_a_generator(self) -> None:
        heard: list[DecisionEvent] = []
        app = CorsMiddleware(answering(), policy, on_decision=heard.append)
        ask(app, headers=(header for header in asking(APP)))
        assert list(heard[0].request["headers"]) == asking(APP)

    def test_uncovered_paths_are_not_reported(self) -> None:
        heard: list[DecisionEvent] = []
        app = CorsMiddleware(answering(), routes, on_decision=heard.append)
        ask(app, headers=asking(UNTRUSTED), path="/other")
        ask(app, "OPTIONS", preflight(UNTRUSTED), "/other")
        assert heard == []

    @pytest.mark.parametrize("kind", ["websocket", "lifespan"])
    def test_other_protocols_are_not_reported(self, kind: str) -> None:
        heard: list[DecisionEvent] = []
        app = CorsMiddleware(answering(), policy, on_decision=heard.append)
        run(app, {"type": kind, "path": "/", "headers": asking(UNTRUSTED)})
        assert heard == []

    @pytest.mark.parametrize("headers", [[], asking(APP), asking(UNTRUSTED)])
    def test_failing_on_decision_changes_no_response(
        self, headers: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(event: DecisionEvent) -> None:
            raise LookupError("a bug of the hook")

        reported = ask(CorsMiddleware(answering(), policy, on_decision=fail), headers=headers)
        assert reported == ask(CorsMiddleware(answering(), policy), headers=headers)
        (record,) = caplog.records
        assert (record.name, record.levelname) == (LOGGER, "ERROR")
        assert record.exc_info

    def test_coroutine_function_is_refused(self) -> None:
        async def hear(event: DecisionEvent) -> None: ...

        with pytest.raises(TypeError, match="Pass a plain function"):
            CorsMiddleware(answering(), policy, on_decision=hear)  # type: ignore[arg-type]

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
            b"origin": origin,
            b"access-control-request-method": asked,
            b"access-control-request-headers": names,
        }
        headers = [(name, value.encode("latin-1")) for name, value in sent.items() if value]
        heard: list[DecisionEvent] = []
        start, _ = ask(
            CorsMiddleware(answering(), given, on_decision=heard.append), method, headers
        )
        (event,) = heard
        assert event.decision == given.decide(
            method, origin=origin, request_method=asked, request_headers=names
        )
        answered = {name: value.decode("latin-1") for name, value in start["headers"]}
        for name, value in event.decision.headers:
            assert answered[name.lower().encode()] == value
        assert event.decision.status in (None, start["status"])


class TestLog:
    def test_denials_are_logged_by_the_adapter(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, LOGGER)
        app = CorsMiddleware(answering(), routes)
        ask(app, headers=asking(UNTRUSTED), path="/api/")
        ask(app, "OPTIONS", preflight(UNTRUSTED), "/api/")
        ask(app, "OPTIONS", preflight(APP, "PATCH"), "/api/items")
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

    def test_denial_is_logged_and_reported(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, LOGGER)
        heard: list[DecisionEvent] = []
        app = CorsMiddleware(answering(), policy, on_decision=heard.append)
        ask(app, headers=asking(UNTRUSTED))
        ask(app, "OPTIONS", preflight(APP, "PATCH"))
        assert [record.getMessage() for record in caplog.records] == list(map(str, heard))

    def test_verdict_is_not_computed_without_observers(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*values: object) -> None:
            raise AssertionError("nobody asked")

        monkeypatch.setattr(Engine, "decision_of", fail)
        app = CorsMiddleware(answering(), policy)
        ask(app, "OPTIONS", preflight(APP, "PATCH"))
        ask(app, headers=asking(UNTRUSTED))

    @pytest.mark.parametrize("headers", [[], asking(APP)])
    def test_allowed_request_skips_the_logger(
        self, headers: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(self: logging.Logger, level: int) -> bool:
            raise AssertionError("nobody was denied")

        app = CorsMiddleware(answering(), policy)
        monkeypatch.setattr(logging.Logger, "isEnabledFor", refuse)
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
        assert drive(app, scope) == 2


def drive(app: Any, scope: dict[str, Any]) -> int:
    """Run an application without an event loop, with its own logger."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(StopIteration):
        app(scope, None, send).send(None)
    return len(sent)
