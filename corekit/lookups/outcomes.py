"""What came of looking up an origin: a verdict, and the label under which it is counted."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Self

from corekit.diagnostics import show


class Outcome(StrEnum):
    """What came of one request for an origin; the label ``outcome`` of ``cors_lookups_total``.

    `allowed` is None if it is not known whether the origin is allowed. Then it is not allowed, but
    the response must not be stored: the next one may differ.

    >>> Outcome.CACHED_ALLOWED.allowed, Outcome.DENIED.allowed, Outcome.TIMED_OUT.allowed
    (True, False, None)
    """

    allowed: bool | None

    def __new__(cls, label: str, allowed: bool | None) -> Self:
        """Create a row of the table below."""
        outcome = str.__new__(cls, label)
        outcome._value_ = label
        outcome.allowed = allowed
        return outcome

    ALLOWED = "allowed", True
    """The look-up returned True."""
    DENIED = "denied", False
    """The look-up returned False."""
    CACHED_ALLOWED = "cached_allowed", True
    """Not asked: it returned True a short time ago."""
    CACHED_DENIED = "cached_denied", False
    """Not asked: it returned False a short time ago."""
    STALE_ALLOWED = "stale_allowed", True
    """Not asked, or in vain: it returned True before, and ``stale_if_error`` is not over."""
    REJECTED = "rejected", False
    """Not asked: the origin is not that of a page, or the tenant is too long."""
    FAILED = "failed", None
    """The look-up raised an exception, or returned something else."""
    TIMED_OUT = "timed_out", None
    """The look-up took too long."""
    BACKED_OFF = "backed_off", None
    """Not asked: it failed a moment ago, or has timed out and still runs."""
    OVERLOADED = "overloaded", None
    """Not asked: too many look-ups are running."""
    JOINED = "joined", None
    """Waited for the look-up of another request, whose outcome it got: a label only."""


_SHOWN: Final = (str, bytes, int, float, type(None))


class LookupResultError(TypeError):
    """A look-up returned something other than True or False.

    Of an object, only the type is named: this is created while other requests wait, and what shows
    a QuerySet asks the database.

    >>> print(LookupResultError("https://app.example.com", 1))
    The look-up of 'https://app.example.com' returned 1, of type int. Return True or False.
    >>> print(LookupResultError("https://app.example.com", []))
    The look-up of 'https://app.example.com' returned an object of type list. Return True or False.
    """

    def __init__(self, origin: str, result: object) -> None:
        cls = type(result)
        use = "Return True or False."
        if hasattr(cls, "__await__"):
            use = "Pass the async function itself, not a function that calls it."
        what = f"{show(result)}, of type" if cls in _SHOWN else "an object of type"
        super().__init__(f"The look-up of {show(origin)} returned {what} {cls.__name__}. {use}")
