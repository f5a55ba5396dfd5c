"""How much a difference matters: who could make use of it.

An origin of a site that the other policy does not know may be somebody else's; subdomains of a
known site are many servers; one more origin of a known site is one server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from corekit._automata import TooManyStates
from corekit._origin_language import OriginLanguage
from corekit._origins import (
    ANY,
    OriginPattern,
    ends_in_number,
    is_loopback,
    is_private_range,
    split_origin,
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

_ANY_ORIGIN: Final = 100
_PUBLIC_SUFFIX: Final = 90
_UNREADABLE: Final = 88
_NEW_SITE: Final = 80
_OPAQUE: Final = 75
_SUBDOMAINS: Final = 60
_ONE_ORIGIN: Final = 40
_INSECURE: Final = 5


class KnownSites:
    """The sites of the origins that a policy allows, and how risky others are."""

    def __init__(self, allowed: AllowedOrigins) -> None:
        self._sites: dict[str, str] = {}
        self._known: set[str] = set()
        for host in _hosts_of(allowed):
            name = host.removesuffix(".")
            while name and name not in self._known:
                self._known.add(name)
                name = name.partition(".")[2]

    def risk_of(self, entry: Entry, origin: str) -> int:
        """Return the risk of an entry that is new, with an origin that it adds."""
        if entry == ANY:
            return _ANY_ORIGIN
        parts = split_origin(origin)
        if parts is None:
            return _OPAQUE
        scheme, host, _ = parts
        if _has_open_suffix(entry):
            return _PUBLIC_SUFFIX
        is_insecure = scheme == "http" and not is_loopback(host)
        return self._risk_of_host(entry, host) + is_insecure * _INSECURE

    def _risk_of_host(self, entry: Entry, host: str) -> int:
        if not is_loopback(host) and self._site_of(host.removesuffix(".")) not in self._known:
            return _NEW_SITE
        return _ONE_ORIGIN if isinstance(entry, str) and ANY not in entry else _SUBDOMAINS

    def _site_of(self, host: str) -> str:
        # As `site_of` does, but sites of many hosts are remembered by what their labels share.
        if host.startswith("[") or ends_in_number(host) or is_private_range(host):
            return host
        parent = host.partition(".")[2]
        if not parent or is_listed_suffix(parent):
            return host
        site = self._sites.get(parent)
        if site is None:
            site = self._sites[parent] = self._site_of(parent)
        return site


def risk_of_unreadable() -> int:
    """Return the risk of a regular expression whose origins cannot be determined."""
    return _UNREADABLE


def _hosts_of(allowed: AllowedOrigins) -> Iterator[str]:
    for text in allowed.exact:
        parts = split_origin(text)
        if parts is not None:
            yield parts[1]
    for text in allowed.patterns:
        pattern = OriginPattern.parse(text)
        if pattern is not None:
            yield pattern.host
    for regex in allowed.regexes:
        try:
            yield from OriginLanguage.of_regex(regex).sites()
        except (Unreadable, TooManyStates):
            continue


def _has_open_suffix(entry: Entry) -> bool:
    if isinstance(entry, re.Pattern):
        try:
            return OriginLanguage.of_regex(entry).find_open_site() is not None
        except (Unreadable, TooManyStates):
            return False
    pattern = OriginPattern.parse(entry) if ANY in entry else None
    if pattern is None or pattern.label is None:
        return False
    return find_open_suffix(pattern.host, below=pattern.label == ANY) is not None
