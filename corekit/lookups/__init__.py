"""Origins that are looked up at run time: what is remembered, and who asks when.

A table of tenants changes while the server runs. `LookupState` decides for each request whether the
look-up must be asked, whether another request is asking it already, and what may be used instead:
a state machine without a clock, threads or I/O. `corekit_lookups.OriginLookup` runs it, for threads
and for asyncio.
"""

from .expiring import ExpiringKeys, Key
from .granting import LOOKUP_RISKS, find_granting
from .outcomes import LookupResultError, Outcome
from .requests import LookupRequest
from .state import BACK_OFF, MAX_TENANT_LENGTH, Ask, Flight, LookupState, Wait

__all__ = [
    "BACK_OFF",
    "LOOKUP_RISKS",
    "MAX_TENANT_LENGTH",
    "Ask",
    "ExpiringKeys",
    "Flight",
    "Key",
    "LookupRequest",
    "LookupResultError",
    "LookupState",
    "Outcome",
    "Wait",
    "find_granting",
]
