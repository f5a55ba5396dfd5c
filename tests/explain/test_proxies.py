"""Proxies in front of a live server: named, with the status of what they responded."""

from __future__ import annotations

from typing import Final

import pytest

from corekit import CorsPolicy
from corekit.browser import BrowserModel, Fetch, HttpRequest, HttpResponse
from corekit.explain import Explanation, explain_outcome
from corekit.explain.proxies import find_proxy

PAGE: Final = "https://app.example.com"
URL: Final = "https://api.example.com/items"
POLICY: Final = CorsPolicy(allow_origins=[PAGE], allow_methods=["PUT"])
ALLOWED: Final = ("Access-Control-Allow-Origin", PAGE)
POLICY_HEADERS: Final = (ALLOWED, ("Access-Control-Allow-Methods", "PUT"))


def explained(
    status: int,
    *headers: tuple[str, str],
    policy: CorsPolicy | None = None,
    method: str = "PUT",
    mode: str = "cors",
) -> Explanation:
    def send(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status, headers)

    fetch = Fetch(URL, method, mode=mode)
    outcome = BrowserModel(clock=lambda: 0.0).fetch(send, PAGE, fetch)
    return explain_outcome(outcome, fetch, page=PAGE, policy=policy)


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ((("Server", "nginx/1.31.0"),), "nginx"),
        ((("server", "openresty"),), "openresty"),
        ((("Server", "Apache/2.4.66 (Debian)"),), "Apache"),
        ((("Server", "cloudflare"),), "cloudflare"),
        ((("Server", "awselb/2.0"),), "awselb"),
        ((("Server", "istio-envoy"),), "istio-envoy"),
        ((("Via", "1.1 varnish, 1.1 b"),), "varnish"),
        ((("Via", "HTTP/2.0 edge-1.example:8080 (x)"),), "edge-1.example:8080"),
        ((("Server", "uvicorn"), ("Via", "1.1 Caddy")), "Caddy"),
        ((("Server", "uvicorn"),), None),
        ((("Server", "WSGIServer/0.2 CPython/3.11"),), None),
        ((("Server", "mynginxish"),), None),
        ((("Via", "1.1"),), None),
        ((("Via", "1.1 \x1b[2J"),), None),
        ((), None),
    ],
)
def test_proxy_is_named(headers: tuple[tuple[str, str], ...], name: str | None) -> None:
    assert find_proxy(HttpResponse(200, headers)) == name


@pytest.mark.parametrize("policy", [POLICY, None])
def test_refused_options_request_names_proxy_and_status(policy: CorsPolicy | None) -> None:
    explanation = explained(405, ("Server", "nginx"), policy=policy)
    assert explanation.failure is not None
    assert explanation.failure.name == "PreflightMissingAllowOriginHeader"
    response, end = explanation.steps[-2:]
    assert "Server: nginx" in response.details
    assert "Status 405 comes from a router that knows the URL, but not for OPTIONS." in end.details
    assert explanation.fixes[-1].message == (
        "Look at the configuration of nginx, through which the response came: it may have responded"
        " itself, and it must pass on OPTIONS requests and CORS headers unchanged."
    )
    assert len(explanation.fixes) > 1


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_dead_application_is_named_first(status: int, method: str) -> None:
    explanation = explained(status, ("Via", "1.1 edge"), policy=POLICY, method=method)
    assert explanation.fixes[0].message == (
        f"Start the application behind edge: status {status} means that edge got no response from"
        " it, and responded itself."
    )
    cause = f"Status {status} comes from a proxy that got no response from the application."
    assert cause in explanation.steps[-1].details
    assert "Via: 1.1 edge" in explanation.steps[-2].details


@pytest.mark.parametrize(
    ("status", "details"),
    [
        (204, 2),
        (200, 2),
        (418, 3),
        (301, 3),
        (299, 2),
        (300, 3),
    ],
)
def test_other_status_of_a_preflight_is_named(status: int, details: int) -> None:
    end = explained(status, ("Access-Control-Allow-Origin", "https://b.example")).steps[-1]
    assert len(end.details) == details
    assert (f"Its status is {status}." in end.details) == (details == 3)


def test_status_in_the_message_is_not_repeated() -> None:
    end = explained(418, ALLOWED).steps[-1]
    assert end.details[0].endswith("200 to 299: 418.")
    assert not any("Its status" in detail for detail in end.details)


def test_server_without_a_proxy_gets_no_advice() -> None:
    for headers in ((), (("Server", "uvicorn"),)):
        messages = [fix.message for fix in explained(405, *headers).fixes]
        assert not any("configuration of" in message for message in messages)


def test_response_that_cors_does_not_concern_gets_no_advice() -> None:
    explanation = explained(200, ("Server", "nginx"), method="GET", mode="no-cors")
    assert not explanation.allowed
    assert not any("nginx" in fix.message for fix in explanation.fixes)
    assert explained(204, ("Server", "nginx"), *POLICY_HEADERS).fixes == ()
