"""The allowed origins nearest to one that is not allowed, as near misses."""

from __future__ import annotations

from corekit._near_origins import NearOrigin
from corekit._near_origins import find_near_origins as search
from corekit.diagnostics import show
from corekit.policy import CorsPolicy

from .explanation import NearMiss
from .serving import find_origin_rule

__all__ = ["find_near_origins"]


def find_near_origins(policy: CorsPolicy, origin: str) -> tuple[NearMiss, ...]:
    """Return up to three allowed origins that nearly match `origin`, nearest first.

    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"])
    >>> print(*find_near_origins(policy, "http://app.example.com"))
    'https://app.example.com' is allowed: the page has http instead of https.
    """
    return tuple(
        NearMiss("origin", origin, near.nearest, _describe(policy, near))
        for near in search(policy, origin)
    )


def _describe(policy: CorsPolicy, near: NearOrigin) -> str:
    is_listed = near.nearest in policy.allow_origins
    by = "" if is_listed else f" by {find_origin_rule(policy, near.nearest)}"
    return f"{show(near.nearest)} is allowed{by}: {near.difference}."
