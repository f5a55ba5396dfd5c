"""The running demo: an API behind the middleware, an allowed page and an untrusted page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from corekit import CorsPolicy, Reason
from corekit.browser import HttpRequest, HttpResponse
from corekit.diagnostics import Diagnostic
from corekit.explain import Explanation

from .api import Api, Sessions, serve_api
from .examples import Example, Origins, list_calls, make_policy
from .form import Call, read_form
from .judging import add_cookie, decide, explain_call, find_mismatch
from .pages import describe, serve_page, write_python
from .servers import open_site, send

API_PORT: Final = 8000
PAGE_PORT: Final = 3000
UNTRUSTED_PORT: Final = 4000


@dataclass(frozen=True, slots=True)
class Ports:
    """The requested ports; None means the default port, or a free one if that is taken."""

    api: int | None = None
    page: int | None = None
    untrusted: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
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


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the sites are, and the results of the calls."""

    policy: CorsPolicy
    origins: Origins
    results: list[Result]

    @property
    def problems(self) -> list[Diagnostic]:
        """The responses that do not match the policy."""
        return [problem for result in self.results for problem in result.problems]

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            **self.origins._asdict(),
            "policy": write_python(self.policy),
            "agrees": not self.problems,
            "calls": [result.to_dict() for result in self.results],
        }


@contextmanager
def run_demo(ports: Ports) -> Iterator[Demo]:
    """Serve the three sites for the duration of the block, and make the calls once.

    Raise OSError if a requested port is taken.
    """
    with ExitStack() as stack:
        api = stack.enter_context(closing(open_site(ports.api, API_PORT)))
        page = stack.enter_context(closing(open_site(ports.page, PAGE_PORT)))
        untrusted = stack.enter_context(closing(open_site(ports.untrusted, UNTRUSTED_PORT)))
        origins = Origins(api.origin, page.origin, untrusted.origin)
        policy, app, sessions = make_policy(origins.page), Api(), Sessions()
        api.start(serve_api(policy, api=app, sessions=sessions))
        for site in (page, untrusted):
            site.start(serve_page(describe(origins, site.origin), api=app, sessions=sessions))
        yield Demo(policy, origins, make_calls(origins))


def make_calls(origins: Origins) -> list[Result]:
    """Make the calls of the demo over HTTP, as a browser would.

    Raise OSError or HTTPException if the API does not respond.
    """
    cookie = ""

    def send_and_keep(request: HttpRequest) -> HttpResponse:
        nonlocal cookie
        response = send(request)
        if request.credentials:
            cookie = dict(response.headers).get("Set-Cookie", cookie).partition(";")[0]
        return response

    carry = add_cookie(send_and_keep, lambda: cookie)
    results = []
    for example in list_calls(origins, origins.page):
        call = read_form(example.form)
        explanation = explain_call(call, origins.api, carry)
        exchanges = explanation.outcome.exchanges
        problems = (find_mismatch(call.policy, exchange) for exchange in exchanges)
        results.append(
            Result(
                example,
                call,
                explanation,
                decide(call.policy, exchanges[-1].request).reason,
                tuple(problem for problem in problems if problem is not None),
            )
        )
    return results
