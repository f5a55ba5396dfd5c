"""The decision on one request: the answer to it, with the verdict on what it asked for."""

from __future__ import annotations

from operator import attrgetter
from typing import Final

from ._answers import ALLOW_ORIGIN, Answer, Headers, Reason, RequestKind
from ._containers import LoadedOrigins
from ._engine import Engine

__all__ = ["Answer", "Decision", "Reason", "RequestKind"]

_FIELDS: Final = ("kind", "allowed", "reason", "status", "headers", "vary")
_ALLOWED: Final = frozenset({Reason.GRANTED, Reason.NOT_CORS, Reason.SAME_ORIGIN})
_WITHOUT_ORIGIN: Final = frozenset({Reason.SAME_ORIGIN, Reason.ORIGIN_MALFORMED})
_values = attrgetter(*_FIELDS)


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

    __slots__ = ("_answer", "_engine", "_hint", "_is_own", "_origin", "_reason", "_request")

    def __init__(
        self,
        answer: Answer,
        engine: Engine,
        origin: str | None,
        request_method: str | None = None,
        request_headers: str | None = None,
        *,
        is_own: bool = False,
    ) -> None:
        self._answer = answer
        self._engine = engine
        self._origin = origin
        self._request = (request_method, request_headers)
        self._reason: Reason | None = None
        self._hint: str | None = None
        # A page gets no preflight for its own server, whatever a client sends.
        self._is_own = is_own and answer.kind is RequestKind.ACTUAL

    @property
    def kind(self) -> RequestKind:
        """Whether the request is not a CORS request, an actual request or a preflight."""
        return RequestKind.NOT_CORS if self._is_own else self._answer.kind

    @property
    def allowed(self) -> bool:
        """Whether a browser would allow the request; true if CORS does not apply."""
        return self.reason in _ALLOWED

    @property
    def reason(self) -> Reason:
        """The reason for the decision; ``reason.value`` is a sentence."""
        reason = Reason.SAME_ORIGIN if self._is_own else self._reason
        if reason is None:
            # Another thread may do the same at the same time, with the same result.
            reason = self._engine.judge(self._answer, self._origin, *self._request)
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
        return self._engine.find_rule(self._origin)

    @property
    def lookup(self) -> str | None:
        """What came of the look-up of the origin, such as ``"stale_allowed"``; None without one.

        It is the value of a `corekit.lookups.Outcome`. `rule` is None then.
        """
        return self._engine.lookup

    @property
    def snapshot(self) -> LoadedOrigins | None:
        """The loaded rows that decided whether the origin is allowed; None if there are none.

        Its ``len()`` is the number of rows, and `age` the seconds since they were loaded. It is
        also None if the policy itself, or a look-up, decided about the origin.
        """
        found = None if self._origin is None else self._engine.find_snapshot(self._origin)
        return None if found is None or self.reason in _WITHOUT_ORIGIN else found

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
            from . import _hints  # noqa: PLC0415 - only where it is needed

            origin = self._origin or ""
            self._hint = _hints.find_hint(self._engine, self.reason, origin, *self._request)
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

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Decision):
            return NotImplemented
        return bool(_values(self) == _values(other))

    def __hash__(self) -> int:
        return hash(_values(self))

    def __repr__(self) -> str:
        values = map("{}={!s}".format, _FIELDS, _values(self))
        return f"<Decision {', '.join(values)}>"
