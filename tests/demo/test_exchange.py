"""The calls over HTTP: an answer that is not what the policy says is found, whatever it is."""

from __future__ import annotations

from contextlib import closing
from typing import Final

import pytest

from corekit import CorsPolicy
from corekit_cli.demo.api import serve_api
from corekit_cli.demo.cases import CASES, Origins, make_policy
from corekit_cli.demo.exchange import Exchange, Outcome, exchange_all, find_contradictions
from corekit_cli.demo.servers import Site

ORIGINS: Final = Origins("http://localhost:8000", "http://localhost:3000", "http://localhost:4000")
POLICY: Final = make_policy(ORIGINS.page)
PREFLIGHT: Final = POLICY.decide("OPTIONS", origin=ORIGINS.page, request_method="PUT")
DENIED: Final = POLICY.decide("GET", origin=ORIGINS.foreign)

RIGHT: Final = (*PREFLIGHT.headers, ("Vary", "Accept, origin"), ("Server", "any"))


def exchange_with(policy: CorsPolicy) -> dict[str, Outcome]:
    with closing(Site(0)) as site:
        site.start(serve_api(policy))
        outcomes = exchange_all(POLICY, ORIGINS, ("127.0.0.1", site.port))
    return {outcome.case.name: outcome for outcome in outcomes}


def answer(status: int, *headers: tuple[str, str]) -> Exchange:
    return Exchange("OPTIONS", (), status, headers, b"")


@pytest.mark.parametrize(
    "exchange",
    [
        answer(204, *RIGHT),
        answer(204, *reversed(RIGHT)),
        answer(204, *((name.lower(), value) for name, value in RIGHT)),
        answer(204, *PREFLIGHT.headers, ("Vary", "Accept"), ("Vary", "Origin")),
        answer(204, *PREFLIGHT.headers, ("Vary", "*")),
    ],
)
def test_an_answer_as_decided_is_no_contradiction(exchange: Exchange) -> None:
    assert find_contradictions(PREFLIGHT, exchange) == []


@pytest.mark.parametrize(
    ("exchange", "message"),
    [
        (answer(200, *RIGHT), "OPTIONS was answered 200; the policy says 204."),
        (answer(204, *PREFLIGHT.headers), "OPTIONS was answered without Origin in Vary."),
        (
            answer(204, *PREFLIGHT.headers, ("Vary", "X-Origin")),
            "OPTIONS was answered without Origin in Vary.",
        ),
        (
            answer(204, ("Vary", "Origin")),
            (
                "OPTIONS was answered with no Access-Control header; the policy says "
                "access-control-allow-credentials: true, "
                "access-control-allow-headers: content-type, x-request-id, "
                "access-control-allow-methods: GET, HEAD, POST, PUT, DELETE, "
                "access-control-allow-origin: http://localhost:3000, access-control-max-age: 600."
            ),
        ),
    ],
)
def test_an_answer_that_differs_is_named_in_a_sentence(exchange: Exchange, message: str) -> None:
    assert find_contradictions(PREFLIGHT, exchange) == [message]


def test_a_header_that_is_there_twice_is_found() -> None:
    doubled = answer(204, *RIGHT, PREFLIGHT.headers[0])
    assert len(find_contradictions(PREFLIGHT, doubled)) == 1


def test_a_denied_origin_that_gets_something_is_found() -> None:
    leaked = Exchange(
        "GET", (), 200, (("Access-Control-Allow-Origin", "*"), ("Vary", "Origin")), b""
    )
    assert find_contradictions(DENIED, leaked) == [
        (
            "GET was answered with access-control-allow-origin: *; "
            "the policy says no Access-Control header."
        )
    ]


def test_the_running_api_answers_as_the_policy_says() -> None:
    outcomes = exchange_with(POLICY)
    assert list(outcomes) == [case.name for case in CASES]
    assert [outcome.contradictions for outcome in outcomes.values()] == [()] * len(CASES)
    for outcome in outcomes.values():
        assert (outcome.preflight is not None) == outcome.case.needs_preflight
        assert (outcome.actual is not None) == outcome.verdict.sent


def test_the_cookie_that_was_set_is_sent_with_credentials_only() -> None:
    outcomes = exchange_with(POLICY)
    signed_in = {
        name
        for name, outcome in outcomes.items()
        if outcome.actual is not None and "Cookie" in dict(outcome.actual.sent)
    }
    assert signed_in == {"get-with-cookies", "delete"}
    me = outcomes["get-with-cookies"].actual
    assert me is not None
    assert (me.status, me.body) == (200, b'{"user": "ada"}')


def test_a_preflight_asks_for_the_method_and_the_headers_and_sends_no_cookie() -> None:
    outcomes = exchange_with(POLICY)
    asked = {
        name: dict(outcome.preflight.sent)
        for name, outcome in outcomes.items()
        if outcome.preflight is not None
    }
    assert asked["put-json"] == {
        "Origin": ORIGINS.page,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }
    assert asked["delete"] == {
        "Origin": ORIGINS.page,
        "Access-Control-Request-Method": "DELETE",
    }


def test_a_server_with_another_policy_contradicts_where_the_two_differ() -> None:
    outcomes = exchange_with(POLICY.replace(max_age=60))
    contradicting = {name for name, outcome in outcomes.items() if outcome.contradictions}
    preflighted_by_the_page = {
        case.name for case in CASES if case.needs_preflight and case.page == "page"
    }
    assert contradicting == preflighted_by_the_page


def test_a_server_that_does_not_answer_is_an_error() -> None:
    with closing(Site(0)) as site:
        port = site.port
    with pytest.raises(OSError):
        exchange_all(POLICY, ORIGINS, ("127.0.0.1", port))
