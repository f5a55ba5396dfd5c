"""Origins and patterns as one type: an exact origin is a pattern without a wildcard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from corekit._origins import OriginPattern, is_loopback, split_origin
from corekit.browser.urls import HTTP_SCHEMES


def read_pattern(text: str) -> OriginPattern | None:
    """Parse an origin or a pattern; return None for ``*`` and ``null``, which have no host.

    >>> read_pattern("https://*.example.com").host, read_pattern("https://example.com").label
    ('example.com', None)
    """
    pattern = OriginPattern.parse(text)
    if pattern is not None:
        return pattern
    parts = split_origin(text)
    return None if parts is None else OriginPattern(parts[0], None, parts[1], parts[2])


def is_development(origin: OriginPattern) -> bool:
    """Return whether an origin is served by a developer's own machine.

    Mobile applications have origins such as capacitor://localhost, which is not a server.

    >>> is_development(OriginPattern.parse("http://localhost:*"))
    True
    """
    return origin.scheme in HTTP_SCHEMES and is_loopback(origin.host)


def read_all(texts: Iterable[str]) -> Iterator[tuple[str, OriginPattern]]:
    """Parse every origin that has a host, and yield it together with its text."""
    for text in texts:
        pattern = read_pattern(text)
        if pattern is not None:
            yield text, pattern
