"""What reading a policy can end in: nothing that could be read, or something with problems."""

from __future__ import annotations

from collections.abc import Iterable

from corekit import PolicyError, Problem

__all__ = ["ConfigError", "ConfigPolicyError"]


class ConfigError(ValueError):
    """What was named cannot be read as a policy: one line with the place, the fault and the mend.

    `source` is what was named, such as a file. `line` and `column`, counted from 1, say where the
    parser stopped; None where there is no such place.

    >>> print(ConfigError("cors.toml", "There is no such file.", "Name one.", line=None))
    cors.toml: There is no such file. Name one.
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
    """A policy that was read and has problems: a `PolicyError` that names its `source`.

    >>> problem = Problem("max-age", "max_age", -1, "It is below 0.", "Use 0 to 86400.")
    >>> print(ConfigPolicyError("cors.toml", [problem]))
    1 problem in cors.toml:
      - max_age = -1: It is below 0. Use 0 to 86400. [max-age]
    """

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        super().__init__(problems)
        self.source = self.place = source
        self.args = (source, self.problems)  # what it is pickled and copied by
