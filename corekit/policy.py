"""What the operator grants: validated once, then immutable.

The rules that a configuration has to keep are `validation`'s, the answers to requests `engine`'s;
here the two are joined into the object that users build, compare, store and hand to an adapter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Never, NoReturn, Self

from ._engine import AnyOrigin, Engine, Origins
from ._origins import ANY, OriginPattern, OriginSet
from ._validation import Reader
from .decision import Decision
from .diagnostics import show
from .problems import PolicyError, Problem

if TYPE_CHECKING:
    from datetime import timedelta  # when run, it is imported by those who give one

__all__ = ["CorsPolicy", "refuse_unknown"]

# What other layers call the arguments of a policy.
_FOREIGN_NAMES = {
    "credentials": "allow_credentials",
    "headers": "allow_headers",
    "methods": "allow_methods",
    "origins": "allow_origins",
    "supports_credentials": "allow_credentials",
    "allow_origin_regex": "allow_origins, which has patterns such as 'https://*.example.com'",
}

_NOTHING_UNKNOWN: Final[Mapping[Any, object]] = MappingProxyType({})


class CorsPolicy:
    """What a server grants to pages of other origins: https://fetch.spec.whatwg.org/#http-cors-protocol

    Every argument is by keyword. Collections are lists, tuples or sets of strings; a bare string is
    refused. With a set of arguments that is unsafe, or that could never work, nothing is built:
    `PolicyError` names every problem with its mend.

    `allow_origins`
        Origins as a browser sends them, and patterns::

            "https://app.example.com"      # exactly this origin
            "https://*.example.com"        # one or more labels below it, not example.com itself
            "https://pr-*.example.com"     # one label with one gap: pr-17.example.com
            "http://localhost:*"           # any port, and none
            "capacitor://localhost"        # any scheme but file
            "null"                         # opaque origins: to be accepted, never with credentials
            "*"                            # any origin: alone, never with credentials

    `allow_credentials`
        Whether browsers may send cookies and HTTP authentication and show the answer to the page.
    `allow_methods`
        Methods beside GET, HEAD and POST, which are always granted; ``"*"`` for any. They are
        case-sensitive.
    `allow_headers`
        Names of the request headers that pages may set beside the safelisted ones; ``"*"`` for any.
        Without credentials ``"*"`` does not cover ``authorization``: name it beside.
    `expose_headers`
        Names of the response headers that pages may read beside the safelisted ones; ``"*"`` for
        any, without credentials only.
    `max_age`
        How long a browser may keep the answer to a preflight: seconds as an int from 0 to 86400, a
        timedelta, or None for the browser's default (5 seconds).
    `allow_private_network`
        Whether to answer the legacy Access-Control-Request-Private-Network.
    `preflight_status`
        The status of a granted preflight, 200 to 299.
    `accept_risks`
        Codes of the risks that the operator accepts: ``insecure-origin`` (http with credentials),
        ``opaque-origin``, ``public-suffix`` (subdomains of one, with credentials).

    An argument of another name is a TypeError that names the nearest. A policy is immutable,
    hashable, comparable by its arguments whatever their order, picklable, and safe to share between
    threads and event loops.

    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_methods=["PUT"])
    >>> policy
    CorsPolicy(allow_origins=['https://app.example.com'], allow_methods=['PUT'])
    >>> policy.replace(max_age=600).max_age
    600
    """

    __slots__ = (
        "__weakref__",
        "accept_risks",
        "allow_credentials",
        "allow_headers",
        "allow_methods",
        "allow_origins",
        "allow_private_network",
        "engine",
        "expose_headers",
        "max_age",
        "preflight_status",
    )

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

    _reader: ClassVar[type[Reader]] = Reader
    _defaults: ClassVar[Mapping[str, Any]] = {
        "allow_origins": (),
        "allow_credentials": False,
        "allow_methods": (),
        "allow_headers": (),
        "expose_headers": (),
        "max_age": None,
        "allow_private_network": False,
        "preflight_status": 204,
        "accept_risks": (),
    }

    def __init__(
        self,
        *,
        allow_origins: Iterable[str] = (),
        allow_credentials: bool = False,
        allow_methods: Iterable[str] = (),
        allow_headers: Iterable[str] = (),
        expose_headers: Iterable[str] = (),
        max_age: int | timedelta | None = None,
        allow_private_network: bool = False,
        preflight_status: int = 204,
        accept_risks: Iterable[str] = (),
        **unknown: Never,
    ) -> None:
        refuse_unknown(unknown, self._defaults)
        self._build(
            {
                "allow_origins": allow_origins,
                "allow_credentials": allow_credentials,
                "allow_methods": allow_methods,
                "allow_headers": allow_headers,
                "expose_headers": expose_headers,
                "max_age": max_age,
                "allow_private_network": allow_private_network,
                "preflight_status": preflight_status,
                "accept_risks": accept_risks,
            }
        )

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Self:
        """Make a policy of what stands in a file or another place that is not code.

        `mapping` has the names of the arguments as keys; what is missing has its default. Raises
        `PolicyError` with every problem at once, a key that is no argument among them
        (``unknown-argument``, with the nearest), and TypeError for what is no mapping.

        >>> CorsPolicy.from_mapping({"allow_origins": ["https://app.example.com"], "max_age": 600})
        CorsPolicy(allow_origins=['https://app.example.com'], max_age=600)
        >>> CorsPolicy.from_mapping({"allow_origin": ["https://app.example.com"], "max_age": -1})
        Traceback (most recent call last):
            ...
        corekit.problems.PolicyError: 2 problems in this CORS configuration:
          - max_age = -1: It is below 0. Give 0 (no caching) to 86400 seconds, or None for the browser's default. [max-age]
          - allow_origin = ['https://app.example.com']: A policy has no argument of this name. Did you mean allow_origins? [unknown-argument]
        """  # noqa: E501 - what is printed is one line
        if not isinstance(mapping, Mapping):
            kind = type(mapping).__name__
            raise TypeError(f"a policy is made of a mapping of its arguments, not of a {kind}")
        unknown = {name: value for name, value in mapping.items() if name not in cls._defaults}
        known = {name: value for name, value in mapping.items() if name in cls._defaults}
        policy = object.__new__(cls)
        policy._build({**cls._defaults, **known}, unknown)
        return policy

    @classmethod
    def deny_all(cls) -> Self:
        """Make the policy that grants nothing, for where sharing is to be off explicitly.

        Preflights are refused, and Access-Control-* headers of the application are removed.

        >>> CorsPolicy.deny_all().decide("GET", origin="https://app.example.com").allowed
        False
        """
        policy = object.__new__(cls)
        policy._fill(cls._defaults)
        return policy

    def decide(
        self,
        method: str,
        *,
        origin: str | bytes | None = None,
        request_method: str | bytes | None = None,
        request_headers: str | bytes | None = None,
        request_private_network: str | bytes | None = None,
    ) -> Decision:
        """Decide on one request, given its method and the values of its headers.

        `origin`, `request_method`, `request_headers` and `request_private_network` are the values
        of Origin and Access-Control-Request-Method, -Headers and -Private-Network, None where the
        request has no such header. Several lines of one header are given joined by ``", "``.
        Whatever the values hold, the result is a `Decision`; nothing is raised.
        Source: https://fetch.spec.whatwg.org/#http-cors-protocol

        >>> policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_methods=["PUT"])
        >>> decision = policy.decide(
        ...     "OPTIONS", origin="https://app.example.com", request_method="DELETE"
        ... )
        >>> decision.status, decision.allowed, decision.reason.name
        (204, False, 'METHOD_NOT_ALLOWED')
        """
        return self.engine.decide(
            method,
            origin=origin,
            request_method=request_method,
            request_headers=request_headers,
            request_private_network=request_private_network,
        )

    def policy_for(self, path: str) -> Self:  # noqa: ARG002
        """Return this policy, whatever the path, as `CorsRoutes.policy_for` does for routes."""
        return self

    def engine_for(self, origins: Origins) -> Engine:
        """Compile the same grants for other origins, for an adapter that matches in its own way.

        `origins` is asked only for what a browser could send, and with credentials never for
        ``null``. Raises ValueError for any origin together with credentials.

        >>> policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_methods=["PUT"])
        >>> engine = policy.engine_for(OriginSet(["https://tenant-1.example.com"]))
        >>> engine.actual("https://tenant-1.example.com").origin_allowed
        True
        """
        return Engine(
            origins=origins,
            credentials=self.allow_credentials,
            methods=self.allow_methods,
            headers=self.allow_headers,
            exposed=self.expose_headers,
            max_age=self.max_age,
            private_network=self.allow_private_network,
            status=self.preflight_status,
        )

    def replace(self, **changes: Any) -> Self:
        """Make a policy with some arguments changed; the whole is validated again.

        Raises `PolicyError` as the constructor does, and TypeError for an unknown argument.
        """
        return type(self)(**{**self._settings(), **changes}) if changes else self

    def _build(
        self, given: Mapping[str, object], unknown: Mapping[Any, object] = _NOTHING_UNKNOWN
    ) -> None:
        if hasattr(self, "engine"):
            raise AttributeError("a policy is immutable")
        credentials = given["allow_credentials"] is True
        reader = self._reader(credentials=credentials, accept_risks=given["accept_risks"])
        settings = reader.read(given)
        problems = reader.finish()
        if unknown:
            problems = _report_unknown(unknown, self._defaults, problems)
        if problems:
            raise PolicyError(problems)
        self._fill(settings)

    def _fill(self, settings: Mapping[str, object]) -> None:
        for name, value in settings.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "engine", self.engine_for(self._compile_origins()))

    def _compile_origins(self) -> Origins:
        if ANY in self.allow_origins:
            return AnyOrigin()
        exact = (text for text in self.allow_origins if ANY not in text)
        patterns = (OriginPattern.parse(text) for text in self.allow_origins if ANY in text)
        return OriginSet(exact, (pattern for pattern in patterns if pattern is not None))

    def _settings(self) -> dict[str, Any]:
        settings = {name: getattr(self, name) for name in self._defaults}
        return {name: value for name, value in settings.items() if value != self._defaults[name]}

    def _comparable(self) -> frozenset[tuple[str, object]]:
        return frozenset(
            (name, frozenset(value) if isinstance(value, tuple) else value)
            for name, value in self._settings().items()
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
        settings = self._settings()
        if not settings:
            return f"{type(self).__name__}.deny_all()"
        arguments = ", ".join(f"{name}={self._show(value)}" for name, value in settings.items())
        return f"{type(self).__name__}({arguments})"

    @staticmethod
    def _show(value: object) -> str:
        return repr(list(value) if isinstance(value, tuple) else value)

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self._settings())

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a policy is immutable: use policy.replace({name}=...)")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a policy is immutable")


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """Raise a TypeError that names the nearest argument, where one that was given is not known.

    >>> refuse_unknown(["allow_origin"], ["allow_origins", "max_age"])
    Traceback (most recent call last):
        ...
    TypeError: a policy has no argument 'allow_origin'; did you mean allow_origins?
    """
    known = list(known)
    for name in given:
        if name not in known:
            meant = _find_meant(name, known)
            mend = f"did you mean {meant}?" if meant else f"it has {', '.join(known)}"
            raise TypeError(f"a policy has no argument {name!r}; {mend}")


def _report_unknown(
    unknown: Mapping[Any, object], known: Iterable[str], others: list[Problem]
) -> list[Problem]:
    known = list(known)
    problems = list(others)
    for name, value in unknown.items():
        meant = _find_meant(name, known) if isinstance(name, str) else None
        if meant and meant.startswith("allow_origins"):
            # They are there, under another name; that one fault is to be told once.
            problems = [problem for problem in problems if problem.code != "no-origins"]
        plain = isinstance(name, str) and name.isascii() and name.isidentifier()
        field = name if plain else show(name)
        message = "A policy has no argument of this name."
        hint = f"Did you mean {meant}?" if meant else f"It has {', '.join(known)}."
        problems.append(Problem("unknown-argument", field, value, message, hint))
    return problems


def _find_meant(name: str, known: list[str]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415 - only where it is needed

    plain = name.lower().replace("-", "_")
    return _FOREIGN_NAMES.get(plain) or next(iter(get_close_matches(plain, known)), None)


def _restore(cls: type[CorsPolicy], settings: dict[str, Any]) -> CorsPolicy:
    return cls(**settings) if settings else cls.deny_all()
