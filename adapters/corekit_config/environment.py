"""Policies and guards in environment variables, one variable per argument, read strictly.

Variables are strings, so lists, booleans and numbers are parsed here. What cannot be parsed is
reported together with the problems that the core finds.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from corekit import CorsPolicy, PolicyError, Problem
from corekit.arguments import REGEXES, SETTINGS, Argument, ArgumentKind, find_argument
from corekit.compat import build_policy
from corekit.guard import GUARD_ARGUMENTS, CrossOriginGuard
from corekit.problems import Dialect, ProblemKind, SettingProblem

from .errors import ConfigPolicyError

_FLAGS: Final = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
_HIDDEN: Final = "(not shown)"
"""In place of a value that may be another program's secret."""

_DIALECT: Final = Dialect(
    any_origin="*",
    unset="unset it",
    regex_start="'",
    accept="To accept the risk: {risks}={code}.",
)

_is_number = re.compile(r"-?[0-9]{1,100}").fullmatch
_has_several = re.compile(r",\s*\^?\(*(?:\?:)?https?\b").search
_begins_with_address = re.compile(r"\[[0-9A-Fa-f]*:").match
_is_quoted = re.compile(r"""(["']).*\1""", re.DOTALL).fullmatch


def from_environ(prefix: str = "CORS_", environ: Mapping[str, str] | None = None) -> CorsPolicy:
    """Build a policy from the variables that begin with `prefix`, such as ``CORS_ALLOW_ORIGINS``.

    `environ` defaults to `os.environ`. A list is JSON, or is split at commas, ignoring white space
    and empty elements. Regular expressions contain commas, so ``CORS_ALLOW_ORIGIN_REGEXES`` is a
    JSON list, or one regular expression. A boolean is true, 1, yes or on, or false, 0, no or off, in any case. An
    empty variable counts as unset. Raises `ConfigPolicyError`, a `PolicyError`, with every problem,
    including variables with the prefix that are not arguments. The value of a variable that
    resembles no argument is not shown, since it may be a secret of another program. Variables of a
    guard are for `guard_from_environ` and a problem here.

    >>> environ = {
    ...     "CORS_ALLOW_ORIGINS": "https://app.example.com, http://localhost:*",
    ...     "CORS_MAX_AGE": "600",
    ... }
    >>> from_environ(environ=environ)
    CorsPolicy(allow_origins=['https://app.example.com', 'http://localhost:*'], max_age=600)
    >>> from_environ(environ={**environ, "CORS_ALLOWED_METHODS": "PUT"})
    Traceback (most recent call last):
        ...
    corekit_config.errors.ConfigPolicyError: 1 problem in the environment:
      - CORS_ALLOWED_METHODS = 'PUT': A policy does not read this variable. Did you mean CORS_ALLOW_METHODS? [unknown-argument]
    """  # noqa: E501 - what is printed is one line
    reader = _Variables(prefix, os.environ if environ is None else environ)
    policy = reader.build_policy()
    reader.report_guard()
    reader.raise_problems()
    return policy


def guard_from_environ(
    prefix: str = "CORS_", environ: Mapping[str, str] | None = None
) -> CrossOriginGuard:
    """Build a guard and its policy from variables such as ``CORS_GUARD_HOSTS``.

    The variables of the policy are those of `from_environ`, and the values of a guard are written
    likewise. A guard without variables has the default arguments. Raises
    `ConfigPolicyError`, a `PolicyError`, with every problem of the policy and of the guard.

    >>> guard = guard_from_environ(
    ...     environ={
    ...         "CORS_ALLOW_ORIGINS": "https://app.example.com",
    ...         "CORS_GUARD_HOSTS": "api.example.com, localhost:8000",
    ...     }
    ... )
    >>> guard.hosts
    ('api.example.com', 'localhost:8000')
    """
    reader = _Variables(prefix, os.environ if environ is None else environ)
    policy = reader.build_policy()
    guard = reader.build_guard(policy)
    reader.raise_problems()
    return guard


class _Variables:
    """Reads the variables with a prefix, and collects every problem."""

    def __init__(self, prefix: str, environ: Mapping[str, str]) -> None:
        if not prefix:
            raise ValueError("prefix is empty: every variable would be read as part of the policy")
        self._prefix = prefix
        self._guard_prefix = f"{prefix}GUARD_"
        self._environ = environ
        self._problems: list[Problem] = []

    def build_policy(self) -> CorsPolicy:
        """Return the policy; it is not to be used if there are problems."""
        names = {name: f"{self._prefix}{name.upper()}" for name in SETTINGS}
        regexes = f"Regular expressions are for {names[REGEXES]}."
        dialect = replace(_DIALECT, names=names, regexes=regexes)
        unknown = self._find(self._prefix) - set(self._find(self._guard_prefix))
        problems = self._report_unknown(unknown, self._prefix, SETTINGS, dialect, "A policy")
        given = self._read(SETTINGS, dialect, problems)
        # What could not be read, or has another name, is missing and already reported.
        reported = {problem.argument for problem in problems}
        has_other_name = any(
            problem.fix in (dialect.origins, names[REGEXES]) for problem in problems
        )
        policy = CorsPolicy.deny_all()
        try:
            policy = build_policy(given, dialect=dialect)
        except PolicyError as error:
            for problem in error.problems:
                is_missing = problem.code == "no-origins" and (
                    has_other_name or REGEXES in reported
                )
                if problem.argument not in reported and not is_missing:
                    problems.append(problem)
        self._add(problems, SETTINGS)
        return policy

    def build_guard(self, policy: CorsPolicy) -> CrossOriginGuard:
        """Return the guard; it is not to be used if there are problems."""
        prefix, known = self._guard_prefix, GUARD_ARGUMENTS
        dialect = replace(_DIALECT, names={name: f"{prefix}{name.upper()}" for name in known})
        problems = self._report_unknown(self._find(prefix), prefix, known, dialect, "A guard")
        given = self._read(known, dialect, problems)
        guard = CrossOriginGuard(policy)
        try:
            guard = CrossOriginGuard.from_mapping(policy, given, dialect=dialect)
        except PolicyError as error:
            problems += error.problems
        self._add(problems, known)
        return guard

    def report_guard(self) -> None:
        """Report variables of a guard, which would have no effect."""
        for name in sorted(self._find(self._guard_prefix)):
            if self._environ[name].strip():
                kind, value = SettingProblem.GUARD_VARIABLE, self._environ[name]
                self._problems.append(Problem.of(kind, name, value))

    def raise_problems(self) -> None:
        """Raise `ConfigPolicyError` if there are problems."""
        if self._problems:
            raise ConfigPolicyError("the environment", self._problems)

    def _find(self, prefix: str) -> set[str]:
        # In any case: a variable in lower case has as little effect as a misspelled one.
        return {name for name in self._environ if name.upper().startswith(prefix.upper())}

    def _read(
        self, known: Mapping[str, Argument], dialect: Dialect, problems: list[Problem]
    ) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for name, argument in known.items():
            text = self._environ.get(dialect.name(name), "").strip()
            if text:
                try:
                    given[name] = (
                        _read_regexes(text) if name == REGEXES else _read(argument.kind, text)
                    )
                except _UnreadableError as error:
                    kind, detail = error.args
                    problem = Problem.of(kind, name, text, dialect=dialect, error=detail)
                    problems.append(problem)
        return given

    def _report_unknown(
        self,
        found: set[str],
        prefix: str,
        arguments: Mapping[str, Argument],
        dialect: Dialect,
        owner: str,
    ) -> list[Problem]:
        known = {dialect.name(name) for name in arguments}
        problems: list[Problem] = []
        for name in sorted(found - known):
            # Without the prefix, which would make any two names similar.
            meant = find_argument(name[len(prefix) :], arguments)
            kind, fix, value = SettingProblem.UNKNOWN_VARIABLE, None, _HIDDEN
            if meant is not None:
                kind, fix = SettingProblem.MISSPELLED_VARIABLE, dialect.name(meant)
                value = self._environ[name]
            names = ", ".join(sorted(known))
            problem = Problem.of(
                kind, name, value, fix=fix, dialect=dialect, owner=owner, variables=names
            )
            problems.append(problem)
        return problems

    def _add(self, problems: list[Problem], known: Mapping[str, Argument]) -> None:
        order = {name: at for at, name in enumerate(known)}
        problems.sort(key=lambda each: order.get(each.argument, len(order)))
        self._problems += problems


class _UnreadableError(Exception):
    """A text is not of the type of its argument."""

    def __init__(self, kind: ProblemKind, detail: str = "") -> None:
        super().__init__(kind, detail)


def _read(kind: ArgumentKind, text: str) -> Any:
    if _is_quoted(text):
        # A shell removes quotes; readers of env files often keep them.
        raise _UnreadableError(SettingProblem.QUOTED_TEXT)
    if kind == "strings":
        return _read_list(text)
    if kind == "flag":
        if text.lower() not in _FLAGS:
            raise _UnreadableError(SettingProblem.NOT_A_FLAG)
        return _FLAGS[text.lower()]
    if kind == "choice":
        return text
    if _is_number(text) is None:
        raise _UnreadableError(SettingProblem.NOT_A_NUMBER)
    return int(text)


def _read_list(text: str) -> list[Any]:
    if text.startswith("{"):
        raise _UnreadableError(SettingProblem.NOT_A_LIST)
    if not text.startswith("[") or _begins_with_address(text) is not None:
        return [element.strip() for element in text.split(",") if element.strip()]
    return _parse_list(text, SettingProblem.BROKEN_JSON_LIST)


def _read_regexes(text: str) -> list[Any]:
    if _is_quoted(text):
        raise _UnreadableError(SettingProblem.QUOTED_TEXT)
    if text.startswith("["):
        return _parse_list(text, SettingProblem.BROKEN_JSON_REGEXES)
    if _has_several(text):
        raise _UnreadableError(SettingProblem.SEVERAL_REGEXES)
    return [text]


def _parse_list(text: str, kind: ProblemKind) -> list[Any]:
    try:
        return list(json.loads(text))
    except (ValueError, RecursionError) as error:
        detail = getattr(error, "msg", None) or str(error)
        raise _UnreadableError(kind, detail) from None
