"""The hot path: grants that were validated and compiled, and a request, to an answer.

This file knows nothing of validation: what comes in through `Engine(...)` is taken as right. What
comes with a request is a stranger's, and is bounded before it is read. All that can be worked out
once is worked out when the engine is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final, Protocol, overload

from ._names import (
    COMMON_METHODS,
    FORBIDDEN_METHODS,
    SAFELISTED_METHODS,
    is_token,
    parse_field_names,
)
from ._origins import ANY, OPAQUE, OriginSet, is_serialized_origin
from .decision import ALLOW_ORIGIN, Answer, Decision, Headers, Reason, RequestKind

__all__ = ["MAX_METHOD_LENGTH", "MAX_REQUEST_HEADERS_LENGTH", "AnyOrigin", "Engine", "Origins"]

MAX_METHOD_LENGTH: Final = 64
"""Longest method that is read, in characters."""

MAX_REQUEST_HEADERS_LENGTH: Final = 4096
"""Longest Access-Control-Request-Headers that is read; longer where more than this is granted."""

_FORBIDDEN: Final = 403
_NON_WILDCARD_HEADER: Final = "authorization"
"""https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name"""


class Origins(Protocol):
    """Whatever can say of an origin, as a browser serializes it, whether it is allowed."""

    def __contains__(self, origin: str, /) -> bool: ...


class AnyOrigin:
    """The set of all origins: whatever a browser could send.

    >>> "https://example.com" in AnyOrigin(), "null" in AnyOrigin(), "nonsense" in AnyOrigin()
    (True, True, False)
    """

    __slots__ = ()

    def __contains__(self, origin: str) -> bool:
        return is_serialized_origin(origin)


class _OwnOrigins:
    """Origins that an adapter matches by itself: it is asked only for what a browser could send."""

    __slots__ = ("_opaque", "_origins")

    def __init__(self, origins: Origins, *, opaque: bool) -> None:
        self._origins = origins
        self._opaque = opaque

    def __contains__(self, origin: str) -> bool:
        if origin == OPAQUE:
            return self._opaque and origin in self._origins
        return is_serialized_origin(origin) and origin in self._origins


class Engine:
    """Validated grants, compiled: https://fetch.spec.whatwg.org/#http-cors-protocol

    `origins` is asked for each request. With an `AnyOrigin` the answer is the same for all origins,
    and ``*`` is sent, which with credentials is a ValueError. Any other is asked only for what a
    browser could send, and with credentials never for ``null``. `methods`,
    `headers` and `exposed` may hold ``*``; header names are in lower case. `max_age` is in seconds,
    or None for the browser's default; `status` is that of a granted preflight.

    An adapter asks `actual` or `preflight`, which hand out shared answers; `decide` wraps them.
    `no_origin` is the answer to every request that has no Origin.
    """

    __slots__ = (
        "_any_header",
        "_any_method",
        "_credentials",
        "_denied",
        "_denied_preflight",
        "_echoes_request",
        "_exact",
        "_grant",
        "_granted",
        "_headers",
        "_max_age",
        "_max_request_headers",
        "_methods",
        "_others",
        "_preflight_vary",
        "_preflights",
        "_private_network",
        "_status",
        "no_origin",
    )

    def __init__(
        self,
        *,
        origins: Origins,
        credentials: bool,
        methods: Iterable[str],
        headers: Iterable[str],
        exposed: Iterable[str],
        max_age: int | None,
        private_network: bool,
        status: int,
    ) -> None:
        methods, headers, exposed = tuple(methods), tuple(headers), tuple(exposed)
        any_origin = type(origins) is AnyOrigin
        if any_origin and credentials:
            raise ValueError("any origin together with credentials: every site could act as a user")
        vary: tuple[str, ...] = () if any_origin else ("Origin",)
        grant: Headers = ((ALLOW_ORIGIN, ANY),) if any_origin else ()
        if credentials:
            grant += (("Access-Control-Allow-Credentials", "true"),)
        readable = grant
        if exposed:
            readable += (("Access-Control-Expose-Headers", ", ".join(exposed)),)

        # One look-up in a frozenset is all that exact origins take; the set's own `in` is a call.
        self._exact = frozenset[str]()
        self._others: Origins = origins
        if type(origins) is OriginSet:
            self._exact = origins.exact
            self._others = origins if origins.has_patterns else frozenset[str]()
        elif not any_origin:
            self._others = _OwnOrigins(origins, opaque=not credentials)
        self.no_origin = Answer(
            RequestKind.NOT_CORS, False, None, readable if any_origin else (), vary
        )
        self._granted = Answer(
            RequestKind.ACTUAL, True, None, readable, vary, echoes_origin=not any_origin
        )
        # What a denied origin gets is right for no other, so it varies even where nothing else
        # does: a cache must not hand it on.
        self._denied = Answer(RequestKind.ACTUAL, False, None, (), ("Origin",))
        self._denied_preflight = Answer(RequestKind.PREFLIGHT, False, _FORBIDDEN, (), ("Origin",))

        self._credentials = credentials
        self._any_method = ANY in methods
        self._any_header = ANY in headers
        # With credentials a browser takes `*` for a name, so what was asked is named instead.
        # Without, names stand beside it: Firefox reuses a cached preflight only for what it names.
        usual = COMMON_METHODS if self._any_method else SAFELISTED_METHODS
        self._methods = tuple(dict.fromkeys((*usual, *methods)))
        self._headers = tuple(dict.fromkeys(headers))
        self._echoes_request = credentials and (self._any_method or self._any_header)
        if credentials:
            self._methods = tuple(method for method in self._methods if method != ANY)
            self._headers = tuple(name for name in self._headers if name != ANY)
        self._max_request_headers = max(MAX_REQUEST_HEADERS_LENGTH, 2 * sum(map(len, headers)))
        if credentials and self._any_method:
            vary += ("Access-Control-Request-Method",)
        if credentials and self._any_header:
            vary += ("Access-Control-Request-Headers",)
        if private_network:
            vary += ("Access-Control-Request-Private-Network",)
        self._grant = grant
        self._max_age = max_age
        self._private_network = private_network
        self._preflight_vary = vary
        self._status = status
        self._preflights = tuple(
            self._grant_preflight(self._methods, self._headers, private=private)
            for private in (False, True)
        )

    def actual(self, origin: str | None) -> Answer:
        """Answer a request that is no preflight; `origin` is its Origin header, or None."""
        if origin is None:
            return self.no_origin
        if origin in self._exact or origin in self._others:
            return self._granted
        return self._denied

    def preflight(
        self,
        origin: str,
        request_method: str | bytes,
        request_headers: str | bytes | None,
        request_private_network: str | bytes | None,
    ) -> Answer:
        """Answer a preflight: https://fetch.spec.whatwg.org/#cors-preflight-fetch

        The arguments are the values of Origin and of the Access-Control-Request-* headers; bytes
        are read only where the answer hangs on them. An allowed origin is told all that is granted,
        whatever it asked for: so the browser caches one answer for every method and header of a
        URL, and an attacker's list costs nothing.
        """
        if origin not in self._exact and origin not in self._others:
            return self._denied_preflight
        private = self._private_network and _text(request_private_network) == "true"
        if self._echoes_request:
            methods, headers = self._methods, self._headers
            request_method, request_headers = _text(request_method), _text(request_headers)
            # `*` is a token too, and would grant all to a request without credentials.
            if self._any_method and request_method != ANY and _is_possible_method(request_method):
                methods = tuple(dict.fromkeys((*methods, request_method)))
            if self._any_header and request_headers is not None:
                asked = self._read(request_headers)
                if not isinstance(asked, Reason):
                    headers = (*headers, *sorted(asked.difference(headers, (ANY,))))
            return self._grant_preflight(methods, headers, private=private)
        return self._preflights[private]

    def decide(
        self,
        method: str,
        *,
        origin: str | bytes | None,
        request_method: str | bytes | None,
        request_headers: str | bytes | None,
        request_private_network: str | bytes | None,
    ) -> Decision:
        """Decide on one request; see `CorsPolicy.decide`."""
        origin, request_method = _text(origin), _text(request_method)
        if method != "OPTIONS":
            request_method = None
        request_headers = _text(request_headers)
        if origin is None or request_method is None:
            answer = self.actual(origin)
        else:
            answer = self.preflight(
                origin, request_method, request_headers, _text(request_private_network)
            )
        return self.decision_of(answer, origin, request_method, request_headers)

    def decision_of(
        self,
        answer: Answer,
        origin: str | None,
        request_method: str | None,
        request_headers: str | None,
    ) -> Decision:
        """Make the decision of an answer that this engine gave, for those whom it is told to.

        The verdict is worked out when somebody looks. The arguments are those that the engine was
        asked with; `request_method` and `request_headers` mean nothing where it was no preflight.
        """
        if origin is None:
            return Decision(answer, None, Reason.NOT_CORS)
        if not answer.origin_allowed:
            return Decision(answer, origin, partial(_judge_origin, origin))
        if answer.kind is RequestKind.PREFLIGHT:
            verdict = partial(self._judge, request_method or "", request_headers)
            return Decision(answer, origin, verdict)
        return Decision(answer, origin, Reason.GRANTED)

    def _grant_preflight(
        self, methods: Iterable[str], headers: tuple[str, ...], *, private: bool
    ) -> Answer:
        granted = [*self._grant, ("Access-Control-Allow-Methods", ", ".join(methods))]
        if headers:
            granted.append(("Access-Control-Allow-Headers", ", ".join(headers)))
        if self._max_age is not None:
            granted.append(("Access-Control-Max-Age", str(self._max_age)))
        if private:
            granted.append(("Access-Control-Allow-Private-Network", "true"))
        return Answer(
            RequestKind.PREFLIGHT,
            True,
            self._status,
            tuple(granted),
            self._preflight_vary,
            echoes_origin=self._granted.echoes_origin,
        )

    def _judge(self, request_method: str, request_headers: str | None) -> Reason:
        # What a browser concludes: https://fetch.spec.whatwg.org/#cors-preflight-fetch, step 7.
        if request_method not in self._methods:
            if not _is_possible_method(request_method):
                return Reason.METHOD_MALFORMED
            if not self._any_method or request_method == ANY:
                return Reason.METHOD_NOT_ALLOWED
        if request_headers is None:
            return Reason.GRANTED
        asked = self._read(request_headers)
        if isinstance(asked, Reason):
            return asked
        missing = asked.difference(self._headers)
        # Authorization has to be named. With credentials every header is, but for one named `*`.
        uncovered = ANY if self._credentials else _NON_WILDCARD_HEADER
        covered = self._any_header and uncovered not in missing
        return Reason.HEADER_NOT_ALLOWED if missing and not covered else Reason.GRANTED

    def _read(self, request_headers: str) -> frozenset[str] | Reason:
        if len(request_headers) > self._max_request_headers:
            return Reason.HEADERS_TOO_LONG
        names = parse_field_names(request_headers)
        return Reason.HEADERS_MALFORMED if names is None else names


def _judge_origin(origin: str) -> Reason:
    if is_serialized_origin(origin):
        return Reason.ORIGIN_NOT_ALLOWED
    return Reason.ORIGIN_MALFORMED


def _is_possible_method(method: str) -> bool:
    return (
        len(method) <= MAX_METHOD_LENGTH
        and is_token(method)
        and method.upper() not in FORBIDDEN_METHODS
    )


@overload
def _text(value: str | bytes) -> str: ...
@overload
def _text(value: str | bytes | None) -> str | None: ...
def _text(value: str | bytes | None) -> str | None:
    return value.decode("latin-1") if isinstance(value, bytes) else value
