"""What to change so that a fetch succeeds: in a policy, in the call, or at a live server.

The browser model tries each change first. If a change would be unsafe, the policy rejects it, and
the fix says so and has no changes. Whether to trust a page's origin is never decided here: that is
the operator's decision.

Of a live server only the responses are known: another request is tried with them, and a policy for
a middleware around the application on the browser model. If a redirect led to another origin, the
response that fails is not from the server that the page called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from corekit._names import RESPONSE_ONLY_HEADERS
from corekit._origins import ANY
from corekit.browser import FAILURES, Failure, HttpRequest, HttpResponse, Outcome
from corekit.browser.checks import REDIRECT_STATUSES, REFUSALS
from corekit.browser.fields import (
    NON_WILDCARD_HEADER,
    get_header,
    get_lines,
    list_values,
    unsafe_names,
)
from corekit.browser.urls import parse_url
from corekit.diagnostics import show
from corekit.policy import CorsPolicy
from corekit.problems import PolicyError, Problem, ProblemKind, SettingProblem

from .call import (
    Call,
    OtherFetch,
    Policies,
    find_covering,
    find_http_url,
    find_other_fetches,
    run,
)
from .explanation import Fix

_MAX_ROUNDS: Final = 8
_MAX_NAMED: Final = 20
_TRUST: Final = (
    " Allow an origin only if you control it or trust its owner: its pages can read the responses."
)
_ACTS: Final = (
    " With credentials, pages of every allowed origin can make requests as the logged-in user."
)
_OF_URLS: Final = frozenset({"RedirectContainsCredentials", "CorsDisabledScheme"})
_OF_CORS_LAYERS: Final = frozenset(
    name for name, kind in FAILURES.items() if kind.is_cors
) - _OF_URLS.union({"DisallowedByMode"})
"""The failures that a CORS layer in front of the application prevents."""

_ALLOWING: Final = {
    "Origin": "Access-Control-Allow-Origin",
    "Access-Control-Request-Method": "Access-Control-Allow-Methods",
    "Access-Control-Request-Headers": "Access-Control-Allow-Headers",
}
"""By header of a request, the header of a response that allows what it asks for."""

_WITH_CREDENTIALS: Final = ("Access-Control-Allow-Credentials", "true")

_OF_REDIRECTS: Final = _OF_URLS | {
    "PreflightDisallowedRedirect",
    "MixedContent",
    "RedirectNotFollowed",
}
"""The failures that a redirect causes, so that requesting its target may help."""


def _find_changes(policy: CorsPolicy, call: Call) -> Fix | None:
    """Return what to change in a policy so that a call succeeds; None if no change helps.

    If the policy rejects the changes, the fix has none.
    """
    arguments: dict[str, Any] = {}
    phrases: list[str] = []
    for _ in range(_MAX_ROUNDS):
        outcome = run(policy, call)
        if outcome.is_readable:
            return Fix(_describe(phrases, arguments), arguments) if arguments else None
        proposed = outcome.failure and _propose(policy, outcome.failure, call)
        if not proposed:
            return None
        changes, phrase = proposed
        phrases.append(phrase)
        arguments |= changes
        if not RESPONSE_ONLY_HEADERS.isdisjoint(changes.get("allow_headers", ())):
            # A policy leaves them out, with a warning.
            return _reject(phrases, [SettingProblem.RESPONSE_HEADER])
        try:
            policy = policy.replace(**changes)
        except PolicyError as error:
            return _reject(phrases, error.problems)
    return None


def _join(phrases: Sequence[str]) -> str:
    return " and ".join((*filter(None, [", ".join(phrases[:-1])]), phrases[-1]))


def _reject(phrases: Sequence[str], problems: Iterable[Problem | ProblemKind]) -> Fix:
    reasons = dict.fromkeys(f"{each.message} {each.hint}" for each in problems)
    why = " ".join([*reasons][:3])
    return Fix(f"The policy would have to {_join(phrases)}, but corekit rejects that: {why}")


def _describe(phrases: Sequence[str], arguments: Mapping[str, Any]) -> str:
    words = _join(phrases)
    message = f"{words[0].upper()}{words[1:]}."
    if "allow_origins" in arguments:
        message += _TRUST
    if arguments.get("allow_credentials"):
        message += _ACTS
    return message


def fix_policy(policies: Policies, call: Call) -> tuple[Fix, ...]:
    """Return the fixes in a policy or in the call; those that can be applied come first."""
    covering = find_covering(policies, str(call.url))
    policy = covering.policy
    if policy is None or covering.is_ambiguous:
        what = (
            "Request a path without '.' and '..' segments, '@@', double slashes and backslashes."
            if covering.is_ambiguous
            else "Add a route for it, with a policy that allows this request."
        )
        return (Fix(f"{covering.message} {what}"),)
    where = f"In the policy of the route {show(covering.route)}: " if covering.route else ""

    def change_policy(each: Call) -> Iterator[Fix]:
        fix = _find_changes(policy, each)
        if fix is not None:
            yield replace(fix, message=f"{where}{fix.message}", route=covering.route)

    fixes = [*change_policy(call)]
    for other in find_other_fetches(call):
        instead = call.with_fetch(other.fetch)
        if run(policies, instead).is_readable:
            fixes.append(Fix(other.message, fetch=other.fetch))
        elif other.is_required:
            fixes += _combine(other.message, instead, change_policy(instead))
    return tuple(sorted(fixes, key=lambda fix: not fix.changes and fix.fetch is None))


def _combine(message: str, call: Call, fixes: Iterable[Fix]) -> Iterator[Fix]:
    """Yield fixes for another call, which `message` says to make."""
    for fix in fixes:
        fetch = fix.fetch or (call.fetch if fix.changes else None)
        yield replace(fix, message=f"{message} {fix.message}", fetch=fetch)


def _propose(policy: CorsPolicy, failure: Failure, call: Call) -> tuple[dict[str, Any], str] | None:
    name, setting = failure.check, policy.engine.dialect.name
    if name == "WildcardOriginNotAllowed":
        changes = {"allow_origins": (failure.origin,), "allow_credentials": True}
        return changes, (
            f"replace '*' in {setting('allow_origins')} with {show(failure.origin)} and all other"
            f" origins that need access, and set {setting('allow_credentials')}=True"
        )
    if name == "InvalidAllowCredentials":
        return {"allow_credentials": True}, f"set {setting('allow_credentials')}=True"
    if name == "MissingAllowOriginHeader":
        argument, added = "allow_origins", [failure.origin]
    elif name == "MethodDisallowedByPreflightResponse":
        argument, added = "allow_methods", [str(failure.value)]
    elif name == "HeaderDisallowedByPreflightResponse":
        argument, added = "allow_headers", _missing_headers(policy, call)
    else:
        return None
    words = ", ".join(map(show, added[:_MAX_NAMED]))
    if len(added) > _MAX_NAMED:
        words += f" and {len(added) - _MAX_NAMED} more"
    # Not the rows of a snapshot.
    listed = getattr(getattr(policy, "static", policy), argument)
    changes = {argument: (*listed, *added)}
    return changes, f"add {words} to {setting(argument)}"


def _missing_headers(policy: CorsPolicy, call: Call) -> list[str]:
    requested = unsafe_names(call.headers)
    if ANY in policy.allow_headers and not policy.allow_credentials:
        requested = tuple(name for name in requested if name == NON_WILDCARD_HEADER)
    return [name for name in requested if name not in policy.allow_headers]


def is_from_cors_layer(outcome: Outcome) -> bool:
    """Return whether a CORS layer in front of the application would prevent the failure."""
    return outcome.failure is not None and outcome.failure.name in _OF_CORS_LAYERS


def is_from_other_origin(outcome: Outcome, call: Call) -> bool:
    """Return whether the response that fails came from another origin than the page called."""
    if not is_from_cors_layer(outcome):
        return False
    return parse_url(outcome.exchanges[-1].request.url).origin != call.url.origin


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
        return without, *_combine(directly, instead, () if policies else _wrap(instead))
    further = fix_policy(policies, instead) if policies else _wrap(instead)
    return *_combine(directly, instead, further), without


def _fix_both(call: Call) -> Iterator[Fix]:
    for other in find_other_fetches(call):
        if other.is_required:
            instead = call.with_fetch(other.fetch)
            yield from _combine(other.message, instead, _wrap(instead))


def _wrap(call: Call, missing: Fix | None = None) -> tuple[Fix, ...]:
    fix = _find_changes(CorsPolicy.deny_all(), call)
    if fix is None:
        return ()
    if missing is not None:
        message = f"The server allows the page's origin, but not this request. {missing.message}"
    else:
        message = (
            "Wrap the whole application in corekit's middleware, as the outermost layer, with a"
            f" policy that allows this request. {fix.message}"
        )
    return (replace(fix, message=message),)


def _find_missing(outcome: Outcome, call: Call) -> Fix | None:
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
    missing = _find_changes(allowed, call)
    return missing if missing and missing.changes else None


def _would_succeed(outcome: Outcome, call: Call) -> bool:
    """Try a call with the server's responses; where one is not known, it allows everything."""
    responses = {each.request.is_preflight: each.response for each in outcome.exchanges}

    def send(request: HttpRequest) -> HttpResponse:
        known = responses.get(request.is_preflight)
        if known is not None and known.status not in REDIRECT_STATUSES:
            return known
        requested = dict(request.headers)
        allowed = ((name, requested.get(asked, ANY)) for asked, name in _ALLOWING.items())
        return HttpResponse(200, (*allowed, _WITH_CREDENTIALS))

    return call.run(send).is_readable


def _request_targets(outcome: Outcome, call: Call) -> Iterator[OtherFetch]:
    failure = outcome.failure
    if failure is None or failure.name not in _OF_REDIRECTS or not outcome.exchanges:
        return
    locations = get_lines(outcome.exchanges[-1].response.headers, "location")
    if len(locations) != 1:
        return
    try:
        url = parse_url(locations[0], parse_url(failure.url))
    except ValueError:
        return
    target = find_http_url(url, call)
    if target is not None:
        message = _request_target(target)
        if target != str(url):
            message = f"The redirect points to {show(str(url))}. Request {show(target)} instead."
        yield OtherFetch(message, replace(call.fetch, url=target))


def _request_target(url: str) -> str:
    return f"Request the URL that the redirect points to: {show(url)}."
