"""The hot path: from a request and compiled grants to an answer.

This file does not validate: `Engine(...)` takes its arguments as valid. Values from a request are
not trusted, so they are bounded before they are read. Everything that can be computed once is
computed when the engine is built.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from typing import Any, Final

from ._answers import (
    ALLOW_ORIGIN,
    UNKNOWN,
    UNKNOWN_PREFLIGHT,
    Answer,
    Headers,
    Reason,
    RequestKind,
    as_text,
)
from ._containers import AnyOrigin, EveryOrigin, LoadedOrigins, Origins, bound_origins
from ._fingerprints import Source
from ._names import (
    COMMON_METHODS,
    SAFELISTED_METHODS,
    is_sendable_method,
    parse_field_names,
)
from ._origins import ANY, OriginSet, is_serialized_origin
from .problems import PYTHON, Dialect

MAX_METHOD_LENGTH: Final = 64
"""The longest method that is read, in characters."""

MAX_REQUEST_HEADERS_LENGTH: Final = 4096
"""The longest Access-Control-Request-Headers that is read; more if more is granted."""

_CACHED_ALLOWED: Final = "cached_allowed"
"""The outcome of a look-up that is asked for most: see `corekit.lookups.Outcome`."""

_FORBIDDEN: Final = 403
_NON_WILDCARD_HEADER: Final = "authorization"
"""https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name"""


class Engine:
    """Validated grants, compiled: https://fetch.spec.whatwg.org/#http-cors-protocol

    `origins` is asked for each request. With an `AnyOrigin` the answer is the same for all origins
    and ``*`` is sent; together with credentials that is a ValueError. The origins of an `OriginSet`
    are taken as valid, like all arguments: see `bound_origins`. Any other container is asked only
    for what a browser could send, and with credentials never for ``null``. `allow_origins` are the
    entries that `origins` was made of, for hints, which name settings as `dialect` does; `source`
    has all arguments. `methods`, `headers` and `exposed` may hold ``*``; header names are in lower
    case. `max_age` is in seconds, or None for the browser's default; `status` is that of a granted
    preflight.

    Adapters call `actual()` or `preflight()`, which return shared answers.
    `no_origin` is the answer to all requests without an Origin header. `shadow` compares the
    answers with those of a candidate: see `corekit._shadowing`.
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
        "_looked_up",
        "_max_age",
        "_preflight_vary",
        "_preflights",
        "_private_network",
        "_status",
        "_uncached",
        "allow_headers",
        "allow_methods",
        "allow_origins",
        "dialect",
        "granted",
        "is_of_handler",
        "lookup",
        "max_request_headers",
        "no_origin",
        "others",
        "recalled",
        "shadow",
        "source",
    )

    _uncached: Engine | None
    _looked_up: dict[str, Engine]
    recalled: Engine | None
    """The engine for origins that were allowed a moment ago, once there was one."""

    def __init__(
        self,
        *,
        origins: Origins,
        allow_origins: Iterable[str] = (),
        credentials: bool,
        methods: Iterable[str],
        headers: Iterable[str],
        exposed: Iterable[str],
        max_age: int | None,
        private_network: bool,
        status: int,
        dialect: Dialect = PYTHON,
        source: Source | None = None,
    ) -> None:
        methods, headers, exposed = tuple(methods), tuple(headers), tuple(exposed)
        any_origin = type(origins) is AnyOrigin
        if any_origin and credentials:
            raise ValueError(
                "Any origin cannot be combined with credentials: any website could make requests"
                " as the logged-in user."
            )
        vary: tuple[str, ...] = () if any_origin else ("Origin",)
        grant: Headers = ((ALLOW_ORIGIN, ANY),) if any_origin else ()
        if credentials:
            grant += (("Access-Control-Allow-Credentials", "true"),)
        readable = grant
        if exposed:
            readable += (("Access-Control-Expose-Headers", ", ".join(exposed)),)

        self.allow_origins = tuple(allow_origins)
        self.dialect = dialect
        self.source = source or Source()
        # Exact origins need one look-up in a frozenset; the set's own `in` would be a call.
        self._exact = frozenset[str]()
        self.others: Origins
        if type(origins) is OriginSet:
            self._exact = origins.exact
            self.others = origins if origins.has_patterns else frozenset[str]()
        else:
            self.others = bound_origins(origins, opaque=not credentials)
        self.no_origin = Answer(
            RequestKind.NOT_CORS, False, None, readable if any_origin else (), vary
        )
        self.granted = Answer(
            RequestKind.ACTUAL, True, None, readable, vary, echoes_origin=not any_origin
        )
        # The answer to a denied origin is wrong for all others, so it always varies: a cache must
        # not serve it to another origin.
        self._denied = Answer(RequestKind.ACTUAL, False, None, (), ("Origin",))
        self._denied_preflight = Answer(RequestKind.PREFLIGHT, False, _FORBIDDEN, (), ("Origin",))

        self._credentials = credentials
        self._any_method = ANY in methods
        self._any_header = ANY in headers
        # With credentials a browser takes `*` for a name, so the requested names are sent instead.
        # Without, common names are sent too: Firefox reuses a cached preflight only for named ones.
        always = COMMON_METHODS if self._any_method else SAFELISTED_METHODS
        self.allow_methods = tuple(dict.fromkeys((*always, *methods)))
        self.allow_headers = tuple(dict.fromkeys(headers))
        self._echoes_request = credentials and (self._any_method or self._any_header)
        if credentials:
            self.allow_methods = tuple(method for method in self.allow_methods if method != ANY)
            self.allow_headers = tuple(name for name in self.allow_headers if name != ANY)
        self.max_request_headers = max(MAX_REQUEST_HEADERS_LENGTH, 2 * sum(map(len, headers)))
        self._grant = grant
        self._max_age, self._status, self._private_network = max_age, status, private_network
        self._preflight_vary = (*vary, *self._varied_fields())
        self._preflights = self._grant_preflights()
        self._forget_copies()
        self.lookup: str | None = None
        """The outcome of a look-up, if this is an engine of `looked_up()`."""
        self.is_of_handler = False
        self.shadow: Any = None

    @property
    def uncached(self) -> Engine:
        """The same grants with a max-age of 0: browsers cache no preflight response.

        It is made once, and shares the origins.
        """
        if self._max_age == 0:
            return self
        engine = self._uncached
        if engine is None:
            engine = self.copy()
            engine._max_age = 0
            engine._preflights = engine._grant_preflights()
            self._uncached = engine
        return engine

    def of_handler(self) -> Engine:
        """Return an engine for a handler's own policy: a look-up allows no more origins."""
        engine = self.copy()
        engine.is_of_handler = True
        return engine

    @property
    def may_look_up(self) -> bool:
        """Whether a look-up may allow more origins: not if any is allowed, or nothing granted."""
        is_fixed = self.is_of_handler or type(self.others) is AnyOrigin
        return not is_fixed and bool(self.source.arguments)

    def looked_up(self, outcome: str, *, allowed: bool | None) -> Engine:
        """Return the engine for an origin that is not listed, and that was looked up.

        It grants the same if the origin is `allowed`. If that is None, it is not known whether the
        origin is, so that no response may be stored. `outcome` is the name of what came of the
        look-up, and determines `allowed`. The engine is made once for each.
        """
        engine = self._looked_up.get(outcome)
        if engine is None:
            engine = self.copy()
            engine.lookup = outcome
            if allowed is not False:
                # A candidate looks up nothing, so only a denial would be the same with it.
                engine.shadow = None
            if allowed is None:
                engine._denied, engine._denied_preflight = UNKNOWN, UNKNOWN_PREFLIGHT
            elif allowed:
                engine.others = EveryOrigin()
            self._looked_up[outcome] = engine
            if outcome == _CACHED_ALLOWED:
                self.recalled = engine
        return engine

    def copy(self) -> Engine:
        """Return an equal engine that shares nothing that is made later."""
        engine = copy(self)
        engine._forget_copies()
        return engine

    def _forget_copies(self) -> None:
        self._uncached = None
        self._looked_up = {}
        self.recalled = None

    @property
    def allows_credentials(self) -> bool:
        """Whether allowed origins may read responses to requests with credentials."""
        return self._credentials

    def allows_header(self, name: str) -> bool:
        """Return whether allowed origins may send the request header `name` (lower case)."""
        return self._any_header or name in self.allow_headers

    @property
    def denies_all(self) -> bool:
        """Whether no origin is allowed, as far as that is known without asking for one."""
        return not self._exact and type(self.others) is frozenset

    def allows(self, origin: str) -> bool:
        """Return whether `origin` is allowed."""
        return origin in self._exact or origin in self.others

    def actual(self, origin: str | None) -> Answer:
        """Answer a request that is not a preflight; `origin` is its Origin header, or None."""
        if origin is None:
            return self.no_origin
        if origin in self._exact or origin in self.others:
            return self.granted
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
        are decoded only if the answer depends on them. An allowed origin is sent everything that is
        granted, whatever it requested: so the browser caches one answer for all methods and headers
        of a URL, and an attacker's list costs nothing.
        """
        if origin not in self._exact and origin not in self.others:
            return self._denied_preflight
        private = self._private_network and as_text(request_private_network) == "true"
        if self._echoes_request:
            methods, headers = self.allow_methods, self.allow_headers
            request_method = as_text(request_method) or ""
            request_headers = as_text(request_headers)
            # `*` is a token too, and would grant everything to a request without credentials.
            if self._any_method and request_method != ANY and _is_possible_method(request_method):
                methods = tuple(dict.fromkeys((*methods, request_method)))
            if self._any_header and request_headers is not None:
                names = self._read(request_headers)
                if not isinstance(names, Reason):
                    headers = (*headers, *sorted(names.difference(headers, (ANY,))))
            return self._grant_preflight(methods, headers, private=private)
        return self._preflights[private]

    def find_rule(self, origin: str) -> str | None:
        """Return the entry of `allow_origins` that matches `origin`; None if none does."""
        if origin in self._exact:
            return origin
        find = getattr(self.others, "find", None)
        return None if find is None else find(origin)

    def find_snapshot(self, origin: str) -> LoadedOrigins | None:
        """Return the snapshot that decides about `origin`; None if the policy or a look-up does."""
        snapshot: LoadedOrigins | None = getattr(self.others, "snapshot", None)
        if snapshot is None or self.lookup is not None or origin in self._exact:
            return None
        return snapshot if origin in snapshot or origin not in self.others else None

    def judge(
        self,
        answer: Answer,
        origin: str | None,
        request_method: str | None,
        request_headers: str | None,
    ) -> Reason:
        """Return the reason for a decision: what a browser concludes from this answer.

        Source: https://fetch.spec.whatwg.org/#cors-preflight-fetch, step 7.
        """
        if origin is None:
            return Reason.NOT_CORS
        if not answer.origin_allowed:
            return _judge_denied(answer, origin)
        if answer.kind is not RequestKind.PREFLIGHT:
            return Reason.GRANTED
        method = request_method or ""
        if method not in self.allow_methods:
            if not _is_possible_method(method):
                return Reason.METHOD_MALFORMED
            if not self._any_method or method == ANY:
                return Reason.METHOD_NOT_ALLOWED
        if request_headers is None:
            return Reason.GRANTED
        names = self._read(request_headers)
        if isinstance(names, Reason):
            return names
        return Reason.HEADER_NOT_ALLOWED if self._missing(names) else Reason.GRANTED

    def missing_headers(self, request_headers: str) -> list[str]:
        """Return the requested header names that are not allowed, sorted."""
        names = self._read(request_headers)
        return [] if isinstance(names, Reason) else sorted(self._missing(names))

    def _varied_fields(self) -> Iterator[str]:
        """Yield the names of the fields of a preflight that the answer depends on."""
        if self._credentials and self._any_method:
            yield "Access-Control-Request-Method"
        if self._credentials and self._any_header:
            yield "Access-Control-Request-Headers"
        if self._private_network:
            yield "Access-Control-Request-Private-Network"

    def _grant_preflights(self) -> tuple[Answer, ...]:
        return tuple(
            self._grant_preflight(self.allow_methods, self.allow_headers, private=private)
            for private in (False, True)
        )

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
            echoes_origin=self.granted.echoes_origin,
        )

    def _missing(self, names: frozenset[str]) -> frozenset[str]:
        missing = names.difference(self.allow_headers)
        if self._any_header:
            # Authorization must be named. With credentials every header is, except one named `*`.
            missing &= {ANY if self._credentials else _NON_WILDCARD_HEADER}
        return missing

    def _read(self, request_headers: str) -> frozenset[str] | Reason:
        if len(request_headers) > self.max_request_headers:
            return Reason.HEADERS_TOO_LONG
        names = parse_field_names(request_headers)
        return Reason.HEADERS_MALFORMED if names is None else names


def _judge_denied(answer: Answer, origin: str) -> Reason:
    if not is_serialized_origin(origin):
        return Reason.ORIGIN_MALFORMED
    return Reason.ORIGIN_NOT_ALLOWED if answer.is_stored else Reason.ORIGIN_UNKNOWN


def _is_possible_method(method: str) -> bool:
    return len(method) <= MAX_METHOD_LENGTH and is_sendable_method(method)
