"""What both exporters need of the rows that are in use."""

from __future__ import annotations

from typing import Final, Protocol

ABOUT_AGE: Final = "Seconds since origins were loaded, by the last load that was used."
ABOUT_ROWS: Final = "Origins that were loaded and extend the CORS policy."


class Refresher(Protocol):
    """The part of what `corekit_config.refresh()` returns that is exported."""

    @property
    def age(self) -> float | None: ...

    @property
    def size(self) -> int: ...


def check_refresher(refresher: object) -> None:
    """Raise TypeError unless `refresher` has an age and a size.

    >>> check_refresher(None)
    Traceback (most recent call last):
        ...
    TypeError: refresher is of type NoneType. Pass what corekit_config.refresh() returned.
    """
    if isinstance(refresher, type) or not (
        hasattr(refresher, "age") and hasattr(refresher, "size")
    ):
        kind = type(refresher).__name__
        raise TypeError(
            f"refresher is of type {kind}. Pass what corekit_config.refresh() returned."
        )
