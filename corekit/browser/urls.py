"""The parts of the URL standard that a fetch needs: parsing, resolving a redirect, the origin.

The rules are those of https://url.spec.whatwg.org/ for HTTP and HTTPS URLs. Internationalized host
names must be in Punycode. A URL with another scheme is kept as it is, and no relative URL is
resolved against it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import quote, unquote

from corekit._origins import DEFAULT_PORTS, OPAQUE, ends_in_number, serialize_ipv6

HTTP_SCHEMES: Final = frozenset({"http", "https"})
"""https://fetch.spec.whatwg.org/#http-scheme"""

_MAX_PORT: Final = 65535
_SPACE: Final = "".join(map(chr, range(0x21)))
_PATH_SAFE: Final = "/!$%&'()*+,-.:;=@[]^_|~"
_QUERY_SAFE: Final = "/!$%&()*+,-.:;=?@[]^_`{|}~\\"
_OPAQUE_SAFE: Final = "".join(map(chr, range(0x20, 0x7F)))
_USERINFO_SAFE: Final = "!$%&'()*+,-._~"
_scheme = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(.*)", re.DOTALL).fullmatch
# Without https://url.spec.whatwg.org/#forbidden-domain-code-point
_is_domain = re.compile(r"[a-z0-9!\"$&'()*+,\-.;=_`{}~]+").fullmatch
# A number of more digits, apart from zeros, is no address.
_is_ipv4_number = re.compile(r"0x0*[0-9a-f]{0,8}|0+[0-7]{0,11}|[1-9][0-9]{0,9}").fullmatch
_is_dot = re.compile(r"\.|%2e", re.IGNORECASE).fullmatch
_is_double_dot = re.compile(r"(?:\.|%2e){2}", re.IGNORECASE).fullmatch


@dataclass(frozen=True, slots=True)
class Url:
    """A parsed URL: https://url.spec.whatwg.org/#concept-url

    `target` is the path and query, as a request has them. `userinfo` is the user name and password.
    `fragment` is not sent to servers; None means that the URL does not have one.

    >>> url = parse_url("https://user:secret@api.example.com:8443/x")
    >>> str(url), url.href
    ('https://api.example.com:8443/x', 'https://user:secret@api.example.com:8443/x')
    >>> url.host, url.port
    ('api.example.com', 8443)
    """

    scheme: str
    authority: str
    target: str
    userinfo: str = ""
    fragment: str | None = None

    @property
    def origin(self) -> str:
        """The serialized origin: https://url.spec.whatwg.org/#concept-url-origin"""
        if self.scheme not in HTTP_SCHEMES:
            return OPAQUE
        return f"{self.scheme}://{self.authority}"

    @property
    def host(self) -> str:
        """The host without the port; empty unless this is an HTTP or HTTPS URL."""
        return self._host_and_port[0]

    @property
    def port(self) -> int | None:
        """The port; None if it is the default of the scheme."""
        return self._host_and_port[1]

    @property
    def _host_and_port(self) -> tuple[str, int | None]:
        host, colon, port = self.authority.rpartition(":")
        return (host, int(port)) if colon and port.isdigit() else (self.authority, None)

    @property
    def href(self) -> str:
        """The URL as pages see it, with the user name and password, but without fragment."""
        return str(self).replace("://", f"://{self.userinfo}@", 1) if self.userinfo else str(self)

    def __str__(self) -> str:
        """Return the URL as it is requested, without user name, password and fragment."""
        separator = "://" if self.scheme in HTTP_SCHEMES else ":"
        return f"{self.scheme}{separator}{self.authority}{self.target}"


def parse_url(text: str, base: Url | None = None) -> Url:
    """Parse a URL, relative to `base` if given. Raises ValueError if it is invalid.

    >>> str(parse_url("HTTPS://Example.com:443/a/../b?c#d"))
    'https://example.com/b?c'
    >>> str(parse_url("../c", parse_url("https://example.com/a/b/")))
    'https://example.com/a/c'
    """
    text = re.sub(r"[\t\n\r]", "", text.strip(_SPACE))
    text, number_sign, fragment = text.partition("#")
    return replace(_parse(text, base), fragment=fragment if number_sign else None)


def _parse(text: str, base: Url | None) -> Url:
    if base and base.scheme not in HTTP_SCHEMES:
        base = None
    match = _scheme(text)
    scheme = match[1].lower() if match else ""
    if match and scheme not in HTTP_SCHEMES:
        path, mark, query = match[2].partition("?")
        query = quote(query, safe=f"{_QUERY_SAFE}'")
        return Url(scheme, "", f"{quote(path, safe=_OPAQUE_SAFE)}{mark}{query}")
    rest = match[2] if match else text
    path, mark, query = rest.partition("?")
    path = path.replace("\\", "/")
    # After the base's scheme, one slash or none starts a path, not a host.
    absolute = scheme and not (base and base.scheme == scheme)
    if absolute or (base and path.startswith("//")):
        authority, _, path = path.lstrip("/").partition("/")
        userinfo, _, host = authority.rpartition("@")
        scheme = scheme or base.scheme  # type: ignore[union-attr]
        target = _target(f"/{path}", mark, query)
        return Url(scheme, _authority(scheme, host), target, _userinfo(userinfo))
    if base is None:
        raise ValueError(f"not an absolute URL: {text!a}")
    base_path, base_mark, base_query = base.target.partition("?")
    if not path:
        mark, query = (mark, query) if mark else (base_mark, base_query)
        path = base_path
    elif not path.startswith("/"):
        path = f"{base_path.rpartition('/')[0]}/{path}"
    return Url(base.scheme, base.authority, _target(path, mark, query), base.userinfo)


def _authority(scheme: str, text: str) -> str:
    host, port = text, ""
    if ":" in text and not text.endswith("]"):
        host, _, port = text.rpartition(":")
    if host.startswith("["):
        host = _serialize_ipv6(host)
    else:
        host = unquote(host).lower()
        if not _is_domain(host):
            raise ValueError(f"not a host and port: {text!a}")
        if ends_in_number(host):
            host = _serialize_ipv4(host)
    if port and not (port.isascii() and port.isdigit()):
        raise ValueError(f"not a port: {port!a}")
    if port:
        port = port.lstrip("0") or "0"
        if len(port) > len(str(_MAX_PORT)) or int(port) > _MAX_PORT:
            raise ValueError(f"not a port: {port!a}")
    return host if port in ("", DEFAULT_PORTS[scheme]) else f"{host}:{port}"


def _serialize_ipv6(host: str) -> str:
    # https://url.spec.whatwg.org/#concept-ipv6-parser, which knows no zones ("%eth0")
    if not host.endswith("]") or "%" in host:
        raise ValueError(f"not an IPv6 address: {host!a}")
    try:
        return f"[{serialize_ipv6(IPv6Address(host[1:-1]))}]"
    except AddressValueError as error:
        raise ValueError(f"not an IPv6 address: {host!a}") from error


def _serialize_ipv4(host: str) -> str:
    # https://url.spec.whatwg.org/#concept-ipv4-parser
    parts = host.removesuffix(".").split(".")
    if len(parts) > 4 or not all(map(_is_ipv4_number, parts)):
        raise ValueError(f"not an IPv4 address: {host!a}")
    *first, last = (_read_number(part) for part in parts)
    if any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        raise ValueError(f"not an IPv4 address: {host!a}")
    address = sum(number << 8 * (3 - index) for index, number in enumerate(first)) + last
    return str(IPv4Address(address))


def _read_number(text: str) -> int:
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8 if text.startswith("0") else 10)


def _userinfo(text: str) -> str:
    name, _, password = text.partition(":")
    parts = (quote(part, safe=_USERINFO_SAFE) for part in (name, password))
    return ":".join(parts).removesuffix(":")


def _target(path: str, mark: str, query: str) -> str:
    segments: list[str] = []
    for part in path.split("/")[1:]:
        if _is_double_dot(part):
            del segments[-1:]
        elif not _is_dot(part):
            segments.append(part)
    last = path.rpartition("/")[2]
    if _is_dot(last) or _is_double_dot(last):
        segments.append("")
    encoded = quote("/" + "/".join(segments), safe=_PATH_SAFE)
    return f"{encoded}{mark}{quote(query, safe=_QUERY_SAFE)}"
