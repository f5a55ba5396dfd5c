"""The content of an explanation, as text and as data."""

from __future__ import annotations

import json

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit.browser import FAILURES, BrowserModel, Fetch, HttpResponse
from corekit.diagnostics import escape
from corekit.explain import Fix, explain, explain_outcome

PAGE = "https://app.example.com"
POLICY = CorsPolicy(allow_origins=["https://*.example.com"], allow_credentials=True)
ITEMS = "https://api.example.com/items"


def test_fix_of_a_denied_method_makes_the_fetch_succeed() -> None:
    fetch = Fetch(ITEMS, method="PUT", headers=(("X-A", "1"),))
    explanation = explain(POLICY, fetch, page=PAGE)
    assert not explanation.allowed
    assert explanation.failure is not None
    assert explanation.failure.name == "MethodDisallowedByPreflightResponse"
    fixed = explanation.fixes[0].apply(POLICY)
    assert fixed == POLICY.replace(allow_methods=["PUT"], allow_headers=["x-a"])
    assert explain(fixed, fetch, page=PAGE).allowed


def test_data_round_trips_through_json() -> None:
    explanation = explain(POLICY, Fetch(ITEMS, method="PUT"), page=PAGE)
    data = explanation.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["exchanges"][0]["request"]["is_preflight"]
    assert data["fixes"][0]["changes"] == {"allow_methods": ["PUT"]}


def test_steps_are_in_chronological_order() -> None:
    explanation = explain(POLICY, Fetch(ITEMS, headers=(("X-A", "1"),)), page=PAGE)
    assert [step.actor for step in explanation.steps] == [
        "page",
        "browser",
        "browser",
        "server",
        "browser",
    ]


def test_fix_of_routes_changes_only_the_policy_of_its_route() -> None:
    routes = CorsRoutes([("/items", POLICY), ("/", POLICY)])
    (fix,) = explain(routes, Fetch(ITEMS, method="PUT"), page=PAGE).fixes
    assert fix.route == "/items"
    expected = CorsRoutes([("/items", POLICY.replace(allow_methods=["PUT"])), ("/", POLICY)])
    assert fix.apply(routes) == expected
    assert Fix("Nothing.").apply(routes) == routes
    with pytest.raises(ValueError, match="the routes do not have the route None"):
        Fix("Allow PUT.", {"allow_methods": ["PUT"]}).apply(routes)
    with pytest.raises(ValueError, match="the routes do not have the route '/gone'"):
        Fix("Allow PUT.", {"allow_methods": ["PUT"]}, "/gone").apply(routes)


def test_fix_and_near_miss_are_shown_as_their_message() -> None:
    explanation = explain(POLICY, Fetch(ITEMS, method="patch"), page=PAGE)
    assert str(explanation.fixes[0]) == explanation.fixes[0].message
    assert str(explanation.near_misses[0]) == explanation.near_misses[0].message


def test_data_is_complete() -> None:
    fetch = Fetch(ITEMS, method="patch", headers=(("Cookie", "a"),), credentials="include")
    explanation = explain(CorsRoutes([("/", POLICY)]), fetch, page=PAGE)
    data = explanation.to_dict()
    assert data["allowed"] is False
    assert data["summary"] == explanation.summary
    assert data["steps"][0]["actor"] == "page"
    assert data["steps"][0]["title"] == f"Requests patch {ITEMS} from {PAGE}"
    assert data["steps"][0]["details"] == list(explanation.steps[0].details)
    assert len(data["steps"]) == len(explanation.steps)
    assert data["failure"] == {
        "code": "MethodDisallowedByPreflightResponse",
        "severity": "error",
        "message": "The preflight response does not allow the method patch.",
        "hint": FAILURES["MethodDisallowedByPreflightResponse"].hint,
        "subject": f"patch {ITEMS}",
        "value": "patch",
        "fix": None,
        "route": None,
        "failure": "MethodDisallowedByPreflightResponse",
        "source": None,
        "line": None,
        "column": None,
        "method": "patch",
        "url": ITEMS,
        "origin": PAGE,
        "is_cors": True,
    }
    assert [near["subject"] for near in data["near_misses"]] == ["method", "header"]
    assert data["near_misses"][0] == {
        "code": "near-miss",
        "severity": "info",
        "message": "Browsers send 'patch' as it is written, but servers expect 'PATCH'.",
        "hint": "Did you mean 'PATCH'?",
        "subject": "method",
        "value": "patch",
        "fix": "PATCH",
        "route": None,
        "failure": None,
        "source": None,
        "line": None,
        "column": None,
    }
    assert [near["hint"] for near in data["near_misses"][1:]] == ["Remove it."]
    assert [near["fix"] for near in data["near_misses"][1:]] == [None]
    assert data["fixes"][0] == {
        "message": explanation.fixes[0].message,
        "changes": {"allow_methods": ["PATCH"]},
        "route": "/",
        "fetch": {
            "url": ITEMS,
            "method": "PATCH",
            "headers": [["Cookie", "a"]],
            "mode": "cors",
            "credentials": "include",
            "redirect": "follow",
            "upload_listener": False,
            "body_type": "",
            "target_address_space": None,
        },
    }
    assert data["fixes"][-1]["fetch"] is None
    assert data["exchanges"] == [
        {
            "request": {
                "method": "OPTIONS",
                "url": ITEMS,
                "headers": [
                    ["Accept", "*/*"],
                    ["Access-Control-Request-Method", "patch"],
                    ["Origin", PAGE],
                ],
                "credentials": False,
                "is_preflight": True,
            },
            "response": {
                "status": 204,
                "headers": [
                    ["Access-Control-Allow-Origin", PAGE],
                    ["Access-Control-Allow-Credentials", "true"],
                    ["Access-Control-Allow-Methods", "GET, HEAD, POST"],
                    ["Vary", "Origin"],
                ],
            },
        }
    ]


def test_data_of_a_success_has_no_failure() -> None:
    data = explain(POLICY, Fetch(ITEMS), page=PAGE).to_dict()
    assert (data["allowed"], data["failure"], data["fixes"]) == (True, None, [])


TEXT = """\
A page from https://app.example.com cannot read the response to patch \
https://api.example.com/items: The preflight response does not allow the method patch. \
[MethodDisallowedByPreflightResponse]

1. page: Requests patch https://api.example.com/items from https://app.example.com
   - https://api.example.com is a different origin than https://app.example.com: the host differs.
   - The method is sent as patch, in lower case: browsers write only DELETE, GET, HEAD, OPTIONS,
     POST and PUT in upper case, and method names are case-sensitive.
   - Cookies are not sent to another origin (credentials: 'same-origin', the default).
2. browser: Needs a preflight: it asks the server before it sends the request
   - The method patch is not GET, HEAD or POST.
   - The header x-a is not safelisted.
3. browser: Sends the preflight: OPTIONS https://api.example.com/items
   - Access-Control-Request-Method: patch
   - Access-Control-Request-Headers: x-a
   - Origin: https://app.example.com
   - Without cookies.
4. server: Responds to the preflight: 204
   - The policy allows the origin by the pattern 'https://*.example.com'.
   - Access-Control-Allow-Origin: https://app.example.com
   - Access-Control-Allow-Credentials: true
   - Access-Control-Allow-Methods: GET, HEAD, POST
   - Vary: Origin
5. browser: Rejects the preflight response: MethodDisallowedByPreflightResponse
   - The preflight response does not allow the method patch.
   - The request itself is not sent.

Near misses:
   - Browsers send 'patch' as it is written, but servers expect 'PATCH'.

How to fix it:
   - Use the method 'PATCH', in upper case. Add 'PATCH' to allow_methods and add 'x-a' to
     allow_headers.
   - The policy would have to add 'patch' to allow_methods, but corekit rejects that: Method names
     are case-sensitive; servers expect this one in upper case. Did you mean 'PATCH'?"""


def test_text_is_laid_out_for_a_terminal() -> None:
    fetch = Fetch(ITEMS, method="patch", headers=(("X-A", "1"),))
    assert str(explain(POLICY, fetch, page=PAGE)) == TEXT


def test_text_of_a_success_has_no_near_misses_and_fixes() -> None:
    text = str(explain(POLICY, Fetch(ITEMS), page=PAGE))
    assert text.endswith("\n5. browser: Gives the page the response, status 200")


def test_long_urls_and_hyphenated_words_are_not_broken() -> None:
    url = f"{ITEMS}/{'a-' * 80}"
    fetch = Fetch(url, headers=((f"X-{'b-' * 60}c", "1"),))
    lines = str(explain(POLICY, fetch, page=PAGE)).splitlines()
    assert f"   {url}" in lines
    assert f"     x-{'b-' * 60}c" in lines


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("x" * 200, "x" * 200),
        ("x" * 201, f"{'x' * 200}..."),
        (" ~\\'", " ~\\'"),
        ("\x1f\x7f\x80", "\\x1f\\x7f\\x80"),
        ("\u20ac", "\\u20ac"),
    ],
)
def test_untrusted_text_is_escaped_and_bounded(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@pytest.mark.parametrize("url", ["//x/", "/x", "x"])
def test_relative_url_of_an_app_shell_raises(url: str) -> None:
    with pytest.raises(ValueError, match="not an absolute URL"):
        explain(CorsPolicy.deny_all(), Fetch(url), page="capacitor://localhost")


@pytest.mark.parametrize(
    ("fetch", "name"),
    [
        (Fetch("https://api.example.com:6000/"), "BadPort"),
        (
            Fetch("https://api.example.com/", mode="no-cors", redirect="manual"),
            "NoCorsRedirectModeNotFollow",
        ),
    ],
)
def test_fetch_that_is_not_sent_has_no_change_of_the_policy(fetch: Fetch, name: str) -> None:
    explanation = explain(CorsPolicy(allow_origins=["*"]), fetch, page="https://app.example.com")
    assert explanation.failure is not None
    assert explanation.failure.name == name
    assert explanation.outcome.exchanges == ()
    assert explanation.steps[-1].title == f"Does not send the request: {name}"
    assert explanation.fixes
    assert not any(fix.changes for fix in explanation.fixes)


@pytest.mark.parametrize("locations", [("/a",), ("/a", "/b")])
def test_only_a_single_location_is_proposed(locations: tuple[str, ...]) -> None:
    lines = tuple(("Location", location) for location in locations)
    response = HttpResponse(302, (("Access-Control-Allow-Origin", "*"), *lines))
    fetch = Fetch(ITEMS, redirect="error")
    outcome = BrowserModel(clock=lambda: 0.0).fetch(lambda _: response, PAGE, fetch)
    explanation = explain_outcome(outcome, fetch, page=PAGE)
    assert explanation.failure is not None
    assert explanation.failure.name == "RedirectNotFollowed"
    proposed = [fix.fetch.url for fix in explanation.fixes if fix.fetch and fix.fetch.url != ITEMS]
    assert proposed == (["https://api.example.com/a"] if len(locations) == 1 else [])


def test_response_for_a_path_without_a_policy() -> None:
    routes = CorsRoutes([("/other", POLICY)])
    explanation = explain(routes, Fetch(ITEMS), page=PAGE)
    assert [step.title for step in explanation.steps if step.kind == "response"] == [
        "Responds to the request: 200"
    ]
