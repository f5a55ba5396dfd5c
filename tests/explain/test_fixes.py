"""Each fix of an explanation lets the fetch succeed, and no fix is unsafe."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit._origins import is_serialized_origin
from corekit.browser import ENGINES, STANDARD, BrowserModel, Fetch, Outcome, Quirks
from corekit.explain import Explanation, Fix, explain, explain_outcome
from corekit_testing.transports import WsgiTransport
from corekit_wsgi import CorsMiddleware
from tests.explain.calls import ITEMS, PAGE, explained, fetches, pages, setups

TRUST = "Allow an origin only if you control it"
quirks = st.sampled_from(list(ENGINES.values()))


def respond(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b""]


def fetch_from(policy: CorsPolicy, fetch: Fetch, page: str, quirks: Quirks) -> Outcome:
    """Make the fetch through the middleware of an application."""
    app = CorsMiddleware(respond, policy)
    send = WsgiTransport(app, raise_exceptions=True).send
    return BrowserModel(clock=lambda: 0.0, quirks=quirks).fetch(send, page, fetch)


def is_readable(outcome: Outcome) -> bool:
    return outcome.response is not None and outcome.response.kind in ("basic", "cors")


@st.composite
def explanations(draw: st.DrawFn) -> tuple[CorsPolicy, Fetch, str, Quirks, Explanation]:
    setup = draw(setups())
    page = draw(pages(setup.origins))
    assume(is_serialized_origin(page))
    fetch, engine = draw(fetches), draw(quirks)
    try:
        explanation = explain(setup.policy, fetch, page=page, quirks=engine)
    except ValueError:
        # Fetches that no page can start.
        assume(False)
        raise
    return setup.policy, fetch, page, engine, explanation


@given(explanations())
def test_every_fix_with_changes_makes_the_fetch_succeed(
    drawn: tuple[CorsPolicy, Fetch, str, Quirks, Explanation],
) -> None:
    policy, fetch, page, engine, explanation = drawn
    assert explanation.allowed == is_readable(fetch_from(policy, fetch, page, engine))
    if explanation.allowed:
        assert explanation.fixes == ()
        return
    assert explanation.fixes
    for fix in explanation.fixes:
        if fix.changes or fix.fetch:
            fixed = policy.replace(**fix.changes)
            assert is_readable(fetch_from(fixed, fix.fetch or fetch, page, engine))


@given(explanations())
def test_fixes_are_safe_and_change_only_what_they_name(
    drawn: tuple[CorsPolicy, Fetch, str, Quirks, Explanation],
) -> None:
    policy, _, page, _, explanation = drawn
    for fix in explanation.fixes:
        assert "accept_risks" not in fix.changes
        for name in ("allow_methods", "allow_headers", "allow_origins"):
            if name not in fix.changes:
                continue
            added = set(fix.changes[name]) - set(getattr(policy, name))
            assert "*" not in added
            lost = set(getattr(policy, name)) - set(fix.changes[name])
            assert lost <= ({"*"} if name == "allow_origins" else set())
            if name == "allow_origins":
                assert added == {page} or not added
                assert TRUST in fix.message
        if fix.changes.get("allow_credentials"):
            assert "as the logged-in user" in fix.message


@given(explanations())
def test_explanation_can_be_text_and_data(
    drawn: tuple[CorsPolicy, Fetch, str, Quirks, Explanation],
) -> None:
    explanation = drawn[-1]
    data = explanation.to_dict()
    assert json.loads(json.dumps(data)) == data
    text = str(explanation)
    assert text.isascii()
    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text) < 20_000


@given(setups(), fetches, quirks, st.data())
def test_policy_for_a_live_server_makes_the_fetch_succeed(
    setup: Any, fetch: Fetch, engine: Quirks, data: st.DataObject
) -> None:
    page = data.draw(pages(setup.origins))
    assume(is_serialized_origin(page))
    try:
        outcome = fetch_from(CorsPolicy.deny_all(), fetch, page, engine)
    except ValueError:
        assume(False)
        raise
    explanation = explain_outcome(outcome, fetch, page=page, quirks=engine)
    assert explanation.allowed == is_readable(outcome)
    for fix in explanation.fixes:
        if fix.changes:
            policy = fix.apply(CorsPolicy.deny_all())
            assert is_readable(fetch_from(policy, fix.fetch or fetch, page, engine))


def changes(explanation: Explanation) -> list[dict[str, Any]]:
    return [dict(fix.changes) for fix in explanation.fixes if fix.changes]


CHANGED: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "an origin that is not allowed": (
        {"allow_origins": ["https://other.example.com"]},
        {},
        {"allow_origins": ("https://other.example.com", PAGE)},
    ),
    "a method": ({}, {"method": "PUT"}, {"allow_methods": ("PUT",)}),
    "a method in addition to others": (
        {"allow_methods": ["PATCH"]},
        {"method": "DELETE"},
        {"allow_methods": ("PATCH", "DELETE")},
    ),
    "all headers at once": (
        {"allow_headers": ["x-b"]},
        {"headers": (("X-C", "1"), ("X-B", "1"), ("X-A", "1"), ("Accept", "*/*"))},
        {"allow_headers": ("x-b", "x-a", "x-c")},
    ),
    "only authorization in addition to *": (
        {"allow_headers": ["*"]},
        {"headers": (("Authorization", "x"), ("X-A", "1"))},
        {"allow_headers": ("*", "authorization")},
    ),
    "credentials": ({}, {"credentials": "include"}, {"allow_credentials": True}),
    "credentials where any origin was allowed": (
        {"allow_origins": ["*"]},
        {"credentials": "include"},
        {"allow_origins": (PAGE,), "allow_credentials": True},
    ),
    "everything together": (
        {"allow_origins": ["https://other.example.com"]},
        {"method": "PUT", "headers": (("X-A", "1"),), "credentials": "include"},
        {
            "allow_origins": ("https://other.example.com", PAGE),
            "allow_credentials": True,
            "allow_methods": ("PUT",),
            "allow_headers": ("x-a",),
        },
    ),
}


@pytest.mark.parametrize("name", CHANGED)
def test_fix_changes_only_what_is_missing(name: str) -> None:
    policy, fetch, expected = CHANGED[name]
    explanation = explained(fetch=fetch, **policy)
    assert changes(explanation) == [expected]
    assert dict(explanation.fixes[0].changes) == expected


def test_several_changes_are_one_sentence() -> None:
    explanation = explained(
        allow_origins=["https://other.example.com"],
        fetch={"method": "PUT", "headers": (("X-A", "1"), ("X-B", "1")), "credentials": "include"},
    )
    assert explanation.fixes[0].message == (
        f"Add '{PAGE}' to allow_origins, set allow_credentials=True, add 'PUT' to allow_methods"
        " and add 'x-a', 'x-b' to allow_headers. Allow an origin only if you control it or trust"
        " its owner: its pages can read the responses. With credentials, pages of every allowed"
        " origin can make requests as the logged-in user."
    )


def test_change_of_a_route_names_it() -> None:
    routes = CorsRoutes([("/items", CorsPolicy(allow_origins=[PAGE]))])
    (fix,) = explain(routes, Fetch(ITEMS, "PUT"), page=PAGE).fixes
    assert fix.message == "In the policy of the route '/items': Add 'PUT' to allow_methods."


REFUSED = {
    "null": ("null", {}, {}, "sandboxed iframe"),
    "null with credentials": ("null", {}, {"credentials": "include"}, "sandboxed iframe"),
    "http with credentials": (
        "http://app.example.com",
        {"allow_origins": ["*"]},
        {"credentials": "include"},
        "network attacker",
    ),
    "a method in the wrong case": (PAGE, {}, {"method": "patch"}, "case-sensitive"),
    "a header of responses": (PAGE, {}, {"headers": (("ETag", "1"),)}, "response header"),
    "any exposed header with credentials": (
        PAGE,
        {"expose_headers": ["*"]},
        {"credentials": "include"},
        "the name of a header",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_rejected_change_is_explained_without_changes(name: str) -> None:
    page, policy, fetch, why = REFUSED[name]
    url = ITEMS.replace("https", "http") if page.startswith("http:") else ITEMS
    explanation = explained(page, url=url, fetch=fetch, **policy)
    (refused,) = [fix for fix in explanation.fixes if "corekit rejects that" in fix.message]
    assert why in refused.message
    assert not refused.changes
    assert explanation.fixes[-1] is refused


OTHER_FETCHES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "upper case": ({"method": "patch"}, {"method": "PATCH"}),
    "without a header of responses": (
        {"headers": (("Access-Control-Allow-Origin", "*"), ("Accept", "a/b"))},
        {"headers": (("Accept", "a/b"),)},
    ),
    "mode no-cors": ({"mode": "no-cors"}, {"mode": "cors"}),
    "mode same-origin": ({"mode": "same-origin"}, {"mode": "cors"}),
    "without credentials": ({"credentials": "include"}, {"credentials": "omit"}),
}


@pytest.mark.parametrize("name", OTHER_FETCHES)
def test_other_request_is_proposed(name: str) -> None:
    asked, instead = OTHER_FETCHES[name]
    explanation = explained(fetch=asked, allow_methods=["PATCH"])
    (fetch,) = [fix.fetch for fix in explanation.fixes if fix.fetch]
    assert fetch == Fetch(ITEMS, **{**asked, **instead})


def test_https_page_gets_the_https_url() -> None:
    explanation = explained(url="http://api.example.com/items?a=1")
    assert explanation.failure is not None
    assert explanation.failure.name == "MixedContent"
    (fix,) = explanation.fixes
    assert fix.fetch == Fetch("https://api.example.com/items?a=1")
    assert fix.message == "Request 'https://api.example.com/items?a=1' instead."


def test_url_with_a_port_becomes_https_too() -> None:
    (fix,) = explained(url="http://api.example.com:8080/a:b").fixes
    assert fix.message == "Request 'https://api.example.com:8080/a:b' instead."


def test_http_to_loopback_stays_if_the_browser_allows_it() -> None:
    policy, fetch = CorsPolicy(allow_origins=[PAGE]), Fetch("http://localhost:8000/", "PUT")
    for name, engine in ENGINES.items():
        explanation = explain(policy, fetch, page=PAGE, quirks=engine)
        is_mixed = explanation.failure is not None and explanation.failure.name == "MixedContent"
        assert is_mixed == (name == "webkit")
        calls = [fix.fetch.url for fix in explanation.fixes if fix.fetch]
        assert calls == (["https://localhost:8000/"] if is_mixed else [])


@pytest.mark.parametrize(
    ("page", "url", "there"),
    [
        (PAGE, "ftp://api.example.com/items", ITEMS),
        ("http://app.example.com", "ftp://api.example.com/", "http://api.example.com/"),
    ],
)
def test_url_with_another_scheme_gets_the_scheme_of_the_page(
    page: str, url: str, there: str
) -> None:
    explanation = explained(page, url=url, allow_origins=[page])
    assert [fix.fetch for fix in explanation.fixes] == [Fetch(there)]


def test_url_without_a_host_has_no_fix_in_the_page() -> None:
    explanation = explained(url="mailto:someone@example.com")
    assert explanation.failure is not None
    assert explanation.failure.name == "CorsDisabledScheme"
    assert not any(fix.fetch or fix.changes for fix in explanation.fixes)
    assert explanation.fixes


def test_request_and_policy_are_fixed_together() -> None:
    explanation = explained(fetch={"method": "patch"})
    fix = explanation.fixes[0]
    assert fix.fetch == Fetch(ITEMS, method="PATCH")
    assert dict(fix.changes) == {"allow_methods": ("PATCH",)}


def test_path_without_a_route_needs_a_route() -> None:
    policy = CorsPolicy(allow_origins=[PAGE])
    explanation = explain(CorsRoutes([("/api/", policy)]), Fetch(ITEMS), page=PAGE)
    (fix,) = explanation.fixes
    assert "Add a route" in fix.message
    assert not fix.changes


def test_ambiguous_path_is_not_fixed_by_a_policy() -> None:
    routes = CorsRoutes([("/api/", CorsPolicy.deny_all()), ("/", CorsPolicy(allow_origins=["*"]))])
    url = "https://api.example.com/api/..%2fitems"
    (fix,) = explain(routes, Fetch(url), page=PAGE).fixes
    assert fix.message == (
        "The path /api/../items is ambiguous, so no origins are allowed. Request a path without"
        " '.' and '..' segments, '@@', double slashes and backslashes."
    )
    assert not fix.changes


def test_policy_that_denies_everything_can_be_fixed() -> None:
    nothing = CorsPolicy.deny_all()
    explanation = explain(nothing, Fetch(ITEMS, method="PUT"), page=PAGE)
    fixed = explanation.fixes[0].apply(nothing)
    assert fixed == CorsPolicy(allow_origins=[PAGE], allow_methods=["PUT"])


def test_too_long_header_list_is_fixed_by_names() -> None:
    # A requested header list beyond the limit is rejected even under `*`.
    names = tuple((f"x-{at:04}-{'y' * 90}", "1") for at in range(60))
    policy: dict[str, Any] = {"allow_headers": ["*"], "allow_credentials": True}
    explanation = explained(fetch={"headers": names, "credentials": "include"}, **policy)
    assert not explanation.allowed
    assert explain(
        explanation.fixes[0].apply(CorsPolicy(allow_origins=[PAGE], **policy)),
        Fetch(ITEMS, headers=names, credentials="include"),
        page=PAGE,
    ).allowed


def test_applying_unsafe_changes_fails() -> None:
    fix = Fix("Unsafe.", {"allow_origins": ["*"]})
    with pytest.raises(PolicyError):
        fix.apply(CorsPolicy(allow_origins=[PAGE], allow_credentials=True))


def test_default_engine_is_the_standard() -> None:
    fetch = Fetch(ITEMS, headers=(("Authorization", "x"),))
    policy = CorsPolicy(allow_origins=[PAGE], allow_headers=["*"])
    assert not explain(policy, fetch, page=PAGE).allowed
    assert not explain(policy, fetch, page=PAGE, quirks=STANDARD).allowed
    assert explain(policy, fetch, page=PAGE, quirks=ENGINES["chromium"]).allowed
