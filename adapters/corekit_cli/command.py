"""The `corekit` command: the group of all commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from typing import Any, Final
from warnings import filterwarnings

import click

from corekit import PolicyWarning

from .check import check
from .demo.command import demo
from .diff.command import diff
from .explain import explain_call
from .export import export
from .output import IS_JSON, CommandError, escape, is_json, print_report
from .probe import probe
from .schema import schema
from .shadow import shadow

_EPILOG: Final = "Documentation: https://github.com/corekit/corekit/tree/main/docs"


@contextmanager
def _escaping() -> Iterator[None]:
    """Escape the arguments that the message of a usage error repeats."""
    try:
        yield
    except click.UsageError as error:
        raise click.UsageError(escape(error.format_message()), error.ctx) from error


def _asks_for_json(args: Sequence[str]) -> bool:
    return "--json" in args or "--format=json" in args or ("--format", "json") in pairwise(args)


class _Group(click.Group):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note whether the output is JSON, also for commands whose arguments are wrong."""
        ctx.meta[IS_JSON] = _asks_for_json(args)
        # Without arguments, the message is the help, of several lines.
        try:
            with _escaping() if args else nullcontext():
                return super().parse_args(ctx, args)
        except BrokenPipeError:
            raise click.exceptions.Exit(2) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; only a verdict ends with status 1."""
        try:
            with _escaping():
                return super().invoke(ctx)
        except click.UsageError as error:
            if is_json():
                path = (error.ctx or ctx).command_path
                hint = f"Run: {path} --help"
                print_report({"error": {"message": error.format_message(), "hint": hint}})
            raise
        except BrokenPipeError:
            raise click.exceptions.Exit(2) from None
        except KeyboardInterrupt:
            raise CommandError("The command was interrupted.", "Run it again.") from None


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EPILOG)
@click.version_option(package_name="corekit")
def corekit() -> None:
    """One CORS policy for every Python web framework."""
    # `check` reports them in its own way.
    filterwarnings("ignore", category=PolicyWarning)


for command in (check, demo, diff, explain_call, export, probe, schema, shadow):
    corekit.add_command(command)
