"""The policy as a server: what it answers to a request, and by which of its rules.

A transport without a wire: the policy's answers around an application that says 200 to everything
and nothing of CORS. Where the policy is asked for a rule, it is the one that matched: an exact
origin, a pattern, a route. What nearly matched is the subject of `near_origins`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from corekit._origins import ANY, OriginPattern, OriginSet
from corekit.browser import HttpRequest, HttpResponse
from corekit.browser.fields import get_header
from corekit.browser.urls import parse_url
from corekit.compat import RegexCorsPolicy
from corekit.diagnostics import show
from corekit.policy import CorsPolicy

from .explanation import Policies, shown

__all__ = ["Covering", "find_covering", "find_origin_rule", "path_of", "serve"]

_APPLICATION: Final = HttpResponse(200)


@dataclass(frozen=True, slots=True)
class Covering:
    """The policy that covers a path: `route` is its path, None where there are no routes.

    `is_ambiguous` says that the path can be read in two ways; the policy then grants nothing.
    """

    policy: CorsPolicy | None
    route: str | None
    message: str | None
    is_ambiguous: bool = False


def find_covering(policies: Policies, url: str) -> Covering:
    """Find the policy that speaks for a URL, and say by which route."""
    if isinstance(policies, CorsPolicy):
        return Covering(policies, None, None)
    path = path_of(url)
    policy = policies.policy_for(path)
    if policy is None:
        message = f"No route covers the path {shown(path)}, so no policy has a say in it."
        return Covering(None, None, message)
    for route, each in policies.routes:
        covers = path == route.removesuffix("/") or (route[-1] == "/" and path.startswith(route))
        if each is policy and covers:
            return Covering(policy, route, f"The route {show(route)} covers the path.")
    message = f"The path {shown(path)} can be read in two ways, so nothing is granted."
    return Covering(policy, None, message, is_ambiguous=True)


def find_origin_rule(policy: CorsPolicy, origin: str) -> str | None:
    """Name the rule of `allow_origins` that allows an origin; None where none does.

    >>> policy = CorsPolicy(allow_origins=["https://*.example.com"])
    >>> find_origin_rule(policy, "https://app.example.com")
    "the pattern 'https://*.example.com'"
    """
    if not policy.engine.actual(origin).origin_allowed:
        return None
    if ANY in policy.allow_origins:
        return "'*', which is any origin"
    if origin in policy.allow_origins:
        return f"the exact origin {show(origin)}"
    for text in policy.allow_origins:
        if _could_match(text, origin):
            pattern = OriginPattern.parse(text)
            if pattern is not None and origin in OriginSet((), [pattern]):
                return f"the pattern {show(text)}"
    regexes = policy.allow_origin_regexes if isinstance(policy, RegexCorsPolicy) else ()
    matching = next((each for each in regexes if each.fullmatch(origin)), None)
    return f"the expression {show(matching.pattern)}" if matching else "a rule of its own"


def serve(policies: Policies) -> Callable[[HttpRequest], HttpResponse]:
    """Make a transport out of a policy: pure, and right to the letter of every adapter's answers.

    >>> send = serve(CorsPolicy(allow_origins=["*"]))
    >>> request = HttpRequest("GET", "https://api.example.com/", (("Origin", "https://a.example"),))
    >>> send(request).headers
    (('Access-Control-Allow-Origin', '*'),)
    """

    def send(request: HttpRequest) -> HttpResponse:
        policy = find_covering(policies, request.url).policy
        if policy is None:
            return _APPLICATION
        decision = policy.decide(
            request.method,
            origin=get_header(request.headers, "origin"),
            request_method=get_header(request.headers, "access-control-request-method"),
            request_headers=get_header(request.headers, "access-control-request-headers"),
        )
        vary = (("Vary", ", ".join(decision.vary)),) if decision.vary else ()
        return HttpResponse(decision.status or 200, (*decision.headers, *vary))

    return send


def path_of(url: str) -> str:
    """Give the path of a URL, as a server decodes it."""
    return unquote(parse_url(url).target.partition("?")[0])


def _could_match(text: str, origin: str) -> bool:
    # Cheap, since there may be 100,000 of them: what stands before and after the wildcards.
    before, _, after = text.removesuffix(":*").partition("*")
    if not origin.startswith(before):
        return False
    return text.endswith(":*") or origin.endswith(after)
