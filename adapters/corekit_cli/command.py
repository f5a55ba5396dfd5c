"""The `corekit` command: the group of all commands."""

from __future__ import annotations

import click

from .check import check
from .demo.command import demo
from .explain_command import explain_call
from .probe import probe
from .schema import schema

__all__ = ["corekit"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="corekit")
def corekit() -> None:
    """One CORS policy for every Python web framework."""


for command in (check, demo, explain_call, probe, schema):
    corekit.add_command(command)
