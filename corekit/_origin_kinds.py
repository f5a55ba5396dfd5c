"""Sets of origins as automata: the kinds of origins, patterns, and some networks.

| kind | origins |
|---|---|
| `DOMAIN` | ``https://app.example.com``; the last label is not a number |
| `IPV4`, `IPV6` | ``http://192.168.1.20:8080``, ``https://[2001:db8::1]`` |
| `APP` | ``chrome-extension://abc``: all schemes but those of web pages |
| `HOSTLESS` | ``file://``, ``app://`` |
| `OPAQUE` | ``null`` |
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache, cached_property
from typing import Final

from ._automata import Automaton, determinize, merge_states, subtraction
from ._origins import ANY, OPAQUE, OriginPattern
from ._regex_syntax import read_regex
from ._regex_tree import build

_PORT = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
ANY_PORT: Final = f"(:({_PORT}))?"
_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_GROUP = "(0|[1-9a-f][0-9a-f]{0,3})"
# A run of zeros is left out once, wherever it is; which one is for `is_serialized_origin` to say.
_IPV6 = "|".join(
    [f"{_GROUP}(:{_GROUP}){{7}}", f"::({_GROUP}(:{_GROUP}){{0,5}})?"]
    + [
        f"{_GROUP}(:{_GROUP}){{{before}}}::"
        + (f"({_GROUP}(:{_GROUP}){{0,{4 - before}}})?" if before < 5 else "")
        for before in range(6)
    ]
)
_ANY_HOST = r"([A-Za-z0-9_\-.~!$&'()+;=]+|\[[0-9a-f:]+\])"
_WEB = "(http|https|ftp)"


class Kind(Enum):
    """The kinds of origins: two regular expressions, for what is in it and what is not."""

    DOMAIN = (
        rf"{_WEB}://([a-z0-9_-]+\.)*[a-z0-9_-]+\.?{ANY_PORT}",
        rf"http://.*:80|https://.*:443|ftp://.*:21|{_WEB}://(.*\.)?([0-9]+|0x[0-9a-f]*)\.?(:.*)?",
    )
    IPV4 = (
        rf"{_WEB}://({_BYTE}\.){{3}}{_BYTE}{ANY_PORT}",
        "http://.*:80|https://.*:443|ftp://.*:21",
    )
    IPV6 = (
        rf"[a-z][a-z0-9+.\-]*://\[({_IPV6})\]{ANY_PORT}",
        "http://.*:80|https://.*:443|ftp://.*:21|(ws|wss|file)://.*",
    )
    APP = (
        rf"[a-z][a-z0-9+.\-]*://[A-Za-z0-9_\-.~!$&'()+;=]+{ANY_PORT}",
        "(http|https|ftp|ws|wss|file)://.*",
    )
    HOSTLESS = (r"[a-z][a-z0-9+.\-]*://", "(http|https|ftp|ws|wss)://")
    OPAQUE = (OPAQUE, "")

    def __init__(self, included: str, excluded: str) -> None:
        self.included = included
        self.excluded = excluded

    @cached_property
    def origins(self) -> Automaton:
        """All origins of this kind. The length of labels and hosts is not limited here."""
        both = map(automaton_of, (self.included, self.excluded))
        return merge_states(determinize(subtraction(*both)))


WEB_KINDS: Final = (Kind.DOMAIN, Kind.IPV4, Kind.IPV6)


def automaton_of(source: str | re.Pattern[str]) -> Automaton:
    """Return the automaton of a regular expression.

    Raise `Unreadable` or `TooManyStates` if it has none that can be used.
    """
    return build(read_regex(re.compile(source)))


def pattern_source(text: str) -> str:
    """Return the regular expression of the same set as an origin or a pattern.

    >>> pattern_source("https://*.example.com:*")
    'https://([a-z0-9_-]+\\\\.)+example\\\\.com(:[1-9][0-9]*)?'
    """
    pattern = OriginPattern.parse(text) if ANY in text else None
    if pattern is None:
        return re.escape(text)
    before = ""
    if pattern.label == ANY:
        before = r"([a-z0-9_-]+\.)+"
    elif pattern.label is not None:
        before = r"[a-z0-9_-]+".join(map(re.escape, pattern.label.split(ANY))) + r"\."
    host = _ANY_HOST if pattern.host == ANY else re.escape(pattern.host).replace(r"\*", _BYTE)
    port = "(:[1-9][0-9]*)?" if pattern.port == ANY else pattern.port and f":{pattern.port}"
    return f"{re.escape(pattern.scheme)}://{before}{host}{port}"


@cache
def web_origins() -> Automaton:
    """All origins of web pages."""
    return automaton_of(f"{_WEB}://.*")


@cache
def plain_http_origins() -> Automaton:
    """All http origins."""
    return automaton_of("http://.*")


@cache
def loopback_origins() -> Automaton:
    """The http origins of this machine."""
    return automaton_of(r"http://(([^/:]*\.)?localhost\.?|127\.[0-9.]*|\[::1\])(:[0-9]*)?")


@cache
def private_addresses() -> Automaton:
    """Addresses of this machine and of private networks: RFC 1918, RFC 3927, RFC 4193, RFC 4291."""
    ipv4 = r"127\..*|10\..*|192\.168\..*|172\.(1[6-9]|2[0-9]|3[01])\..*|169\.254\..*"
    return automaton_of(rf"[a-z]+://({ipv4}|\[(::1|f[cd][0-9a-f]{{2}}:.*|fe[89ab][0-9a-f]:.*)\].*)")
