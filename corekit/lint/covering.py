"""Which origins and patterns of a list are redundant because another pattern covers them.

A pattern covers another if it matches every origin that the other matches. The cost hardly depends
on the number of patterns: the candidates that could cover an origin are found by their spelling.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from corekit._origins import ANY, OriginPattern

from .patterns import read_all

_Site = tuple[str, str]
_Spelling = tuple[str, str, str | None, str]


def find_covered(origins: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each origin or pattern that another one covers, together with that other one.

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
    """Return whether `pattern` matches everything that `other` matches.

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


def _fits(partial: str, label: str) -> bool:
    # A wildcard matches at least one character. If `label` has a wildcard too, it lies within
    # the other one, since the text before and after a wildcard has no second one.
    before, _, after = partial.partition(ANY)
    return (
        len(label) > len(before) + len(after) and label.startswith(before) and label.endswith(after)
    )


class _Index:
    """Patterns by their spelling, to look up those that could cover another.

    The number of look-ups depends on the forms of the partial-label wildcards of one host. A form
    is the number of characters before the wildcard and after it.
    """

    def __init__(self, patterns: Iterable[OriginPattern]) -> None:
        self._patterns: dict[_Spelling, OriginPattern] = {}
        self._forms: dict[_Site, set[tuple[int, int]]] = {}
        for each in patterns:
            self._patterns[each.scheme, each.host, each.label, each.port] = each
            if each.label not in (None, ANY):
                before, _, after = each.label.partition(ANY)
                forms = self._forms.setdefault((each.scheme, each.host), set())
                forms.add((len(before), len(after)))

    def candidates(self, other: OriginPattern) -> Iterator[OriginPattern]:
        """Yield every pattern that could cover `other`, which may be among them."""
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
        for before, after in self._forms.get((other.scheme, host), ()):
            if len(label) > before + after:
                yield host, f"{label[:before]}{ANY}{label[len(label) - after :]}"
