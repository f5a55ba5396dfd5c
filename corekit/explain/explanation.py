"""What an explanation consists of: values, shown as text in a terminal and as data to a program.

Nothing here decides anything. As text, everything that a server or a page wrote is bounded in
length and has its control characters escaped; as data it is complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from textwrap import wrap
from typing import Any, Final, Literal, TypeVar

from corekit.browser import Exchange, Failure, Fetch, HttpRequest, HttpResponse, Outcome
from corekit.diagnostics import Diagnostic, show
from corekit.guard import Verdict
from corekit.policy import CorsPolicy
from corekit.routes import CorsRoutes

StepKind = Literal[
    "call",
    "preflight-not-needed",
    "preflight-needed",
    "preflight-cached",
    "preflight-request",
    "preflight-response",
    "preflight-accepted",
    "request",
    "guard",
    "response",
    "redirect",
    "retry",
    "end",
]

_P = TypeVar("_P", CorsPolicy, CorsRoutes)

_WIDTH: Final = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: what kind of step it is, who acts, what happens, and details."""

    kind: StepKind
    actor: Literal["page", "browser", "server"]
    title: str
    details: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dict for JSON."""
        return {**asdict(self), "details": list(self.details)}


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A value that almost matches, the one that would match, and how they differ.

    `subject` is ``origin``, ``method``, ``header``, ``credentials`` or ``path``; `given` is what
    was used, `nearest` what the other side has, empty if it has nothing, and `message` says how
    they differ.
    """

    subject: str
    given: str
    nearest: str
    message: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of a `Diagnostic` as a dict for JSON."""
        hint = f"Did you mean {show(self.nearest)}?" if self.nearest else "Remove it."
        fix = self.nearest or None
        return Diagnostic(
            "near-miss", "info", self.message, hint, self.subject, self.given, fix
        ).to_dict()

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Fix:
    """One way to let the page read the response.

    `message` says what to do. `changes` are arguments of `CorsPolicy` with their new values: with
    them, the policy lets the fetch succeed. They are empty if the fix is elsewhere. `route` is the
    path of the route whose policy has to change, None without routes. `fetch` is the fetch to make
    instead if the page has to change.

    >>> fix = Fix("Allow PUT.", {"allow_methods": ("PUT",)})
    >>> fix.apply(CorsPolicy(allow_origins=["https://app.example.com"]))
    CorsPolicy(allow_origins=['https://app.example.com'], allow_methods=['PUT'])
    """

    message: str
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    route: str | None = None
    fetch: Fetch | None = None

    def apply(self, policy: _P) -> _P:
        """Return the policy, or the routes, with the changes.

        Raises what `CorsPolicy` raises, and ValueError if the routes do not have the route.
        """
        if isinstance(policy, CorsPolicy):
            return policy.replace(**self.changes)
        if self.changes and self.route not in dict(policy.routes):
            raise ValueError(f"the routes do not have the route {show(self.route)}")
        return CorsRoutes(
            (path, each.replace(**self.changes) if path == self.route else each)
            for path, each in policy.routes
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dict for JSON."""
        return {
            "message": self.message,
            "changes": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in self.changes.items()
            },
            "route": self.route,
            "fetch": self.fetch and _without_body(self.fetch),
        }

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happens to a fetch, in order, and how to fix it.

    `allowed` is whether the page can read the response, `summary` the same in one sentence. `steps`
    are in the order in which they happen. `failure` is the browser's, None if nothing failed;
    `near_misses` are values that almost match, and `fixes` the ways to let the fetch succeed, the
    best first. `outcome` holds the exchanges. `verdict` is that of the guard, None without a guard
    or if the browser does not send the request. `lookup` is the name of a function that decides
    about the origin, and that was not asked; None without one. ``str()`` returns text for a
    terminal.
    """

    allowed: bool
    summary: str
    steps: tuple[Step, ...]
    failure: Failure | None
    near_misses: tuple[NearMiss, ...]
    fixes: tuple[Fix, ...]
    outcome: Outcome
    verdict: Verdict | None = None
    lookup: str | None = None

    @property
    def succeeds(self) -> bool:
        """Whether the page can read the response, and no guard refused the request."""
        return self.allowed and (self.verdict is None or self.verdict.status is None)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts, lists, strings, numbers, booleans and None for JSON."""
        return {
            "allowed": self.allowed,
            "summary": self.summary,
            "steps": [step.to_dict() for step in self.steps],
            "failure": self.failure and _failure_to_dict(self.failure),
            "near_misses": [near.to_dict() for near in self.near_misses],
            "fixes": [fix.to_dict() for fix in self.fixes],
            "lookup": self.lookup,
            "guard": self.verdict and verdict_to_dict(self.verdict),
            "exchanges": [_exchange_to_dict(exchange) for exchange in self.outcome.exchanges],
        }

    def __str__(self) -> str:
        lines = [self.summary, ""]
        for number, step in enumerate(self.steps, 1):
            lines += _wrap(f"{number}. {step.actor}: {step.title}", "", "   ")
            for detail in step.details:
                lines += _wrap(detail, "   - ", "     ")
        for title, items in (("Near misses:", self.near_misses), ("How to fix it:", self.fixes)):
            if items:
                lines += ["", title]
            for item in items:
                lines += _wrap(str(item), "   - ", "     ")
        return "\n".join(lines)


def _wrap(text: str, first: str, others: str) -> list[str]:
    return wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _failure_to_dict(failure: Failure) -> dict[str, Any]:
    name, subject = failure.name, f"{failure.method} {failure.url}"
    diagnostic = Diagnostic(
        name, "error", failure.message, failure.hint, subject, failure.value, failure=name
    )
    return {
        **diagnostic.to_dict(),
        "method": failure.method,
        "url": failure.url,
        "origin": failure.origin,
        "is_cors": failure.is_cors,
    }


def verdict_to_dict(verdict: Verdict) -> dict[str, Any]:
    """Return what a verdict of the guard says as a dict for JSON."""
    return {
        "allowed": verdict.allowed,
        "status": verdict.status,
        "reason": verdict.reason.name,
        "message": verdict.reason.value,
        "hint": verdict.hint,
    }


def _exchange_to_dict(exchange: Exchange) -> dict[str, Any]:
    request = exchange.request
    return {
        "request": {**_without_body(request), "is_preflight": request.is_preflight},
        "response": _without_body(exchange.response),
    }


def _without_body(message: Fetch | HttpRequest | HttpResponse) -> dict[str, Any]:
    fields = {**asdict(message), "headers": [list(pair) for pair in message.headers]}
    del fields["body"]
    return fields
