"""Verdicts of a guard in a real Prometheus registry and in the SDK of OpenTelemetry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, generate_latest
from starlette.testclient import TestClient

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard, GuardEvent, GuardReason, Verdict
from corekit_asgi import CorsMiddleware
from corekit_telemetry.opentelemetry import OpenTelemetryVerdicts
from corekit_telemetry.prometheus import PrometheusVerdictCounter

APP: Final = "https://app.example.com"
EVIL: Final = "https://evil.example"
POLICY: Final = CorsPolicy(allow_origins=[APP])


def make_client(
    on_verdict: Callable[[GuardEvent], None], provider: TracerProvider | None = None, **guard: Any
) -> TestClient:
    async def hello(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

    app: Any = CorsMiddleware(
        hello, POLICY, guard=CrossOriginGuard(POLICY, **guard), on_verdict=on_verdict
    )
    if provider is None:
        return TestClient(app)

    async def traced(scope: Any, receive: Any, send: Any) -> None:
        with provider.get_tracer("tests").start_as_current_span("request"):
            await app(scope, receive, send)

    return TestClient(traced)


def series(registry: CollectorRegistry) -> list[str]:
    lines = generate_latest(registry).decode().splitlines()
    return sorted(line for line in lines if "_total{" in line)


@pytest.mark.parametrize(("mode", "outcome"), [("enforce", "refused"), ("report", "reported")])
def test_verdicts_are_counted(mode: str, outcome: str) -> None:
    registry = CollectorRegistry()
    client = make_client(PrometheusVerdictCounter(registry=registry), mode=mode)
    client.get("/", headers={"Origin": EVIL})
    for origin in (APP, EVIL, f"{EVIL}:8443", "x" * 5_000):
        client.post("/", headers={"Origin": origin})
    start = 'cors_verdicts_total{adapter="asgi",outcome='
    assert series(registry) == [
        f'{start}"allowed",reason="listed_origin"}} 1.0',
        f'{start}"{outcome}",reason="other_origin"}} 3.0',
    ]


def test_counter_has_another_name() -> None:
    registry = CollectorRegistry()
    make_client(PrometheusVerdictCounter(registry=registry, name="shop_verdicts")).post("/")
    assert series(registry) == [
        'shop_verdicts_total{adapter="asgi",outcome="allowed",reason="no_browser"} 1.0'
    ]


@given(st.lists(st.tuples(st.sampled_from(GuardReason), st.text(), st.text()), max_size=60))
def test_labels_are_bounded(sent: list[tuple[GuardReason, str, str]]) -> None:
    registry = CollectorRegistry()
    count = PrometheusVerdictCounter(registry=registry)
    for reason, path, origin in sent:
        count(GuardEvent(Verdict(reason), "asgi", path, path, origin))
    found = series(registry)
    assert len(found) == len({reason for reason, _, _ in sent}) <= 19
    assert sum(float(line.rpartition(" ")[2]) for line in found) == len(sent)


def test_refusal_is_an_event_of_the_request_span() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    client = make_client(OpenTelemetryVerdicts(), provider)
    client.post("/", headers={"Origin": APP})
    client.post("/", headers={"Origin": EVIL})
    client.post("/", headers={"Sec-Fetch-Site": "cross-site"})
    client.post("/", headers={"Origin": "x" * 5_000})
    events = [list(span.events) for span in exporter.get_finished_spans()]
    provider.shutdown()
    assert [[event.name for event in each] for each in events] == [
        [],
        ["cors.verdict"],
        ["cors.verdict"],
        ["cors.verdict"],
    ]
    attributes = [dict(event.attributes or {}) for each in events for event in each]
    refused = {"cors.adapter": "asgi", "cors.outcome": "refused"}
    assert attributes[:2] == [
        {**refused, "cors.reason": "other_origin", "cors.origin": EVIL},
        {**refused, "cors.reason": "cross_site"},
    ]
    assert len(str(attributes[2]["cors.origin"])) < 300


def test_meter_counts_all_verdicts() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    client = make_client(OpenTelemetryVerdicts(meter=provider.get_meter("tests")))
    for origin in (APP, EVIL, EVIL):
        client.post("/", headers={"Origin": origin})
    data: Any = reader.get_metrics_data()
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    points = sorted(
        (point.value, dict(point.attributes or {})) for point in metric.data.data_points
    )
    provider.shutdown()
    assert metric.name == "cors.verdicts"
    assert points == [
        (1, {"cors.adapter": "asgi", "cors.outcome": "allowed", "cors.reason": "listed_origin"}),
        (2, {"cors.adapter": "asgi", "cors.outcome": "refused", "cors.reason": "other_origin"}),
    ]
