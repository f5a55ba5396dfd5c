"""The counter in a real registry, scraped as by Prometheus, with real applications."""

from __future__ import annotations

import re
import urllib.request
from typing import Any
from wsgiref.simple_server import make_server

import pytest
from flask import Flask
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    generate_latest,
    make_asgi_app,
    start_http_server,
)
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from corekit import CorsPolicy, CorsRoutes, DecisionEvent
from corekit.events import Observer
from corekit_flask import Cors
from corekit_starlette import install
from corekit_telemetry.prometheus import PrometheusCounter
from tests.frameworks.quiet import Quiet

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"

policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


def make_starlette(registry: CollectorRegistry) -> Starlette:
    metrics: Any = make_asgi_app(registry)
    app = Starlette(routes=[Route("/", hello), Mount("/metrics", metrics)])
    routes = CorsRoutes([("/metrics/", CorsPolicy.deny_all()), ("/", policy)])
    install(app, routes, on_decision=PrometheusCounter(registry=registry))
    return app


def preflight(method: str) -> dict[str, str]:
    return {"Origin": APP, "Access-Control-Request-Method": method}


def samples(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if re.match(r"cors_decisions_total\b", line)]
    return sorted(lines)


def test_scrape_of_a_starlette_application_has_the_counts(registry: CollectorRegistry) -> None:
    client = TestClient(make_starlette(registry))
    client.get("/")
    for origin in (APP, APP, UNTRUSTED, "nonsense"):
        client.get("/", headers={"Origin": origin})
    client.options("/", headers=preflight("PUT"))
    client.options("/", headers=preflight("DELETE"))
    text = client.get("/metrics/", headers={"Origin": UNTRUSTED}).text
    start = 'cors_decisions_total{adapter="starlette",kind='
    assert samples(text) == [
        f'{start}"actual",outcome="denied",reason="origin_malformed"}} 1.0',
        f'{start}"actual",outcome="denied",reason="origin_not_allowed"}} 2.0',
        f'{start}"actual",outcome="granted",reason="granted"}} 2.0',
        f'{start}"not_cors",outcome="not_cors",reason="not_cors"}} 1.0',
        f'{start}"preflight",outcome="denied",reason="method_not_allowed"}} 1.0',
        f'{start}"preflight",outcome="granted",reason="granted"}} 1.0',
    ]
    assert "# TYPE cors_decisions_total counter" in text
    assert "# HELP cors_decisions_total Requests that a CORS policy covers" in text


def test_scrape_over_http_from_a_flask_application(
    registry: CollectorRegistry,
) -> None:
    app = Flask("shop")
    app.add_url_rule("/", view_func=lambda: "hello")
    Cors(app, policy, on_decision=PrometheusCounter(registry=registry))
    scraped, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
            server.timeout = 10
            from threading import Thread

            client = Thread(target=fetch, args=(f"http://127.0.0.1:{server.server_port}/",))
            client.start()
            server.handle_request()
            client.join()
        with urllib.request.urlopen(
            f"http://127.0.0.1:{scraped.server_port}/metrics", timeout=10
        ) as response:
            families = list(text_string_to_metric_families(response.read().decode()))
    finally:
        scraped.shutdown()
        scraped.server_close()
        thread.join()
    (family,) = (family for family in families if family.name == "cors_decisions")
    (counted,) = (sample for sample in family.samples if sample.name.endswith("_total"))
    assert counted.value == 1
    assert counted.labels == {
        "adapter": "flask",
        "kind": "actual",
        "outcome": "denied",
        "reason": "origin_not_allowed",
    }


def fetch(url: str) -> None:
    request = urllib.request.Request(url, headers={"Origin": UNTRUSTED})
    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.read() == b"hello"


def test_clients_cannot_create_series(registry: CollectorRegistry) -> None:
    count = PrometheusCounter(registry=registry)
    app = Starlette(routes=[Route("/", hello)])
    install(app, policy, on_decision=count)
    client = TestClient(app)
    for number in range(50):
        origin = f"https://s-{number}.example"
        client.request(f"M{number}", f"/{number}", headers={"Origin": origin})
        client.options(f"/{number}", headers={**preflight(f"M{number}"), "Origin": origin})
        names = {"Access-Control-Request-Headers": f"x-{number}"}
        client.options(f"/{number}", headers={**preflight(f"M{number}"), **names})
    text = generate_latest(registry).decode()
    assert len(samples(text)) == 3
    assert "s-7" not in text
    assert "M7" not in text


def test_each_kind_and_reason_has_at_most_one_series(registry: CollectorRegistry) -> None:
    count = PrometheusCounter(registry=registry)
    for origin in (None, APP, UNTRUSTED, "x"):
        for method in ("GET", "OPTIONS"):
            for asked in (None, "PUT", "PATCH", "@"):
                for names in (None, "x-a", "@", "x" * 5_000):
                    decision = policy.decide(
                        method, origin=origin, request_method=asked, request_headers=names
                    )
                    count(DecisionEvent(decision, "asgi", method, "/", origin, asked, names))
    assert len(samples(generate_latest(registry).decode())) == 12


def test_one_counter_serves_every_adapter(registry: CollectorRegistry) -> None:
    count = PrometheusCounter(registry=registry, name="shop_cors")
    decision = policy.decide("GET", origin=APP)
    for adapter in ("asgi", "wsgi"):
        count(DecisionEvent(decision, adapter, "GET", "/", APP))
    labels = {"kind": "actual", "outcome": "granted", "reason": "granted"}
    for adapter in ("asgi", "wsgi"):
        value = registry.get_sample_value("shop_cors_total", {"adapter": adapter, **labels})
        assert value == 1


def test_duplicate_name_is_refused(registry: CollectorRegistry) -> None:
    PrometheusCounter(registry=registry)
    with pytest.raises(ValueError, match="cors_decisions"):
        PrometheusCounter(registry=registry)


def test_default_registry_is_used_by_default() -> None:
    PrometheusCounter(name="cors_decisions_of_a_test")
    assert b"cors_decisions_of_a_test_total" in generate_latest(REGISTRY)


def test_counter_receives_every_decision(registry: CollectorRegistry) -> None:
    from logging import getLogger

    count = PrometheusCounter(registry=registry)
    assert Observer("asgi", getLogger("corekit.tests"), on_decision=count).observes_all
