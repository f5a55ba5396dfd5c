"""What the responses mean for the pages that should be allowed, for caches and for browsers.

A check is a function from responses to diagnostics. The `subject` of a diagnostic is the origin of
the request, or the URL if it had no origin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from corekit._origins import ANY, is_loopback
from corekit.browser import CHROMIUM, FAILURES, FIREFOX, STANDARD, WEBKIT, HttpResponse, Quirks
from corekit.browser.checks import (
    REDIRECT_STATUSES,
    REFUSALS,
    CheckFailure,
    check_cors,
    check_preflight,
)
from corekit.browser.failures import preflight_name
from corekit.browser.fields import get_header, get_text, list_values
from corekit.browser.messages import Headers
from corekit.browser.urls import parse_url
from corekit.diagnostics import Diagnostic, show

from .finding_kinds import report
from .probe_origins import UNTRUSTED
from .proxies import blame_proxy
from .requests import Plan, ProbeResponse, Responses

ALLOW_ORIGIN: Final = "access-control-allow-origin"
_MAX_AGE: Final = "access-control-max-age"
_CREDENTIALS: Final = "access-control-allow-credentials"
_SINGLE: Final = frozenset({_CREDENTIALS, "access-control-allow-private-network", _MAX_AGE})
_PREFLIGHT_LISTS: Final = {
    "access-control-allow-methods": "methods",
    "access-control-allow-headers": "headers",
}
_ACTUAL_LISTS: Final = {"access-control-expose-headers": "exposed headers"}
_MOST_NAMED: Final = 3
_OF_POLICY: Final = (
    " The policy says nothing of a look-up, but the application may have one, which then decides"
    " about the origins that the policy does not list."
)
_BROWSERS: Final = (CHROMIUM, FIREFOX, WEBKIT)
_LOG_IN: Final = "Pass what the server requires with --header or --cookie, or probe another URL."
_FIX_ERROR: Final = "Check the log of the server, or probe another URL."
_FIX_EXCEPTION: Final = (
    "Check the log of the server. If the application let out an exception, the server has responded"
    " without its middleware; CorsMiddleware(..., answers_exceptions=True) responds with headers."
)


def has_credentials(response: HttpResponse) -> bool:
    """Return whether a response allows credentials."""
    return get_header(response.headers, _CREDENTIALS) == "true"


def is_not_judged(each: ProbeResponse) -> bool:
    """Return whether a response to GET is from a login, a block or a broken server."""
    status = each.response.status
    return each.sent.kind in ("get", "own") and (status in (401, 403) or status >= 500)


def is_judged(responses: Responses) -> bool:
    """Return whether the responses to GET say what the server allows its pages.

    They do not if a page that should be allowed gets status 401, 403, or 500 and above, or if the
    server does not know for now whether an origin is allowed.
    """
    own = filter(None, [responses.find_own()])
    return not responses.unknown and not any(map(is_not_judged, (*own, *responses.for_pages())))


def check_unknown(responses: Responses) -> Iterator[Diagnostic]:
    """Find origins of which the server does not know for now whether they are allowed."""
    unknown = responses.unknown
    if unknown:
        more = len(unknown) - _MOST_NAMED
        origins = ", ".join(unknown[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        note = "" if responses.plan.policy is None else _OF_POLICY
        yield report("unknown-origin", unknown[0], [*unknown], origins=origins, note=note)


def check_pages(responses: Responses) -> Iterator[Diagnostic]:
    """Find what blocks the pages that should be allowed, or works only by chance."""
    own = responses.find_own()
    if own is not None:
        yield from _error_status(own, _FIX_ERROR)
    for origin in responses.plan.origins:
        yield from _refusals(responses, origin)
        yield from _lost_headers(responses, origin)
    yield from _mixed_content(responses.plan)
    yield from _credentials(responses)
    yield from _wildcard(responses)
    yield from _repeated_headers(responses)
    yield from _lists(responses)
    yield from _missing_vary(responses)
    for origin in responses.plan.origins:
        yield from _preflights(responses, origin)


def find_problem(
    preflight: ProbeResponse, *, include: bool = False, quirks: Quirks = STANDARD
) -> CheckFailure | None:
    """Return why a browser rejects a preflight response, or None if it does not."""
    return check_preflight(
        str(preflight.sent.origin),
        preflight.sent.method,
        preflight.sent.names,
        preflight.response,
        include=include,
        upload_listener=False,
        quirks=quirks,
    )


def _failure(
    code: str, problem: CheckFailure, origin: str, *, context: str = "", headers: Headers = ()
) -> Diagnostic:
    name, value = problem
    failed = FAILURES[name].describe(origin, value)
    hint = FAILURES[name].hint + blame_proxy(headers)
    return report(code, origin, value, failure=name, context=context, failed=failed, hint=hint)


def _refusals(responses: Responses, origin: str) -> Iterator[Diagnostic]:
    for each in responses.for_pages():
        if each.sent.origin != origin or each.sent.kind not in ("get", "unsafe"):
            continue
        method, response = each.sent.request.method, each.response
        status, headers = response.status, response.headers
        problem = check_cors(origin, headers, include=responses.plan.include)
        if problem is not None:
            context = f"{method}: " if status < 400 else f"{method}, status {status}: "
            yield _failure("refused", problem, origin, context=context, headers=headers)
        location = get_header(headers, "location")
        if status in REDIRECT_STATUSES and location is not None:
            target = show(location)
            yield report(
                "redirect", origin, location, method=method, status=status, location=target
            )
        yield from _error_status(each, _FIX_ERROR if problem is None else _FIX_EXCEPTION)


def _error_status(each: ProbeResponse, fix: str) -> Iterator[Diagnostic]:
    """Report a status of 400 and above; `fix` is the hint for one of 500 and above."""
    origin, method = str(each.sent.origin), each.sent.request.method
    status = each.response.status
    if is_not_judged(each):
        hint = (fix if status >= 500 else _LOG_IN) + blame_proxy(each.response.headers)
        yield report("not-judged", origin, status, status=status, hint=hint)
    elif status >= 400:
        yield report("error-status", origin, status, method=method, status=status)


def _credentials(responses: Responses) -> Iterator[Diagnostic]:
    found: dict[str, Diagnostic] = {}
    for each in responses.for_pages():
        headers = each.response.headers
        value = get_header(headers, _CREDENTIALS)
        if value is None:
            continue
        if value != "true":
            code, failure = "credentials-not-true", "InvalidAllowCredentials"
        elif get_header(headers, ALLOW_ORIGIN) == ANY:
            code, failure = "wildcard-with-credentials", "WildcardOriginNotAllowed"
        else:
            continue
        finding = report(
            code,
            str(each.sent.origin),
            value,
            failure=preflight_name(failure) if each.is_preflight else failure,
            response="The preflight response" if each.is_preflight else "The response",
            shown=show(value),
            hint=FAILURES[failure].hint,
        )
        found.setdefault(code, finding)
    yield from found.values()


def _lost_headers(responses: Responses, origin: str) -> Iterator[Diagnostic]:
    good = responses.get("get", origin).response
    error = responses.get("error", origin).response
    # Some servers have one page for every path, or redirect: that hides no error.
    if error.status < 400 or check_cors(origin, good.headers):
        return
    problem = check_cors(origin, error.headers)
    if problem is not None:
        code, status, proxy = "headers-lost-on-errors", error.status, blame_proxy(error.headers)
        yield report(code, origin, status, failure=problem[0], status=status, proxy=proxy)


def _wildcard(responses: Responses) -> Iterator[Diagnostic]:
    policy = responses.plan.policy
    for origin in responses.plan.origins:
        response = responses.get("get", origin).response
        is_any = get_header(response.headers, ALLOW_ORIGIN) == ANY
        if is_any and not has_credentials(response):
            is_wanted = policy is None or ANY in policy.allow_origins
            yield report("wildcard", origin, ANY, severity=None if is_wanted else "error")
            return


def _mixed_content(plan: Plan) -> Iterator[Diagnostic]:
    # https://w3c.github.io/webappsec-mixed-content/#should-block-fetch
    url = parse_url(plan.url)
    if url.scheme == "https" or is_loopback(url.host):
        return
    for origin in plan.origins:
        if origin.startswith("https:"):
            yield _failure("mixed-content", ("MixedContent", plan.url), origin)


def _repeated_headers(responses: Responses) -> Iterator[Diagnostic]:
    found: dict[str, Diagnostic] = {}
    hint = FAILURES["MultipleAllowOriginValues"].hint
    for each in responses.all:
        headers = each.response.headers
        counted = Counter(name.lower() for name, _ in headers)
        for name in sorted(name for name in _SINGLE if counted[name] > 1):
            subject, value = each.sent.origin or responses.plan.url, get_header(headers, name)
            proxy = blame_proxy(headers)
            finding = report("repeated-header", subject, value, name=name, hint=hint, proxy=proxy)
            found.setdefault(name, finding)
    yield from found.values()


def _lists(responses: Responses) -> Iterator[Diagnostic]:
    found: dict[tuple[str, str], Diagnostic] = {}
    for each in responses.for_pages():
        headers, origin = each.response.headers, str(each.sent.origin)
        for name, what in (_PREFLIGHT_LISTS if each.is_preflight else _ACTUAL_LISTS).items():
            elements, value = list_values(headers, name), get_header(headers, name)
            # A preflight fails because of its lists, which is reported as that failure.
            if elements is None and not each.is_preflight:
                code = "malformed-list"
            elif elements is not None and ANY in elements and has_credentials(each.response):
                code = "wildcard-list-with-credentials"
            else:
                continue
            finding = report(code, origin, value, name=name, shown=show(value), what=what)
            found.setdefault((code, name), finding)
    yield from found.values()


def _missing_vary(responses: Responses) -> Iterator[Diagnostic]:
    sent = {o: responses.find("get", o) for o in (None, *responses.plan.origins, UNTRUSTED)}
    received = {origin: each.response for origin, each in sent.items() if each is not None}
    allowed = {get_header(response.headers, ALLOW_ORIGIN) for response in received.values()}
    if len(allowed) < 2:
        return  # the same for every origin, so a cache cannot confuse them
    without = [
        origin
        for origin, response in received.items()
        if _can_be_confused(response.headers) and not _serves_all(response.headers, received)
    ]
    if without:
        named = [each for each in without if each is not None]
        whom = " and to ".join(
            [
                *(["a request without Origin"] * (None in without)),
                *([f"requests from {' and from '.join(named)}"] if named else []),
            ]
        )
        yield report("no-vary", without[-1] or responses.plan.url, requests=whom)


def _serves_all(headers: Headers, received: Mapping[str | None, HttpResponse]) -> bool:
    # A cached '*' is as good for a page as its own response, with credentials or without.
    return get_header(headers, ALLOW_ORIGIN) == ANY and all(
        (check_cors(origin, headers, include=include) is None)
        == (check_cors(origin, own.headers, include=include) is None)
        for origin, own in received.items()
        if origin is not None
        for include in (False, True)
    )


def _can_be_confused(headers: Headers) -> bool:
    # What is not stored is not reused: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.5
    varies = not _members(headers, "vary").isdisjoint({"origin", ANY})
    return not varies and "no-store" not in _members(headers, "cache-control")


def _members(headers: Headers, name: str) -> set[str]:
    return {part.strip().lower() for part in get_text(headers, name).split(",")}


def _preflights(responses: Responses, origin: str) -> Iterator[Diagnostic]:
    plan, preflight = responses.plan, responses.get("preflight", origin)
    problem = find_problem(preflight, include=plan.include)
    if problem and not any(
        find_problem(preflight, include=plan.include, quirks=quirks) for quirks in _BROWSERS
    ):
        yield report("authorization-not-covered", origin, ANY)
        problem = None
    if problem is not None:
        status, headers = preflight.response.status, preflight.response.headers
        is_named = status <= 299 or problem[0] == "PreflightInvalidStatus"
        context = "" if is_named else f"OPTIONS, status {status}: "
        finding = _failure("preflight-refused", problem, origin, context=context, headers=headers)
        safelisted = responses.find("safelisted", origin)
        if not preflight.sent.needs_preflight:
            hint = "No change is necessary: browsers send this request without a preflight."
            yield replace(finding, severity="info", hint=hint)
        elif safelisted and not find_problem(safelisted, include=plan.include):
            # Nobody said that pages make this call; it is only an example. The layer can allow
            # calls, so it may refuse this one as it likes.
            hint = f"No change is necessary, unless pages use {plan.fetch.method}: then allow it."
            yield replace(finding, severity="info", hint=hint)
            preflight, problem = safelisted, None
        else:
            yield finding
        if problem and problem[0] not in REFUSALS:
            return
    headers = preflight.response.headers
    if get_header(headers, "access-control-allow-methods") is None:
        yield report("no-methods", origin)
    yield from _max_age(get_header(headers, _MAX_AGE), origin)


def _max_age(value: str | None, origin: str) -> Iterator[Diagnostic]:
    caps = {quirks.name: quirks.max_age_cap or 0 for quirks in _BROWSERS}
    maximum = max(caps.values())
    if value is None:
        max_age = "no Access-Control-Max-Age, so browsers cache it for only 5 seconds"
        hint = "Set max_age, for example to 600 seconds."
        yield report("no-max-age", origin, max_age=max_age, hint=hint)
    elif set(value) == {"0"}:
        max_age = "Access-Control-Max-Age: 0, so browsers send a preflight before every request"
        hint = "Set max_age, for example to 600 seconds, unless the policy changes all the time."
        yield report("no-max-age", origin, value, max_age=max_age, hint=hint)
    elif not (value.isascii() and value.isdigit()):
        yield report("malformed-max-age", origin, value, shown=show(value))
    elif len(digits := value.lstrip("0")) > len(str(maximum)) or int(digits) > maximum:
        limits = ", ".join(f"{name}: {seconds}" for name, seconds in caps.items())
        shown = show(value)
        yield report("max-age", origin, value, shown=shown, limits=limits, maximum=maximum)
