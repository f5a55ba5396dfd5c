"""The resources of flask-cors: which policy covers which path, in the order written.

A resource is a path, a path that ends with ``/*``, or a regular expression. It is matched against
the path that Flask routes, decoded once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from corekit import CorsPolicy, PolicyError, Problem
from corekit.adapter import path_readings
from corekit.compat import is_path_too_long, longest_path
from corekit.problems import ProblemKind

Resource = str | re.Pattern[str]
_is_plain = re.compile(r"[^*\\\]?$^\[()+|{}]*").fullmatch
_NOTHING: Final = CorsPolicy.deny_all()
_ALL: Final = frozenset({"*", "/*", ".*", "/.*"})


class Resources:
    """Pairs of a resource and its policy; the first that matches wins.

    Raise PolicyError for a path that an earlier resource covers, with another policy: flask-cors
    would use the longer one, which may be the stricter one.
    """

    def __init__(self, pairs: Iterable[tuple[Resource, CorsPolicy]]) -> None:
        self._given = [*pairs]
        self._pairs: list[tuple[re.Pattern[str], CorsPolicy]] = []
        given: list[Resource] = []
        problems: list[Problem] = []
        for resource, policy in self._given:
            regex, kind = _compile(resource), ProblemKind.UNREACHABLE_PATH
            for other, (earlier, earlier_policy) in zip(given, self._pairs, strict=True):
                if earlier_policy != policy and _covers(earlier, resource):
                    problems.append(Problem.of(kind, "resources", resource, other=str(other)))
                    break
            # Judged now, so that no request has to wait for it.
            if longest_path(regex) == 0:
                problems.append(Problem.of(ProblemKind.UNKNOWN_COST, "resources", resource))
            self._pairs.append((regex, policy))
            given.append(resource)
        if problems:
            raise PolicyError(problems)

    def add(self, others: Resources) -> Resources:
        """Return these resources and the others.

        Raise RuntimeError if a path may match both, since the policy would depend on their order.
        """
        for resource, _ in self._given:
            for other, _ in others._given:
                if not _are_disjoint(resource, other):
                    raise RuntimeError(
                        f"The application already has a policy for the resource {resource!r}, which"
                        f" {other!r} may overlap. Pass all resources in one call of CORS():"
                        " resources={path: {option: value}}."
                    )
        return Resources([*self._given, *others._given])

    def policy_for(self, path: str) -> CorsPolicy | None:
        """Return the policy for a path; None if no resource covers it.

        If a layer behind may read the path as one with another policy, or if a regular expression
        would have to be matched with a path that is too long for it, return a policy that allows no
        origins.
        """
        readings = path_readings(path)
        policies = [self._match(each, len(readings)) for each in readings]
        is_clear = len({id(policy) for policy in policies}) == 1
        return policies[0] if is_clear else _NOTHING

    def _match(self, path: str, readings: int) -> CorsPolicy | None:
        for regex, policy in self._pairs:
            if is_path_too_long(path, regex, readings):
                return _NOTHING
            if regex.match(path):
                return policy
        return None


def read_resources(value: Any) -> Sequence[tuple[Resource, Mapping[str, Any]]]:
    """Read the option: one resource, a list of them, or a mapping of resources to options.

    Raise TypeError for anything else.
    """
    if isinstance(value, str | re.Pattern):
        return [(value, {})]
    if isinstance(value, Mapping):
        pairs: list[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, Iterable) and not isinstance(value, bytes):
        pairs = [(resource, {}) for resource in value]
    else:
        pairs = [(value, {})]
    for resource, options in pairs:
        if not isinstance(resource, str | re.Pattern) or not isinstance(options, Mapping):
            raise TypeError(
                f"resources: {resource!r}: {options!r} is not a path or regular expression with"
                " options."
            )
    return pairs


def _are_disjoint(first: Resource, second: Resource) -> bool:
    """Return whether no path matches both resources, as far as that is known: not of a regex."""
    return all(
        not isinstance(each, re.Pattern)
        and each not in _ALL
        and _is_plain(each.removesuffix("/*"))
        and not _covers(_compile(each), other)
        for each, other in ((first, second), (second, first))
    )


def _covers(earlier: re.Pattern[str], resource: Resource) -> bool:
    """Return whether an earlier resource matches all paths of a later one, which is not a regex."""
    if isinstance(resource, re.Pattern) or not _is_plain(resource.removesuffix("/*")):
        return False
    stem = resource.removesuffix("/*")
    paths = [stem] if stem == resource else [stem, f"{stem}/", f"{stem}/x", f"{stem}/x/y.z"]
    return all(map(earlier.match, paths))


def _compile(resource: Resource) -> re.Pattern[str]:
    """Return a regular expression for a resource, to match from the beginning of a path.

    Raise ValueError if it does not compile, or if a path has no first slash.
    """
    if isinstance(resource, re.Pattern):
        return resource
    if resource in _ALL:
        return re.compile("")
    if not resource.startswith(("/", "^", "(", ".", "[", "\\")):
        raise ValueError(f"resources: {resource!r} matches no path. Did you mean '/{resource}'?")
    if _is_plain(resource):
        # With or without a slash at its end: Flask serves both if strict_slashes is off.
        return re.compile(rf"{re.escape(resource.removesuffix('/'))}/?\Z")
    stem = resource.removesuffix("/*")
    if stem != resource and _is_plain(stem):
        # As a regular expression, /api/* would also match /apiary.
        return re.compile(rf"{re.escape(stem)}(?:/|\Z)")
    try:
        return re.compile(resource)
    except re.error as error:
        raise ValueError(f"resources: {resource!r} does not compile: {error}") from None
