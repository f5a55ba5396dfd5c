"""How much a difference matters: who could make use of it.

An origin of a site that the other policy does not know may be somebody else's; subdomains of a
known site are many servers; one more origin of a known site is one server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from corekit._automata import TooManyStates
from corekit._origin_language import OriginLanguage
from corekit._origins import (
    ANY,
    OriginPattern,
    ends_in_number,
    is_loopback,
)
from corekit._regex_syntax import Unreadable
from corekit._suffixes import find_open_suffix, is_listed_suffix

from .comparison import DifferenceKind
from .origins import AllowedOrigins, Entry

RISKS: Final = {
    DifferenceKind.CREDENTIALS: 85,
    DifferenceKind.NO_LONGER_GOVERNED: 70,
    DifferenceKind.NEWLY_GOVERNED: 65,
    DifferenceKind.PRIVATE_NETWORK: 55,
    DifferenceKind.METHODS: 50,
    DifferenceKind.REQUEST_HEADERS: 45,
    DifferenceKind.RESPONSE_HEADERS: 30,
    DifferenceKind.MAX_AGE: 0,
}

UNREADABLE_RISK: Final = 88
"""The risk of an entry whose origins cannot be determined."""

_ANY_ORIGIN: Final = 100
_PUBLIC_SUFFIX: Final = 90
_NEW_SITE: Final = 80
_OPAQUE: Final = 75
_SUBDOMAINS: Final = 60
_ONE_ORIGIN: Final = 40
_INSECURE: Final = 5

_AT_ONCE: Final = 500
"""How many origins are searched for hosts together: many, but never so long that threads wait."""

_find_hosts: Final = re.compile(r"://(?:\*\.)?(\[[^\]]*\]|[^ :]+)").findall


class KnownSites:
    """The sites of the origins that a policy allows, and how risky others are.

    `added` are all of these others: what is not about one of them is not remembered.
    """

    def __init__(self, allowed: AllowedOrigins, added: Sequence[str]) -> None:
        self._suffixes: dict[str, bool] = {}
        wanted = {name for host in _hosts_of(added) for name in _names_above(host)}
        self._hosts: set[str] = set()
        self._names: set[str] = set()
        # Many hosts have few names above them.
        done: set[str] = set()
        for host in _known_hosts(allowed) if wanted else ():
            if host in wanted:
                self._hosts.add(host)
            above = host.partition(".")[2]
            if above not in done:
                done.add(above)
                self._names.update(wanted.intersection(_names_above(above)))
        self._names |= self._hosts

    def risk_of(self, entry: Entry, origin: str) -> int:
        """Return the risk of an entry that is new, with an origin that it adds."""
        if entry == ANY:
            return _ANY_ORIGIN
        host = next(_hosts_of((origin,)), None)
        if host is None:
            return _OPAQUE
        if _has_open_suffix(entry):
            return _PUBLIC_SUFFIX
        risk = _SUBDOMAINS
        if isinstance(entry, str) and ANY not in entry:
            risk = _ONE_ORIGIN
        if is_loopback(host):
            return risk
        if not self._is_known(host):
            risk = _NEW_SITE
        return risk + _INSECURE if origin.startswith("http:") else risk

    def _is_known(self, host: str) -> bool:
        if host in self._hosts or ends_in_number(host):
            return host in self._hosts
        name = next(filter(self._names.__contains__, _names_above(host)), "")
        is_suffix = self._suffixes.get(name)
        if is_suffix is None:
            is_suffix = self._suffixes[name] = not name or is_listed_suffix(name.removesuffix("."))
        return not is_suffix


def _names_above(host: str) -> Iterator[str]:
    """Yield a host, and the domains that it belongs to."""
    while host:
        yield host
        host = host.partition(".")[2]


def _hosts_of(origins: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(origins), _AT_ONCE):
        yield from _find_hosts(" ".join(origins[start : start + _AT_ONCE]))


def _known_hosts(allowed: AllowedOrigins) -> Iterator[str]:
    yield from _hosts_of(allowed.texts)
    for regex in allowed.regexes:
        try:
            yield from OriginLanguage(allowed.automaton(regex), regex.fullmatch).sites()
        except (Unreadable, TooManyStates):
            continue


def _has_open_suffix(entry: Entry) -> bool:
    if isinstance(entry, re.Pattern):
        try:
            return OriginLanguage.of_regex(entry).has_open_site()
        except TooManyStates:
            return True  # It counts as open.
    pattern = OriginPattern.parse(entry) if ANY in entry else None
    if pattern is None or pattern.label is None:
        return False
    return find_open_suffix(pattern.host, below=pattern.label == ANY) is not None
