"""Read arguments that are declared in a table: each once, reporting every problem.

One method per kind of argument, named by the table. It returns the value in the form that is kept;
what is wrong becomes a `Problem`, and reading goes on, so that all problems are found at once. The
rules of a policy are in `_validation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar, Final

from .arguments import Argument, find_argument
from .diagnostics import show
from .problems import PYTHON, Dialect, Problem, ProblemKind, SettingProblem

_SHOWN_CHARACTERS: Final = 120


class ArgumentReader:
    """Reads the arguments of one configuration and collects the problems.

    `problems` reject the configuration. `warnings` are about values that are left out, since they
    are useless and harmless. `given` has the arguments by name; what is missing has its default.
    Problems are written in `dialect`.
    """

    arguments: ClassVar[Mapping[str, Argument]]
    owner: ClassVar[str]
    """What has the arguments, at the beginning of a sentence."""

    def __init__(self, given: Mapping[Any, object], dialect: Dialect = PYTHON) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.dialect = dialect
        self.given = given

    def read(self) -> dict[str, Any]:
        """Read every argument and return the values by name; `problems` has what is wrong."""
        settings = {name: self._read_argument(name) for name in self.arguments}
        self.problems += self._find_unknown()
        return settings

    def _find_unknown(self) -> list[Problem]:
        return [self.problem_of_unknown(name) for name in self.given if name not in self.arguments]

    def problem_of_unknown(self, name: Any) -> Problem:
        """Return the problem of a name in `given` that is not an argument."""
        known, dialect, value = self.arguments, self.dialect, self.given[name]
        text = name if isinstance(name, str) else ""
        subject = text if text.isascii() and text.isidentifier() else show(name)
        meant = find_argument(text, known)
        if meant is not None:
            kind, fix = SettingProblem.MISSPELLED_ARGUMENT, dialect.name(meant)
            return Problem.of(kind, subject, value, fix=fix, owner=self.owner)
        kind, names = SettingProblem.UNKNOWN_ARGUMENT, ", ".join(map(dialect.name, known))
        return Problem.of(kind, subject, value, owner=self.owner, arguments=names)

    def _read_argument(self, name: str) -> Any:
        argument = self.arguments[name]
        return getattr(self, argument.rule)(name, self.given.get(name, argument.default))

    def read_flag(self, name: str, value: object) -> bool:
        """Read a bool; a value that is merely truthy is a problem."""
        if not isinstance(value, bool):
            self.report_type(name, value, self.dialect.flag)
        return value is True

    def read_strings(self, name: str, value: object) -> list[tuple[int, str]]:
        """Read a collection of strings, each with its index."""
        if isinstance(value, str | bytes | bytearray | Mapping):
            self._report_single_value(name, value)
            return []
        if not isinstance(value, Iterable):
            self.report_type(name, value, self.dialect.strings)
            return []
        if isinstance(value, AbstractSet):
            # Its order differs between processes; headers and messages should not.
            value = sorted(value, key=lambda item: item if isinstance(item, str) else "")
        items: list[tuple[int, str]] = []
        for index, item in enumerate(value):
            if isinstance(item, str):
                items.append((index, str.__str__(item)))
                continue
            fix, expected = self._meant_string(name, item), self.dialect.string
            expected = expected if fix is None else f"{expected}: {fix!r}"
            self.report_type(name, item, expected, index=index, fix=fix)
        return items

    def _meant_string(self, name: str, value: object) -> str | None:  # noqa: ARG002
        """Return the string that an element of a collection of strings should be, if known."""
        return None

    def report_type(
        self,
        name: str,
        value: object,
        expected: str,
        *,
        index: int | None = None,
        fix: object = None,
    ) -> None:
        """Report a value of the wrong type."""
        kind, found = SettingProblem.WRONG_TYPE, type(value).__name__
        self.report(kind, name, value, index=index, fix=fix, type=found, expected=expected)

    def report(self, kind: ProblemKind, name: str, value: object, **parameters: Any) -> None:
        """Report a problem."""
        self.problems.append(Problem.of(kind, name, value, dialect=self.dialect, **parameters))

    def _report_single_value(self, name: str, value: object) -> None:
        dialect = self.dialect
        fix = None
        if isinstance(value, str) and value.lstrip().startswith("["):
            use = dialect.json_text
        elif isinstance(value, str) and "," in value:
            use = dialect.comma_text
        elif isinstance(value, str):
            text = value if len(value) <= _SHOWN_CHARACTERS else f"{value[:_SHOWN_CHARACTERS]}..."
            use, fix = dialect.one_string.format(text=ascii(text)[1:-1]), [value]
        else:
            use = f"Use {dialect.strings}."
        kind = SettingProblem.SINGLE_STRING
        self.report(kind, name, value, fix=fix, use=use, type=type(value).__name__)
