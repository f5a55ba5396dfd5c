"""What every command ends with where it cannot tell what it was asked: a line, and status 2."""

from __future__ import annotations

import json
from typing import IO, Any

import click

__all__ = ["UntoldError"]


class UntoldError(click.ClickException):
    """A question without an answer; status 1 is for answers that somebody has to act on.

    With `as_json` a program is told, too: an object with ``error`` on standard output.
    """

    exit_code = 2

    def __init__(self, message: str, *, as_json: bool = False) -> None:
        super().__init__(message)
        self._as_json = as_json

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line, and the object for programs."""
        if self._as_json:
            click.echo(json.dumps({"error": self.message}, indent=2))
        super().show(file)
