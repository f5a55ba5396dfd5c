"""A server that does not know whether an origin is allowed: nothing is concluded about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit.browser import Fetch, HttpRequest, HttpResponse
from corekit.diagnostics import Diagnostic
from corekit.probe import Plan, Responses, check_responses, is_judged, make_requests, send_requests
from corekit_lookups import OriginLookup
from corekit_wsgi import CorsMiddleware
from tests.clock import Clock
from tests.probe.servers import PAGE, POLICY, URL, codes, connect, items

LISTED: Final = POLICY.replace(allow_origins=["https://listed.example"])
Send = Callable[[HttpRequest], HttpResponse]

ABOUT_ORIGINS: Final = {"refused", "preflight-refused", "less-than-policy", "more-than-policy"}


def fail(origin: str) -> bool:
    raise OSError("The database is down.")


def send_all(
    send: Send,
    *,
    wait: Callable[[float], bool] = lambda _: False,
    **plan: Any,
) -> tuple[Responses, tuple[Diagnostic, ...]]:
    made = Plan((PAGE,), Fetch(URL, "PUT"), **plan)
    responses = send_requests(made, make_requests(made), send, wait=wait)
    return responses, check_responses(responses)


def looking_up(function: Callable[[str], bool], policy: CorsPolicy = LISTED) -> Send:
    lookup = OriginLookup(function, timeout=10, clock=Clock())
    return connect(CorsMiddleware(items, policy, lookup=lookup))


@pytest.mark.parametrize("policy", [None, LISTED, POLICY])
def test_page_that_is_not_known_is_neither_denied_nor_allowed(policy: CorsPolicy | None) -> None:
    responses, found = send_all(looking_up(fail), policy=policy)
    assert codes(found) == {"unknown-origin"}
    assert not is_judged(responses)
    (finding,) = found
    assert (finding.severity, finding.subject) == ("error", PAGE)
    assert finding.message.startswith("It could not be found out whether https://app.example.com, ")
    assert " more may call: the server did not know it (status 503 with" in finding.message
    assert finding.failure is None
    assert ("the application may have one" in finding.hint) is (policy is not None)


def test_untrusted_origins_that_are_not_known_prove_nothing() -> None:
    responses, found = send_all(looking_up(fail, POLICY), policy=POLICY)
    assert codes(found) == {"unknown-origin"}
    assert PAGE not in responses.unknown
    assert not is_judged(responses)


def test_what_is_allowed_is_found_all_the_same() -> None:
    """A response with a grant is a fact, whatever other responses say."""
    unknown = looking_up(fail, POLICY)

    def send(request: HttpRequest) -> HttpResponse:
        origin = dict(request.headers).get("Origin")
        if request.is_preflight or origin is None:
            return unknown(request)
        return HttpResponse(200, (("Access-Control-Allow-Origin", origin), ("Vary", "Origin")))

    _, found = send_all(send)
    assert {"unknown-origin", "any-origin"} <= codes(found)


def test_forged_requests_are_judged_all_the_same() -> None:
    _, found = send_all(looking_up(fail), send_unsafe=True)
    assert "forged-write" in codes(found)
    assert codes(found).isdisjoint(ABOUT_ORIGINS)


def test_what_works_again_is_judged() -> None:
    clock, waited = Clock(), list[float]()

    def look_up(origin: str) -> bool:
        if clock.now < 1:
            raise OSError
        return origin == PAGE

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        clock.now += 10
        return True

    lookup = OriginLookup(look_up, timeout=10, clock=clock)
    app = connect(CorsMiddleware(items, LISTED, lookup=lookup))
    responses, found = send_all(app, wait=wait, policy=POLICY)
    assert waited == [1]
    assert responses.unknown == ()
    assert is_judged(responses)
    assert codes(found).isdisjoint({*ABOUT_ORIGINS, "unknown-origin"})


def test_server_is_asked_to_know_it_once() -> None:
    waited, sent = list[float](), list[HttpRequest]()
    app = looking_up(fail)

    def send(request: HttpRequest) -> HttpResponse:
        sent.append(request)
        return app(request)

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return True

    responses, found = send_all(send, wait=wait)
    assert waited == [1]
    assert len(sent) == len(responses.all) + 2  # the preflight, and the request before it
    assert codes(found) == {"unknown-origin"}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("120", 120), ("Wed, 21 Oct 2026 07:28:00 GMT", float("inf")), ("-1", float("inf"))],
)
def test_server_says_how_long_to_wait(value: str, seconds: float) -> None:
    waited = list[float]()

    def send(request: HttpRequest) -> HttpResponse:
        return HttpResponse(503, (("Retry-After", value),))

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return False

    send_all(send, wait=wait)
    assert waited == [seconds]


def test_503_without_a_time_is_a_refusal() -> None:
    def send(request: HttpRequest) -> HttpResponse:
        return HttpResponse(503 if request.is_preflight else 200)

    responses, found = send_all(send)
    assert responses.unknown == ()
    assert "preflight-refused" in codes(found)


def test_application_that_forbids_to_store_its_responses_knows_its_origins() -> None:
    """Its responses to denied origins look the same, but its preflights do not."""
    app = connect(CorsMiddleware(items, LISTED))

    def send(request: HttpRequest) -> HttpResponse:
        response = app(request)
        headers = (*response.headers, ("Cache-Control", "no-store"))
        return HttpResponse(response.status, headers)

    responses, found = send_all(send)
    assert responses.unknown == ()
    assert is_judged(responses)
    assert {"refused", "preflight-refused"} <= codes(found)
