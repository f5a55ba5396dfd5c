"""The command `corekit diff`: whether a change of a policy allows pages more than before."""

from __future__ import annotations

from typing import Final

import click

from corekit_cli.output import CommandError, json_option
from corekit_cli.reports import Checked
from corekit_config.finding import find_kind

from .reports import ERROR_WRITERS, FAIL_ON, WRITERS, Report, print_text
from .sources import Side, compare_sides, read_side

_FORMATS: Final = ("text", *WRITERS)


@click.command(short_help="Compare two policies: does the new one allow more?")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--django", "is_django", is_flag=True, help="OLD and NEW are settings of Django.")
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default="never",
    show_default=True,
    help="Differences that end the command with status 1.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="Format of the output.  [default: text]",
)
@json_option
def diff(
    *, old: str, new: str, is_django: bool, fail_on: str, form: str | None, as_json: bool
) -> None:
    """Compare two policies by what pages may do: does NEW allow more than OLD, or less?

    Order, spelling and redundant entries make no difference. If a difference names a call of a
    page, it was run through both policies.

    OLD and NEW are files in TOML or JSON, import paths such as app.main:policy, or - for standard
    input. With --django, they are the settings of Django projects. With git:REVISION: in front, a
    file or a module is read from that revision, or from the index if REVISION is empty. As in git,
    the path of a file begins at the root of the repository, or with ./ in the current directory.

    \b
    Examples:
      corekit diff old.toml new.toml
      corekit diff git:origin/main:cors.toml cors.toml --fail-on wider
      corekit diff git:v1.2:app.main:policy app.main:policy
      corekit diff --django git:HEAD:shop.settings shop.settings
      corekit diff git:main:cors.json cors.json --format markdown

    \b
    Exit status:
      0  the policies were compared
      1  --fail-on wider: NEW allows more than OLD, or it cannot be determined
         --fail-on any: there are differences
      2  a policy cannot be read
    """
    if old == new == "-":
        raise click.UsageError("Only one of OLD and NEW can be -.")
    if as_json and form not in (None, "json"):
        raise click.UsageError("Use --json or --format, not both.")
    form = "json" if as_json else form or "text"
    before, after = (_read(each, is_django=is_django, form=form) for each in (old, new))
    report = Report(before, after, compare_sides(before, after), fail_on)
    if form == "text":
        print_text(report)
    elif written := WRITERS[form](report):
        click.echo(written)
    raise SystemExit(0 if report.is_ok else 1)


def _read(text: str, *, is_django: bool, form: str) -> Side:
    try:
        return read_side(text, is_django=is_django)
    except CommandError as error:
        if form in ERROR_WRITERS:
            source = str(error.data["source"])
            is_file = find_kind(source) == "file"
            checked = Checked(source, error.diagnostics, is_file, error=error)
            click.echo(ERROR_WRITERS[form]([checked]))
        raise
