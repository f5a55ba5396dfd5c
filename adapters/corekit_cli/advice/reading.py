"""Origins and patterns as one sort of value: an exact origin is a pattern without a wildcard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from corekit._origins import OriginPattern, is_loopback, split_origin
from corekit.browser.urls import HTTP_SCHEMES

__all__ = ["is_development", "read_all", "read_pattern"]


def read_pattern(text: str) -> OriginPattern | None:
    """Read an origin or a pattern; None for ``*`` and ``null``, which have no host.

    >>> read_pattern("https://*.example.com").host, read_pattern("https://example.com").label
    ('example.com', None)
    """
    pattern = OriginPattern.parse(text)
    if pattern is not None:
        return pattern
    parts = split_origin(text)
    return None if parts is None else OriginPattern(parts[0], None, parts[1], parts[2])


def is_development(origin: OriginPattern) -> bool:
    """Say whether pages of an origin are served by a developer's own machine.

    Applications for phones have origins such as capacitor://localhost, which is no server.

    >>> is_development(OriginPattern.parse("http://localhost:*"))
    True
    """
    return origin.scheme in HTTP_SCHEMES and is_loopback(origin.host)


def read_all(texts: Iterable[str]) -> Iterator[tuple[str, OriginPattern]]:
    """Read all that have a host, each with its text."""
    for text in texts:
        pattern = read_pattern(text)
        if pattern is not None:
            yield text, pattern
