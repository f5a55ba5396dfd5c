"""`LivePolicy`: a policy that can be replaced while an application serves.

Adapters read the holder once for each request, and use what they read for all of it: the
preflight, the headers, the log and the guard. So no request waits, and none gets the headers of two
policies.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Literal,
    NamedTuple,
    Never,
    get_args,
)

from ._reporting import INFO, WARNING, find_logger
from ._shadowing import add_shadow, check_comparing
from .diagnostics import show
from .locks import fork_safe_lock
from .policy import CorsPolicy
from .routes import CorsRoutes

if TYPE_CHECKING:
    from .diff import Comparison
    from .shadow import OnDifference, Shadow

__all__ = ["LivePolicy", "WideningError"]

OnWiden = Literal["allow", "warn", "refuse"]

Extension = Callable[[CorsPolicy | CorsRoutes], CorsPolicy | CorsRoutes]
"""Adds origins to a policy, or to one of several routes."""

_ON_WIDEN: Final[tuple[str, ...]] = get_args(OnWiden)


class WideningError(Exception):
    """A policy was not replaced, since the new one allows more; `comparison` says what."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self.comparison = comparison

    def __str__(self) -> str:
        return (
            "The new policy allows more than the current one, which stays. Restart the server to"
            f" use it, or pass on_widen='warn'.\n{self.comparison}"
        )


def _always() -> bool:
    return True


class PolicySource:
    """What an adapter reads the policy of a request from, as its attribute `current`.

    That of a `LivePolicy` changes. With a candidate it is a copy that is equal to its `policy`.
    `is_shared` is whether several layers of an application read it: see `share_reads()`.
    """

    __slots__ = ("current", "is_shared")

    def __init__(self, policy: CorsPolicy | CorsRoutes) -> None:
        self.current = policy
        self.is_shared = False


class _Held(NamedTuple):
    """What a `LivePolicy` has, all of which is replaced at once.

    `static` is its policy without the origins of a snapshot, which `extend` adds. `replacements` is
    how many calls of `replace()` there were; `generation` counts new origins, too.
    """

    policy: CorsPolicy | CorsRoutes
    static: CorsPolicy | CorsRoutes
    extend: Extension | None = None
    candidate: CorsPolicy | CorsRoutes | None = None
    shadow: Shadow | None = None
    generation: int = 0
    replacements: int = 0

    def extended(self, policies: CorsPolicy | CorsRoutes) -> CorsPolicy | CorsRoutes:
        return policies if self.extend is None else self.extend(policies)


class LivePolicy:
    """Holds the policy of an application, and replaces it while the application serves.

    `policy` is a `CorsPolicy` or a `CorsRoutes`. Pass the holder to any adapter, decorator or guard
    instead of a policy. A request is answered by the policy that it finds when it arrives, also if
    that is replaced while the application works on the response. Preflight responses that browsers
    have cached outlive a replacement, for up to `max_age`.

    `on_widen` is what happens if a new policy allows more than the current one, or if that cannot
    be determined: ``"allow"`` logs the differences by "corekit.live" at INFO, as for other
    policies, ``"warn"`` at WARNING, and with ``"refuse"`` the current policy stays.

    `candidate` is a policy that is tried: what it would decide otherwise is logged by the adapter,
    and passed to `on_difference`, a plain function of a `corekit.shadow.ShadowEvent`. It has no
    effect on a response. `sample` is the share of origins whose requests are compared: all requests
    of an origin are, or none.

    Two holders differ, also with equal policies. A copy of a holder, such as one that is pickled
    for another process, has the policies of that moment, and is not replaced together with it.

    Raise TypeError if `policy` or `candidate` is not a policy, or `on_difference` not a plain
    function, and ValueError for an unknown `on_widen`, or a `sample` that is not above 0 and at
    most 1.

    >>> live = LivePolicy(CorsPolicy(allow_origins=["https://app.example.com"]))
    >>> comparison = live.replace(CorsPolicy.deny_all())
    >>> live.policy, live.generation
    (CorsPolicy.deny_all(), 2)
    """

    __slots__ = (
        "__weakref__",
        "_changing",
        "_comparing",
        "_held",
        "_on_widen",
        "_replacing",
        "_source",
    )

    def __init__(
        self,
        policy: CorsPolicy | CorsRoutes,
        *,
        on_widen: OnWiden = "warn",
        candidate: CorsPolicy | CorsRoutes | None = None,
        on_difference: OnDifference | None = None,
        sample: float = 1.0,
    ) -> None:
        # Not when it is needed: a signal handler may need it in the middle of the import.
        from . import diff  # noqa: F401, PLC0415 - keeps importing corekit fast

        _check(policy, "policy")
        if on_widen not in _ON_WIDEN:
            raise ValueError(
                f"on_widen is {show(on_widen)}. Pass one of {', '.join(map(repr, _ON_WIDEN))}."
            )
        self._on_widen: OnWiden = on_widen
        check_comparing(on_difference, sample)
        self._comparing = on_difference, sample
        self._replacing, self._changing = fork_safe_lock(), fork_safe_lock()
        self._held = _Held(policy, policy)
        self._source = PolicySource(policy)
        self._change(candidate=candidate, shadow=self._make_shadow(candidate))

    @property
    def policy(self) -> CorsPolicy | CorsRoutes:
        """The policy that answers the next request."""
        return self._held.policy

    @policy.setter
    def policy(self, _: Never) -> None:
        raise AttributeError("policy cannot be assigned. Call live.replace(policy) instead.")

    @property
    def on_widen(self) -> OnWiden:
        """What happens if a new policy allows more; it cannot be assigned."""
        return self._on_widen

    @property
    def candidate(self) -> CorsPolicy | CorsRoutes | None:
        """The policy that is compared with the one in force; None for none. It can be assigned."""
        return self._held.candidate

    @candidate.setter
    def candidate(self, candidate: CorsPolicy | CorsRoutes | None) -> None:
        shadow = self._make_shadow(candidate)
        self._change(counts=False, candidate=candidate, shadow=shadow)

    @property
    def generation(self) -> int:
        """How many policies this has had: 1 at first, and one more after each replacement.

        A load of `refresh()` with other rows counts too.
        """
        return self._held.generation

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the policy: see `CorsPolicy.fingerprint`."""
        return self.policy.fingerprint

    def replace(self, policy: CorsPolicy | CorsRoutes, *, source: str | None = None) -> Comparison:
        """Replace the policy for all requests that arrive from now on, and log the differences.

        `source` is where the policy is from, such as a file, for the log.

        Return the comparison of the two. Raise TypeError if `policy` is not a policy, and
        `WideningError` if it allows more and `on_widen` is ``"refuse"``: then the current policy
        stays. Can be called from any thread; concurrent calls wait for each other. If a signal
        handler calls it in the middle of another call, the policy of the handler stays.
        The origins of a snapshot are kept, and not compared.
        """
        return self._replace(policy, source)

    def _replace(
        self,
        policy: CorsPolicy | CorsRoutes,
        source: str | None,
        is_wanted: Callable[[], bool] = _always,
    ) -> Comparison:
        _check(policy, "policy")
        # Other threads do not change what is compared. A signal handler in this one may.
        with self._replacing:
            held = self._held
            static = policy if held.extend is None else _without_rows(policy)
            comparison = _compare(held.static, static)
            if comparison.widens and self.on_widen == "refuse":
                raise WideningError(comparison)
            changed = self._change(
                lambda: is_wanted() and self._held.replacements == held.replacements,
                static=static,
                replacements=held.replacements + 1,
            )
        # A handler of the log may use this object, so the lock is free.
        if changed is not None:
            self._log(*changed, comparison, source)
        return comparison

    def _change(
        self, is_wanted: Callable[[], bool] = _always, *, counts: bool = True, **changes: Any
    ) -> tuple[_Held, _Held] | None:
        """Change a part of what is held, if it is still wanted; return all of it, before and after.

        What takes time, or may fail, is done before anything is replaced, without a lock. It is
        done again if another thread, or a signal handler, was faster.
        """
        while True:
            old = self._held
            new = old._replace(generation=old.generation + counts, **changes)
            shadow = new.shadow
            candidate = None if new.candidate is None else new.extended(new.candidate)
            policy = current = new.extended(new.static)
            if shadow is not None:
                current = new.extended(add_shadow(new.static, shadow))
            self._name(policy)
            self._name(current)
            new = new._replace(policy=policy)
            with self._changing:
                if not is_wanted():
                    return None
                # Signal handlers run after calls, and nothing is called from here on.
                if self._held is not old:
                    continue
                if shadow is not None and candidate is not None:
                    shadow.candidate = candidate
                self._source.current, self._held = current, new
            return old, new

    def _name(self, policies: CorsPolicy | CorsRoutes) -> None:
        """Compute the fingerprint of each policy, and have log lines name it."""
        routes = policies.routes if isinstance(policies, CorsRoutes) else [("", policies)]
        for path, each in routes:
            source = each.engine.source
            source.live = source.fingerprint and (id(self), path)

    def _make_shadow(self, candidate: CorsPolicy | CorsRoutes | None) -> Shadow | None:
        if candidate is None:
            return None
        from .shadow import Shadow  # noqa: PLC0415 - keeps importing corekit fast

        _check(candidate, "candidate")
        on_difference, sample = self._comparing
        return Shadow(candidate, on_difference=on_difference, sample=sample)

    def _log(
        self,
        old: _Held,
        new: _Held,
        comparison: Comparison,
        source: str | None,
    ) -> None:
        level = WARNING if comparison.widens and self.on_widen == "warn" else INFO
        with suppress(Exception):  # a handler or a filter of the log may fail
            find_logger("corekit.live").log(
                level,
                "CORS: policy %s%s replaced %s (generation %d).\n%s",
                new.policy.fingerprint,
                "" if source is None else f" of {show(source)}",
                old.policy.fingerprint,
                new.generation,
                comparison,
            )

    def __repr__(self) -> str:
        held = self._held
        candidate = "" if held.candidate is None else f", candidate={held.candidate!r}"
        return f"{type(self).__name__}({held.policy!r}{candidate})"

    def __reduce__(self) -> tuple[object, ...]:
        on_difference, sample = self._comparing
        held = self._held
        kept: dict[str, Any] = {
            "on_widen": self.on_widen,
            "candidate": held.candidate,
            "on_difference": on_difference,
            "sample": sample,
        }
        return _restore, (type(self), held.static, held.extend, self._source.is_shared, kept)


def replace_if(
    is_wanted: Callable[[], bool],
    live: LivePolicy,
    policy: CorsPolicy | CorsRoutes,
    source: str | None = None,
) -> None:
    """Replace a policy like `live.replace()`, unless that is no longer wanted.

    `is_wanted` is called immediately before. So a thread that hangs while it is stopped does not
    replace what was set later.
    """
    live._replace(policy, source, is_wanted)


Policies = CorsPolicy | CorsRoutes | LivePolicy
"""Whatever an adapter takes as its policy."""


def policy_error(policy: object, name: str) -> TypeError:
    """Return the error for what is not a `CorsPolicy`, a `CorsRoutes` or a `LivePolicy`.

    `name` is the argument that it was passed as.

    >>> policy_error(CorsPolicy, "policy")
    TypeError('policy is the class CorsPolicy. Pass an instance.')
    """
    if isinstance(policy, type):
        return TypeError(f"{name} is the class {policy.__name__}. Pass an instance.")
    return TypeError(
        f"{name} is of type {type(policy).__name__}: {show(policy)}. Pass a CorsPolicy, a"
        " CorsRoutes or a LivePolicy."
    )


def _check(policy: object, name: str) -> None:
    if isinstance(policy, LivePolicy):
        raise TypeError(f"{name} is of type LivePolicy. Pass what it holds: live.policy.")
    if isinstance(policy, type):
        raise policy_error(policy, name)
    if not isinstance(policy, CorsPolicy | CorsRoutes):
        raise TypeError(
            f"{name} is of type {type(policy).__name__}: {show(policy)}. Pass a CorsPolicy or a"
            " CorsRoutes."
        )


def _compare(old: CorsPolicy | CorsRoutes, new: CorsPolicy | CorsRoutes) -> Comparison:
    from .diff import compare  # noqa: PLC0415 - keeps importing corekit fast

    return compare(old, new)


def _without_rows(policies: CorsPolicy | CorsRoutes) -> CorsPolicy | CorsRoutes:
    """Return policies without the rows of a snapshot; see `corekit.extended`."""
    if isinstance(policies, CorsPolicy):
        return getattr(policies, "static", policies)
    return CorsRoutes((path, getattr(each, "static", each)) for path, each in policies.routes)


def _restore(
    cls: type[LivePolicy],
    policy: CorsPolicy | CorsRoutes,
    extend: Extension | None,
    is_shared: bool,
    kept: dict[str, Any],
) -> LivePolicy:
    live = cls(policy, **kept)
    live._source.is_shared = is_shared
    if extend is not None:
        live._change(counts=False, extend=extend)
    return live
