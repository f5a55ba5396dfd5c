"""`CrossOriginGuard`: which requests of browsers may change something, connect or read.

The policy says which pages may read responses. The guard uses the same list for what a browser
sends without asking first: forms and other writes, and handshakes of WebSockets; and it compares
the name that the server is called by with `hosts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, Self

from corekit._answers import as_text
from corekit._engine import Engine
from corekit._origins import OPAQUE
from corekit._sources import read_policy
from corekit.live import Policies, policy_error
from corekit.policy import CorsPolicy
from corekit.problems import PYTHON, Dialect, PolicyError
from corekit.routes import is_plain_path

from .arguments import GUARD_ARGUMENTS, GuardReader
from .hosts import LOCAL_HOSTS, HostSet
from .rules import (
    HOST_RULES,
    READ_METHODS,
    READ_RULES,
    SAFE_METHODS,
    SAFE_RULES,
    WEBSOCKET_RULES,
    WRITE_RULES,
    GuardedRequest,
    GuardReason,
    Rule,
    find_reason,
)
from .verdict import FETCH_METADATA, Verdict

if TYPE_CHECKING:
    from corekit.arguments import Strings

Writes = Literal["judge", "browsers", "ignore"]
Reads = Literal["ignore", "enforce", "isolate"]
Mode = Literal["enforce", "report"]

_PASSED: Final = {reason: Verdict(reason) for reason in GuardReason if reason.status is None}
_LISTED: Final = _PASSED[GuardReason.LISTED_ORIGIN]
_BY_SITE: Final = {
    "same-origin": _PASSED[GuardReason.SAME_ORIGIN],
    "none": _PASSED[GuardReason.USER],
}
_VARY: Final = {"ignore": (), "enforce": ("Origin",), "isolate": FETCH_METADATA}


class GuardError(PolicyError):
    """The arguments of a guard were rejected; `problems` has everything that is wrong."""

    source = "the guard"


class CrossOriginGuard:
    """Judges requests by who sent them: pages of the server, of listed origins, of others.

    `policy` is a `CorsPolicy`, a `CorsRoutes` or a `LivePolicy`. The origins that it lists, other
    than ``*``, may also write and open WebSockets; without `allow_credentials` only with requests
    to which the browser adds no cookies or passwords.

    `hosts`
        The names that the server is called by: ``"example.com"`` with any port,
        ``"localhost:8000"``, ``"*.example.com"``, ``"127.*.*.*"``; see `LOCAL_HOSTS`. By default
        Host is not checked, so DNS rebinding is possible.
    `own_origins`
        Origins of this server, if a proxy in front of it changes Host.
    `exempt`
        Paths that every site may write to and, if `reads` are judged, load. ``"/saml/acs"`` is this
        path alone, ``"/webhooks/"`` also everything below it. WebSockets are not exempt.
    `writes`, `websockets`
        ``"judge"`` refuses pages of other origins, ``"browsers"`` also what no browser sent,
        ``"ignore"`` nothing.
    `reads`
        ``"ignore"`` refuses nothing. ``"enforce"`` refuses CORS requests of origins that the policy
        does not allow, ``"isolate"`` all that pages of other sites load, other than by navigating.
    `mode`
        ``"enforce"``, or ``"report"``: nothing is refused, only reported.

    Raise `GuardError`, a `PolicyError`, with all problems, and TypeError for a `policy` of another
    type or an unknown argument. A guard is immutable, hashable and picklable, and can be shared
    between threads and event loops.

    >>> guard = CrossOriginGuard(CorsPolicy(allow_origins=["https://app.example.com"]))
    >>> guard.judge("POST", "/", origin="https://app.example.com").reason.name
    'LISTED_ORIGIN'
    >>> guard.judge("POST", "/", origin="https://evil.example").allowed
    False
    """

    __slots__ = (
        "__weakref__",
        "_exact",
        "_exempt_below",
        "_judges_common_writes",
        "_other_rules",
        "_read_rules",
        "_websocket_rules",
        "_write_rules",
        "dialect",
        "exempt",
        "host_set",
        "hosts",
        "mode",
        "own_origins",
        "policy",
        "reads",
        "skipped_methods",
        "websockets",
        "writes",
    )

    policy: Policies
    hosts: tuple[str, ...] | None
    own_origins: tuple[str, ...]
    exempt: tuple[str, ...]
    writes: Writes
    websockets: Writes
    reads: Reads
    mode: Mode
    dialect: Dialect
    """How the arguments are written, for hints."""
    host_set: HostSet
    """`hosts`, compiled."""
    skipped_methods: frozenset[str]
    """Methods of which no request has to be judged, for adapters; not for handshakes."""
    _exact: frozenset[str]
    _exempt_below: tuple[str, ...]
    _judges_common_writes: bool
    _read_rules: tuple[Rule, ...]
    _write_rules: tuple[Rule, ...]
    _websocket_rules: tuple[Rule, ...]
    _other_rules: tuple[Rule, ...]

    def __init__(
        self,
        policy: Policies,
        *,
        hosts: Strings | None = None,
        own_origins: Strings = (),
        exempt: Strings = (),
        writes: Writes = "judge",
        websockets: Writes = "judge",
        reads: Reads = "ignore",
        mode: Mode = "enforce",
    ) -> None: ...

    if not TYPE_CHECKING:
        # The signature above is for readers, editors and type checkers; see `CorsPolicy`.
        _declared = __init__

        def __init__(self, policy: object = None, **arguments: object) -> None:
            reader = GuardReader(arguments)
            for name in arguments:
                if name not in reader.arguments:
                    unknown = reader.problem_of_unknown(name)
                    raise TypeError(f"{name}: {unknown.message} {unknown.hint}")
            self._build(policy, reader)

        __init__.__wrapped__ = _declared
        del _declared

    @classmethod
    def from_mapping(
        cls,
        policy: Policies,
        mapping: Mapping[str, Any],
        *,
        dialect: Dialect = PYTHON,
    ) -> Self:
        """Build a guard from a mapping of its arguments, such as a parsed file.

        Raises `GuardError` with every problem at once, including keys that are not arguments.

        >>> CrossOriginGuard.from_mapping(CorsPolicy.deny_all(), {"hosts": ["example.com"]})
        CrossOriginGuard(CorsPolicy.deny_all(), hosts=['example.com'])
        """
        if not isinstance(mapping, Mapping):
            raise TypeError(f"from_mapping() takes a mapping, not a {type(mapping).__name__}")
        guard = object.__new__(cls)
        guard._build(policy, GuardReader(mapping, dialect))
        return guard

    @classmethod
    def local(cls, policy: Policies | None = None, **arguments: Any) -> Self:
        """Return the guard for a server on the developer's machine, such as one for MCP.

        It is called by a name of the machine only (`LOCAL_HOSTS`). Its own pages and those of the
        origins that `policy` lists may read, write and connect, other pages may not. Without a
        policy no other origins are allowed. `arguments` are as for the class.

        >>> guard = CrossOriginGuard.local()
        >>> guard.judge("GET", "/", host="rebind.example").status
        421
        >>> guard.judge("GET", "/", host="localhost:8000").allowed
        True
        """
        policy = CorsPolicy.deny_all() if policy is None else policy
        return cls(policy, **{"hosts": LOCAL_HOSTS, "reads": "enforce", **arguments})

    def judge(
        self,
        method: str,
        path: str,
        *,
        host: str | bytes | None = None,
        origin: str | bytes | None = None,
        sec_fetch_site: str | bytes | None = None,
        sec_fetch_mode: str | bytes | None = None,
        sec_fetch_dest: str | bytes | None = None,
        cookie: str | bytes | None = None,
        authorization: str | bytes | None = None,
        scheme: str | None = None,
        websocket: bool = False,
    ) -> Verdict:
        """Judge one request, given its method, its decoded path and the values of its headers.

        The values are those of Host (or ``:authority``), Origin, Sec-Fetch-Site, -Mode and -Dest,
        Cookie and Authorization, or None if the request has no such header. Several lines of one
        header are joined with ``", "``. `scheme` is that of the server, if it is known (not behind
        a proxy that adds TLS); `websocket` is true for a handshake. Whatever the values are, the
        result is a `Verdict`; nothing is raised.
        """
        policy = read_policy(self.policy).policy_for(path)
        request = GuardedRequest(
            guard=self,
            method=method,
            paths=(path,),
            engine=None if policy is None else policy.engine,
            host=as_text(host),
            origin=as_text(origin),
            sec_fetch_site=as_text(sec_fetch_site),
            sec_fetch_mode=as_text(sec_fetch_mode),
            sec_fetch_dest=as_text(sec_fetch_dest),
            cookie=as_text(cookie),
            authorization=as_text(authorization),
            scheme=scheme,
            is_websocket=websocket,
        )
        return self.judge_request(request)

    def judge_request(self, request: GuardedRequest) -> Verdict:
        """Judge a request that an adapter has read: see `corekit.adapter`."""
        vary: tuple[str, ...] = ()
        if request.is_websocket:
            rules = self._websocket_rules
        elif request.method not in SAFE_METHODS:
            rules = self._write_rules
        elif request.method in READ_METHODS:
            rules, vary = self._read_rules, _VARY[self.reads]
        else:
            rules = self._other_rules
        reason = find_reason(rules, request)
        if reason.status is None and not vary:
            return _PASSED[reason]
        return Verdict(reason, request, vary=vary)

    def judge_common_write(
        self, engine: Engine | None, origin: str | None, sec_fetch_site: str | None
    ) -> Verdict | None:
        """Return the verdict on a write as most browsers send it, None if more has to be known.

        For adapters, since it is what `judge_request` returns, for a fifth of the cost. A request
        that gets a verdict here is allowed. `engine` is that of the policy for the path.
        """
        if not self._judges_common_writes:
            return None
        verdict = _BY_SITE.get(sec_fetch_site) if sec_fetch_site is not None else None
        if verdict is not None or engine is None or origin is None:
            return verdict
        # With credentials no policy allows any origin, so an origin that is allowed is listed.
        if engine.allows_credentials and origin != OPAQUE and engine.allows(origin):
            return None if sec_fetch_site is not None and "," in sec_fetch_site else _LISTED
        return None

    def is_exempt(self, path: str) -> bool:
        """Return whether `path`, decoded, is in `exempt`; an ambiguous path never is.

        >>> guard = CrossOriginGuard(CorsPolicy.deny_all(), exempt=["/saml/acs", "/webhooks/"])
        >>> guard.is_exempt("/saml/acs"), guard.is_exempt("/webhooks/a/b")
        (True, True)
        >>> guard.is_exempt("/saml/acs/"), guard.is_exempt("/webhooks/../admin")
        (False, False)
        """
        if path not in self._exact and not path.startswith(self._exempt_below):
            return False
        return is_plain_path(path)

    def _build(self, policy: object, reader: GuardReader) -> None:
        if hasattr(self, "policy"):
            # A second call of __init__ must not change the guard.
            raise AttributeError("a guard is immutable")
        if not isinstance(policy, Policies):
            raise policy_error(policy, "policy")
        settings = reader.read()
        if reader.problems:
            raise GuardError(reader.problems)
        for name, value in settings.items():
            object.__setattr__(self, name, value)
        hosts, exempt = self.hosts, self.exempt
        host_rules: tuple[Rule, ...] = () if hosts is None else HOST_RULES
        skipped: frozenset[str] = frozenset()
        if hosts is None:
            skipped = SAFE_METHODS if self.reads == "ignore" else SAFE_METHODS - READ_METHODS
        for name, value in (
            ("policy", policy),
            ("dialect", reader.dialect),
            ("host_set", HostSet(hosts or ())),
            ("skipped_methods", skipped),
            ("_judges_common_writes", hosts is None and self.writes != "ignore"),
            ("_read_rules", (*host_rules, *READ_RULES[self.reads])),
            ("_write_rules", (*host_rules, *WRITE_RULES[self.writes])),
            ("_websocket_rules", (*host_rules, *WEBSOCKET_RULES[self.websockets])),
            ("_other_rules", (*host_rules, *SAFE_RULES)),
            ("_exact", frozenset(exempt)),
            ("_exempt_below", tuple(path for path in exempt if path.endswith("/"))),
        ):
            object.__setattr__(self, name, value)

    def _changed_arguments(self) -> dict[str, Any]:
        rows = GUARD_ARGUMENTS.items()
        values = ((name, row.default, getattr(self, name)) for name, row in rows)
        return {name: value for name, default, value in values if value != default}

    def _comparable(self) -> tuple[object, ...]:
        changed = self._changed_arguments().items()
        values = (
            (name, frozenset(value) if isinstance(value, tuple) else value)
            for name, value in changed
        )
        return self.policy, frozenset(values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CrossOriginGuard):
            return NotImplemented
        return self._comparable() == other._comparable()

    def __hash__(self) -> int:
        return hash(self._comparable())

    def __repr__(self) -> str:
        values = self._changed_arguments().items()
        shown = (
            f"{name}={list(value) if isinstance(value, tuple) else value!r}"
            for name, value in values
        )
        return f"{type(self).__name__}({', '.join([repr(self.policy), *shown])})"

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self.policy, self._changed_arguments(), self.dialect)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a guard is immutable: build a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a guard is immutable")


def _restore(
    cls: type[CrossOriginGuard],
    policy: Policies,
    settings: dict[str, Any],
    dialect: Dialect,
) -> CrossOriginGuard:
    return cls.from_mapping(policy, settings, dialect=dialect)
