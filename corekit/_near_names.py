"""Search for the allowed method or header name nearest to one that is not allowed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

_MAX_NAMES: Final = 500
_MAX_LENGTH: Final = 100
_CUTOFF: Final = 0.8


def find_near_method(method: str, allowed: Collection[str]) -> str | None:
    """Return the allowed method that differs from `method` in its case or by a typo, if any.

    >>> find_near_method("patch", ["GET", "PATCH"])
    'PATCH'
    """
    for each in allowed:
        if each.upper() == method.upper() and each != method:
            return each
    return find_near_name(method, allowed)


def find_near_name(name: str, allowed: Collection[str]) -> str | None:
    """Return the name in `allowed` nearest to `name`, or None if none is near.

    >>> find_near_name("x-csrf-token", ["x-csrftoken"])
    'x-csrftoken'
    """
    from difflib import get_close_matches  # noqa: PLC0415 - only where it is needed

    if len(name) > _MAX_LENGTH:
        return None
    names = [each for each in allowed if len(each) <= _MAX_LENGTH][:_MAX_NAMES]
    return next(iter(get_close_matches(name, names, cutoff=_CUTOFF)), None)
