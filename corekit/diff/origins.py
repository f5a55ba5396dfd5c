"""Which origins one policy allows and another does not, with an example for each.

Exact origins are looked up. A pattern or a regular expression may have origins that several entries
of the other policy allow together: that is a question about sets of origins
(`corekit._origin_language`). It is asked again and again: the result is an origin that the other
policy does not allow, or that an entry allows which is then subtracted too. So only few of many
entries become automata.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from corekit._automata import Automaton, TooManyStates, intersection
from corekit._origin_kinds import automaton_of, pattern_source
from corekit._origin_language import OriginLanguage
from corekit._origins import ANY, OPAQUE, OriginPattern
from corekit._regex_syntax import Unreadable
from corekit.lint.covering import Forms, forms_of, spell_covering
from corekit.policy import CorsPolicy

Entry = str | re.Pattern[str]
"""An origin, a pattern, ``*``, or a regular expression."""


_MOST_TOGETHER: Final = 100
"""How many entries of the other policy may be subtracted from one."""

_MOST_TRIED: Final = 20
"""How many origins of one entry are tried on regular expressions that cannot be read."""

_MOST_QUESTIONS: Final = 500
"""How many questions about sets of origins one comparison of two policies asks."""

_MOST_PAIRS: Final = 10_000

_ANY_EXAMPLES: Final = ("https://unrelated.example", "http://unrelated.example", OPAQUE)


class UndeterminedError(Exception):
    """A regular expression cannot be read, or the question takes too long to answer."""


class Questions:
    """How many questions about sets of origins may still be asked."""

    def __init__(self, most: int = _MOST_QUESTIONS) -> None:
        self._left = most

    def ask(self) -> None:
        """Count one; raise `TooManyStates` if there were too many."""
        if self._left == 0:
            raise TooManyStates
        self._left -= 1


class AllowedOrigins:
    """The origins that a policy allows, by entry."""

    def __init__(self, policy: CorsPolicy) -> None:
        self.texts: Final = policy.allow_origins
        self.has: Final = policy.engine.allows
        self.is_any: Final = ANY in self.texts
        self.patterns: Final = tuple(text for text in self.texts if ANY in text)
        regexes: tuple[re.Pattern[str], ...] = getattr(policy, "allow_origin_regexes", ())
        self.regexes: Final = () if self.is_any else regexes
        self._is_credentialed = policy.allow_credentials
        self._find_rule = policy.engine.find_rule
        self._automata: dict[Entry, Automaton] = {}

    @property
    def exact(self) -> Iterator[str]:
        """The exact origins."""
        return (text for text in self.texts if ANY not in text)

    @property
    def wide_entries(self) -> tuple[Entry, ...]:
        """The entries that allow more than one origin."""
        return (*self.patterns, *self.regexes)

    @cached_property
    def _entries(self) -> frozenset[Entry]:
        return frozenset((*self.patterns, *self.regexes))

    @cached_property
    def _forms(self) -> Forms:
        return forms_of(filter(None, map(OriginPattern.parse, self.patterns)))

    def _has_pattern_for(self, entry: str) -> bool:
        """Return whether one pattern allows all origins of another."""
        pattern = OriginPattern.parse(entry)
        if pattern is None:
            return False
        return any(str(each) in self._entries for each in spell_covering(pattern, self._forms))

    def find_entry(self, origin: str) -> Entry | None:
        """Return an entry that allows `origin`, or None."""
        rule = self._find_rule(origin)
        if rule is None or rule == origin or rule in self._entries:
            return rule
        return next(regex for regex in self.regexes if regex.fullmatch(origin))

    def automaton(self, entry: Entry) -> Automaton:
        """Return the origins of an entry."""
        found = self._automata.get(entry)
        if found is None:
            source = entry
            if isinstance(entry, str):
                source = ".*" if entry == ANY else pattern_source(entry)
            found = self._automata[entry] = automaton_of(source)
        return found

    def find_any(self) -> str | None:
        """Return an origin that is allowed, or None.

        Raise `UndeterminedError` if it cannot be determined.
        """
        return find_common(self, self, Questions())

    def find_outside(self, entry: Entry, other: AllowedOrigins, questions: Questions) -> str | None:
        """Return an origin that this entry allows and `other` does not, or None.

        It is one of the shortest. Raise `UndeterminedError` if that cannot be determined.
        """
        if other.is_any:
            return None
        # With credentials, engines do not ask regular expressions for opaque origins.
        asks_less = other._is_credentialed > self._is_credentialed
        if entry in other._entries and (isinstance(entry, str) or not asks_less):
            return None
        if isinstance(entry, str):
            for example in _examples_of(entry):
                if not other.has(example):
                    return example
            if other._has_pattern_for(entry):
                return None
        try:
            return self._search_outside(entry, other, questions)
        except (Unreadable, TooManyStates):
            raise UndeterminedError from None

    def _search_outside(
        self, entry: Entry, other: AllowedOrigins, questions: Questions
    ) -> str | None:
        language = OriginLanguage(self.automaton(entry), self.has)
        others: dict[Entry, Automaton] = {}
        tried = 0
        while len(others) < _MOST_TOGETHER and tried < _MOST_TRIED:
            questions.ask()
            origin = language.find_outside(list(others.values()))
            found = None if origin is None else other.find_entry(origin)
            if origin is None or found is None:
                return origin
            try:
                others[found] = other.automaton(found)
            except (Unreadable, TooManyStates):
                # This is all that is known of what it matches.
                others[origin] = automaton_of(re.escape(origin))
                tried += 1
        raise TooManyStates


def find_common(one: AllowedOrigins, other: AllowedOrigins, questions: Questions) -> str | None:
    """Return an origin that both allow, or None.

    Raise `UndeterminedError` if none was found, but that does not prove that none exists.
    """
    found = next(_common_examples(one, other), None)
    if found is not None:
        return found
    try:
        return next(_search_common(one, other, questions), None)
    except (Unreadable, TooManyStates):
        raise UndeterminedError from None


def _common_examples(one: AllowedOrigins, other: AllowedOrigins) -> Iterator[str]:
    for these, those in ((one, other), (other, one)):
        yield from filter(those.has, these.exact)
        for pattern in these.patterns:
            yield from filter(those.has, _examples_of(pattern))


def _search_common(
    one: AllowedOrigins, other: AllowedOrigins, questions: Questions
) -> Iterator[str]:
    # The exact origins of each were looked up in the other.
    firsts, seconds = one.wide_entries, other.wide_entries
    if len(firsts) * len(seconds) > _MOST_PAIRS:
        raise TooManyStates
    is_known = True
    pairs = [(first, second) for first in firsts for second in seconds if _may_meet(first, second)]
    for first, second in sorted(pairs, key=lambda pair: pair[0] != pair[1]):
        questions.ask()
        try:
            both = one.automaton(first)
            if first != second:
                both = intersection(both, other.automaton(second))
            language = OriginLanguage(both, lambda word: one.has(word) and other.has(word))
            yield from filter(None, [language.find_any()])
        except (Unreadable, TooManyStates):
            is_known = False
    if not is_known:
        raise TooManyStates


def _may_meet(first: Entry, second: Entry) -> bool:
    """Return whether two entries may have an origin in common: patterns, by their ends."""
    one, other = _parse(first), _parse(second)
    if one is None or other is None:
        return True
    if one.scheme != other.scheme:
        return False
    shorter, longer = sorted((one.host, other.host), key=len)
    return ANY in shorter + longer or longer.endswith(shorter)


def _parse(entry: Entry) -> OriginPattern | None:
    return OriginPattern.parse(entry) if isinstance(entry, str) else None


def _examples_of(pattern: str) -> tuple[str, ...]:
    """Return origins that a pattern matches: the first one that a search would find.

    >>> _examples_of("https://pr-*.example.com:*"), _examples_of("http://10.*.*.*")
    (('https://pr-x.example.com',), ('http://10.1.1.1',))
    """
    parsed = OriginPattern.parse(pattern)
    if parsed is None:
        return _ANY_EXAMPLES
    is_network = parsed.host[0].isdigit() and ANY in parsed.host
    return (pattern.removesuffix(":*").replace(ANY, "1" if is_network else "x"),)
