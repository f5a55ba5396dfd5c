"""Errors of reading a policy: it could not be read, or it has problems."""

from __future__ import annotations

from collections.abc import Iterable

from corekit import PolicyError, Problem


class ConfigError(ValueError):
    """The source of a policy cannot be read: one line with the source, the error and the fix.

    `source` is a file name or what else was given. `line` and `column`, counted from 1, are where
    the parser stopped, or None.

    >>> print(ConfigError("cors.toml", "There is no such file.", "Check the path."))
    cors.toml: There is no such file. Check the path.
    """

    def __init__(
        self,
        source: str,
        message: str,
        hint: str,
        *,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.source = source
        self.message = message
        self.hint = hint
        self.line = line
        self.column = column
        place = source if line is None else f"{source}, line {line}, column {column}"
        super().__init__(f"{place}: {message} {hint}")


class ConfigPolicyError(PolicyError):
    """A policy was read and has problems: a `PolicyError` that names its `source`.

    >>> from corekit.problems import SettingProblem
    >>> problem = Problem.of(SettingProblem.METHOD_CASE, "allow_methods", "put", index=0, fix="PUT")
    >>> print(ConfigPolicyError("cors.toml", [problem]))
    1 problem in cors.toml:
      - allow_methods[0] = 'put': Method names are case-sensitive; servers expect this one in upper case. Did you mean 'PUT'? [method-case]
    """  # noqa: E501 - an error message is one line

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        super().__init__(problems)
        self.source = source
        self.args = (source, self.problems)  # for pickle and copy
