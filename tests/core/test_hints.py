"""The instructions that fix a denial."""

from __future__ import annotations

import pytest

from corekit import CorsPolicy

PAGE = "https://app.example.com"


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("x-b", "Add 'x-b' to allow_headers."),
        (
            "x-tokem,x-requestid",
            (
                "Nearest allowed header: 'x-request-id', 'x-token'. Add 'x-requestid', 'x-tokem' to"
                " allow_headers."
            ),
        ),
        ("e,d,c,b,a", "Add 'a', 'b', 'c', 'd', 'e' to allow_headers."),
        ("f,e,d,c,b,a", "Add 'a', 'b', 'c', 'd', 'e' and 1 more to allow_headers."),
    ],
)
def test_hint_names_the_missing_headers(asked: str, hint: str) -> None:
    policy = CorsPolicy(allow_origins=[PAGE], allow_headers=["x-token", "x-request-id"])
    decision = policy.decide("OPTIONS", origin=PAGE, request_method="GET", request_headers=asked)
    assert decision.hint == hint
