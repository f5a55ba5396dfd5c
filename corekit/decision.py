"""The values that a policy returns: answers, and decisions on single requests.

An `Answer` is the part that many requests share; it is built with the policy. A `Decision` is the
answer to one request, with the verdict on what that request asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple, Protocol

__all__ = ["ALLOW_ORIGIN", "Answer", "Decision", "Judge", "Reason", "RequestKind"]

ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"

Headers = tuple[tuple[str, str], ...]
RawHeaders = tuple[tuple[bytes, bytes], ...]

_DENIED_BODY: Final = b"CORS: the origin is not allowed.\n"


class RequestKind(Enum):
    """The kind of a request: https://fetch.spec.whatwg.org/#http-requests"""

    NOT_CORS = "not CORS"
    ACTUAL = "actual"
    PREFLIGHT = "preflight"


class Reason(Enum):
    """The reason for a decision: the name is stable, the value is a sentence for people."""

    NOT_CORS = "The request has no Origin header, so CORS does not apply."
    GRANTED = "Allowed by the policy."
    ORIGIN_NOT_ALLOWED = "The policy does not allow this origin."
    ORIGIN_MALFORMED = "The Origin header is not an origin that a browser could send."
    METHOD_NOT_ALLOWED = "The policy does not allow the requested method."
    METHOD_MALFORMED = "Browsers do not let scripts send this method."
    HEADER_NOT_ALLOWED = "The policy does not allow all requested headers."
    HEADERS_MALFORMED = "The requested headers are not a list of header names."
    HEADERS_TOO_LONG = "The list of requested headers is longer than a browser would send."


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to all requests of one kind, for adapters.

    `headers` are the Access-Control-* headers in their usual spelling; `vary` are the field names
    to merge into Vary. If `echoes_origin` is true, Access-Control-Allow-Origin is not among the
    headers: its value is the Origin of the request, which has matched the policy. `status` is an
    int for a preflight, None otherwise.

    The rest is derived. `may_be_denied` is true for preflights and denied requests: all that an
    observer may have to log. `lines` are the headers with Vary. `body` is that of a preflight
    response, `content` its Content-* headers. What begins with `raw_` is the same for ASGI: bytes,
    with names in lower case.
    """

    kind: RequestKind
    origin_allowed: bool
    status: int | None
    headers: Headers
    vary: tuple[str, ...]
    echoes_origin: bool = False
    may_be_denied: bool = field(init=False, repr=False, compare=False)
    body: bytes = field(init=False, repr=False, compare=False)
    content: Headers = field(init=False, repr=False, compare=False)
    lines: Headers = field(init=False, repr=False, compare=False)
    raw_content: RawHeaders = field(init=False, repr=False, compare=False)
    raw_headers: RawHeaders = field(init=False, repr=False, compare=False)
    raw_lines: RawHeaders = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        is_preflight = self.kind is RequestKind.PREFLIGHT
        is_actual = self.kind is RequestKind.ACTUAL
        body = b"" if self.origin_allowed or not is_preflight else _DENIED_BODY
        content: Headers = ()
        if is_preflight and self.status != 204:
            content = (
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(body))),
            )
        vary = (("Vary", ", ".join(self.vary)),) if self.vary else ()
        lines = (*self.headers, *vary)
        for name, value in (
            ("may_be_denied", is_preflight or (is_actual and not self.origin_allowed)),
            ("body", body),
            ("content", content),
            ("lines", lines),
            ("raw_content", _encode(content)),
            ("raw_headers", _encode(self.headers)),
            ("raw_lines", _encode(lines)),
        ):
            object.__setattr__(self, name, value)


def _encode(headers: Headers) -> RawHeaders:
    return tuple((name.lower().encode(), value.encode()) for name, value in headers)


class Judge(Protocol):
    """The engine that gave an answer, asked for what only some callers read."""

    def judge(
        self,
        answer: Answer,
        origin: str | None,
        request_method: str | None,
        request_headers: str | None,
    ) -> Reason: ...

    def find_rule(self, origin: str) -> str | None: ...

    def find_hint(
        self,
        reason: Reason,
        origin: str,
        request_method: str | None,
        request_headers: str | None,
    ) -> str: ...


class _Public(NamedTuple):
    kind: RequestKind
    allowed: bool
    reason: Reason
    status: int | None
    headers: Headers
    vary: tuple[str, ...]


class Decision:
    """The decision on one request: immutable, compared by value.

    The verdict on a preflight (`allowed`, `reason`) is computed only when it is read: the headers
    do not depend on it, since the browser compares them with what it asked for.

    >>> from corekit import CorsPolicy
    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"])
    >>> decision = policy.decide("GET", origin="https://app.example.com")
    >>> decision.allowed, decision.status, decision.vary
    (True, None, ('Origin',))
    >>> dict(decision.headers)
    {'Access-Control-Allow-Origin': 'https://app.example.com'}
    """

    __slots__ = ("_answer", "_hint", "_judge", "_origin", "_reason", "_request")

    def __init__(
        self,
        answer: Answer,
        judge: Judge,
        origin: str | None,
        request_method: str | None = None,
        request_headers: str | None = None,
    ) -> None:
        self._answer = answer
        self._judge = judge
        self._origin = origin
        self._request = (request_method, request_headers)
        self._reason: Reason | None = None
        self._hint: str | None = None

    @property
    def kind(self) -> RequestKind:
        """Whether the request is not a CORS request, an actual request or a preflight."""
        return self._answer.kind

    @property
    def allowed(self) -> bool:
        """Whether a browser would allow the request; true if CORS does not apply."""
        return self.reason in (Reason.GRANTED, Reason.NOT_CORS)

    @property
    def reason(self) -> Reason:
        """The reason for the decision; ``reason.value`` is a sentence."""
        reason = self._reason
        if reason is None:
            # Another thread may do the same at the same time, with the same result.
            reason = self._judge.judge(self._answer, self._origin, *self._request)
            self._reason = reason
        return reason

    @property
    def rule(self) -> str | None:
        """The entry of `allow_origins` that matched the origin; None if none did.

        >>> from corekit import CorsPolicy
        >>> policy = CorsPolicy(allow_origins=["https://*.example.com"])
        >>> policy.decide("GET", origin="https://app.example.com").rule
        'https://*.example.com'
        """
        if self._origin is None or not self._answer.origin_allowed:
            return None
        return self._judge.find_rule(self._origin)

    @property
    def hint(self) -> str:
        """How to fix a denial: the setting to change, and the nearest allowed value, if any.

        Empty if the request is allowed, or if no setting would fix it. Computed only when it is
        read; a search for the nearest origin can take milliseconds.

        >>> from corekit import CorsPolicy
        >>> policy = CorsPolicy(allow_origins=["https://app.example.com"])
        >>> policy.decide("GET", origin="https://ap.example.com").hint
        "Nearest allowed origin: 'https://app.example.com'. Add 'https://ap.example.com' to \
allow_origins."
        """
        if self._hint is None:
            hint = ""
            if self._origin is not None and not self.allowed:
                hint = self._judge.find_hint(self.reason, self._origin, *self._request)
            self._hint = hint
        return self._hint

    @property
    def status(self) -> int | None:
        """The status of the preflight response; None if the application responds."""
        return self._answer.status

    @property
    def headers(self) -> Headers:
        """The Access-Control-* headers to set, as (name, value) pairs; remove all others."""
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
