"""What every adapter reports of its decisions to `on_decision`.

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
from corekit_telemetry.opentelemetry import OpenTelemetryEvents
from corekit_telemetry.prometheus import PrometheusCounter
from tests.frameworks.observing import (
    APP,
    HEADERS,
    METHOD,
    UNTRUSTED,
    Client,
    Fields,
    fail,
    origin,
    policy,
    preflight,
    routes,
)
from tests.properties.adapters import ADAPTERS

NOT_CORS, ACTUAL, PREFLIGHT = RequestKind.NOT_CORS, RequestKind.ACTUAL, RequestKind.PREFLIGHT


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
        assert (quiet.status, quiet.body) == (200, b"secret")
        assert reported == quiet

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
