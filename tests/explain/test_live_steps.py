"""The steps of requests to live servers: acceptance, redirects, readable headers."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy
from corekit.browser import CHROMIUM, STANDARD, BrowserModel, Fetch, HttpResponse
from corekit.explain import explain, explain_outcome
from tests.explain.calls import ITEMS, PAGE, details, explained, live, titles


@pytest.mark.parametrize(("quirks", "seconds"), [(STANDARD, 86400), (CHROMIUM, 7200)])
def test_cache_time_depends_on_the_browser(quirks: Any, seconds: int) -> None:
    policy = CorsPolicy(allow_origins=[PAGE], allow_methods=["PUT"], max_age=86400)
    explanation = explain(policy, Fetch(ITEMS, "PUT"), page=PAGE, quirks=quirks)
    kept = details(explanation, "preflight-accepted")[-1]
    assert kept == f"The browser caches this response for {seconds} seconds."


def test_wildcard_is_named_for_each_name_it_covers() -> None:
    policy = CorsPolicy(allow_origins=[PAGE], allow_methods=["*"], allow_headers=["*"])
    fetch = Fetch(ITEMS, "LOCK", headers=(("Authorization", "secret"), ("X-A", "1")))
    explanation = explain(policy, fetch, page=PAGE, quirks=CHROMIUM)
    assert details(explanation, "preflight-accepted")[:4] == (
        "The method LOCK is covered by '*'.",
        "The header authorization is covered by '*'.",
        "The header x-a is covered by '*'.",
        "By the standard, '*' does not cover authorization: list it as well.",
    )
    assert "secret" not in str(explanation)


ANY = ("Access-Control-Allow-Origin", "*")


def test_safelisted_method_is_always_allowed() -> None:
    explanation = live(
        Fetch(ITEMS, headers=(("X-A", "1"),)),
        HttpResponse(204, (ANY, ("Access-Control-Allow-Headers", "X-A"))),
        HttpResponse(200, (ANY,)),
    )
    assert details(explanation, "preflight-accepted")[:2] == (
        "The method GET is always allowed.",
        "The header x-a is listed.",
    )


def test_upload_may_use_any_method_if_none_is_listed() -> None:
    fetch = Fetch(ITEMS, "PUT", body=b"x", upload_listener=True)
    explanation = live(fetch, HttpResponse(204, (ANY,)), HttpResponse(200, (ANY,)))
    assert details(explanation, "preflight-accepted")[0] == (
        "The method PUT is allowed by the standard, because the response lists no methods."
    )


def test_redirects_are_steps() -> None:
    there = ("Location", "/there")
    explanation = live(
        Fetch(ITEMS), HttpResponse(302, (ANY, there)), HttpResponse(200, (ANY,), b"x")
    )
    assert titles(explanation)[3:6] == [
        "server: Responds to the request: 302",
        "browser: Follows the redirect to /there",
        "browser: Sends the request: GET https://api.example.com/there",
    ]
    assert details(explanation, "response")[-1] == "Location: /there"


def test_first_cross_origin_redirect_makes_the_origin_null() -> None:
    places = ("/there", "https://login.example.net/", "/in")
    hops = [HttpResponse(302, (ANY, ("Location", each))) for each in places]
    explanation = live(Fetch(ITEMS), *hops, HttpResponse(200, (ANY,)))
    assert [step.details for step in explanation.steps if step.kind == "redirect"] == [
        (),
        ("The redirect leads to another origin, so the browser sends Origin: null from now on.",),
        (),
    ]


def test_redirect_to_another_scheme_is_not_followed() -> None:
    there = ("Location", "ftp://api.example.com/")
    explanation = live(Fetch(ITEMS), HttpResponse(302, (ANY, there)))
    assert titles(explanation)[-1] == "browser: Does not follow the redirect: CorsDisabledScheme"


def test_unreadable_headers_are_named() -> None:
    headers = (ANY, ("X-Total", "5"), ("ETag", "1"), ("Content-Type", "a/b"), ("Set-Cookie", "a"))
    explanation = live(Fetch(ITEMS), HttpResponse(200, (*headers, ("Vary", "Origin"))))
    assert explanation.steps[-1].details == (
        "The page cannot read etag, x-total, which expose_headers does not list.",
    )


def test_cached_preflight_response_is_used() -> None:
    fetch = Fetch(ITEMS, "PUT")
    granted = HttpResponse(200, (ANY, ("Access-Control-Allow-Methods", "PUT")))
    model = BrowserModel(clock=lambda: 0.0)
    first, second = (model.fetch(lambda _: granted, PAGE, fetch) for _ in range(2))
    assert (first.preflights, second.preflights) == (1, 0)
    explanation = explain_outcome(second, fetch, page=PAGE)
    assert titles(explanation)[1] == "browser: Uses a cached preflight response"
    assert details(explanation, "preflight-cached") == (
        "The method PUT is not GET, HEAD or POST.",
        "The browser has cached a preflight response that covers the request.",
    )


@pytest.mark.parametrize(
    ("status", "word"),
    [(401, "authentication"), (403, "access control"), (404, "not know the URL"), (405, "OPTIONS")],
)
def test_likely_cause_of_a_preflight_status_is_named(status: int, word: str) -> None:
    headers = (ANY, ("Access-Control-Allow-Methods", "PUT"))
    explanation = live(Fetch(ITEMS, "PUT"), HttpResponse(status, headers))
    assert (
        titles(explanation)[-1] == "browser: Rejects the preflight response: PreflightInvalidStatus"
    )
    assert word in explanation.steps[-1].details[1]


def test_other_statuses_have_no_likely_cause() -> None:
    explanation = live(Fetch(ITEMS, "PUT"), HttpResponse(500, (ANY,)))
    assert len(explanation.steps[-1].details) == 2


def test_response_that_is_not_from_the_policy_is_noted() -> None:
    policy = CorsPolicy(allow_origins=[PAGE])
    explanation = live(Fetch(ITEMS), HttpResponse(500), policy=policy)
    assert details(explanation, "response") == (
        f"The policy allows the origin by the exact origin '{PAGE}'.",
        f"This is not the policy's response, which has Access-Control-Allow-Origin: {PAGE}.",
        "No Access-Control-* headers.",
    )
    other = CorsPolicy(allow_origins=["https://other.example.com"])
    explanation = live(Fetch(ITEMS), HttpResponse(200, (ANY,)), policy=other)
    assert explanation.allowed
    assert details(explanation, "response")[1] == (
        "This is not the policy's response, which has no Access-Control-* headers."
    )


def test_other_headers_do_not_make_a_difference() -> None:
    headers = (("access-control-allow-origin", PAGE), ("Content-Type", "text/plain"))
    policy = CorsPolicy(allow_origins=[PAGE])
    explanation = live(Fetch(ITEMS), HttpResponse(200, headers), policy=policy)
    assert details(explanation, "response") == (
        f"The policy allows the origin by the exact origin '{PAGE}'.",
        f"access-control-allow-origin: {PAGE}",
    )


def test_expected_headers_are_listed() -> None:
    policy = CorsPolicy(allow_origins=[PAGE], allow_credentials=True)
    explanation = live(Fetch(ITEMS), HttpResponse(500), policy=policy)
    assert details(explanation, "response")[1] == (
        f"This is not the policy's response, which has Access-Control-Allow-Origin: {PAGE};"
        " Access-Control-Allow-Credentials: true."
    )


def test_same_origin_headers_are_all_readable() -> None:
    headers = (("X-Total", "5"), ("Access-Control-Expose-Headers", "X-Total"))
    explanation = live(Fetch(f"{PAGE}/items"), HttpResponse(200, headers))
    assert explanation.steps[-1].details == ()


def test_exposed_headers_are_named() -> None:
    explanation = explained(expose_headers=["x-a", "x-b"])
    assert explanation.steps[-1].details == (
        "The page can read the safelisted headers and x-a, x-b.",
    )
