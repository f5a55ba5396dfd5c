"""The fixes of the core, which speak Python, in the words of a file or of the environment.

The rules and the messages are the core's. Only what a person is told to write differs by the place
where it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from corekit import Problem

__all__ = ["ENVIRONMENT", "FILE", "Wording", "reword"]

Wording = Mapping[str, str]
"""What Python writes: how it is written here."""

FILE: Final[Wording] = {
    "Give True or False.": "Write true or false, without quotes.",
    "Give seconds as an int, a timedelta, or None.": "Write whole seconds, without quotes.",
    "Give a status code as an int.": "Write a status code, without quotes.",
    "Give a collection of strings.": 'Write a list of strings, such as ["a", "b"].',
    "It looks like JSON: give json.loads(...) of it.": "Write the list itself, without quotes.",
    "Give a list of strings.": 'Write a list of strings, such as ["a", "b"].',
    ", or None for the browser's default": ", or leave it out for the browser's default",
    "Name the origins of the pages that may call, or ['*'] for any.": (
        'Name the origins of the pages that may call, or ["*"] for any.'
    ),
}
"""TOML and JSON."""

ENVIRONMENT: Final[Wording] = {
    ", or None for the browser's default": ", or unset it for the browser's default",
    ", or ['*'] for any.": ", or * for any.",
}
"""Environment variables, whose types are read here and not by the core."""


def reword(
    problem: Problem, wording: Wording, rename: Callable[[str], str] = lambda name: name
) -> Problem:
    """Put one problem into other words, its field with the name that `rename` gives its argument.

    >>> problem = Problem("wrong-type", "max_age", "1", "It is of type str.", "Give True or False.")
    >>> reword(problem, FILE).hint
    'Write true or false, without quotes.'
    """
    hint = problem.hint
    for python, here in wording.items():
        hint = hint.replace(python, here)
    argument, bracket, index = problem.field.partition("[")
    return replace(problem, field=f"{rename(argument)}{bracket}{index}", hint=hint)
