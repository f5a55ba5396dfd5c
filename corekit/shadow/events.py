"""What a candidate would change for one request: an event, and its line in the log.

The line ends with a JSON object, which programs read: `corekit.shadow.summary`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from corekit._reporting import describe_request
from corekit.browser import HttpResponse
from corekit.decision import Decision
from corekit.diagnostics import escape, show

from .kinds import ShadowKind, ShadowReason

__all__ = ["MARKER", "OnDifference", "ShadowEvent"]

MARKER: Final = "cors_shadow"
"""The first key of the JSON object in a line."""

_OUTCOMES: Final = {
    ShadowKind.WOULD_DENY: "would be denied",
    ShadowKind.WOULD_GRANT: "would be granted",
    ShadowKind.WOULD_DIFFER: "would differ",
}
_MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True, repr=False)
class ShadowEvent:
    """A request that a candidate would decide otherwise than the policy in force.

    `kind` is what would happen to it; `reasons` say why, the most severe first. `denied` and
    `granted` are names that make the difference: of the requested method, of requested headers, or
    of response headers that pages read, with ``*`` for all that no policy names.

    `enforced` is the decision of the policy in force, or the response of the CORS layer that
    `observe` wraps, without its body. `candidate` is the decision of the candidate, None if it does
    not cover the path. The other attributes are those of a `corekit.DecisionEvent`. ``str()`` of an
    event is its log line.

    >>> from corekit import CorsPolicy
    >>> from corekit.shadow import ShadowKind, ShadowReason
    >>> decisions = [
    ...     policy.decide("GET", origin="https://app.example.com")
    ...     for policy in (CorsPolicy(allow_origins=["*"]), CorsPolicy.deny_all())
    ... ]
    >>> kind, reasons = ShadowKind.WOULD_DENY, (ShadowReason.ORIGIN_DENIED,)
    >>> where = ("asgi", "GET", "/items", "https://app.example.com")
    >>> str(ShadowEvent(kind, reasons, (), (), *decisions, *where)).partition(": only ")[0]
    "CORS shadow: GET '/items' from 'https://app.example.com' would be denied"
    """

    kind: ShadowKind
    reasons: tuple[ShadowReason, ...]
    denied: tuple[str, ...]
    granted: tuple[str, ...]
    enforced: Decision | HttpResponse
    candidate: Decision | None
    adapter: str
    method: str
    path: str
    origin: str
    request_method: str | None = None
    request_headers: str | None = None
    request: Any = field(default=None, compare=False)

    @property
    def reason(self) -> ShadowReason:
        """The first of the reasons."""
        return self.reasons[0]

    @property
    def hint(self) -> str:
        """What to change in the candidate if it denies what it should not; empty otherwise.

        Computed only when it is read; a search for the nearest origin can take milliseconds.
        """
        return "" if self.candidate is None else self.candidate.hint

    def to_dict(self) -> dict[str, Any]:
        """Return a dict for JSON, as in the log line: values are escaped, and bounded."""
        asked = (self.request_method, self.request_headers)
        return {
            MARKER: self.kind.value,
            "reasons": [reason.name for reason in self.reasons],
            "method": escape(self.method),
            "path": escape(self.path),
            "origin": escape(self.origin),
            "request_method": None if asked[0] is None else escape(asked[0]),
            "request_headers": None if asked[1] is None else escape(asked[1]),
            "denied": [escape(name) for name in self.denied[:_MOST_NAMED]],
            "granted": [escape(name) for name in self.granted[:_MOST_NAMED]],
            "rule": None if self.candidate is None else self.candidate.rule,
            "adapter": self.adapter,
        }

    def describe(self) -> str:
        """Return one line of printable ASCII, with all values escaped and their length bounded."""
        return self._describe(self.hint)

    def _describe(self, hint: str) -> str:
        asked = (self.request_method, self.request_headers)
        request = describe_request(self.method, self.path, self.origin, *asked)
        messages = [reason.value[0].lower() + reason.value[1:-1] for reason in self.reasons]
        names = ", ".join(map(show, (*self.denied, *self.granted)[:_MOST_NAMED]))
        message = f"{', and '.join(messages)}{f': {names}' if names else ''}."
        hint = f"{hint} " if hint else ""
        known = {name: value for name, value in self.to_dict().items() if value not in (None, [])}
        data = json.dumps(known)
        return f"CORS shadow: {request} {_OUTCOMES[self.kind]}: {message} {hint}{data}"

    def __str__(self) -> str:
        return self.describe()

    def __repr__(self) -> str:
        return f"<ShadowEvent {self.describe()}>"


OnDifference = Callable[[ShadowEvent], None]
"""A plain function that is called with every difference; its return value is ignored."""
