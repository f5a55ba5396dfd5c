"""Origins that a policy does not list: look-ups, what they do not know, and loaded rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from corekit.browser import Exchange, Outcome
from corekit.lookups import Lookup, is_unknown, name_lookup
from corekit.policy import CorsPolicy

from .call import Call, Policies, describe_snapshot, find_covering
from .explanation import Explanation, Fix

FIX_LOOKUP: Final = (
    'See the errors that "corekit.lookups" has logged on the server: the function of the look-up'
    " raised an exception, took too long (timeout), or was called too often at a time"
    " (concurrency). The policy needs no change."
)
_UNKNOWN_PREFLIGHT: Final = (
    "Status 503 with Retry-After means that the server does not know for now whether the origin is"
    " allowed: a look-up failed, or too many are running (ORIGIN_UNKNOWN)."
)
_MAYBE_UNKNOWN: Final = (
    "With 'Cache-Control: no-store' and 'Vary: Origin', it may be that the server did not know"
    " whether the origin is allowed, since a look-up failed (ORIGIN_UNKNOWN)."
)
MAYBE_UNKNOWN_STATUS: Final = (
    "Status 503 may mean that the server does not know whether the origin is allowed"
    f" (ORIGIN_UNKNOWN). If so: {FIX_LOOKUP[0].lower()}{FIX_LOOKUP[1:]} Otherwise: "
)
"""The beginning of a hint about a preflight response of which only the status is known."""

_NOT_GRANTED: Final = "MissingAllowOriginHeader"
_RESPONSES: Final = ("preflight-response", "response")


def describe_unknown(exchange: Exchange) -> str | None:
    """Return what a response says of the server's ignorance; None if it says nothing of it."""
    response, is_preflight = exchange.response, exchange.request.is_preflight
    if not is_unknown(response.status, response.headers, is_preflight=is_preflight):
        return None
    return _UNKNOWN_PREFLIGHT if is_preflight else _MAYBE_UNKNOWN


def fix_unknown(outcome: Outcome, call: Call, policies: Policies | None) -> tuple[Fix, ...]:
    """Return how to let a server know whether the origin of a failed call is allowed.

    It is empty if the server knows that, as far as the response shows.
    An origin that the policy of the server lists is not looked up.
    """
    if policies is not None:
        policy = find_covering(policies, str(call.url)).policy
        if policy is None or policy.engine.allows(call.page):
            return ()
    last = outcome.exchanges[-1]
    if describe_unknown(last) is None:
        return ()
    if last.request.is_preflight:
        return (Fix(FIX_LOOKUP),)
    return (Fix(f"If the server looks origins up: {FIX_LOOKUP[0].lower()}{FIX_LOOKUP[1:]}"),)


def add_lookup(
    explanation: Explanation, lookup: Lookup, call: Call, policies: Policies
) -> Explanation:
    """Return an explanation that says that an origin is looked up, if it is.

    The look-up is not asked, so it is not known whether the page can read the response.
    """
    policy, failure = find_covering(policies, str(call.url)).policy, explanation.failure
    if policy is None or failure is None or failure.check != _NOT_GRANTED:
        return explanation
    if not lookup.is_asked(policy.engine, call.page):
        return explanation
    name = name_lookup(lookup)
    detail = (
        f"The policy does not list the origin, so {name} is asked, which is not done here. If it"
        " returns True, the origin gets what the policy grants."
    )
    first = f"Let {name} return True for {call.page}, if its pages may read the responses."
    return replace(
        explanation,
        summary=f"Unless {name} allows the origin: {explanation.summary}",
        steps=tuple(
            replace(step, details=(*step.details, detail)) if step.kind in _RESPONSES else step
            for step in explanation.steps
        ),
        fixes=(Fix(first), *explanation.fixes),
        lookup=name,
    )


def describe_absence(policy: CorsPolicy, origin: str) -> str:
    """Return that a policy does not allow an origin, and neither do its loaded rows."""
    snapshot = policy.engine.find_snapshot(origin)
    rows = "" if snapshot is None else f", and {describe_snapshot(snapshot)} does not have it"
    return f"The policy does not allow {origin}{rows}."
