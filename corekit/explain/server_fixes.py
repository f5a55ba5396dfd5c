"""What to do about a live server: corekit around it, or another call.

Nothing is known of the server but its answers. The policy that is to be put around it is tried on
the browser model; another call is, too, with the answers that the server gave. Where a redirect led
to another origin, the answer at fault is not of the server that was called, and is told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from corekit._origins import ANY
from corekit.browser import BrowserModel, HttpRequest, HttpResponse, Outcome
from corekit.browser.checks import REDIRECT_STATUSES, REFUSALS
from corekit.browser.failures import preflight_name
from corekit.browser.fields import get_header, list_values
from corekit.browser.urls import parse_url
from corekit.diagnostics import show
from corekit.policy import CorsPolicy
from corekit.problems import PolicyError

from .call import Call
from .errors import ERRORS
from .explanation import Fix, Policies
from .policy_fixes import (
    Changes,
    OtherFetch,
    find_changes,
    find_other_fetches,
    mend_policy,
    run,
    web_address,
)
from .steps import can_read

__all__ = ["is_led_away", "is_of_cors_layer", "mend_redirected", "mend_server"]

_CHECKS: Final = (
    "MissingAllowOriginHeader",
    "MultipleAllowOriginValues",
    "InvalidAllowOriginValue",
    "AllowOriginMismatch",
    "WildcardOriginNotAllowed",
    "InvalidAllowCredentials",
)
_BY_CORS_LAYER: Final = REFUSALS | {
    *_CHECKS,
    *map(preflight_name, _CHECKS),
    "PreflightInvalidStatus",
    "PreflightDisallowedRedirect",
    "InvalidAllowMethodsPreflightResponse",
    "InvalidAllowHeadersPreflightResponse",
}
"""The failures that a layer for CORS around the application does away with."""


_BY_LACK: Final = REFUSALS | {
    "InvalidAllowCredentials",
    preflight_name("InvalidAllowCredentials"),
}
"""The failures where nothing is wrong with an answer but what it does not grant."""

_BY_REDIRECT: Final = frozenset(
    {
        "PreflightDisallowedRedirect",
        "RedirectContainsCredentials",
        "CorsDisabledScheme",
        "MixedContent",
        "RedirectNotFollowed",
    }
)
"""The failures where a redirect is at fault, so that its address may be called instead."""


def is_of_cors_layer(outcome: Outcome) -> bool:
    """Say whether a layer for CORS around the application makes such a failure go away."""
    return outcome.failure is not None and outcome.failure.name in _BY_CORS_LAYER


def mend_server(outcome: Outcome, call: Call, *, is_granted: bool) -> tuple[Fix, ...]:
    """Find the fixes of a fetch that a server's answers made fail.

    `is_granted` says that the policy which the server should have grants it: then the answers did
    not come from that policy.
    """
    fixes = [
        Fix(other.message, fetch=other.fetch)
        for other in (*_redirected(outcome, call), *find_other_fetches(call))
        if _would_pass(outcome, call.instead(other.fetch))
    ]
    if outcome.failure is None:
        return tuple(fixes) if fixes or is_granted else tuple(_change_both(call))
    name = outcome.failure.name
    is_of_layer = is_of_cors_layer(outcome)
    if is_of_layer and is_granted:
        message = "The policy grants this, so the answer is not the policy's."
        return (Fix(f"{message} {ERRORS[name].hint}"), *fixes)
    around = _put_around(call, _find_missing(outcome, call)) if is_of_layer else ()
    if not around:
        fixes.append(Fix(ERRORS[name].hint))
    return (*around, *fixes)


def is_led_away(outcome: Outcome, call: Call) -> bool:
    """Say whether the answer at fault came from another origin than the one that was called."""
    last = outcome.exchanges[-1].request.url if outcome.exchanges else str(call.url)
    return is_of_cors_layer(outcome) and parse_url(last).origin != call.url.origin


def mend_redirected(outcome: Outcome, call: Call, policies: Policies | None) -> tuple[Fix, ...]:
    """Find the fixes of a fetch that a redirect to another origin made fail.

    Behind such a redirect browsers send ``null`` for the origin, which no policy should allow.
    """
    there = outcome.exchanges[-1].request.url
    instead = call.instead(replace(call.fetch, url=there))
    directly = f"Call the address that the redirect leads to: {show(there)}."
    without = Fix(
        f"Let {call.url.origin} answer without a redirect to {show(there)}, another origin: a call"
        " that needs a login with status 401."
    )
    is_same_host = parse_url(there).host == call.url.host
    is_granted = is_same_host and policies is not None and can_read(run(policies, instead))
    if is_granted or _would_pass(outcome, instead):
        return Fix(directly, fetch=instead.fetch), without
    if not is_same_host:
        # Of another host the policy says nothing; and seldom is it one for pages to call.
        return without, *_call_otherwise(
            directly, instead, () if policies else _put_around(instead)
        )
    further = mend_policy(policies, instead) if policies else _put_around(instead)
    return *_call_otherwise(directly, instead, further), without


def _change_both(call: Call) -> Iterator[Fix]:
    for other in find_other_fetches(call):
        if other.is_needed:
            instead = call.instead(other.fetch)
            yield from _call_otherwise(other.message, instead, _put_around(instead))


def _call_otherwise(message: str, call: Call, fixes: Iterable[Fix]) -> Iterator[Fix]:
    for mend in fixes:
        fetch = mend.fetch or (call.fetch if mend.changes else None)
        yield replace(mend, message=f"{message} {mend.message}", fetch=fetch)


def _put_around(call: Call, missing: Changes | None = None) -> tuple[Fix, ...]:
    changes = find_changes(CorsPolicy.deny_all(), call)
    if changes is None:
        return ()
    if missing is not None:
        message = f"The server lets the page in, but not all of this call. {missing.message}"
    else:
        around = "Put corekit's middleware around the whole application, as its outermost layer"
        message = f"{around}, with a policy for this call. {changes.message}"
    return (Fix(message, changes.arguments),)


def _find_missing(outcome: Outcome, call: Call) -> Changes | None:
    """Find what a server has to grant beside what it grants; None where it keeps the page out."""
    last = outcome.exchanges[-1].response.headers
    is_lack = outcome.failure is not None and outcome.failure.name in _BY_LACK
    if not is_lack or get_header(last, "access-control-allow-origin") != call.page:
        return None
    preflights = [each.response for each in outcome.exchanges if each.request.is_preflight]
    headers = preflights[-1].headers if preflights else last
    methods = list_values(headers, "access-control-allow-methods")
    names = list_values(headers, "access-control-allow-headers")
    if methods is None or names is None:
        return None
    try:
        granted = CorsPolicy(
            allow_origins=[call.page],
            allow_credentials=get_header(last, "access-control-allow-credentials") == "true",
            allow_methods=methods,
            allow_headers=names,
        )
    except PolicyError:
        return None
    missing = find_changes(granted, call)
    return None if missing is None or missing.refused else missing


def _would_pass(outcome: Outcome, call: Call) -> bool:
    model = BrowserModel(clock=lambda: 0.0, quirks=call.quirks)
    return can_read(model.fetch(_replay(outcome), call.page, call.fetch))


def _replay(outcome: Outcome) -> Callable[[HttpRequest], HttpResponse]:
    """Answer as the server did; where that is not known, grant all."""
    answers = {each.request.is_preflight: each.response for each in outcome.exchanges}

    def send(request: HttpRequest) -> HttpResponse:
        known = answers.get(request.is_preflight)
        if known is not None and known.status not in REDIRECT_STATUSES:
            return known
        asked = dict(request.headers)
        granted = (
            ("Access-Control-Allow-Origin", asked.get("Origin", ANY)),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", asked.get("Access-Control-Request-Method", "")),
            ("Access-Control-Allow-Headers", asked.get("Access-Control-Request-Headers", "")),
        )
        return HttpResponse(200, granted)

    return send


def _redirected(outcome: Outcome, call: Call) -> Iterator[OtherFetch]:
    failure = outcome.failure
    if failure is None or failure.name not in _BY_REDIRECT or not outcome.exchanges:
        return
    location = get_header(outcome.exchanges[-1].response.headers, "location")
    if location is None:
        return
    try:
        url = parse_url(location, parse_url(failure.url))
    except ValueError:
        return
    there = web_address(url, call)
    if there is not None:
        message = f"Call the address that the redirect leads to: {show(there)}."
        yield OtherFetch(message, replace(call.fetch, url=there))
