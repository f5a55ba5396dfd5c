"""Explanations of what a live server responds, for the tests. Not a test."""

from __future__ import annotations

from corekit import CorsPolicy
from corekit.browser import (
    BrowserModel,
    Fetch,
    HttpRequest,
    HttpResponse,
)
from corekit.explain import Explanation, explain_outcome
from tests.explain.calls import PAGE

ANY = ("Access-Control-Allow-Origin", "*")
Answer = tuple[int, tuple[tuple[str, str], ...]]


def explain_live(
    fetch: Fetch, *answers: Answer, policy: CorsPolicy | None = None, page: str = PAGE
) -> Explanation:
    queue = [HttpResponse(status, headers) for status, headers in answers]

    def send(request: HttpRequest) -> HttpResponse:
        return queue.pop(0) if len(queue) > 1 else queue[0]

    outcome = BrowserModel(clock=lambda: 0.0).fetch(send, page, fetch)
    return explain_outcome(outcome, fetch, page=page, policy=policy)


def location(url: str, status: int = 302) -> Answer:
    return status, (ANY, ("Location", url))
