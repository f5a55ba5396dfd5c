"""What the responses mean for the pages that should be allowed, for caches and for browsers.

A check is a function from responses to diagnostics. The `subject` of a diagnostic is the origin of
the request, or the URL if it had no origin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from corekit._origins import ANY, is_loopback, split_origin
from corekit.browser import FAILURES, HttpResponse
from corekit.browser.checks import REDIRECT_STATUSES, CheckFailure, check_cors
from corekit.browser.failures import preflight_name
from corekit.browser.fields import get_header, list_values
from corekit.browser.messages import Headers
from corekit.browser.urls import parse_url
from corekit.diagnostics import Diagnostic, Severity, show

from .probe_origins import UNTRUSTED
from .requests import Kind, Plan, ProbeResponse, Responses

ALLOW_ORIGIN: Final = "access-control-allow-origin"
_MAX_AGE: Final = "access-control-max-age"
_CREDENTIALS: Final = "access-control-allow-credentials"
_SINGLE: Final = frozenset({_CREDENTIALS, "access-control-allow-private-network", _MAX_AGE})
_PREFLIGHT_LISTS: Final = {
    "access-control-allow-methods": "methods",
    "access-control-allow-headers": "headers",
}
_ACTUAL_LISTS: Final = {"access-control-expose-headers": "exposed headers"}


def has_credentials(response: HttpResponse) -> bool:
    """Return whether a response allows credentials."""
    return get_header(response.headers, _CREDENTIALS) == "true"


def check_pages(responses: Responses) -> Iterator[Diagnostic]:
    """Find what blocks the pages that should be allowed, or works only by chance."""
    for origin in responses.plan.origins:
        yield from _refusals(responses, origin)
        yield from _lost_headers(responses, origin)
    yield from _mixed_content(responses.plan)
    yield from _credentials(responses)
    yield from _wildcard(responses)
    yield from _repeated_headers(responses)
    yield from _lists(responses)
    yield from _missing_vary(responses)


def describe_failure(
    code: str, severity: Severity, problem: CheckFailure, origin: str, *, context: str = ""
) -> Diagnostic:
    """Return the diagnostic for a failure in browsers; `context` precedes its message."""
    name, value = problem
    kind = FAILURES[name]
    message = f"{context}{kind.describe(origin, value)}"
    return Diagnostic(code, severity, message, kind.hint, origin, value=value, failure=name)


def _refusals(responses: Responses, origin: str) -> Iterator[Diagnostic]:
    plan = responses.plan
    sent: tuple[tuple[Kind, str], ...] = (("get", "GET"), ("unsafe", plan.fetch.method))
    for kind, method in sent:
        found = responses.find(kind, origin)
        if found is None:
            continue
        response = found.response
        problem = check_cors(origin, response.headers, include=plan.include)
        if problem is not None:
            context = method if response.status < 400 else f"{method}, status {response.status}"
            yield describe_failure("refused", "error", problem, origin, context=f"{context}: ")
        location = get_header(response.headers, "location")
        if response.status in REDIRECT_STATUSES and location is not None:
            yield Diagnostic(
                "redirect",
                "info",
                f"The response to {method} has status {response.status} and redirects to"
                f" {show(location)}.",
                "Call that URL directly, since browsers do not follow redirects of preflights.",
                origin,
                value=location,
            )
        if response.status >= 400:
            yield Diagnostic(
                "error-status",
                "info",
                f"The response to {method} has status {response.status}, so the findings are about"
                " an error page.",
                "Probe a URL that responds with success.",
                origin,
                value=response.status,
            )


def _credentials(responses: Responses) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for each in responses.for_pages():
        headers, origin = each.response.headers, str(each.sent.origin)
        value = get_header(headers, _CREDENTIALS)
        what = "The preflight response" if each.is_preflight else "The response"
        severity: Severity
        if value is None:
            continue
        if value != "true":
            code, severity, failure = "credentials-not-true", "info", "InvalidAllowCredentials"
            message = f"{what} has Access-Control-Allow-Credentials: {show(value)}, which allows"
            message += " no credentials."
            hint = "Send exactly 'true', or omit the header; corekit does."
        elif get_header(headers, ALLOW_ORIGIN) == ANY:
            code, severity = "wildcard-with-credentials", "warning"
            failure = "WildcardOriginNotAllowed"
            message = f"{what} has '*' in Access-Control-Allow-Origin and allows credentials,"
            message += " a combination that browsers reject."
            hint = FAILURES[failure].hint
        else:
            continue
        if code not in seen:
            seen.add(code)
            name = preflight_name(failure) if each.is_preflight else failure
            yield Diagnostic(code, severity, message, hint, origin, value=value, failure=name)


def _lost_headers(responses: Responses, origin: str) -> Iterator[Diagnostic]:
    good = responses.get("get", origin).response
    error = responses.get("error", origin).response
    # Some servers have one page for every path, or redirect: that hides no error.
    if error.status < 400 or check_cors(origin, good.headers, include=False):
        return
    problem = check_cors(origin, error.headers, include=False)
    if problem is not None:
        yield Diagnostic(
            "headers-lost-on-errors",
            "warning",
            f"A response with status {error.status} has none of the headers that other responses"
            " have, so browsers report a CORS error and hide the status.",
            "Make the CORS layer the outermost one, around routing and error pages. If its policy"
            " is meant for this path only, no change is necessary.",
            origin,
            value=error.status,
            failure=problem[0],
        )


def _wildcard(responses: Responses) -> Iterator[Diagnostic]:
    policy = responses.plan.policy
    for origin in responses.plan.origins:
        response = responses.get("get", origin).response
        is_any = get_header(response.headers, ALLOW_ORIGIN) == ANY
        if is_any and not has_credentials(response):
            is_wanted = policy is None or ANY in policy.allow_origins
            yield Diagnostic(
                "wildcard",
                "info" if is_wanted else "error",
                "Pages of any origin may read the response without credentials ('*').",
                "Name the origins, unless the response is public.",
                origin,
                value=ANY,
            )
            return


def _mixed_content(plan: Plan) -> Iterator[Diagnostic]:
    # https://w3c.github.io/webappsec-mixed-content/#should-block-fetch
    scheme, host, _ = split_origin(parse_url(plan.url).origin) or ("", "", "")
    if scheme == "https" or is_loopback(host):
        return
    for origin in plan.origins:
        if origin.startswith("https:"):
            problem = ("MixedContent", plan.url)
            yield describe_failure("mixed-content", "info", problem, origin)


def _repeated_headers(responses: Responses) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for each in responses.all:
        counted = Counter(name.lower() for name, _ in each.response.headers)
        for name in sorted(_SINGLE & {name for name, count in counted.items() if count > 1}):
            if name not in seen:
                seen.add(name)
                yield Diagnostic(
                    "repeated-header",
                    "warning",
                    f"The response has {name} more than once, and browsers join the values.",
                    FAILURES["MultipleAllowOriginValues"].hint,
                    each.sent.origin or responses.plan.url,
                    value=get_header(each.response.headers, name),
                )


def _lists(responses: Responses) -> Iterator[Diagnostic]:
    seen: set[tuple[str, str]] = set()
    for each in responses.for_pages():
        lists = _PREFLIGHT_LISTS if each.is_preflight else _ACTUAL_LISTS
        for name, what in lists.items():
            found = _check_list(each, name, what)
            if found is not None and (found.code, name) not in seen:
                seen.add((found.code, name))
                yield found


def _check_list(each: ProbeResponse, name: str, what: str) -> Diagnostic | None:
    headers, origin = each.response.headers, str(each.sent.origin)
    elements, value = list_values(headers, name), get_header(headers, name)
    # A preflight fails because of its lists, which is reported as that failure.
    if elements is None and name in _ACTUAL_LISTS:
        return Diagnostic(
            "malformed-list",
            "warning",
            f"{name}: {show(value)} is not a list of {what}, so browsers ignore it.",
            "Separate the names with commas, and send nothing else.",
            origin,
            value=value,
        )
    if elements is not None and ANY in elements and has_credentials(each.response):
        return Diagnostic(
            "wildcard-list-with-credentials",
            "info",
            f"{name} contains '*', which browsers take literally in requests with credentials.",
            f"Name the {what}.",
            origin,
            value=value,
        )
    return None


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
        whom = " and ".join("a request without Origin" if o is None else o for o in without)
        yield Diagnostic(
            "no-vary",
            "warning",
            f"The response to {whom} has no Vary: Origin, although responses differ by origin. A"
            " cache may serve the response for one origin to pages of another.",
            "Send it with every response, also to requests without Origin; corekit does.",
            without[-1] or responses.plan.url,
        )


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
    return {part.strip().lower() for part in (get_header(headers, name) or "").split(",")}
