"""Shadow policies: what a candidate would change, reported before it is used.

`corekit.LivePolicy` takes a candidate; the `observe` of `corekit_asgi` and of `corekit_wsgi` wraps
an application with any CORS layer, or none. What the candidate would decide otherwise is logged,
and is a `ShadowEvent` for a function of yours. Each module has one subject:

- `kinds`: what can differ, and why;
- `comparing`: what a browser concludes from two responses;
- `events`: a difference, and its line in the log;
- `shadow`: compares requests as they come, and reports differences;
- `summary`: what the lines of a log say together.
"""

from .events import OnDifference, ShadowEvent
from .kinds import ShadowKind, ShadowReason
from .shadow import ObservedRequest, Shadow

__all__ = [
    "ObservedRequest",
    "OnDifference",
    "Shadow",
    "ShadowEvent",
    "ShadowKind",
    "ShadowReason",
]
