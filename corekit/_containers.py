"""The containers of origins that an engine asks, and what bounds those of others."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from ._origins import ANY, MAX_ORIGIN_LENGTH, OriginSet, is_serialized_origin, split_origin


class Origins(Protocol):
    """A container of allowed origins, asked with origins as browsers serialize them.

    If it has a method `find`, that returns the rule that matched: see `OriginSet.find`.
    """

    def __contains__(self, origin: str, /) -> bool: ...


class LoadedOrigins(Protocol):
    """The origins of a `corekit.snapshots.Snapshot`: `age` is in seconds, None if not known."""

    @property
    def age(self) -> float | None: ...

    def __contains__(self, origin: str, /) -> bool: ...

    def __len__(self) -> int: ...


class AnyOrigin:
    """The set of everything that an Origin header can contain.

    The answer is the same for all of it, and repeats nothing of it, so nothing has to be parsed.

    >>> "https://example.com" in AnyOrigin(), "file://" in AnyOrigin(), "nonsense" in AnyOrigin()
    (True, True, True)
    """

    __slots__ = ()

    def __contains__(self, _origin: str) -> bool:
        return True

    def find(self, _origin: str) -> str:
        """Return the rule that matches: always ``*``."""
        return ANY


class EveryOrigin:
    """All origins with a host, if a look-up decides which are allowed."""

    __slots__ = ()

    def __contains__(self, origin: str) -> bool:
        return len(origin) <= MAX_ORIGIN_LENGTH and _is_of_website(origin)


class _BoundedOrigins:
    """Origins that an adapter matches itself, asked only for what a browser could send."""

    __slots__ = ("_is_possible", "bounded")

    def __init__(self, origins: Origins, is_possible: Callable[[str], bool]) -> None:
        self.bounded = origins
        self._is_possible = is_possible

    def __contains__(self, origin: str) -> bool:
        return self._is_possible(origin) and origin in self.bounded

    def find(self, origin: str) -> str | None:
        find = getattr(self.bounded, "find", None)
        return None if find is None or origin not in self else find(origin)


def bound_origins(origins: Origins, *, opaque: bool) -> Origins:
    """Return the origins of a container that a browser could send.

    Those without a host, such as ``null`` and ``file://``, are returned only with `opaque`.
    An `OriginSet` that has no others is returned as it is: an engine needs one look-up in it.
    """
    if type(origins) in (AnyOrigin, _BoundedOrigins):
        return origins
    is_possible = is_serialized_origin if opaque else _has_host
    if type(origins) is OriginSet:
        exact: frozenset[object] = origins.exact
        if all(isinstance(origin, str) and is_possible(origin) for origin in exact):
            return origins
    return _BoundedOrigins(origins, is_possible)


def _has_host(origin: str) -> bool:
    return split_origin(origin) is not None


# Origins that were looked up come again and again.
_is_of_website = lru_cache(1024)(_has_host)
