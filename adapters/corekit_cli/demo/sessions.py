"""The policies that users try in the playground: one session per run, in memory only.

The calls of a run carry the token of its session in their query, so the API responds to them, and
to their preflights, by the policy of the session. A token cannot be guessed, and since each run has
its own URLs, browsers do not use a preflight response of an earlier run.
"""

from __future__ import annotations

import secrets
from threading import Lock
from typing import Final

from corekit import CorsPolicy

MAX_SESSIONS: Final = 100
"""How many sessions are kept; a new one replaces the oldest."""


class Sessions:
    """Policies by the token of their session; safe to share between threads."""

    def __init__(self) -> None:
        self._policies: dict[str, CorsPolicy] = {}
        self._lock = Lock()

    def open(self, policy: CorsPolicy) -> str:
        """Open a session for a policy and return its token.

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
        """Return the policy of a session, or None if there is no such session."""
        return self._policies.get(token)
