"""Policies that commands read: every error is one of the command, in one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from operator import attrgetter

from corekit import PolicyError
from corekit.adapter import Policies
from corekit_config import ConfigError
from corekit_config.files import PolicyFile
from corekit_config.finding import STDIN, find_file

from .output import CommandError


@contextmanager
def reading() -> Iterator[None]:
    """Raise `CommandError` for a `ConfigError`; what is printed goes to standard error."""
    try:
        # What the program itself prints is not part of the command's output.
        with redirect_stdout(sys.stderr):
            yield
    except ConfigError as error:
        raise to_command_error(error) from error


def to_command_error(error: ConfigError) -> CommandError:
    """Return the error of a command for an unreadable source."""
    return CommandError(
        error.message, error.hint, source=error.source, line=error.line, column=error.column
    )


@contextmanager
def needing_django(what: str) -> Iterator[None]:
    """Raise `CommandError` if Django, which `what` needs, is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "django":
            raise
        message = f"{what} needs Django, which is not installed."
        raise CommandError(message, "Install corekit with the extra 'django'.") from None


def require_file(source: str) -> PolicyFile:
    """Read the policy and the guard in a file, at an import path or from standard input.

    Raises `CommandError` if it cannot be read, or has problems.
    """
    with requiring(source), reading():
        file = find_file(source)
        file.require()
        return file


def names_application(source: str) -> bool:
    """Return whether a source that was read is an import path of more than a policy."""
    module, colon, name = source.partition(":")
    if not colon or module not in sys.modules:  # a file
        return False
    return not isinstance(attrgetter(name)(sys.modules[module]), Policies)


@contextmanager
def requiring(source: str, how: str | None = None) -> Iterator[None]:
    """Raise `CommandError` for a `PolicyError`; `how` is how to name the source to `check`."""
    try:
        yield
    except PolicyError as error:
        hint = f"Fix them; 'corekit check {how or source}' lists them too."
        shown = STDIN if source == "-" else source
        raise CommandError(
            "The policy has problems.", hint, source=shown, diagnostics=error.problems
        ) from error
