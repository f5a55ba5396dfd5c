"""The calls of the demo over HTTP, and the comparison of the responses with the policy."""

from __future__ import annotations

from contextlib import closing
from typing import Final

import pytest

from corekit import CorsPolicy, Reason
from corekit.browser import Exchange, HttpRequest, HttpResponse
from corekit_cli.demo.api import serve_api
from corekit_cli.demo.command import Ports, run_demo
from corekit_cli.demo.form import Origins, make_policy
from corekit_cli.demo.judging import Result, find_mismatch, make_calls
from corekit_cli.demo.servers import Site

PAGE: Final = "http://localhost:3000"
UNTRUSTED: Final = "http://localhost:4000"
POLICY: Final = make_policy(PAGE)
ASKED: Final = (("Origin", PAGE), ("Access-Control-Request-Method", "PUT"))
PREFLIGHT: Final = HttpRequest("OPTIONS", "http://localhost:8000/items/1", ASKED)
DENIED: Final = HttpRequest("GET", "http://localhost:8000/items", (("Origin", UNTRUSTED),))
GRANTS: Final = POLICY.decide("OPTIONS", origin=PAGE, request_method="PUT").headers
RIGHT: Final = (*GRANTS, ("Vary", "Accept, origin"), ("Server", "any"))

EXPECTED: Final = {
    # name: the requests that are sent, the reason of the decision
    "simple-get": (["GET"], Reason.GRANTED),
    "sign-in": (["POST"], Reason.GRANTED),
    "get-with-cookies": (["GET"], Reason.GRANTED),
    "put-json": (["OPTIONS", "PUT"], Reason.GRANTED),
    "delete": (["OPTIONS", "DELETE"], Reason.GRANTED),
    "custom-header": (["OPTIONS", "GET"], Reason.GRANTED),
    "method-not-allowed": (["OPTIONS"], Reason.METHOD_NOT_ALLOWED),
    "header-not-allowed": (["OPTIONS"], Reason.HEADER_NOT_ALLOWED),
    "untrusted-get": (["GET"], Reason.ORIGIN_NOT_ALLOWED),
    "untrusted-put": (["OPTIONS"], Reason.ORIGIN_NOT_ALLOWED),
}


def call_all(served: CorsPolicy = POLICY) -> dict[str, Result]:
    with closing(Site(0)) as site:
        site.start(serve_api(served))
        results = make_calls(Origins(site.origin, PAGE, UNTRUSTED))
    return {result.example.name: result for result in results}


@pytest.mark.parametrize(
    "headers",
    [
        RIGHT,
        tuple(reversed(RIGHT)),
        tuple((name.lower(), value) for name, value in RIGHT),
        (*GRANTS, ("Vary", "Accept"), ("Vary", "Origin")),
        (*GRANTS, ("Vary", "*")),
    ],
)
def test_response_that_follows_the_policy_matches(headers: tuple[tuple[str, str], ...]) -> None:
    assert find_mismatch(POLICY, Exchange(PREFLIGHT, HttpResponse(204, headers))) is None


@pytest.mark.parametrize(
    ("request_", "response", "received"),
    [
        (PREFLIGHT, HttpResponse(200, RIGHT), "status 200 with Access-Control-Allow-Origin"),
        (PREFLIGHT, HttpResponse(204, GRANTS), "status 204 with Access-Control-Allow-Origin"),
        (PREFLIGHT, HttpResponse(204, (*GRANTS, ("Vary", "X-Origin"))), "Vary: X-Origin"),
        (PREFLIGHT, HttpResponse(204), "status 204 with no CORS headers"),
        (PREFLIGHT, HttpResponse(204, (*RIGHT, GRANTS[0])), f"{PAGE}; "),
        (
            DENIED,
            HttpResponse(200, (("Access-Control-Allow-Origin", "*"), ("Vary", "Origin"))),
            "status 200 with Access-Control-Allow-Origin: *; Vary: Origin",
        ),
    ],
)
def test_response_that_differs_is_a_problem(
    request_: HttpRequest, response: HttpResponse, received: str
) -> None:
    problem = find_mismatch(POLICY, Exchange(request_, response))
    assert problem is not None
    assert problem.code == "unexpected-response"
    assert problem.subject == f"{request_.method} {request_.url}"
    assert received in problem.message


def test_calls_end_as_their_titles_say() -> None:
    with run_demo(Ports(0, 0, 0)) as demo:
        ended = {result.example.name: result for result in demo.results}
    assert list(ended) == list(EXPECTED)
    for name, (methods, reason) in EXPECTED.items():
        result = ended[name]
        sent = [exchange.request.method for exchange in result.explanation.outcome.exchanges]
        assert (name, sent, result.reason) == (name, methods, reason)
        assert result.explanation.allowed == (reason is Reason.GRANTED)
        assert result.problems == ()
    assert demo.problems == []


def test_cookie_is_kept_for_calls_with_credentials() -> None:
    response = call_all()["get-with-cookies"].explanation.outcome.response
    assert response is not None
    assert (response.status, response.body) == (200, b'{"user": "ada"}')


def test_other_policy_on_the_server_is_noticed() -> None:
    differing = {name for name, result in call_all(POLICY.replace(max_age=60)).items()
                 if result.problems}  # fmt: skip
    preflighted = {name for name, (methods, _) in EXPECTED.items() if methods[0] == "OPTIONS"}
    assert differing == preflighted - {"untrusted-put"}


def test_api_that_does_not_respond_is_an_error() -> None:
    with closing(Site(0)) as site:
        origin = site.origin
    with pytest.raises(OSError):
        make_calls(Origins(origin, PAGE, UNTRUSTED))
