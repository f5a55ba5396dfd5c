"""Answers: the part of the response that many requests share, built with the policy.

An adapter writes an answer into a response; which one a request gets is decided by `_engine`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"

Headers = tuple[tuple[str, str], ...]
RawHeaders = tuple[tuple[bytes, bytes], ...]

DENIED_BODY: Final = b"CORS: the origin is not allowed.\n"
UNKNOWN_BODY: Final = b"CORS: it is not known whether the origin is allowed.\n"

_NO_STORE: Final = ("Cache-Control", "no-store")
_UNAVAILABLE: Final = 503


class RequestKind(Enum):
    """The kind of a request: https://fetch.spec.whatwg.org/#http-requests"""

    NOT_CORS = "not CORS"
    ACTUAL = "actual"
    PREFLIGHT = "preflight"


class Reason(Enum):
    """The reason for a decision: the name is stable, the value is a sentence for people."""

    NOT_CORS = "The request has no Origin header, so CORS does not apply."
    SAME_ORIGIN = "The page belongs to this server, so CORS does not apply."
    GRANTED = "Allowed by the policy."
    ORIGIN_NOT_ALLOWED = "The policy does not allow this origin."
    ORIGIN_MALFORMED = "The Origin header is not an origin that a browser could send."
    ORIGIN_UNKNOWN = "The look-up of this origin failed, so it is not known whether it is allowed."
    METHOD_NOT_ALLOWED = "The policy does not allow the requested method."
    METHOD_MALFORMED = "Browsers do not let scripts send this method."
    HEADER_NOT_ALLOWED = "The policy does not allow all requested headers."
    HEADERS_MALFORMED = "The requested headers are not a list of header names."
    HEADERS_TOO_LONG = "The list of requested headers is longer than a browser would send."


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to all requests of one kind, for adapters.

    `headers` are the Access-Control-* headers in their usual spelling, and those that keep a
    response from being stored; `vary` are the field names to merge into Vary. If `echoes_origin` is
    true, Access-Control-Allow-Origin is not among the headers: its value is the Origin of the
    request, which has matched the policy. `status` is an int for a preflight, None otherwise.
    `is_compared` is whether an observer compares it with the answer of a candidate.

    The rest is derived. `may_be_denied` is true for preflights, denied requests and those that a
    candidate may deny: all that an observer may have to report. If `is_stored` is false, the
    Cache-Control of the application is removed. `lines` are the headers with Vary. `body` is that
    of a preflight response, `content` its Content-* headers. What begins with `raw_` is the same
    for ASGI: bytes, with names in lower case.
    """

    kind: RequestKind
    origin_allowed: bool
    status: int | None
    headers: Headers
    vary: tuple[str, ...]
    echoes_origin: bool = False
    is_compared: bool = field(default=False, repr=False, compare=False)
    may_be_denied: bool = field(init=False, repr=False, compare=False)
    is_stored: bool = field(init=False, repr=False, compare=False)
    body: bytes = field(init=False, repr=False, compare=False)
    content: Headers = field(init=False, repr=False, compare=False)
    lines: Headers = field(init=False, repr=False, compare=False)
    raw_content: RawHeaders = field(init=False, repr=False, compare=False)
    raw_headers: RawHeaders = field(init=False, repr=False, compare=False)
    raw_lines: RawHeaders = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        is_preflight = self.kind is RequestKind.PREFLIGHT
        is_actual = self.kind is RequestKind.ACTUAL
        may_be_denied = is_actual and (self.is_compared or not self.origin_allowed)
        body = b""
        if is_preflight and not self.origin_allowed:
            body = UNKNOWN_BODY if self.status == _UNAVAILABLE else DENIED_BODY
        content: Headers = ()
        if is_preflight and self.status != 204:
            content = (
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(body))),
            )
        vary = (("Vary", ", ".join(self.vary)),) if self.vary else ()
        lines = (*self.headers, *vary)
        for name, value in (
            ("may_be_denied", is_preflight or may_be_denied),
            ("is_stored", _NO_STORE not in self.headers),
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


def as_text(value: str | bytes | None) -> str | None:
    """Decode the value of a header, if there is one and an adapter passes bytes."""
    return value.decode("latin-1") if isinstance(value, bytes) else value


UNKNOWN: Final = Answer(RequestKind.ACTUAL, False, None, (_NO_STORE,), ("Origin",))
"""Without a grant. A cache that stored it would serve it after the look-up works again."""
UNKNOWN_PREFLIGHT: Final = Answer(
    RequestKind.PREFLIGHT, False, _UNAVAILABLE, (_NO_STORE, ("Retry-After", "1")), ("Origin",)
)
