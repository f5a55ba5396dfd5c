"""The resources of flask-cors: which policy covers which path, in the order written.

A resource is a path, a path that ends with ``/*``, or a regular expression. It is matched against
the path that Flask routes, decoded once. Paths are looked up, regular expressions tried in order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from corekit import CorsPolicy, PolicyError, Problem
from corekit.adapter import path_readings
from corekit.compat import RegexError, compile_path_regex, is_path_too_long, paths_of
from corekit.problems import ProblemKind, SettingProblem
from corekit.routes import LONGEST_PATH

Resource = str | re.Pattern[str]
_is_plain = re.compile(r"[^*\\\]?$^\[()+|{}]*").fullmatch
_NOTHING: Final = CorsPolicy.deny_all()
_read_head = re.compile(r"(?:\^|\\A)?([^\\.^$*+?{}\[\]()|]*)([*+?{]?)").match
_ALL: Final = frozenset({"*", "/*", ".*", "/.*"})


class Resources:
    """Pairs of a resource and its policy; the first that matches wins.

    Raise PolicyError for a regular expression or a path that cannot be used, and for one that an
    earlier resource covers, with another policy: flask-cors would use the longer one, which may be
    the stricter one. Regular expressions are compared by the paths that they match.
    """

    def __init__(self, pairs: Iterable[tuple[Resource, CorsPolicy]]) -> None:
        self._given = [*pairs]
        reader = _Reader(self._given)
        if reader.problems:
            raise PolicyError(reader.problems)
        self._policies = reader.policies
        self._regexes = [(index, regex) for index, regex, _ in reader.regexes]
        # Of resources with the same path, the first one is used.
        self._paths = {path: min(found.values()) for path, found in reader.paths.items()}
        self._prefixes = {path: min(found.values()) for path, found in reader.prefixes.items()}
        self._depth = max((path.count("/") for path in self._prefixes), default=0)

    @property
    def only_policy(self) -> CorsPolicy | None:
        """The policy for all paths; None if the resources are others."""
        match self._given:
            case [("/*", policy)]:
                return policy
        return None

    def add(self, others: Resources) -> Resources:
        """Return these resources and the others.

        Raise RuntimeError if a path may match both, since the policy would depend on their order.
        """
        for resource, _ in self._given:
            for other, _ in others._given:
                if not _are_disjoint(resource, other):
                    raise RuntimeError(
                        "The application or blueprint already has a policy for the resource"
                        f" {resource!r}, which {other!r} may overlap. Pass all resources in one"
                        " call of CORS(): resources={path: {option: value}}."
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
        found = self._look_up(path)
        for index, regex in self._regexes:
            if index > found:
                break
            if is_path_too_long(path, regex, readings):
                return _NOTHING
            if regex.match(path):
                return self._policies[index]
        return self._policies[found] if found < len(self._policies) else None

    def _look_up(self, path: str) -> int:
        """Return the index of the first path that covers `path`, or the number of resources."""
        paths, prefixes, none = self._paths, self._prefixes, len(self._policies)
        found = min(
            # With or without a slash at its end: Flask serves both if strict_slashes is off.
            paths.get(path, none),
            paths.get(path.removesuffix("/"), none),
            prefixes.get(path, none),
            prefixes.get("", none),
        )
        end = 0
        for _ in range(self._depth):
            end = path.find("/", end + 1)
            if end < 0:
                break
            found = min(found, prefixes.get(path[:end], found))
        return found


class _Reader:
    """Reads pairs of a resource and its policy, and finds those that earlier ones cover.

    `paths` and `prefixes` have the index of the first resource of a path for each policy, which is
    a number here: policies are slow to compare. `regexes` have an index and a policy each.
    """

    def __init__(self, pairs: Iterable[tuple[Resource, CorsPolicy]]) -> None:
        self.policies: list[CorsPolicy] = []
        self.paths: dict[str, dict[int, int]] = {}
        self.prefixes: dict[str, dict[int, int]] = {}
        self.regexes: list[tuple[int, re.Pattern[str], int]] = []
        self.problems: list[Problem] = []
        given: list[Resource] = []
        numbers: dict[CorsPolicy, int] = {}
        for resource, policy in pairs:
            number = numbers.setdefault(policy, len(numbers))
            covering = self._read(resource, number)
            if covering is not None:
                other = given[covering]
                written = other if isinstance(other, str) else other.pattern
                self._report(SettingProblem.UNREACHABLE_PATH, resource, other=written)
            given.append(resource)
            self.policies.append(policy)

    def _read(self, resource: Resource, policy: int) -> int | None:
        """Read a resource; return the index of one with another policy that covers it."""
        index = len(self.policies)
        if isinstance(resource, str):
            if resource not in _ALL and not resource.startswith(("/", "^", "(", ".", "[", "\\")):
                self._report(SettingProblem.RELATIVE_PATH, resource, fix=f"/{resource}")
                return None
            path, is_prefix = _split(resource)
            if _is_plain(path):
                return self._read_path(path, resource, policy, is_prefix=is_prefix)
        try:
            # Judged now, so that no request has to wait for it.
            regex = compile_path_regex(resource)
        except RegexError as error:
            use = "Fix it, or use a path such as '/api/*'."
            self._report(error.kind, resource, use=use, **error.parameters)
            return None
        self.regexes.append((index, regex, policy))
        covering = [self._find_covering(regex, policy)]
        if not regex.pattern.isascii():
            # Letters outside ASCII represent each other there.
            found = [self.prefixes.get(each, {}) for each in _ancestors(_directory_of(regex))]
            covering += [at for each in found for other, at in each.items() if other != policy]
        return min((at for at in covering if at is not None), default=None)

    def _find_covering(self, regex: re.Pattern[str], policy: int) -> int | None:
        """Return the index of a resource with another policy that has all paths of a regex."""
        paths = paths_of(regex) if self.policies else None
        example = None if paths is None else paths.example()
        if paths is None or example is None:
            return None
        # What covers all paths has this one.
        given = [(self.prefixes.get(each, {}), each, "(/|$)") for each in _ancestors(example)]
        path = example.removesuffix("/")
        given.append((self.paths.get(path, {}), path, "/?$"))
        covering = [
            (index, re.compile(re.escape(each) + end))
            for indexes, each, end in given
            for other, index in indexes.items()
            if other != policy
        ]
        covering += [
            (index, earlier)
            for index, earlier, other in self.regexes[:-1]
            if other != policy and _may_match(earlier, example)
        ]
        found = ((index, paths_of(earlier)) for index, earlier in sorted(covering))
        return next((index for index, each in found if each and paths.are_all_in(each)), None)

    def _read_path(self, path: str, resource: str, policy: int, *, is_prefix: bool) -> int | None:
        if len(resource) > LONGEST_PATH:
            self._report(
                SettingProblem.LONG_PATH, resource, length=len(resource), longest=LONGEST_PATH
            )
            return None
        key = path if is_prefix else path.removesuffix("/")
        found = [self.prefixes.get(each, {}) for each in _ancestors(path)]
        examples = [f"{path}/", f"{path}/x", f"{path}/x/y.z"] if is_prefix else [path]
        if not is_prefix:
            found += [self.paths.get(each, {}) for each in (path, key)]
        covering = [at for each in found for other, at in each.items() if other != policy]
        for index, regex, other in self.regexes:
            if other != policy and all(_may_match(regex, each) for each in examples):
                # What is not known exactly is left to the examples.
                if is_prefix and _has_all_below(regex, path) is False:
                    continue
                covering.append(index)
                break
        indexes = self.prefixes if is_prefix else self.paths
        indexes.setdefault(key, {}).setdefault(policy, len(self.policies))
        return min(covering, default=None)

    def _report(self, kind: ProblemKind, resource: Resource, **parameters: Any) -> None:
        self.problems.append(Problem.of(kind, "resources", resource, **parameters))


def _split(resource: str) -> tuple[str, bool]:
    """Return the path of a resource, and whether it has all below it.

    As a regular expression, ``/api/*`` would also match ``/apiary``.
    """
    path = "" if resource in _ALL else resource.removesuffix("/*")
    return path, path != resource


def _directory_of(regex: re.Pattern[str]) -> str:
    """Return a path that all paths that match are below, as far as the text says so.

    >>> _directory_of(re.compile(r"^/caf\xe9/v\\d"))
    '/caf\xe9'
    """
    if "|" in regex.pattern or regex.flags & (re.IGNORECASE | re.VERBOSE):
        return ""
    head, quantifier = cast("re.Match[str]", _read_head(regex.pattern)).groups()
    return (head[:-1] if quantifier else head).rpartition("/")[0]


def _may_match(regex: re.Pattern[str], path: str) -> bool:
    return not is_path_too_long(path, regex) and regex.match(path) is not None


def _has_all_below(regex: re.Pattern[str], path: str) -> bool | None:
    """Return whether a regex matches all paths below one; None if that is not known."""
    below, found = paths_of(re.compile(f"{re.escape(path)}/")), paths_of(regex)
    return None if below is None or found is None else below.are_all_in(found)


def _are_disjoint(first: Resource, second: Resource) -> bool:
    """Return whether no path matches both resources, as far as that is known: not of a regex."""
    if isinstance(first, re.Pattern) or isinstance(second, re.Pattern):
        return False
    (path, is_prefix), (other, is_other_prefix) = _split(first), _split(second)
    if not (_is_plain(path) and _is_plain(other)):
        return False
    # A path also covers itself with a slash, and a prefix that with which it begins.
    path, other = (f"{each.removesuffix('/')}/" for each in (path, other))
    return not (
        path == other
        or (is_prefix and other.startswith(path))
        or (is_other_prefix and path.startswith(other))
    )


def _ancestors(path: str) -> Iterator[str]:
    """Yield what a path is below, with the path itself."""
    yield from ("", path)
    end = path.find("/", 1)
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)


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
