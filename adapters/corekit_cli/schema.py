"""The command `corekit schema`: prints the JSON Schema of a policy file."""

from __future__ import annotations

import json

import click

from corekit_config import policy_schema

__all__ = ["schema"]


@click.command()
def schema() -> None:
    """Print the JSON Schema of a policy file.

    Editors complete, explain and check a file by it.

    \b
    Examples:
      corekit schema > corekit.schema.json

    \b
    The first line of a file then names it:
      {"$schema": "./corekit.schema.json",      in JSON
      #:schema ./corekit.schema.json            in TOML, where editors use Taplo
    """
    click.echo(json.dumps(policy_schema(), indent=2))
