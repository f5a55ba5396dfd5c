"""Which origins and patterns of a list say nothing, since another pattern of it covers them.

A pattern covers another where every origin that the other matches is matched by it too. How many
patterns there are hardly matters: those that could cover one are found by the host that it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from corekit.origins import ANY, OriginPattern

from .reading import read_all

__all__ = ["covers", "find_covered"]

_Key = tuple[str, str]


def find_covered(origins: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give each origin or pattern that another one covers, with that other.

    `origins` are valid, as in a policy; ``*`` and ``null`` cover nothing here.

    >>> list(find_covered(["https://a.example.com", "https://*.example.com", "https://b.example"]))
    [('https://a.example.com', 'https://*.example.com')]
    """
    read = list(read_all(dict.fromkeys(origins)))
    patterns: dict[_Key, list[OriginPattern]] = {}
    for text, each in read:
        if ANY in text:
            patterns.setdefault((each.scheme, each.host), []).append(each)
    for text, each in read:
        for pattern in _candidates(each, patterns):
            if str(pattern) != text and covers(pattern, each):
                yield text, str(pattern)
                break


def covers(pattern: OriginPattern, other: OriginPattern) -> bool:
    """Say whether all that `other` matches is matched by `pattern` too.

    `other` may be an exact origin, read as a pattern without a wildcard.

    >>> parse = OriginPattern.parse
    >>> covers(parse("https://*.example.com"), parse("https://pr-*.example.com"))
    True
    >>> covers(parse("https://pr-*.example.com"), parse("https://*.example.com"))
    False
    """
    if pattern.scheme != other.scheme or pattern.port not in (ANY, other.port):
        return False
    if pattern.label is None:
        return other.label is None and pattern.host == other.host
    if pattern.label == ANY:
        below = other.host.endswith(f".{pattern.host}")
        return below or (other.label is not None and other.host == pattern.host)
    label, host = other.label, other.host
    if label is None:
        label, _, host = host.partition(".")
    return host == pattern.host and _fits(pattern.label, label)


def _fits(gapped: str, label: str) -> bool:
    # A gap stands for one character or more, so that a label with a gap is as long at least; and a
    # gap of its own lies within the other one, since no text before or after a gap has a wildcard.
    before, _, after = gapped.partition(ANY)
    return (
        len(label) > len(before) + len(after) and label.startswith(before) and label.endswith(after)
    )


def _candidates(
    each: OriginPattern, patterns: dict[_Key, list[OriginPattern]]
) -> Iterator[OriginPattern]:
    host = each.host
    while host:
        yield from patterns.get((each.scheme, host), ())
        host = host.partition(".")[2]
