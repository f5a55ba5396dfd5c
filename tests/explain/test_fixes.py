"""What an explanation proposes: each mend is applied, and then the fetch passes; none is unsafe."""

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
        # What no page can begin to fetch.
        assume(False)
        raise
    return setup.policy, fetch, page, engine, explanation


@given(explanations())
def test_every_mend_with_changes_builds_and_makes_the_fetch_pass(
    drawn: tuple[CorsPolicy, Fetch, str, Quirks, Explanation],
) -> None:
    policy, fetch, page, engine, explanation = drawn
    assert explanation.allowed == is_readable(fetch_from(policy, fetch, page, engine))
    if explanation.allowed:
        assert explanation.fixes == ()
        return
    assert explanation.fixes
    for mend in explanation.fixes:
        if mend.changes or mend.fetch:
            mended = policy.replace(**mend.changes)
            assert is_readable(fetch_from(mended, mend.fetch or fetch, page, engine))


@given(explanations())
def test_no_mend_is_unsafe_or_takes_more_than_it_says(
    drawn: tuple[CorsPolicy, Fetch, str, Quirks, Explanation],
) -> None:
    policy, _, page, _, explanation = drawn
    for mend in explanation.fixes:
        assert "accept_risks" not in mend.changes
        for name in ("allow_methods", "allow_headers", "allow_origins"):
            if name not in mend.changes:
                continue
            added = set(mend.changes[name]) - set(getattr(policy, name))
            assert "*" not in added
            lost = set(getattr(policy, name)) - set(mend.changes[name])
            assert lost <= ({"*"} if name == "allow_origins" else set())
            if name == "allow_origins":
                assert added == {page} or not added
                assert TRUST in mend.message
        if mend.changes.get("allow_credentials"):
            assert "as the logged-in user" in mend.message


@given(explanations())
def test_it_can_be_shown_as_text_and_as_data(
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
def test_the_policy_to_put_around_a_server_makes_the_fetch_pass(
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
    for mend in explanation.fixes:
        if mend.changes:
            policy = mend.apply(CorsPolicy.deny_all())
            assert is_readable(fetch_from(policy, mend.fetch or fetch, page, engine))


def changes(explanation: Explanation) -> list[dict[str, Any]]:
    return [dict(mend.changes) for mend in explanation.fixes if mend.changes]


MENDED: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "an origin that is not allowed": (
        {"allow_origins": ["https://other.example.com"]},
        {},
        {"allow_origins": ("https://other.example.com", PAGE)},
    ),
    "a method": ({}, {"method": "PUT"}, {"allow_methods": ("PUT",)}),
    "a method beside others": (
        {"allow_methods": ["PATCH"]},
        {"method": "DELETE"},
        {"allow_methods": ("PATCH", "DELETE")},
    ),
    "all headers at once": (
        {"allow_headers": ["x-b"]},
        {"headers": (("X-C", "1"), ("X-B", "1"), ("X-A", "1"), ("Accept", "*/*"))},
        {"allow_headers": ("x-b", "x-a", "x-c")},
    ),
    "only authorization beside *": (
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


@pytest.mark.parametrize("name", MENDED)
def test_a_mend_changes_what_is_missing_and_nothing_else(name: str) -> None:
    policy, fetch, expected = MENDED[name]
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


def test_a_change_of_a_route_says_which() -> None:
    routes = CorsRoutes([("/items", CorsPolicy(allow_origins=[PAGE]))])
    (mend,) = explain(routes, Fetch(ITEMS, "PUT"), page=PAGE).fixes
    assert mend.message == "In the policy of the route '/items': Add 'PUT' to allow_methods."


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
def test_what_the_policy_would_refuse_is_said_and_has_no_changes(name: str) -> None:
    page, policy, fetch, why = REFUSED[name]
    url = ITEMS.replace("https", "http") if page.startswith("http:") else ITEMS
    explanation = explained(page, url=url, fetch=fetch, **policy)
    (refused,) = [mend for mend in explanation.fixes if "corekit rejects that" in mend.message]
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
def test_the_page_is_told_what_to_call_instead(name: str) -> None:
    asked, instead = OTHER_FETCHES[name]
    explanation = explained(fetch=asked, allow_methods=["PATCH"])
    (fetch,) = [mend.fetch for mend in explanation.fixes if mend.fetch]
    assert fetch == Fetch(ITEMS, **{**asked, **instead})


def test_a_page_of_https_is_told_to_call_over_https() -> None:
    explanation = explained(url="http://api.example.com/items?a=1")
    assert explanation.failure is not None
    assert explanation.failure.name == "MixedContent"
    (mend,) = explanation.fixes
    assert mend.fetch == Fetch("https://api.example.com/items?a=1")
    assert mend.message == "Request 'https://api.example.com/items?a=1' instead."


def test_an_address_with_a_port_is_called_over_https_too() -> None:
    (mend,) = explained(url="http://api.example.com:8080/a:b").fixes
    assert mend.message == "Request 'https://api.example.com:8080/a:b' instead."


def test_plain_http_to_this_machine_is_left_where_the_browser_allows_it() -> None:
    policy, fetch = CorsPolicy(allow_origins=[PAGE]), Fetch("http://localhost:8000/", "PUT")
    for name, engine in ENGINES.items():
        explanation = explain(policy, fetch, page=PAGE, quirks=engine)
        is_mixed = explanation.failure is not None and explanation.failure.name == "MixedContent"
        assert is_mixed == (name == "webkit")
        calls = [mend.fetch.url for mend in explanation.fixes if mend.fetch]
        assert calls == (["https://localhost:8000/"] if is_mixed else [])


@pytest.mark.parametrize(
    ("page", "url", "there"),
    [
        (PAGE, "ftp://api.example.com/items", ITEMS),
        ("http://app.example.com", "ftp://api.example.com/", "http://api.example.com/"),
    ],
)
def test_an_address_of_another_scheme_is_called_over_the_pages(
    page: str, url: str, there: str
) -> None:
    explanation = explained(page, url=url, allow_origins=[page])
    assert [mend.fetch for mend in explanation.fixes] == [Fetch(there)]


def test_an_address_without_a_host_has_no_mend_in_the_page() -> None:
    explanation = explained(url="mailto:someone@example.com")
    assert explanation.failure is not None
    assert explanation.failure.name == "CorsDisabledScheme"
    assert not any(mend.fetch or mend.changes for mend in explanation.fixes)
    assert explanation.fixes


def test_the_call_and_the_policy_are_mended_together_where_both_are_at_fault() -> None:
    explanation = explained(fetch={"method": "patch"})
    mend = explanation.fixes[0]
    assert mend.fetch == Fetch(ITEMS, method="PATCH")
    assert dict(mend.changes) == {"allow_methods": ("PATCH",)}


def test_no_route_means_that_a_route_is_to_be_added() -> None:
    policy = CorsPolicy(allow_origins=[PAGE])
    explanation = explain(CorsRoutes([("/api/", policy)]), Fetch(ITEMS), page=PAGE)
    (mend,) = explanation.fixes
    assert "Add a route" in mend.message
    assert not mend.changes


def test_a_path_with_two_readings_is_mended_by_no_policy() -> None:
    routes = CorsRoutes([("/api/", CorsPolicy.deny_all()), ("/", CorsPolicy(allow_origins=["*"]))])
    url = "https://api.example.com/api/..%2fitems"
    (mend,) = explain(routes, Fetch(url), page=PAGE).fixes
    assert mend.message == (
        "The path /api/../items is ambiguous, so no origins are allowed. Request a path without"
        " '.' and '..' segments, double slashes and backslashes."
    )
    assert not mend.changes


def test_a_policy_that_grants_nothing_can_be_mended() -> None:
    nothing = CorsPolicy.deny_all()
    explanation = explain(nothing, Fetch(ITEMS, method="PUT"), page=PAGE)
    mended = explanation.fixes[0].apply(nothing)
    assert mended == CorsPolicy(allow_origins=[PAGE], allow_methods=["PUT"])


def test_more_changes_than_a_policy_can_need_are_not_tried() -> None:
    # A header list that is longer than any honest one is refused whatever is allowed beside `*`.
    names = tuple((f"x-{at:04}-{'y' * 90}", "1") for at in range(60))
    policy: dict[str, Any] = {"allow_headers": ["*"], "allow_credentials": True}
    explanation = explained(fetch={"headers": names, "credentials": "include"}, **policy)
    assert not explanation.allowed
    assert explain(
        explanation.fixes[0].apply(CorsPolicy(allow_origins=[PAGE], **policy)),
        Fetch(ITEMS, headers=names, credentials="include"),
        page=PAGE,
    ).allowed


def test_changes_cannot_be_applied_to_what_refuses_them() -> None:
    mend = Fix("Unsafe.", {"allow_origins": ["*"]})
    with pytest.raises(PolicyError):
        mend.apply(CorsPolicy(allow_origins=[PAGE], allow_credentials=True))


def test_the_standard_is_what_is_explained_where_no_engine_is_named() -> None:
    fetch = Fetch(ITEMS, headers=(("Authorization", "x"),))
    policy = CorsPolicy(allow_origins=[PAGE], allow_headers=["*"])
    assert not explain(policy, fetch, page=PAGE).allowed
    assert not explain(policy, fetch, page=PAGE, quirks=STANDARD).allowed
    assert explain(policy, fetch, page=PAGE, quirks=ENGINES["chromium"]).allowed
