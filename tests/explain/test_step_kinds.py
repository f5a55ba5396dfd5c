"""The kind of each step, for programs that must not read its title."""

from __future__ import annotations

import pytest

from corekit.browser import Fetch, HttpResponse
from corekit.explain import Explanation
from tests.explain.calls import ITEMS, PAGE, explained, live

PREFLIGHT = "call preflight-needed preflight-request preflight-response"


@pytest.mark.parametrize(
    ("explanation", "kinds"),
    [
        (explained(), "call preflight-not-needed request response end"),
        (explained(fetch={"mode": "no-cors"}), "call request response end"),
        (
            explained(fetch={"method": "PUT"}, allow_methods=["PUT"]),
            f"{PREFLIGHT} preflight-accepted request response end",
        ),
        (
            explained(fetch={"method": "PUT"}),
            f"{PREFLIGHT} end",
        ),
        (explained("https://other.example"), "call preflight-not-needed request response end"),
        (
            live(
                Fetch(ITEMS),
                HttpResponse(302, (("Location", "/"), ("Access-Control-Allow-Origin", PAGE))),
                HttpResponse(200, (("Access-Control-Allow-Origin", PAGE),)),
            ),
            "call preflight-not-needed request response redirect request response end",
        ),
    ],
)
def test_kinds_of_steps(explanation: Explanation, kinds: str) -> None:
    assert " ".join(step.kind for step in explanation.steps) == kinds
