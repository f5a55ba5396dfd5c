"""The two questions: what would this policy say to this fetch, and what did this server say.

Here the parts are put together; each of them has a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from corekit._origins import OPAQUE, is_serialized_origin
from corekit._spelling import canonical_spelling
from corekit.browser import STANDARD, Fetch, Outcome, Quirks
from corekit.diagnostics import show

from .call import Call
from .errors import ERRORS
from .explanation import Explanation, Fix, NearMiss, Policies
from .near_misses import near_in_answer, near_in_call, near_in_policy, near_in_spelling
from .policy_fixes import mend_policy, run
from .server_fixes import is_led_away, is_of_cors_layer, mend_redirected, mend_server
from .steps import bound_failure, can_read, summarize, tell_steps

__all__ = ["explain", "explain_outcome"]

_MAX_NEARBY: Final = 20
_OPAQUE_SCHEMES: Final = ("file:", "data:")
"""Pages of these have no origin that could be named."""


def explain(policy: Policies, fetch: Fetch, *, page: str, quirks: Quirks = STANDARD) -> Explanation:
    """Explain what happens when a page makes a fetch to a server that has this policy.

    `policy` is a `CorsPolicy` or a `CorsRoutes`, `page` the page's origin; another spelling of an
    origin is taken for what a browser makes of it, and told as a near miss. `quirks` are those of
    an engine, or the standard. Raises ValueError for what no browser would begin to fetch, such as
    a forbidden method, and for a page that can have no origin.
    Source: https://fetch.spec.whatwg.org/#http-cors-protocol

    >>> from corekit import CorsPolicy
    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"])
    >>> fetch = Fetch("https://api.example.com/items", method="PUT")
    >>> explanation = explain(policy, fetch, page="https://app.example.com")
    >>> explanation.allowed, explanation.failure.name
    (False, 'MethodDisallowedByPreflightResponse')
    >>> explanation.fixes[0].changes
    {'allow_methods': ('PUT',)}
    """
    call = Call(fetch, _read_page(page), quirks)
    outcome = run(policy, call)
    nearby = [*near_in_spelling(page, call.page), *near_in_call(call)]
    further, fixes = _find_in_policy(policy, call, outcome)
    return _make(outcome, call, policy, (*nearby, *further), fixes)


def explain_outcome(
    outcome: Outcome,
    fetch: Fetch,
    *,
    page: str,
    policy: Policies | None = None,
    quirks: Quirks = STANDARD,
) -> Explanation:
    """Explain how a fetch to a live server ended.

    `outcome` is what `corekit.browser.BrowserModel` made of the server's answers to `fetch`, by a
    page of the origin `page`. With `policy`, the rule is named by which the server should have
    answered. The `changes` of a mend are then of that policy; without one, they are the arguments
    of a `CorsPolicy` to put around the server's application. Raises ValueError as `explain` does.
    """
    call = Call(fetch, _read_page(page), quirks)
    nearby = [*near_in_spelling(page, call.page), *near_in_call(call)]
    if can_read(outcome):
        return _make(outcome, call, policy, nearby, ())
    nearby += near_in_answer(outcome, call)
    if is_led_away(outcome, call):
        return _make(outcome, call, policy, nearby, mend_redirected(outcome, call, policy))
    expected = outcome if policy is None else run(policy, call)
    is_of_policy = outcome.failure is None or is_of_cors_layer(outcome)
    if policy is None or can_read(expected) or not is_of_policy:
        fixes = mend_server(outcome, call, is_granted=policy is not None)
    else:
        further, fixes = _find_in_policy(policy, call, expected)
        nearby += further
    return _make(outcome, call, policy, nearby, fixes)


def _find_in_policy(
    policy: Policies, call: Call, outcome: Outcome
) -> tuple[tuple[NearMiss, ...], tuple[Fix, ...]]:
    if can_read(outcome):
        return (), ()
    failure = outcome.failure
    nearby = () if failure is None else tuple(near_in_policy(policy, call, failure))
    other_pages = tuple(
        Fix(f"Or open the page from {show(near.nearest)}, which is allowed.")
        for near in nearby
        if near.subject == "origin" and is_serialized_origin(near.nearest)
    )
    fixes = (*mend_policy(policy, call), *other_pages)
    if not fixes and failure is not None:
        fixes = (Fix(ERRORS[failure.name].hint),)
    return nearby, fixes


def _make(
    outcome: Outcome,
    call: Call,
    policy: Policies | None,
    nearby: Iterable[NearMiss],
    fixes: tuple[Fix, ...],
) -> Explanation:
    return Explanation(
        can_read(outcome),
        summarize(outcome, call),
        tell_steps(outcome, call, policy),
        outcome.failure and bound_failure(outcome.failure),
        tuple(nearby)[:_MAX_NEARBY],
        fixes,
        outcome,
    )


def _read_page(page: str) -> str:
    if is_serialized_origin(page):
        return page
    if page.lower().startswith(_OPAQUE_SCHEMES):
        return OPAQUE
    meant = canonical_spelling(page)
    if meant is None or "*" in meant:
        raise ValueError(
            f"not a page's origin: {show(page)}; it is such as 'https://app.example.com'"
        )
    return meant
