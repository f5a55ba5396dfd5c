"""Everything that can be wrong with a policy, as values that a person and a program can read.

A problem has a stable code, so that a portal can translate it, or an operator
accept the risk. This file knows the codes and how a problem is shown; which values are wrong is
decided where they are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .diagnostics import show

__all__ = ["CODES", "RISKS", "PolicyError", "Problem"]

RISKS: Final = frozenset({"insecure-origin", "opaque-origin", "public-suffix"})
"""The codes of the risks that an operator may accept with ``accept_risks=[...]``."""

CODES: Final = RISKS | {
    "any-exposed-header-with-credentials",
    "any-origin-with-credentials",
    "any-origin-with-others",
    "file-origin",
    "forbidden-header",
    "forbidden-method",
    "invalid-header",
    "invalid-method",
    "invalid-regex",
    "malformed-origin",
    "malformed-path",
    "max-age",
    "method-case",
    "misplaced-header",
    "no-origins",
    "no-routes",
    "non-canonical-origin",
    "preflight-status",
    "string-not-collection",
    "unknown-argument",
    "unknown-risk",
    "unreachable-path",
    "wrong-type",
}
"""Every code that a `Problem` can have."""

_SHOWN_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration.

    `code` is stable and one of `CODES`; `field` is the argument, with an index where it is a
    collection (``allow_origins[2]``); `value` is what was given; `message` says in one sentence
    what is wrong with it; `hint` how to mend it.

    >>> print(Problem("max-age", "max_age", -1, "It is below 0.", "Use 0 to 86400."))
    max_age = -1: It is below 0. Use 0 to 86400. [max-age]
    """

    code: str
    field: str
    value: object
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.field} = {show(self.value)}: {self.message} {self.hint} [{self.code}]"


class PolicyError(ValueError):
    """A configuration that cannot be built, with every one of its problems.

    `problems` is a non-empty tuple of `Problem`, in the order of the arguments.

    >>> from corekit import CorsPolicy
    >>> try:
    ...     CorsPolicy(allow_origins="https://app.example.com", max_age=-1)
    ... except PolicyError as error:
    ...     print([problem.code for problem in error.problems])
    ['string-not-collection', 'max-age']
    """

    problems: tuple[Problem, ...]
    place = "this CORS configuration"
    """Where the configuration stands, as words for a person."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        lines = [f"{count} problem{'s' * (count != 1)} in {self.place}:"]
        lines += [f"  - {problem}" for problem in self.problems[:_SHOWN_PROBLEMS]]
        if count > _SHOWN_PROBLEMS:
            lines.append(f"  ... and {count - _SHOWN_PROBLEMS} more; see PolicyError.problems")
        return "\n".join(lines)
