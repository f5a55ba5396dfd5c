"""How rows are loaded for a policy: by which rules they are read, and how old they are."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from .policy import CorsPolicy
from .problems import RISKS

__all__ = ["Loads", "Rules"]


class Rules(NamedTuple):
    """What decides whether a row is valid."""

    credentials: bool
    accepted: frozenset[str]
    """The risks that are accepted, by the policy or for rows."""
    accept_risks: frozenset[str]
    """The risks that are accepted for rows."""
    allow_patterns: bool

    @classmethod
    def of(
        cls, policy: CorsPolicy, accept_risks: Collection[str] = (), *, allow_patterns: bool = False
    ) -> Rules:
        """Return the rules for rows that extend a policy.

        Raise ValueError if `accept_risks` has something else than codes of risks.
        """
        for risk in accept_risks:
            if risk not in RISKS:
                known = ", ".join(map(repr, sorted(RISKS)))
                raise ValueError(f"accept_risks has {risk!a}. Pass some of {known}.")
        own = frozenset(accept_risks)
        accepted = own.union(policy.accept_risks)
        return cls(policy.allow_credentials, accepted, own, allow_patterns)


class Loads:
    """When a function loaded rows that are used, by a clock that returns seconds.

    All snapshots of one function share it: a load with equal rows makes those in use younger.

    >>> times = iter([10, 22])
    >>> loads = Loads(lambda: next(times))
    >>> loads.age is None
    True
    >>> loads.note()
    >>> loads.age
    12
    """

    __slots__ = ("_clock", "_last")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock: Final = clock
        self._last: float | None = None

    def note(self) -> None:
        """Note that rows were loaded now."""
        self._last = self._clock()

    @property
    def age(self) -> float | None:
        """The seconds since the last load that was used; None if there was none."""
        return None if self._last is None else self._clock() - self._last
