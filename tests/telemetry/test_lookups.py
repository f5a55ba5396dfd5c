"""The outcomes of look-ups, pulled from a real registry and a real meter."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry, generate_latest

from corekit_lookups import LookupRequest, OriginLookup, Outcome
from corekit_telemetry.opentelemetry import OpenTelemetryLookups
from corekit_telemetry.prometheus import PrometheusLookups
from tests.clock import Clock

SHOP = "https://shop-1.example"
EVIL = "https://evil.example"
UNKNOWN = "https://unknown.example"
REQUEST = LookupRequest("https", "api.example.com", "/")

ASKED = [SHOP, SHOP, EVIL, UNKNOWN, UNKNOWN, "null"]
COUNTED = {
    **dict.fromkeys(map(str, Outcome), 0),
    "allowed": 1,
    "cached_allowed": 1,
    "denied": 1,
    "failed": 1,
    "backed_off": 1,
    "rejected": 1,
}


def is_allowed(origin: str) -> bool:
    if origin == UNKNOWN:
        raise OSError
    return origin == SHOP


@pytest.fixture
def lookup() -> OriginLookup:
    return OriginLookup(is_allowed, clock=Clock())


def ask_all(lookup: OriginLookup) -> None:
    for origin in ASKED:
        lookup.ask_sync(origin, REQUEST)


def test_prometheus_pulls_the_counts_of_the_moment(lookup: OriginLookup) -> None:
    registry = CollectorRegistry()
    PrometheusLookups(lookup, registry=registry)
    for expected in (dict.fromkeys(COUNTED, 0), COUNTED):
        assert {
            outcome: registry.get_sample_value("cors_lookups_total", {"outcome": outcome})
            for outcome in COUNTED
        } == expected
        ask_all(lookup)


def test_prometheus_has_a_series_for_each_outcome(lookup: OriginLookup) -> None:
    registry = CollectorRegistry()
    PrometheusLookups(lookup, registry=registry, name="shop_lookups")
    ask_all(lookup)
    text = generate_latest(registry).decode()
    assert "# TYPE shop_lookups_total counter" in text
    assert text.count("shop_lookups_total{") == 11


def test_prometheus_refuses_a_second_one_of_the_same_name(lookup: OriginLookup) -> None:
    registry = CollectorRegistry()
    PrometheusLookups(lookup, registry=registry)
    with pytest.raises(ValueError, match="Duplicated"):
        PrometheusLookups(lookup, registry=registry)


def test_opentelemetry_pulls_the_counts_of_the_moment(lookup: OriginLookup) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    OpenTelemetryLookups(lookup, meter=provider.get_meter("tests"))
    for expected in (dict.fromkeys(COUNTED, 0), COUNTED):
        data = reader.get_metrics_data()
        assert data is not None
        (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
        assert metric.name == "cors.lookups"
        assert metric.data.is_monotonic  # type: ignore[union-attr]
        assert {
            (point.attributes or {})["cors.outcome"]: point.value  # type: ignore[union-attr]
            for point in metric.data.data_points
        } == expected
        ask_all(lookup)
    provider.shutdown()


@pytest.mark.parametrize("make", [PrometheusLookups, OpenTelemetryLookups])
@pytest.mark.parametrize("wrong", [None, is_allowed, OriginLookup])
def test_anything_else_is_a_type_error(make: object, wrong: object) -> None:
    with pytest.raises(TypeError, match=r"^lookup is of type .*\. Pass a corekit_lookups\.Origin"):
        make(wrong)  # type: ignore[operator]
