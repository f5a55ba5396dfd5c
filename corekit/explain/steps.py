"""What happens, in order: the steps of an explanation, told from what went over the wire.

The same for a policy and for a live server; where a policy is known, the rule by which it answers
is named. Whether an answer lets the page read is the browser model's; here it is put into words.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import Final

from corekit._names import SAFELISTED_METHODS
from corekit._origins import ANY, OPAQUE
from corekit.browser import Exchange, Failure, Outcome, PageResponse, Quirks
from corekit.browser.fields import NON_WILDCARD_HEADER, get_header, list_values, read_max_age
from corekit.browser.messages import Headers

from .call import Call, compare_origins, notes_on_the_call, preflight_causes
from .explanation import Policies, Step, shown
from .serving import find_covering, find_origin_rule, serve

__all__ = ["bound_failure", "can_read", "summarize", "tell_steps"]

_MAX_LINES: Final = 20
_MAX_VALUE: Final = 200
_TOLD_REQUEST_HEADERS: Final = frozenset(
    {"origin", "access-control-request-method", "access-control-request-headers", "authorization"}
)
_SECRET: Final = frozenset({"authorization"})
_NOT_SENT: Final = frozenset({"CorsDisabledScheme", "DisallowedByMode", "MixedContent"})
_STATUS_CAUSES: Final = {
    401: "401 comes from authentication; a preflight carries no credentials, so none can pass.",
    403: "403 comes from a check of access, or from a CORS layer that does not allow the origin.",
    404: "404 comes from a router that has no such address, or none for OPTIONS.",
    405: "405 comes from a router that knows the address, but not for OPTIONS.",
}


def can_read(outcome: Outcome) -> bool:
    """Say whether the page can read the answer."""
    return outcome.response is not None and outcome.response.kind in ("basic", "cors")


def bound_failure(failure: Failure) -> Failure:
    """Cut a failure's value, which a stranger wrote; its message escapes what is left."""
    value = failure.value
    if value is not None and len(value) > _MAX_VALUE:
        value = f"{value[:_MAX_VALUE]}..."
    return replace(failure, value=value)


def summarize(outcome: Outcome, call: Call) -> str:
    """Say in one message how it ends."""
    page, asked = call.page, f"{shown(call.method)} {shown(str(call.url))}"
    if outcome.failure is not None:
        failure = bound_failure(outcome.failure)
        return f"A page of {page} cannot read {asked}: {failure.message} [{failure.name}]"
    if not can_read(outcome):
        return f"A page of {page} can send {asked}, but not read the answer."
    reason = "CORS has no say in it" if _is_basic(outcome) else "the server grants it"
    return f"A page of {page} can read {asked}: {reason}."


def tell_steps(outcome: Outcome, call: Call, policies: Policies | None) -> tuple[Step, ...]:
    """Tell the steps of a call that ended with `outcome`."""
    asked = f"Calls {shown(call.fetch.method)} {shown(str(call.url))} from {call.page}"
    steps = [Step("page", asked, (compare_origins(call), *notes_on_the_call(call)))]
    if not call.is_own and call.fetch.mode == "cors" and outcome.exchanges:
        steps.append(_tell_preflight_need(outcome, call))
    for exchange, following in zip_longest(outcome.exchanges, outcome.exchanges[1:]):
        steps.append(_tell_request(exchange))
        steps.append(_tell_response(exchange, None if call.is_own else policies))
        if following is not None and exchange.request.is_preflight:
            steps.append(_tell_grants(exchange, call.quirks))
        elif following is not None:
            steps.append(_tell_redirect(exchange, following))
    steps.append(_tell_end(outcome))
    return tuple(replace(step, details=_bound(step.details)) for step in steps)


def _is_basic(outcome: Outcome) -> bool:
    return outcome.response is not None and outcome.response.kind == "basic"


def _tell_preflight_need(outcome: Outcome, call: Call) -> Step:
    causes = preflight_causes(call)
    if not causes:
        why = "The method and every header are ones that a form or a link could send too."
        return Step("browser", "Needs no preflight", (why,))
    if not outcome.exchanges[0].request.is_preflight:
        causes += ("An earlier preflight's answer, which the browser keeps, covers it.",)
        return Step("browser", "Sends no preflight again", causes)
    return Step("browser", "Needs a preflight: it asks the server before it sends the call", causes)


def _tell_request(exchange: Exchange) -> Step:
    request = exchange.request
    what = "the preflight" if request.is_preflight else "the request"
    lines = _lines(
        tuple(pair for pair in request.headers if pair[0].lower() in _TOLD_REQUEST_HEADERS)
    )
    title = f"Sends {what}: {shown(request.method)} {shown(request.url)}"
    cookies = "With the cookies that it has for the site." if request.credentials else None
    if request.is_preflight:
        cookies = "Without any cookies."
    return Step("browser", title, (*lines, *filter(None, [cookies])))


def _tell_response(exchange: Exchange, policies: Policies | None) -> Step:
    request, response = exchange.request, exchange.response
    rules = () if policies is None else _tell_rules(exchange, policies)
    told = tuple(
        pair
        for pair in response.headers
        if _is_of_cors(pair) or pair[0].lower() in ("location", "vary")
    )
    what = "the preflight" if request.is_preflight else "the request"
    lines = () if any(map(_is_of_cors, told)) else ("No Access-Control-* header.",)
    title = f"Answers {what} with status {response.status}"
    return Step("server", title, (*rules, *_lines(told), *lines))


def _is_of_cors(pair: tuple[str, str]) -> bool:
    return pair[0].lower().startswith("access-control-")


def _tell_rules(exchange: Exchange, policies: Policies) -> tuple[str, ...]:
    request = exchange.request
    covering = find_covering(policies, request.url)
    told = [covering.message] if covering.message else []
    origin = get_header(request.headers, "origin")
    if covering.policy is None or origin is None:
        return tuple(told)
    rule = find_origin_rule(covering.policy, origin)
    if rule is None:
        told.append(f"The policy does not allow {shown(origin)}.")
    else:
        told.append(f"The policy allows the origin by {rule}.")
    expected = serve(policies)(request)
    if _grants(expected.headers) != _grants(exchange.response.headers):
        lines = _lines(tuple(filter(_is_of_cors, expected.headers)))
        answer = "; ".join(lines) or "no Access-Control-* header"
        told.append(f"This answer is not the policy's, which has: {answer}.")
    return tuple(told)


def _grants(headers: Headers) -> set[tuple[str, str]]:
    return {(name.lower(), value) for name, value in filter(_is_of_cors, headers)}


def _tell_redirect(exchange: Exchange, following: Exchange) -> Step:
    location = get_header(exchange.response.headers, "location") or ""
    before, after = (get_header(each.request.headers, "origin") for each in (exchange, following))
    # https://fetch.spec.whatwg.org/#serializing-a-request-origin
    why = "It leads to another origin, so from here on the browser sends null for the page's."
    details = (why,) if after == OPAQUE != before else ()
    return Step("browser", f"Follows the redirect to {shown(location)}", details)


def _tell_grants(exchange: Exchange, quirks: Quirks) -> Step:
    asked, response = exchange.request.headers, exchange.response
    method = get_header(asked, "access-control-request-method") or ""
    granted = list_values(response.headers, "access-control-allow-methods") or ()
    details = [_tell_grant("method", method, granted, free=SAFELISTED_METHODS)]
    names = list_values(response.headers, "access-control-allow-headers") or ()
    lowered = tuple(name.lower() for name in names)
    details += [
        _tell_grant("header", name, lowered)
        for name in list_values(asked, "access-control-request-headers") or ()
    ]
    if NON_WILDCARD_HEADER not in lowered and any(NON_WILDCARD_HEADER in each for each in details):
        details.append("By the standard '*' does not cover authorization; list it beside.")
    seconds = read_max_age(response.headers, quirks)
    if quirks.max_age_cap is not None:
        seconds = min(seconds, quirks.max_age_cap)
    details.append(f"It keeps this answer for {seconds} seconds.")
    return Step("browser", "Takes the preflight as granted", tuple(details))


def _tell_grant(what: str, name: str, granted: tuple[str, ...], free: tuple[str, ...] = ()) -> str:
    if name in granted:
        return f"The {what} {shown(name)} is listed."
    if name in free:
        return f"The {what} {shown(name)} needs no grant."
    if ANY in granted:
        return f"The {what} {shown(name)} is covered by '*'."
    return (
        f"The {what} {shown(name)} passes, as nothing is listed: so the standard's letter has it."
    )


def _tell_end(outcome: Outcome) -> Step:
    if outcome.failure is None:
        return _tell_success(outcome, outcome.response)  # type: ignore[arg-type]
    failure = bound_failure(outcome.failure)
    details = [failure.message]
    last = outcome.exchanges[-1] if outcome.exchanges else None
    if last is None or failure.name in _NOT_SENT:
        what = "Sends nothing" if last is None else "Does not follow the redirect"
        return Step("browser", f"{what}: {failure.name}", tuple(details))
    if last.request.is_preflight:
        cause = _STATUS_CAUSES.get(last.response.status)
        if failure.name == "PreflightInvalidStatus" and cause is not None:
            details.append(cause)
        details.append("The call itself is not sent.")
        return Step("browser", f"Refuses the preflight: {failure.name}", tuple(details))
    details.append("The server got the call and acted on it; only the answer is withheld.")
    return Step("browser", f"Keeps the answer from the page: {failure.name}", tuple(details))


def _tell_success(outcome: Outcome, response: PageResponse) -> Step:
    if not can_read(outcome):
        why = f"Its type is {response.kind}: no status, no headers, no body."
        return Step("browser", "Gives the page an answer that it cannot read", (why,))
    if response.kind == "basic":
        return Step("browser", f"Gives the page the answer, status {response.status}")
    headers = outcome.exchanges[-1].response.headers
    exposed = list_values(headers, "access-control-expose-headers") or ()
    names = {name for name, _ in response.headers}
    kept = sorted({name.lower() for name, _ in headers} - names - {"vary", "set-cookie"})
    hidden = [name for name in kept if not name.startswith("access-control-")]
    details = []
    if exposed:
        details.append(f"It may read the safelisted headers, and {shown(', '.join(exposed))}.")
    if hidden:
        details.append(
            f"It may not read {shown(', '.join(hidden))}: add them to expose_headers if it should."
        )
    return Step("browser", f"Gives the page the answer, status {response.status}", tuple(details))


def _lines(headers: Headers) -> tuple[str, ...]:
    return tuple(
        f"{shown(name)}: {'(not shown)' if name.lower() in _SECRET else shown(value)}"
        for name, value in headers[: _MAX_LINES + 1]
    )


def _bound(details: tuple[str, ...]) -> tuple[str, ...]:
    return (*details[:_MAX_LINES], "...") if len(details) > _MAX_LINES else details
