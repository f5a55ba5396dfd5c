"""What the core answers: values only, with nothing in them that decides.

An `Answer` is the part that is the same for many requests; it is made when a policy is built and
shared by all of them. A `Decision` is an answer to one request, with the verdict on what was asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

__all__ = ["ALLOW_ORIGIN", "Answer", "Decision", "Reason", "RequestKind"]

ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"

Headers = tuple[tuple[str, str], ...]
RawHeaders = tuple[tuple[bytes, bytes], ...]


class RequestKind(Enum):
    """What a request is to the CORS protocol: https://fetch.spec.whatwg.org/#http-requests"""

    NOT_CORS = "not CORS"
    ACTUAL = "actual"
    PREFLIGHT = "preflight"


class Reason(Enum):
    """Why a decision is as it is; the value is a sentence for people, the name is stable."""

    NOT_CORS = "The request has no Origin, so CORS has no say in it."
    GRANTED = "The policy grants it."
    ORIGIN_NOT_ALLOWED = "The policy does not allow this origin."
    ORIGIN_MALFORMED = "The Origin header is not an origin that a browser could send."
    METHOD_NOT_ALLOWED = "The policy does not allow the requested method."
    METHOD_MALFORMED = "The requested method is not one that a page could send."
    HEADER_NOT_ALLOWED = "The policy does not allow every requested header."
    HEADERS_MALFORMED = "The requested headers are not a list of header names."
    HEADERS_TOO_LONG = "The list of requested headers is longer than any honest one."


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to every request of one sort, for those who write adapters.

    `headers` are in the spelling that people know, `raw_headers` the same as ASGI has them: lower
    case bytes. Where `echoes_origin` is true, Access-Control-Allow-Origin is not among them: its
    value is the Origin of the request, which has matched the policy. `vary` has the field names to
    merge into Vary. `lines` and `raw_lines` are the headers with Vary behind them, for responses
    that have no Vary of their own. `status` is an int for a preflight, None otherwise.
    """

    kind: RequestKind
    origin_allowed: bool
    status: int | None
    headers: Headers
    vary: tuple[str, ...]
    echoes_origin: bool = False
    lines: Headers = field(init=False, repr=False, compare=False)
    raw_headers: RawHeaders = field(init=False, repr=False, compare=False)
    raw_lines: RawHeaders = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        vary = (("Vary", ", ".join(self.vary)),) if self.vary else ()
        lines = (*self.headers, *vary)
        raw_lines = tuple((name.lower().encode(), value.encode()) for name, value in lines)
        object.__setattr__(self, "lines", lines)
        object.__setattr__(self, "raw_headers", raw_lines[: len(self.headers)])
        object.__setattr__(self, "raw_lines", raw_lines)


class _Public(NamedTuple):
    kind: RequestKind
    allowed: bool
    reason: Reason
    status: int | None
    headers: Headers
    vary: tuple[str, ...]


class Decision:
    """What the policy answers to one request; immutable, compared by value.

    The verdict on a preflight (`allowed`, `reason`) is worked out only when somebody looks: the
    headers do not depend on it, since it is the browser that compares them with what it asked for.

    >>> from corekit import CorsPolicy
    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"])
    >>> decision = policy.decide("GET", origin="https://app.example.com")
    >>> decision.allowed, decision.status, decision.vary
    (True, None, ('Origin',))
    >>> dict(decision.headers)
    {'Access-Control-Allow-Origin': 'https://app.example.com'}
    """

    __slots__ = ("_answer", "_origin", "_reason")

    def __init__(
        self, answer: Answer, origin: str | None, reason: Reason | Callable[[], Reason]
    ) -> None:
        self._answer = answer
        self._origin = origin
        self._reason = reason

    @property
    def kind(self) -> RequestKind:
        """Whether the request is no CORS request, an actual one, or a preflight."""
        return self._answer.kind

    @property
    def allowed(self) -> bool:
        """Whether a browser would let this through; true for what CORS has no say in."""
        return self.reason in (Reason.GRANTED, Reason.NOT_CORS)

    @property
    def reason(self) -> Reason:
        """Why; ``reason.value`` is a sentence."""
        reason = self._reason
        if not isinstance(reason, Reason):
            # Another thread may do the same meanwhile, with the same result.
            self._reason = reason = reason()
        return reason

    @property
    def status(self) -> int | None:
        """The status of the answer to a preflight; None where the application answers."""
        return self._answer.status

    @property
    def headers(self) -> Headers:
        """The Access-Control-* headers to set, as (name, value); any others are to be removed."""
        if self._answer.echoes_origin and self._origin is not None:
            return ((ALLOW_ORIGIN, self._origin), *self._answer.headers)
        return self._answer.headers

    @property
    def vary(self) -> tuple[str, ...]:
        """The field names to merge into the Vary header."""
        return self._answer.vary

    def _public(self) -> _Public:
        return _Public(self.kind, self.allowed, self.reason, self.status, self.headers, self.vary)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Decision):
            return NotImplemented
        return self._public() == other._public()

    def __hash__(self) -> int:
        return hash(self._public())

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!s}" for name, value in self._public()._asdict().items())
        return f"<Decision {fields}>"
