"""The policy as a server: what it responds to a request, and by which of its rules.

The server is a function: the policy's response in front of an application that responds 200 to
everything and knows nothing about CORS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from corekit._origins import ANY
from corekit.adapter import Policies
from corekit.browser import HttpRequest, HttpResponse, Outcome
from corekit.browser.fields import get_header
from corekit.browser.urls import parse_url
from corekit.diagnostics import show
from corekit.policy import CorsPolicy

from .call import Call
from .explanation import escape


@dataclass(frozen=True, slots=True)
class Covering:
    """The policy that covers a path; `route` is the path of its route, None without routes.

    `is_ambiguous` is whether the path can be read in two ways; the policy then allows no origins.
    """

    policy: CorsPolicy | None
    route: str | None
    message: str | None
    is_ambiguous: bool = False


def find_covering(policies: Policies, url: str) -> Covering:
    """Return the policy that applies to a URL, and by which route."""
    if isinstance(policies, CorsPolicy):
        return Covering(policies, None, None)
    path = path_of(url)
    match = policies.find(path)
    if match is None:
        message = f"No route covers the path {escape(path)}, so no policy applies to it."
        return Covering(None, None, message)
    if match.route is None:
        message = f"The path {escape(path)} is ambiguous, so no origins are allowed."
        return Covering(match.policy, None, message, is_ambiguous=True)
    message = f"The route {show(match.route)} covers the path."
    return Covering(match.policy, match.route, message)


def find_origin_rule(policy: CorsPolicy, origin: str) -> str | None:
    """Return the rule of `allow_origins` that allows an origin; None if no rule does.

    >>> policy = CorsPolicy(allow_origins=["https://*.example.com"])
    >>> find_origin_rule(policy, "https://app.example.com")
    "the pattern 'https://*.example.com'"
    """
    if not policy.engine.allows(origin):
        return None
    if ANY in policy.allow_origins:
        return "'*', which is any origin"
    rule = policy.engine.find_rule(origin)
    if rule is None:
        return "a custom rule"
    if rule == origin:
        return f"the exact origin {show(rule)}"
    kind = "pattern" if rule in policy.allow_origins else "regular expression"
    return f"the {kind} {show(rule)}"


def serve(policies: Policies) -> Callable[[HttpRequest], HttpResponse]:
    """Return a transport that responds as every adapter does with this policy.

    >>> send = serve(CorsPolicy(allow_origins=["*"]))
    >>> request = HttpRequest("GET", "https://api.example.com/", (("Origin", "https://a.example"),))
    >>> send(request).headers
    (('Access-Control-Allow-Origin', '*'),)
    """

    def send(request: HttpRequest) -> HttpResponse:
        policy = find_covering(policies, request.url).policy
        if policy is None:
            return HttpResponse(200)
        decision = policy.decide(
            request.method,
            origin=get_header(request.headers, "origin"),
            request_method=get_header(request.headers, "access-control-request-method"),
            request_headers=get_header(request.headers, "access-control-request-headers"),
        )
        vary = (("Vary", ", ".join(decision.vary)),) if decision.vary else ()
        return HttpResponse(decision.status or 200, (*decision.headers, *vary))

    return send


def run(policies: Policies, call: Call) -> Outcome:
    """Let the browser model make a call to a server that has this policy."""
    return call.run(serve(policies))


def path_of(url: str) -> str:
    """Return the path of a URL as a server decodes it."""
    return unquote(parse_url(url).target.partition("?")[0])
