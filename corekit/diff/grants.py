"""What one policy grants and another does not: origins, and the rest on origins that both allow.

What a policy allows is a product: each allowed origin may send each allowed method with each
allowed header. So one of two policies allows more if it does so in one of these respects, whatever
the others are. Everything here is about one policy that gains on another; both ways are asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import nlargest
from itertools import count
from typing import Final

from corekit._names import SAFELISTED_METHODS, SAFELISTED_RESPONSE_HEADERS
from corekit._origins import ANY
from corekit.policy import CorsPolicy

from .comparison import DifferenceKind, Direction
from .origins import AllowedOrigins, Entry, Questions, UndeterminedError, find_common
from .risks import RISKS, UNREADABLE_RISK, KnownSites
from .witnesses import Witness, is_allowed

MOST_LISTED: Final = 20
"""How many exact origins have one difference each; the others have one together."""

MOST_RANKED: Final = 10_000
"""How many exact origins are ranked by risk, so that the riskiest of them are listed."""

_AUTHORIZATION: Final = "authorization"
_DEFAULT_MAX_AGE: Final = 5
_METHODS: Final = ("PUT", "PATCH", "DELETE", "QUERY")


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference of two policies, on all paths; see `Difference`."""

    kind: DifferenceKind
    direction: Direction
    risk: int
    values: tuple[str, ...] = ()
    count: int = 0
    witness: Witness | None = None


class Side:
    """One of the two policies, with its origins."""

    def __init__(self, policy: CorsPolicy) -> None:
        self.policy: Final = policy
        self.origins: Final = AllowedOrigins(policy)


def compare_policies(old: CorsPolicy, new: CorsPolicy) -> list[Finding]:
    """Return the differences of two policies; the direction is that from `old` to `new`."""
    if old is new:
        return []
    before, after = Side(old), Side(new)
    found = [
        *_compare_origins(after, before, Direction.WIDER),
        *_compare_origins(before, after, Direction.NARROWER),
    ]
    try:
        common = find_common(before.origins, after.origins, Questions())
    except UndeterminedError:
        common = None
    else:
        if common is None:
            return found
    found += _compare_grants(after, before, Direction.WIDER, common)
    found += _compare_grants(before, after, Direction.NARROWER, common)
    found += _compare_max_age(old, new)
    return found


def compare_with_nothing(policy: CorsPolicy, kind: DifferenceKind) -> Finding:
    """Return the difference of a policy and of no policy, where the application decides."""
    risk = RISKS[kind]
    try:
        origin = AllowedOrigins(policy).find_any()
    except UndeterminedError:
        return Finding(kind, Direction.UNKNOWN, risk)
    if origin is not None:
        witness = Witness(origin, credentials=policy.allow_credentials)
        return Finding(kind, Direction.UNKNOWN, risk, witness=witness)
    # What an application allows is not less than nothing.
    is_new = kind is DifferenceKind.NEWLY_GOVERNED
    return Finding(kind, Direction.NARROWER if is_new else Direction.WIDER, risk)


def _compare_origins(side: Side, other: Side, direction: Direction) -> Iterator[Finding]:
    """Yield the origins that one side allows and the other does not.

    There may be very many exact ones, and other threads answer requests: no step is long.
    """
    kind, include = DifferenceKind.ORIGINS, side.policy.allow_credentials
    questions = Questions()
    added: list[tuple[Entry, str]] = []
    for entry in side.origins.wide_entries:
        try:
            origin = side.origins.find_outside(entry, other.origins, questions)
        except UndeterminedError:
            # It counts as a difference. Only one that may widen leaves the relation unknown.
            unknown = Direction.UNKNOWN if direction is Direction.WIDER else direction
            yield Finding(kind, unknown, UNREADABLE_RISK, (_text_of(entry),), 1)
            continue
        if origin is not None:
            added.append((entry, origin))
    exact = [each for each in side.origins.exact if not other.origins.has(each)]
    ranked = exact[:MOST_RANKED]
    sites = KnownSites(other.origins, [*(origin for _, origin in added), *ranked])
    riskiest = nlargest(MOST_LISTED, ranked, key=lambda each: sites.risk_of(each, each))
    added += ((each, each) for each in riskiest)
    found = [(entry, origin, 1) for entry, origin in added]
    rest = next((each for each in ranked if each not in riskiest), None)
    if rest is not None:
        found.append((rest, rest, len(exact) - len(riskiest)))
    for entry, origin, number in found:
        witness = Witness(origin, credentials=include)
        if _is_gained(side, other, witness):
            risk = sites.risk_of(entry, origin)
            yield Finding(kind, direction, risk, (_text_of(entry),), number, witness)


def _compare_grants(
    side: Side, other: Side, direction: Direction, common: str | None
) -> Iterator[Finding]:
    """Yield what one side grants to an origin that both allow, and the other does not."""
    policy, less = side.policy, other.policy
    call = Witness(common or "", credentials=policy.allow_credentials and less.allow_credentials)

    def find(
        kind: DifferenceKind, values: Iterable[str], witness: Callable[[str], Witness]
    ) -> Iterator[Finding]:
        real = tuple(
            each for each in values if common is None or _is_gained(side, other, witness(each))
        )
        if real:
            shown = None if common is None else witness(real[0])
            yield Finding(kind, direction, RISKS[kind], real, len(real), shown)

    if policy.allow_credentials and not less.allow_credentials:
        yield from find(DifferenceKind.CREDENTIALS, [""], lambda _: replace(call, credentials=True))
    yield from find(
        DifferenceKind.METHODS,
        _methods_gained(policy, less),
        lambda name: replace(call, method=_named(name, _METHODS, less.allow_methods)),
    )
    yield from find(
        DifferenceKind.REQUEST_HEADERS,
        _request_headers_gained(policy, less),
        lambda name: replace(call, request_headers=(_named(name, (), less.allow_headers),)),
    )
    yield from find(
        DifferenceKind.RESPONSE_HEADERS,
        _response_headers_gained(policy, less),
        lambda name: replace(call, response_headers=(_named(name, (), less.expose_headers),)),
    )
    if policy.allow_private_network and not less.allow_private_network:
        yield from find(
            DifferenceKind.PRIVATE_NETWORK, [""], lambda _: replace(call, private_network=True)
        )


def _compare_max_age(old: CorsPolicy, new: CorsPolicy) -> Iterator[Finding]:
    ages = [_DEFAULT_MAX_AGE if each.max_age is None else each.max_age for each in (old, new)]
    if ages[0] != ages[1]:
        kind = DifferenceKind.MAX_AGE
        yield Finding(kind, Direction.NEUTRAL, RISKS[kind], tuple(map(str, ages)))


def _is_gained(side: Side, other: Side, witness: Witness) -> bool:
    return is_allowed(side.policy, witness) and not is_allowed(other.policy, witness)


def _methods_gained(policy: CorsPolicy, less: CorsPolicy) -> list[str]:
    if ANY in less.allow_methods:
        return []
    if ANY in policy.allow_methods:
        return [ANY]
    return sorted({*policy.allow_methods}.difference(less.allow_methods, SAFELISTED_METHODS))


def _request_headers_gained(policy: CorsPolicy, less: CorsPolicy) -> list[str]:
    # Without credentials, `*` does not cover Authorization.
    names = {*policy.allow_headers}
    if ANY in names:
        names &= {ANY, _AUTHORIZATION}
        if policy.allow_credentials:
            names.add(_AUTHORIZATION)
    if ANY in less.allow_headers:
        names &= set() if less.allow_credentials else {_AUTHORIZATION}
    return sorted(names.difference(less.allow_headers))


def _response_headers_gained(policy: CorsPolicy, less: CorsPolicy) -> list[str]:
    if ANY in less.expose_headers:
        return []
    if ANY in policy.expose_headers:
        return [ANY]
    known = (less.expose_headers, SAFELISTED_RESPONSE_HEADERS)
    return sorted({*policy.expose_headers}.difference(*known))


def _named(name: str, usual: Iterable[str], listed: Iterable[str]) -> str:
    """Return a name; for ``*`` one that the other policy does not list."""
    if name != ANY:
        return name
    prefix = "X-METHOD" if usual else "x-custom"
    possible = (*usual, prefix), (f"{prefix}-{number}" for number in count(2))
    taken = {*listed}
    return next(each for names in possible for each in names if each not in taken)


def _text_of(entry: Entry) -> str:
    return entry.pattern if isinstance(entry, re.Pattern) else entry
