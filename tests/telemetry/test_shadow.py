"""What a candidate would change, in a real Prometheus registry and in the SDK of OpenTelemetry."""

from __future__ import annotations

from typing import Any, Final

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, generate_latest

from corekit import CorsPolicy, LivePolicy
from corekit.browser import HttpRequest
from corekit.shadow import OnDifference
from corekit_telemetry.opentelemetry import OpenTelemetryShadow
from corekit_telemetry.prometheus import PrometheusShadowCounter
from tests.frameworks.observing import METHOD
from tests.properties.adapters import through_wsgi
from tests.properties.application import Application

APP: Final = "https://app.example.com"
ENFORCED: Final = CorsPolicy(allow_origins=["*"], allow_methods=["PUT"])
CANDIDATE: Final = CorsPolicy(allow_origins=[APP])


def send_requests(on_difference: OnDifference) -> None:
    live: Any = LivePolicy(ENFORCED, candidate=CANDIDATE, on_difference=on_difference)
    send = through_wsgi(live, Application(200, []))
    for origin in (APP, "https://evil.example", "https://evil.example:8443"):
        send(HttpRequest("GET", "https://api.example.org/", (("Origin", origin),)))
    preflight = (("Origin", APP), (METHOD, "PUT"))
    send(HttpRequest("OPTIONS", "https://api.example.org/", preflight))


def test_differences_are_counted() -> None:
    registry = CollectorRegistry()
    send_requests(PrometheusShadowCounter(registry=registry))
    lines = generate_latest(registry).decode().splitlines()
    assert sorted(line for line in lines if "_total{" in line) == [
        'cors_shadow_total{kind="would_deny",reason="origin_denied"} 2.0',
        'cors_shadow_total{kind="would_differ",reason="method_denied"} 1.0',
    ]


def test_counter_has_another_name() -> None:
    registry = CollectorRegistry()
    send_requests(PrometheusShadowCounter(registry=registry, name="shop_shadow"))
    assert "shop_shadow_total{" in generate_latest(registry).decode()


def test_differences_are_events_of_the_span_and_are_counted() -> None:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    meters = MeterProvider([reader], shutdown_on_exit=False)
    with provider.get_tracer("tests").start_as_current_span("request"):
        send_requests(OpenTelemetryShadow(meter=meters.get_meter("tests")))
        send_requests(OpenTelemetryShadow())
    (span,) = exporter.get_finished_spans()
    events = [(event.name, dict(event.attributes or {})) for event in span.events]
    assert len(events) == 6
    assert events[2] == (
        "cors.shadow",
        {
            "cors.adapter": "wsgi",
            "cors.kind": "would_differ",
            "cors.reason": "method_denied",
            "cors.origin": APP,
        },
    )
    data = reader.get_metrics_data()
    assert data is not None
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    points: Any = metric.data.data_points
    assert metric.name == "cors.shadow"
    counts = {point.attributes["cors.kind"]: point.value for point in points}
    assert counts == {"would_deny": 2, "would_differ": 1}
    provider.shutdown()
    meters.shutdown()
