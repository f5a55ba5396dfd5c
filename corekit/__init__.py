"""corekit: one policy for cross-origin resource sharing (CORS), in any Python framework.

The core is pure: it decides, for each request, which headers grant what to other origins. It does
no I/O and knows no framework; the `corekit_*` packages add it to applications.
"""

from .decision import Decision, Reason, RequestKind
from .events import DecisionEvent
from .live import LivePolicy, WideningError
from .policy import CorsPolicy
from .problems import PolicyError, PolicyWarning, Problem
from .routes import CorsRoutes

__all__ = [
    "CorsPolicy",
    "CorsRoutes",
    "Decision",
    "DecisionEvent",
    "LivePolicy",
    "PolicyError",
    "PolicyWarning",
    "Problem",
    "Reason",
    "RequestKind",
    "WideningError",
]

__version__ = "0.1.0"
