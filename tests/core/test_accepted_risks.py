"""Risks that an operator can accept, and problems that cannot be accepted."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy
from tests.core.rejections import APP, codes_of, problem_of, problems_of

CREDENTIALS: dict[str, Any] = {"allow_credentials": True}

ACCEPTABLE: list[tuple[str, dict[str, Any]]] = [
    ("opaque-origin", {"allow_origins": ["null"]}),
    ("insecure-origin", {"allow_origins": ["http://a.example.com"], **CREDENTIALS}),
    ("insecure-origin", {"allow_origins": ["http://*.example.com"], **CREDENTIALS}),
    ("insecure-origin", {"allow_origins": ["http://example.com:*"], **CREDENTIALS}),
    ("insecure-origin", {"allow_origins": ["http://192.168.0.1"], **CREDENTIALS}),
    ("insecure-origin", {"allow_origins": ["http://[fe80::1]"], **CREDENTIALS}),
    ("insecure-origin", {"allow_origins": ["http://127.0.0.1.example.com"], **CREDENTIALS}),
    ("insecure-origin", {"allow_origins": ["http://notlocalhost"], **CREDENTIALS}),
    ("public-suffix", {"allow_origins": ["https://*.com"], **CREDENTIALS}),
    ("public-suffix", {"allow_origins": ["https://*.co.uk"], **CREDENTIALS}),
    ("public-suffix", {"allow_origins": ["https://*.co.uk."], **CREDENTIALS}),
    ("public-suffix", {"allow_origins": ["https://pr-*.github.io"], **CREDENTIALS}),
    ("public-suffix", {"allow_origins": ["https://*.github.io:8443"], **CREDENTIALS}),
    ("public-suffix", {"allow_origins": ["https://*.unheard-of"], **CREDENTIALS}),
    ("public-suffix", {"allow_origins": ["https://*.foo.ck"], **CREDENTIALS}),
]


@pytest.mark.parametrize(("code", "arguments"), ACCEPTABLE)
def test_risk_is_rejected_until_it_is_accepted(code: str, arguments: dict[str, Any]) -> None:
    problem = problem_of(**arguments)
    assert problem.code == code
    assert f"accept_risks=[{code!r}]" in problem.hint
    policy = CorsPolicy(**{**arguments, "accept_risks": [code]})
    assert policy.accept_risks == (code,)
    origin = arguments["allow_origins"][0].replace("*", "8") if ":*" in str(arguments) else None
    if origin:
        assert policy.decide("GET", origin=origin).allowed


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost",
        "http://localhost:3000",
        "http://localhost:*",
        "http://app.localhost",
        "http://*.localhost:8000",
        "http://127.0.0.1",
        "http://127.255.0.1:8000",
        "http://[::1]:8000",
        "https://a.example.com",
        "https://*.example.com",
        "https://*.example.co.uk",
        "https://*.me.github.io",
        "https://github.io",
        "https://com:*",
        "capacitor://localhost",
        "https://*.corp.internal",
        "https://*.test",
        "https://*.test.",
        "https://*.example.com.",
        "https://*.local",
        "https://*.home.arpa",
    ],
)
def test_safe_origin_is_not_a_risk(origin: str) -> None:
    assert CorsPolicy(allow_origins=[origin], allow_credentials=True).accept_risks == ()


@pytest.mark.parametrize("origin", ["http://a.example.com", "https://*.com", "http://*.co.uk"])
def test_same_origin_without_credentials_is_not_a_risk(origin: str) -> None:
    assert CorsPolicy(allow_origins=[origin]).allow_origins == (origin,)


def test_origin_can_have_two_risks() -> None:
    found = {"allow_origins": ["http://*.co.uk"], **CREDENTIALS}
    assert codes_of(**found) == ["insecure-origin", "public-suffix"]
    assert codes_of(**found, accept_risks=["insecure-origin"]) == ["public-suffix"]
    CorsPolicy(**found, accept_risks=["insecure-origin", "public-suffix"])


def test_opaque_origin_with_credentials_cannot_be_accepted() -> None:
    for accept_risks in ([], ["opaque-origin"]):
        problem = problem_of(
            allow_origins=["null"], allow_credentials=True, accept_risks=accept_risks
        )
        assert problem.code == "opaque-origin"
        assert "cannot be accepted" in problem.hint
        assert "accept_risks=[" not in problem.hint


@pytest.mark.parametrize(
    "code", ["any-origin-with-credentials", "max-age", "no-origins", "", "NULL-ORIGIN", "*"]
)
def test_only_risks_can_be_accepted(code: str) -> None:
    problem = problem_of(accept_risks=[code])
    assert (problem.code, problem.subject, problem.value) == ("unknown-risk", "accept_risks", code)


def test_error_cannot_be_accepted_by_its_code() -> None:
    assert codes_of(
        allow_origins=["*"], allow_credentials=True, accept_risks=["any-origin-with-credentials"]
    ) == ["any-origin-with-credentials", "unknown-risk"]


def test_unneeded_accepted_risk_is_reported() -> None:
    arguments: dict[str, Any] = {"allow_origins": [APP, "http://localhost"], **CREDENTIALS}
    accept_risks = ["insecure-origin", "public-suffix"]
    assert [
        problem.value for problem in problems_of(**arguments, accept_risks=accept_risks)
    ] == accept_risks


def test_duplicate_accepted_risk_is_dropped() -> None:
    policy = CorsPolicy(allow_origins=["null"], accept_risks=["opaque-origin", "opaque-origin"])
    assert policy.accept_risks == ("opaque-origin",)


def test_accepted_risk_of_wrong_type_accepts_nothing() -> None:
    assert codes_of(allow_origins=["null"], accept_risks=[None]) == ["opaque-origin", "wrong-type"]
    assert codes_of(allow_origins=["null"], accept_risks="opaque-origin") == [
        "opaque-origin",
        "string-not-collection",
    ]
