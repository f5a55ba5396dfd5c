"""The policy: what a server grants to pages of other origins, validated once, then immutable.

The arguments are declared in `arguments` and validated in `_validation`; requests are decided in
`_engine`. This module joins them into the object that users build, compare, store and pass to an
adapter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import currentframe
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeVar
from warnings import warn

from ._answers import as_text
from ._containers import AnyOrigin, Origins, bound_origins
from ._engine import Engine
from ._fingerprints import Source
from ._origins import ANY, OriginPattern, OriginSet
from ._own_origin import is_own_origin
from ._validation import Reader
from .arguments import ARGUMENTS
from .decision import Decision
from .problems import PYTHON, Dialect, PolicyError, PolicyWarning, Problem

if TYPE_CHECKING:
    from datetime import timedelta

    from .arguments import Risks, Strings

__all__ = ["CorsPolicy"]

Policy = TypeVar("Policy", bound="CorsPolicy")


class CorsPolicy:
    """What a server grants to pages of other origins: https://fetch.spec.whatwg.org/#http-cors-protocol

    All arguments are keyword-only; only `allow_origins` is required. Collections are lists, tuples
    or sets of strings; a bare string is an error. If the policy is unsafe, or could never work,
    `PolicyError` lists every problem and how to fix it. What is useless and harmless is left out
    with a `PolicyWarning`. An unknown argument is a TypeError that suggests the closest name.

    `allow_origins`
        Origins as a browser sends them, and patterns::

            "https://app.example.com"      # exactly this origin
            "https://*.example.com"        # one or more labels below it, not example.com itself
            "https://pr-*.example.com"     # one label that begins with pr-, such as pr-17
            "http://localhost:*"           # any port, or none
            "http://192.168.1.*:*"         # a private network: the last parts of an address
            "capacitor://localhost"        # exactly this origin; custom schemes are allowed
            "moz-extension://*"            # every host of a scheme that websites do not have
            "null", "file://"              # opaque origins: a risk, never with credentials
            "*"                            # any origin: alone, never with credentials

    `allow_credentials`
        Whether pages may read responses to requests with credentials: cookies, TLS client
        certificates and HTTP authentication.
    `allow_methods`
        Methods in addition to GET, HEAD and POST, which are always allowed; ``"*"`` for any method.
        Method names are case-sensitive.
    `allow_headers`
        Request headers that pages may set in addition to the safelisted ones; ``"*"`` for any
        header. Without credentials ``"*"`` does not cover ``authorization``: list it as well.
    `expose_headers`
        Response headers that pages may read in addition to the safelisted ones; ``"*"`` for any
        header, only without credentials.
    `max_age`
        How long browsers may cache a preflight response: seconds as an int from 0 to 86400, a
        timedelta, or None for the browser's default of 5 seconds.
    `allow_private_network`
        Whether to answer the legacy header Access-Control-Request-Private-Network.
    `preflight_status`
        The status of a successful preflight response, 200 to 299.
    `accept_risks`
        Codes of the risks that the operator accepts: ``insecure-origin`` (http with credentials),
        ``opaque-origin``, ``public-suffix`` (subdomains of one, with credentials),
        ``any-extension`` (any app or extension, with credentials).

    A policy is immutable, hashable and picklable, and can be shared between threads and event
    loops. Policies with the same arguments are equal; the order of collections does not matter.

    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_methods=["PUT"])
    >>> policy
    CorsPolicy(allow_origins=['https://app.example.com'], allow_methods=['PUT'])
    >>> policy.replace(max_age=600).max_age
    600
    """

    __slots__ = (*ARGUMENTS, "__weakref__", "_of_handler", "_uncached", "engine", "warnings")

    allow_origins: tuple[str, ...]
    allow_credentials: bool
    allow_methods: tuple[str, ...]
    allow_headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    max_age: int | None
    allow_private_network: bool
    preflight_status: int
    accept_risks: tuple[str, ...]
    engine: Engine
    """The compiled policy, for adapters; see `corekit.adapter`."""
    warnings: tuple[Problem, ...]
    """What was left out of the arguments with a `PolicyWarning`."""

    _reader: ClassVar[type[Reader]] = Reader
    """Reads and validates the arguments; `RegexCorsPolicy` has another one."""

    def __init__(
        self,
        *,
        allow_origins: Strings,
        allow_credentials: bool = False,
        allow_methods: Strings = (),
        allow_headers: Strings = (),
        expose_headers: Strings = (),
        max_age: int | timedelta | None = None,
        allow_private_network: bool = False,
        preflight_status: int = 204,
        accept_risks: Risks = (),
    ) -> None: ...

    if not TYPE_CHECKING:
        # The signature above is for readers, editors and type checkers. At run time, a missing
        # `allow_origins` is a problem like any other, and is reported together with the rest.
        _declared = __init__

        def __init__(self, *positional: object, **arguments: object) -> None:
            if positional:
                name = type(self).__name__
                raise TypeError(
                    f"{name} takes keyword arguments only: write {name}(allow_origins=[...])"
                )
            reader = self._reader(arguments)
            for name in arguments:
                if name not in reader.arguments:
                    unknown = reader.problem_of_unknown(name)
                    raise TypeError(f"{name}: {unknown.message} {unknown.hint}")
            self._build(reader)

        __init__.__wrapped__ = _declared
        del _declared

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], *, dialect: Dialect = PYTHON) -> Self:
        """Build a policy from a mapping of its arguments, such as a parsed file.

        Missing arguments have their defaults. Raises `PolicyError` with every problem at once,
        including keys that are not arguments, and TypeError if `mapping` is not a mapping.
        `dialect` says how the settings are written, so that hints fit, also those of denials.

        >>> CorsPolicy.from_mapping({"allow_origins": ["https://app.example.com"], "max_age": 600})
        CorsPolicy(allow_origins=['https://app.example.com'], max_age=600)
        >>> CorsPolicy.from_mapping({"allow_origin": ["https://app.example.com"], "max_age": -1})
        Traceback (most recent call last):
            ...
        corekit.problems.PolicyError: 2 problems in the CORS policy:
          - max_age = -1: The value is below 0. Use 0 (no caching) to 86400 seconds, or None for the browser's default. [max-age]
          - allow_origin = ['https://app.example.com']: A policy has no such argument. Did you mean allow_origins? [unknown-argument]
        """  # noqa: E501 - an error message is one line
        if not isinstance(mapping, Mapping):
            raise TypeError(f"from_mapping() takes a mapping, not a {type(mapping).__name__}")
        policy = object.__new__(cls)
        policy._build(cls._reader(mapping, dialect))
        return policy

    @classmethod
    def deny_all(cls) -> Self:
        """Return the policy that grants nothing, to turn sharing off explicitly.

        Preflights are denied, and Access-Control-* headers of the application are removed.

        >>> CorsPolicy.deny_all().decide("GET", origin="https://app.example.com").allowed
        False
        """
        policy = object.__new__(cls)
        policy._set({name: row.default for name, row in cls._reader.arguments.items()})
        return policy

    def decide(
        self,
        method: str,
        *,
        origin: str | bytes | None = None,
        request_method: str | bytes | None = None,
        request_headers: str | bytes | None = None,
        request_private_network: str | bytes | None = None,
        host: str | bytes | None = None,
        sec_fetch_site: str | bytes | None = None,
    ) -> Decision:
        """Decide one request, given its method and the values of its headers.

        `origin`, `request_method`, `request_headers` and `request_private_network` are the values
        of Origin and Access-Control-Request-Method, -Headers and -Private-Network, or None if the
        request has no such header. Several lines of one header are joined with ``", "``. Whatever
        the values are, the result is a `Decision`; nothing is raised.

        `host` and `sec_fetch_site` are the values of Host and Sec-Fetch-Site. With them, a request
        from a page of the server itself has the reason `SAME_ORIGIN`; its headers are the same.
        Source: https://fetch.spec.whatwg.org/#http-cors-protocol

        >>> policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_methods=["PUT"])
        >>> decision = policy.decide(
        ...     "OPTIONS", origin="https://app.example.com", request_method="DELETE"
        ... )
        >>> decision.status, decision.allowed, decision.reason.name
        (204, False, 'METHOD_NOT_ALLOWED')
        """
        engine = self.engine
        origin, request_headers = as_text(origin), as_text(request_headers)
        request_method = as_text(request_method) if method == "OPTIONS" else None
        if origin is None or request_method is None:
            answer = engine.actual(origin)
        else:
            answer = engine.preflight(
                origin, request_method, request_headers, request_private_network
            )
        is_own = is_own_origin(origin, as_text(host), as_text(sec_fetch_site))
        return Decision(answer, engine, origin, request_method, request_headers, is_own=is_own)

    def policy_for(self, path: str) -> Self:  # noqa: ARG002
        """Return this policy. In `CorsRoutes`, the same method depends on the path."""
        return self

    def replace(self, **changes: Any) -> Self:
        """Return a policy with some arguments changed; the whole is validated again.

        Raises `PolicyError` as the constructor does, and TypeError for an unknown argument.
        """
        if not changes:
            return self
        return _restore(type(self), {**self._changed_arguments(), **changes}, self.engine.dialect)

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that name this policy in logs, the same in every process.

        Equal policies have the same one. It is computed when it is first read.

        >>> policy = CorsPolicy(allow_origins=["https://a.example", "https://b.example"])
        >>> policy.fingerprint == policy.replace(max_age=600).fingerprint
        False
        """
        return self.engine.source.fingerprint

    @property
    def uncached(self) -> Self:
        """This policy with a `max_age` of 0, for adapters; see `policy_for_preflight`.

        It is made once, and shares the origins and the fingerprint, so it costs the same for one
        and for many. A policy that grants nothing is returned as it is.
        """
        policy: Self | None = getattr(self, "_uncached", None)
        if policy is not None:
            return policy
        if self.max_age == 0 or not self._changed_arguments():
            return self
        policy = self._with_engine(self.engine.uncached)
        object.__setattr__(policy, "max_age", 0)
        object.__setattr__(self, "_uncached", policy)
        return policy

    @property
    def of_handler(self) -> Self:
        """This policy as that of a handler, for adapters: a look-up does not extend it."""
        policy: Self | None = getattr(self, "_of_handler", None)
        if policy is None:
            policy = self._with_engine(self.engine.of_handler())
            object.__setattr__(self, "_of_handler", policy)
        return policy

    def _with_engine(self, engine: Engine) -> Self:
        policy = object.__new__(type(self))
        for name in (*self._reader.arguments, "warnings"):
            object.__setattr__(policy, name, getattr(self, name))
        object.__setattr__(policy, "engine", engine)
        return policy

    def engine_for(self, origins: Origins) -> Engine:
        """Compile the same grants for other origins, for an adapter that matches them itself.

        `origins` is anything that supports ``in``, except a string. Whatever it contains, an origin
        is allowed only if a browser could send it, and with credentials ``null`` never is. Raises
        ValueError if it contains any origin and credentials are allowed.

        >>> policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_methods=["PUT"])
        >>> engine = policy.engine_for({"https://tenant-1.example.com"})
        >>> engine.actual("https://tenant-1.example.com").origin_allowed
        True
        """
        if isinstance(origins, str | bytes):
            raise TypeError("origins is a single string. Pass a collection of origins.")
        bounded = bound_origins(origins, opaque=not self.allow_credentials)
        return self._compile(bounded, self.engine.dialect, self.engine.source)

    def _compile(self, origins: Origins, dialect: Dialect, source: Source) -> Engine:
        return Engine(
            origins=origins,
            allow_origins=self.allow_origins,
            credentials=self.allow_credentials,
            methods=self.allow_methods,
            headers=self.allow_headers,
            exposed=self.expose_headers,
            max_age=self.max_age,
            private_network=self.allow_private_network,
            status=self.preflight_status,
            dialect=dialect,
            source=source,
        )

    def _build(self, reader: Reader) -> None:
        if hasattr(self, "engine"):
            # A second call of __init__ must not change the policy.
            raise AttributeError("a policy is immutable")
        self._accept(reader, reader.read())

    def _accept(self, reader: Reader, settings: Mapping[str, object]) -> None:
        """Keep what a reader has read; raise `PolicyError` if it has found a problem."""
        if reader.problems:
            raise PolicyError(reader.problems)
        if reader.warnings:
            warn(PolicyWarning(reader.warnings), stacklevel=_depth_of_caller())
        self._set(settings, reader.dialect, reader.warnings)

    def _set(
        self,
        settings: Mapping[str, object],
        dialect: Dialect = PYTHON,
        found: Iterable[Problem] = (),
    ) -> None:
        for name in self._reader.arguments:
            object.__setattr__(self, name, settings[name])
        object.__setattr__(self, "warnings", tuple(found))
        source = Source(type(self), self._changed_arguments())
        engine = self._compile(self._compile_origins(), dialect, source)
        object.__setattr__(self, "engine", engine)

    def _compile_origins(self) -> Origins:
        if ANY in self.allow_origins:
            return AnyOrigin()
        exact = (text for text in self.allow_origins if ANY not in text)
        patterns = (OriginPattern.parse(text) for text in self.allow_origins if ANY in text)
        return OriginSet(exact, filter(None, patterns))  # each is a pattern: they were validated

    def _changed_arguments(self) -> dict[str, Any]:
        """Return the arguments that differ from their defaults."""
        rows = self._reader.arguments.items()
        values = ((name, row.default, getattr(self, name)) for name, row in rows)
        return {name: value for name, default, value in values if value != default}

    def _comparable(self) -> frozenset[tuple[str, object]]:
        return frozenset(
            (name, frozenset(value) if isinstance(value, tuple) else value)
            for name, value in self._changed_arguments().items()
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CorsPolicy):
            return NotImplemented
        return self is other or (
            type(self) is type(other) and self._comparable() == other._comparable()
        )

    def __hash__(self) -> int:
        return hash(self._comparable())

    def __repr__(self) -> str:
        settings = self._changed_arguments()
        if not settings:
            return f"{type(self).__name__}.deny_all()"
        arguments = ", ".join(f"{name}={self._show(value)}" for name, value in settings.items())
        return f"{type(self).__name__}({arguments})"

    @staticmethod
    def _show(value: object) -> str:
        return repr(list(value) if isinstance(value, tuple) else value)

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self._changed_arguments(), self.engine.dialect)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a policy is immutable: use policy.replace({name}=...)")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a policy is immutable")


def _depth_of_caller() -> int:
    """Return the stack level of the code that calls corekit, as `warnings.warn` counts it."""
    frame, depth = currentframe(), 0
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("corekit"):
        frame, depth = frame.f_back, depth + 1
    return depth


def _restore(cls: type[Policy], settings: dict[str, Any], dialect: Dialect) -> Policy:
    policy = cls(**settings) if settings else cls.deny_all()
    policy.engine.dialect = dialect
    return policy
