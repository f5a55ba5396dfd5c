"""What is nearly right about a call that fails: the near misses of a policy, and of an answer.

Which near misses are looked for hangs on the name of the failure; the search itself is
`near_origins`'s and `near_names`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from corekit._names import REGISTERED_METHODS, SAFELISTED_METHODS
from corekit._origins import ANY
from corekit._spelling import canonical_spelling, find_misspelling
from corekit.browser import Failure, HttpResponse, Outcome
from corekit.browser.fields import drop_forbidden, list_values, unsafe_names
from corekit.diagnostics import show
from corekit.policy import CorsPolicy
from corekit.problems import PolicyError
from corekit.routes import CorsRoutes

from .call import Call
from .explanation import NearMiss, Policies, shown
from .near_names import find_near_headers, find_near_method, find_near_paths
from .near_origins import find_near_origins
from .policy_fixes import run
from .serving import find_covering, path_of
from .steps import can_read

__all__ = ["near_in_answer", "near_in_call", "near_in_policy", "near_in_spelling"]

_ORIGIN_FAULTS: Final = frozenset(
    {"AllowOriginMismatch", "InvalidAllowOriginValue", "MultipleAllowOriginValues"}
)
_MAX_VALUE: Final = 1000
_CREDENTIALS_FAULTS: Final = frozenset({"InvalidAllowCredentials", "WildcardOriginNotAllowed"})


def near_in_spelling(given: str, origin: str) -> Iterator[NearMiss]:
    """Say what is wrong with how a page's origin was written, where anything is."""
    if given != origin:
        message = find_misspelling(given).message
        message = f"{show(given)} is not how a browser writes it: {show(origin)} is. {message}"
        yield NearMiss("origin", given, origin, message)


def near_in_call(call: Call) -> Iterator[NearMiss]:
    """Name what the page writes that is not sent as it may think."""
    upper = call.method.upper()
    if upper in REGISTERED_METHODS and call.method != upper:
        message = (
            f"Browsers send {show(call.method)} as it is written, and servers know {show(upper)}."
        )
        yield NearMiss("method", call.method, upper, message)
    for name, value in call.fetch.headers:
        if not drop_forbidden(((name, value),)):
            message = (
                f"{shown(name)} is a forbidden header: browsers leave it out of what a page sets."
            )
            yield NearMiss("header", name, "", message)


def near_in_policy(policies: Policies, call: Call, failure: Failure) -> Iterator[NearMiss]:
    """Name what of a policy is nearly what the call needs."""
    policy = find_covering(policies, str(call.url)).policy
    if isinstance(policies, CorsRoutes) and (policy is None or not policy.allow_origins):
        yield from find_near_paths(policies, path_of(str(call.url)))
    if policy is None:
        return
    name = failure.name.removeprefix("Preflight")
    is_custom = call.method.upper() not in REGISTERED_METHODS
    if name == "MissingAllowOriginHeader":
        yield from find_near_origins(policy, failure.origin)
    elif name in _CREDENTIALS_FAULTS:
        without = call.instead(replace(call.fetch, credentials="omit"))
        if can_read(run(policies, without)):
            message = "Without credentials it would pass; the policy does not allow them."
            yield NearMiss("credentials", "include", "omit", message)
    elif name == "MethodDisallowedByPreflightResponse" and is_custom:
        yield from find_near_method(call.method, (*SAFELISTED_METHODS, *policy.allow_methods))
    elif name == "HeaderDisallowedByPreflightResponse":
        missing = [each for each in unsafe_names(call.headers) if each not in policy.allow_headers]
        yield from find_near_headers(missing, policy.allow_headers, include=False)


def near_in_answer(outcome: Outcome, call: Call) -> Iterator[NearMiss]:
    """Name what of a live server's last answer is nearly what the call needs."""
    failure = outcome.failure
    if failure is None or not outcome.exchanges:
        return
    name, value = failure.name.removeprefix("Preflight"), (failure.value or "")[:_MAX_VALUE]
    response = outcome.exchanges[-1].response
    if name in _ORIGIN_FAULTS:
        yield from _compare_origin(value, failure.origin)
    elif name == "InvalidAllowCredentials" and value.strip('"').lower() == "true":
        message = f"{show(value)} is sent, and only 'true' is right, in lower case."
        yield NearMiss("credentials", value, "true", message)
    elif name == "MethodDisallowedByPreflightResponse":
        yield from find_near_method(call.method, _listed(response, "methods"))
    elif name == "HeaderDisallowedByPreflightResponse":
        allowed = _listed(response, "headers")
        lowered = {each.lower() for each in allowed}
        missing = [each for each in unsafe_names(call.headers) if each not in lowered]
        include = call.fetch.credentials == "include"
        yield from find_near_headers(missing, allowed, include=include)


def _listed(response: HttpResponse, what: str) -> tuple[str, ...]:
    return list_values(response.headers, f"access-control-allow-{what}") or ()


def _compare_origin(value: str, page: str) -> Iterator[NearMiss]:
    values = value.replace(",", " ").split()
    if len(values) > 1:
        if page in values:
            message = "The page's origin is among the values, but only one may be there."
            yield NearMiss("origin", value, page, message)
        return
    if ANY in value:
        # A policy would read a pattern here; a browser compares it, letter by letter.
        message = (
            f"The server sends {show(value)}: browsers know no patterns, only an origin, or '*'"
            " alone."
        )
        yield NearMiss("origin", value, page, message)
        return
    if canonical_spelling(value) == page:
        message = find_misspelling(value).message
        message = f"The server sends {show(value)}, which is not {show(page)}. {message}"
        yield NearMiss("origin", value, page, message)
        return
    try:
        allowed = CorsPolicy(allow_origins=[value])
    except PolicyError:
        return
    for near in find_near_origins(allowed, page):
        yield NearMiss("origin", value, page, near.message)
