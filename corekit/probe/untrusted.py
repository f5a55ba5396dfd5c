"""Which of the origins that a server should refuse it allows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

from corekit.browser.fields import get_header
from corekit.diagnostics import Diagnostic, Severity

from .finding_kinds import FINDINGS, report
from .findings import ALLOW_ORIGIN, has_credentials
from .probe_origins import ANY_ORIGIN, UNTRUSTED, ProbeOrigin
from .requests import Plan, ProbeResponse, Responses

_WITHOUT_CREDENTIALS: Final[dict[Severity, Severity]] = {"error": "warning", "warning": "info"}
_CONSEQUENCES: Final = {
    (False, True): "Such pages can make requests as the logged-in user and read the responses.",
    (False, False): "Such pages can read the responses.",
    (True, True): (
        "Only preflights are allowed: such pages can make requests as the logged-in user, but not"
        " read the responses."
    ),
    (
        True,
        False,
    ): "Only preflights are allowed: such pages can send any request, but not read the responses.",
}
"""What an origin can do if only its preflights are allowed, and with credentials."""

Access = tuple[bool, bool]
"""What a response allows an origin: whether a preflight, and whether credentials."""


def check_untrusted_origins(responses: Responses) -> Iterator[Diagnostic]:
    """Find every probe origin that is allowed, and headers that refused origins get."""
    allowed_for_any: set[Access] = set()
    for each, group in groupby(responses.for_probe_origins(), key=itemgetter(0)):
        allowing = [found for _, found in group if _allows(each, found)]
        # If any origin is allowed, it says nothing more that a certain one is, too.
        access = {_access(found) for found in allowing} - allowed_for_any
        if access and not _is_wanted(responses.plan, each, allowing):
            yield _finding(responses.plan, each, allowing)
        if each.code == ANY_ORIGIN:
            # With credentials includes without.
            allowed_for_any = access | {(is_preflight, False) for is_preflight, _ in access}
    yield from _stray_headers(responses)


def _allows(each: ProbeOrigin, found: ProbeResponse) -> bool:
    response = found.response
    # https://fetch.spec.whatwg.org/#ok-status
    is_ok = not found.is_preflight or 200 <= response.status <= 299
    return is_ok and get_header(response.headers, ALLOW_ORIGIN) == each.origin


def _access(found: ProbeResponse) -> Access:
    return found.is_preflight, has_credentials(found.response)


def _is_wanted(plan: Plan, each: ProbeOrigin, allowing: list[ProbeResponse]) -> bool:
    policy = plan.policy
    if policy is None or not policy.decide("GET", origin=each.origin).allowed:
        return False
    return policy.allow_credentials or not any(_access(found)[1] for found in allowing)


def _finding(plan: Plan, each: ProbeOrigin, allowing: list[ProbeResponse]) -> Diagnostic:
    with_credentials = any(has_credentials(found.response) for found in allowing)
    only_preflights = all(found.is_preflight for found in allowing)
    severity: Severity = FINDINGS[each.code].severity
    if plan.policy is not None:
        severity = "error"
    elif each.code == ANY_ORIGIN and not with_credentials:
        severity = "info"  # no more than '*' allows, but caches store one response per origin
    elif not with_credentials:
        severity = _WITHOUT_CREDENTIALS.get(severity, severity)
    return report(
        each.code,
        each.origin,
        get_header(allowing[0].response.headers, ALLOW_ORIGIN),
        severity=severity,
        what=each.meaning,
        consequence=_CONSEQUENCES[only_preflights, with_credentials],
    )


def _stray_headers(responses: Responses) -> Iterator[Diagnostic]:
    plan, refused = responses.plan, responses.find("get", UNTRUSTED)
    if (
        refused is not None
        and has_credentials(refused.response)
        and get_header(refused.response.headers, ALLOW_ORIGIN) is None
    ):
        yield report("stray-credentials", UNTRUSTED, "true")
    origins = {plan.origins[0]: "private-network"}
    if UNTRUSTED not in plan.origins:
        origins[UNTRUSTED] = "private-network-for-any"
    for origin, code in origins.items():
        headers = responses.get("private", origin).response.headers
        if get_header(headers, "access-control-allow-private-network") == "true":
            yield report(code, origin, "true")
