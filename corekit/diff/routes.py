"""The regions of paths in which two tables of routes are compared.

Two tables cut all paths into finitely many regions on which each has one policy: each path that a
table lists, with and without a slash at its end; what is below a path with a slash, apart from
other regions; and the rest. Which policies apply is asked with one path of each region.

Ambiguous paths are not a region. Such a path has the policy of all its readings or one that allows
no origins, so through it a page gets nothing that it does not get by one of the readings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from corekit.policy import CorsPolicy
from corekit.routes import CorsRoutes

from .comparison import Difference, DifferenceKind, Direction
from .grants import Finding, compare_policies, compare_with_nothing
from .messages import describe

_ORDER: Final = (*Direction,)

_Pair = tuple[CorsPolicy | None, CorsPolicy | None]


@dataclass(frozen=True, slots=True)
class Region:
    """Paths with one policy in each of the two tables, and one of these paths.

    `name` is the path without a slash at its end, or with ``/*`` for what is below it.
    """

    name: str
    path: str


def compare_regions(
    old: CorsPolicy | CorsRoutes, new: CorsPolicy | CorsRoutes
) -> tuple[Difference, ...]:
    """Return the differences of all regions, the most risky first."""
    if isinstance(old, CorsPolicy) and isinstance(new, CorsPolicy):
        found = [_difference(each, (), None) for each in compare_policies(old, new)]
    else:
        found = list(_compare_tables(old, new))
    return tuple(
        sorted(found, key=lambda each: (_ORDER.index(each.direction), -each.risk, each.message))
    )


def _compare_tables(
    old: CorsPolicy | CorsRoutes, new: CorsPolicy | CorsRoutes
) -> Iterator[Difference]:
    # By identity, since two policies with many origins take long to compare and to hash.
    by_policies: dict[tuple[int, int], tuple[_Pair, list[Region]]] = {}
    for region in regions_of(old, new):
        pair = old.policy_for(region.path), new.policy_for(region.path)
        by_policies.setdefault((id(pair[0]), id(pair[1])), (pair, []))[1].append(region)
    by_finding: dict[Finding, list[Region]] = {}
    for pair, regions in by_policies.values():
        for finding in _compare_pair(*pair):
            by_finding.setdefault(finding, []).extend(regions)
    for finding, regions in by_finding.items():
        yield _difference(finding, tuple(_merge(regions)), regions[0].path)


def _compare_pair(old: CorsPolicy | None, new: CorsPolicy | None) -> list[Finding]:
    if old is not None and new is not None:
        return compare_policies(old, new)
    if new is not None:
        return [compare_with_nothing(new, DifferenceKind.NEWLY_GOVERNED)]
    if old is not None:
        return [compare_with_nothing(old, DifferenceKind.NO_LONGER_GOVERNED)]
    return []


def _difference(finding: Finding, paths: tuple[str, ...], path: str | None) -> Difference:
    witness = finding.witness
    if witness is not None and path is not None:
        witness = replace(witness, path=path)
    return Difference(
        finding.kind,
        finding.direction,
        describe(finding, path),
        paths,
        finding.values,
        finding.count,
        witness,
        finding.risk,
    )


def regions_of(*tables: CorsPolicy | CorsRoutes) -> list[Region]:
    """Return the regions of tables; a policy covers every path.

    >>> policy = CorsPolicy(allow_origins=["*"])
    >>> [region.path for region in regions_of(CorsRoutes([("/api/", policy)]))]
    ['/', '/api/', '/api/x']
    """
    listed = {path for each in tables if isinstance(each, CorsRoutes) for path, _ in each.routes}
    bare = {path.removesuffix("/") for path in listed} - {""}
    # No route can cover only the root, so it has the policy of what is below it.
    found = [Region("/", "/")]
    for path in sorted(bare):
        is_prefix = f"{path}/" in listed
        found.append(Region(path, f"{path}/" if is_prefix else path))
        if is_prefix:
            segment = "x"
            while f"{path}/{segment}" in bare:
                segment += "x"
            found.append(Region(f"{path}/*", f"{path}/{segment}"))
    return found


def _merge(regions: Iterable[Region]) -> Iterator[str]:
    """Yield the names of regions, one for a path together with what is below it."""
    names = {region.name: None for region in regions}
    for name in names:
        path = name.removesuffix("/*")
        if path == name:
            yield f"{name}/" if f"{name}/*" in names else name
        elif path not in names:
            yield name
