"""Origins that a server should not let in: each is how one sort of faulty comparison is found.

They are made of an origin that the server is said to allow. All stand below names that nobody can
register (RFC 2606), or differ from the origin itself by what an attacker could bring about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from corekit._origins import OPAQUE, ends_in_number, is_loopback, is_serialized_origin, split_origin
from corekit._suffixes import site_of

__all__ = ["ANY_ORIGIN", "STRANGER", "Stranger", "strangers_to"]

STRANGER: Final = "https://corekit-probe.example"
"""An origin that has nothing to do with any other."""

ANY_ORIGIN: Final = "any-origin"
"""The code of the stranger whose being let in means that everybody is."""

_EVIL: Final = "evil.example"


@dataclass(frozen=True, slots=True)
class Stranger:
    """An origin to be refused, and what it would mean if it was not.

    `code` names the finding; `meaning` completes "The server lets in ...".
    """

    code: str
    origin: str
    meaning: str


_Parts = tuple[str, str, str]


def _suffix(parts: _Parts) -> str | None:
    scheme, host, port = parts
    return None if _is_address(host) else f"{scheme}://{host}.{_EVIL}{port}"


def _prefix(parts: _Parts) -> str | None:
    scheme, host, port = parts
    # Of the site: what stands before a name below it is a name below it again, of the same owner.
    return None if _is_address(host) else f"{scheme}://evil{site_of(host)}{port}"


def _unescaped_dot(parts: _Parts) -> str | None:
    scheme, host, port = parts
    site = site_of(host)
    # The dot that parts the site from what is below it, or one in its suffix: with any other for a
    # letter, the name would be the same owner's.
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


_NEAR: Final[dict[str, tuple[Callable[[_Parts], str | None], str]]] = {
    "suffix": (_suffix, "a site whose name begins with the allowed one"),
    "prefix": (_prefix, "a site whose name ends with that of the allowed one"),
    "unescaped-dot": (_unescaped_dot, "a site whose name has another character for the dot"),
    "cut-short": (_cut, "an origin that is the beginning of the allowed one"),
    "scheme-downgrade": (
        _downgrade,
        "the same site over plain http, where anybody on the way can write the page",
    ),
    "any-port": (_other_port, "the same host at another port, which may be another program"),
    "any-sibling": (_sibling, "another name of the allowed site"),
    "any-subdomain": (_subdomain, "a subdomain of the allowed host"),
}


def strangers_to(origin: str) -> Iterator[Stranger]:
    """Make the origins to try beside `origin`: what it is not, and what it nearly is.

    >>> [each.origin for each in strangers_to("https://app.example.com")][:3]
    ['https://corekit-probe.example', 'null', 'https://app.example.com.evil.example']
    """
    yield Stranger(ANY_ORIGIN, STRANGER, "any origin, whatever it is")
    if origin != OPAQUE:
        meaning = "the opaque origin, which any page can get through a sandboxed frame"
        yield Stranger("opaque-origin", OPAQUE, meaning)
    parts = split_origin(origin)
    if parts is None:
        return
    scheme, host, port = parts
    for code, (make, meaning) in _NEAR.items():
        near = make((scheme, host, f":{port}" if port else ""))
        if near is not None and near != origin and is_serialized_origin(near):
            yield Stranger(code, near, meaning)


def _is_address(host: str) -> bool:
    return host.startswith("[") or ends_in_number(host)
