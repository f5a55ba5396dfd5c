"""Policy files: a policy, or routes with their policies, in a TOML or JSON document.

The arguments of a policy, or ``routes``, are at the top level of the file, in the table ``cors`` of
a larger configuration, or in ``[tool.corekit]`` of a pyproject.toml. ``accept`` next to them has
codes of advice that `corekit check` leaves out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Final, TypeVar

from corekit import CorsPolicy, CorsRoutes, PolicyError, Problem
from corekit.arguments import REGEXES, SETTINGS
from corekit.compat import build_policy
from corekit.diagnostics import Diagnostic
from corekit.problems import Dialect, ProblemKind, SettingProblem

from .documents import Document, parse_document
from .errors import ConfigError, ConfigPolicyError
from .places import Path as Keys

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

_SCHEMA_KEY: Final = "$schema"
"""Where editors look for the JSON Schema; not part of the policy."""

_ROUTES: Final = "routes"
_PATH: Final = "path"
_ACCEPT: Final = "accept"


@dataclass(frozen=True)
class PolicyFile:
    """What a file, or another source, says: a policy or routes, or the problems that it has.

    `policy` is None if there are problems. `accept` has the codes of accepted advice by the path of
    their route; those under None are for the whole file.
    """

    source: str
    policy: Policies | None
    problems: tuple[Problem, ...] = ()
    accept: Mapping[str | None, Collection[str]] = field(default_factory=dict)
    document: Document | None = None
    table: Keys = ()
    """The keys of the table that has the policy."""

    def require(self) -> Policies:
        """Return the policy; raises `ConfigPolicyError` with every problem."""
        if self.policy is None:
            raise ConfigPolicyError(self.source, self.problems)
        return self.policy

    def locate(self, found: Diagnostic) -> Diagnostic:
        """Return advice on the policy with the source, and with the line and column if known."""
        base, name, value = self.table, found.subject, found.value
        if isinstance(found, Problem):
            name = found.argument
        if isinstance(self.policy, CorsRoutes):
            paths = [path for path, _ in self.policy.routes]
            if found.route in paths:
                base = (*base, _ROUTES, paths.index(found.route))
        keys: Keys = (*base, name)
        given = _look_up(self.document, keys)
        if isinstance(given, list) and isinstance(value, str):
            lower = [str(each).lower() for each in given]
            keys = (*keys, lower.index(value.lower())) if value.lower() in lower else keys
        return _locate(found, self.source, self.document, keys)


def load_policy(path: str | PathLike[str]) -> Policies:
    """Read a policy from a file, as TOML or JSON by its name, or by its first character.

    A file with ``routes`` has a `CorsRoutes`. Raises `ConfigError` if the file cannot be read or
    parsed, and `ConfigPolicyError`, a `PolicyError`, with every problem of the policy.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "cors.toml")
    ...     _ = path.write_text('allow_origins = ["https://app.example.com"]\\nmax_age = 600')
    ...     load_policy(path)
    CorsPolicy(allow_origins=['https://app.example.com'], max_age=600)
    """
    return read_policy_file(path).require()


def parse_policy(content: bytes | str, source: str) -> Policies:
    """Read a policy from the content of a file; `source` names it in errors.

    The suffix of `source` is the format; without one, content that begins with a brace is JSON and
    everything else TOML. Raises the errors of `load_policy`.

    >>> parse_policy('{"allow_origins": ["https://app.example.com"]}', "<stdin>")
    CorsPolicy(allow_origins=['https://app.example.com'])
    >>> parse_policy('[[routes]]\\npath = "/api/"\\nallow_origins = ["*"]', "cors.toml")
    CorsRoutes([('/api/', CorsPolicy(allow_origins=['*']))])
    """
    return parse_policy_file(content, source).require()


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
    keys, table = _find_table(document)
    builder = _Builder(document, keys)
    policy = builder.build(table)
    problems = tuple(builder.problems)
    return PolicyFile(
        document.source,
        None if problems else policy,
        problems,
        builder.accept,
        document,
        keys,
    )


def holds_policy(document: Document) -> bool:
    """Return whether a document has any setting of a policy, so that it is meant as one.

    >>> holds_policy(parse_document('name = "shop"', "package.toml"))
    False
    """
    return any(
        name in SETTINGS or str(name).startswith(("allow_", "expose_"))
        for table in (document.data, *_find_tables(document.data).values())
        for each in (table, *_as_tables(table.get(_ROUTES)))
        for name in each
    )


class _Builder:
    """Builds what a table of a document says, and collects every problem with its place."""

    def __init__(self, document: Document, table: Keys) -> None:
        self.problems: list[Problem] = []
        self.accept: dict[str | None, tuple[str, ...]] = {}
        self._document = document
        self._table = table
        name = ".".join(map(str, (*table, _ROUTES)))
        toml = replace(_TOML, routes=_TOML.routes.replace(_ROUTES, name))
        self._dialect = _JSON if document.is_json else toml

    def build(self, table: Mapping[str, Any]) -> Policies:
        """Return the policy or the routes; they are not to be used if there are problems."""
        if _ROUTES not in table:
            return self._build_policy(table, self._table)
        others = [name for name in table if name not in (_ROUTES, _ACCEPT)]
        if others:
            message = f"The key {others[0]!a} cannot be used together with {_ROUTES}."
            raise ConfigError(self._document.source, message, "Write it in each route.")
        self._read_accept(table, self._table)
        routes = _as_tables(table[_ROUTES])
        if not isinstance(table[_ROUTES], list) or len(routes) < len(table[_ROUTES]):
            self._report(SettingProblem.ROUTE_TABLES, _ROUTES, table[_ROUTES], self._table)
            return CorsPolicy.deny_all()
        return self._build_routes(routes)

    def _build_routes(self, routes: list[Mapping[str, Any]]) -> Policies:
        pairs: list[tuple[str, CorsPolicy]] = []
        indexes: list[int] = []
        for index, each in enumerate(routes):
            keys, path = (*self._table, _ROUTES, index), each.get(_PATH)
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
                    self._add(problem, (*self._table, _ROUTES, index), (_PATH,))
                elif not self.problems:
                    self._report(SettingProblem.ROUTE_TABLES, _ROUTES, [], self._table)
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
            subject = problem.subject if problem.argument != _ROUTES else _PATH
            problem = replace(problem, subject=f"{_ROUTES}[{keys[-1]}].{subject}", route=route)
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


def _find_table(document: Document) -> tuple[Keys, Mapping[str, Any]]:
    rest, found = _without_schema(document.data), _find_tables(document.data)
    source = document.source
    if not found:
        if Path(source).name == "pyproject.toml":
            message, hint = "There is no table [tool.corekit].", "Add one with the policy."
            raise ConfigError(source, message, hint)
        return (), rest
    places = [f"[{'.'.join(map(str, keys))}]" for keys in found]
    if any(name in rest for name in (*SETTINGS, _ROUTES)):
        places.insert(0, "the top level")
    if len(places) > 1:
        message = f"There are arguments of a policy in {' and in '.join(places)}."
        raise ConfigError(source, message, "Keep them in one place.")
    keys, table = next(iter(found.items()))
    return keys, _without_schema(table)


def _find_tables(data: Mapping[str, Any]) -> dict[Keys, Mapping[str, Any]]:
    tool = data.get("tool")
    inner = tool.get("corekit") if isinstance(tool, dict) else None
    tables: dict[Keys, Any] = {("cors",): data.get("cors"), ("tool", "corekit"): inner}
    return {keys: table for keys, table in tables.items() if isinstance(table, dict)}


def _as_tables(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _without_schema(table: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in table.items() if name != _SCHEMA_KEY}
