"""Allow origins that a function knows, such as those of a table of tenants.

`OriginLookup` calls the function for origins that the policy does not list, and bounds it: what it
returned is remembered, one request at a time asks for an origin, only a few ask at all, and a
failure allows nothing. The rules are in `corekit.lookups`; this package has the clock, the threads
and the tasks.
"""

from corekit.lookups import LookupRequest, LookupResultError, Outcome

from .bounded import BoundedLookup
from .lookup import AsyncLookup, OriginLookup, SyncLookup, Tenant

__all__ = [
    "AsyncLookup",
    "BoundedLookup",
    "LookupRequest",
    "LookupResultError",
    "OriginLookup",
    "Outcome",
    "SyncLookup",
    "Tenant",
]
