"""Policies, requests and complete answers: headers, Vary and the verdict."""

from __future__ import annotations

from typing import Any, NamedTuple

from corekit import CorsPolicy, Reason, RequestKind

APP = "https://app.example.com"
WILD = "https://*.example.org"
SUB = "https://a.example.org"
EVIL = "https://evil.example"

ORIGIN = "Access-Control-Allow-Origin"
CREDENTIALS = ("Access-Control-Allow-Credentials", "true")
METHODS = "Access-Control-Allow-Methods"
HEADERS = "Access-Control-Allow-Headers"
EXPOSE = "Access-Control-Expose-Headers"
AGE = "Access-Control-Max-Age"
PRIVATE = ("Access-Control-Allow-Private-Network", "true")
VARY_PRIVATE = "Access-Control-Request-Private-Network"

POLICIES = {
    "plain": CorsPolicy(allow_origins=[APP, WILD]),
    "full": CorsPolicy(
        allow_origins=[APP, WILD],
        allow_credentials=True,
        allow_methods=["PUT", "GET"],
        allow_headers=["X-A", "authorization"],
        expose_headers=["X-Id", "etag"],
        max_age=600,
        preflight_status=200,
    ),
    "public": CorsPolicy(allow_origins=["*"], expose_headers=["*"], max_age=0),
    "public, all": CorsPolicy(
        allow_origins=["*"], allow_methods=["*", "LINK"], allow_headers=["*"], max_age=86_400
    ),
    "public, all and authorization": CorsPolicy(
        allow_origins=["*"], allow_headers=["*", "Authorization"]
    ),
    "all with credentials": CorsPolicy(
        allow_origins=[APP],
        allow_credentials=True,
        allow_methods=["*", "LINK"],
        allow_headers=["*", "x-a"],
    ),
    "any method with credentials": CorsPolicy(
        allow_origins=[APP], allow_credentials=True, allow_methods=["*"], allow_headers=["x-a"]
    ),
    "any header with credentials": CorsPolicy(
        allow_origins=[APP], allow_credentials=True, allow_methods=["PUT"], allow_headers=["*"]
    ),
    "private": CorsPolicy(allow_origins=[APP], allow_private_network=True),
    "public, private": CorsPolicy(allow_origins=["*"], allow_private_network=True),
    "opaque": CorsPolicy(allow_origins=["null"], accept_risks=["opaque-origin"]),
    "nothing": CorsPolicy.deny_all(),
}


class Case(NamedTuple):
    policy: str
    request: dict[str, Any]
    reason: Reason
    headers: tuple[tuple[str, str], ...] = ()
    vary: tuple[str, ...] = ("Origin",)
    status: int | None = None


def options(
    origin: str, method: str = "GET", headers: str | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "method": "OPTIONS",
        "origin": origin,
        "request_method": method,
        "request_headers": headers,
        **more,
    }


def get(origin: str | None, **more: Any) -> dict[str, Any]:
    return {"method": "GET", "origin": origin, **more}


def check(case: Case) -> None:
    """Check that a request gets the complete answer of the case."""
    decision = POLICIES[case.policy].decide(**case.request)
    assert decision.headers == case.headers
    assert decision.vary == case.vary
    assert decision.status == case.status
    assert decision.reason is case.reason
    assert decision.allowed == (case.reason in (Reason.GRANTED, Reason.NOT_CORS))
    if case.request.get("origin") is None:
        assert decision.kind is RequestKind.NOT_CORS
    else:
        expected = RequestKind.ACTUAL if case.status is None else RequestKind.PREFLIGHT
        assert decision.kind is expected

    raw: dict[str, Any] = {
        name: value.encode() if isinstance(value, str) and name != "method" else value
        for name, value in case.request.items()
    }
    assert POLICIES[case.policy].decide(**raw) == decision
