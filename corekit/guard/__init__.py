"""The guard: which requests of browsers may change something, open a WebSocket, or read.

CORS protects responses from being read. It does not stop a form, a simple `fetch()` or a WebSocket
of another site from acting as the user, since browsers send those without asking first. The guard
judges such requests by the policy's list of origins, and compares Host with the names of the
server; its rules are tables in `corekit.guard.rules`.
"""

from .arguments import GUARD_ARGUMENTS
from .events import GuardEvent, OnVerdict
from .guard import CrossOriginGuard, GuardError
from .hosts import LOCAL_HOSTS
from .rules import SAFE_METHODS, GuardedRequest, GuardReason
from .verdict import Verdict

__all__ = [
    "GUARD_ARGUMENTS",
    "LOCAL_HOSTS",
    "SAFE_METHODS",
    "CrossOriginGuard",
    "GuardError",
    "GuardEvent",
    "GuardReason",
    "GuardedRequest",
    "OnVerdict",
    "Verdict",
]
