"""Which origins and patterns of a list are redundant because another pattern covers them.

A pattern covers another if it matches every origin that the other matches. The cost hardly depends
on the number of patterns: those that could cover an origin are spelled out and looked up. Here, an
exact origin is a pattern without a wildcard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from corekit._origins import ANY, OriginPattern, open_hosts, split_origin

_Forms = Mapping[tuple[str, str], set[tuple[int, int]]]
"""By scheme and host, how many characters partial-label wildcards have before and after them."""


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


def read_all(texts: Iterable[str]) -> Iterator[tuple[str, OriginPattern]]:
    """Parse every origin that has a host, and yield it together with its text."""
    for text in texts:
        pattern = read_pattern(text)
        if pattern is not None:
            yield text, pattern


def find_covered(origins: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each origin or pattern that another one covers, together with that other one.

    `origins` are valid, as in a policy; ``*`` and ``null`` cover nothing here.

    >>> list(find_covered(["https://a.example.com", "https://*.example.com", "https://b.example"]))
    [('https://a.example.com', 'https://*.example.com')]
    """
    read = list(read_all(dict.fromkeys(origins)))
    patterns = {each for text, each in read if ANY in text}
    forms: dict[tuple[str, str], set[tuple[int, int]]] = {}
    for each in patterns:
        if each.label not in (None, ANY):
            before, _, after = each.label.partition(ANY)
            forms.setdefault((each.scheme, each.host), set()).add((len(before), len(after)))
    for text, each in read:
        for pattern in _spell_covering(each, forms):
            if pattern in patterns and pattern != each:
                yield text, str(pattern)
                break


def _spell_covering(other: OriginPattern, forms: _Forms) -> Iterator[OriginPattern]:
    """Yield every pattern that would cover `other`, which may be among them."""
    scheme, label, host = other.scheme, other.label, other.host
    spellings: list[tuple[str | None, str]] = []
    spellings += ((None, each) for each in open_hosts(scheme, host))
    if label is None:
        spellings.append((None, host))
        label, _, host = host.partition(".")
    parent = host
    while parent:
        spellings.append((ANY, parent))
        parent = parent.partition(".")[2]
    # A wildcard matches at least one character. If `label` has a wildcard too, it lies within
    # the other one, since the text before and after a wildcard has no second one.
    for before, after in forms.get((scheme, host), ()):
        if len(label) > before + after:
            spellings.append((f"{label[:before]}{ANY}{label[len(label) - after :]}", host))
    for covering, below in spellings:
        for port in (other.port, ANY):
            yield OriginPattern(scheme, covering, below, port)
