"""Policy files: a policy, or routes with their policies, in a TOML or JSON document.

The arguments of a policy, or ``routes``, are at the top level of the file, in the table ``cors`` of
a larger configuration, or in ``[tool.corekit]`` of a pyproject.toml. ``accept`` next to them has
codes of advice that `corekit check` leaves out, and ``guard`` the arguments of a guard.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Final, TypeVar

from corekit import CorsPolicy, CorsRoutes, PolicyError, Problem
from corekit.arguments import REGEXES
from corekit.compat import build_policy
from corekit.diagnostics import Diagnostic
from corekit.guard import GUARD_ARGUMENTS, CrossOriginGuard
from corekit.lookups import Lookup
from corekit.problems import Dialect, ProblemKind, SettingProblem

from .documents import Document, parse_document
from .errors import ConfigError, ConfigPolicyError
from .places import Path as Keys
from .tables import GUARD, ROUTES, as_tables, find_table

Policies = CorsPolicy | CorsRoutes

_D = TypeVar("_D", bound=Diagnostic)

_TOML: Final = Dialect(
    flag="true or false, without quotes",
    seconds="whole seconds, without quotes",
    status="a status code, without quotes",
    strings='a list of strings, such as ["a", "b"]',
    string="a string, in quotes",
    json_text="Write the list itself, without quotes around it.",
    comma_text='Write each value as a separate string, such as ["a", "b"].',
    one_string='Did you mean ["{text}"]?',
    any_origin='["*"]',
    unset="leave it out",
    regex_start="'",
    accept='To accept the risk: {risks} = ["{code}"].',
    regexes=f"Regular expressions are for {REGEXES}.",
    routes='Write [[routes]] with path = "/api/" and the arguments of its policy.',
)
_JSON: Final = replace(
    _TOML,
    regex_start='"',
    accept='To accept the risk: "{risks}": ["{code}"].',
    routes='Write {"routes": [{"path": "/api/", ...}]} with the arguments of each policy.',
)

_PATH: Final = "path"
_ACCEPT: Final = "accept"


@dataclass(frozen=True)
class PolicyFile:
    """What a file, or another source, says: a policy or routes, or the problems that it has.

    `policy` is None if there are problems, and `guard` also if the source has no guard. `accept`
    has the codes of accepted advice by the path of their route; those under None are for the whole
    file.
    """

    source: str
    policy: Policies | None
    problems: tuple[Problem, ...] = ()
    accept: Mapping[str | None, Collection[str]] = field(default_factory=dict)
    document: Document | None = None
    table: Keys = ()
    """The keys of the table that has the policy."""
    guard: CrossOriginGuard | None = None
    lookup: Lookup | None = None
    """The look-up of an application, if the source is an import path."""

    def require(self) -> Policies:
        """Return the policy; raises `ConfigPolicyError` with every problem."""
        if self.policy is None:
            raise ConfigPolicyError(self.source, self.problems)
        return self.policy

    def require_alone(self) -> Policies:
        """Return the policy like `require()`; raises `ConfigError` if there is a guard too."""
        policy = self.require()
        if self.guard is not None and self.document is not None:
            # A guard that is not returned would protect nothing. That of a module stays there.
            message = "There is a guard, which would be ignored here."
            raise ConfigError(self.source, message, "Use corekit_config.load_guard().")
        return policy

    def require_guard(self) -> CrossOriginGuard:
        """Return the guard; raises `ConfigPolicyError`, and `ConfigError` without a guard."""
        self.require()
        if self.guard is None:
            name = ".".join(map(str, (*self.table, GUARD)))
            message = f"There is no guard: the table [{name}] is missing."
            raise ConfigError(self.source, message, "Add it, or use corekit_config.load_policy().")
        return self.guard

    def locate(self, found: Diagnostic) -> Diagnostic:
        """Return advice on the policy with the source, and with the line and column if known."""
        base, name, value = self.table, found.subject, found.value
        if isinstance(found, Problem):
            name = found.argument
        if name in GUARD_ARGUMENTS:
            base, found = (*base, GUARD), replace(found, subject=f"{GUARD}.{name}")
        elif isinstance(self.policy, CorsRoutes):
            index = self._indexes_of_routes.get(found.route)
            base = base if index is None else (*base, ROUTES, index)
        keys: Keys = (*base, name)
        if isinstance(value, str):
            index = self._indexes_of(keys).get(value.lower())
            keys = keys if index is None else (*keys, index)
        return _locate(found, self.source, self.document, keys)

    @cached_property
    def _indexes_of_routes(self) -> dict[str | None, int]:
        routes = self.policy.routes if isinstance(self.policy, CorsRoutes) else ()
        return {path: index for index, (path, _) in enumerate(routes)}

    @cached_property
    def _indexes(self) -> dict[Keys, dict[str, int]]:
        return {}

    def _indexes_of(self, keys: Keys) -> dict[str, int]:
        """Return where the list at `keys` has its values, in lower case, for all findings."""
        if keys not in self._indexes:
            given = _look_up(self.document, keys)
            values = [str(each).lower() for each in given] if isinstance(given, list) else []
            # The first of equal ones counts.
            pairs = reversed([*enumerate(values)])
            self._indexes[keys] = {value: index for index, value in pairs}
        return self._indexes[keys]


def load_policy(path: str | PathLike[str]) -> Policies:
    """Read a policy from a file, as TOML or JSON by its name, or by its first character.

    A file with ``routes`` has a `CorsRoutes`. Raises `ConfigError` if the file cannot be read or
    parsed, or has a guard, and `ConfigPolicyError`, a `PolicyError`, with every problem of the
    policy.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "cors.toml")
    ...     _ = path.write_text('allow_origins = ["https://app.example.com"]\\nmax_age = 600')
    ...     load_policy(path)
    CorsPolicy(allow_origins=['https://app.example.com'], max_age=600)
    """
    return read_policy_file(path).require_alone()


def load_guard(path: str | PathLike[str]) -> CrossOriginGuard:
    """Read a guard with its policy from a file, whose table ``guard`` has the arguments.

    A file without other settings has a guard whose policy allows no origins. Raises the errors of
    `load_policy`, with every problem of the policy and of the guard, and `ConfigError` if the file
    has no guard.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "cors.toml")
    ...     _ = path.write_text('allow_origins = ["*"]\\n[guard]\\nhosts = ["api.example.com"]')
    ...     guard = load_guard(path)
    >>> guard.policy, guard.hosts
    (CorsPolicy(allow_origins=['*']), ('api.example.com',))
    """
    return read_policy_file(path).require_guard()


def parse_policy(content: bytes | str, source: str) -> Policies:
    """Read a policy from the content of a file; `source` names it in errors.

    The suffix of `source` is the format; without one, content that begins with a brace is JSON and
    everything else TOML. Raises the errors of `load_policy`.

    >>> parse_policy('{"allow_origins": ["https://app.example.com"]}', "<stdin>")
    CorsPolicy(allow_origins=['https://app.example.com'])
    >>> parse_policy('[[routes]]\\npath = "/api/"\\nallow_origins = ["*"]', "cors.toml")
    CorsRoutes([('/api/', CorsPolicy(allow_origins=['*']))])
    """
    return parse_policy_file(content, source).require_alone()


def read_policy_file(path: str | PathLike[str]) -> PolicyFile:
    """Like `load_policy()`, but return the problems and what else the file says."""
    return build_file(parse_document(read_content(path), fspath(path)))


def parse_policy_file(content: bytes | str, source: str) -> PolicyFile:
    """Like `parse_policy()`, but return the problems and what else the content says."""
    return build_file(parse_document(content, source))


def read_content(path: str | PathLike[str]) -> bytes:
    """Return the content of a file; raises `ConfigError` if it cannot be read."""
    source = fspath(path)
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise ConfigError(source, "There is no such file.", "Check the path.") from None
    except IsADirectoryError:
        raise ConfigError(source, "This is a directory.", "Name a file in it.") from None
    except OSError as error:
        message = f"The file cannot be read: {error.strerror or error}."
        raise ConfigError(source, message, "Check its permissions.") from error


def build_file(document: Document) -> PolicyFile:
    """Build the policy or the routes of a document."""
    keys, table = find_table(document)
    builder = _Builder(document, keys)
    policy = builder.build(table)
    guard = builder.build_guard(table, policy)
    problems = tuple(builder.problems)
    return PolicyFile(
        document.source,
        None if problems else policy,
        problems,
        builder.accept,
        document,
        keys,
        None if problems else guard,
    )


class _Builder:
    """Builds what a table of a document says, and collects every problem with its place."""

    def __init__(self, document: Document, table: Keys) -> None:
        self.problems: list[Problem] = []
        self.accept: dict[str | None, tuple[str, ...]] = {}
        self._document = document
        self._table = table
        name = ".".join(map(str, (*table, ROUTES)))
        toml = replace(_TOML, routes=_TOML.routes.replace(ROUTES, name))
        self._dialect = _JSON if document.is_json else toml

    def build(self, table: Mapping[str, Any]) -> Policies:
        """Return the policy or the routes; they are not to be used if there are problems."""
        if ROUTES not in table:
            rest = {name: value for name, value in table.items() if name != GUARD}
            if GUARD in table and not rest.keys() - {_ACCEPT}:
                self._read_accept(rest, self._table)
                return CorsPolicy.deny_all()
            return self._build_policy(rest, self._table)
        others = [name for name in table if name not in (ROUTES, _ACCEPT, GUARD)]
        if others:
            message = f"The key {others[0]!a} cannot be used together with {ROUTES}."
            raise ConfigError(self._document.source, message, "Write it in each route.")
        self._read_accept(table, self._table)
        routes = as_tables(table[ROUTES])
        if not isinstance(table[ROUTES], list) or len(routes) < len(table[ROUTES]):
            self._report(SettingProblem.ROUTE_TABLES, ROUTES, table[ROUTES], self._table)
            return CorsPolicy.deny_all()
        return self._build_routes(routes)

    def build_guard(self, table: Mapping[str, Any], policy: Policies) -> CrossOriginGuard | None:
        """Return the guard, None without one; it is not to be used if there are problems."""
        if GUARD not in table:
            return None
        given = table[GUARD]
        if not isinstance(given, dict):
            kind, found = SettingProblem.WRONG_TYPE, type(given).__name__
            expected = 'a table of its arguments, such as {hosts = ["api.example.com"]}'
            if self._document.is_json:
                expected = 'an object of its arguments, such as {"hosts": ["api.example.com"]}'
            self._report(kind, GUARD, given, self._table, type=found, expected=expected)
            return None
        try:
            return CrossOriginGuard.from_mapping(policy, given, dialect=self._dialect)
        except PolicyError as error:
            for problem in error.problems:
                named = replace(problem, subject=f"{GUARD}.{problem.subject}")
                inner = () if problem.index is None else (problem.index,)
                self._add(named, self._table, (GUARD, problem.argument, *inner))
            return None

    def _build_routes(self, routes: list[Mapping[str, Any]]) -> Policies:
        pairs: list[tuple[str, CorsPolicy]] = []
        indexes: list[int] = []
        for index, each in enumerate(routes):
            keys, path = (*self._table, ROUTES, index), each.get(_PATH)
            rest = {name: value for name, value in each.items() if name != _PATH}
            if isinstance(path, str):
                pairs.append((path, self._build_policy(rest, keys, path)))
                indexes.append(index)
            else:
                self._report(SettingProblem.MISSING_PATH, _PATH, path, keys)
                self._build_policy(rest, keys)
        try:
            return CorsRoutes(pairs)
        except PolicyError as error:
            for problem in error.problems:
                if problem.index is not None:
                    index = indexes[problem.index]
                    self._add(problem, (*self._table, ROUTES, index), (_PATH,))
                elif not self.problems:
                    self._report(SettingProblem.ROUTE_TABLES, ROUTES, [], self._table)
            return CorsPolicy.deny_all()

    def _build_policy(
        self, table: Mapping[str, Any], keys: Keys, route: str | None = None
    ) -> CorsPolicy:
        self._read_accept(table, keys, route)
        settings = {name: value for name, value in table.items() if name != _ACCEPT}
        try:
            return build_policy(settings, dialect=self._dialect)
        except PolicyError as error:
            for problem in error.problems:
                index = () if problem.index is None else (problem.index,)
                self._add(problem, keys, (problem.argument, *index), route)
            return CorsPolicy.deny_all()

    def _read_accept(self, table: Mapping[str, Any], keys: Keys, route: str | None = None) -> None:
        if _ACCEPT not in table:
            return
        from corekit.lint import CODES  # noqa: PLC0415 - few policies accept advice

        given = table[_ACCEPT]
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            found, expected = type(given).__name__, self._dialect.strings
            self._report(
                SettingProblem.WRONG_TYPE, _ACCEPT, given, keys, type=found, expected=expected
            )
            return
        for index, code in enumerate(given):
            if code not in CODES:
                codes = ", ".join(sorted(CODES))
                kind = SettingProblem.UNKNOWN_ADVICE
                self._report(kind, _ACCEPT, code, keys, index=index, codes=codes)
        self.accept[route] = tuple(given)

    def _report(
        self,
        kind: ProblemKind,
        name: str,
        value: object,
        keys: Keys,
        *,
        index: int | None = None,
        **parameters: object,
    ) -> None:
        problem = Problem.of(kind, name, value, index=index, dialect=self._dialect, **parameters)
        self._add(problem, keys, (name,) if index is None else (name, index))

    def _add(self, problem: Problem, keys: Keys, inner: Keys, route: str | None = None) -> None:
        if len(keys) > len(self._table):
            subject = problem.subject if problem.argument != ROUTES else _PATH
            problem = replace(problem, subject=f"{ROUTES}[{keys[-1]}].{subject}", route=route)
        located = _locate(problem, self._document.source, self._document, (*keys, *inner))
        self.problems.append(located)


def _locate(found: _D, source: str, document: Document | None, keys: Keys) -> _D:
    """Return a diagnostic with the place of a value, or else of the nearest table or list."""
    places = {} if document is None else document.places
    while keys and keys not in places:
        keys = keys[:-1]
    line, column = places.get(keys, (None, None))
    return replace(found, source=source, line=line, column=column)


def _look_up(document: Document | None, keys: Keys) -> Any:
    value: Any = None if document is None else document.data
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int):
            value = value[key]
        else:
            return None
    return value
