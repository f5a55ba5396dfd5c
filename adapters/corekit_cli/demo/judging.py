"""What a browser would do with a call, and whether the API responds as its policy decides.

The browser model makes the call, over HTTP for the command, and for the playground by calling the
very application that is served, so that the result can be compared with that of a real browser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from corekit import CorsPolicy, Decision, Reason
from corekit.browser import ENGINES, BrowserModel, Exchange, HttpRequest, HttpResponse, Outcome
from corekit.browser.fields import get_header, list_values
from corekit.browser.urls import parse_url
from corekit.diagnostics import Diagnostic
from corekit.explain import Explanation, explain_outcome
from corekit.explain.guarding import find_fetch_site
from corekit.guard import GuardEvent, Verdict
from corekit_testing.transports import WsgiTransport

from . import servers
from .api import Api, Session
from .form import Call, Example, Origins, fill_fetch, fill_policy, list_calls, read_form

Send = Callable[[HttpRequest], HttpResponse]


def explain_call(call: Call, origin: str, send: Send) -> Explanation:
    """Explain what a browser that follows the standard does; `origin` is that of the API."""
    model = BrowserModel(clock=lambda: 0.0, address_space=call.address_space)
    return _explain(call, origin, model.fetch(send, call.page, call.fetch(origin)))


def _explain(
    call: Call, origin: str, outcome: Outcome, verdicts: Sequence[Verdict] = ()
) -> Explanation:
    return explain_outcome(
        outcome,
        call.fetch(origin),
        page=call.page,
        policy=call.policy,
        address_space=call.address_space,
        verdicts=verdicts,
    )


def judge_form(call: Call, api: Api, origin: str, cookie: str = "") -> dict[str, Any]:
    """Explain a call of the playground, as JSON data.

    `origin` is that of the API; `cookie` is the Cookie header that a browser would send with
    credentials. In addition to the data of the explanation, ``deviating`` names the engines whose
    result differs, and each fix has the ``fields`` of the form that it changes. The summary and the
    fixes are about CORS, ``guard`` is about the guard, and the steps are about both.
    """
    events: list[GuardEvent] = []
    covered = Session(call.policy, call.guard).cover(api, events.append)
    app = WsgiTransport(covered, raise_exceptions=True)
    site = find_fetch_site(call.page, [parse_url(origin)])

    def send(request: HttpRequest) -> HttpResponse:
        request = _add_header(request, "Sec-Fetch-Site", site)
        return app.send(_add_cookie(request, cookie))

    explanation = explain_call(call, origin, send)
    verdicts = _list_verdicts(call, explanation.outcome, events)
    guarded = _explain(call, origin, explanation.outcome, verdicts).to_dict()
    result = {**explanation.to_dict(), "steps": guarded["steps"], "guard": guarded["guard"]}
    for fix, described in zip(explanation.fixes, result["fixes"], strict=True):
        fetch = {} if fix.fetch is None else fill_fetch(fix.fetch)
        described["fields"] = {**fill_policy(fix.changes), **fetch}
    models = {
        name: BrowserModel(clock=lambda: 0.0, quirks=each, address_space=call.address_space)
        for name, each in ENGINES.items()
    }
    result["deviating"] = [
        name
        for name, model in models.items()
        if model.fetch(send, call.page, call.fetch(origin)).is_readable != explanation.allowed
    ]
    return result


def _list_verdicts(call: Call, outcome: Outcome, events: Iterable[GuardEvent]) -> list[Verdict]:
    """Return the verdict on each request that a guard is asked about, of a call just made."""
    guard = call.guard
    if guard is None:
        return []
    judged = [event.verdict for event in events]
    if judged:
        return judged
    # The guard lets methods pass that change nothing, without an event.
    sent = (each.request for each in outcome.exchanges if not each.request.is_preflight)
    return [guard.judge(request.method, call.path) for request in sent]


class Result(NamedTuple):
    """A call of the demo, what a browser makes of the responses, and how they were decided."""

    example: Example
    call: Call
    explanation: Explanation
    reason: Reason
    problems: tuple[Diagnostic, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the result for JSON."""
        return {
            "name": self.example.name,
            "title": self.example.title,
            "page": self.call.page,
            "reason": self.reason.name,
            "message": self.reason.value,
            "problems": [problem.to_dict() for problem in self.problems],
            **self.explanation.to_dict(),
        }


def make_calls(origins: Origins) -> list[Result]:
    """Make the calls of the demo over HTTP, as a browser would.

    Raise OSError or HTTPException if the API does not respond.
    """
    cookie = ""

    def send(request: HttpRequest) -> HttpResponse:
        nonlocal cookie
        response = servers.send(_add_cookie(request, cookie))
        if request.credentials:
            cookie = dict(response.headers).get("Set-Cookie", cookie).partition(";")[0]
        return response

    results = []
    for example in list_calls(origins, origins.page):
        call = read_form(example.form)
        explanation = explain_call(call, origins.api, send)
        exchanges = explanation.outcome.exchanges
        problems = (find_mismatch(call.policy, exchange) for exchange in exchanges)
        reason = decide(call.policy, exchanges[-1].request).reason
        results.append(Result(example, call, explanation, reason, tuple(filter(None, problems))))
    return results


def decide(policy: CorsPolicy, request: HttpRequest) -> Decision:
    """Return what a policy decides for a request of a browser."""
    return policy.decide(
        request.method,
        origin=get_header(request.headers, "origin"),
        request_method=get_header(request.headers, "access-control-request-method"),
        request_headers=get_header(request.headers, "access-control-request-headers"),
    )


def find_mismatch(policy: CorsPolicy, exchange: Exchange) -> Diagnostic | None:
    """Compare a response with the decision of the policy; return None if they agree."""
    request, response = exchange.request, exchange.response
    decision = decide(policy, request)
    received = [pair for pair in response.headers if pair[0].lower().startswith("access-control-")]
    vary = list_values(response.headers, "vary") or ()
    is_varied = "*" in vary or {name.lower() for name in decision.vary} <= set(map(str.lower, vary))
    has_headers = sorted(_lower(received)) == sorted(_lower(decision.headers))
    status = decision.status or response.status
    if status == response.status and has_headers and is_varied:
        return None
    return Diagnostic(
        "unexpected-response",
        "error",
        f"The API sent {_describe(response.status, received, vary)};"
        f" the policy requires {_describe(status, decision.headers, decision.vary)}.",
        "Find the layer that changes the response, and put the CORS middleware outside it.",
        f"{request.method} {request.url}",
    )


def _add_cookie(request: HttpRequest, cookie: str) -> HttpRequest:
    return _add_header(request, "Cookie", cookie) if request.credentials else request


def _add_header(request: HttpRequest, name: str, value: str | None) -> HttpRequest:
    return replace(request, headers=(*request.headers, (name, value))) if value else request


def _lower(headers: servers.Headers) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in headers]


def _describe(status: int, headers: servers.Headers, vary: Iterable[str]) -> str:
    lines = [f"{name}: {value}" for name, value in headers]
    lines += [f"Vary: {', '.join(vary)}"] if vary else []
    return f"status {status} with {'; '.join(lines) or 'no CORS headers'}"
