"""What both exporters check of a look-up."""

from __future__ import annotations

from corekit_lookups import BoundedLookup


def check_counted(lookup: object) -> None:
    """Raise TypeError unless `lookup` is an `OriginLookup` or another one that counts its outcomes.

    >>> check_counted(None)
    Traceback (most recent call last):
        ...
    TypeError: lookup is of type NoneType. Pass a corekit_lookups.OriginLookup.
    """
    if not isinstance(lookup, BoundedLookup):
        kind = type(lookup).__name__
        raise TypeError(f"lookup is of type {kind}. Pass a corekit_lookups.OriginLookup.")
