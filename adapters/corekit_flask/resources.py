"""The resources of flask-cors: which policy covers which path, as flask-cors decides it.

A resource is a path, or a regular expression for the beginning of paths. A string is a regular
expression if it has one of the characters ``*\\?$^[]()``. Paths are tried first, then compiled
regular expressions, then the others; of each, those with the most slashes first, then the longest,
then the first one written. Plain beginnings of paths are looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from posixpath import normpath
from typing import Any
from urllib.parse import unquote

from corekit import CorsPolicy, PolicyError, Problem
from corekit.adapter import AMBIGUOUS, path_readings
from corekit.compat import (
    TOO_LONG,
    RegexError,
    compile_path_regex,
    is_path_too_long,
    may_match_path,
)
from corekit.problems import ProblemKind, SettingProblem
from corekit.routes import LONGEST_PATH

Resource = str | re.Pattern[str]

_is_path = re.compile(r"[^*\\?$^\[\]()]*").fullmatch
# A regex that matches everything with one beginning, such as "/api/*", "/api/.*" and "^/api/".
_read_beginning = re.compile(
    r"\^?([^*\\?$^\[\]().+|{}]*?)(?:[^*\\?$^\[\]().+|{}]\*|\.\*)?"
).fullmatch

# As in rules of werkzeug, "<int:id>", and of other frameworks, "{id}".
_find_parameter = re.compile(
    r"(?<!\?P)<(?:[a-z_]\w*(?:\([^()]*\))?:)?[a-z_]\w*>|\{[a-z_]\w*\}", re.IGNORECASE
).search
_is_misspelled = re.compile(r"//|/\.\.?(?:/|\Z)|%[0-9a-f]{2}", re.IGNORECASE).search
_is_relative = re.compile(r"\^?\w").match


class Resources:
    """Pairs of a resource and its policy; the first that matches wins, in the order of flask-cors.

    Raise PolicyError for a regular expression or a path that cannot be used, or that no path
    matches.
    """

    def __init__(self, pairs: Iterable[tuple[Resource, CorsPolicy]]) -> None:
        self._given = [*pairs]
        self._policies: list[CorsPolicy] = []
        self._paths: dict[str, int] = {}
        self._beginnings: dict[str, int] = {}
        self._regexes: list[tuple[int, re.Pattern[str]]] = []
        problems: list[Problem] = []
        for resource, policy in sorted(self._given, key=_rank):
            problem = self._add(resource)
            if problem is not None:
                problems.append(problem)
            self._policies.append(policy)
        if problems:
            raise PolicyError(problems)
        self._lengths = sorted({len(text) for text in self._beginnings})

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

        If a layer behind, or flask-cors, which decodes paths again, may read the path as one with
        another policy, or if a regular expression would have to be matched with a path that is too
        long for it, return a policy that allows no origins.
        """
        readings = path_readings(path)
        if "%" in path and (again := unquote(path)) != path:
            others = path_readings(again)
            readings = (*readings, *others) if readings and others else ()
        policies = [self._match(each, len(readings)) for each in readings]
        is_clear = len({id(policy) for policy in policies}) == 1
        return policies[0] if is_clear else AMBIGUOUS

    def _match(self, path: str, readings: int) -> CorsPolicy | None:
        found = self._look_up(path)
        for index, regex in self._regexes:
            if index > found:
                break
            if is_path_too_long(path, regex, readings):
                return TOO_LONG
            if regex.match(path):
                return self._policies[index]
        return self._policies[found] if found < len(self._policies) else None

    def _look_up(self, path: str) -> int:
        """Return the index of the first path or beginning that covers `path`, or their number."""
        found = self._paths.get(path, len(self._policies))
        for length in self._lengths:
            if length > len(path):
                break
            found = min(found, self._beginnings.get(path[:length], found))
        return found

    def _add(self, resource: Resource) -> Problem | None:
        """Add the next resource; return a problem with it."""
        index = len(self._policies)
        if isinstance(resource, str):
            parameter = _find_parameter(resource)
            if parameter is not None:
                fix = f"{resource[: parameter.start()]}*"
                return _found(SettingProblem.PARAMETER_RESOURCE, resource, fix=fix)
        text = _read_text(resource)
        if text is None:
            return self._add_regex(index, resource)
        if len(text[0]) > LONGEST_PATH:
            length = len(text[0])
            return _found(SettingProblem.LONG_PATH, resource, length=length, longest=LONGEST_PATH)
        path, is_beginning = text
        if not path.startswith("/") and not (is_beginning and not path):
            return _find_unmatched(resource)
        if _is_misspelled(path):
            return _find_misspelled(str(resource))
        (self._beginnings if is_beginning else self._paths).setdefault(path, index)
        return None

    def _add_regex(self, index: int, resource: Resource) -> Problem | None:
        if isinstance(resource, str) and "/../" in resource:
            return _find_misspelled(resource)
        try:
            # Judged now, so that no request has to wait for it.
            regex = compile_path_regex(_source(resource))
        except RegexError as error:
            use = "Fix it, or use a path such as '/api/*'."
            return _found(error.kind, resource, use=use, **error.parameters)
        self._regexes.append((index, regex))
        return None if may_match_path(regex) else _find_unmatched(resource)


def _source(resource: Resource) -> Resource:
    # flask-cors replaces it by a regular expression that compiles.
    return ".*" if resource == "*" else resource


def _rank(pair: tuple[Resource, CorsPolicy]) -> tuple[bool, bool, int, int]:
    """Return what the resources of flask-cors are sorted by."""
    resource = _source(pair[0])
    if isinstance(resource, str):
        is_regex, text = not _is_path(resource), resource
        return is_regex, is_regex, -text.count("/"), -len(text)
    return True, False, -resource.pattern.count("/"), -len(resource.pattern)


def _read_text(resource: Resource) -> tuple[str, bool] | None:
    """Return the text of a path or of the beginning of paths, and whether it is a beginning.

    Return None for other regular expressions.

    >>> _read_text("/api"), _read_text("/api/*"), _read_text("/api/.*"), _read_text(r"/v\\d")
    (('/api', False), ('/api', True), ('/api/', True), None)
    """
    if not isinstance(resource, str):
        return None
    if _is_path(resource):
        return resource, False
    found = _read_beginning(_source(resource))  # type: ignore[arg-type]
    return None if found is None else (found[1], True)


def _found(kind: ProblemKind, resource: Resource, **parameters: Any) -> Problem:
    return Problem.of(kind, "resources", resource, **parameters)


def _find_misspelled(resource: str) -> Problem:
    end = "/" if resource.endswith("/") else ""
    fix = f"/{normpath(unquote(resource)).strip('/')}{end}"
    return _found(SettingProblem.MISSPELLED_RESOURCE, resource, fix=fix)


def _find_unmatched(resource: Resource) -> Problem:
    text = resource if isinstance(resource, str) else resource.pattern
    if not _is_relative(text):
        return _found(SettingProblem.UNMATCHED_RESOURCE, resource)
    fix = f"^/{text[1:]}" if text.startswith("^") else f"/{text}"
    return _found(SettingProblem.RELATIVE_PATH, resource, fix=fix)


def _are_disjoint(first: Resource, second: Resource) -> bool:
    """Return whether no path matches both resources, as far as that is known."""
    one, other = _read_text(first), _read_text(second)
    if one is None or other is None:
        return False
    (path, is_beginning), (text, is_other_beginning) = one, other
    return not (
        path == text
        or (is_beginning and text.startswith(path))
        or (is_other_beginning and path.startswith(text))
    )


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
