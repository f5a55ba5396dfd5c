"""Explain why a page can read a response or not: what happens, in order, and how to fix it.

`explain` takes a policy and a page's fetch, and needs no server; `explain_outcome` takes how a
fetch to a live server ended. Both run only the browser model. Each module has one subject:

- `explanation`: what an explanation consists of, as text and as data;
- `call`: the page's call, what it could be instead, and the policy as a server;
- `steps`: what happens, in order;
- `fixes`: what to change so that the fetch succeeds;
- `near_misses`: what almost matches;
- `guarding`: what a guard says about the requests, and about WebSockets;
- `looking_up`: look-ups of origins, and loaded rows;
- `networks`: what depends on where page and server are;
- `proxies`: proxies in front of a server;
- `errors`: each failure by name, and by what browsers' consoles print about it;
- `console`: what a console's message says about the call;
- `other_errors`: what no policy can change;
- `codes`: corekit's own codes and reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from corekit._near import is_typo
from corekit._origins import ANY, OPAQUE, is_serialized_origin
from corekit._spelling import canonical_spelling, find_misspelling
from corekit.adapter import LivePolicy, check_guard, read_policy
from corekit.browser import STANDARD, Fetch, LocalNetwork, Outcome, Quirks
from corekit.browser.local_network import read_local_network
from corekit.diagnostics import Diagnostic, show
from corekit.guard import CrossOriginGuard, Verdict
from corekit.lookups import Lookup

from .call import Call, Policies, run, serve
from .console import ConsoleMessage, read_message
from .errors import ERRORS, ErrorInfo, find_error
from .explanation import Explanation, Fix, NearMiss, Step, StepKind
from .fixes import fix_policy, fix_redirect, fix_server, is_from_cors_layer, is_from_other_origin
from .guarding import Judge, add_verdicts, describe_handshake, read_verdicts
from .looking_up import add_lookup, fix_unknown
from .near_misses import find_in_call, find_in_policy, find_in_response
from .proxies import add_proxy
from .steps import describe_steps, summarize

__all__ = [
    "ERRORS",
    "ConsoleMessage",
    "ErrorInfo",
    "Explanation",
    "Fix",
    "NearMiss",
    "Step",
    "StepKind",
    "explain",
    "explain_handshake",
    "explain_outcome",
    "find_error",
    "read_message",
    "read_origin",
]

_MAX_NEAR_MISSES: Final = 20
_OPAQUE_SCHEMES: Final = ("file:", "data:")


def explain(
    policy: Policies | LivePolicy,
    fetch: Fetch,
    *,
    page: str,
    quirks: Quirks = STANDARD,
    address_space: str | LocalNetwork | None = None,
    guard: CrossOriginGuard | None = None,
    host: str | None = None,
    lookup: Lookup | None = None,
) -> Explanation:
    """Explain what happens when a page makes a fetch to a server that has this policy.

    `policy` is a `CorsPolicy`, a `CorsRoutes` or a `LivePolicy`, `page` the page's origin; another
    spelling of an origin is read as a browser would write it, and reported as a near miss. `quirks`
    are those of an engine, or the standard. `address_space` is that of
    `corekit.browser.BrowserModel`: where the page comes from, to check Local Network Access.
    `guard` has the same policy; `host` is the Host that the server gets, None for that of the URL.
    `lookup` is that of the application: the explanation says if it is asked, and does not ask it.
    Raises ValueError if no browser would begin the fetch, as for a forbidden method, or if no page
    can have the origin.
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
    call = Call(fetch, _read_page(page), quirks, read_local_network(address_space))
    if guard is not None:
        check_guard(guard, policy)
    current = read_policy(policy)
    outcome = run(current, call)
    near_misses = list(find_in_call(page, call))
    further, fixes = _search_policy(current, call, outcome)
    found = (*near_misses, *further)
    if guard is None:
        explanation = _build(outcome, call, current, found, fixes)
    else:
        judge = Judge(guard, call, host)
        outcome = call.run(judge.guarding(serve(current)))
        explanation = _build(outcome, call, current, found, fixes, verdicts=judge.verdicts)
    return explanation if lookup is None else add_lookup(explanation, lookup, call, current)


def explain_handshake(
    guard: CrossOriginGuard | None,
    url: str,
    *,
    page: str,
    cookies: bool = True,
    host: str | None = None,
) -> Explanation:
    """Explain what happens when a page opens a WebSocket at a ``ws:`` or ``wss:`` URL.

    `guard` is None for a server without a guard. `cookies` is whether the browser has some for the
    site; `page` and `host` are as for `explain`. Raises ValueError for another URL, and if no page
    can have the origin.

    >>> from corekit import CorsPolicy
    >>> guard = CrossOriginGuard(CorsPolicy(allow_origins=["https://app.example.com"]))
    >>> explanation = explain_handshake(guard, "wss://api.example.com", page="https://evil.example")
    >>> explanation.allowed, explanation.verdict.reason.name
    (False, 'WEBSOCKET_ORIGIN')
    """
    return describe_handshake(guard, url, _read_page(page), cookies=cookies, host=host)


def explain_outcome(
    outcome: Outcome,
    fetch: Fetch,
    *,
    page: str,
    policy: Policies | LivePolicy | None = None,
    quirks: Quirks = STANDARD,
    address_space: str | LocalNetwork | None = None,
    verdicts: Sequence[Verdict] = (),
) -> Explanation:
    """Explain how a fetch to a live server ended.

    `outcome` is what `corekit.browser.BrowserModel` made of the server's responses to `fetch`, by a
    page of the origin `page`. With `policy`, the explanation names the rule by which the server
    should have responded, and the `changes` of a fix apply to that policy; without one, they are
    the arguments of a `CorsPolicy` for a middleware around the server's application. `quirks` and
    `address_space` are those of the model. `verdicts` are those of the server's guard, one for each
    request other than preflights, in their order; without them, a refusal is recognized by its
    body. Raises ValueError as `explain` does.
    """
    call = Call(fetch, _read_page(page), quirks, read_local_network(address_space))
    current = read_policy(policy)
    known = verdicts or read_verdicts(outcome)
    is_refused = not verdicts and known[-1:] not in ([], [None])
    near_misses, fixes = _search_outcome(outcome, call, current, is_refused=is_refused)
    found = (*find_in_call(page, call), *near_misses)
    return _build(outcome, call, current, found, fixes, verdicts=known)


def _search_outcome(
    outcome: Outcome, call: Call, policy: Policies | None, *, is_refused: bool
) -> tuple[tuple[NearMiss, ...], tuple[Fix, ...]]:
    if outcome.is_readable:
        return (), ()
    near_misses = tuple(find_in_response(outcome, call))
    if is_from_other_origin(outcome, call):
        return near_misses, fix_redirect(outcome, call, policy)
    unknown = fix_unknown(outcome, call, policy) if is_from_cors_layer(outcome) else ()
    if unknown and outcome.exchanges[-1].request.is_preflight:
        return near_misses, unknown
    expected = outcome if policy is None else run(policy, call)
    is_of_policy = outcome.failure is None or is_from_cors_layer(outcome)
    fixes: tuple[Fix, ...] = ()
    if policy is None and is_refused:
        pass  # the hint of the guard says what to change
    elif policy is None or expected.is_readable or not is_of_policy:
        fixes = fix_server(outcome, call, is_allowed=policy is not None)
    else:
        further, fixes = _search_policy(policy, call, expected)
        near_misses += further
    if is_from_cors_layer(outcome):
        fixes = add_proxy(fixes, outcome.exchanges[-1].response)
    return near_misses, (*unknown, *fixes)


def _search_policy(
    policy: Policies, call: Call, outcome: Outcome
) -> tuple[tuple[NearMiss, ...], tuple[Fix, ...]]:
    if outcome.is_readable:
        return (), ()
    failure = outcome.failure
    near_misses = () if failure is None else tuple(find_in_policy(policy, call, failure))
    nearest = [near.nearest for near in near_misses if near.subject == "origin"]
    if any(is_typo(call.page, each) for each in nearest):
        # Nobody should allow an origin that only looks like one that is trusted.
        return near_misses, tuple(
            Fix(f"Open the page from {show(each)}, which is allowed.") for each in nearest
        )
    other_pages = (
        Fix(f"Or open the page from {show(each)}, which is allowed.")
        for each in nearest
        if is_serialized_origin(each)
    )
    fixes = (*fix_policy(policy, call), *other_pages)
    if not fixes and failure is not None:
        fixes = (Fix(failure.hint),)
    return near_misses, fixes


def _build(
    outcome: Outcome,
    call: Call,
    policy: Policies | None,
    near_misses: Iterable[NearMiss],
    fixes: tuple[Fix, ...],
    *,
    verdicts: Sequence[Verdict | None] = (),
) -> Explanation:
    is_refused = any(each is not None and each.status is not None for each in verdicts[-1:])
    explanation = Explanation(
        outcome.is_readable,
        summarize(outcome, call),
        describe_steps(outcome, call, policy, is_refused=is_refused),
        outcome.failure,
        tuple(near_misses)[:_MAX_NEAR_MISSES],
        fixes,
        outcome,
    )
    return add_verdicts(explanation, verdicts)


def read_origin(text: str, subject: str = "origin") -> tuple[str | None, Diagnostic | None]:
    """Return the origin that `text` means, and what is wrong with `text`, each None if unknown.

    The diagnostic is about `subject`, and None if browsers send the origin as it is written.

    >>> read_origin("https://app.example.com")
    ('https://app.example.com', None)
    >>> origin, problem = read_origin("App.example.com:443")
    >>> origin, problem.code
    ('https://app.example.com', 'malformed-origin')
    """
    if is_serialized_origin(text):
        return text, None
    origin = canonical_spelling(text)
    if ANY in (origin or text):
        message, hint = "A page has exactly one origin.", "Name one origin, not a pattern."
        return None, Diagnostic("malformed-origin", "error", message, hint, subject, text)
    example = "Write an origin such as https://app.example.com."
    hint = example if origin is None else f"Did you mean {show(origin)}?"
    found = find_misspelling(text)
    kind, message = found.kind, found.message
    return origin, Diagnostic(kind.code, "error", message, hint, subject, text, found.meant)


def _read_page(page: str) -> str:
    origin, problem = read_origin(page)
    if problem is not None and page.lower().startswith(_OPAQUE_SCHEMES):
        return OPAQUE
    if origin is None:
        hint = "" if problem is None else f" {problem.hint}"
        raise ValueError(f"not the origin of a page: {show(page)}.{hint}")
    return origin
