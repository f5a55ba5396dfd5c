"""Search for the allowed origins, methods and header names nearest to one that is not allowed.

The search for origins derives likely ones from the given one and asks the policy whether it allows
them. So it covers patterns and regular expressions as well as exact origins, and costs nearly the
same for one origin and for 100,000. Only the ports and the similar host names are read from the
list itself, in one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final, NamedTuple

from ._origins import ANY, split_origin
from ._suffixes import is_public_suffix

_MAX_FOUND: Final = 3
_MAX_PORTS: Final = 50
_MAX_EDITED: Final = 80
"""Longest host, in characters, in which every other letter is tried."""

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789-._"
_MAX_NAMES: Final = 500
_MAX_LENGTH: Final = 100
_CUTOFF: Final = 0.8

_LOOPBACKS: Final = ("localhost", "127.0.0.1", "[::1]", "0.0.0.0")  # noqa: S104 - not bound
_OTHER_SCHEME: Final = {"http": "https", "https": "http"}


class NearOrigin(NamedTuple):
    """An origin or a pattern that is allowed, and how the given origin differs from it."""

    nearest: str
    difference: str


def find_near_method(method: str, allowed: Collection[str]) -> str | None:
    """Return the allowed method that differs from `method` in its case or by a typo, if any.

    >>> find_near_method("patch", ["GET", "PATCH"])
    'PATCH'
    """
    for each in allowed:
        if each.upper() == method.upper() and each != method:
            return each
    return find_near_name(method, allowed)


def find_near_name(name: str, allowed: Collection[str]) -> str | None:
    """Return the name in `allowed` nearest to `name`, or None if none is near.

    >>> find_near_name("x-csrf-token", ["x-csrftoken"])
    'x-csrftoken'
    """
    from difflib import get_close_matches  # noqa: PLC0415 - only where it is needed

    if len(name) > _MAX_LENGTH:
        return None
    names = [each for each in allowed if len(each) <= _MAX_LENGTH][:_MAX_NAMES]
    return next(iter(get_close_matches(name, names, cutoff=_CUTOFF)), None)


def find_near_origins(
    origin: str, allow_origins: Collection[str], allows: Callable[[str], bool]
) -> tuple[NearOrigin, ...]:
    """Return up to three allowed origins that nearly match `origin`, nearest first.

    `allow_origins` are the origins and patterns of a policy, `allows` returns whether it allows an
    origin.

    >>> allowed = {"https://app.example.com"}
    >>> find_near_origins("http://app.example.com", allowed, allowed.__contains__)[0].nearest
    'https://app.example.com'
    """
    parts = split_origin(origin)
    if parts is None:
        return ()
    scheme, host, port = parts
    for each in (port, ANY):
        # A pattern that covers every subdomain of the host does not cover the host itself.
        apex = _join(scheme, f"*.{host}", each)
        if apex in allow_origins:
            return (NearOrigin(apex, f"it covers subdomains of {host}, not {host} itself"),)
    ports, similar = _read_list(allow_origins, scheme, host)
    found: dict[str, NearOrigin] = {}
    for near in (*_other_ports(scheme, host, port, ports), *_other_hosts(scheme, host, port)):
        if allows(near.nearest):
            found.setdefault(near.nearest, near)
    if found:
        return tuple(found.values())[:_MAX_FOUND]
    schemes = [each for each in (scheme, _OTHER_SCHEME.get(scheme)) if each]
    for edited, difference in _edits(host):
        for each in schemes:
            candidate = _join(each, edited, port)
            if allows(candidate):
                return (NearOrigin(candidate, difference),)
    return similar


def is_typo(origin: str, nearest: str) -> bool:
    """Return whether the host of an origin is a typo of that of another one.

    >>> is_typo("https://ap.example.com", "https://app.example.com")
    True
    >>> is_typo("http://localhost:3000", "http://localhost:3001")
    False
    """
    parts, others = split_origin(origin), split_origin(nearest)
    if parts is None or others is None:
        return False
    return any(edited == others[1] for edited, _ in _edits(parts[1])) and parts[1] != others[1]


def _other_ports(scheme: str, host: str, port: str, ports: list[str]) -> Iterator[NearOrigin]:
    other = _OTHER_SCHEME.get(scheme)
    others = [each for each in ports if each != port]
    if other is not None:
        yield NearOrigin(_join(other, host, port), f"the page has {scheme} instead of {other}")
    for each in others:
        difference = f"the page has {_name(port)} instead of {_name(each, after=port)}"
        yield NearOrigin(_join(scheme, host, each), difference)
    if other is None:
        return
    for each in others:
        difference = f"the page has {scheme} and {_name(port)} instead of {other} and {_name(each)}"
        yield NearOrigin(_join(other, host, each), difference)


def _other_hosts(scheme: str, host: str, port: str) -> Iterator[NearOrigin]:
    if host in _LOOPBACKS:
        for each in _LOOPBACKS:
            if each != host:
                difference = f"the page has {host} instead of {each}"
                yield NearOrigin(_join(scheme, each, port), difference)
        return
    if host.startswith("www."):
        yield NearOrigin(_join(scheme, host[4:], port), "the page's host begins with 'www.'")
    else:
        yield NearOrigin(_join(scheme, f"www.{host}", port), "the page's host lacks 'www.'")
    if host.endswith("."):
        yield NearOrigin(_join(scheme, host[:-1], port), "the page's host ends with a dot")
    parent = host.partition(".")[2]
    while "." in parent:
        yield NearOrigin(_join(scheme, parent, port), "the page is on a subdomain of it")
        parent = parent.partition(".")[2]


def _edits(host: str) -> Iterator[tuple[str, str]]:
    """Yield every host at edit distance 1, with the difference, unless the host is long."""
    if len(host) > _MAX_EDITED:
        return
    for at in range(len(host) - 1):
        swapped = host[:at] + host[at + 1] + host[at] + host[at + 2 :]
        yield swapped, "two letters of the page's host are swapped"
    for at in range(len(host)):
        yield host[:at] + host[at + 1 :], "the page's host has one letter more"
        for letter in _LETTERS:
            yield host[:at] + letter + host[at + 1 :], "one letter differs"
    for at in range(len(host) + 1):
        for letter in _LETTERS:
            yield host[:at] + letter + host[at:], "the page's host has one letter less"


def _read_list(
    allow_origins: Collection[str], scheme: str, host: str
) -> tuple[list[str], tuple[NearOrigin, ...]]:
    """Return the ports in the list, and its first entry with a similar host."""
    ports, other_ending, sibling = [""], "", ""
    stem = f"{scheme}://{host.rpartition('.')[0]}."
    site = ".".join(host.split(".")[-2:])
    ends = (f".{site}", f"/{site}") if _is_site(site) else ()
    for text in allow_origins:
        name, _, port = text.rpartition(":")
        if not port.isdigit():
            name = text
        elif len(ports) < _MAX_PORTS and port not in ports:
            ports.append(port)
        if not other_ending and name.startswith(stem) and "." not in name[len(stem) :]:
            other_ending = text
        if not sibling and name.endswith(ends):
            sibling = text
    if other_ending:
        return ports, (NearOrigin(other_ending, "only the top-level domain differs"),)
    if sibling:
        return ports, (NearOrigin(sibling, "it is another host of the same site"),)
    return ports, ()


def _is_site(name: str) -> bool:
    has_letters = not name.rpartition(".")[2].isdigit()
    return "." in name and has_letters and not is_public_suffix(name)


def _join(scheme: str, host: str, port: str) -> str:
    return f"{scheme}://{host}{port and ':'}{port}"


def _name(port: str, *, after: str = "") -> str:
    if not port:
        return "none" if after else "no port"
    return port if after else f"port {port}"
