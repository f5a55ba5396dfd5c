"""Policies by path: routes match in the order written, byte for byte.

A path is the one that the application routes: decoded once, case-sensitive, without the query and
without the prefix that the application is mounted at. If a path is ambiguous, since a layer behind
could resolve it to another path, no origins are allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, NamedTuple, NoReturn

from ._fingerprints import find_fingerprint
from .policy import CorsPolicy
from .problems import PolicyError, Problem, SettingProblem

__all__ = ["CorsRoutes", "RouteMatch"]

LONGEST_AMBIGUOUS_PATH: Final = 1024
"""In characters. Interpreting a path takes time that grows faster than its length."""

_MOST_READINGS: Final = 16

_VIEW: Final = "/@@"
"""How Pyramid and Zope begin the name of a view, which may be left out: ``/@@name``."""

LONGEST_PATH: Final = 2048
"""Of a route, in characters."""

_UNSAFE: Final = r"\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd"
"""Control characters, and what bytes that are not UTF-8 are decoded to."""

# All alternatives begin with one set of characters, which is searched for faster than several are.
_is_odd_path = re.compile(rf"[/\\{_UNSAFE}](?:(?<!/)|/|\.\.?(?:/|\Z))").search
_drop_unsafe = re.compile(rf"[{_UNSAFE}]").sub
_join_slashes = re.compile("//+").sub
_is_unroutable = re.compile(r"//|\\|/\.\.?(?:/|\Z)|[*?#%{}<>]|[^\x20-\x7e\xa0-\U0010ffff]").search

# A wildcard at the end means everything below, which is written with a slash.
_has_parameter = re.compile(r"[{}<>]|\*(?!\**\Z)").search
_has_method = re.compile(r"[A-Za-z]+ +/").match


def deny_with_hint(hint: str) -> CorsPolicy:
    """Return a policy that allows no origins because of the request, which `hint` says how to fix.

    >>> policy = deny_with_hint("Request a shorter path.")
    >>> policy.decide("GET", origin="https://app.example.com").hint
    'Request a shorter path.'
    """
    policy = CorsPolicy.deny_all()
    policy.engine.source.hint = hint
    return policy


AMBIGUOUS: Final = deny_with_hint(
    "The path is ambiguous. Request it without '.' and '..' segments, '@@', double slashes,"
    " backslashes and needless percent-encoding."
)
"""The policy for a path whose readings have different policies."""

UNROUTABLE: Final = deny_with_hint(
    "The router raised an exception, which is logged as an error: correct its cause."
)
"""The policy of a request whose router raised an exception, so that its handler is not known."""


class RouteMatch(NamedTuple):
    """The policy that covers a path, and the route (its path) that matched.

    `route` is None if the path is ambiguous, so that the policy allows no origins.
    """

    policy: CorsPolicy
    route: str | None


class CorsRoutes:
    """Policies by path: the first match wins, and a path without a match is left untouched.

    `routes` are pairs of a path and a `CorsPolicy`. A path covers itself with and without a slash
    at its end, since frameworks serve or redirect both; one that is written with the slash also
    covers everything below it. Raise `PolicyError` with all problems. Like a policy, routes are
    immutable, hashable, comparable and picklable.

    >>> public = CorsPolicy(allow_origins=["*"])
    >>> routes = CorsRoutes([("/internal/", CorsPolicy.deny_all()), ("/", public)])
    >>> routes.policy_for("/items/1") is public
    True
    >>> routes.policy_for("/internal/items")
    CorsPolicy.deny_all()
    """

    __slots__ = ("__weakref__", "_depth", "_exact", "_matches", "_prefixes", "routes")

    engine: ClassVar[None] = None
    """Policies have one; that of routes depends on the path."""
    routes: tuple[tuple[str, CorsPolicy], ...]
    _prefixes: dict[str, int]
    _exact: dict[str, int]
    _matches: tuple[RouteMatch, ...]
    _depth: int

    def __init__(self, routes: Iterable[tuple[str, CorsPolicy]]) -> None:
        pairs, problems = _read(routes)
        if problems:
            raise PolicyError(problems)
        prefixes = {path: index for index, (path, _) in enumerate(pairs) if path.endswith("/")}
        exact: dict[str, int] = {}
        for index, (path, _) in enumerate(pairs):
            exact.setdefault(path.removesuffix("/"), index)
        for name, value in (
            ("routes", tuple(pairs)),
            ("_prefixes", prefixes),
            ("_exact", exact),
            ("_matches", tuple(RouteMatch(policy, path) for path, policy in pairs)),
            ("_depth", max((path.count("/") for path in prefixes), default=0)),
        ):
            object.__setattr__(self, name, value)

    def policy_for(self, path: str) -> CorsPolicy | None:
        """Return the policy for a path, as decoded by the server; None if no route covers it.

        Browsers resolve ``.`` and ``..`` before they send a path, so such segments come from an
        encoded slash or from a tool. If resolving them, joining doubled slashes, reading a
        backslash as a slash, or ignoring control characters and what is not UTF-8, in any order,
        would lead to another policy, return a policy that allows no origins; likewise if such a
        path has more than 1,024 characters. So would ignoring ``@@`` at the beginning of a segment,
        as Pyramid does, unless the route that matches is written with it.
        """
        match = self.find(path)
        return None if match is None else match.policy

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that name these routes, as `CorsPolicy.fingerprint` does."""
        return find_fingerprint((path, policy.fingerprint) for path, policy in self.routes)

    def find(self, path: str) -> RouteMatch | None:
        """Return the policy for a path with the route that matched, as `policy_for()` does.

        >>> routes = CorsRoutes([("/api/", CorsPolicy(allow_origins=["*"]))])
        >>> routes.find("/api/items").route
        '/api/'
        """
        if "@@" not in path and not _is_odd_path(path):
            return self._find(path)
        matches: list[RouteMatch | None] = []
        for reading in path_readings(path):
            match = self._find(reading)
            matches.append(match)
            # A route that is written with it is meant for it.
            if _VIEW in reading and not (match and _VIEW in str(match.route)):
                matches.append(self._find(reading.replace(_VIEW, "/")))
        policies = {match and id(match.policy) for match in matches}
        return matches[0] if len(policies) == 1 else RouteMatch(AMBIGUOUS, None)

    def _find(self, path: str) -> RouteMatch | None:
        found = self._exact.get(path.removesuffix("/"), len(self._matches))
        end = 0
        for _ in range(self._depth):
            end = path.find("/", end) + 1
            if end == 0:
                break
            found = min(found, self._prefixes.get(path[:end], found))
        return self._matches[found] if found < len(self._matches) else None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CorsRoutes):
            return NotImplemented
        return self.routes == other.routes

    def __hash__(self) -> int:
        return hash(self.routes)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.routes)})"

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.routes,)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("CorsRoutes is immutable: build a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("CorsRoutes is immutable")


def is_plain_path(path: str) -> bool:
    """Return whether layers behind read `path`, decoded, in one way only.

    >>> is_plain_path("/api/items"), is_plain_path("/api/../items"), is_plain_path("/api//items")
    (True, False, False)
    """
    return not _is_odd_path(path)


def path_readings(path: str) -> tuple[str, ...]:
    """Return what layers behind may read `path` as, itself first; only itself if it is plain.

    Return nothing for an ambiguous path that is too long, or that has too many readings, to tell.
    """
    if not _is_odd_path(path):
        return (path,)
    return tuple(_readings(path)) if len(path) <= LONGEST_AMBIGUOUS_PATH else ()


def _read(routes: Any) -> tuple[list[tuple[str, CorsPolicy]], list[Problem]]:
    if isinstance(routes, str | bytes | Mapping) or not isinstance(routes, Iterable):
        kind, name = SettingProblem.ROUTES_TYPE, type(routes).__name__
        return [], [Problem.of(kind, "routes", routes, type=name)]
    pairs: list[tuple[str, CorsPolicy]] = []
    covered: set[str] = set()
    problems: list[Problem] = []
    for index, route in enumerate(routes):
        match route:
            case (str() as given, CorsPolicy() as policy):
                path = str.__str__(given)
                problem = _check_path(index, path, covered)
                if problem is None:
                    pairs.append((path, policy))
                    covered.add(path)
                else:
                    problems.append(problem)
            case (str(), CorsPolicy(), *_):
                kind = SettingProblem.METHOD_IN_PATH
                problems.append(Problem.of(kind, "routes", route, index=index))
            case _:
                problems.append(Problem.of(SettingProblem.ROUTE_TYPE, "routes", route, index=index))
    if not pairs and not problems:
        problems = [Problem.of(SettingProblem.NO_ROUTES, "routes", routes)]
    return pairs, problems


def _check_path(index: int, path: str, covered: set[str]) -> Problem | None:
    if _has_method(path):
        return Problem.of(SettingProblem.METHOD_IN_PATH, "routes", path, index=index)
    if not path.startswith("/"):
        kind, fix = SettingProblem.RELATIVE_PATH, f"/{path}"
        return Problem.of(kind, "routes", path, index=index, fix=fix)
    if len(path) > LONGEST_PATH:
        kind, length = SettingProblem.LONG_PATH, len(path)
        return Problem.of(kind, "routes", path, index=index, length=length, longest=LONGEST_PATH)
    if _has_parameter(path):
        return Problem.of(SettingProblem.PARAMETER_PATH, "routes", path, index=index)
    if _is_unroutable(path):
        return Problem.of(SettingProblem.UNROUTABLE_PATH, "routes", path, index=index)
    above = [path[: index + 1] for index, character in enumerate(path) if character == "/"]
    for other in (*above, path, f"{path}/"):
        if other in covered:
            kind = SettingProblem.UNREACHABLE_PATH
            return Problem.of(kind, "routes", path, index=index, other=other)
    return None


def _readings(path: str) -> list[str]:
    # No two layers do these steps in the same order, nor does every layer do all of them; each
    # order has its own result.
    found = [path]
    for text in found:
        for reading in (
            text.replace("\\", "/"),
            _join_slashes("/", text),
            _drop_unsafe("", text),
            _resolve(text),
        ):
            if reading not in found:
                found.append(reading)
        if len(found) > _MOST_READINGS:
            return []
    return found


def _resolve(path: str) -> str:
    # https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4
    resolved: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del resolved[-1:]
        elif segment != ".":
            resolved.append(segment)
    if path.endswith(("/.", "/..")):
        resolved.append("")
    return f"/{'/'.join(resolved)}"
