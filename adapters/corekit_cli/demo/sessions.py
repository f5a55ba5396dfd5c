"""The policies that were tried in the playground: a session for each run, in memory only.

A session's token stands in the query of the calls of that run, so that the API answers them, and
their preflights, by its policy. Nobody can guess it, and each run has URLs of its own, so that no
preflight of an earlier one is reused.
"""

from __future__ import annotations

import secrets
from threading import Lock
from typing import Final

from corekit import CorsPolicy

__all__ = ["MAX_SESSIONS", "Sessions"]

MAX_SESSIONS: Final = 100
"""How many are kept; a new one takes the place of the oldest."""


class Sessions:
    """Policies by the token of their session; safe to share between threads."""

    def __init__(self) -> None:
        self._policies: dict[str, CorsPolicy] = {}
        self._lock = Lock()

    def open(self, policy: CorsPolicy) -> str:
        """Open a session for a policy; returns its token.

        >>> sessions, policy = Sessions(), CorsPolicy.deny_all()
        >>> sessions.find(sessions.open(policy)) is policy
        True
        """
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._policies[token] = policy
            if len(self._policies) > MAX_SESSIONS:
                del self._policies[next(iter(self._policies))]
        return token

    def find(self, token: str) -> CorsPolicy | None:
        """Find the policy of a session; None where there is none, or none any more."""
        return self._policies.get(token)
