"""What a person probably meant by a string that is not an origin or pattern.

A browser serializes the origin of a URL by https://url.spec.whatwg.org/#host-parsing: it writes the
host in lower case, omits default ports, encodes Unicode as Punycode and writes addresses in one
canonical form. This module does the same to what an operator wrote, only to name the fix. The
result is shown, never matched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from ._origins import (
    ANY,
    DEFAULT_PORTS,
    OPAQUE,
    OriginPattern,
    ends_in_number,
    is_hostless,
    is_loopback,
    serialize_ipv6,
    split_origin,
)
from ._suffixes import find_open_suffix
from .problems import OriginProblem, ProblemKind

# In a WebSocket handshake a browser sends the origin of the page.
_PAGE_SCHEMES = {"ws": "http", "wss": "https"}

_LONGEST = 1_000
"""How many characters of a text are read, about three times as many as the longest origin has."""

_SPACE = " \t\r\n\f\v"
_PUNCTUATION = "'\"`,;"
_scheme = re.compile(
    r"([a-z][a-z0-9+.\-]*):[/\\]{2,}|(https?):[/\\]*(?![/\\]|[0-9]*\Z)|(https?|wss?)[;.,]?[/\\]{2,}",
    re.IGNORECASE,
).match
_is_regex = re.compile(r"\^|\.\*.|.*(?:\\[.dw]|://\.\*|\$\Z)").match
_is_address_range = re.compile(r"https?://[0-9][0-9*]*(?:\.[0-9*]+)+(?:[:/]|\Z)").match
_is_scheme = re.compile(r"(?:https?|wss?)\.?").fullmatch
_is_host_name = re.compile(r"[a-z0-9_\-.*]+").fullmatch
_drop_path = re.compile(r"[/\\?#].*", re.DOTALL).sub
_host_and_port = re.compile(r"(\[[^\]]*\]|[^:]*)(?::(\d*|\*))?").fullmatch


@dataclass(frozen=True, slots=True)
class Misspelling:
    """Why a string is not an origin or pattern: a kind of problem, and the origin that was meant.

    `meant` is None if no origin can be made of it; `parameters` are those of the message.
    """

    kind: ProblemKind
    meant: str | None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The sentence about what is wrong."""
        return self.kind.message.format_map(self.parameters)


def find_misspelling(text: str) -> Misspelling:
    """Return what is wrong with `text`, which is not an origin or pattern.

    Of a very long one, that is what is wrong with its beginning.

    >>> find_misspelling("https://Example.com:443/").kind.code
    'non-canonical-origin'
    >>> find_misspelling("example.com").meant
    'https://example.com'
    """
    text = text[:_LONGEST]
    meant = canonical_spelling(text)
    kind = _misspelled_string(text)
    if kind is OriginProblem.REGEX_AS_ORIGIN:
        return Misspelling(kind, _find_same_pattern(text))
    if kind is not None:
        has_fix = kind is OriginProblem.WHITE_SPACE_AROUND_ORIGIN
        return Misspelling(kind, meant if has_fix else None)
    if has_punctuation_around(text):
        meant = canonical_spelling(text.strip(_PUNCTUATION))
        return Misspelling(OriginProblem.PUNCTUATION_AROUND_ORIGIN, meant)
    return _misspelled_parts(text, meant)


def canonical_spelling(text: str) -> str | None:
    """Return the origin of `text` as a browser serializes it, or None if it has none.

    Paths, credentials and white space are removed; wildcards are kept if they make a pattern.

    >>> canonical_spelling("HTTPS://B\u00fccher.Example:443/shop")
    'https://xn--bcher-kva.example'
    >>> canonical_spelling("localhost:3000"), canonical_spelling("https://*.Example.com/")
    ('http://localhost:3000', 'https://*.example.com')
    """
    text = text[:_LONGEST].strip(_SPACE)
    if text.lower() == OPAQUE:
        return OPAQUE
    match = _scheme(text)
    scheme = next(filter(None, match.groups())).lower() if match else ""
    authority = _drop_path("", text[match.end() :] if match else text)
    parts = _host_and_port(authority.rpartition("@")[2])
    if parts is None:
        return None
    label, dot, host = parts[1].partition(".") if "*" in parts[1] else ("", "", parts[1])
    scheme = _PAGE_SCHEMES.get(scheme) or find_likely_scheme(scheme) or scheme
    is_website = not scheme or scheme in DEFAULT_PORTS
    canonical_host = _canonical_host(host) if is_website or host.startswith("[") else host
    if canonical_host is None:
        return None
    if not scheme:
        if _is_scheme(canonical_host) or find_likely_scheme(canonical_host):
            return None
        scheme = "http" if is_loopback(canonical_host) else "https"
    port = parts[2] or ""
    if port.isdigit():
        port = port.lstrip("0") or "0"
    if port == DEFAULT_PORTS.get(scheme):
        port = ""
    origin = f"{scheme}://{label.lower()}{dot}{canonical_host}{port and ':'}{port}"
    parsed = OriginPattern.parse(origin) if ANY in origin else split_origin(origin)
    return None if parsed is None and not is_hostless(origin) else origin


def has_punctuation_around(text: str) -> bool:
    """Return whether a string begins or ends like a part of a list, as values of variables do.

    >>> has_punctuation_around("'https://a.example'"), has_punctuation_around("https://a.example;")
    (True, True)
    """
    return text != text.strip(_PUNCTUATION)


def find_impossible_host(host: str) -> ProblemKind | None:
    """Return why no website has a host, which is well-formed, or None.

    A label that begins with ``xn--`` has to be the Punycode of a text that Unicode's IDNA mapping
    leaves as it is: https://url.spec.whatwg.org/#concept-domain-to-ascii

    >>> find_impossible_host("xn--bcher-kva.example") is find_impossible_host("xn--ls8h.la") is None
    True
    >>> find_impossible_host("xn--f.example").name, find_impossible_host("a;b.example").name
    ('INVALID_PUNYCODE', 'IMPOSSIBLE_HOST')
    """
    if host.startswith("["):
        return None
    if _is_host_name(host) is None:
        return OriginProblem.IMPOSSIBLE_HOST
    labels = (label[4:] for label in host.split(".") if label.startswith("xn--"))
    return None if all(map(_is_punycode, labels)) else OriginProblem.INVALID_PUNYCODE


def _is_punycode(label: str) -> bool:
    import idna  # noqa: PLC0415 - takes 2 ms, and few policies contain Punycode

    try:
        text = label.encode().decode("punycode")
        mapped = idna.uts46_remap(text, std3_rules=False)
    except (UnicodeError, ValueError):
        return False
    return text != "" and text == mapped and text.encode("punycode") == label.encode()


def _misspelled_string(text: str) -> ProblemKind | None:
    stripped = text.strip(_SPACE)
    if not stripped:
        return OriginProblem.EMPTY_ORIGIN
    if _is_regex(stripped):
        return OriginProblem.REGEX_AS_ORIGIN
    if stripped.lower().startswith("file:"):
        return OriginProblem.FILE_ORIGIN
    if _contains_several(stripped):
        return OriginProblem.SEVERAL_ORIGINS
    if text != stripped:
        return OriginProblem.WHITE_SPACE_AROUND_ORIGIN
    if any(character.isspace() or not character.isprintable() for character in text):
        return OriginProblem.WHITE_SPACE_IN_ORIGIN
    return None


def _misspelled_parts(text: str, meant: str | None) -> Misspelling:
    if "*" in text and meant is None:
        is_range = _is_address_range(text)
        kind = OriginProblem.ADDRESS_RANGE if is_range else OriginProblem.MISPLACED_WILDCARD
        return Misspelling(kind, None)
    if meant == OPAQUE:
        return Misspelling(OriginProblem.OPAQUE_ORIGIN_CASE, None)
    match = _scheme(text)
    if match is None or not match[0].endswith("://"):
        return Misspelling(OriginProblem.ORIGIN_WITHOUT_SCHEME, meant)
    authority, slash, path = text[match.end() :].partition("/")
    if path or any(mark in authority for mark in "?#\\"):
        return Misspelling(OriginProblem.ORIGIN_WITH_PATH, meant)
    if "@" in authority:
        return Misspelling(OriginProblem.ORIGIN_WITH_CREDENTIALS, meant)
    if meant is None:
        return Misspelling(OriginProblem.IMPOSSIBLE_ORIGIN, None)
    return _different_spelling(text, slash, meant)


def _find_same_pattern(regex: str) -> str | None:
    """Return the pattern for subdomains that a regular expression was probably written for."""
    text = regex.strip().removeprefix("^").removesuffix("$").replace("\\.", ".")
    meant = canonical_spelling(text.replace(".*.", "*.").replace(".+.", "*."))
    pattern = None if meant is None else OriginPattern.parse(meant)
    if pattern is None or pattern.label != ANY or find_open_suffix(pattern.host, below=True):
        return None
    return meant


def find_likely_scheme(scheme: str) -> str | None:
    """Return http or https if a scheme is probably a typo of it, and None otherwise.

    >>> find_likely_scheme("htps"), find_likely_scheme("capacitor"), find_likely_scheme("https")
    ('https', None, None)
    """
    if scheme in ("http", "https"):
        return None
    from difflib import get_close_matches  # noqa: PLC0415 - only if there is a typo

    return next(iter(get_close_matches(scheme, ["https", "http"], cutoff=0.75)), None)


def _contains_several(text: str) -> bool:
    parts = re.split(r"[\s,;|]+", text)
    return text.count("://") > 1 or (len(parts) > 1 and all("." in part for part in parts))


def _canonical_host(host: str) -> str | None:
    if host.startswith("["):
        try:
            return f"[{serialize_ipv6(IPv6Address(host[1:-1]))}]"
        except AddressValueError:
            return None
    ascii_host = host if host.isascii() else _punycode(host)
    if ascii_host is None:
        return None
    ascii_host = ascii_host.lower()
    return _canonical_ipv4(ascii_host) if ends_in_number(ascii_host) else ascii_host


def _punycode(host: str) -> str | None:
    import idna  # noqa: PLC0415 - takes 2 ms, and few policies contain Unicode

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        return None


def _canonical_ipv4(host: str) -> str | None:
    # https://url.spec.whatwg.org/#concept-ipv4-parser: hexadecimal, octal, and fewer than 4 parts.
    parts = host.removesuffix(".").split(".")
    if not all(map(ends_in_number, parts)):
        return None  # Python also accepts signs and underscores
    try:
        *high, low = map(_ipv4_number, parts)
    except ValueError:
        return None
    if len(high) > 3 or any(number > 255 for number in high) or low >= 256 ** (4 - len(high)):
        return None
    address = sum(number << 8 * (3 - index) for index, number in enumerate(high))
    return str(IPv4Address(address + low))


def _ipv4_number(text: str) -> int:
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8 if text.startswith("0") else 10)


def _different_spelling(given: str, slash: str, meant: str) -> Misspelling:
    scheme, rest = given.split("://")
    if scheme.lower() in _PAGE_SCHEMES:
        return Misspelling(OriginProblem.WEBSOCKET_ORIGIN, meant, {"scheme": scheme})
    differences = {
        "upper case": given != given.lower(),
        "a trailing slash": slash,
        "Unicode": not given.isascii(),
        "a default port": _has_port(rest) and not _has_port(meant.split("://")[1]),
    }
    found = [name for name, is_there in differences.items() if is_there]
    if not found:
        return Misspelling(OriginProblem.NON_CANONICAL_HOST, meant)
    text = " or ".join(filter(None, [", ".join(found[:-1]), found[-1]]))
    return Misspelling(OriginProblem.NON_CANONICAL_ORIGIN, meant, {"differences": text})


def _has_port(authority: str) -> bool:
    return ":" in authority.rpartition("]")[2]
