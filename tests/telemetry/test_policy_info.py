"""The gauge that names the policy in effect, pulled from a real registry and a real meter."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry, generate_latest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit_telemetry.opentelemetry import OpenTelemetryPolicyInfo
from corekit_telemetry.prometheus import PrometheusPolicyInfo

OLD = CorsPolicy(allow_origins=["https://app.example.com"])
NEW = CorsRoutes([("/api/", OLD)])


def scraped(registry: CollectorRegistry) -> list[str]:
    return [line for line in generate_latest(registry).decode().splitlines() if line[0] != "#"]


def test_prometheus_pulls_the_fingerprint_of_the_moment() -> None:
    live, registry = LivePolicy(OLD), CollectorRegistry()
    PrometheusPolicyInfo(live, registry=registry)
    assert scraped(registry) == [f'cors_policy_info{{fingerprint="{OLD.fingerprint}"}} 1.0']
    live.replace(NEW)
    assert scraped(registry) == [f'cors_policy_info{{fingerprint="{NEW.fingerprint}"}} 1.0']


def test_prometheus_takes_any_policy_and_another_name() -> None:
    registry = CollectorRegistry()
    PrometheusPolicyInfo(OLD, registry=registry, name="shop_cors")
    assert scraped(registry) == [f'shop_cors{{fingerprint="{OLD.fingerprint}"}} 1.0']
    assert b"# HELP shop_cors The CORS policy in effect" in generate_latest(registry)


def test_prometheus_refuses_a_second_one_of_the_same_name() -> None:
    registry = CollectorRegistry()
    PrometheusPolicyInfo(OLD, registry=registry)
    with pytest.raises(ValueError, match="Duplicated"):
        PrometheusPolicyInfo(NEW, registry=registry)


def observed(reader: InMemoryMetricReader) -> list[tuple[str, object, object]]:
    data = reader.get_metrics_data()
    assert data is not None
    return [
        (metric.name, dict(point.attributes or {}), point.value)  # type: ignore[union-attr]
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    ]


def test_opentelemetry_pulls_the_fingerprint_of_the_moment() -> None:
    live, reader = LivePolicy(OLD), InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    OpenTelemetryPolicyInfo(live, meter=provider.get_meter("tests"))
    for policy in (OLD, NEW):
        live.replace(policy)
        name = {"cors.policy.fingerprint": policy.fingerprint}
        assert observed(reader) == [("cors.policy.info", name, 1)]
    provider.shutdown()


@pytest.mark.parametrize("make", [PrometheusPolicyInfo, OpenTelemetryPolicyInfo])
def test_anything_else_is_a_type_error(make: object) -> None:
    with pytest.raises(TypeError, match=r"^policy is of type str: '\*'\. Pass a CorsPolicy"):
        make("*")  # type: ignore[operator]
