"""A bounded set of keys that expire: the caches of a look-up, and its back-off."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

Key = str | tuple[str, str]
"""An origin, or a tenant and an origin."""

RESOLUTION: Final = 1.0
"""Seconds after a use of a key with an HTTPS origin in which another one changes nothing."""


def split_key(key: Key) -> tuple[str | None, str]:
    """Return the tenant of a key, None without one, and its origin.

    >>> split_key("https://a.example")
    (None, 'https://a.example')
    """
    return (None, key) if isinstance(key, str) else key


class _Entry:
    """A key that was added. Before `recalled_until`, it is fresh, and nothing notes its use."""

    __slots__ = ("expiry", "recalled_until")

    def __init__(self, key: Key, expiry: float, now: float) -> None:
        self.expiry = expiry
        # Whether any other origin may be looked up depends on the policy, so it is not recalled.
        is_recalled = split_key(key)[1].startswith("https://")
        self.recalled_until = min(expiry, now + RESOLUTION) if is_recalled else now


class ExpiringKeys:
    """A set of keys, each of which is fresh for `ttl` seconds after it was added.

    It holds at most `size` keys: one more replaces the least recently used one. Uses of a key
    with an HTTPS origin within a second count as one, so that most of them only read, which several
    threads may do at once. All methods take constant time, except that `drop_origin` takes longer
    for an origin of many tenants.

    >>> keys = ExpiringKeys(ttl=60, size=2)
    >>> keys.add("https://a.example", now=0)
    >>> keys.is_fresh("https://a.example", now=59)
    True
    >>> keys.is_fresh("https://a.example", now=60)
    False
    """

    __slots__ = ("_of_origin", "_size", "_ttl", "entries")

    def __init__(self, *, ttl: float, size: int) -> None:
        self._ttl: Final = ttl
        self._size: Final = size
        self.entries: Final[OrderedDict[Key, _Entry]] = OrderedDict()
        self._of_origin: Final[dict[str, set[Key]]] = {}

    def __len__(self) -> int:
        return len(self.entries)

    def is_fresh(self, key: Key, now: float) -> bool:
        """Return whether a key was added, and has not expired; if so, it was used now."""
        entry = self.entries.get(key)
        if entry is None or now >= entry.expiry:
            return False
        if now >= entry.recalled_until:
            self.entries[key] = _Entry(key, entry.expiry, now)
            self.entries.move_to_end(key)
        return True

    def add(self, key: Key, now: float) -> None:
        """Add a key, or let it expire later."""
        self.entries[key] = _Entry(key, now + self._ttl, now)
        self.entries.move_to_end(key)
        self._of_origin.setdefault(split_key(key)[1], set()).add(key)
        if len(self.entries) > self._size:
            self.drop(next(iter(self.entries)))

    def drop(self, key: Key) -> None:
        """Remove a key, if it is there."""
        if self.entries.pop(key, None) is None:
            return
        origin = split_key(key)[1]
        keys = self._of_origin[origin]
        keys.discard(key)
        if not keys:
            del self._of_origin[origin]

    def drop_origin(self, origin: str) -> None:
        """Remove the keys of an origin, of all tenants."""
        for key in self._of_origin.pop(origin, ()):
            del self.entries[key]

    def clear(self) -> None:
        """Remove all keys."""
        self.entries.clear()
        self._of_origin.clear()
