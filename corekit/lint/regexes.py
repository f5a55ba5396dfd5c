"""Regular expressions of origins, as the rules ask about them: by the set that they match.

One that cannot be read, because it has look-around or back-references, has no advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from corekit._automata import TooManyStates, intersection
from corekit._origin_kinds import automaton_of
from corekit._origin_language import Opening, OriginLanguage
from corekit._regex_syntax import Unreadable
from corekit.arguments import REGEXES
from corekit.policy import CorsPolicy

LOCAL: Final = r"https?://(([^/:]*\.)?localhost\.?|127\.[0-9.]*|\[::1\])(:[0-9]*)?"
"""The origins of servers on the user's own machine, and of released apps."""

DEVELOPMENT: Final = LOCAL.removesuffix("?")
"""Those with a port, which released apps do not have."""


def regexes_of(policy: CorsPolicy) -> tuple[re.Pattern[str], ...]:
    """Return the regular expressions of origins that a policy has, if it takes any."""
    found: tuple[re.Pattern[str], ...] = getattr(policy, REGEXES, ())
    return found


def same_site(scheme: str, site: str) -> str:
    """Return the regular expression of the origins of a site; `scheme` is one too.

    >>> same_site("https", "example.com")
    '(https)://([^/:]*\\\\.)?example\\\\.com\\\\.?(:[0-9]*)?'
    """
    return rf"({scheme})://([^/:]*\.)?{re.escape(site)}\.?(:[0-9]*)?"


@dataclass(frozen=True, slots=True)
class RegexOrigins:
    """A regular expression and the origins that it matches.

    `opening` is where it has sites that the operator does not choose, `insecure` an http origin of
    another machine, and `sites` are the registrable domains.
    """

    source: str
    language: OriginLanguage
    opening: Opening | None
    insecure: str | None
    sites: tuple[str, ...]

    @classmethod
    def read(cls, regex: re.Pattern[str]) -> RegexOrigins:
        """Read a regular expression; raise `Unreadable` or `TooManyStates` if it cannot."""
        language = OriginLanguage.of_regex(regex)
        opening, insecure = language.find_open_site(), language.find_insecure()
        return cls(regex.pattern, language, opening, insecure, tuple(language.sites()))

    def find_outside(self, *sources: str) -> str | None:
        """Return an origin that none of these regular expressions matches, or None.

        The origin is empty if it takes too long to find one.
        """
        try:
            return self.language.find_outside(list(map(automaton_of, sources)))
        except TooManyStates:
            return ""

    def find_inside(self, source: str) -> str | None:
        """Return an origin that this other regular expression matches too, or None."""
        try:
            both = intersection(self.language.automaton, automaton_of(source))
            return OriginLanguage(both, self.language.has).find_any()
        except TooManyStates:
            return None

    def find_local(self) -> str | None:
        """Return an origin of a server for development on the user's own machine, or None."""
        return self.find_inside(DEVELOPMENT)

    def find_every_subdomain(self) -> Iterator[str]:
        """Yield the domains of which it matches every subdomain."""
        for host in filter(None, self.language.open_hosts()):
            # With the scheme and the port that it needs, and any word as the label.
            found = self.find_inside(rf"[^/]*://[^/]*\.{re.escape(host)}\.?(:[0-9]*)?")
            if found is None:
                continue
            scheme, authority = found.split("://")
            port = authority.rpartition(host)[2]
            words = automaton_of(rf"{re.escape(scheme)}://[a-z]+\.{re.escape(host + port)}")
            if OriginLanguage(words, bool).find_outside([self.language.automaton]) is None:
                yield host


def read_regexes(regexes: Iterable[re.Pattern[str]]) -> Iterator[RegexOrigins]:
    """Read the regular expressions whose origins can be determined.

    >>> (found,) = read_regexes([re.compile(r"https://\\w+\\.a\\.example"), re.compile("(?=a)b")])
    >>> found.source, list(found.find_every_subdomain())
    ('https://\\\\w+\\\\.a\\\\.example', ['a.example'])
    """
    for regex in regexes:
        try:
            yield RegexOrigins.read(regex)
        except (Unreadable, TooManyStates):
            continue
