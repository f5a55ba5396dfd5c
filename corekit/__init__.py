"""corekit: one policy for cross-origin resource sharing (CORS), whatever the framework.

The core is pure: it decides, for each request, what the server grants to pages of other origins,
and says so in headers. It opens nothing, tells only whom it is given, and knows no framework; the
`corekit_*` packages put it into applications.
"""

from ._origins import Origin, OriginPattern, OriginSet
from .decision import Answer, Decision, Reason, RequestKind
from .events import DecisionEvent
from .policy import CorsPolicy
from .problems import PolicyError, Problem
from .routes import CorsRoutes

__all__ = [
    "Answer",
    "CorsPolicy",
    "CorsRoutes",
    "Decision",
    "DecisionEvent",
    "Origin",
    "OriginPattern",
    "OriginSet",
    "PolicyError",
    "Problem",
    "Reason",
    "RequestKind",
]

__version__ = "0.1.0"
