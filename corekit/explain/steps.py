"""What happens, in order: the steps of an explanation, from what went over the wire.

They are the same for a policy and for a live server; if the policy is known, the steps name the
rule by which it responds. The browser model decides whether the page can read a response; here that
is put into words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Final

from corekit._names import REGISTERED_METHODS, RESPONSE_ONLY_HEADERS, SAFELISTED_METHODS
from corekit._origins import ANY, OPAQUE
from corekit.browser import Exchange, Failure, Outcome, PageResponse, Quirks
from corekit.browser.data_urls import DATA_SCHEME
from corekit.browser.fields import (
    MAX_SAFELISTED_VALUE,
    NON_WILDCARD_HEADER,
    drop_forbidden,
    get_header,
    get_text,
    list_values,
    read_max_age,
    unsafe_names,
)
from corekit.browser.messages import Headers
from corekit.browser.urls import parse_url
from corekit.decision import Reason
from corekit.diagnostics import escape

from .call import Call, Policies, find_covering, find_origin_rule, serve
from .explanation import Step, StepKind
from .looking_up import describe_absence, describe_unknown
from .networks import describe_address_spaces, describe_cookies, describe_local_network
from .proxies import GATEWAY_STATUSES

_MISDIRECTED: Final = 421
_MAX_LINES: Final = 20
_SHOWN_REQUEST_HEADERS: Final = frozenset(
    {"origin", "access-control-request-method", "access-control-request-headers", "authorization"}
)
_TOO_LONG: Final = (Reason.HEADERS_TOO_LONG, Reason.METHOD_MALFORMED)
"""The reasons that have a hint only if a value is too long to be read."""
_SECRET: Final = frozenset({"authorization"})
_NOT_SENT: Final = frozenset(
    {
        "BadPort",
        "CorsDisabledScheme",
        "DisallowedByMode",
        "InsecureLocalNetwork",
        "InvalidLocalNetworkAccess",
        "LocalNetworkAccessPermissionDenied",
        "MixedContent",
        "NoCorsRedirectModeNotFollow",
    }
)
_PROCESSED: Final = "The server received and processed the request; only the response is blocked."
_NOT_PROCESSED: Final = "The guard refused the request, so the application did not process it."
_STATUS_CAUSES: Final = {
    401: "Status 401 comes from authentication, but a preflight never includes credentials.",
    403: (
        "Status 403 comes from access control, or from a CORS layer that does not allow the origin."
    ),
    404: "Status 404 comes from a router that does not know the URL, or not for OPTIONS.",
    405: "Status 405 comes from a router that knows the URL, but not for OPTIONS.",
    **{
        status: f"Status {status} comes from a proxy that got no response from the application."
        for status in GATEWAY_STATUSES
    },
}
_CREDENTIALS: Final[Mapping[str, str]] = {
    "include": "The page asks to send cookies and HTTP authentication (credentials: 'include').",
    "omit": "Cookies are not sent (credentials: 'omit').",
    "same-origin": (
        "Cookies are not sent to another origin (credentials: 'same-origin', the default)."
    ),
}
_UNSAFE_CHARACTER: Final = "has a character that is not safelisted"
_VALUE_RULES: Final[Mapping[str, str]] = {
    "accept": _UNSAFE_CHARACTER,
    "accept-language": _UNSAFE_CHARACTER,
    "content-language": _UNSAFE_CHARACTER,
    "content-type": ("is not application/x-www-form-urlencoded, multipart/form-data or text/plain"),
    "range": "is not a single range such as bytes=0-255",
}
"""By name, what is wrong with a value:
https://fetch.spec.whatwg.org/#cors-safelisted-request-header"""


def summarize(outcome: Outcome, call: Call) -> str:
    """Return in one sentence how a call ends."""
    page, request = call.page, f"{escape(call.method)} {escape(str(call.url))}"
    failure = outcome.failure
    if failure is not None:
        reason = f"{failure.message} [{failure.name}]"
        return f"A page from {page} cannot read the response to {request}: {reason}"
    if not outcome.is_readable:
        return f"A page from {page} can send {request}, but cannot read the response."
    is_basic = outcome.response is not None and outcome.response.kind == "basic"
    reason = "CORS does not apply" if is_basic else "the server allows it"
    return f"A page from {page} can read the response to {request}: {reason}."


def describe_steps(
    outcome: Outcome, call: Call, policies: Policies | None, *, is_refused: bool = False
) -> tuple[Step, ...]:
    """Return the steps of a call that ended with `outcome`; a guard may have refused it."""
    title = f"Requests {escape(call.fetch.method)} {escape(str(call.url))} from {call.page}"
    local = _describe_network(call)
    details = (_compare_origins(call), *filter(None, [local]), *_describe_call(call))
    if call.url.scheme == DATA_SCHEME:
        details = ("A data: URL contains the response, so the browser sends nothing.",)
    steps = [Step("call", "page", title, details)]
    if not call.is_same_origin and call.fetch.mode == "cors" and outcome.exchanges:
        steps.append(_describe_preflight_need(outcome, call))
    for exchange, following in zip_longest(outcome.exchanges, outcome.exchanges[1:]):
        steps.append(_describe_request(exchange, call.page, call.quirks))
        steps.append(_describe_response(exchange, None if call.is_same_origin else policies))
        if following is not None and exchange.request.is_preflight:
            steps.append(_describe_acceptance(exchange, call.quirks))
        elif following is not None and exchange.response.status == _MISDIRECTED:
            steps.append(Step("retry", "browser", "Tries once more, over a new connection"))
        elif following is not None:
            steps.append(_describe_redirect(exchange, following))
    result = outcome.result
    if isinstance(result, Failure):
        steps.append(_describe_failure(outcome, result, is_refused=is_refused))
    else:
        steps.append(_describe_success(outcome, result))
    return tuple(replace(step, details=_bound(step.details)) for step in steps)


def _describe_network(call: Call) -> str | None:
    if call.local_network is not None and call.url.host:
        return describe_address_spaces(call.local_network, call.page, call.url)
    return describe_local_network(call.page, call.url)


def _compare_origins(call: Call) -> str:
    """Return whether a call is cross-origin and, if it is, what differs."""
    page, url = call.page, call.url
    if page == OPAQUE:
        return (
            "The page has an opaque origin ('null'), as sandboxed iframes, data: URLs and files"
            " have, so every URL is cross-origin."
        )
    own = parse_url(page)
    if call.is_same_origin:
        return f"{escape(str(url))} has the page's own origin, so CORS does not apply."
    if url.origin == OPAQUE:
        return f"{escape(str(url))} is not an HTTP or HTTPS URL."
    differing = ["scheme"] if own.scheme != url.scheme else []
    if own.authority != url.authority:
        differing.append("port" if own.host == url.host else "host")
    verb = "differ" if len(differing) > 1 else "differs"
    return (
        f"{url.origin} is a different origin than {page}: the {' and the '.join(differing)} {verb}."
    )


def _describe_call(call: Call) -> tuple[str, ...]:
    """Return what the browser does not send as the page wrote it, and whether cookies are sent."""
    notes = []
    fetch, method = call.fetch, call.method
    if method != fetch.method:
        notes.append(
            f"The method {fetch.method} is sent as {method}: browsers write it in upper case."
        )
    elif method.upper() in REGISTERED_METHODS and method != method.upper():
        notes.append(
            f"The method is sent as {method}, in lower case: browsers write only DELETE, GET, HEAD,"
            " OPTIONS, POST and PUT in upper case, and method names are case-sensitive."
        )
    for name, value in fetch.headers:
        if not drop_forbidden(((name, value),)):
            notes.append(f"The header {escape(name)} is not sent: scripts cannot set it.")
        elif name.lower() in RESPONSE_ONLY_HEADERS:
            notes.append(f"{escape(name)} is a response header; it has no effect in a request.")
    if fetch.mode == "no-cors":
        notes.append(
            "With mode 'no-cors' the page cannot read the response, whatever the server allows."
        )
    if fetch.credentials != "same-origin" or not call.is_same_origin:
        notes.append(_CREDENTIALS[fetch.credentials])
    return tuple(notes)


def _find_preflight_causes(call: Call) -> tuple[str, ...]:
    """Return what makes a call need a preflight; empty if nothing does.

    Source: https://fetch.spec.whatwg.org/#main-fetch, the last cases of step 12.
    """
    causes = []
    if call.method not in SAFELISTED_METHODS:
        causes.append(f"The method {escape(call.method)} is not GET, HEAD or POST.")
    values: dict[str, str] = {}
    for name, value in call.headers:
        # If a header has several values, the one that is unsafe alone.
        if name.lower() not in values or unsafe_names(((name, value),)):
            values[name.lower()] = value
    causes += [_explain_unsafe(name, values[name]) for name in unsafe_names(call.headers)]
    if call.fetch.upload_listener:
        causes.append("The page listens for upload progress.")
    return tuple(causes)


def _explain_unsafe(name: str, value: str) -> str:
    rule = _VALUE_RULES.get(name)
    if rule is None:
        return f"The header {escape(name)} is not safelisted."
    if len(value) > MAX_SAFELISTED_VALUE:
        rule = f"is longer than {MAX_SAFELISTED_VALUE} bytes"
    elif not unsafe_names(((name, value),)):
        rule = "makes the safelisted headers longer than 1024 bytes in total"
    elif name == "content-type" and not unsafe_names(((name, value.partition(";")[0]),)):
        rule = _UNSAFE_CHARACTER
    return f"The value of {name}, '{escape(value)}', {rule}."


def _describe_preflight_need(outcome: Outcome, call: Call) -> Step:
    causes = _find_preflight_causes(call)
    if not causes:
        why = "The method and all headers are safelisted: a form or a link could send them too."
        return Step("preflight-not-needed", "browser", "Needs no preflight", (why,))
    if not outcome.exchanges[0].request.is_preflight:
        causes += ("The browser has cached a preflight response that covers the request.",)
        return Step("preflight-cached", "browser", "Uses a cached preflight response", causes)
    title = "Needs a preflight: it asks the server before it sends the request"
    return Step("preflight-needed", "browser", title, causes)


def _describe_request(exchange: Exchange, page: str, quirks: Quirks) -> Step:
    request = exchange.request
    lines = _lines(
        tuple(pair for pair in request.headers if pair[0].lower() in _SHOWN_REQUEST_HEADERS)
    )
    line = f"{escape(request.method)} {escape(request.url)}"
    if request.is_preflight:
        title = f"Sends the preflight: {line}"
        return Step("preflight-request", "browser", title, (*lines, "Without cookies."))
    url = parse_url(request.url)
    cookies = (describe_cookies(page, url, quirks),) if request.credentials else ()
    return Step("request", "browser", f"Sends the request: {line}", (*lines, *cookies))


def _describe_response(exchange: Exchange, policies: Policies | None) -> Step:
    response, is_preflight = exchange.response, exchange.request.is_preflight
    rules = () if policies is None else _describe_rules(exchange, policies)
    shown = tuple(
        pair
        for pair in response.headers
        if _is_cors_header(pair) or pair[0].lower() in ("location", "server", "vary", "via")
    )
    lines = () if any(map(_is_cors_header, shown)) else ("No Access-Control-* headers.",)
    title = f"Responds to the {'preflight' if is_preflight else 'request'}: {response.status}"
    kind: StepKind = "preflight-response" if is_preflight else "response"
    return Step(kind, "server", title, (*rules, *_lines(shown), *lines))


def _is_cors_header(pair: tuple[str, str]) -> bool:
    return pair[0].lower().startswith("access-control-")


def _describe_rules(exchange: Exchange, policies: Policies) -> tuple[str, ...]:
    request = exchange.request
    covering = find_covering(policies, request.url)
    rules = [covering.message] if covering.message else []
    origin = get_header(request.headers, "origin")
    if covering.policy is None or origin is None:
        return tuple(rules)
    rule = find_origin_rule(covering.policy, origin)
    if rule is None:
        rules.append(describe_absence(covering.policy, escape(origin)))
    else:
        rules.append(f"The policy allows the origin by {rule}.")
    if exchange.request.is_preflight:
        decision = covering.policy.decide(
            "OPTIONS",
            origin=origin,
            request_method=get_header(request.headers, "access-control-request-method"),
            request_headers=get_header(request.headers, "access-control-request-headers"),
        )
        if decision.reason in _TOO_LONG and decision.hint:
            rules.append(f"{decision.reason.value} {decision.hint}")
    expected = tuple(filter(_is_cors_header, serve(policies)(request).headers))
    if _normalize(expected) != _normalize(exchange.response.headers):
        headers = "; ".join(_lines(expected)) or "no Access-Control-* headers"
        rules.append(f"This is not the policy's response, which has {headers}.")
    return tuple(rules)


def _normalize(headers: Headers) -> set[tuple[str, str]]:
    return {(name.lower(), value) for name, value in filter(_is_cors_header, headers)}


def _describe_redirect(exchange: Exchange, following: Exchange) -> Step:
    location = get_text(exchange.response.headers, "location")
    before, after = (get_header(each.request.headers, "origin") for each in (exchange, following))
    # https://fetch.spec.whatwg.org/#serializing-a-request-origin
    why = "The redirect leads to another origin, so the browser sends Origin: null from now on."
    details = (why,) if after == OPAQUE != before else ()
    return Step("redirect", "browser", f"Follows the redirect to {escape(location)}", details)


def _describe_acceptance(exchange: Exchange, quirks: Quirks) -> Step:
    requested, response = exchange.request.headers, exchange.response
    method = get_text(requested, "access-control-request-method")
    methods = list_values(response.headers, "access-control-allow-methods") or ()
    names = list_values(requested, "access-control-request-headers") or ()
    allowed = list_values(response.headers, "access-control-allow-headers") or ()
    lowered = tuple(name.lower() for name in allowed)
    details = [_explain_acceptance("method", method, methods, SAFELISTED_METHODS)]
    details += [_explain_acceptance("header", name, lowered) for name in names]
    if NON_WILDCARD_HEADER in names and NON_WILDCARD_HEADER not in lowered:
        details.append("By the standard, '*' does not cover authorization: list it as well.")
    seconds = read_max_age(response.headers, quirks)
    if quirks.max_age_cap is not None:
        seconds = min(seconds, quirks.max_age_cap)
    details.append(f"The browser caches this response for {seconds} seconds.")
    return Step("preflight-accepted", "browser", "Accepts the preflight response", tuple(details))


def _explain_acceptance(
    what: str, name: str, allowed: tuple[str, ...], safelisted: tuple[str, ...] = ()
) -> str:
    subject = f"The {what} {escape(name)}"
    if name in allowed:
        return f"{subject} is listed."
    if name in safelisted:
        return f"{subject} is always allowed."
    if ANY in allowed:
        return f"{subject} is covered by '*'."
    return f"{subject} is allowed by the standard, because the response lists no methods."


def _describe_failure(outcome: Outcome, failure: Failure, *, is_refused: bool) -> Step:
    last = outcome.exchanges[-1] if outcome.exchanges else None
    details = [failure.message]
    unknown = None if last is None else describe_unknown(last)
    if last is None or failure.name in _NOT_SENT:
        is_first = last is None or last.request.is_preflight
        title = "Does not send the request" if is_first else "Does not follow the redirect"
    elif last.request.is_preflight:
        title = "Rejects the preflight response"
        status = last.response.status
        if unknown is not None:
            details.append(unknown)
        elif status in _STATUS_CAUSES:
            details.append(_STATUS_CAUSES[status])
        elif failure.name != "PreflightInvalidStatus" and not 200 <= status <= 299:
            details.append(f"Its status is {status}.")
        details.append("The request itself is not sent.")
    else:
        title = "Blocks the response"
        if last.response.status in GATEWAY_STATUSES:
            details.append(_STATUS_CAUSES[last.response.status])
        details += filter(None, [unknown])
        details.append(_NOT_PROCESSED if is_refused else _PROCESSED)
    return Step("end", "browser", f"{title}: {failure.name}", tuple(details))


def _describe_success(outcome: Outcome, response: PageResponse) -> Step:
    if not outcome.is_readable:
        why = f"The response type is {response.kind}: no status, no headers, no body."
        return Step("end", "browser", "Gives the page a response that it cannot read", (why,))
    details = []
    if response.kind == "cors":
        headers = outcome.exchanges[-1].response.headers
        exposed = list_values(headers, "access-control-expose-headers") or ()
        if exposed:
            names = escape(", ".join(exposed))
            details.append(f"The page can read the safelisted headers and {names}.")
        readable = {name for name, _ in response.headers}
        others = sorted({name.lower() for name, _ in headers} - readable - {"vary", "set-cookie"})
        hidden = [name for name in others if not name.startswith("access-control-")]
        if hidden:
            names = escape(", ".join(hidden))
            details.append(f"The page cannot read {names}, which expose_headers does not list.")
    title = f"Gives the page the response, status {response.status}"
    return Step("end", "browser", title, tuple(details))


def _lines(headers: Headers) -> tuple[str, ...]:
    return tuple(
        f"{escape(name)}: {'(not shown)' if name.lower() in _SECRET else escape(value)}"
        for name, value in headers[: _MAX_LINES + 1]
    )


def _bound(details: tuple[str, ...]) -> tuple[str, ...]:
    return (*details[:_MAX_LINES], "...") if len(details) > _MAX_LINES else details
