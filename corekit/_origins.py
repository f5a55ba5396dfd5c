"""Origins and patterns of origins: parse them strictly and match them at a constant cost.

An origin is what a browser serializes into the Origin header
(https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin): scheme,
host, and the port unless it is the scheme's default; or ``null`` for an opaque origin. Everything
here is byte for byte: nothing is lower-cased, trimmed or decoded to make it fit. What a person may
have meant by another string is the subject of `_spelling`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

ANY: Final = "*"
"""The pattern that matches every origin."""

OPAQUE: Final = "null"
"""The opaque origin, which browsers send for sandboxed iframes, ``data:`` and ``file:`` pages."""

DEFAULT_PORTS: Final = {"http": "80", "https": "443", "ftp": "21"}
"""https://url.spec.whatwg.org/#special-scheme: the port that is omitted, by scheme."""

PAGELESS_SCHEMES: Final = frozenset({"file", "ws", "wss"})
"""Schemes that no Origin header has: pages of files send ``null``, and WebSockets have no pages."""

_SCHEMES_WITH_HOST: Final = frozenset({*DEFAULT_PORTS, "ws", "wss"})

MAX_ORIGIN_LENGTH: Final = 64 + len("://") + 254 + len(":65535")
"""The longest origin that is read: scheme, a DNS name of 253 bytes and its last dot, port."""

_LABEL = r"[a-z0-9_\-]{1,63}"
_MAX_DOMAIN_LENGTH = 254  # in bytes, with the dot of the root
_is_label = re.compile(_LABEL).fullmatch
_is_domain = re.compile(rf"{_LABEL}(?:\.{_LABEL})*+\.?").fullmatch
_serialized = re.compile(
    r"([a-z][a-z0-9+.\-]{0,63})://"
    # An address in brackets, or a host name without the characters of lists, paths and patterns.
    r"(\[[0-9a-f:]{2,39}\]|[a-z0-9_\-.~!$&'()+;=]{1,254}"
    # Browsers write the hosts of websites in lower case, and keep those of apps and extensions.
    r"|(?<!\Ahttp://)(?<!\Ahttps://)(?<!\Aftp://)[A-Za-z0-9_\-.~!$&'()+;=]{1,254})"
    r"(?::([1-9][0-9]{0,4}))?"
).fullmatch
_hostless = re.compile(r"([a-z][a-z0-9+.\-]{0,63})://").fullmatch
_is_open_host = re.compile(r"(\*|(?:[0-9]+\.){1,3}\*(?:\.\*)*)((?::[0-9]+)?)").fullmatch
_is_private = re.compile(
    r"(?:10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01])|169\.254)(?:\.(?:[0-9]+|\*))+"
).fullmatch
_zero_groups = re.compile(r":?\b(0(?::0)+)\b:?").finditer
_is_number = re.compile(r"[0-9]+|0x[0-9a-f]*").fullmatch


def ends_in_number(host: str) -> bool:
    """Return whether a browser would parse `host` as an IPv4 address, or fail to.

    Source: https://url.spec.whatwg.org/#ends-in-a-number-checker

    >>> ends_in_number("127.0.0.1"), ends_in_number("1.example.com"), ends_in_number("a.0x7f")
    (True, False, True)
    """
    return _is_number(host.removesuffix(".").rpartition(".")[2]) is not None


def serialize_ipv6(address: IPv6Address) -> str:
    """Return an IPv6 address as a browser writes it: https://url.spec.whatwg.org/#concept-ipv6-serializer

    Python's own spelling differs for IPv4-mapped addresses, by version.

    >>> serialize_ipv6(IPv6Address("::ffff:192.0.2.1"))
    '::ffff:c000:201'
    """
    groups = address.packed.hex(":", 2).split(":")
    text = ":".join(f"{int(group, 16):x}" for group in groups)
    zeros = max(_zero_groups(text), key=lambda run: len(run[1]), default=None)
    return text if zeros is None else f"{text[: zeros.start()]}::{text[zeros.end() :]}"


def is_loopback(host: str) -> bool:
    """Return whether the `host` of an origin is this machine, so that http is not a risk.

    Source: https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy

    >>> is_loopback("localhost"), is_loopback("app.localhost"), is_loopback("[::1]")
    (True, True, True)
    >>> is_loopback("127.0.0.1"), is_loopback("127.0.0.1.example.com")
    (True, False)
    """
    if host == "[::1]":
        return True
    name = host.removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return host.startswith("127.") and ends_in_number(host)


def split_origin(value: str) -> tuple[str, str, str] | None:
    """Split a serialized origin into scheme, host and port; return None for anything else.

    The port is ``""`` if it is the scheme's default. ``null`` has no parts, so it is not split.

    >>> split_origin("https://example.com:8443")
    ('https', 'example.com', '8443')
    >>> split_origin("https://example.com/") is split_origin("https://Example.com") is None
    True
    """
    if len(value) > MAX_ORIGIN_LENGTH:
        return None
    match = _serialized(value)
    if match is None:
        return None
    scheme, host, port = match.groups("")
    default_port = DEFAULT_PORTS.get(scheme)
    if port and (port == default_port or (len(port) == 5 and port > "65535")):
        return None
    if scheme in PAGELESS_SCHEMES:
        return None
    if host[0] == "[":
        if not _is_canonical_ipv6(host[1:-1]):
            return None
    elif default_port and not _is_canonical_domain(host):
        return None
    return scheme, host, port


def is_serialized_origin(value: str) -> bool:
    """Return whether a browser or an app could send `value` as Origin.

    That includes ``null`` and origins without a host, which have no parts.

    >>> is_serialized_origin("null"), is_serialized_origin("https://a.example, https://b.example")
    (True, False)
    """
    return value == OPAQUE or split_origin(value) is not None or is_hostless(value)


def is_hostless(value: str) -> bool:
    """Return whether `value` is an origin without a host, which some apps and WebViews send.

    >>> is_hostless("file://"), is_hostless("app://"), is_hostless("https://")
    (True, True, False)
    """
    match = _hostless(value)
    return match is not None and match[1] not in _SCHEMES_WITH_HOST


def _is_canonical_ipv6(text: str) -> bool:
    try:
        return serialize_ipv6(IPv6Address(text)) == text
    except AddressValueError:
        return False


def _is_canonical_domain(host: str) -> bool:
    if host[0] == "." or ".." in host:
        return False
    if not ends_in_number(host):
        return True
    try:
        return str(IPv4Address(host)) == host
    except AddressValueError:
        return False


@dataclass(frozen=True, slots=True)
class Origin:
    """A tuple origin: https://html.spec.whatwg.org/multipage/browsers.html#concept-origin-tuple

    `port` is None if it is the scheme's default.

    >>> Origin.parse("http://localhost:3000")
    Origin(scheme='http', host='localhost', port=3000)
    >>> str(Origin("https", "example.com"))
    'https://example.com'
    """

    scheme: str
    host: str
    port: int | None = None

    @classmethod
    def parse(cls, value: str) -> Origin:
        """Parse a serialized origin; raise ValueError for anything else, also for ``null``."""
        parts = split_origin(value)
        if parts is None:
            raise ValueError(f"not a serialized origin: {value[:MAX_ORIGIN_LENGTH]!a}")
        scheme, host, port = parts
        return cls(scheme, host, int(port) if port else None)

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


def is_private_range(host: str) -> bool:
    """Return whether an IPv4 address, which may end in wildcards, is in a private network.

    Sources: https://www.rfc-editor.org/rfc/rfc1918, https://www.rfc-editor.org/rfc/rfc3927

    >>> is_private_range("192.168.1.*"), is_private_range("172.*.*.*"), is_private_range("8.8.8.*")
    (True, False, False)
    """
    return _is_private(host) is not None


def open_hosts(scheme: str, host: str) -> tuple[str, ...]:
    """Return the hosts with wildcards that match a host, or all that a narrower one matches.

    >>> open_hosts("http", "192.168.1.20")
    ('192.168.1.*', '192.168.*.*', '192.*.*.*')
    >>> open_hosts("chrome-extension", "abc"), open_hosts("http", "example.com")
    (('*',), ())
    """
    if scheme not in DEFAULT_PORTS:
        return (ANY,)
    if not is_private_range(host):
        return ()
    parts = host.split(".")
    return tuple(".".join([*parts[:kept], *"*" * (4 - kept)]) for kept in (3, 2, 1))


@dataclass(frozen=True, slots=True)
class OriginPattern:
    """A pattern with a wildcard for subdomains, a part of the first label, addresses or the port.

    `label` is ``*`` for one or more whole labels below `host`, a text with one ``*`` for a
    partial-label wildcard of at least one character, or None. `host` is ``*`` for every host of a
    scheme that websites do not have, and may be a private IPv4 address that ends in wildcards.
    `port` is ``*`` for any port and none.

    >>> OriginPattern.parse("https://pr-*.example.com")
    OriginPattern(scheme='https', label='pr-*', host='example.com', port='')
    >>> OriginPattern.parse("https://example.*") is None
    True
    """

    scheme: str
    label: str | None
    host: str
    port: str

    @classmethod
    def parse(cls, text: str) -> OriginPattern | None:
        """Parse a pattern with a wildcard; return None for anything else."""
        # Without its wildcards a pattern is an origin, so there is one grammar.
        any_port = text.endswith(":*")
        scheme, separator, rest = text.removesuffix(":*").partition("://")
        label: str | None = None
        if "*" in rest:
            label, _, host = rest.partition(".")
            if not host or label.count("*") != 1 or _is_label(label.replace("*", "x")) is None:
                return cls._parse_open_host(scheme, rest, any_port=any_port)
            rest = host
        elif not any_port:
            return None
        parts = split_origin(f"{scheme}{separator}{rest}")
        if parts is None or (any_port and parts[2]):
            return None
        scheme, host, port = parts
        if label is not None and (
            ends_in_number(host)
            or _is_domain(host) is None
            or len(label) + 1 + len(host) > _MAX_DOMAIN_LENGTH
        ):
            return None
        return cls(scheme, label, host, ANY if any_port else port)

    @classmethod
    def _parse_open_host(cls, scheme: str, rest: str, *, any_port: bool) -> OriginPattern | None:
        match = _is_open_host(rest)
        parts = split_origin(f"{scheme}://{rest.replace(ANY, '0')}")
        if match is None or parts is None or (any_port and parts[2]):
            return None
        host = match[1]
        # Only of websites are hosts parsed as addresses.
        is_possible = is_private_range(host) if scheme in DEFAULT_PORTS else host == ANY
        return cls(scheme, None, host, ANY if any_port else parts[2]) if is_possible else None

    def __str__(self) -> str:
        label = "" if self.label is None else f"{self.label}."
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{label}{self.host}{port}"


class OriginSet:
    """Exact origins and patterns, compiled so that a look-up costs the same for one and for many.

    `exact` holds serialized origins, possibly ``null``; the arguments are not validated. Patterns
    are found by their text, which is rebuilt from the origin that is looked up. The number of texts
    to try depends on the number of pattern forms (how many labels they have, how long the text
    before a partial-label wildcard is), not on the number of patterns.

    >>> origins = OriginSet(["https://example.com"], [OriginPattern.parse("http://localhost:*")])
    >>> "https://example.com" in origins, "http://localhost:3000" in origins
    (True, True)
    >>> "https://example.com.evil.example" in origins
    False
    """

    __slots__ = (
        "_any_port",
        "_depths",
        "_ends",
        "_has_open_hosts",
        "_partials",
        "_shared",
        "_wild",
        "exact",
        "has_patterns",
    )

    def __init__(self, exact: Iterable[str], patterns: Iterable[OriginPattern] = ()) -> None:
        if isinstance(exact, str):
            raise TypeError("exact is a single string. Pass a collection of origins.")
        self.exact: Final = frozenset(exact)
        self.has_patterns = self._any_port = self._has_open_hosts = False
        self._wild: Final[set[str]] = set()
        self._depths: Final[list[int]] = []
        self._partials: Final[list[int]] = []
        # The text before a partial-label wildcard with its host: the lengths of the text after it.
        self._ends: Final[dict[str, tuple[int, ...]]] = {}
        self._shared: Final[dict[tuple[int, ...], tuple[int, ...]]] = {}
        for pattern in patterns:
            self.add(pattern)

    def add(self, pattern: OriginPattern) -> None:
        """Add a pattern, before the first look-up."""
        self.has_patterns = True
        self._wild.add(str(pattern))
        self._any_port |= pattern.port == ANY
        self._has_open_hosts |= ANY in pattern.host
        if pattern.label == ANY:
            _insert(self._depths, pattern.host.count(".") + 1)
        elif pattern.label is not None:
            before, after = pattern.label.split(ANY)
            _insert(self._partials, len(before))
            partial = f"{before}*.{pattern.host}"
            lengths = tuple(sorted({*self._ends.get(partial, ()), len(after)}))
            self._ends[partial] = self._shared.setdefault(lengths, lengths)

    def __contains__(self, origin: str) -> bool:
        return origin in self.exact or (self.has_patterns and self._match(origin) is not None)

    def find(self, origin: str) -> str | None:
        """Return the exact origin or the pattern that matches `origin`, or None.

        >>> OriginSet([], [OriginPattern.parse("http://localhost:*")]).find("http://localhost:3000")
        'http://localhost:*'
        """
        return origin if origin in self.exact else self._match(origin)

    def _match(self, origin: str) -> str | None:
        parts = split_origin(origin)
        if parts is None:
            return None
        scheme, host, port = parts
        if self._any_port:
            pattern = f"{scheme}://{host}:*"
            if pattern in self._wild:
                return pattern
            found = self._match_domain(scheme, host, ":*")
            if found is not None:
                return found
        return self._match_domain(scheme, host, f":{port}" if port else "")

    def _match_domain(self, scheme: str, host: str, port: str) -> str | None:
        if _is_domain(host) is None:
            return self._match_open_host(scheme, host, port) if self._has_open_hosts else None
        labels = host.split(".")
        for depth in self._depths:
            if depth < len(labels):
                base = ".".join(labels[-depth:])
                pattern = f"{scheme}://*.{base}{port}"
                if pattern in self._wild:
                    return pattern
        label, _, base = host.partition(".")
        for length in self._partials:
            before = label[:length]
            for after in self._ends.get(f"{before}*.{base}", ()):
                if length + after < len(label):
                    pattern = f"{scheme}://{before}*{label[len(label) - after :]}.{base}{port}"
                    if pattern in self._wild:
                        return pattern
        return self._match_open_host(scheme, host, port) if self._has_open_hosts else None

    def _match_open_host(self, scheme: str, host: str, port: str) -> str | None:
        patterns = (f"{scheme}://{each}{port}" for each in open_hosts(scheme, host))
        return next((pattern for pattern in patterns if pattern in self._wild), None)


def _insert(numbers: list[int], number: int) -> None:
    """Insert a number into a sorted list, unless it is there."""
    if number not in numbers:
        numbers.append(number)
        numbers.sort()
