"""What can differ between the decisions of a policy in force and of a candidate."""

from __future__ import annotations

from enum import Enum

__all__ = ["ShadowKind", "ShadowReason"]


class ShadowKind(Enum):
    """What a candidate would change for a request: the value is stable."""

    WOULD_DENY = "would_deny"
    WOULD_GRANT = "would_grant"
    WOULD_DIFFER = "would_differ"


class ShadowReason(Enum):
    """Why a candidate's decision differs: the name is stable, the value is a sentence for people.

    The policy in force is that of a `corekit.LivePolicy`, or the CORS layer that `observe` wraps.
    """

    ORIGIN_DENIED = "Only the policy in force allows this origin."
    PATH_NOT_COVERED = "The candidate does not cover this path."
    ORIGIN_GRANTED = "Only the candidate allows this origin."
    PREFLIGHT_GRANTED = "Browsers accept only the candidate's response to this preflight."
    CREDENTIALS_DENIED = "Only the policy in force allows credentials."
    CREDENTIALS_GRANTED = "Only the candidate allows credentials."
    METHOD_DENIED = "Only the policy in force allows the requested method."
    METHOD_GRANTED = "Only the candidate allows the requested method."
    HEADERS_DENIED = "Only the policy in force allows all requested headers."
    HEADERS_GRANTED = "Only the candidate allows all requested headers."
    READING_DENIED = "Only the policy in force lets pages read these response headers."
    READING_GRANTED = "Only the candidate lets pages read these response headers."
