"""The kinds of the steps of an explanation, which programs read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from corekit import CorsPolicy
from corekit.browser import Fetch
from corekit.explain import explain
from corekit.explain.explanation import StepKind

APP = "https://app.example.com"
API = "https://api.example.org/items"
READ = ["call", "preflight-not-needed", "request", "response", "end"]
REFUSED = ["call", "preflight-needed", "preflight-request", "preflight-response", "end"]
CASES: list[tuple[Mapping[str, Any], Mapping[str, Any], list[str]]] = [
    ({"allow_origins": [APP]}, {}, READ),
    ({"allow_origins": ["https://b.example"]}, {}, READ),
    ({"allow_origins": [APP]}, {"mode": "no-cors"}, ["call", "request", "response", "end"]),
    (
        {"allow_origins": [APP], "allow_methods": ["PUT"]},
        {"method": "PUT"},
        [*REFUSED[:-1], "preflight-accepted", "request", "response", "end"],
    ),
    ({"allow_origins": [APP]}, {"method": "PUT"}, REFUSED),
]


@pytest.mark.parametrize(("policy", "call", "kinds"), CASES)
def test_steps_have_kinds(
    policy: Mapping[str, Any], call: Mapping[str, Any], kinds: list[str]
) -> None:
    explanation = explain(CorsPolicy(**policy), Fetch(API, **call), page=APP)
    found = [step.kind for step in explanation.steps]
    assert set(found) <= set(get_args(StepKind))
    assert found == kinds
