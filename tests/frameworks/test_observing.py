"""What every adapter reports of its decisions: to `on_decision` and to its logger.

What only one of them does is tested in its own folder.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest as DjangoRequest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from sanic import Request as SanicRequest

from corekit import CorsPolicy, CorsRoutes, DecisionEvent, Reason, RequestKind
from corekit.browser import HttpRequest, HttpResponse
from corekit_telemetry.opentelemetry import OpenTelemetryEvents
from corekit_telemetry.prometheus import PrometheusCounter
from tests.properties.adapters import ADAPTERS
from tests.properties.application import Application

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"
METHOD, HEADERS = "Access-Control-Request-Method", "Access-Control-Request-Headers"
NOT_CORS, ACTUAL, PREFLIGHT = RequestKind.NOT_CORS, RequestKind.ACTUAL, RequestKind.PREFLIGHT

policy = CorsPolicy(
    allow_origins=[APP],
    allow_credentials=True,
    allow_methods=["PUT"],
    allow_headers=["content-type"],
    expose_headers=["x-request-id"],
    max_age=600,
)
routes = CorsRoutes([("/api/", policy), ("/public/", CorsPolicy(allow_origins=["*"]))])

Fields = dict[str, str]


def is_scope(request: Any) -> bool:
    return bool(request["type"] == "http")


def is_environ(request: Any) -> bool:
    return bool(request["REQUEST_METHOD"])


REQUESTS: dict[str, Callable[[Any], bool]] = {
    "aiohttp": lambda request: isinstance(request, web.Request),
    "asgi": is_scope,
    "django": lambda request: isinstance(request, DjangoRequest),
    "flask": is_environ,
    "sanic": lambda request: isinstance(request, SanicRequest),
    "starlette": is_scope,
    "wsgi": is_environ,
}
"""Whether an event of an adapter has the request as its framework represents it."""


class Client:
    """An adapter, and requests to the application that it is installed in."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.logger = f"corekit.{name}"

    def install(
        self,
        around: CorsPolicy | CorsRoutes = policy,
        on_decision: Callable[[DecisionEvent], None] | None = None,
    ) -> None:
        self.send = ADAPTERS[self.name](around, Application(200, []), on_decision)

    def ask(
        self, method: str = "GET", fields: Fields | None = None, path: str = "/"
    ) -> HttpResponse:
        url = f"https://api.example.org{path}"
        return self.send(HttpRequest(method, url, tuple((fields or {}).items())))

    def records(self, caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
        return [record for record in caplog.records if record.name == self.logger]


@pytest.fixture(params=sorted(ADAPTERS))
def client(request: pytest.FixtureRequest) -> Client:
    return Client(request.param)


def origin(value: str) -> Fields:
    return {"Origin": value}


def preflight(value: str, method: str = "PUT", names: str = "content-type") -> Fields:
    return {
        "Origin": value,
        METHOD: method,
        HEADERS: names,
    }


def fail(event: DecisionEvent) -> None:
    raise LookupError("a bug of the hook")


class Broken:
    """A metrics collector of which each call raises an exception."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *values: object, **named: object) -> Any:
        if values[0] == 1:
            raise LookupError("a bug of the collector")
        return self


def broken_counter() -> PrometheusCounter:
    counter = PrometheusCounter(registry=CollectorRegistry())
    counter._counter = None  # type: ignore[assignment]
    return counter


FAILING: dict[str, Callable[[DecisionEvent], None]] = {
    "a function": fail,
    "Prometheus": broken_counter(),
    "OpenTelemetry": OpenTelemetryEvents(meter=Broken()),  # type: ignore[arg-type]
}


async def hear_later(event: DecisionEvent) -> None: ...


def test_every_adapter_has_a_kind_of_request() -> None:
    assert REQUESTS.keys() == ADAPTERS.keys()


class TestOnDecision:
    @pytest.mark.parametrize(
        ("asked", "kind", "reason"),
        [
            (("GET", {}), NOT_CORS, Reason.NOT_CORS),
            (("GET", origin(APP)), ACTUAL, Reason.GRANTED),
            (("OPTIONS", origin(APP)), ACTUAL, Reason.GRANTED),
            (("GET", origin(UNTRUSTED)), ACTUAL, Reason.ORIGIN_NOT_ALLOWED),
            (("GET", preflight(UNTRUSTED)), ACTUAL, Reason.ORIGIN_NOT_ALLOWED),
            (("GET", origin("x")), ACTUAL, Reason.ORIGIN_MALFORMED),
            (("OPTIONS", preflight(APP)), PREFLIGHT, Reason.GRANTED),
            (("OPTIONS", preflight(APP, "PATCH")), PREFLIGHT, Reason.METHOD_NOT_ALLOWED),
            (("OPTIONS", preflight(APP, "PUT", "x-b")), PREFLIGHT, Reason.HEADER_NOT_ALLOWED),
            (("OPTIONS", preflight(UNTRUSTED)), PREFLIGHT, Reason.ORIGIN_NOT_ALLOWED),
        ],
    )
    @pytest.mark.parametrize("around", [policy, routes], ids=["policy", "routes"])
    def test_every_covered_request_is_reported_once(
        self,
        client: Client,
        around: CorsPolicy | CorsRoutes,
        asked: tuple[str, Fields],
        kind: RequestKind,
        reason: Reason,
    ) -> None:
        heard: list[DecisionEvent] = []
        client.install(around, heard.append)
        method, fields = asked
        client.ask(method, fields, "/api/caf%C3%A9")
        (event,) = heard
        assert (event.decision.kind, event.decision.reason) == (kind, reason)
        assert (event.adapter, event.method, event.path) == (client.name, method, "/api/caf\u00e9")
        assert event.origin == fields.get("Origin")
        requested = fields if kind is PREFLIGHT else {}
        assert event.request_method == requested.get(METHOD)
        assert event.request_headers == requested.get(HEADERS)
        assert REQUESTS[client.name](event.request)

    @pytest.mark.parametrize(
        ("sent", "site", "reason"),
        [
            ("https://api.example.org", None, Reason.SAME_ORIGIN),
            ("https://api.example.org", "same-origin", Reason.SAME_ORIGIN),
            # Behind a proxy that replaces Host.
            ("https://public.example.org", "same-origin", Reason.SAME_ORIGIN),
            ("null", "same-origin", Reason.SAME_ORIGIN),
            ("https://api.example.org", "cross-site", Reason.ORIGIN_NOT_ALLOWED),
            ("https://api.example.org:8443", None, Reason.ORIGIN_NOT_ALLOWED),
            (UNTRUSTED, "same-site", Reason.ORIGIN_NOT_ALLOWED),
        ],
    )
    def test_page_of_the_server_itself_is_no_denial(
        self,
        client: Client,
        sent: str,
        site: str | None,
        reason: Reason,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        heard: list[DecisionEvent] = []
        client.install(on_decision=heard.append)
        fields = origin(sent)
        if site is not None:
            fields["Sec-Fetch-Site"] = site
        with caplog.at_level(logging.INFO, client.logger):
            response = client.ask("POST", fields, "/api/items")
        (event,) = heard
        is_own = reason is Reason.SAME_ORIGIN
        assert event.decision.reason is reason
        assert event.decision.kind is (NOT_CORS if is_own else ACTUAL)
        assert event.outcome == ("not_cors" if is_own else "denied")
        assert len(client.records(caplog)) == (0 if is_own else 1)
        denied = client.ask("POST", origin(UNTRUSTED), "/api/items")
        assert (response.status, response.headers) == (denied.status, denied.headers)

    def test_uncovered_paths_are_not_reported(self, client: Client) -> None:
        heard: list[DecisionEvent] = []
        client.install(routes, heard.append)
        client.ask("GET", origin(UNTRUSTED), "/other")
        client.ask("OPTIONS", preflight(UNTRUSTED), "/other")
        assert heard == []

    @pytest.mark.parametrize("fields", [{}, origin(APP), origin(UNTRUSTED)])
    @pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING.keys())
    def test_failing_on_decision_changes_no_response(
        self,
        client: Client,
        failing: Callable[[DecisionEvent], None],
        fields: Fields,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        client.install(on_decision=failing)
        reported = client.ask(fields=fields)
        (record,) = client.records(caplog)
        assert record.levelname == "ERROR"
        assert record.exc_info
        client.install()
        quiet = client.ask(fields=fields)
        assert (reported.status, reported.body) == (quiet.status, quiet.body) == (200, b"secret")
        assert without_date(reported) == without_date(quiet)

    def test_coroutine_function_is_refused(self, client: Client) -> None:
        error = ImproperlyConfigured if client.name == "django" else TypeError
        with pytest.raises(error, match="on_decision is a coroutine function"):
            client.install(on_decision=hear_later)  # type: ignore[arg-type]

    @pytest.mark.parametrize("name", ["asgi", "wsgi"])
    @given(
        method=st.sampled_from(["GET", "OPTIONS", "PUT"]),
        fields=st.fixed_dictionaries(
            {},
            optional={
                "Origin": st.sampled_from([APP, UNTRUSTED, "null", "x", f"{APP}\r\nx: 1"]),
                METHOD: st.sampled_from(["PUT", "PATCH", "put", "\xff"]),
                HEADERS: st.sampled_from(["content-type", "x-b", ",", "\xff", "," * 5_000]),
            },
        ),
        echoes=st.booleans(),
    )
    def test_hostile_headers_are_decided_as_reported(
        self, name: str, method: str, fields: Fields, echoes: bool
    ) -> None:
        given = policy.replace(allow_methods=["*"], allow_headers=["*"]) if echoes else policy
        heard: list[DecisionEvent] = []
        client = Client(name)
        client.install(given, heard.append)
        response = client.ask(method, fields)
        (event,) = heard
        assert event.decision == given.decide(
            method,
            origin=fields.get("Origin"),
            request_method=fields.get(METHOD),
            request_headers=fields.get(HEADERS),
        )
        answered = {(field.lower(), value) for field, value in response.headers}
        assert {(field.lower(), value) for field, value in event.decision.headers} <= answered
        assert event.decision.status in (None, response.status)


class BrokenFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        raise LookupError("a bug of the filter")


class BrokenHandler(logging.Handler):
    def handle(self, record: logging.LogRecord) -> bool:
        raise LookupError("a bug of the handler")


def break_filter(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logger, "filters", [BrokenFilter()])


def break_handler(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logger, "handlers", [BrokenHandler()])


def break_logger(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*values: object, **named: object) -> None:
        raise LookupError("a bug of the logger")

    monkeypatch.setattr(logger, "isEnabledFor", refuse)
    monkeypatch.setattr(logger, "log", refuse)


class TestFailingLog:
    @pytest.mark.parametrize("break_log", [break_filter, break_handler, break_logger])
    def test_failing_log_changes_no_response(
        self,
        client: Client,
        break_log: Callable[[logging.Logger, pytest.MonkeyPatch], None],
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        asked: tuple[tuple[str, Fields], ...] = (
            ("GET", {}),
            ("GET", origin(APP)),
            ("GET", origin(UNTRUSTED)),
            ("OPTIONS", preflight(UNTRUSTED)),
            ("OPTIONS", preflight(APP, "PATCH")),
        )

        def visit() -> list[tuple[int, bytes, list[tuple[str, str]]]]:
            responses = [client.ask(method, fields) for method, fields in asked]
            return [(each.status, each.body, without_date(each)) for each in responses]

        client.install()
        quiet = visit()
        caplog.set_level(logging.INFO, client.logger)
        break_log(logging.getLogger(client.logger), monkeypatch)
        for on_decision in (None, fail):
            client.install(on_decision=on_decision)
            assert visit() == quiet
            assert "raised an exception; the request continues" in capsys.readouterr().err

    def test_on_decision_is_called_if_the_log_fails(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard: list[DecisionEvent] = []
        client.install(on_decision=heard.append)
        break_logger(logging.getLogger(client.logger), monkeypatch)
        client.ask("GET", origin(UNTRUSTED))
        client.ask("OPTIONS", preflight(APP, "PATCH"))
        assert len(heard) == 2


def without_date(response: HttpResponse) -> list[tuple[str, str]]:
    return [(name, value) for name, value in response.headers if name.lower() != "date"]


class TestLog:
    def test_denials_are_logged_at_info(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        client.install(routes)

        def deny() -> None:
            client.ask("GET", origin(UNTRUSTED), "/api/")
            client.ask("OPTIONS", preflight(UNTRUSTED), "/api/")
            client.ask("OPTIONS", preflight(APP, "PUT", "x-b"), "/api/")
            client.ask("OPTIONS", preflight(APP, "PATCH"), "/api/items")

        deny()
        assert client.records(caplog) == []
        caplog.set_level(logging.INFO, client.logger)
        deny()
        records = client.records(caplog)
        assert [record.levelname for record in records] == ["INFO"] * 4
        assert [record.getMessage().partition("://")[0] for record in records] == [
            "CORS: GET '/api/' from 'https",
            "CORS: preflight for PUT '/api/' with 'content-type' from 'https",
            "CORS: preflight for PUT '/api/' with 'x-b' from 'https",
            "CORS: preflight for PATCH '/api/items' with 'content-type' from 'https",
        ]
        assert [record.getMessage().rpartition("[")[2] for record in records] == [
            "ORIGIN_NOT_ALLOWED]",
            "ORIGIN_NOT_ALLOWED]",
            "HEADER_NOT_ALLOWED]",
            "METHOD_NOT_ALLOWED]",
        ]

    def test_allowed_and_uncovered_requests_are_not_logged(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, client.logger)
        client.install(routes)
        client.ask(path="/api/")
        client.ask("GET", origin(APP), "/api/")
        client.ask("OPTIONS", preflight(APP), "/api/")
        client.ask("GET", origin(UNTRUSTED), "/other")
        assert client.records(caplog) == []

    def test_denial_is_logged_and_reported(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, client.logger)
        heard: list[DecisionEvent] = []
        client.install(on_decision=heard.append)
        client.ask("GET", origin(UNTRUSTED))
        client.ask("OPTIONS", preflight(APP, "PATCH"))
        lines = [record.getMessage() for record in client.records(caplog)]
        assert lines == list(map(str, heard))
        assert len(lines) == 2

    def test_verdict_is_not_computed_without_observers(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*values: object) -> None:
            raise AssertionError("nobody asked")

        client.install()
        monkeypatch.setattr("corekit.events.Decision", refuse)
        client.ask("OPTIONS", preflight(APP, "PATCH"))
        client.ask("GET", origin(UNTRUSTED))

    @pytest.mark.parametrize("level", [logging.INFO, logging.CRITICAL])
    def test_allowed_request_skips_the_logger(
        self,
        client: Client,
        level: int,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(level, client.logger)
        asked: list[int] = []
        is_enabled = logging.Logger.isEnabledFor

        def count(self: logging.Logger, level: int) -> bool:
            if self.name == client.logger:
                asked.append(level)
            return is_enabled(self, level)

        client.install()
        monkeypatch.setattr(logging.Logger, "isEnabledFor", count)
        for fields in ({}, origin(APP)):
            assert client.ask(fields=fields).body == b"secret"
        assert asked == []
        client.ask(fields=origin(UNTRUSTED))
        assert asked


LOCAL = ["http://localhost:5173", "https://localhost", "http://127.0.0.1:3000", "http://[::1]:81"]
REMOTE = ["http://localhost.example.com", "https://127.0.0.1.example.com", "http://localhost:a"]


def test_denial_of_a_page_on_localhost_is_a_warning_once(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, client.logger)
    client.install()
    for _ in range(2):
        for value in (*LOCAL, *REMOTE, UNTRUSTED, APP):
            client.ask(fields=origin(value))
            client.ask("OPTIONS", preflight(value))
    expected = [kind for value in LOCAL for kind in (f"GET '/' from '{value}'", f" from '{value}'")]
    messages = [record.getMessage() for record in client.records(caplog)]
    if client.name == "django":  # in this test, each request has its own settings
        messages = list(dict.fromkeys(messages))
    assert len(messages) == len(expected)
    for part, message in zip(expected, messages, strict=True):
        assert part in message
        assert "to allow_origins" in message or "CORS_ALLOWED_ORIGINS" in message
