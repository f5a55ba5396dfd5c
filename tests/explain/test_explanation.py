"""What an explanation holds, and how it is shown: as text, as data."""

from __future__ import annotations

import json

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit.browser import Fetch
from corekit.explain import Mend, explain

PAGE = "https://app.example.com"
POLICY = CorsPolicy(allow_origins=["https://*.example.com"], allow_credentials=True)
ITEMS = "https://api.example.com/items"


def test_the_mend_of_a_refused_method_makes_the_fetch_pass() -> None:
    fetch = Fetch(ITEMS, method="PUT", headers=(("X-A", "1"),))
    explanation = explain(POLICY, fetch, page=PAGE)
    assert not explanation.allowed
    assert explanation.failure is not None
    assert explanation.failure.name == "MethodDisallowedByPreflightResponse"
    mended = explanation.mends[0].apply(POLICY)
    assert mended == POLICY.replace(allow_methods=["PUT"], allow_headers=["x-a"])
    assert explain(mended, fetch, page=PAGE).allowed


def test_the_data_goes_through_json_unchanged() -> None:
    explanation = explain(POLICY, Fetch(ITEMS, method="PUT"), page=PAGE)
    data = explanation.as_data()
    assert json.loads(json.dumps(data)) == data
    assert data["exchanges"][0]["request"]["is_preflight"]
    assert data["mends"][0]["changes"] == {"allow_methods": ["PUT"]}


def test_the_steps_are_in_the_order_in_which_things_happen() -> None:
    explanation = explain(POLICY, Fetch(ITEMS, headers=(("X-A", "1"),)), page=PAGE)
    assert [step.actor for step in explanation.steps] == [
        "page",
        "browser",
        "browser",
        "server",
        "browser",
    ]


def test_a_mend_of_routes_changes_the_policy_of_its_route_alone() -> None:
    routes = CorsRoutes([("/items", POLICY), ("/", POLICY)])
    (mend,) = explain(routes, Fetch(ITEMS, method="PUT"), page=PAGE).mends
    assert mend.route == "/items"
    expected = CorsRoutes([("/items", POLICY.replace(allow_methods=["PUT"])), ("/", POLICY)])
    assert mend.apply(routes) == expected
    assert Mend("Nothing.").apply(routes) == routes
    with pytest.raises(ValueError, match="the routes have no None to be changed"):
        Mend("Allow PUT.", {"allow_methods": ["PUT"]}).apply(routes)


def test_a_mend_and_a_near_miss_are_shown_as_their_sentence() -> None:
    explanation = explain(POLICY, Fetch(ITEMS, method="patch"), page=PAGE)
    assert str(explanation.mends[0]) == explanation.mends[0].sentence
    assert str(explanation.near_misses[0]) == explanation.near_misses[0].sentence


def test_the_data_has_all_of_it() -> None:
    fetch = Fetch(ITEMS, method="patch", headers=(("Cookie", "a"),), credentials="include")
    explanation = explain(CorsRoutes([("/", POLICY)]), fetch, page=PAGE)
    data = explanation.as_data()
    assert data["allowed"] is False
    assert data["summary"] == explanation.summary
    assert data["steps"][0]["actor"] == "page"
    assert data["steps"][0]["title"] == f"Calls patch {ITEMS} from {PAGE}"
    assert data["steps"][0]["details"] == list(explanation.steps[0].details)
    assert len(data["steps"]) == len(explanation.steps)
    assert data["failure"] == {
        "name": "MethodDisallowedByPreflightResponse",
        "sentence": "The preflight's answer does not allow the method patch.",
        "method": "patch",
        "url": ITEMS,
        "origin": PAGE,
        "value": "patch",
        "is_cors": True,
    }
    assert [near["subject"] for near in data["near_misses"]] == ["method", "header"]
    assert data["near_misses"][0] == {
        "subject": "method",
        "given": "patch",
        "nearest": "PATCH",
        "sentence": "Browsers send 'patch' as it is written, and servers know 'PATCH'.",
    }
    assert data["mends"][0] == {
        "sentence": explanation.mends[0].sentence,
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
        },
    }
    assert data["mends"][-1]["fetch"] is None
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


def test_the_data_of_what_passes_has_no_failure() -> None:
    data = explain(POLICY, Fetch(ITEMS), page=PAGE).as_data()
    assert (data["allowed"], data["failure"], data["mends"]) == (True, None, [])
