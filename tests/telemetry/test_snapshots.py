"""The rows that are in use, pulled from a real registry and a real meter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry, generate_latest

from corekit import CorsPolicy, LivePolicy
from corekit_config.refreshing import AsyncRefresher, Refresher, refresh, refresh_async
from corekit_telemetry.opentelemetry import OpenTelemetrySnapshot
from corekit_telemetry.prometheus import PrometheusSnapshot

SHOP = "https://shop-1.example"


def make_live() -> LivePolicy:
    return LivePolicy(CorsPolicy(allow_origins=["https://app.example.com"]))


@pytest.fixture
def refresher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Refresher]:
    """Yield a refresher whose rows are 30 seconds old."""
    with refresh(lambda: [SHOP], make_live(), every=1_000) as refresher:
        loads = refresher._origins._loads
        last = loads._last
        assert last is not None
        monkeypatch.setattr(loads, "_clock", lambda: last + 30)
        yield refresher


async def load() -> list[str]:
    return [SHOP]


def before_the_first_load() -> AsyncRefresher:
    return refresh_async(load, make_live())


def read_meter(refresher: Refresher | AsyncRefresher) -> dict[str, list[float]]:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    OpenTelemetrySnapshot(refresher, meter=provider.get_meter("tests"))
    data = reader.get_metrics_data()
    assert data is not None
    metrics = data.resource_metrics[0].scope_metrics[0].metrics
    provider.shutdown()
    return {
        metric.name: [point.value for point in metric.data.data_points]  # type: ignore[union-attr]
        for metric in metrics
    }


def test_prometheus_has_the_age_and_the_number(refresher: Refresher) -> None:
    registry = CollectorRegistry()
    PrometheusSnapshot(refresher, registry=registry)
    assert registry.get_sample_value("cors_snapshot_age_seconds") == pytest.approx(30)
    assert registry.get_sample_value("cors_snapshot_rows") == 1
    assert "# TYPE cors_snapshot_age_seconds gauge" in generate_latest(registry).decode()


def test_prometheus_has_no_age_before_the_first_load() -> None:
    registry = CollectorRegistry()
    PrometheusSnapshot(before_the_first_load(), registry=registry, name="shop")
    assert registry.get_sample_value("shop_age_seconds") is None
    assert registry.get_sample_value("shop_rows") == 0


def test_prometheus_refuses_a_second_one_of_the_same_name(refresher: Refresher) -> None:
    registry = CollectorRegistry()
    PrometheusSnapshot(refresher, registry=registry)
    with pytest.raises(ValueError, match="Duplicated"):
        PrometheusSnapshot(refresher, registry=registry)


def test_opentelemetry_has_the_age_and_the_number(refresher: Refresher) -> None:
    expected = {"cors.snapshot.age": [pytest.approx(30)], "cors.snapshot.rows": [1]}
    assert read_meter(refresher) == expected


def test_opentelemetry_has_no_age_before_the_first_load() -> None:
    assert read_meter(before_the_first_load()) == {"cors.snapshot.rows": [0]}


@pytest.mark.parametrize("make", [PrometheusSnapshot, OpenTelemetrySnapshot])
@pytest.mark.parametrize("wrong", [None, refresh, Refresher])
def test_anything_else_is_a_type_error(make: object, wrong: object) -> None:
    with pytest.raises(TypeError, match=r"^refresher is of type .*\. Pass what corekit_config\."):
        make(wrong)  # type: ignore[operator]
