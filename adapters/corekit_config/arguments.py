"""The arguments of a policy as data: their names, what sort of value each has, what it is for.

All of it is taken from `CorsPolicy` itself, so that a new argument is in files, in the environment
and in the schema without being written down again.
"""

from __future__ import annotations

import inspect
import re
from enum import Enum, auto
from typing import Any, Final

from corekit import CorsPolicy

__all__ = ["Kind", "argument_defaults", "argument_kinds", "describe_arguments"]


class Kind(Enum):
    """What sort of value an argument has."""

    STRINGS = auto()
    FLAG = auto()
    SECONDS = auto()
    STATUS = auto()


_KINDS: Final = {
    "Iterable[str]": Kind.STRINGS,
    "bool": Kind.FLAG,
    "int | timedelta | None": Kind.SECONDS,
    "int": Kind.STATUS,
}
"""The annotation of an argument: its kind."""


def argument_kinds() -> dict[str, Kind]:
    """Give each argument of a policy with the kind of its value.

    >>> argument_kinds()["allow_origins"].name, argument_kinds()["max_age"].name
    ('STRINGS', 'SECONDS')
    """
    return {parameter.name: _KINDS[parameter.annotation] for parameter in _parameters()}


def argument_defaults() -> dict[str, Any]:
    """Give each argument with its default, as JSON has it.

    >>> argument_defaults()["allow_methods"], argument_defaults()["preflight_status"]
    ([], 204)
    """
    return {
        parameter.name: list(parameter.default)
        if isinstance(parameter.default, tuple)
        else parameter.default
        for parameter in _parameters()
    }


def describe_arguments() -> dict[str, str]:
    """Give each argument with what the docstring of `CorsPolicy` says of it, in plain text.

    >>> describe_arguments()["allow_private_network"]
    'Whether to answer the legacy Access-Control-Request-Private-Network.'
    """
    text = inspect.getdoc(CorsPolicy) or ""
    found: dict[str, str] = {}
    entry = re.compile(r"^`(\w+)`\n((?:(?:    .*)?\n)+)", re.MULTILINE)
    for match in entry.finditer(text):
        prose, colons, block = match[2].partition("::\n")
        words = " ".join(prose.split()).replace("``", "")
        if colons:
            lines = [line.strip() for line in block.splitlines() if line.strip()]
            words = "\n".join([f"{words}:", *lines])
        found[match[1]] = words
    return found


def _parameters() -> list[inspect.Parameter]:
    parameters = inspect.signature(CorsPolicy).parameters.values()
    return [each for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY]
