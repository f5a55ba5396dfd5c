"""Near misses of methods, headers, credentials, paths and servers' responses."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit.browser import BrowserModel, Fetch, HttpRequest, HttpResponse
from corekit.explain import Explanation, NearMiss, explain, explain_outcome
from corekit.explain.near_misses import compare_headers
from tests.explain.calls import ITEMS, PAGE, explained

ALLOWED: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "patch": (
        {"allow_methods": ["PATCH"]},
        {"method": "patch"},
        ["Browsers send 'patch' as it is written, but servers expect 'PATCH'."],
    ),
    "put is what browsers upper-case": ({"allow_methods": ["PUT"]}, {"method": "put"}, []),
    "a custom method in another case": (
        {"allow_methods": ["Purge"]},
        {"method": "PURGE"},
        ["'Purge' is allowed, but the page sends 'PURGE': method names are case-sensitive."],
    ),
    "a method with a typo": (
        {"allow_methods": ["PURGE"]},
        {"method": "PRUGE"},
        ["'PURGE' is allowed, but the page sends 'PRUGE'."],
    ),
    "a method like no other": ({"allow_methods": ["PURGE"]}, {"method": "FLY"}, []),
    "a header without its dash": (
        {"allow_headers": ["x-csrftoken", "x-other"]},
        {"headers": (("X-CSRF-Token", "1"),)},
        ["'x-csrftoken' is allowed, but the page sends 'x-csrf-token'."],
    ),
    "a header with another dash": (
        {"allow_headers": ["x-request-id"]},
        {"headers": (("X_Request_Id", "1"),)},
        ["'x-request-id' is allowed, but the page sends 'x_request_id'."],
    ),
    "two headers": (
        {"allow_headers": ["x-one", "x-two-more"]},
        {"headers": (("X-On", "1"), ("X-Two-Mor", "1"))},
        [
            "'x-one' is allowed, but the page sends 'x-on'.",
            "'x-two-more' is allowed, but the page sends 'x-two-mor'.",
        ],
    ),
    "a header like no other": (
        {"allow_headers": ["x-one"]},
        {"headers": (("Session", "1"),)},
        [],
    ),
    "a header longer than any": (
        {"allow_headers": ["x-one"]},
        {"headers": (("X" * 101, "1"),)},
        [],
    ),
    "a header as long as any that is compared": (
        {"allow_headers": [f"{'x' * 98}yz"]},
        {"headers": (("X" * 98 + "ZY", "1"),)},
        [f"'{'x' * 98}yz' is allowed, but the page sends '{'x' * 98}zy'."],
    ),
    "a header that is alike in less than most": (
        {"allow_headers": ["x-other"]},
        {"headers": (("X-One", "1"),)},
        [],
    ),
    "authorization under *": (
        {"allow_headers": ["*"]},
        {"headers": (("Authorization", "x"), ("X-A", "1"))},
        ["By the standard, '*' does not cover authorization: list it as well."],
    ),
    "a forbidden header": (
        {},
        {"headers": (("Cookie", "a=b"), ("Sec-Fetch-Mode", "cors"))},
        [
            "Cookie is a forbidden header: browsers do not let scripts set it.",
            "Sec-Fetch-Mode is a forbidden header: browsers do not let scripts set it.",
        ],
    ),
    "credentials": (
        {},
        {"credentials": "include"},
        ["The policy does not allow credentials; the request would succeed without."],
    ),
    "credentials and any origin": (
        {"allow_origins": ["*"]},
        {"credentials": "include", "method": "POST"},
        ["The policy does not allow credentials; the request would succeed without."],
    ),
    "an origin that a preflight asks for": (
        {"allow_origins": ["https://app.example.org"]},
        {"method": "PUT"},
        ["'https://app.example.org' is allowed: only the top-level domain differs."],
    ),
    "credentials, and more than that": (
        {},
        {"credentials": "include", "method": "PUT"},
        [],
    ),
    "nothing": ({}, {}, []),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_near_misses_in_a_policy(name: str) -> None:
    policy, fetch, sentences = ALLOWED[name]
    found = explained(fetch=fetch, **policy).near_misses
    assert [str(near) for near in found] == sentences


# The same as data: the subject, the given value and the nearest one.
ALLOWED_AS_DATA = {
    "patch": [("method", "patch", "PATCH")],
    "a custom method in another case": [("method", "PURGE", "Purge")],
    "a method with a typo": [("method", "PRUGE", "PURGE")],
    "two headers": [("header", "x-on", "x-one"), ("header", "x-two-mor", "x-two-more")],
    "authorization under *": [("header", "authorization", "*")],
    "a forbidden header": [("header", "Cookie", ""), ("header", "Sec-Fetch-Mode", "")],
    "credentials": [("credentials", "include", "omit")],
}


@pytest.mark.parametrize("name", ALLOWED_AS_DATA)
def test_near_misses_in_a_policy_as_data(name: str) -> None:
    policy, fetch, _ = ALLOWED[name]
    found = explained(fetch=fetch, **policy).near_misses
    assert [(near.subject, near.given, near.nearest) for near in found] == ALLOWED_AS_DATA[name]


@pytest.mark.parametrize(
    ("path", "routes"),
    [("/API/items", ["/api/"]), ("/Exact", ["/exact"]), ("/API", ["/api/"]), ("/other", [])],
)
def test_path_in_another_case_is_a_near_miss(path: str, routes: list[str]) -> None:
    policy = CorsPolicy(allow_origins=[PAGE])
    covered = CorsRoutes([("/api/", policy), ("/exact", policy)])
    found = explain(covered, Fetch(f"https://api.example.com{path}"), page=PAGE).near_misses
    assert [(near.subject, near.nearest) for near in found] == [("path", each) for each in routes]


def test_near_path_has_its_route() -> None:
    routes = CorsRoutes([("/api/", CorsPolicy(allow_origins=[PAGE]))])
    found = explain(routes, Fetch("https://api.example.com/API/a%20b"), page=PAGE).near_misses
    sentence = "The route '/api/' almost covers '/API/a b': paths are case-sensitive."
    assert found == (NearMiss("path", "/API/a b", "/api/", sentence),)


def test_near_misses_are_searched_for_twenty_headers() -> None:
    missing = [f"x-header-{at}" for at in range(100)]
    found = list(compare_headers(missing, ["x-header"], include=False))
    assert [near.given for near in found] == missing[:20]


def test_deny_all_route_may_be_a_near_miss() -> None:
    routes = CorsRoutes([("/Api/", CorsPolicy(allow_origins=[PAGE])), ("/", CorsPolicy.deny_all())])
    found = explain(routes, Fetch("https://api.example.com/api/"), page=PAGE).near_misses
    assert [near.nearest for near in found] == ["/Api/", "/"]


def test_similar_allowed_origin_is_proposed_for_the_page() -> None:
    explanation = explained("http://app.example.com", url="http://api.example.com/items")
    assert explanation.fixes[-1].message == (f"Or open the page from '{PAGE}', which is allowed.")


def test_pattern_is_not_proposed_for_the_page() -> None:
    explanation = explained("https://example.com", allow_origins=["https://*.example.com"])
    assert explanation.near_misses
    assert not any("Or open" in fix.message for fix in explanation.fixes)


RESPONSES: dict[str, tuple[dict[str, Any], dict[str, str], list[str]]] = {
    "a trailing slash": (
        {},
        {"Origin": f"{PAGE}/"},
        [
            (
                f"The server sends '{PAGE}/', not '{PAGE}'. Browsers do not send origins with a"
                " trailing slash."
            )
        ],
    ),
    "upper case": (
        {},
        {"Origin": "https://App.Example.com"},
        [
            (
                f"The server sends 'https://App.Example.com', not '{PAGE}'. Browsers do not send"
                " origins with upper case."
            )
        ],
    ),
    "no scheme": (
        {},
        {"Origin": "app.example.com"},
        [
            (
                f"The server sends 'app.example.com', not '{PAGE}'. The origin has no scheme and"
                " '://' before the host."
            )
        ],
    ),
    "http": (
        {},
        {"Origin": "http://app.example.com"},
        ["'http://app.example.com' is allowed: the page has https instead of http."],
    ),
    "a pattern": (
        {},
        {"Origin": "https://*.example.com"},
        [
            (
                "The server sends 'https://*.example.com', but browsers do not support patterns:"
                " they accept one origin, or '*'."
            )
        ],
    ),
    "a typo": (
        {},
        {"Origin": "https://app.exmple.com"},
        ["'https://app.exmple.com' is allowed: the page's host has one letter more."],
    ),
    "an untrusted origin": ({}, {"Origin": "https://untrusted.test"}, []),
    "no origin at all": ({}, {"Origin": "true"}, []),
    "a list": (
        {},
        {"Origin": f"https://a.test, {PAGE}"},
        ["The page's origin is one of the values, but only one value is allowed."],
    ),
    "a list with the page first": (
        {},
        {"Origin": f"{PAGE},https://a.test"},
        ["The page's origin is one of the values, but only one value is allowed."],
    ),
    "a trailing slash in answer to a preflight": (
        {"method": "PUT"},
        {"Origin": f"{PAGE}/"},
        [
            (
                f"The server sends '{PAGE}/', not '{PAGE}'. Browsers do not send origins with a"
                " trailing slash."
            )
        ],
    ),
    "a list of others": ({}, {"Origin": "https://a.test, https://b.test"}, []),
    "no header": ({}, {}, []),
    "credentials in upper case": (
        {"credentials": "include"},
        {"Origin": PAGE, "Credentials": "True"},
        ["The server sends 'True', but only 'true', in lower case, is valid."],
    ),
    "credentials in quotes": (
        {"credentials": "include"},
        {"Origin": PAGE, "Credentials": '"true"'},
        ["The server sends '\"true\"', but only 'true', in lower case, is valid."],
    ),
    "credentials that are another word": (
        {"credentials": "include"},
        {"Origin": PAGE, "Credentials": "trueX"},
        [],
    ),
    "no credentials": ({"credentials": "include"}, {"Origin": PAGE, "Credentials": "1"}, []),
    "a method in lower case": (
        {"method": "PUT"},
        {"Origin": PAGE, "Methods": "get, put"},
        ["'put' is allowed, but the page sends 'PUT': method names are case-sensitive."],
    ),
    "patch": (
        {"method": "patch"},
        {"Origin": PAGE, "Methods": "PATCH"},
        [
            "Browsers send 'patch' as it is written, but servers expect 'PATCH'.",
            "'PATCH' is allowed, but the page sends 'patch': method names are case-sensitive.",
        ],
    ),
    "* with credentials": (
        {"headers": (("X-A", "1"),), "credentials": "include"},
        {"Origin": PAGE, "Credentials": "true", "Headers": "*"},
        ["'*' does not cover 'x-a': with credentials, it is not a wildcard."],
    ),
    "authorization under *": (
        {"headers": (("Authorization", "1"),)},
        {"Origin": PAGE, "Headers": "*"},
        ["By the standard, '*' does not cover authorization: list it as well."],
    ),
    "a header with a typo": (
        {"headers": (("X-Requested-With", "1"), ("X-B", "1"))},
        {"Origin": PAGE, "Headers": "X-RequestedWith, X-B"},
        ["'x-requestedwith' is allowed, but the page sends 'x-requested-with'."],
    ),
}


def respond(asked: dict[str, Any], answer: dict[str, str]) -> Explanation:
    """Explain a request to a live server that sends these `Access-Control-Allow-*` headers."""
    headers = tuple((f"Access-Control-Allow-{what}", value) for what, value in answer.items())

    def send(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, headers)

    fetch = Fetch(ITEMS, **asked)
    outcome = BrowserModel(clock=lambda: 0.0).fetch(send, PAGE, fetch)
    return explain_outcome(outcome, fetch, page=PAGE)


@pytest.mark.parametrize("name", RESPONSES)
def test_near_misses_in_a_live_response(name: str) -> None:
    asked, answer, sentences = RESPONSES[name]
    explanation = respond(asked, answer)
    assert [str(near) for near in explanation.near_misses] == sentences
    assert not explanation.allowed


RESPONSES_AS_DATA = {
    "a trailing slash": [("origin", f"{PAGE}/", PAGE)],
    "http": [("origin", "http://app.example.com", PAGE)],
    "a pattern": [("origin", "https://*.example.com", PAGE)],
    "a list": [("origin", f"https://a.test, {PAGE}", PAGE)],
    "credentials in upper case": [("credentials", "True", "true")],
    "a method in lower case": [("method", "PUT", "put")],
    "* with credentials": [("header", "x-a", "*")],
    "authorization under *": [("header", "authorization", "*")],
    "a header with a typo": [("header", "x-requested-with", "x-requestedwith")],
}


@pytest.mark.parametrize("name", RESPONSES_AS_DATA)
def test_near_misses_in_a_live_response_as_data(name: str) -> None:
    asked, answer, _ = RESPONSES[name]
    found = respond(asked, answer).near_misses
    assert [(near.subject, near.given, near.nearest) for near in found] == RESPONSES_AS_DATA[name]


def test_near_miss_has_its_subject() -> None:
    explanation = explained(fetch={"method": "patch"}, allow_methods=["PATCH"])
    sentence = "Browsers send 'patch' as it is written, but servers expect 'PATCH'."
    assert explanation.near_misses == (NearMiss("method", "patch", "PATCH", sentence),)
