"""What covers a request: a policy of the settings or of a view, and what the signal may add."""

from __future__ import annotations

from typing import Final, NamedTuple

from corekit import CorsPolicy
from corekit.adapter import Engine, deny_with_hint
from corekit.lookups import Outcome

_OUTSIDE: Final = deny_with_hint("CORS_URLS_REGEX does not match the path: extend it.")


class _EveryOrigin:
    """The origins that a receiver of the signal may allow: all about which an engine asks."""

    def __contains__(self, origin: str) -> bool:
        return True


class Grant(NamedTuple):
    """What covers a request: a policy, and an engine for origins that the signal admits.

    `admitting` grants the same to any origin; None if the signal does not apply, since the policy
    allows no origins, or belongs to a view. If `is_outside` is true, the path is outside of
    CORS_URLS_REGEX, where only the signal allows origins.
    """

    policy: CorsPolicy
    admitting: Engine | None = None
    is_outside: bool = False

    @classmethod
    def make(cls, policy: CorsPolicy) -> Grant:
        """Return the grant of a policy of the settings."""
        # One with loaded rows allows some origins, and has no `deny_all()` of its class.
        is_nothing = policy.engine.denies_all and policy == type(policy).deny_all()
        if is_nothing:
            return cls(policy)
        admitting = policy.engine_for(_EveryOrigin())
        admitting.lookup = Outcome.ALLOWED.value
        return cls(policy, admitting)

    @property
    def engine(self) -> Engine:
        """The engine for origins that the signal does not admit."""
        return _OUTSIDE.engine if self.is_outside else self.policy.engine

    @property
    def uncached(self) -> Grant:
        """The same grant, with preflight responses that browsers do not cache."""
        admitting = None if self.admitting is None else self.admitting.uncached
        return Grant(self.policy.uncached, admitting, self.is_outside)
