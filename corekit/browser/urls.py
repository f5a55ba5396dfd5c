"""The parts of the URL standard that a fetch needs: parsing, resolving a redirect, the origin.

The rules are those of https://url.spec.whatwg.org/ for HTTP and HTTPS URLs. Internationalized host
names must be in Punycode. A URL with another scheme is kept as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from typing import Final
from urllib.parse import quote

from corekit._origins import DEFAULT_PORTS, OPAQUE, serialize_ipv6, split_origin

HTTP_SCHEMES: Final = frozenset({"http", "https"})
"""https://fetch.spec.whatwg.org/#http-scheme"""

_SPACE: Final = "".join(map(chr, range(0x21)))
_PATH_SAFE: Final = "/!$%&'()*+,-.:;=@[]^_|~"
_QUERY_SAFE: Final = "/!$%&()*+,-.:;=?@[]^_`{|}~\\"
_scheme = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(.*)", re.DOTALL).fullmatch
_is_dot = re.compile(r"\.|%2e", re.IGNORECASE).fullmatch
_is_double_dot = re.compile(r"(?:\.|%2e){2}", re.IGNORECASE).fullmatch


@dataclass(frozen=True, slots=True)
class Url:
    """A parsed URL: https://url.spec.whatwg.org/#concept-url

    `target` is the path and query, as a request has them. `credentials` is whether it has a user
    name or a password. The fragment is dropped, since no server receives it.
    """

    scheme: str
    authority: str
    target: str
    credentials: bool = False

    @property
    def origin(self) -> str:
        """The serialized origin: https://url.spec.whatwg.org/#concept-url-origin"""
        if self.scheme not in HTTP_SCHEMES:
            return OPAQUE
        return f"{self.scheme}://{self.authority}"

    @property
    def host(self) -> str:
        """The host without the port; empty unless this is an HTTP or HTTPS URL."""
        parts = split_origin(self.origin)
        return parts[1] if parts else ""

    def __str__(self) -> str:
        separator = "://" if self.scheme in HTTP_SCHEMES else ":"
        return f"{self.scheme}{separator}{self.authority}{self.target}"


def parse_url(text: str, base: Url | None = None) -> Url:
    """Parse a URL, relative to `base` if given. Raises ValueError if it is invalid.

    >>> str(parse_url("HTTPS://Example.com:443/a/../b?c#d"))
    'https://example.com/b?c'
    >>> str(parse_url("../c", parse_url("https://example.com/a/b/")))
    'https://example.com/a/c'
    """
    text = re.sub(r"[\t\n\r]", "", text.strip(_SPACE)).partition("#")[0]
    match = _scheme(text)
    scheme = match[1].lower() if match else ""
    if match and scheme not in HTTP_SCHEMES:
        return Url(scheme, "", match[2])
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
        return Url(scheme, _authority(scheme, host), target, credentials=bool(userinfo))
    if base is None:
        raise ValueError(f"not an absolute URL: {text!a}")
    base_path, base_mark, base_query = base.target.partition("?")
    if not path:
        mark, query = (mark, query) if mark else (base_mark, base_query)
        path = base_path
    elif not path.startswith("/"):
        path = f"{base_path.rpartition('/')[0]}/{path}"
    return Url(base.scheme, base.authority, _target(path, mark, query))


def _authority(scheme: str, text: str) -> str:
    host, port = text, ""
    if ":" in text and not text.endswith("]"):
        host, _, port = text.rpartition(":")
    host = host.lower()
    if host.startswith("["):
        try:
            host = f"[{serialize_ipv6(IPv6Address(host[1:-1]))}]"
        except AddressValueError as error:
            raise ValueError(f"not an IPv6 address: {host!a}") from error
    if port and not (port.isascii() and port.isdigit()):
        raise ValueError(f"not a port: {port!a}")
    port = str(int(port)) if port else ""
    authority = host if port in ("", DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    if split_origin(f"{scheme}://{authority}") is None:
        raise ValueError(f"not a host and port: {text!a}")
    return authority


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
