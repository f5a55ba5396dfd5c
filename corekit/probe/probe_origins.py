"""Origins that a server should refuse: each reveals one kind of wrong comparison.

They are derived from an origin that the server should allow. All are below names that nobody can
register (RFC 2606), or differ from the origin by something that an attacker can bring about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from corekit._origins import OPAQUE, ends_in_number, is_loopback, is_serialized_origin, split_origin
from corekit._suffixes import site_of

UNTRUSTED: Final = "https://corekit-probe.example"
"""An origin that is unrelated to any other."""

ANY_ORIGIN: Final = "any-origin"
"""The code of the probe origin that is allowed only if every origin is."""

DENIED: Final = "denied-origin"
"""The code of the probe origins that the caller names."""

_EVIL: Final = "evil.example"


@dataclass(frozen=True, slots=True)
class ProbeOrigin:
    """An origin that should be refused; `meaning` completes "The server allows ..."."""

    code: str
    origin: str
    meaning: str


_Parts = tuple[str, str, str]


def _suffix(parts: _Parts) -> str | None:
    scheme, host, port = parts
    return None if _is_address(host) else f"{scheme}://{host}.{_EVIL}{port}"


def _prefix(parts: _Parts) -> str | None:
    scheme, host, port = parts
    # Of the site: a prefix to a subdomain is another subdomain of the same owner.
    return None if _is_address(host) else f"{scheme}://evil{site_of(host)}{port}"


def _unescaped_dot(parts: _Parts) -> str | None:
    scheme, host, port = parts
    site = site_of(host)
    # The dot between the site and its subdomains, or one in its suffix: with another character
    # for any other dot, the name would still belong to the same owner.
    below, _, rest = host.partition(".") if host == site else (host[: -len(site) - 1], ".", site)
    return None if "." not in rest or _is_address(host) else f"{scheme}://{below}x{rest}{port}"


def _cut(parts: _Parts) -> str | None:
    scheme, host, port = parts
    return None if port or _is_address(host) or "." not in host else f"{scheme}://{host[:-1]}"


def _downgrade(parts: _Parts) -> str | None:
    scheme, host, _ = parts
    return f"http://{host}" if scheme == "https" and not is_loopback(host) else None


def _other_port(parts: _Parts) -> str | None:
    scheme, host, port = parts
    return f"{scheme}://{host}:{'8443' if port != ':8443' else '9443'}"


def _sibling(parts: _Parts) -> str | None:
    scheme, host, port = parts
    return None if host == site_of(host) else f"{scheme}://evil{host}{port}"


def _subdomain(parts: _Parts) -> str | None:
    scheme, host, port = parts
    return None if _is_address(host) else f"{scheme}://evil.{host}{port}"


_SIMILAR: Final[dict[str, tuple[Callable[[_Parts], str | None], str]]] = {
    "suffix": (_suffix, "a host that begins with the name of the allowed one"),
    "prefix": (_prefix, "a host that ends with the name of the allowed one"),
    "unescaped-dot": (_unescaped_dot, "a host with another character in place of a dot"),
    "cut-short": (_cut, "an origin that is the beginning of the allowed one"),
    "scheme-downgrade": (
        _downgrade,
        "the same host over plain HTTP, where a network attacker can write the page",
    ),
    "any-port": (_other_port, "the same host on another port, which may be another program"),
    "any-sibling": (_sibling, "another subdomain of the allowed site"),
    "any-subdomain": (_subdomain, "a subdomain of the allowed host"),
}


def make_probe_origins(origin: str, denied: Iterable[str] = ()) -> Iterator[ProbeOrigin]:
    """Yield the `denied` origins, and those that are similar or unrelated to `origin`.

    >>> [each.origin for each in make_probe_origins("https://app.example.com")][:3]
    ['https://corekit-probe.example', 'null', 'https://app.example.com.evil.example']
    """
    yield ProbeOrigin(ANY_ORIGIN, UNTRUSTED, "any origin")
    if origin != OPAQUE:
        meaning = "the opaque origin, which any page can send by using a sandboxed iframe"
        yield ProbeOrigin("opaque-origin", OPAQUE, meaning)
    for each in denied:
        yield ProbeOrigin(DENIED, each, "an origin that the policy does not allow")
    parts = split_origin(origin)
    if parts is None:
        return
    scheme, host, port = parts
    for code, (make, meaning) in _SIMILAR.items():
        similar = make((scheme, host, f":{port}" if port else ""))
        if similar is not None and similar != origin and is_serialized_origin(similar):
            yield ProbeOrigin(code, similar, meaning)


def _is_address(host: str) -> bool:
    return host.startswith("[") or ends_in_number(host)
