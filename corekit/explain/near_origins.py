"""The allowed origins that are nearest to one that is not allowed, and how they differ.

Origins that a page could have been meant to have are made out of its own, and the policy is asked
whether it allows them: so patterns and expressions are covered as exact origins are, and the search
costs nearly the same for one origin and for 100,000. What only a list can tell, such as the ports
that are in it, is collected in one pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from corekit._origins import ANY, split_origin
from corekit._suffixes import is_public_suffix
from corekit.diagnostics import show
from corekit.policy import CorsPolicy

from .explanation import NearMiss
from .serving import find_origin_rule

__all__ = ["find_near_origins"]

_MAX_FOUND: Final = 3
_MAX_PORTS: Final = 50
_MAX_EDITED: Final = 80
"""Longest host, in characters, in which every other letter is tried."""

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789-._"
_LOOPBACKS: Final = ("localhost", "127.0.0.1", "[::1]")
_OTHER_SCHEME: Final = {"http": "https", "https": "http"}

_Candidate = tuple[str, str]


@dataclass(slots=True)
class _Listed:
    """What of the list itself is of use: its ports, and what is alike in host."""

    ports: list[str] = field(default_factory=list)
    other_ending: str | None = None
    sibling: str | None = None


def find_near_origins(policy: CorsPolicy, origin: str) -> tuple[NearMiss, ...]:
    """Name up to three origins that the policy allows and that are nearly `origin`, nearest first.

    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"])
    >>> print(*find_near_origins(policy, "http://app.example.com"))
    'https://app.example.com' is allowed: the page has http instead of https.
    """
    parts = split_origin(origin)
    if parts is None:
        return ()
    scheme, host, port = parts
    listed = _read_list(policy, scheme, host)
    found: dict[str, NearMiss] = {}
    for candidate, difference in (
        *_other_ports(scheme, host, port, listed.ports),
        *_other_hosts(scheme, host, port),
    ):
        if policy.engine.actual(candidate).origin_allowed:
            found.setdefault(candidate, _near(policy, origin, candidate, difference))
    apex = _find_apex(policy, scheme, host, port)
    if apex is not None:
        message = f"{show(apex)} covers what is below {host}, not {host} itself."
        found = {apex: NearMiss("origin", origin, apex, message)}
    if not found:
        found = _find_edited(policy, origin, parts)
    if not found and listed.other_ending is not None:
        message = f"{show(listed.other_ending)} is allowed: only the ending of the name differs."
        found[origin] = NearMiss("origin", origin, listed.other_ending, message)
    if not found and listed.sibling is not None:
        message = f"{show(listed.sibling)} is allowed: another host of the same site."
        found[origin] = NearMiss("origin", origin, listed.sibling, message)
    return tuple(found.values())[:_MAX_FOUND]


def _near(policy: CorsPolicy, origin: str, candidate: str, difference: str) -> NearMiss:
    is_exact = candidate in policy.allow_origins
    by = "" if is_exact else f" by {find_origin_rule(policy, candidate)}"
    return NearMiss("origin", origin, candidate, f"{show(candidate)} is allowed{by}: {difference}.")


def _other_ports(scheme: str, host: str, port: str, ports: list[str]) -> Iterator[_Candidate]:
    other = _OTHER_SCHEME.get(scheme)
    if other is not None:
        yield _join(other, host, port), f"the page has {scheme} instead of {other}"
    for each in ports:
        if each != port:
            difference = f"the page has {_of(port)} instead of {_of(each, after=port)}"
            yield _join(scheme, host, each), difference
    if other is not None:
        for each in ports:
            if each != port:
                yield (
                    _join(other, host, each),
                    f"the page has {scheme} and {_of(port)} instead of {other} and {_of(each)}",
                )


def _other_hosts(scheme: str, host: str, port: str) -> Iterator[_Candidate]:
    if host in _LOOPBACKS:
        for each in _LOOPBACKS:
            if each != host:
                yield _join(scheme, each, port), f"the page has {host} instead of {each}"
        return
    if host.startswith("www."):
        yield _join(scheme, host[4:], port), "the page has www. before it"
    else:
        yield _join(scheme, f"www.{host}", port), "the page has no www. before it"
    if host.endswith("."):
        yield _join(scheme, host[:-1], port), "the page has a dot at its end"
    parent = host.partition(".")[2]
    while "." in parent:
        yield _join(scheme, parent, port), "the page is of a host below it"
        parent = parent.partition(".")[2]


def _find_apex(policy: CorsPolicy, scheme: str, host: str, port: str) -> str | None:
    # The pattern that covers every name below the host, and so not the host itself.
    for each in (port, ANY):
        pattern = _join(scheme, f"*.{host}", each)
        if pattern in policy.allow_origins:
            return pattern
    return None


def _find_edited(
    policy: CorsPolicy, origin: str, parts: tuple[str, str, str]
) -> dict[str, NearMiss]:
    scheme, host, port = parts
    if len(host) > _MAX_EDITED:
        return {}
    for edited, difference in _edits(host):
        candidate = _join(scheme, edited, port)
        if policy.engine.actual(candidate).origin_allowed:
            return {candidate: _near(policy, origin, candidate, difference)}
    return {}


def _edits(text: str) -> Iterator[_Candidate]:
    """Make every text that is one slip of a finger away."""
    for at in range(len(text) - 1):
        swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        yield swapped, "two letters of the page's are swapped"
    for at in range(len(text)):
        yield text[:at] + text[at + 1 :], "the page has one letter more"
        for letter in _LETTERS:
            yield text[:at] + letter + text[at + 1 :], "one letter differs"
    for at in range(len(text) + 1):
        for letter in _LETTERS:
            yield text[:at] + letter + text[at:], "the page has one letter less"


def _read_list(policy: CorsPolicy, scheme: str, host: str) -> _Listed:
    listed = _Listed()
    ports = [""]
    stem = f"{scheme}://{host.rpartition('.')[0]}."
    site = ".".join(host.rsplit(".", 2)[-2:])
    below = f".{site}" if _is_site(site) else None
    for text in policy.allow_origins:
        head, _, port = text.rpartition(":")
        is_port = port.isdigit()
        if is_port and len(ports) < _MAX_PORTS and port not in ports:
            ports.append(port)
        name = head if is_port else text
        is_alike = name.startswith(stem) and "." not in name[len(stem) :]
        if is_alike and listed.other_ending is None:
            listed.other_ending = text
        if listed.sibling is None and below is not None and name.endswith((below, f"/{site}")):
            listed.sibling = text
    listed.ports = ports
    return listed


def _is_site(name: str) -> bool:
    has_letters = not name.rpartition(".")[2].isdigit()
    return "." in name and has_letters and not is_public_suffix(name)


def _join(scheme: str, host: str, port: str) -> str:
    return f"{scheme}://{host}{port and ':'}{port}"


def _of(port: str, *, after: str = "") -> str:
    if not port:
        return "none" if after else "no port"
    return port if after else f"port {port}"
