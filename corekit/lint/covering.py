"""Which origins, patterns and regular expressions of a policy are redundant.

One is redundant if the others match every origin that it matches. Whether a single pattern covers
it is looked up: the patterns that could cover an origin are spelled out, so the cost hardly depends
on their number. Here, an exact origin is a pattern without a wildcard.

The rest is a question about sets of origins (`corekit._origin_language`), and is only asked if the
answer may be yes: several patterns can cover one whose wildcard is a part of a label, and a regular
expression can cover anything, and be covered. The question is asked again and again, of more and
more of the others: each time, the result is an origin that they do not match yet, which is looked
up. It ends if nothing else matches that origin, or if no origin is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Final

from corekit._automata import Automaton, TooManyStates, intersection
from corekit._origin_kinds import automaton_of, pattern_source
from corekit._origin_language import OriginLanguage
from corekit._origins import ANY, OriginPattern, OriginSet, open_hosts, split_origin
from corekit._regex_syntax import Unreadable

Forms = Mapping[tuple[str, str], set[tuple[int, int]]]
"""By scheme and host, how many characters partial-label wildcards have before and after them."""

_MOST_TOGETHER: Final = 200
"""How many others may cover one together, and how many patterns of one host are read at once."""

_MOST_QUESTIONS: Final = 1_000
_UNUSUAL: Final = "q7--zj0-_w8"
"""A text that few patterns match unless they match any text."""

Covered = tuple[str, tuple[str, ...]]
"""What is redundant, and the others that cover it together."""


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


def find_covered(
    origins: Iterable[str], regexes: Iterable[re.Pattern[str]] = ()
) -> Iterator[Covered]:
    """Yield each origin, pattern and regular expression that others cover, with those others.

    `origins` are valid, as in a policy. All that is yielded can be removed at once. Nothing is
    yielded that would take too long to find out: one that more than 200 others cover together.

    >>> list(find_covered(["https://a.example.com", "https://*.example.com", "https://b.example"]))
    [('https://a.example.com', ('https://*.example.com',))]
    >>> list(find_covered(["https://*.example.com"], [re.compile(r"https://[a-z]+\\.example\\.com")]))
    [('https://[a-z]+\\\\.example\\\\.com', ('https://*.example.com',))]
    """
    texts = list(dict.fromkeys(origins))
    if ANY in texts:
        yield from ((regex.pattern, (ANY,)) for regex in regexes)
        return
    rest = _Rest(texts, regexes)
    yield from rest.look_up()
    # A pattern is preferred to a regular expression of the same origins.
    yield from rest.find_covered_regexes()
    yield from rest.find_covered_by_several()


class _Rest:
    """What is left of a policy: the entries that were not yet found to be redundant."""

    def __init__(self, texts: Iterable[str], regexes: Iterable[re.Pattern[str]]) -> None:
        self._texts = dict.fromkeys(texts)
        self._read = list(read_all(self._texts))
        self._patterns = {each for text, each in self._read if ANY in text}
        self._regexes = list(regexes)
        self._questions = 0
        self._automata: dict[str | re.Pattern[str], Automaton] = {}
        self._forms = forms_of(self._patterns)

    def look_up(self) -> Iterator[Covered]:
        """Yield what a single pattern covers, and remove it."""
        found = []
        for text, each in self._read:
            for pattern in spell_covering(each, self._forms):
                if pattern in self._patterns and pattern != each:
                    found.append((text, each))
                    yield text, (str(pattern),)
                    break
        for text, each in found:
            self._remove(text, each)

    def find_covered_regexes(self) -> Iterator[Covered]:
        """Yield the regular expressions that others cover, and remove them."""
        for regex in list(self._regexes):
            try:
                language = OriginLanguage.of_regex(regex)
                covering = self._find_covering(language, regex)
            except (Unreadable, TooManyStates):
                continue
            if covering:
                self._regexes.remove(regex)
                yield regex.pattern, covering

    def find_covered_by_several(self) -> Iterator[Covered]:
        """Yield what regular expressions, or several patterns, cover, and remove it."""
        for text in list(self._texts):
            if ANY not in text:
                regex = next((each for each in self._regexes if each.fullmatch(text)), None)
                if regex is not None:
                    del self._texts[text]
                    yield text, (regex.pattern,)
        for text, each in self._read:
            if each not in self._patterns or not self._may_be_covered(each):
                continue
            matcher = OriginSet([], [each])
            language = OriginLanguage(self._automaton(text), matcher.__contains__)
            try:
                covering = self._find_covering(language, text)
            except (Unreadable, TooManyStates):
                continue
            if covering:
                self._remove(text, each)
                yield text, covering

    def _remove(self, text: str, pattern: OriginPattern) -> None:
        del self._texts[text]
        self._patterns.discard(pattern)

    def _may_be_covered(self, pattern: OriginPattern) -> bool:
        # Others have to match an unusual origin of the pattern.
        label = "" if pattern.label is None else pattern.label.replace(ANY, _UNUSUAL) + "."
        port = ":4711" if pattern.port == ANY else pattern.port and f":{pattern.port}"
        origin = f"{pattern.scheme}://{label}{pattern.host}{port}"
        return self._find(origin, without=str(pattern)) is not None

    def _find_covering(
        self, language: OriginLanguage, own: str | re.Pattern[str]
    ) -> tuple[str, ...]:
        """Return the others that cover a set of origins; none if they do not, or are too many."""
        others: dict[str | re.Pattern[str], Automaton] = {}
        while len(others) <= _MOST_TOGETHER and self._questions <= _MOST_QUESTIONS:
            self._questions += 1
            origin = language.find_outside(list(others.values()))
            if origin is None:
                return _fewest(language, others)
            found = self._find(origin, without=own)
            if found is None or found in others:
                return ()
            near = self._near(found, own)
            others |= {each: self._automaton(each) for each in near if each != own}
        return ()

    def _find(self, origin: str, *, without: str | re.Pattern[str]) -> str | re.Pattern[str] | None:
        """Return another entry that matches an origin."""
        if origin in self._texts and origin != without:
            return origin
        read = read_pattern(origin)
        for pattern in () if read is None else spell_covering(read, self._forms):
            if pattern in self._patterns and str(pattern) != without:
                return str(pattern)
        others = (each for each in self._regexes if each != without)
        return next((each for each in others if each.fullmatch(origin)), None)

    def _near(
        self, found: str | re.Pattern[str], own: str | re.Pattern[str]
    ) -> Iterable[str | re.Pattern[str]]:
        """Return an entry that covers a part of `own`, together with others that may do so too."""
        pattern = read_pattern(found) if isinstance(found, str) else None
        if pattern is None:
            return [found]
        if isinstance(own, str):
            found_near = self._by_host.get(_parent_of(pattern), ())
            near = (text for text in found_near if text in self._texts)
        else:
            near = (text for text in self._texts if ANY not in text and own.fullmatch(text))
        return [str(pattern), *islice(near, _MOST_TOGETHER)]

    @cached_property
    def _by_host(self) -> Mapping[tuple[str, str], list[str]]:
        # The entries with one more label than a host that partial-label wildcards are for.
        found: dict[tuple[str, str], list[str]] = {}
        for text, each in self._read:
            key = _parent_of(each)
            if each.label != ANY and key in self._forms:
                found.setdefault(key, []).append(text)
        return found

    def _automaton(self, entry: str | re.Pattern[str]) -> Automaton:
        automaton = self._automata.get(entry)
        if automaton is None:
            source = pattern_source(entry) if isinstance(entry, str) else entry
            automaton = self._automata[entry] = automaton_of(source)
        return automaton


def _fewest(
    language: OriginLanguage, others: Mapping[str | re.Pattern[str], Automaton]
) -> tuple[str, ...]:
    """Return the names of one that covers a set of origins, or of all that have some of them."""
    names = {other if isinstance(other, str) else other.pattern: others[other] for other in others}
    parts = {
        name: automaton
        for name, automaton in names.items()
        if not intersection(language.automaton, automaton).is_empty
    }
    for name, automaton in parts.items():
        if language.find_outside([automaton]) is None:
            return (name,)
    return tuple(parts)


def _parent_of(pattern: OriginPattern) -> tuple[str, str]:
    host = pattern.host.partition(".")[2] if pattern.label is None else pattern.host
    return pattern.scheme, host


def forms_of(patterns: Iterable[OriginPattern]) -> Forms:
    """Return the forms of the patterns that have a partial-label wildcard."""
    forms: dict[tuple[str, str], set[tuple[int, int]]] = {}
    for each in patterns:
        if each.label not in (None, ANY):
            before, after = each.label.split(ANY)
            forms.setdefault((each.scheme, each.host), set()).add((len(before), len(after)))
    return forms


def spell_covering(other: OriginPattern, forms: Forms) -> Iterator[OriginPattern]:
    """Yield every pattern that would cover `other`, which may be among them.

    `forms` are those of all patterns that may be of use.
    """
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
