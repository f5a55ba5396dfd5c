"""Origins that are looked up at run time: what is remembered, and who asks when.

A table of tenants changes while the server runs. `LookupState` decides for each request whether the
look-up must be asked, whether another request is asking it already, and what may be used instead:
a state machine without a clock, threads or I/O. `corekit_lookups.OriginLookup` runs it, for threads
and for asyncio.
"""

from .asking import LOOKUP_RISKS, may_look_up
from .expiring import ExpiringKeys, Key, split_key
from .layers import (
    Lookup,
    check_is_asked,
    check_lookup,
    find_lookup,
    find_widest,
    is_lookup,
    look_up,
    look_up_async,
    name_lookup,
    recall,
    use_looked_up,
    why_not_asked,
)
from .outcomes import LookupResultError, Outcome
from .requests import LookupRequest
from .responses import is_unknown
from .state import Ask, Flight, LookupState, Wait

__all__ = [
    "LOOKUP_RISKS",
    "Ask",
    "ExpiringKeys",
    "Flight",
    "Key",
    "Lookup",
    "LookupRequest",
    "LookupResultError",
    "LookupState",
    "Outcome",
    "Wait",
    "check_is_asked",
    "check_lookup",
    "find_lookup",
    "find_widest",
    "is_lookup",
    "is_unknown",
    "look_up",
    "look_up_async",
    "may_look_up",
    "name_lookup",
    "recall",
    "split_key",
    "use_looked_up",
    "why_not_asked",
]
