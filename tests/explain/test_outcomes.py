"""Fixes for a live server: wrap it in corekit, another request, or a hint."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy
from corekit.browser import (
    CHROMIUM,
    STANDARD,
    WEBKIT,
    BrowserModel,
    Fetch,
    HttpResponse,
    Quirks,
)
from corekit.explain import ERRORS, explain_outcome
from tests.explain.calls import ITEMS, PAGE
from tests.explain.live import ANY, Answer, explain_live, location


def test_fetch_that_succeeds_has_no_fixes() -> None:
    explanation = explain_live(Fetch(ITEMS), (200, (ANY,)))
    assert explanation.allowed
    assert explanation.fixes == ()


def test_server_without_cors_should_be_wrapped_in_corekit() -> None:
    fetch = Fetch(ITEMS, "PUT", headers=(("X-A", "1"),), credentials="include")
    explanation = explain_live(fetch, (404, ()))
    (fix,) = explanation.fixes
    assert fix.message.startswith("Wrap the whole application in corekit's middleware")
    assert fix.apply(CorsPolicy.deny_all()) == CorsPolicy(
        allow_origins=[PAGE],
        allow_methods=["PUT"],
        allow_headers=["x-a"],
        allow_credentials=True,
    )


ALLOW, COOKIES = ("Access-Control-Allow-Origin", PAGE), ("Access-Control-Allow-Credentials", "true")
METHODS, NAMES = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (((METHODS, "PUT"),), "Add 'x-a' to allow_headers."),
        (((NAMES, "x-a"),), "Add 'PUT' to allow_methods."),
        ((), "Add 'PUT' to allow_methods and add 'x-a' to allow_headers."),
    ],
)
def test_missing_permissions_of_a_server_are_named(
    granted: tuple[tuple[str, str], ...], missing: str
) -> None:
    fetch = Fetch(ITEMS, "PUT", headers=(("X-A", "1"),))
    (fix,) = explain_live(fetch, (204, (ALLOW, *granted))).fixes
    assert fix.message == f"The server allows the page's origin, but not this request. {missing}"
    assert fix.apply(CorsPolicy.deny_all()) == CorsPolicy(
        allow_origins=[PAGE], allow_methods=["PUT"], allow_headers=["x-a"]
    )


def test_missing_credentials_of_a_server_are_named() -> None:
    fetch = Fetch(ITEMS, credentials="include")
    fix = explain_live(fetch, (200, (ALLOW,))).fixes[0]
    assert fix.message.startswith(
        "The server allows the page's origin, but not this request. Set allow_credentials=True."
    )


def test_unreadable_permissions_of_a_server_are_ignored() -> None:
    fetch = Fetch(ITEMS, credentials="include")
    fix = explain_live(fetch, (200, (ALLOW, (METHODS, "PUT; DELETE")))).fixes[0]
    assert fix.message.startswith("Wrap the whole application in corekit's middleware")


@pytest.mark.parametrize(
    "answer",
    [
        (204, (ALLOW, (METHODS, "PUT; DELETE"))),
        (204, (ALLOW, (METHODS, "put, PUT,"))),
        (401, (ALLOW, (METHODS, "PUT"))),
        (204, (("Access-Control-Allow-Origin", "https://other.example"), (METHODS, "PUT"))),
    ],
    ids=["no list", "a method that servers do not know", "a login", "another page"],
)
def test_insufficient_response_is_fixed_by_wrapping(answer: Answer) -> None:
    fetch = Fetch(ITEMS, "PUT", headers=(("X-A", "1"),))
    fix = explain_live(fetch, answer).fixes[0]
    assert fix.message.startswith("Wrap the whole application in corekit's middleware")


def test_wrapping_is_proposed_before_another_request() -> None:
    explanation = explain_live(Fetch(ITEMS, "PUT"), location("/items/", 308))
    around, instead = explanation.fixes
    assert dict(around.changes) == {"allow_origins": (PAGE,), "allow_methods": ("PUT",)}
    assert instead.fetch == Fetch(f"{ITEMS}/", "PUT")


def test_policy_that_corekit_rejects_is_reported() -> None:
    explanation = explain_live(Fetch(ITEMS), (200, ()), page="null")
    (fix,) = explanation.fixes
    assert "corekit rejects that" in fix.message
    assert not fix.changes


def test_response_of_another_layer_is_reported() -> None:
    policy = CorsPolicy(allow_origins=[PAGE])
    explanation = explain_live(Fetch(ITEMS), (500, ()), policy=policy)
    (fix,) = explanation.fixes
    assert fix.message == (
        "The policy allows this request, so the response did not come from the policy. "
        + ERRORS["MissingAllowOriginHeader"].hint
    )
    assert not fix.changes


def test_policy_change_is_proposed_if_the_policy_denies() -> None:
    policy = CorsPolicy(allow_origins=["https://app.example.org"])
    explanation = explain_live(Fetch(ITEMS), (200, ()), policy=policy)
    assert explanation.fixes[0].apply(policy) == policy.replace(
        allow_origins=["https://app.example.org", PAGE]
    )
    assert [near.nearest for near in explanation.near_misses] == ["https://app.example.org"]


@pytest.mark.parametrize("origins", [[PAGE], ["https://other.example.com"]])
def test_policy_is_left_alone_if_it_is_not_the_cause(origins: list[str]) -> None:
    policy = CorsPolicy(allow_origins=origins)
    explanation = explain_live(Fetch(ITEMS), location("/there"), policy=policy)
    assert [fix.message for fix in explanation.fixes] == [ERRORS["TooManyRedirects"].hint]


OTHER_CALLS: dict[str, tuple[dict[str, Any], list[Answer], list[Fetch]]] = {
    "without credentials where the server grants any origin": (
        {"credentials": "include"},
        [(200, (ANY,))],
        [Fetch(ITEMS, credentials="omit")],
    ),
    "not without credentials where that would not do": (
        {"credentials": "include"},
        [(200, ())],
        [],
    ),
    "upper case where the server lists it": (
        {"method": "patch"},
        [(200, (ANY, ("Access-Control-Allow-Methods", "PATCH")))],
        [Fetch(ITEMS, "PATCH")],
    ),
    "not upper case where the server lists nothing": ({"method": "patch"}, [(200, (ANY,))], []),
    "where a preflight was redirected to": (
        {"method": "PUT"},
        [location("/items/", 308)],
        [Fetch(f"{ITEMS}/", "PUT")],
    ),
    "where a preflight for a header was redirected to": (
        {"headers": (("X-A", "1"),)},
        [location("/items/", 308)],
        [Fetch(f"{ITEMS}/", headers=(("X-A", "1"),))],
    ),
    "where a redirect with a password leads to": (
        {},
        [location("https://user:word@api.example.com/there")],
        [Fetch("https://api.example.com/there")],
    ),
    "where a redirect to another scheme leads to": (
        {},
        [location("ftp://api.example.com/there")],
        [Fetch("https://api.example.com/there")],
    ),
    "where a redirect to http leads to": (
        {},
        [location("http://api.example.com/there")],
        [Fetch("https://api.example.com/there")],
    ),
    "nowhere where a redirect leads to no host": ({}, [location("mailto:a@example.com")], []),
    "nowhere where a redirect leads nowhere": ({}, [location("https://[")], []),
    "nowhere where a redirected preflight says not where": (
        {"method": "PUT"},
        [(302, (ANY,))],
        [],
    ),
    "nowhere where a redirected preflight leads nowhere": (
        {"method": "PUT"},
        [location("https://[")],
        [],
    ),
    "not where a redirect without a grant leads to": (
        {},
        [(302, (("Location", "https://api.example.com/there"),))],
        [],
    ),
    "not what an answer names that is no redirect": (
        {"method": "PUT"},
        [(201, (("Location", "https://api.example.com/there"),))],
        [],
    ),
    "follow redirects": (
        {"redirect": "error"},
        [location("/there")],
        [Fetch("https://api.example.com/there", redirect="error"), Fetch(ITEMS)],
    ),
    "mode cors": (
        {"mode": "no-cors"},
        [(200, (ANY,))],
        [Fetch(ITEMS)],
    ),
}


@pytest.mark.parametrize("name", OTHER_CALLS)
def test_other_request_is_proposed_if_it_would_succeed(name: str) -> None:
    asked, answers, fetches = OTHER_CALLS[name]
    explanation = explain_live(Fetch(ITEMS, **asked), *answers)
    assert not explanation.allowed
    assert [fix.fetch for fix in explanation.fixes if fix.fetch] == fetches


def test_opaque_response_is_fixed_by_cors_mode_and_wrapping() -> None:
    fetch = Fetch(ITEMS, mode="no-cors", credentials="include")
    explanation = explain_live(fetch, (200, ()))
    (fix,) = explanation.fixes
    assert fix.message.startswith("Use mode 'cors', the default. Wrap the")
    assert fix.fetch == Fetch(ITEMS, credentials="include")
    expected = CorsPolicy(allow_origins=[PAGE], allow_credentials=True)
    assert fix.apply(CorsPolicy.deny_all()) == expected


def test_opaque_response_may_need_a_policy_change_too() -> None:
    policy = CorsPolicy(allow_origins=["https://app.example.org"])
    explanation = explain_live(Fetch(ITEMS, mode="no-cors"), (200, ()), policy=policy)
    fix = explanation.fixes[0]
    assert fix.fetch == Fetch(ITEMS)
    assert PAGE in fix.apply(policy).allow_origins


def test_near_misses_of_page_response_and_policy_are_listed() -> None:
    policy = CorsPolicy(allow_origins=["https://app.example.org"])
    answer = (200, (("Access-Control-Allow-Origin", f"{PAGE}/"),))
    fetch = Fetch(ITEMS)
    outcome = BrowserModel(clock=lambda: 0.0).fetch(lambda _: HttpResponse(*answer), PAGE, fetch)
    explanation = explain_outcome(outcome, fetch, page="app.example.com", policy=policy)
    assert [(near.given, near.nearest) for near in explanation.near_misses] == [
        ("app.example.com", PAGE),
        (f"{PAGE}/", PAGE),
        (PAGE, "https://app.example.org"),
    ]


@pytest.mark.parametrize(("quirks", "fetches"), [(CHROMIUM, ["PATCH"]), (STANDARD, [])])
def test_other_request_is_tried_with_the_same_engine(quirks: Quirks, fetches: list[str]) -> None:
    headers = (
        ANY,
        ("Access-Control-Allow-Methods", "PATCH"),
        ("Access-Control-Allow-Headers", "*"),
    )
    fetch = Fetch(ITEMS, "patch", headers=(("Authorization", "x"),))
    model = BrowserModel(clock=lambda: 0.0, quirks=quirks)
    outcome = model.fetch(lambda _: HttpResponse(200, headers), PAGE, fetch)
    found = explain_outcome(outcome, fetch, page=PAGE, quirks=quirks).fixes
    assert [fix.fetch.method for fix in found if fix.fetch] == fetches


def test_request_that_another_engine_blocks_gets_the_hint() -> None:
    fetch = Fetch("http://localhost:8000/")
    outcome = BrowserModel(clock=lambda: 0.0).fetch(lambda _: HttpResponse(200), PAGE, fetch)
    (fix,) = explain_outcome(outcome, fetch, page=PAGE, quirks=WEBKIT).fixes
    assert fix.message == ERRORS["MissingAllowOriginHeader"].hint


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("TooManyRedirects", [location("/there")]),
        ("InvalidRedirect", [location("https://[")]),
        ("CorsDisabledScheme", [location("mailto:a@example.com")]),
        ("RedirectContainsCredentials", [location("https://user@api.example.com/there")]),
    ],
)
def test_failure_beyond_cors_layers_gets_the_hint(name: str, answers: list[Answer]) -> None:
    explanation = explain_live(Fetch(ITEMS), *answers)
    assert explanation.failure is not None
    assert explanation.failure.name == name
    assert explanation.fixes[-1].message == ERRORS[name].hint
    assert not any(fix.changes for fix in explanation.fixes)
