"""What a person may have meant by a string that is no origin of the language.

A browser makes an origin out of an address by the rules of https://url.spec.whatwg.org/#host-parsing:
it lower-cases, leaves out default ports, writes unicode as punycode and addresses in one canonical
form. Here the same is done to what an operator wrote, for one purpose only: to name the mend. What
comes out is shown, never matched.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from ._origins import (
    ANY,
    DEFAULT_PORTS,
    OPAQUE,
    OriginPattern,
    ends_in_number,
    is_loopback,
    is_serialized_origin,
    serialize_ipv6,
)

__all__ = ["Fault", "canonical_spelling", "find_fault", "find_likely_scheme"]

Fault = tuple[str, str, str]
"""A problem's code, its message and its hint."""

_FORM = "Write it as a browser sends it, such as 'https://example.com'."
_PATTERN_FORMS = (
    "The patterns are '*', 'https://*.example.com', 'https://pr-*.example.com' and"
    " 'http://localhost:*'."
)
# With a WebSocket handshake a browser sends the page's own origin.
_PAGE_SCHEMES = {"ws": "http", "wss": "https"}

_SPACE = " \t\r\n\f\v"
_scheme = re.compile(r"([a-z][a-z0-9+.\-]*):[/\\]{2,}|(https?):[/\\]*", re.IGNORECASE).match
_is_regex = re.compile(r"\^|.*(?:\\[.dw]|://\.\*|\$\Z)").match
_host_and_port = re.compile(r"(\[[^\]]*\]|[^:]*)(?::(\d*|\*))?").fullmatch


def find_fault(text: str) -> Fault:
    """Say what is wrong with `text`, which is no origin or pattern of the language.

    >>> find_fault("https://Example.com:443/")[0]
    'non-canonical-origin'
    >>> find_fault("example.com")[2]
    "Did you mean 'https://example.com'?"
    """
    meant = canonical_spelling(text)
    hint = f"Did you mean {meant!r}?" if meant else _FORM
    return _fault_of_the_string(text, hint) or _fault_of_its_parts(text, meant, hint)


def canonical_spelling(text: str) -> str | None:
    """Write `text` as a browser would serialize its origin; None where that is not possible.

    Paths, credentials and white space are left out, wildcards stay where the language has them.

    >>> canonical_spelling("HTTPS://B\u00fccher.Example:443/shop")
    'https://xn--bcher-kva.example'
    >>> canonical_spelling("localhost:3000"), canonical_spelling("https://*.Example.com/")
    ('http://localhost:3000', 'https://*.example.com')
    """
    text = text.strip(_SPACE)
    if text.lower() == OPAQUE:
        return OPAQUE
    match = _scheme(text)
    scheme = (match[1] or match[2]).lower() if match else ""
    authority = re.split(r"[/\\?#]", text[match.end() :] if match else text, maxsplit=1)[0]
    parts = _host_and_port(authority.rpartition("@")[2])
    if parts is None:
        return None
    label, dot, host = parts[1].partition(".") if "*" in parts[1] else ("", "", parts[1])
    canonical_host = _canonical_host(host)
    if canonical_host is None:
        return None
    if not scheme:
        scheme = "http" if is_loopback(canonical_host) else "https"
    scheme = _PAGE_SCHEMES.get(scheme) or find_likely_scheme(scheme) or scheme
    port = parts[2] or ""
    if port.isdigit():
        port = port.lstrip("0") or "0"
    if port == DEFAULT_PORTS.get(scheme):
        port = ""
    origin = f"{scheme}://{label.lower()}{dot}{canonical_host}{port and ':'}{port}"
    return origin if _is_of_the_language(origin) else None


def _fault_of_the_string(text: str, hint: str) -> Fault | None:
    stripped = text.strip(_SPACE)
    if not stripped:
        return "malformed-origin", "It is empty.", "Leave it out; ''.split(',') gives one such."
    if _is_regex(stripped):
        return "malformed-origin", "It looks like a regular expression.", _PATTERN_FORMS
    if stripped.lower().startswith("file:"):
        return (
            "file-origin",
            "A page from a file has no origin of its own: browsers send 'null' for it.",
            "Serve the page over http, such as from 'http://localhost:3000'.",
        )
    if _holds_several(stripped):
        return (
            "malformed-origin",
            "It holds more than one origin in one string.",
            "Write each origin as a string of its own in the list.",
        )
    if text != stripped:
        return "malformed-origin", "It has white space around it.", hint
    if any(character.isspace() or not character.isprintable() for character in text):
        return "malformed-origin", "It has white space or control characters in it.", _FORM
    return None


def _fault_of_its_parts(text: str, meant: str | None, hint: str) -> Fault:
    if "*" in text and meant is None:
        return "malformed-origin", "A wildcard stands where none is possible.", _PATTERN_FORMS
    if meant == OPAQUE:
        return "non-canonical-origin", "Browsers write the opaque origin in lower case.", hint
    match = _scheme(text)
    if match is None or not match[0].endswith("://"):
        return "malformed-origin", "It has no scheme and '://' before the host.", hint
    authority, slash, path = text[match.end() :].partition("/")
    if path or any(mark in authority for mark in "?#\\"):
        return "malformed-origin", "An origin has no path, query or fragment.", hint
    if "@" in authority:
        return "malformed-origin", "An origin has no user name or password.", hint
    if meant is None:
        return "malformed-origin", "No browser could send this as an origin.", _FORM
    return "non-canonical-origin", _difference(text, slash, meant), hint


def find_likely_scheme(scheme: str) -> str | None:
    """Say which of http and https a scheme was meant to be; None for one that stands for itself.

    >>> find_likely_scheme("htps"), find_likely_scheme("capacitor"), find_likely_scheme("https")
    ('https', None, None)
    """
    if scheme in ("http", "https"):
        return None
    from difflib import get_close_matches  # noqa: PLC0415 - only where it is needed

    return next(iter(get_close_matches(scheme, ["https", "http"], n=1, cutoff=0.75)), None)


def _is_of_the_language(text: str) -> bool:
    if "*" in text:
        return text == ANY or OriginPattern.parse(text) is not None
    return is_serialized_origin(text)


def _holds_several(text: str) -> bool:
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
    import idna  # noqa: PLC0415 - takes 2 ms, and hardly any process writes unicode into a policy

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        return None


def _canonical_ipv4(host: str) -> str | None:
    # https://url.spec.whatwg.org/#concept-ipv4-parser: hexadecimal, octal, and fewer than 4 parts.
    parts = host.removesuffix(".").split(".")
    if not all(map(ends_in_number, parts)):
        return None  # Python takes more for a number: signs, underscores
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


def _difference(text: str, slash: str, meant: str) -> str:
    scheme, _, rest = text.partition("://")
    if scheme.lower() in _PAGE_SCHEMES:
        return f"No page is served over {scheme}; browsers send the page's own origin."
    differences = {
        "upper case": text != text.lower(),
        "a trailing slash": slash,
        "unicode": not text.isascii(),
        "the default port": _has_port(rest) and not _has_port(meant.partition("://")[2]),
    }
    found = [name for name, is_there in differences.items() if is_there]
    if not found:
        return "Browsers spell this host or port another way."
    return f"Browsers send an origin without {', '.join(found)}."


def _has_port(authority: str) -> bool:
    return ":" in authority.rpartition("]")[2]
