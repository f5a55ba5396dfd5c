"""The command `corekit schema`: prints the JSON Schema of a policy file."""

from __future__ import annotations

import click

from corekit_config import policy_schema

from .output import print_json


@click.command()
def schema() -> None:
    """Print the JSON Schema of a policy file.

    Editors use it to complete, explain and check policy files.

    \b
    Examples:
      corekit schema > corekit.schema.json

    \b
    Refer to it in the first line of a file:
      {"$schema": "./corekit.schema.json",      in JSON
      #:schema ./corekit.schema.json            in TOML, for editors with Taplo
    """
    print_json(policy_schema())
