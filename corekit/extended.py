"""Policies that a snapshot extends: its origins are allowed too, and get all that is granted."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from ._containers import Origins
from ._engine import Engine
from ._fingerprints import Source
from ._origins import ANY
from .compat import RegexCorsPolicy
from .live import Extension, LivePolicy
from .locks import fork_safe_lock
from .policy import CorsPolicy
from .routes import CorsRoutes
from .snapshots import Rules, Snapshot

__all__ = ["Extender", "extend", "extend_live", "find_policy", "static_policy"]


def extend(
    policies: CorsPolicy | CorsRoutes, snapshot: Snapshot, path: str | None = None
) -> CorsPolicy | CorsRoutes:
    """Return a policy that also allows the origins of a snapshot, or routes with one that does.

    `path` is that of the route. Rows of another snapshot are replaced. A policy that grants
    nothing, or that is for any origin, is returned as it is. If the policy has other rules than the
    rows were read by, they are read again. Raise ValueError as `find_policy()` does.

    >>> from corekit.snapshots import SnapshotReader
    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"])
    >>> reader = SnapshotReader(Rules.of(policy))
    >>> reader.read(["https://shop-1.example"])
    >>> extend(policy, reader.finish()).decide("GET", origin="https://shop-1.example").allowed
    True
    """
    policy = find_policy(policies, path)
    policy = policy.static if isinstance(policy, _Extended) else policy
    if policy.allow_origins == (ANY,) or _grants_nothing(policy):
        return policies
    given = snapshot.rules
    rules = Rules.of(policy, given.accept_risks, allow_patterns=given.allow_patterns)
    extended = _join(policy, snapshot.read_by(rules))
    if not isinstance(policies, CorsRoutes):
        return extended
    return CorsRoutes(
        [(each, extended if each == path else other) for each, other in policies.routes]
    )


def extend_live(live: LivePolicy, snapshot: Snapshot, path: str | None = None) -> None:
    """Extend the policy of a `LivePolicy` and its candidate, and those that replace them later.

    Raise ValueError as `find_policy()` does, and then also in `live.replace()`, which leaves the
    current policy.
    """
    Extender(live, path).extend(snapshot)


class Extender:
    """Extends a `LivePolicy` by one snapshot after the other, until it is closed."""

    __slots__ = ("_extension", "_live", "_lock", "_path", "is_closed")

    def __init__(self, live: LivePolicy, path: str | None = None) -> None:
        self._live = live
        self._path = path
        self._lock = fork_safe_lock()
        self._extension: Extension | None = None
        self.is_closed = False

    def extend(self, snapshot: Snapshot) -> bool:
        """Do what `extend_live()` does; after `close()` do nothing, and return False."""
        extension = partial(extend, snapshot=snapshot, path=self._path)
        with self._lock:
            if self.is_closed:
                return False
            self._live._change(extend=extension)
            self._extension = extension
            return True

    @property
    def is_in_force(self) -> bool:
        """Whether nothing else has extended the policy since the last call of `extend()`."""
        return self._live._held.extend is self._extension

    @property
    def size(self) -> int:
        """How many rows extend the policy: none if they have no effect on it."""
        policies, path = self._live.policy, self._path
        routes = policies.routes if isinstance(policies, CorsRoutes) else [(None, policies)]
        return sum(len(getattr(each, "snapshot", ())) for route, each in routes if route == path)

    def close(self) -> bool:
        """End it, after the call of `extend()` that is running; return False if it was closed."""
        with self._lock:
            was_closed, self.is_closed = self.is_closed, True
            return not was_closed


def static_policy(live: LivePolicy) -> CorsPolicy | CorsRoutes:
    """Return the policy of a `LivePolicy` without the origins of a snapshot."""
    return live._held.static


def find_policy(policies: CorsPolicy | CorsRoutes, path: str | None) -> CorsPolicy:
    """Return the policy to extend: the one of a route, or the only one, which has no path.

    What grants nothing needs no such route: then this is any of its policies. Raise ValueError if
    there is no such route, or no path.
    """
    if not isinstance(policies, CorsRoutes):
        if path is None or _grants_nothing(policies):
            return policies
        raise ValueError(
            f"refresh() extends the route {path!a}, and this is a policy without routes. Pass"
            " CorsRoutes with that route, or omit path in refresh()."
        )
    routes = dict(policies.routes)
    if path in routes:
        return routes[path]
    if all(map(_grants_nothing, routes.values())):
        return policies.routes[0][1]
    extended = "a policy without routes" if path is None else f"the route {path!a}"
    use = "a CorsPolicy" if path is None else "CorsRoutes with that route"
    raise ValueError(
        f"refresh() extends {extended}, and the routes are {', '.join(map(repr, routes))}. Pass"
        f" {use}, or one of these paths to refresh()."
    )


def _grants_nothing(policy: CorsPolicy) -> bool:
    return policy == type(policy).deny_all()


class _Extended:
    """A policy with the origins of a snapshot.

    `allow_origins` has all of them; it is made when it is read, which takes long for many. Other
    arguments are those of the policy without them, which `replace()` changes.
    """

    __slots__ = ()

    static: CorsPolicy
    snapshot: Snapshot
    engine: Engine

    @property
    def allow_origins(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.static.allow_origins, *self.snapshot)))

    @property
    def uncached(self) -> CorsPolicy:
        if self.static.max_age == 0:
            return cast("CorsPolicy", self)
        return _join(self.static.uncached, self.snapshot, self.engine.uncached)

    def _with_engine(self, engine: Engine) -> CorsPolicy:
        return _join(self.static, self.snapshot, engine)

    def engine_for(self, origins: Origins) -> Engine:
        return self.static.engine_for(origins)

    def replace(self, **changes: Any) -> CorsPolicy:
        return cast("CorsPolicy", extend(self.static.replace(**changes), self.snapshot))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Extended):
            return NotImplemented
        return (self.static, self.snapshot) == (other.static, other.snapshot)

    def __hash__(self) -> int:
        return hash((self.static, self.snapshot))

    def __repr__(self) -> str:
        return f"<{self.static!r} with {self.snapshot.size} rows>"

    def __reduce__(self) -> tuple[object, ...]:
        return _join, (self.static, self.snapshot)


class _ExtendedPolicy(_Extended, CorsPolicy):  # type: ignore[misc, override]
    __slots__ = ("snapshot", "static")


class _ExtendedRegexPolicy(_Extended, RegexCorsPolicy):  # type: ignore[misc, override]
    __slots__ = ("snapshot", "static")


def _join(policy: CorsPolicy, snapshot: Snapshot, engine: Engine | None = None) -> CorsPolicy:
    """Return the policy with these origins; `engine` is that of an extended one, if there is."""
    has_regexes = isinstance(policy, RegexCorsPolicy)
    cls: type[CorsPolicy] = _ExtendedRegexPolicy if has_regexes else _ExtendedPolicy
    extended = object.__new__(cls)
    if engine is None:
        engine = policy.engine.copy()
        engine.others = snapshot.joined_with(engine.others)
        parts = {"policy": policy.fingerprint, "rows": f"{snapshot.size} {snapshot.digest}"}
        engine.source = Source(cls, parts)
    names = (name for name in policy._reader.arguments if name != "allow_origins")
    values = {name: getattr(policy, name) for name in (*names, "warnings")}
    values |= {"engine": engine, "static": policy, "snapshot": snapshot}
    for name, value in values.items():
        object.__setattr__(extended, name, value)
    return extended
