"""Search for the allowed origins, methods and header names nearest to one that is not allowed.

The search for origins derives likely ones from the given one and asks the policy whether it allows
them, the likeliest first. So it covers patterns and regular expressions as well as exact origins,
and costs nearly the same for one origin and for 100,000. Only the ports, the letters and the
similar host names are read from the list itself. A client chooses the origin, so the work is
limited: `_MOST_CANDIDATES` are looked up in the list, and patterns and regular expressions are
asked for as many as `_MOST_WORK` suffices for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ._origins import ANY, OriginSet, split_origin
from ._suffixes import is_public_suffix
from .arguments import REGEXES

if TYPE_CHECKING:
    from ._engine import Engine

_MAX_FOUND: Final = 3
_MAX_PORTS: Final = 50
_MAX_EDITED: Final = 80
"""Longest host, in characters, in which every other letter is tried."""

_MOST_CANDIDATES: Final = 4_000
_MOST_WORK: Final = 500_000
"""The work of all look-ups in patterns and regular expressions, in states that `re` visits: a few
milliseconds."""

_LOOKUP_WORK: Final = 150
"""What it takes to read an origin, in the same unit."""

_PATTERN_WORK: Final = 300
"""What it takes to look one up in patterns."""

_UNKNOWN_WORK: Final = 10_000
"""What it is taken for in another container."""

_LONGER: Final = 16
"""How many characters longer a candidate may be: a scheme, ``www.`` and a port."""

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789-._"
_MAX_LENGTH: Final = 100
_MOST_LETTERS: Final = 10_000
"""How many letters of the names in a list are read: 500 names of 20 letters."""

_CUTOFF: Final = 0.8
_MOST_PAIRS: Final = 20_000
"""How many pairs of letters are compared for one name: 50 names of 20 letters, 2 of 100."""

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
    from difflib import SequenceMatcher  # noqa: PLC0415 - only where it is needed

    if len(name) > _MAX_LENGTH:
        return None
    matcher = SequenceMatcher()
    matcher.set_seq2(name)
    likely: list[tuple[float, str]] = []
    left = _MOST_LETTERS
    for each in allowed:
        left -= len(each)
        if left < 0:
            break
        matcher.set_seq1(each)
        if matcher.real_quick_ratio() >= _CUTOFF:
            # How many letters both have bounds the ratio, and costs far less.
            likely.append((matcher.quick_ratio(), each))
    nearest = (_CUTOFF, "")
    left = _MOST_PAIRS
    for bound, each in sorted(likely, reverse=True):
        left -= len(name) * len(each)
        if bound < nearest[0] or left < 0:
            break
        matcher.set_seq1(each)
        nearest = max(nearest, (matcher.ratio(), each))
    return nearest[1] or None


def find_near_origins(engine: Engine, origin: str) -> tuple[NearOrigin, ...]:
    """Return up to three origins that `engine` allows and that nearly match, nearest first.

    >>> from corekit import CorsPolicy
    >>> engine = CorsPolicy(allow_origins=["https://app.example.com"]).engine
    >>> find_near_origins(engine, "http://app.example.com")[0].nearest
    'https://app.example.com'
    """
    parts = split_origin(origin)
    if parts is None:
        return ()
    scheme, host, port = parts
    search = _Search(engine, len(origin))
    for each in (port, ANY):
        # A pattern that covers every subdomain of the host does not cover the host itself.
        apex = _join(scheme, f"*.{host}", each)
        if apex in search.listed:
            return (NearOrigin(apex, f"it covers subdomains of {host}, not {host} itself"),)
    ports, similar = _read_list(engine.allow_origins, scheme, host)
    found: dict[str, NearOrigin] = {}
    for near in (*_other_ports(scheme, host, port, ports), *_other_hosts(scheme, host, port)):
        if search.allows(near.nearest):
            found.setdefault(near.nearest, near)
    if found:
        return tuple(found.values())[:_MAX_FOUND]
    letters = search.letters()
    for each in filter(None, (scheme, _OTHER_SCHEME.get(scheme))):
        for edited, difference in _edits(host, letters):
            candidate = _join(each, edited, port)
            if search.allows(candidate):
                return (NearOrigin(candidate, difference),)
    return similar


class _Search:
    """Asks an engine for origins, up to a limit."""

    def __init__(self, engine: Engine, length: int) -> None:
        self._engine = engine
        self.listed = frozenset(engine.allow_origins)
        self._left = _MOST_CANDIDATES
        self._asked = _MOST_WORK // _work_of(engine, length + _LONGER)

    def allows(self, origin: str) -> bool:
        """Return whether the engine is known to allow an origin."""
        self._left -= 1
        if self._left < 0:
            return False
        if origin in self.listed:
            return True
        self._asked -= 1
        return self._asked >= 0 and self._engine.allows(origin)

    def letters(self) -> str:
        """Return the letters that the entries are written with; a host lacks no others."""
        regexes: Any = self._engine.source.arguments.get(REGEXES, ())
        written = {*"".join(self.listed), *"".join(each.pattern for each in regexes).lower()}
        return "".join(letter for letter in _LETTERS if letter in written)


def _work_of(engine: Engine, length: int) -> int:
    """Return what it takes to ask an engine for an origin of this length."""
    origins = getattr(engine.others, "bounded", engine.others)
    if isinstance(origins, OriginSet | frozenset):
        return _LOOKUP_WORK + _PATTERN_WORK
    work = getattr(origins, "work", None)
    return _LOOKUP_WORK + (_UNKNOWN_WORK if work is None else int(work(length)))


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


def _edits(host: str, letters: str = _LETTERS) -> Iterator[tuple[str, str]]:
    """Yield every host at edit distance 1, with the difference, unless the host is long.

    The most common typos come first.
    """
    if len(host) > _MAX_EDITED:
        return
    for at in range(len(host) - 1):
        swapped = host[:at] + host[at + 1] + host[at] + host[at + 2 :]
        yield swapped, "two letters of the page's host are swapped"
    for at in range(len(host)):
        yield host[:at] + host[at + 1 :], "the page's host has one letter more"
    for at in range(len(host)):
        yield host[:at] + host[at] + host[at:], "the page's host has one letter less"
    for letter in letters:
        for at in range(len(host)):
            yield host[:at] + letter + host[at + 1 :], "one letter differs"
        for at in range(len(host) + 1):
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
