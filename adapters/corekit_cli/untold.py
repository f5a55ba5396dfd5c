"""What every command ends with where it cannot tell what it was asked: a line, and status 2."""

from __future__ import annotations

import click

__all__ = ["UntoldError"]


class UntoldError(click.ClickException):
    """A question without an answer; status 1 is for answers that somebody has to act on."""

    exit_code = 2
