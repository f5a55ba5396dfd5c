"""What both exporters need of a look-up."""

from __future__ import annotations

from typing import Final

from corekit_lookups import BoundedLookup

ABOUT_DURATIONS: Final = "Seconds that look-ups of origins took, by outcome."

_BOUNDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


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


def find_buckets(timeout: float) -> tuple[float, ...]:
    """Return the upper bounds of the buckets for durations: from half a millisecond to `timeout`.

    Only look-ups that timed out are above the last one.

    >>> find_buckets(0.02)
    (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02)
    """
    return (*(bound for bound in _BOUNDS if bound < timeout), float(timeout))
