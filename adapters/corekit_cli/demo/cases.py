"""The calls of the demo, as data, and what a policy says to each of them.

Nothing here opens a connection: `exchange` makes the calls over HTTP, and what is answered is
compared with the `Verdict` that is worked out here. In a browser they are `examples`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from corekit import CorsPolicy, Decision, Reason
from corekit._names import SAFELISTED_METHODS

__all__ = ["CASES", "Case", "Origins", "Verdict", "judge", "make_policy"]


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the three sites of the demo are, as serialized origins."""

    api: str
    page: str
    foreign: str


@dataclass(frozen=True, slots=True)
class Case:
    """One call that a page makes to the API.

    `page` says which page makes it. `headers` are the request headers that the page sets, none of
    which is safelisted: https://fetch.spec.whatwg.org/#cors-safelisted-request-header
    """

    name: str
    title: str
    method: str
    path: str
    page: Literal["page", "foreign"] = "page"
    headers: tuple[tuple[str, str], ...] = ()
    credentials: bool = False
    body: str | None = None

    @property
    def needs_preflight(self) -> bool:
        """Whether a browser asks first: https://fetch.spec.whatwg.org/#main-fetch"""
        return bool(self.headers) or self.method not in SAFELISTED_METHODS

    @property
    def request_headers(self) -> str | None:
        """The value of Access-Control-Request-Headers, or None where there is nothing to ask."""
        return ",".join(sorted(name.lower() for name, _ in self.headers)) or None


_JSON: Final = (("content-type", "application/json"),)
_LAMP: Final = '{"name": "lamp", "price": 40}'

CASES: Final = (
    Case("simple-get", "Simple GET", "GET", "/items"),
    Case("sign-in", "POST that sets a cookie", "POST", "/session", credentials=True),
    Case("get-with-cookies", "GET with cookies", "GET", "/me", credentials=True),
    Case("put-json", "PUT with JSON", "PUT", "/items/1", headers=_JSON, body=_LAMP),
    Case("delete", "DELETE", "DELETE", "/items/2", credentials=True),
    Case(
        "custom-header",
        "A custom header",
        "GET",
        "/items",
        headers=(("x-request-id", "demo-1"),),
    ),
    Case(
        "method-not-granted",
        "A method that is not granted",
        "PATCH",
        "/items/1",
        headers=_JSON,
        body=_LAMP,
    ),
    Case(
        "header-not-granted",
        "A header that is not granted",
        "GET",
        "/items",
        headers=(("x-debug", "1"),),
    ),
    Case("foreign-get", "A foreign origin: GET", "GET", "/items", page="foreign"),
    Case(
        "foreign-put",
        "A foreign origin: PUT",
        "PUT",
        "/items/1",
        page="foreign",
        headers=_JSON,
        body=_LAMP,
    ),
)
"""Made in this order, since the cookie has to be set before it can be sent."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy says to a case: to its preflight, where it has one, and to the request."""

    preflight: Decision | None
    actual: Decision

    @property
    def allowed(self) -> bool:
        """Whether the page may have the answer."""
        return self.sent and self.actual.allowed

    @property
    def sent(self) -> bool:
        """Whether the browser sends the actual request, which it doesn't on a refused preflight."""
        return self.preflight is None or self.preflight.allowed

    @property
    def reason(self) -> Reason:
        """Why: the first refusal, or the grant."""
        if self.preflight is not None and not self.preflight.allowed:
            return self.preflight.reason
        return self.actual.reason

    @property
    def consequence(self) -> str:
        """What follows for the page, as a sentence."""
        if self.allowed:
            return "The page may read the answer."
        if self.sent:
            return "The request is sent, but the page may not read the answer."
        return "The browser asks first and does not send the request."


def make_policy(page: str) -> CorsPolicy:
    """Make the policy of the demo, which grants something to the origin `page` and to no other.

    >>> make_policy("http://localhost:3000").allow_origins
    ('http://localhost:3000',)
    """
    return CorsPolicy(
        allow_origins=[page],
        allow_credentials=True,
        allow_methods=["PUT", "DELETE"],
        allow_headers=["content-type", "x-request-id"],
        expose_headers=["x-items-total", "x-request-id"],
        max_age=600,
    )


def judge(policy: CorsPolicy, case: Case, origin: str) -> Verdict:
    """Ask the policy what it says when a page of `origin` makes the call.

    >>> policy = make_policy("http://localhost:3000")
    >>> verdict = judge(policy, Case("patch", "PATCH", "PATCH", "/"), "http://localhost:3000")
    >>> verdict.allowed, verdict.reason.name
    (False, 'METHOD_NOT_ALLOWED')
    """
    preflight = None
    if case.needs_preflight:
        preflight = policy.decide(
            "OPTIONS",
            origin=origin,
            request_method=case.method,
            request_headers=case.request_headers,
        )
    return Verdict(preflight, policy.decide(case.method, origin=origin))
