"""The outcomes of look-ups, pulled from a real registry and a real meter."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry, generate_latest

from corekit_lookups import LookupRequest, OriginLookup, Outcome
from corekit_telemetry.lookups import find_buckets
from corekit_telemetry.opentelemetry import OpenTelemetryLookupDurations, OpenTelemetryLookups
from corekit_telemetry.prometheus import PrometheusLookupDurations, PrometheusLookups
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


TIMED = {"allowed": 0.004, "denied": 0.0003, "failed": 0.25, "timed_out": 2.5}
"""By outcome, the seconds that a look-up takes."""


@pytest.fixture
def timed() -> OriginLookup:
    """Return a look-up that takes these times by its clock, and has a timeout of two seconds."""
    clock = Clock()

    def take_time(origin: str) -> bool:
        outcome = origin.removeprefix("https://").removesuffix(".example").replace("-", "_")
        clock.now += TIMED[outcome]
        if outcome == "failed":
            raise OSError
        return outcome != "denied"

    return OriginLookup(take_time, timeout=2, clock=clock)


def ask_timed(lookup: OriginLookup) -> None:
    for outcome in TIMED:
        origin = f"https://{outcome.replace('_', '-')}.example"
        for _ in range(2):  # the second time, it is remembered or backed off
            lookup.ask_sync(origin, REQUEST)


def test_prometheus_has_the_durations_of_look_ups(timed: OriginLookup) -> None:
    registry = CollectorRegistry()
    PrometheusLookupDurations(timed, registry=registry)
    ask_timed(timed)
    name = "cors_lookup_duration_seconds"
    for outcome, seconds in TIMED.items():
        labels = {"outcome": outcome}
        assert registry.get_sample_value(f"{name}_count", labels) == 1
        assert registry.get_sample_value(f"{name}_sum", labels) == pytest.approx(seconds)
        for bound in (0.0005, 0.0025, 0.005, 0.1, 0.25, 1.0, 2.0):
            in_bucket = registry.get_sample_value(f"{name}_bucket", {**labels, "le": str(bound)})
            assert in_bucket == (seconds <= bound + 1e-9), (outcome, bound)
    assert f"# TYPE {name} histogram" in generate_latest(registry).decode()


def test_prometheus_refuses_a_second_histogram_of_the_same_name(timed: OriginLookup) -> None:
    registry = CollectorRegistry()
    PrometheusLookupDurations(timed, registry=registry)
    with pytest.raises(ValueError, match="Duplicated"):
        PrometheusLookupDurations(timed, registry=registry)
    PrometheusLookupDurations(timed, registry=registry, name="shop_seconds")


def test_opentelemetry_has_the_durations_of_look_ups(timed: OriginLookup) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    OpenTelemetryLookupDurations(timed, meter=provider.get_meter("tests"))
    ask_timed(timed)
    data = reader.get_metrics_data()
    assert data is not None
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    assert (metric.name, metric.unit) == ("cors.lookup.duration", "s")
    points = {(point.attributes or {})["cors.outcome"]: point for point in metric.data.data_points}
    assert list(points) == list(TIMED)
    for outcome, point in points.items():
        assert point.count == 1  # type: ignore[union-attr]
        assert point.sum == pytest.approx(TIMED[str(outcome)])  # type: ignore[union-attr]
        assert tuple(point.explicit_bounds) == find_buckets(2)  # type: ignore[union-attr]
    provider.shutdown()


@pytest.mark.parametrize("timeout", [0.001, 0.0007, 0.05, 0.3, 1, 5, 60])
def test_buckets_end_at_the_timeout(timeout: float) -> None:
    buckets = find_buckets(timeout)
    assert buckets[0] == 0.0005
    assert buckets[-1] == timeout
    assert list(buckets) == sorted(set(buckets))


@pytest.mark.parametrize(
    "make",
    [
        PrometheusLookups,
        OpenTelemetryLookups,
        PrometheusLookupDurations,
        OpenTelemetryLookupDurations,
    ],
)
@pytest.mark.parametrize("wrong", [None, is_allowed, OriginLookup])
def test_anything_else_is_a_type_error(make: object, wrong: object) -> None:
    with pytest.raises(TypeError, match=r"^lookup is of type .*\. Pass a corekit_lookups\.Origin"):
        make(wrong)  # type: ignore[operator]
