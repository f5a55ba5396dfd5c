"""Where a server does not do what a policy says."""

from __future__ import annotations

from collections.abc import Iterator

from corekit.browser import FAILURES
from corekit.browser.checks import REFUSALS, check_cors
from corekit.diagnostics import Diagnostic
from corekit.policy import CorsPolicy

from .finding_kinds import report
from .preflights import find_problem
from .requests import Responses


def compare_with_policy(responses: Responses) -> Iterator[Diagnostic]:
    """Find what the server allows more than the policy of the plan does, or less.

    That untrusted origins are allowed and that the call of the plan is refused is not repeated:
    the other checks find it.
    """
    policy = responses.plan.policy
    if policy is None:
        return
    for origin in responses.plan.origins:
        yield from _compare_page(responses, policy, origin)
    for each in responses.all:
        origin = str(each.sent.origin)
        if each.sent.probe_origin is None or each.is_preflight:
            continue
        problem = check_cors(origin, each.response.headers, include=False)
        if problem is not None and policy.decide("GET", origin=origin).allowed:
            yield _less(origin, "this origin", problem[0])


def _compare_page(responses: Responses, policy: CorsPolicy, origin: str) -> Iterator[Diagnostic]:
    plan = responses.plan
    more: list[str] = []
    less: dict[str, list[str]] = {}
    headers = responses.get("get", origin).response.headers
    if not policy.allow_credentials and check_cors(origin, headers, include=True) is None:
        more.append("credentials")
    for each in responses.for_pages():
        sent = each.sent
        if sent.kind != "policy" or sent.origin != origin:
            continue
        is_allowed = policy.decide(
            "OPTIONS",
            origin=origin,
            request_method=sent.method,
            request_headers=",".join(sent.names) or None,
        ).allowed
        problem = find_problem(each, include=False)
        what = f"the header {sent.names[0]}" if sent.names else f"the method {sent.method}"
        if is_allowed and problem is not None:
            less.setdefault(problem[0], []).append(what)
        elif not is_allowed and problem is None:
            more.append(what)
    problem = find_problem(responses.get("preflight", origin), include=plan.include)
    for name, requests in less.items():
        if problem is None or name != problem[0] or name in REFUSALS:
            yield _less(origin, " and ".join(requests), name)
    if more:
        yield report("more-than-policy", origin, more, what=" and ".join(more))


def _less(origin: str, what: str, failure: str) -> Diagnostic:
    hint = FAILURES[failure].hint
    return report("less-than-policy", origin, failure=failure, what=what, hint=hint)
