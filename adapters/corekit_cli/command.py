"""The `corekit` command: the group of all commands."""

from __future__ import annotations

from typing import Any, Final

import click

from .check import check
from .demo.command import demo
from .explain import explain_call
from .output import CommandError
from .probe import probe
from .schema import schema

_EPILOG: Final = "Documentation: https://github.com/corekit/corekit/tree/main/docs"


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an interruption is not a verdict, so its status is not 1."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise CommandError("The command was interrupted.", "Run it again.") from None


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EPILOG)
@click.version_option(package_name="corekit")
def corekit() -> None:
    """One CORS policy for every Python web framework."""


for command in (check, demo, explain_call, probe, schema):
    corekit.add_command(command)
