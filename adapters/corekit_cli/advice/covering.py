"""Which origins and patterns of a list say nothing, since another pattern of it covers them.

A pattern covers another where every origin that the other matches is matched by it too. How many
patterns there are hardly matters: those that could cover one are found by their own spelling.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from corekit._origins import ANY, OriginPattern

from .reading import read_all

__all__ = ["covers", "find_covered"]

_Site = tuple[str, str]
_Spelling = tuple[str, str, str | None, str]


def find_covered(origins: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give each origin or pattern that another one covers, with that other.

    `origins` are valid, as in a policy; ``*`` and ``null`` cover nothing here.

    >>> list(find_covered(["https://a.example.com", "https://*.example.com", "https://b.example"]))
    [('https://a.example.com', 'https://*.example.com')]
    """
    read = list(read_all(dict.fromkeys(origins)))
    index = _Index(each for text, each in read if ANY in text)
    for text, each in read:
        for pattern in index.candidates(each):
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


class _Index:
    """Patterns by their own spelling, so that those which could cover another are looked up.

    How many look-ups that takes depends on the shapes of the patterns of one host, a shape being
    how many characters stand before a gap and how many behind it.
    """

    def __init__(self, patterns: Iterable[OriginPattern]) -> None:
        self._patterns: dict[_Spelling, OriginPattern] = {}
        self._shapes: dict[_Site, set[tuple[int, int]]] = {}
        for each in patterns:
            self._patterns[each.scheme, each.host, each.label, each.port] = each
            if each.label not in (None, ANY):
                before, _, after = each.label.partition(ANY)
                shapes = self._shapes.setdefault((each.scheme, each.host), set())
                shapes.add((len(before), len(after)))

    def candidates(self, other: OriginPattern) -> Iterator[OriginPattern]:
        """Give every pattern that could cover another, itself perhaps among them."""
        for host, label in self._spellings(other):
            for port in {other.port, ANY}:
                pattern = self._patterns.get((other.scheme, host, label, port))
                if pattern is not None:
                    yield pattern

    def _spellings(self, other: OriginPattern) -> Iterator[tuple[str, str | None]]:
        yield other.host, None
        host = other.host
        while host:
            yield host, ANY
            host = host.partition(".")[2]
        label, host = other.label, other.host
        if label is None:
            label, _, host = host.partition(".")
        for before, after in self._shapes.get((other.scheme, host), ()):
            if len(label) > before + after:
                yield host, f"{label[:before]}{ANY}{label[len(label) - after :]}"
