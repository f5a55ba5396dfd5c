"""Where a probe finds that a server does not do what a policy says."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy
from corekit.browser import FAILURES
from corekit.diagnostics import Diagnostic
from tests.probe.servers import (
    ALLOW,
    CREDENTIALS,
    PAGE,
    POLICY,
    WITH_COOKIES,
    Headers,
    admit,
    codes,
    is_preflight,
    probe,
    replace,
    right,
    without,
    wrong,
)

METHODS, HEADERS = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"


@pytest.mark.parametrize(
    "policy",
    [
        POLICY,
        WITH_COOKIES,
        POLICY.replace(allow_methods=["*"], allow_headers=["*"]),
        WITH_COOKIES.replace(allow_methods=["*"], allow_headers=["*", "authorization"]),
        WITH_COOKIES.replace(allow_origins=["https://*.example.com", f"{PAGE}:*"]),
        POLICY.replace(allow_origins=["https://*.example.com", f"{PAGE}:*"]),
    ],
    ids=[
        "plain",
        "credentials",
        "wildcards",
        "wildcards-with-credentials",
        "patterns-with-credentials",
        "patterns",
    ],
)
def test_server_with_the_policy_has_no_findings(policy: CorsPolicy) -> None:
    credentials = "include" if policy.allow_credentials else "omit"
    found = probe(right(policy), credentials=credentials, policy=policy)
    assert codes(found) <= {"wildcard-list-with-credentials", "authorization-not-covered"}


def only(found: tuple[Diagnostic, ...], code: str) -> Diagnostic:
    (finding,) = (each for each in found if each.code == code)
    assert (finding.severity, finding.subject) == ("error", PAGE)
    return finding


def test_missing_methods_and_headers_are_named_together() -> None:
    policy = POLICY.replace(allow_methods=["PUT", "PATCH", "LOCK"], allow_headers=["x-a", "x-z"])
    found = probe(right(), policy=policy)
    assert [(each.code, each.failure, each.message) for each in found] == [
        (
            "less-than-policy",
            "MethodDisallowedByPreflightResponse",
            "The policy allows the method PATCH and the method LOCK; the server does not.",
        ),
        (
            "less-than-policy",
            "HeaderDisallowedByPreflightResponse",
            "The policy allows the header x-z; the server does not.",
        ),
    ]


def test_more_than_the_policy_is_named() -> None:
    app = right(WITH_COOKIES.replace(allow_methods=["PUT", "DELETE"]))
    finding = only(probe(app, policy=POLICY), "more-than-policy")
    assert finding.message == (
        "The server allows credentials and the method DELETE; the policy does not."
    )
    assert finding.value == ["credentials", "the method DELETE"]


def test_headers_that_nobody_names_are_tried() -> None:
    app = wrong(replace(HEADERS, "*", when=is_preflight))
    finding = only(probe(app, policy=POLICY), "more-than-policy")
    assert finding.value == ["the header x-corekit-probe"]


@pytest.mark.parametrize("other", [405, 404])
def test_refused_preflight_is_not_reported_twice(other: int) -> None:
    def refuse(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        if not is_preflight(environ):
            return status, headers
        is_call = environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"] == "PUT"
        return 405 if is_call else other, right_origin

    right_origin = [("Access-Control-Allow-Origin", PAGE)]
    policy = POLICY.replace(allow_methods=["PUT", "PATCH"])
    assert codes(probe(wrong(refuse), policy=policy)) == {"preflight-refused"}


def test_wildcard_is_an_error_if_the_policy_names_origins() -> None:
    app = right(CorsPolicy(allow_origins=["*"], allow_methods=["PUT"], allow_headers=["x-a"]))
    assert only(probe(app, policy=POLICY), "wildcard").value == "*"


@pytest.mark.parametrize("credentials", [False, True])
def test_untrusted_origin_is_an_error_unless_the_policy_allows_it(credentials: bool) -> None:
    app = wrong(admit("https://evilapp.example.com", credentials=credentials))
    (found,) = probe(app, policy=POLICY)
    assert (found.code, found.severity) == ("any-sibling", "error")
    policy = POLICY.replace(allow_origins=[PAGE, "https://*.example.com"])
    by_policy = {each.code for each in probe(app, policy=policy) if each.severity == "error"}
    assert by_policy == {"less-than-policy"} | ({"any-sibling"} if credentials else set())


def test_origin_that_the_policy_allows_and_the_server_refuses() -> None:
    policy = POLICY.replace(allow_origins=["https://*.example.com", PAGE])
    found = probe(right(), policy=policy)
    assert {(each.code, each.subject) for each in found} == {
        ("less-than-policy", "https://evilapp.example.com"),
        ("less-than-policy", "https://evil.app.example.com"),
    }
    for each in found:
        assert each.message == "The policy allows this origin; the server does not."
        assert each.failure == "MissingAllowOriginHeader"
        assert each.hint == FAILURES["MissingAllowOriginHeader"].hint


def test_refused_page_is_not_reported_twice() -> None:
    app = wrong(replace(ALLOW, when=lambda environ: not is_preflight(environ)))
    assert codes(probe(app, policy=POLICY)) == {"refused"}


@pytest.mark.parametrize(
    ("method", "names", "others"),
    [
        ("PATCH", (), "the method LOCK"),
        ("LOCK", (), "the method PATCH"),
        ("PUT", ("x-y",), "the header x-z"),
        ("PUT", ("x-z",), "the header x-y"),
    ],
)
def test_refused_call_is_not_reported_twice(
    method: str, names: tuple[str, ...], others: str
) -> None:
    policy = POLICY.replace(
        allow_methods=["PUT", "PATCH", "LOCK"], allow_headers=["x-a", "x-y", "x-z"]
    )
    found = probe(right(), method=method, names=names, policy=policy)
    refused = only(found, "preflight-refused")
    assert refused.value in (method, *names)
    same = [each for each in found if each.failure == refused.failure and each is not refused]
    assert [each.message for each in same] == [f"The policy allows {others}; the server does not."]


def test_refused_headers_are_an_error_if_the_call_needs_no_preflight() -> None:
    def refuse(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        return (405, []) if is_preflight(environ) else (status, headers)

    finding = only(probe(wrong(refuse), method="GET", policy=POLICY), "less-than-policy")
    assert finding.message == (
        "The policy allows the method PUT and the header x-a; the server does not."
    )


def test_other_failures_than_that_of_the_call_are_reported() -> None:
    policy = POLICY.replace(allow_methods=["PUT", "PATCH"])

    def refuse(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
        return {"PUT": 405, "PATCH": 200}.get(asked or "", status), (
            without(headers, ALLOW) if asked == "PATCH" else headers
        )

    found = probe(wrong(refuse, policy), policy=policy)
    assert [(each.code, each.failure) for each in found] == [
        ("preflight-refused", "PreflightInvalidStatus"),
        ("less-than-policy", "PreflightMissingAllowOriginHeader"),
    ]
    assert only(found, "less-than-policy").message == (
        "The policy allows the method PATCH; the server does not."
    )


def test_every_refused_method_is_named_if_the_call_is_refused_too() -> None:
    app, policy = right(POLICY.replace(allow_methods=[])), POLICY.replace(allow_methods=["LOCK"])
    finding = only(probe(app, policy=policy), "less-than-policy")
    assert finding.message == "The policy allows the method LOCK; the server does not."
    assert finding.hint == FAILURES["MethodDisallowedByPreflightResponse"].hint


def test_failure_of_the_call_with_credentials_is_another() -> None:
    def refuse(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        return (405, without(headers, CREDENTIALS)) if is_preflight(environ) else (status, headers)

    found = probe(wrong(refuse, WITH_COOKIES), credentials="include", policy=WITH_COOKIES)
    assert [(each.code, each.failure) for each in found] == [
        ("preflight-refused", "PreflightInvalidAllowCredentials"),
        ("less-than-policy", "PreflightInvalidStatus"),
    ]


def test_reflection_is_an_error_under_a_policy_for_any_origin() -> None:
    policy = CorsPolicy(allow_origins=["*"], allow_methods=["PUT"])

    def reflect(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        origin = environ.get("HTTP_ORIGIN", "*")
        return status, [*without(headers, ALLOW), (ALLOW, origin), (CREDENTIALS, "true")]

    found = probe(wrong(reflect, policy), policy=policy)
    assert "any-origin" in codes(found)
    assert "more-than-policy" in codes(found)


def test_denied_origin_is_probed() -> None:
    denied = "https://partner.example"
    assert probe(right(), policy=POLICY, denied=(denied,)) == ()
    (found,) = probe(wrong(admit(denied)), policy=POLICY, denied=(denied,))
    assert (found.code, found.severity, found.subject) == ("denied-origin", "error", denied)
