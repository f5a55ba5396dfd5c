"""What an explanation holds, and how it is shown: as text, as data."""

from __future__ import annotations

import json

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
