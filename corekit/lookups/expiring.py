"""A bounded set of keys that expire: the caches of a look-up, and its back-off."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

Key = tuple[str | None, str]
"""A tenant, None if there are none, and an origin."""


class ExpiringKeys:
    """A set of keys, each of which is fresh for `ttl` seconds after it was added.

    It holds at most `size` keys: one more replaces the least recently used one. All methods take
    constant time, except that `drop_origin` takes longer for an origin of many tenants.

    >>> keys = ExpiringKeys(ttl=60, size=2)
    >>> keys.add((None, "https://a.example"), now=0)
    >>> keys.is_fresh((None, "https://a.example"), now=59)
    True
    >>> keys.is_fresh((None, "https://a.example"), now=60)
    False
    """

    __slots__ = ("_expiries", "_of_origin", "_size", "_ttl")

    def __init__(self, *, ttl: float, size: int) -> None:
        self._ttl: Final = ttl
        self._size: Final = size
        self._expiries: Final[OrderedDict[Key, float]] = OrderedDict()
        self._of_origin: Final[dict[str, set[Key]]] = {}

    def __len__(self) -> int:
        return len(self._expiries)

    def is_fresh(self, key: Key, now: float) -> bool:
        """Return whether a key was added, and has not expired; if so, it was used now."""
        expiry = self._expiries.get(key)
        if expiry is None or now >= expiry:
            return False
        self._expiries.move_to_end(key)
        return True

    def add(self, key: Key, now: float) -> None:
        """Add a key, or let it expire later."""
        self._expiries[key] = now + self._ttl
        self._expiries.move_to_end(key)
        self._of_origin.setdefault(key[1], set()).add(key)
        if len(self._expiries) > self._size:
            self.drop(next(iter(self._expiries)))

    def drop(self, key: Key) -> None:
        """Remove a key, if it is there."""
        if self._expiries.pop(key, None) is None:
            return
        keys = self._of_origin[key[1]]
        keys.discard(key)
        if not keys:
            del self._of_origin[key[1]]

    def drop_origin(self, origin: str) -> None:
        """Remove the keys of an origin, of all tenants."""
        for key in self._of_origin.pop(origin, ()):
            del self._expiries[key]

    def clear(self) -> None:
        """Remove all keys."""
        self._expiries.clear()
        self._of_origin.clear()
