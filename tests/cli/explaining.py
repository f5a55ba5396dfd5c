"""Running `corekit explain` in a test. Not a test."""

from __future__ import annotations

from typing import Any

from click.testing import CliRunner, Result

from corekit_cli import command


def run(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(command.corekit, ["explain", *arguments], **options)


def text_of(result: Result) -> str:
    return " ".join(result.stdout.split())
