"""Span events and counts, recorded by the OpenTelemetry SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

import pytest
from flask import Flask
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from corekit import CorsPolicy, DecisionEvent, LivePolicy
from corekit_config import refresh
from corekit_flask import Cors
from corekit_lookups import OriginLookup
from corekit_starlette import install
from corekit_telemetry.opentelemetry import OpenTelemetryEvents

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"

policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> Iterator[TracerProvider]:
    made = TracerProvider(shutdown_on_exit=False)
    made.add_span_processor(SimpleSpanProcessor(exporter))
    yield made
    made.shutdown()


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


class Traced:
    """Like an instrumentation: start a span for each request, outside of corekit."""

    def __init__(self, app: Any, provider: TracerProvider) -> None:
        self.app = app
        self.tracer = provider.get_tracer("tests")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        with self.tracer.start_as_current_span("request", kind=SpanKind.SERVER):
            await self.app(scope, receive, send)


def make_starlette(provider: TracerProvider, tell: OpenTelemetryEvents) -> TestClient:
    app = Starlette(routes=[Route("/", hello)])
    install(app, policy, on_decision=tell)
    return TestClient(Traced(app, provider))


def events_of(spans: tuple[ReadableSpan, ...]) -> list[list[tuple[str, Mapping[str, Any]]]]:
    return [[(event.name, dict(event.attributes or {})) for event in span.events] for span in spans]


def test_decision_is_an_event_of_the_request_span(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    client = make_starlette(provider, OpenTelemetryEvents())
    client.get("/", headers={"Origin": APP})
    client.options(
        "/",
        headers={
            "Origin": APP,
            "Access-Control-Request-Method": "DELETE",
            "Access-Control-Request-Headers": "x-a",
        },
    )
    assert events_of(exporter.get_finished_spans()) == [
        [
            (
                "cors.decision",
                {
                    "cors.adapter": "starlette",
                    "cors.kind": "actual",
                    "cors.outcome": "granted",
                    "cors.reason": "granted",
                    "cors.origin": APP,
                },
            )
        ],
        [
            (
                "cors.decision",
                {
                    "cors.adapter": "starlette",
                    "cors.kind": "preflight",
                    "cors.outcome": "denied",
                    "cors.reason": "method_not_allowed",
                    "cors.origin": APP,
                    "cors.request_method": "DELETE",
                    "cors.request_headers": "x-a",
                },
            )
        ],
    ]


def test_event_has_the_outcome_of_a_look_up(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    lookup = OriginLookup(lambda origin: True, timeout=10)
    app = Starlette(routes=[Route("/", hello)])
    install(app, policy, on_decision=OpenTelemetryEvents(), lookup=lookup)
    TestClient(Traced(app, provider)).get("/", headers={"Origin": UNTRUSTED})
    ((event,),) = events_of(exporter.get_finished_spans())
    assert event[1]["cors.lookup"] == "allowed"
    assert "cors.snapshot.age" not in event[1]


def test_event_has_the_age_of_the_rows(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    live = LivePolicy(policy)
    app = Starlette(routes=[Route("/", hello)])
    install(app, live, on_decision=OpenTelemetryEvents())
    with refresh(lambda: [UNTRUSTED], live):
        TestClient(Traced(app, provider)).get("/", headers={"Origin": UNTRUSTED})
    ((event,),) = events_of(exporter.get_finished_spans())
    assert 0 <= event[1]["cors.snapshot.age"] < 60
    assert "cors.lookup" not in event[1]


def test_requests_without_origin_add_no_event(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    make_starlette(provider, OpenTelemetryEvents()).get("/")
    assert events_of(exporter.get_finished_spans()) == [[]]


def test_exported_span_has_escaped_and_bounded_values(provider: TracerProvider) -> None:
    written = StringIO()
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=written)))
    tell = OpenTelemetryEvents()
    origin = "https://a.example\r\n\x1b[31m\u202e" + "x" * 65_536
    event = DecisionEvent(policy.decide("GET", origin=origin), "asgi", "GET", "/", origin)
    with provider.get_tracer("tests").start_as_current_span("request"):
        tell(event)
    (found,) = json.loads(written.getvalue())["events"]
    shown = found["attributes"]["cors.origin"]
    assert shown.startswith(r"'https://a.example\r\n\x1b[31m\u202exxx")
    assert len(shown) < 300
    assert all(" " <= character <= "~" for character in shown)


def test_flask_is_traced_too(provider: TracerProvider, exporter: InMemorySpanExporter) -> None:
    app = Flask("shop")
    app.add_url_rule("/", view_func=lambda: "hello")
    Cors(app, policy, on_decision=OpenTelemetryEvents())
    with provider.get_tracer("tests").start_as_current_span("request"):
        app.test_client().get("/", headers={"Origin": UNTRUSTED})
    ((event,),) = events_of(exporter.get_finished_spans())
    assert event[1]["cors.adapter"] == "flask"
    assert event[1]["cors.outcome"] == "denied"


def test_nothing_is_recorded_without_a_span(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Starlette(routes=[Route("/", hello)])
    install(app, policy, on_decision=OpenTelemetryEvents())
    assert TestClient(app).get("/", headers={"Origin": APP}).status_code == 200
    assert [record for record in caplog.records if record.name.startswith("corekit")] == []


def test_meter_counts_every_decision_without_the_origin(provider: TracerProvider) -> None:
    reader = InMemoryMetricReader()
    meters = MeterProvider([reader], shutdown_on_exit=False)
    client = make_starlette(provider, OpenTelemetryEvents(meter=meters.get_meter("tests")))
    client.get("/")
    for origin in (UNTRUSTED, "https://other.example", APP):
        client.get("/", headers={"Origin": origin})
    data: Any = reader.get_metrics_data()
    meters.shutdown()
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    assert (metric.name, metric.unit) == ("cors.decisions", "{request}")
    counted = {
        tuple(sorted(point.attributes.items())): point.value for point in metric.data.data_points
    }
    assert counted == {
        (
            ("cors.adapter", "starlette"),
            ("cors.kind", kind),
            ("cors.outcome", outcome),
            ("cors.reason", reason),
        ): count
        for kind, outcome, reason, count in (
            ("not_cors", "not_cors", "not_cors", 1),
            ("actual", "denied", "origin_not_allowed", 2),
            ("actual", "granted", "granted", 1),
        )
    }
