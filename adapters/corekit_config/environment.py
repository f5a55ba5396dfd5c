"""Policies in environment variables: one for each argument, read strictly.

The environment has strings only, so lists, booleans and numbers are read here, and what cannot be
read is a problem beside those that the core finds.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final

from corekit import CorsPolicy, PolicyError, Problem

from .arguments import Kind, argument_kinds
from .errors import ConfigPolicyError
from .wording import ENVIRONMENT, reword

__all__ = ["from_environ"]

_FLAGS: Final = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}
_NOT_SHOWN: Final = "(not shown)"
_is_number = re.compile(r"-?[0-9]{1,100}").fullmatch
_is_quoted = re.compile(r"""(["']).*\1""", re.DOTALL).fullmatch


def from_environ(prefix: str = "CORS_", environ: Mapping[str, str] | None = None) -> CorsPolicy:
    """Make a policy of the variables that begin with `prefix`, such as ``CORS_ALLOW_ORIGINS``.

    `environ` is `os.environ` where it is None. A list is JSON, or is split at its commas, where
    white space and empty elements do not count. A boolean is true, 1, yes or on, or false, 0, no or
    off, in any case. What is empty counts as not set. Raises `ConfigPolicyError`, a `PolicyError`,
    with every problem; a variable with the prefix that stands for no argument is one, and is told
    the nearest. What is like none of them may be a secret of another program, and is not shown.

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
      - CORS_ALLOWED_METHODS = 'PUT': No argument of a policy has this variable. Did you mean CORS_ALLOW_METHODS? [unknown-argument]
    """  # noqa: E501 - what is printed is one line
    if not prefix:
        raise ValueError("without a prefix every variable would be one of the policy")
    environ = os.environ if environ is None else environ
    kinds = argument_kinds()
    names = {argument: f"{prefix}{argument.upper()}" for argument in kinds}
    problems = _find_unknown(environ, prefix, set(names.values()))
    given: dict[str, Any] = {}
    for argument, kind in kinds.items():
        text = environ.get(names[argument], "").strip()
        if text:
            try:
                given[argument] = _READERS[kind](text)
            except _UnreadableError as error:
                problem = Problem("wrong-type", names[argument], text, error.message, error.hint)
                problems.append(problem)
    reported = {problem.field for problem in problems}
    if any(problem.hint == _did_you_mean(names["allow_origins"]) for problem in problems):
        reported.add(names["allow_origins"])
    problems += _find_problems(given, names, reported)
    if problems:
        order = {name: place for place, name in enumerate(names.values())}
        problems.sort(key=lambda problem: order.get(problem.field.partition("[")[0], len(order)))
        raise ConfigPolicyError("the environment", problems)
    return CorsPolicy.from_mapping(given)


class _UnreadableError(Exception):
    """A text that is not of the type that it should be."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def _read_list(text: str) -> list[Any]:
    example = 'Write https://a.example,https://b.example or ["https://a.example"].'
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            message = getattr(error, "msg", None) or str(error)
            raise _UnreadableError(f"It begins as JSON, and is none: {message}.", example) from None
        return list(found)
    if text.startswith("{"):
        raise _UnreadableError("It is no list.", example)
    _refuse_quotes(text)
    return [element.strip() for element in text.split(",") if element.strip()]


def _read_flag(text: str) -> bool:
    _refuse_quotes(text)
    flag = _FLAGS.get(text.lower())
    if flag is None:
        raise _UnreadableError("It is neither true nor false.", "Write true or false.")
    return flag


def _read_number(text: str) -> int:
    _refuse_quotes(text)
    if _is_number(text) is None:
        raise _UnreadableError("It is no whole number.", "Write digits only, such as 600.")
    return int(text)


def _refuse_quotes(text: str) -> None:
    if _is_quoted(text):
        # Files of variables keep them, where a shell would take them off.
        raise _UnreadableError("Its quotes are part of the value.", "Leave the quotes out.")


_READERS: Final[Mapping[Kind, Callable[[str], Any]]] = {
    Kind.STRINGS: _read_list,
    Kind.FLAG: _read_flag,
    Kind.SECONDS: _read_number,
    Kind.STATUS: _read_number,
}


def _find_unknown(environ: Mapping[str, str], prefix: str, known: set[str]) -> list[Problem]:
    # In another case too: a variable in lower case is as ineffective as one that is misspelt.
    unknown = [name for name in environ if name.upper().startswith(prefix.upper())]
    arguments = sorted(name[len(prefix) :] for name in known)
    problems = []
    for name in sorted(set(unknown) - known):
        # Without the prefix, which would make any two names alike.
        near = get_close_matches(name[len(prefix) :].upper(), arguments, n=1)
        mend = _did_you_mean(prefix + near[0]) if near else f"They are {', '.join(sorted(known))}."
        message = "No argument of a policy has this variable."
        value = environ[name] if near else _NOT_SHOWN
        problems.append(Problem("unknown-argument", name, value, message, mend))
    return problems


def _did_you_mean(name: str) -> str:
    return f"Did you mean {name}?"


def _find_problems(
    given: Mapping[str, Any], names: Mapping[str, str], reported: set[str]
) -> list[Problem]:
    try:
        CorsPolicy.from_mapping(given)
    except PolicyError as error:
        found = [_translate(problem, names) for problem in error.problems]
    else:
        found = []
    # What could not be read, or has another name, is missing for the core, and is told already.
    return [problem for problem in found if problem.field not in reported]


def _translate(problem: Problem, names: Mapping[str, str]) -> Problem:
    if problem.code == "no-origins":
        problem = replace(problem, value=None, message="It is not set, so nothing is allowed.")
    translated = reword(problem, ENVIRONMENT, names.__getitem__)
    accept_risks = re.sub(
        r"accept_risks=\['([a-z-]+)'\]", rf"{names['accept_risks']}=\1", translated.hint
    )
    return replace(translated, hint=accept_risks)
