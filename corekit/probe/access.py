"""What the server allows untrusted origins, and where it deviates from the policy of the plan."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

from corekit._origins import ANY
from corekit.browser import FAILURES
from corekit.browser.checks import REFUSALS, check_cors
from corekit.browser.fields import get_header
from corekit.diagnostics import Diagnostic, Severity
from corekit.policy import CorsPolicy

from .finding_kinds import FINDINGS, report
from .findings import ALLOW_ORIGIN, find_problem, has_credentials
from .probe_origins import ANY_ORIGIN, UNTRUSTED, ProbeOrigin
from .requests import Plan, ProbeResponse, Responses

_WITHOUT_CREDENTIALS: Final[dict[Severity, Severity]] = {
    "error": "warning",
    "warning": "info",
    "info": "info",
}
_PREFLIGHTS: Final = "Only preflights are allowed: such pages can {}, but not read the responses."
_CONSEQUENCES: Final = {
    (False, True): "Such pages can make requests as the logged-in user and read the responses.",
    (False, False): "Such pages can read the responses.",
    (True, True): _PREFLIGHTS.format("make requests as the logged-in user"),
    (True, False): _PREFLIGHTS.format("send any request"),
}
"""What an origin can do if only its preflights are allowed, and with credentials."""

Access = set[tuple[bool, bool]]
"""What each response allows an origin: whether a preflight, and whether credentials."""


def check_untrusted_origins(responses: Responses) -> Iterator[Diagnostic]:
    """Find every probe origin that is allowed, and headers that refused origins get."""
    allowed_for_any: Access = set()
    # If pages get '*' too, that is another finding.
    allowing = () if _is_for_any(responses) else (ANY,)
    for each, group in groupby(responses.for_probe_origins(), key=itemgetter(0)):
        access = {
            (found.is_preflight, _with_credentials(found))
            for _, found in group
            if _allows((each.origin, *allowing), found)
        }
        # If any origin is allowed, it says nothing more that a certain one is, too.
        if not access <= allowed_for_any:
            yield from _finding(responses.plan, each, access)
        if each.code == ANY_ORIGIN:
            # With credentials includes without.
            allowed_for_any = access | {(is_preflight, False) for is_preflight, _ in access}
    yield from _stray_headers(responses)


def _is_for_any(responses: Responses) -> bool:
    pages = (responses.get("get", origin).response for origin in responses.plan.origins)
    found = [get_header(response.headers, ALLOW_ORIGIN) for response in pages]
    return ANY in found


def _allows(values: tuple[str, ...], found: ProbeResponse) -> bool:
    # https://fetch.spec.whatwg.org/#ok-status
    is_ok = not found.is_preflight or 200 <= found.response.status <= 299
    return is_ok and get_header(found.response.headers, ALLOW_ORIGIN) in values


def _with_credentials(found: ProbeResponse) -> bool:
    is_any = get_header(found.response.headers, ALLOW_ORIGIN) == ANY
    return has_credentials(found.response) and not is_any


def _finding(plan: Plan, each: ProbeOrigin, access: Access) -> Iterator[Diagnostic]:
    policy, origin, severity = plan.policy, each.origin, FINDINGS[each.code].severity
    with_credentials = any(credentials for _, credentials in access)
    only_preflights = all(is_preflight for is_preflight, _ in access)
    if policy is not None:
        is_allowed = policy.engine.allows(origin)
        if is_allowed and (policy.allow_credentials or not with_credentials):
            return
        severity = "error"
    elif not with_credentials:
        # To any origin, it is no more than '*' allows, but caches store one response per origin.
        severity = "info" if each.code == ANY_ORIGIN else _WITHOUT_CREDENTIALS[severity]
    what, consequence = each.meaning, _CONSEQUENCES[only_preflights, with_credentials]
    yield report(each.code, origin, origin, severity=severity, what=what, consequence=consequence)


def _stray_headers(responses: Responses) -> Iterator[Diagnostic]:
    plan, refused = responses.plan, responses.find("get", UNTRUSTED)
    if (
        refused is not None
        and has_credentials(refused.response)
        and get_header(refused.response.headers, ALLOW_ORIGIN) is None
    ):
        yield report("stray-credentials", UNTRUSTED, "true")
    origins = dict.fromkeys(plan.origins[:1], "private-network")
    if UNTRUSTED not in plan.origins:
        origins[UNTRUSTED] = "private-network-for-any"
    for origin, code in origins.items():
        private = responses.find("private", origin)
        headers = () if private is None else private.response.headers
        if get_header(headers, "access-control-allow-private-network") == "true":
            yield report(code, origin, "true")


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
        problem = check_cors(origin, each.response.headers)
        if problem is not None and policy.engine.allows(origin):
            yield _less(origin, "this origin", problem[0])


def _compare_page(responses: Responses, policy: CorsPolicy, origin: str) -> Iterator[Diagnostic]:
    plan = responses.plan
    preflight = responses.get("preflight", origin)
    # Of a call without preflight, the refusal is not reported as an error.
    is_sent = preflight.sent.needs_preflight
    call = find_problem(preflight, include=plan.include) if is_sent else None
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
        problem = find_problem(each)
        what = f"the header {sent.names[0]}" if sent.names else f"the method {sent.method}"
        if is_allowed and problem is not None and problem != call:
            less.setdefault(problem[0], []).append(what)
        elif not is_allowed and problem is None:
            more.append(what)
    known = set() if call is None or call[0] in REFUSALS else {call[0]}
    for name in [each for each in less if each not in known]:
        yield _less(origin, " and ".join(less[name]), name)
    if more:
        yield report("more-than-policy", origin, more, what=" and ".join(more))


def _less(origin: str, what: str, failure: str) -> Diagnostic:
    hint = FAILURES[failure].hint
    return report("less-than-policy", origin, failure=failure, what=what, hint=hint)
