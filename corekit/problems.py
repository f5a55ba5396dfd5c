"""Problems of a configuration: values for programs, sentences for people.

The tables of all problems are `_origin_problems` and `_setting_problems`. Here a row becomes a
`Problem`, in the words of the place where the setting is written: Python code, a file, the
environment, a framework's settings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ._guard_problems import GuardProblem
from ._origin_problems import OriginProblem
from ._problem_kinds import ProblemKind
from ._setting_problems import SettingProblem
from .diagnostics import Diagnostic

__all__ = [
    "CODES",
    "KINDS",
    "PYTHON",
    "RISKS",
    "Dialect",
    "GuardProblem",
    "OriginProblem",
    "PolicyError",
    "PolicyWarning",
    "Problem",
    "ProblemKind",
    "SettingProblem",
]

KINDS: Final[tuple[ProblemKind, ...]] = (*OriginProblem, *SettingProblem, *GuardProblem)
"""Every problem that a configuration can have."""

CODES: Final = frozenset(kind.code for kind in KINDS)
"""Every code that a `Problem` can have."""

RISKS: Final = frozenset(kind.code for kind in KINDS if kind.is_risk)
"""The codes of the risks that an operator may accept with ``accept_risks=[...]``."""

_SHOWN_CHARACTERS: Final = 300
_SHOWN_PROBLEMS: Final = 20


@dataclass(frozen=True, slots=True)
class Dialect:
    """How settings are written in one place, so that hints can be followed as they are.

    `names` maps the arguments of a policy to the user's own settings, and `indexes` an argument to
    the index that each of its elements has there, None for an element that is the whole setting.
    `added` has the elements of an argument that the adapter adds, which the user cannot remove.
    The defaults of the other fields are Python's. `regex_start` begins a regular expression,
    without escapes unless it is a double quote. In `accept`, ``{risks}`` is the setting and
    ``{code}`` the risk; in `one_string`, ``{text}`` is the string, escaped.

    >>> PYTHON.subject("allow_origins", 2)
    'allow_origins[2]'
    """

    names: Mapping[str, str] = field(default_factory=dict)
    indexes: Mapping[str, Sequence[int | None]] = field(default_factory=dict)
    added: Mapping[str, Collection[str]] = field(default_factory=dict)
    flag: str = "True or False"
    seconds: str = "whole seconds as an int, a timedelta, or None"
    status: str = "a status code as an int"
    strings: str = "a list of strings"
    string: str = "a string"
    json_text: str = "The value looks like JSON: use json.loads(...) first."
    comma_text: str = "The value looks like a list in one string: split it at the commas."
    one_string: str = "Did you mean ['{text}']?"
    any_origin: str = "['*']"
    unset: str = "None"
    regexes: str = "Regular expressions are for corekit.compat.RegexCorsPolicy."
    regex_start: str = "r'"
    accept: str = "To accept the risk: {risks}=[{code!r}]."
    routes: str = 'Use pairs: CorsRoutes([("/api/", policy)]).'

    @property
    def origins(self) -> str:
        """The user's name for ``allow_origins``."""
        return self.name("allow_origins")

    def name(self, argument: str) -> str:
        """Return the user's name for an argument of a policy."""
        return self.names.get(argument, argument)

    def show_regex(self, regex: str) -> str:
        r"""Return a regular expression as it is written in this place.

        >>> print(PYTHON.show_regex(r"https://.*\.example\.com"))
        r'https://.*\.example\.com'
        """
        if "'" in regex or not regex.isprintable():
            return repr(regex)
        if self.regex_start == '"':
            escaped = regex.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        return f"{self.regex_start}{regex}'" if "\\" in regex else f"'{regex}'"

    def subject(self, argument: str, index: int | None = None) -> str:
        """Return the user's name for an argument, or for one element of it."""
        return self.name(argument) if index is None else f"{self.name(argument)}[{index}]"


PYTHON: Final = Dialect()
"""Arguments in Python code."""


@dataclass(frozen=True, slots=True)
class Problem(Diagnostic):
    """One problem in a configuration: a `corekit.diagnostics.Diagnostic` about a setting.

    `code` is one of `CODES`; `severity` is ``error``, or ``warning`` for a value that is left out,
    since it is useless and harmless. `subject` is the user's own setting,
    with an index if it is a list (``allow_origins[2]``); `argument` and `index` are the same as
    data. `parameters` are the values that the message and the hint were written with.

    >>> problem = Problem.of(SettingProblem.METHOD_CASE, "allow_methods", "put", index=0, fix="PUT")
    >>> print(problem)
    allow_methods[0] = 'put': Method names are case-sensitive; servers expect this one in upper \
case. Did you mean 'PUT'? [method-case]
    """

    argument: str = ""
    index: int | None = None
    parameters: Mapping[str, object] = field(default_factory=dict, compare=False)

    @classmethod
    def of(
        cls,
        kind: ProblemKind,
        argument: str,
        value: object,
        *,
        index: int | None = None,
        fix: object = None,
        dialect: Dialect = PYTHON,
        **parameters: object,
    ) -> Problem:
        """Write out one row of the table, about `value` of `argument`, in a dialect."""
        texts = {name: _bound(text) for name, text in {**parameters, "fix": fix}.items()}
        texts["dialect"] = dialect
        if index is not None and argument in dialect.indexes:
            index = dialect.indexes[argument][index]
        hint = kind.hint.format_map(texts)
        if kind.is_risk:
            accept = dialect.accept.format(risks=dialect.name("accept_risks"), code=kind.code)
            hint = f"{hint} {accept}"
        return cls(
            kind.code,
            "warning" if kind.is_left_out else "error",
            kind.message.format_map(texts),
            hint,
            dialect.subject(argument, index),
            value,
            fix,
            argument=argument,
            index=index,
            parameters=parameters,
        )


def _bound(value: object) -> object:
    if isinstance(value, str) and len(value) > _SHOWN_CHARACTERS:
        return f"{value[:_SHOWN_CHARACTERS]}..."
    return value


class PolicyError(ValueError):
    """A configuration was rejected; `problems` has everything that is wrong with it.

    `problems` is a non-empty tuple of `Problem`, in the order of the arguments.

    >>> from corekit import CorsPolicy
    >>> try:
    ...     CorsPolicy(allow_origins="https://app.example.com", max_age=-1)
    ... except PolicyError as error:
    ...     print([problem.code for problem in error.problems])
    ['string-not-collection', 'max-age']
    """

    problems: tuple[Problem, ...]
    source = "the CORS policy"
    """What was read, in words or as a file name."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        return _list(f"{count} problem{'s' * (count != 1)} in {self.source}:", self)


class PolicyWarning(UserWarning):
    """Values of a policy were left out, since they are useless and harmless.

    `problems` is a non-empty tuple of `Problem`, also the policy's `warnings`. Such values are
    names of headers and methods that no page can use, and other origins next to ``"*"``. A
    `max_age` above 86400 seconds becomes 86400.

    >>> import warnings
    >>> from corekit import CorsPolicy
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     policy = CorsPolicy(allow_origins=["*"], allow_headers=["Origin", "X-Token"])
    >>> policy.allow_headers, [problem.code for problem in policy.warnings]
    (('x-token',), ['forbidden-header'])
    """

    problems: tuple[Problem, ...]

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        title = f"{count} value{'s' * (count != 1)} without effect in the CORS policy:"
        return _list(title, self)


def _list(title: str, found: PolicyError | PolicyWarning) -> str:
    count = len(found.problems)
    lines = [title, *(f"  - {problem}" for problem in found.problems[:_SHOWN_PROBLEMS])]
    if count > _SHOWN_PROBLEMS:
        name = type(found).__name__
        lines.append(f"  ... and {count - _SHOWN_PROBLEMS} more; see {name}.problems")
    return "\n".join(lines)
