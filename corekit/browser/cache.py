"""The preflight cache: https://fetch.spec.whatwg.org/#cors-preflight-cache

It keeps what preflight responses allowed, by origin and URL: an entry for each method and header
name until it expires. The caller passes the clock, and `checks` decides what is cached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Final

from corekit._names import SAFELISTED_METHODS
from corekit._origins import ANY

from .fields import NON_WILDCARD_HEADER
from .quirks import STANDARD, Quirks

_RESPONSE: Final = "response"
_METHOD: Final = "method"
_HEADER: Final = "header"

_Place = tuple[str, str, bool]
"""What an entry allows: its kind, its name, and whether the request had credentials."""


@dataclass(slots=True)
class _Entry:
    number: int
    expires: float


class PreflightCache:
    """What preflight responses allowed, until it expires.

    `clock` is any callable that returns seconds and never goes back, such as ``time.monotonic``.

    >>> now = 0.0
    >>> cache = PreflightCache(clock=lambda: now)
    >>> key = ("https://app.example.com", "https://api.example.com/items")
    >>> cache.store(key, methods=["PUT"], names=[], max_age=5, include=False)
    >>> cache.covers_method(key, "PUT", include=False)
    True
    >>> now = 5.0
    >>> cache.covers_method(key, "PUT", include=False)
    False
    """

    def __init__(self, *, clock: Callable[[], float], quirks: Quirks = STANDARD) -> None:
        self._clock = clock
        self._quirks = quirks
        self._entries: dict[tuple[str, str], dict[_Place, _Entry]] = {}
        self._numbers = count()

    def covers_method(self, key: tuple[str, str], method: str, *, include: bool) -> bool:
        """Return whether `method` needs no new preflight; `key` is the origin and the URL."""
        by_name_only = method == "HEAD" and self._quirks.head_is_cached_by_name_only
        any_response = self._quirks.any_response_covers_safelisted_methods and not by_name_only
        if any_response and method in SAFELISTED_METHODS:
            return self._find(key, _RESPONSE, "", include=include) is not None
        return self._find(key, _METHOD, method, include=include) is not None

    def covers_header(self, key: tuple[str, str], name: str, *, include: bool) -> bool:
        """Return whether the header `name` (lower case) needs no new preflight."""
        return self._find(key, _HEADER, name, include=include) is not None

    def store(
        self,
        key: tuple[str, str],
        *,
        methods: Iterable[str],
        names: Iterable[str],
        max_age: int,
        include: bool,
    ) -> None:
        """Cache what a response allows for `max_age` seconds, at most the engine's limit."""
        if self._quirks.max_age_cap is not None:
            max_age = min(max_age, self._quirks.max_age_cap)
        expires = self._clock() + max_age
        if self._quirks.one_response_per_url:
            self._entries.pop(key, None)
        entries = self._entries.setdefault(key, {})
        allowed = [(_RESPONSE, ""), *((_METHOD, method) for method in methods)]
        allowed += [(_HEADER, name.lower()) for name in names]
        for kind, name in allowed:
            entry = self._find(key, kind, name, include=include)
            if entry is None:
                entries[kind, name, include] = _Entry(next(self._numbers), expires)
            else:
                entry.expires = expires

    def clear(self, key: tuple[str, str]) -> None:
        """Remove an origin's entries for a URL: https://fetch.spec.whatwg.org/#concept-cache-clear"""
        self._entries.pop(key, None)

    def _find(self, key: tuple[str, str], kind: str, name: str, *, include: bool) -> _Entry | None:
        # A lookup, not a search: a response may list thousands of names.
        now, entries = self._clock(), self._entries.get(key, {})
        usable = (include,) if include or self._quirks.credentials_apart else (False, True)
        covering = []
        for place in [(kind, each, apart) for each in {name, ANY} for apart in usable]:
            entry = entries.get(place)
            if entry is not None and entry.expires <= now:
                del entries[place]
            elif entry is not None and self._covers(place, name, include=include):
                covering.append(entry)
        return min(covering, key=lambda entry: entry.number, default=None)

    def _covers(self, place: _Place, name: str, *, include: bool) -> bool:
        _, listed, credentials = place
        if listed == name:
            return True
        if self._quirks.wildcard_is_not_cached:
            return False
        if not self._quirks.cached_wildcard_depends_on_request:
            include = credentials
        if include and not self._quirks.wildcard_is_cached_with_credentials:
            return False
        return name != NON_WILDCARD_HEADER or self._quirks.authorization_under_cached_wildcard
