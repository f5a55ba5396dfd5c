"""Fixes for a live server that redirects: request the target, or fix the server there."""

from __future__ import annotations

from corekit import CorsPolicy
from corekit.browser import (
    Fetch,
)
from corekit.explain import explain
from tests.explain.calls import ITEMS, PAGE
from tests.explain.live import explain_live, location

LOGIN = "https://login.example.net/in"
ELSEWHERE = "'https://login.example.net/in', which has another origin"


def test_cross_origin_redirect_is_what_to_fix() -> None:
    explanation = explain_live(Fetch(ITEMS), location(LOGIN), (200, ()))
    without, around = explanation.fixes
    assert around.fetch == Fetch(LOGIN)
    assert dict(around.changes) == {"allow_origins": (PAGE,)}
    assert "corekit's middleware" in around.message
    assert ELSEWHERE in without.message
    assert "401" in without.message
    assert not without.changes


def test_redirect_target_is_proposed_if_it_would_succeed() -> None:
    only_the_page = (("Access-Control-Allow-Origin", PAGE),)
    explanation = explain_live(Fetch(ITEMS), location(LOGIN), (200, only_the_page))
    assert explanation.failure is not None
    assert explanation.failure.name == "AllowOriginMismatch"
    directly, without = explanation.fixes
    assert (directly.fetch, dict(directly.changes)) == (Fetch(LOGIN), {})
    assert ELSEWHERE in without.message


def test_cross_origin_redirect_is_not_blamed_on_the_policy() -> None:
    policy = CorsPolicy(allow_origins=[PAGE])
    secure = "https://api.example.com/items"
    fetch, page = Fetch("http://api.example.com/items"), "http://app.example.com"
    for each in (policy, policy.replace(allow_origins=[page])):
        explanation = explain_live(fetch, location(secure, 308), (200, ()), policy=each, page=page)
        assert explanation.fixes[0].fetch == Fetch(secure)
        assert not any("allows this request" in fix.message for fix in explanation.fixes)
        fixed = explanation.fixes[0].apply(each)
        assert explain(fixed, Fetch(secure), page=page).allowed


def test_rule_is_named_for_the_cross_origin_redirect() -> None:
    policy = CorsPolicy(allow_origins=[PAGE])
    explanation = explain_live(Fetch(ITEMS), location(LOGIN), (200, ()), policy=policy)
    response = next(step for step in explanation.steps if step.kind == "response")
    assert response.details[0] == f"The policy allows the origin by the exact origin '{PAGE}'."


def test_redirect_target_is_proposed_with_credentials() -> None:
    there = ("Location", "https://user:word@api.example.com/there")
    granted = (
        ("Access-Control-Allow-Origin", PAGE),
        ("Access-Control-Allow-Credentials", "true"),
    )
    explanation = explain_live(Fetch(ITEMS, credentials="include"), (302, (*granted, there)))
    instead = Fetch("https://api.example.com/there", credentials="include")
    assert explanation.fixes[0].fetch == instead


def test_policy_does_not_apply_to_another_host() -> None:
    policy = CorsPolicy(allow_origins=[PAGE])
    explanation = explain_live(Fetch(ITEMS), location(LOGIN), (200, ()), policy=policy)
    (without,) = explanation.fixes
    assert ELSEWHERE in without.message


def test_other_requests_are_proposed_after_a_redirect() -> None:
    policy = CorsPolicy(allow_origins=["*"], allow_methods=["PUT"])
    page = "http://app.example.com"
    fetch = Fetch("http://api.example.com/items", "PUT", credentials="include")
    secure = "https://api.example.com/items"
    granted = (
        ("Access-Control-Allow-Origin", page),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "PUT"),
    )
    there = (308, (*granted, ("Location", secure)))
    explanation = explain_live(fetch, (204, granted), there, (204, ()), policy=policy, page=page)
    omitting, refused, without = explanation.fixes
    assert omitting.fetch == Fetch(secure, "PUT", credentials="omit")
    directly = f"Request the URL that the redirect points to: '{secure}'. "
    assert omitting.message.startswith(f"{directly}If the request does not need cookies")
    assert refused.message.startswith(f"{directly}The policy would have to")
    assert "another origin" in without.message


def test_redirect_is_named_if_no_policy_can_fix_it() -> None:
    explanation = explain_live(Fetch(ITEMS), location(LOGIN), (200, ()), page="null")
    without, refused = explanation.fixes
    assert refused.fetch is None
    assert "corekit rejects that" in refused.message
    assert not refused.changes
    assert ELSEWHERE in without.message


def test_same_origin_url_that_redirects_is_named_too() -> None:
    redirect = (302, (("Location", LOGIN),))
    explanation = explain_live(Fetch("/go"), redirect, (200, ()))
    assert ELSEWHERE in explanation.fixes[0].message
    assert explanation.fixes[1].apply(CorsPolicy.deny_all()) == CorsPolicy(allow_origins=[PAGE])
