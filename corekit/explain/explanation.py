"""What an explanation is made of: values, as text for a terminal and as data for a program.

Nothing here decides anything. All that a server or a page wrote is shown with control characters
escaped and its length bounded, as text; as data it is whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import TextWrapper
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar

from corekit.browser import Exchange, Failure, Fetch, Outcome
from corekit.diagnostics import show
from corekit.policy import CorsPolicy
from corekit.routes import CorsRoutes

__all__ = ["Actor", "Explanation", "Fix", "NearMiss", "Policies", "Step", "shown"]

Actor = Literal["page", "browser", "server"]

Policies = CorsPolicy | CorsRoutes

_P = TypeVar("_P", CorsPolicy, CorsRoutes)

_WIDTH: Final = 100
_SHOWN_CHARACTERS: Final = 200
_NO_CHANGES: Final[Mapping[str, Any]] = MappingProxyType({})


def shown(text: str) -> str:
    """Show a stranger's text in a message: control characters escaped, length bounded.

    >>> shown("x-a\\r\\n\\x1b[2J")
    'x-a\\\\r\\\\n\\\\x1b[2J'
    """
    bounded = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
    return "".join(
        each if each.isascii() and each.isprintable() else ascii(each)[1:-1] for each in bounded
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: who does it, what in a few words, and the messages to it."""

    actor: Actor
    title: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Something that is nearly right: a value, the one that would do, and how they differ.

    `subject` is ``origin``, ``method``, ``header``, ``credentials`` or ``path``; `given` is what
    was used, `nearest` what the other side has, and `message` says how they differ.
    """

    subject: str
    given: str
    nearest: str
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Fix:
    """One way to let the page read the answer.

    `message` says what to do. `changes` are arguments of `CorsPolicy` with their new values, such
    that the policy with these changes makes the fetch pass; they are empty where the mend is
    elsewhere. `route` is the path of the route whose policy is to be changed, None where there are
    no routes. `fetch` is the call to make instead, where the page is to be changed.

    >>> mend = Fix("Allow PUT.", {"allow_methods": ("PUT",)})
    >>> mend.apply(CorsPolicy(allow_origins=["https://app.example.com"]))
    CorsPolicy(allow_origins=['https://app.example.com'], allow_methods=['PUT'])
    """

    message: str
    changes: Mapping[str, Any] = field(default_factory=lambda: _NO_CHANGES)
    route: str | None = None
    fetch: Fetch | None = None

    def apply(self, policy: _P) -> _P:
        """Make the policy, or the routes, with the changes.

        Raises what `CorsPolicy` raises, and ValueError for routes without the one to be changed.
        """
        if isinstance(policy, CorsPolicy):
            return policy.replace(**self.changes)
        if self.changes and self.route not in dict(policy.routes):
            raise ValueError(f"the routes have no {show(self.route)} to be changed")
        return CorsRoutes(
            (path, each.replace(**self.changes) if path == self.route else each)
            for path, each in policy.routes
        )

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happens to a fetch, in order, and what to do about it.

    `allowed` says whether the page can read the answer, `summary` the same in one message. `steps`
    are in the order in which things happen. `failure` is the browser's, None where nothing failed;
    `near_misses` are what is nearly right, `fixes` the ways to make the fetch pass, the best first.
    `outcome` holds the exchanges. ``str()`` of it is text for a terminal.
    """

    allowed: bool
    summary: str
    steps: tuple[Step, ...]
    failure: Failure | None
    near_misses: tuple[NearMiss, ...]
    fixes: tuple[Fix, ...]
    outcome: Outcome

    def to_dict(self) -> dict[str, Any]:
        """Give all of it as dicts, lists, strings, numbers, booleans and None, ready for JSON."""
        failure = self.failure
        return {
            "allowed": self.allowed,
            "summary": self.summary,
            "steps": [
                {"actor": step.actor, "title": step.title, "details": list(step.details)}
                for step in self.steps
            ],
            "failure": failure
            and {
                "name": failure.name,
                "message": failure.message,
                "method": failure.method,
                "url": failure.url,
                "origin": failure.origin,
                "value": failure.value,
                "is_cors": failure.is_cors,
            },
            "near_misses": [
                {
                    "subject": near.subject,
                    "given": near.given,
                    "nearest": near.nearest,
                    "message": near.message,
                }
                for near in self.near_misses
            ],
            "fixes": [_mend_as_data(mend) for mend in self.fixes],
            "exchanges": [_exchange_as_data(exchange) for exchange in self.outcome.exchanges],
        }

    def __str__(self) -> str:
        lines = [self.summary, ""]
        for number, step in enumerate(self.steps, 1):
            lines += _wrap(f"{number}. {step.actor}: {step.title}", "", "   ")
            for detail in step.details:
                lines += _wrap(detail, "   - ", "     ")
        for title, messages in (
            ("Nearly right:", [near.message for near in self.near_misses]),
            ("What to do:", [mend.message for mend in self.fixes]),
        ):
            if messages:
                lines += ["", title]
            for message in messages:
                lines += _wrap(message, "   - ", "     ")
        return "\n".join(lines)


def _wrap(text: str, first: str, others: str) -> list[str]:
    wrapper = TextWrapper(
        _WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapper.wrap(text)


def _mend_as_data(mend: Fix) -> dict[str, Any]:
    fetch = mend.fetch
    return {
        "message": mend.message,
        "changes": {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in mend.changes.items()
        },
        "route": mend.route,
        "fetch": fetch
        and {
            "url": fetch.url,
            "method": fetch.method,
            "headers": [list(pair) for pair in fetch.headers],
            "mode": fetch.mode,
            "credentials": fetch.credentials,
            "redirect": fetch.redirect,
            "upload_listener": fetch.upload_listener,
        },
    }


def _exchange_as_data(exchange: Exchange) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    return {
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": [list(pair) for pair in request.headers],
            "credentials": request.credentials,
            "is_preflight": request.is_preflight,
        },
        "response": {
            "status": response.status,
            "headers": [list(pair) for pair in response.headers],
        },
    }
