"""The near misses of a call that fails: what almost matches in a policy or in a live response.

The name of the failure decides which near misses are searched for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from corekit._names import REGISTERED_METHODS, SAFELISTED_METHODS
from corekit._near import find_near_method, find_near_name, find_near_origins
from corekit._origins import ANY
from corekit._spelling import canonical_spelling, find_misspelling
from corekit.browser import Failure, Outcome
from corekit.browser.fields import NON_WILDCARD_HEADER, drop_forbidden, list_values, unsafe_names
from corekit.diagnostics import escape, show
from corekit.policy import CorsPolicy
from corekit.problems import PolicyError
from corekit.routes import CorsRoutes

from .call import Call, Policies, find_covering, find_origin_rule, path_of, run
from .explanation import NearMiss

_OF_ORIGINS: Final = frozenset(
    {"AllowOriginMismatch", "InvalidAllowOriginValue", "MultipleAllowOriginValues"}
)
_OF_CREDENTIALS: Final = frozenset({"InvalidAllowCredentials", "WildcardOriginNotAllowed"})
_MAX_VALUE: Final = 1000
_MAX_MISSING: Final = 20


def find_in_call(page: str, call: Call) -> Iterator[NearMiss]:
    """Yield what the browser does not send as expected; `page` is the origin as it was given."""
    if page != call.page:
        message = find_misspelling(page).message
        message = f"Browsers write {show(page)} as {show(call.page)}. {message}"
        yield NearMiss("origin", page, call.page, message)
    upper = call.method.upper()
    if upper in REGISTERED_METHODS and call.method != upper:
        message = (
            f"Browsers send {show(call.method)} as it is written, but servers expect {show(upper)}."
        )
        yield NearMiss("method", call.method, upper, message)
    for name, value in call.fetch.headers:
        if not drop_forbidden(((name, value),)):
            message = f"{escape(name)} is a forbidden header: browsers do not let scripts set it."
            yield NearMiss("header", name, "", message)


def find_in_policy(policies: Policies, call: Call, failure: Failure) -> Iterator[NearMiss]:
    """Yield what in a policy almost allows the call."""
    policy = find_covering(policies, str(call.url)).policy
    if isinstance(policies, CorsRoutes) and (policy is None or not policy.allow_origins):
        yield from _compare_paths(policies, path_of(str(call.url)))
    if policy is None:
        return
    is_custom = call.method.upper() not in REGISTERED_METHODS
    if failure.check == "MissingAllowOriginHeader":
        yield from compare_origins(policy, failure.origin)
    elif failure.check in _OF_CREDENTIALS:
        without = call.with_fetch(replace(call.fetch, credentials="omit"))
        if run(policies, without).is_readable:
            message = "The policy does not allow credentials; the request would succeed without."
            yield NearMiss("credentials", "include", "omit", message)
    elif failure.name == "MethodDisallowedByPreflightResponse" and is_custom:
        yield from _compare_methods(call.method, (*SAFELISTED_METHODS, *policy.allow_methods))
    elif failure.name == "HeaderDisallowedByPreflightResponse":
        names = policy.allow_headers
        yield from compare_headers(unsafe_names(call.headers), names)


def find_in_response(outcome: Outcome, call: Call) -> Iterator[NearMiss]:
    """Yield what in a live server's last response almost allows the call."""
    failure = outcome.failure
    if failure is None or not outcome.exchanges:
        return
    value = (failure.value or "")[:_MAX_VALUE]
    headers = outcome.exchanges[-1].response.headers
    if failure.check in _OF_ORIGINS:
        difference = _describe_sent_origin(value, failure.origin)
        if difference is not None:
            yield NearMiss("origin", value, failure.origin, difference)
    elif failure.check == "InvalidAllowCredentials" and value.strip('"').lower() == "true":
        message = f"The server sends {show(value)}, but only 'true', in lower case, is valid."
        yield NearMiss("credentials", value, "true", message)
    elif failure.name == "MethodDisallowedByPreflightResponse":
        methods = list_values(headers, "access-control-allow-methods") or ()
        yield from _compare_methods(call.method, methods)
    elif failure.name == "HeaderDisallowedByPreflightResponse":
        names = list_values(headers, "access-control-allow-headers") or ()
        include = call.fetch.credentials == "include"
        yield from compare_headers(unsafe_names(call.headers), names, include=include)


def compare_origins(policy: CorsPolicy, origin: str) -> tuple[NearMiss, ...]:
    """Return up to three origins that a policy allows and that nearly match `origin`.

    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"])
    >>> print(*compare_origins(policy, "http://app.example.com"))
    'https://app.example.com' is allowed: the page has http instead of https.
    """
    found = []
    for near in find_near_origins(policy.engine, origin):
        is_listed = near.nearest in policy.allow_origins
        by = "" if is_listed else f" by {find_origin_rule(policy, near.nearest)}"
        message = f"{show(near.nearest)} is allowed{by}: {near.difference}."
        found.append(NearMiss("origin", origin, near.nearest, message))
    return tuple(found)


def compare_headers(
    sent: Collection[str], allowed: Collection[str], *, include: bool = False
) -> Iterator[NearMiss]:
    """Yield what almost allows each of the `sent` header names that is not allowed (lower case).

    >>> print(*compare_headers(["x-csrf-token"], ["x-csrftoken"]))
    'x-csrftoken' is allowed, but the page sends 'x-csrf-token'.
    """
    names = [name.lower() for name in allowed if name != ANY]
    missing = [name for name in sent if name not in names]
    for name in missing[:_MAX_MISSING]:
        if ANY in allowed and include:
            message = f"'*' does not cover {show(name)}: with credentials, it is not a wildcard."
            yield NearMiss("header", name, ANY, message)
        elif ANY in allowed and name == NON_WILDCARD_HEADER:
            message = "By the standard, '*' does not cover authorization: list it as well."
            yield NearMiss("header", name, ANY, message)
        elif (nearest := find_near_name(name, names)) is not None:
            message = f"{show(nearest)} is allowed, but the page sends {show(name)}."
            yield NearMiss("header", name, nearest, message)


def _compare_methods(method: str, allowed: Collection[str]) -> Iterator[NearMiss]:
    nearest = find_near_method(method, allowed)
    if nearest is not None:
        is_case = nearest.upper() == method.upper()
        why = ": method names are case-sensitive" if is_case else ""
        message = f"{show(nearest)} is allowed, but the page sends {show(method)}{why}."
        yield NearMiss("method", method, nearest, message)


def _compare_paths(routes: CorsRoutes, path: str) -> Iterator[NearMiss]:
    lowered = path.lower()
    for route, _ in routes.routes:
        low = route.lower()
        if lowered == low.removesuffix("/") or (low[-1] == "/" and lowered.startswith(low)):
            message = (
                f"The route {show(route)} almost covers {show(path)}: paths are case-sensitive."
            )
            yield NearMiss("path", path, route, message)


def _describe_sent_origin(value: str, page: str) -> str | None:
    values = value.replace(",", " ").split()
    if len(values) > 1:
        message = "The page's origin is one of the values, but only one value is allowed."
        return message if page in values else None
    if ANY in value:
        # A policy reads a pattern here; a browser compares it byte for byte.
        return (
            f"The server sends {show(value)}, but browsers do not support patterns: they accept"
            " one origin, or '*'."
        )
    if canonical_spelling(value) == page:
        message = find_misspelling(value).message
        return f"The server sends {show(value)}, not {show(page)}. {message}"
    try:
        near = compare_origins(CorsPolicy(allow_origins=[value]), page)
    except PolicyError:
        return None
    return near[0].message if near else None
