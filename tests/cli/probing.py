"""Running `corekit probe` in a test. Not a test."""

from __future__ import annotations

import json
from typing import Final

from click.testing import CliRunner, Result

from corekit_cli import command
from tests.probe.servers import PAGE

QUICK: Final = ("--delay=0", f"--origin={PAGE}")


def run_probe(*arguments: str) -> Result:
    return CliRunner().invoke(command.corekit, ["probe", *arguments])


def severities(result: Result) -> dict[str, str]:
    diagnostics = json.loads(result.stdout)["diagnostics"]
    return {each["code"]: each["severity"] for each in diagnostics}
