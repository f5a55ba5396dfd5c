"""Questions about a set of origins that are answered exactly, each with an origin as the proof.

A set is given as an automaton (`_automata`), and is compared with the origins that browsers send,
one automaton for each kind of host (`_origin_kinds`).

To find out which sites a set belongs to, hosts are read from the right, label by label. A label is
*open* if it has more than `MOST_VALUES` values, not counting those that make a public suffix, such
as top-level domains that exist, of which there may be up to `_MOST_SUFFIX_LABELS`. If the top-level
domain is open, the set has sites under any name; if the label below a public suffix is open, it has
sites that anybody can register; below a site, labels may be open. A label that is not open is
followed for each of its values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ._automata import (
    ALPHABET,
    Automaton,
    Edge,
    TooManyStates,
    characters_of,
    intersection,
    mask_of,
    members,
    reversed_edges,
    subtraction,
)
from ._origin_kinds import (
    ANY_PORT,
    WEB_KINDS,
    Kind,
    automaton_of,
    loopback_origins,
    plain_http_origins,
    private_addresses,
    web_origins,
)
from ._origins import ANY, is_hostless, is_serialized_origin
from ._suffixes import is_known_suffix, is_public_suffix, suffix_rules_below

MOST_VALUES: Final = 16
"""A label with more values is open. A dot that is not escaped has 37."""

_MOST_SUFFIX_LABELS: Final = 300
"""The values that are tried; lists of top-level domains have fewer, ``[a-z]{2}`` has more."""

_MOST_ATTEMPTS: Final = 500
_MOST_SUFFIXES: Final = 2_000
_ANY_SITE: Final = (rf"(.*\.)?evil\.example{ANY_PORT}", rf"(.*\.)?evil\.[a-z]+\.?{ANY_PORT}")
_LABEL_CHARACTERS = mask_of("abcdefghijklmnopqrstuvwxyz0123456789_-")
_APP_CHARACTERS = mask_of(ALPHABET) & ~mask_of("/:.")
_HOST_CHARACTERS = mask_of(ALPHABET) & ~mask_of("/")


@dataclass(frozen=True, slots=True)
class Opening:
    """A place where a set is open: the public suffix, and an origin.

    Without a suffix, it is the top-level domain or an address. `is_any_site` is true if it is known
    that the name below the top-level domain is any as well.
    """

    suffix: str
    origin: str
    is_any_site: bool = False


class OriginLanguage:
    """The origins that an automaton has, and that `has` confirms.

    `has` is what matches at request time. It is asked for every origin that is named as a proof,
    and it knows what an automaton does not count, such as the length of a host.

    >>> language = OriginLanguage.of_regex(re.compile(r"https://.*example\\.com"))
    >>> language.find_open_site()
    Opening(suffix='com', origin='https://evilexample.com', is_any_site=False)
    """

    def __init__(self, automaton: Automaton, has: Callable[[str], object]) -> None:
        self.automaton = automaton
        self.has = has
        self._parts: dict[Kind, Automaton] = {}

    @classmethod
    def of_regex(cls, regex: re.Pattern[str]) -> OriginLanguage:
        """Return the origins that a regular expression matches as a whole."""
        return cls(automaton_of(regex), regex.fullmatch)

    def part(self, kind: Kind) -> Automaton:
        """Return the origins of one kind."""
        part = self._parts.get(kind)
        if part is None:
            part = self._parts[kind] = intersection(self.automaton, kind.origins)
        return part

    def find_any(self) -> str | None:
        """Return one of the origins, or None if no browser sends any of them."""
        return next(filter(None, (self._witness(self.part(kind)) for kind in Kind)), None)

    def find(self, kind: Kind) -> str | None:
        """Return one of the origins of this kind."""
        return self._witness(self.part(kind))

    def find_insecure(self) -> str | None:
        """Return an http origin of another machine, or None."""
        for kind in WEB_KINDS:
            insecure = intersection(self.part(kind), plain_http_origins())
            found = self._witness(insecure, without=(loopback_origins(),))
            if found is not None:
                return found
        return None

    def find_open_site(self) -> Opening | None:
        """Return where the set has origins of sites that the operator does not choose, or None."""
        domains = self.part(Kind.DOMAIN)
        suffix = next(_open_suffixes(_Hosts(domains)), None)
        if suffix is not None:
            host = suffix.removeprefix(".")
            any_site = "" if host else self._host_witness(domains, _ANY_SITE)
            origin = any_site or self._site_witness(domains, host)
            return Opening(host, origin, is_any_site=bool(any_site))
        addresses = self._open_addresses()
        return None if addresses is None else Opening("", self._witness(addresses) or "")

    def has_open_site(self) -> bool:
        """Return whether there is an `Opening`; to find an example of it takes far longer."""
        suffixes = _open_suffixes(_Hosts(self.part(Kind.DOMAIN)))
        return next(suffixes, None) is not None or self._open_addresses() is not None

    def _open_addresses(self) -> Automaton | None:
        for kind in (Kind.IPV4, Kind.IPV6):
            addresses = subtraction(
                intersection(self.part(kind), web_origins()), private_addresses()
            )
            hosts = _Hosts(addresses)
            if hosts.words(hosts.ends, _HOST_CHARACTERS, to_start=True) is None:
                return addresses
        return None

    def open_hosts(self) -> Iterator[str]:
        """Yield the domains below which the label is open.

        >>> list(OriginLanguage.of_regex(re.compile(r"https://.*\\.example\\.com")).open_hosts())
        ['example.com']
        """
        hosts = _Hosts(self.part(Kind.DOMAIN))
        queue: list[tuple[str, frozenset[int]]] = _from_the_right(hosts)
        for suffix, states in islice(iter(queue), _MOST_SUFFIXES):
            words = hosts.labels(states, suffix)
            if words is None:
                yield suffix.strip(".")
                continue
            for word, reached in words.items():
                below = hosts.before_dot(reached)
                if below:
                    queue.append((f".{word}{suffix}", below))

    def sites(self) -> Iterator[str]:
        """Yield the registrable domains that the set has hosts of, unless they are too many.

        >>> regex = re.compile(r"https://(.*\\.example\\.com|(a|b)\\.github\\.io)")
        >>> sorted(OriginLanguage.of_regex(regex).sites())
        ['a.github.io', 'b.github.io', 'example.com']
        """
        hosts = _Hosts(self.part(Kind.DOMAIN))
        queue: list[tuple[str, frozenset[int]]] = _from_the_right(hosts)
        for suffix, states in queue:
            for word, reached in (hosts.labels(states, suffix) or {}).items():
                host = word + suffix
                is_open = is_public_suffix(host)
                if is_open:
                    queue.append((f".{host}", hosts.before_dot(reached)))
                if not is_open or reached & hosts.starts:
                    yield host.removesuffix(".")

    def find_open_app(self) -> str | None:
        """Return an origin of any app or browser extension, or None if only some are in the set."""
        apps = self.part(Kind.APP)
        hosts = _Hosts(apps)
        ends = (hosts.ends, hosts.before_dot(hosts.ends))
        is_open = any(hosts.words(states, _APP_CHARACTERS) is None for states in ends)
        return self._witness(apps) if is_open else None

    def find_outside(self, others: list[Automaton]) -> str | None:
        """Return one of the origins that none of the other sets has; None if they cover this."""
        parts = (self._witness(self.part(kind), without=others) for kind in Kind)
        return next(filter(None, parts), None)

    def _witness(
        self, automaton: Automaton, without: tuple[Automaton, ...] | list[Automaton] = ()
    ) -> str | None:
        for attempt, word in enumerate(members(automaton, without)):
            if self._confirms(word):
                return word
            if attempt == _MOST_ATTEMPTS:
                # That none was confirmed does not prove that no origin exists.
                raise TooManyStates
        return None

    def _confirms(self, word: str) -> bool:
        return (is_serialized_origin(word) or is_hostless(word)) and bool(self.has(word))

    def _site_witness(self, domains: Automaton, suffix: str) -> str:
        # The first that is possible shows most.
        end = rf"{re.escape(suffix)}\.?{ANY_PORT}"
        hosts = (
            [f".*evil[a-z.]*{end}"]
            if not suffix
            else [rf"([^/]*[.-])?evil[^./:]*\.{end}", rf"[^/]*evil[^./:]*\.{end}"]
        )
        return self._host_witness(domains, (*hosts, f"[^/]*{end}"))

    def _host_witness(self, domains: Automaton, hosts: tuple[str, ...]) -> str:
        for host in hosts:
            for scheme in ("https", "[a-z]+"):
                found = self._witness(intersection(domains, automaton_of(f"{scheme}://{host}")))
                if found is not None:
                    return found
        return ""


class _Hosts:
    """The hosts of the origins of an automaton, read from the right."""

    def __init__(self, origins: Automaton) -> None:
        slash, colon = mask_of("/"), mask_of(":")
        after = [{goal for mask, goal in found if mask == slash} for found in origins.edges]
        once = set().union(*after)
        starts: set[int] = set().union(*(after[state] for state in once))
        states = [*starts]
        seen = {*starts}
        self.ends: set[int] = set()
        edges: list[list[Edge]] = [[] for _ in origins.edges]
        is_bracketed = any(
            mask & mask_of("[") for state in starts for mask, _ in origins.edges[state]
        )
        for state in states:
            for mask, goal in origins.edges[state]:
                if mask == colon and not is_bracketed:
                    self.ends.add(state)
                    continue
                edges[state].append((mask, goal))
                if mask == mask_of("]"):
                    self.ends.add(goal)  # what follows is the port
                elif goal not in seen:
                    seen.add(goal)
                    states.append(goal)
            if state in origins.final:
                self.ends.add(state)
        self.starts = starts
        self._back = reversed_edges(edges)

    def before(self, states: set[int] | frozenset[int], character: str) -> frozenset[int]:
        """Return the states from which a character leads to one of these."""
        bit = mask_of(character)
        return frozenset(
            origin for state in states for mask, origin in self._back[state] if mask & bit
        )

    def before_dot(self, states: set[int] | frozenset[int]) -> frozenset[int]:
        """Return the states from which a dot leads to one of these."""
        return self.before(states, ".")

    def labels(
        self, states: set[int] | frozenset[int], suffix: str
    ) -> dict[str, frozenset[int]] | None:
        """Return what may come before a suffix, like `words`; None if that label is open."""
        words = self.words(states, most=_MOST_SUFFIX_LABELS)
        if words is None or len(words) <= MOST_VALUES:
            return words
        others = sum(not is_known_suffix(word + suffix) for word in words)
        return None if others > MOST_VALUES else words

    def words(
        self,
        states: set[int] | frozenset[int],
        characters: int = _LABEL_CHARACTERS,
        *,
        to_start: bool = False,
        most: int = MOST_VALUES,
    ) -> dict[str, frozenset[int]] | None:
        """Return what may come before these states: a label, or the whole rest `to_start`.

        Each word has the states before it. Return None if there are more than `most`.
        """
        words: dict[str, frozenset[int]] = {}
        growing = {"": frozenset(states)}
        while growing:
            longer: dict[str, frozenset[int]] = {}
            for word, reached in growing.items():
                mask = 0
                for state in reached:
                    for edge, _ in self._back[state]:
                        mask |= edge
                for character in characters_of(mask & characters):
                    longer[character + word] = self.before(reached, character)
                    if len(longer) + len(words) > most:
                        return None
            words |= {
                word: reached
                for word, reached in longer.items()
                if reached & self.starts or (not to_start and self.before_dot(reached))
            }
            growing = longer
            if growing and len(next(iter(growing))) > 255:
                break
        return words


def _from_the_right(hosts: _Hosts) -> list[tuple[str, frozenset[int]]]:
    """Return the ends of hosts: without the dot of the root, and with it."""
    return [("", frozenset(hosts.ends)), (".", hosts.before_dot(hosts.ends))]


def _open_suffixes(hosts: _Hosts) -> Iterator[str]:
    """Yield the suffixes below which any label is possible, with a dot before each."""
    # At most as many as there are public suffixes.
    queue = _from_the_right(hosts)
    for suffix, states in queue:
        words = hosts.labels(states, suffix)
        if words is None:
            yield suffix
        for word, reached in (words or {}).items():
            host = word + suffix
            below = hosts.before_dot(reached)
            if is_public_suffix(host):
                queue.append((f".{host}", below))
            else:
                yield from _open_rules(hosts, host, below)


def _open_rules(hosts: _Hosts, host: str, states: frozenset[int]) -> Iterator[str]:
    """Yield the public suffixes below a site below which any label is possible."""
    site = host.removesuffix(".")
    for rule in suffix_rules_below(site):
        reached = states
        for label in reversed(rule.removesuffix(f".{site}").split(".")):
            if label == ANY:
                reached = _before_label(hosts, reached)
            else:
                for character in reversed(label):
                    reached = hosts.before(reached, character)
            reached = hosts.before_dot(reached)
        if reached and hosts.labels(reached, f".{rule}") is None:
            yield "." + rule.removeprefix("*.")


def _before_label(hosts: _Hosts, states: frozenset[int]) -> frozenset[int]:
    found: set[int] = set()
    queue = {*states}
    while queue:
        before = {
            origin
            for character in characters_of(_LABEL_CHARACTERS)
            for origin in hosts.before(queue, character)
        }
        queue = before - found
        found |= queue
    return frozenset(found)
