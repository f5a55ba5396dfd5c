"""What to do about a live server: wrap it in corekit, or make another request.

Only the server's responses are known. The policy for the middleware is tried on the browser model,
and so is another request, with the responses that the server gave. If a redirect led to another
origin, the response that fails is not from the server that the page called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from corekit._origins import ANY
from corekit.adapter import Policies
from corekit.browser import FAILURES, HttpRequest, HttpResponse, Outcome
from corekit.browser.checks import REDIRECT_STATUSES, REFUSALS
from corekit.browser.fields import get_header, list_values
from corekit.browser.urls import parse_url
from corekit.diagnostics import show
from corekit.policy import CorsPolicy
from corekit.problems import PolicyError

from .call import Call, OtherFetch, find_http_url, find_other_fetches
from .explanation import Fix
from .policy_fixes import Changes, combine, find_changes, fix_policy
from .serving import run

_OF_URLS: Final = frozenset({"RedirectContainsCredentials", "CorsDisabledScheme"})
_OF_CORS_LAYERS: Final = frozenset(
    name for name, kind in FAILURES.items() if kind.is_cors
) - _OF_URLS.union({"DisallowedByMode"})
"""The failures that a CORS layer in front of the application prevents."""

_OF_REDIRECTS: Final = _OF_URLS | {
    "PreflightDisallowedRedirect",
    "MixedContent",
    "RedirectNotFollowed",
}
"""The failures that a redirect causes, so that requesting its target may help."""


def is_from_cors_layer(outcome: Outcome) -> bool:
    """Return whether a CORS layer in front of the application would prevent the failure."""
    return outcome.failure is not None and outcome.failure.name in _OF_CORS_LAYERS


def is_from_other_origin(outcome: Outcome, call: Call) -> bool:
    """Return whether the response that fails came from another origin than the page called."""
    last = outcome.exchanges[-1].request.url if outcome.exchanges else str(call.url)
    return is_from_cors_layer(outcome) and parse_url(last).origin != call.url.origin


def fix_server(outcome: Outcome, call: Call, *, is_allowed: bool) -> tuple[Fix, ...]:
    """Return the fixes of a fetch that failed because of a server's responses.

    `is_allowed` is whether the policy that the server should have allows the request: then the
    responses did not come from that policy.
    """
    fixes = [
        Fix(other.message, fetch=other.fetch)
        for other in (*_request_targets(outcome, call), *find_other_fetches(call))
        if _would_succeed(outcome, call.with_fetch(other.fetch))
    ]
    failure = outcome.failure
    if failure is None:
        return tuple(fixes) if fixes or is_allowed else tuple(_fix_both(call))
    is_of_layer = is_from_cors_layer(outcome)
    if is_of_layer and is_allowed:
        message = "The policy allows this request, so the response did not come from the policy."
        return (Fix(f"{message} {failure.hint}"), *fixes)
    around = _wrap(call, _find_missing(outcome, call)) if is_of_layer else ()
    if not around:
        fixes.append(Fix(failure.hint))
    return (*around, *fixes)


def fix_redirect(outcome: Outcome, call: Call, policies: Policies | None) -> tuple[Fix, ...]:
    """Return the fixes of a fetch that failed because of a redirect to another origin.

    After such a redirect browsers send ``Origin: null``, which no policy should allow.
    """
    target = outcome.exchanges[-1].request.url
    instead = call.with_fetch(replace(call.fetch, url=target))
    directly = _request_target(target)
    without = Fix(
        f"Let {call.url.origin} respond without a redirect to {show(target)}, which has another"
        " origin. If the request needs a login, respond with status 401."
    )
    is_same_host = parse_url(target).host == call.url.host
    is_allowed = is_same_host and policies is not None and run(policies, instead).is_readable
    if is_allowed or _would_succeed(outcome, instead):
        return Fix(directly, fetch=instead.fetch), without
    if not is_same_host:
        # The policy does not apply to another host, and that host is rarely one for pages to call.
        return without, *combine(directly, instead, () if policies else _wrap(instead))
    further = fix_policy(policies, instead) if policies else _wrap(instead)
    return *combine(directly, instead, further), without


def _fix_both(call: Call) -> Iterator[Fix]:
    for other in find_other_fetches(call):
        if other.is_required:
            instead = call.with_fetch(other.fetch)
            yield from combine(other.message, instead, _wrap(instead))


def _wrap(call: Call, missing: Changes | None = None) -> tuple[Fix, ...]:
    changes = find_changes(CorsPolicy.deny_all(), call)
    if changes is None:
        return ()
    if missing is not None:
        message = f"The server allows the page's origin, but not this request. {missing.message}"
    else:
        message = (
            "Wrap the whole application in corekit's middleware, as the outermost layer, with a"
            f" policy that allows this request. {changes.message}"
        )
    return (Fix(message, changes.arguments),)


def _find_missing(outcome: Outcome, call: Call) -> Changes | None:
    """Return what a server does not allow yet; None if it does not allow the page at all."""
    last = outcome.exchanges[-1].response.headers
    failure = outcome.failure
    is_lack = failure and (failure.name in REFUSALS or failure.check == "InvalidAllowCredentials")
    if not is_lack or get_header(last, "access-control-allow-origin") != call.page:
        return None
    preflights = [each.response for each in outcome.exchanges if each.request.is_preflight]
    headers = preflights[-1].headers if preflights else last
    methods = list_values(headers, "access-control-allow-methods")
    names = list_values(headers, "access-control-allow-headers")
    if methods is None or names is None:
        return None
    try:
        allowed = CorsPolicy(
            allow_origins=[call.page],
            allow_credentials=get_header(last, "access-control-allow-credentials") == "true",
            allow_methods=methods,
            allow_headers=names,
        )
    except PolicyError:
        return None
    missing = find_changes(allowed, call)
    return None if missing is None or missing.rejected else missing


def _would_succeed(outcome: Outcome, call: Call) -> bool:
    return call.run(_replay(outcome)).is_readable


def _replay(outcome: Outcome) -> Callable[[HttpRequest], HttpResponse]:
    """Respond as the server did; if that is not known, allow everything."""
    responses = {each.request.is_preflight: each.response for each in outcome.exchanges}

    def send(request: HttpRequest) -> HttpResponse:
        known = responses.get(request.is_preflight)
        if known is not None and known.status not in REDIRECT_STATUSES:
            return known
        requested = dict(request.headers)
        allowed = (
            ("Access-Control-Allow-Origin", requested.get("Origin", ANY)),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", requested.get("Access-Control-Request-Method", "")),
            ("Access-Control-Allow-Headers", requested.get("Access-Control-Request-Headers", "")),
        )
        return HttpResponse(200, allowed)

    return send


def _request_targets(outcome: Outcome, call: Call) -> Iterator[OtherFetch]:
    failure = outcome.failure
    if failure is None or failure.name not in _OF_REDIRECTS or not outcome.exchanges:
        return
    location = get_header(outcome.exchanges[-1].response.headers, "location")
    if location is None:
        return
    try:
        url = parse_url(location, parse_url(failure.url))
    except ValueError:
        return
    target = find_http_url(url, call)
    if target is not None:
        yield OtherFetch(_request_target(target), replace(call.fetch, url=target))


def _request_target(url: str) -> str:
    return f"Request the URL that the redirect points to: {show(url)}."
