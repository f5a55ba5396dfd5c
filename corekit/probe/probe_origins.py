"""Origins that a server should refuse: each reveals one kind of wrong comparison.

They are derived from an origin that the server should allow. All are below names that nobody can
register (RFC 2606), or differ from the origin by something that an attacker can bring about. Most
codes name the wrong comparison: ``prefix`` that of a server that compares only the beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


_MEANINGS: Final = {
    "prefix": "a host that begins with the name of the allowed one",
    "suffix": "a host that ends with the name of the allowed one",
    "unescaped-dot": "a host with another character in place of a dot",
    "cut-short": "an origin that is the beginning of the allowed one",
    "scheme-downgrade": "the same host over plain HTTP, which a network attacker can control",
    "any-port": "the same host on another port, which may be another program",
    "any-sibling": "another subdomain of the allowed site",
    "any-subdomain": "a subdomain of the allowed host",
}


def _derive(scheme: str, host: str, port: str) -> Iterator[tuple[str, str]]:
    is_name, site = not (host.startswith("[") or ends_in_number(host)), site_of(host)
    if is_name:
        yield "prefix", f"{scheme}://{host}.{_EVIL}{port}"
        # Of the site: what is put before a subdomain is another subdomain of the same owner.
        yield "suffix", f"{scheme}://evil{site}{port}"
        # The dot between the site and its subdomains, or one in its suffix: with another character
        # for any other dot, the name would still belong to the same owner.
        below, rest = host[: -len(site) - 1], site
        if host == site:
            below, _, rest = host.partition(".")
        if "." in rest:
            yield "unescaped-dot", f"{scheme}://{below}x{rest}{port}"
        if "." in host and not port:
            yield "cut-short", f"{scheme}://{host[:-1]}"
    if scheme == "https" and not is_loopback(host):
        yield "scheme-downgrade", f"http://{host}"
    yield "any-port", f"{scheme}://{host}:{'8443' if port != ':8443' else '9443'}"
    if host != site:
        yield "any-sibling", f"{scheme}://evil{host}{port}"
    if is_name:
        yield "any-subdomain", f"{scheme}://evil.{host}{port}"


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
    for code, similar in _derive(scheme, host, f":{port}" if port else ""):
        if is_serialized_origin(similar):
            yield ProbeOrigin(code, similar, _MEANINGS[code])
