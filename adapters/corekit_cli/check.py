"""The command `corekit check`: reads the command line and the policy, and hands on.

The rules of a policy are the core's, the advice `advice`'s, what is printed `check_report`'s.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout

import click
from rich.console import Console

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit._origins import Origin
from corekit._spelling import canonical_spelling
from corekit_config import ConfigError, find_policy

from .advice import find_advice
from .check_report import Finding, Report, describe_failure, print_report, sort_findings

__all__ = ["check"]

_CANNOT_BE_READ = 2


def _read_api(
    context: click.Context,  # noqa: ARG001 - click gives it
    parameter: click.Parameter,  # noqa: ARG001 - click gives it
    value: str | None,
) -> Origin | None:
    if value is None:
        return None
    try:
        origin = Origin.parse(canonical_spelling(value) or "")
    except ValueError:
        origin = None
    if origin is None or origin.scheme not in ("http", "https"):
        raise click.BadParameter(f"{value!a} is no address; write https://api.example.com")
    return origin


@click.command()
@click.argument("source", required=False, metavar="[FILE|IMPORT_PATH|-]")
@click.option(
    "--django",
    "settings",
    is_flag=False,
    flag_value="",
    metavar="[SETTINGS]",
    help="Check the settings of a Django project; without a name, of DJANGO_SETTINGS_MODULE.",
)
@click.option(
    "--api",
    callback=_read_api,
    metavar="URL",
    help="Where the API is served, to judge cookies and the like.",
)
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def check(
    *, source: str | None, settings: str | None, api: Origin | None, strict: bool, as_json: bool
) -> None:
    """Check a policy: every problem, then what an expert would say.

    FILE is TOML or JSON with the arguments of CorsPolicy, at its top or in a table [cors] or
    [tool.corekit]. IMPORT_PATH names a policy or routes of a program, which is imported from the
    current folder. With - the policy is read from standard input.

    Warnings are worth mending; notes may be as they are meant.

    \b
    Examples:
      corekit check cors.toml
      corekit check app.main:policy --api https://api.example.com
      corekit check --django shop.settings --strict
      corekit check - < cors.json
      corekit check cors.toml --json | jq '.problems[].code'

    \b
    Status:
      0  nothing to mend, or nothing but warnings and notes
      1  problems; with --strict, warnings too
      2  what is named cannot be read
    """
    if (source is None) == (settings is None):
        raise click.UsageError("Name one of FILE, IMPORT_PATH, - and --django.")
    named = source or ""
    try:
        report = _check_django(settings, api) if settings is not None else _check(named, api)
    except ConfigError as error:
        if as_json:
            click.echo(json.dumps(describe_failure(error.source, error), indent=2))
        else:
            click.echo(f"Error: {error}", err=True)
        sys.exit(_CANNOT_BE_READ)
    if as_json:
        click.echo(json.dumps(report.describe(strict=strict), indent=2))
    else:
        print_report(Console(highlight=False), report)
    sys.exit(0 if report.passes(strict=strict) else 1)


def _check(source: str, api: Origin | None) -> Report:
    try:
        # What the program itself prints is no part of the report.
        with redirect_stdout(sys.stderr):
            policy = find_policy(source)
    except PolicyError as error:
        return Report(source, tuple(map(Finding.of_problem, error.problems)))
    return Report(source, sort_findings(_advise(policy, api)))


def _check_django(settings: str | None, api: Origin | None) -> Report:
    try:
        from .django_settings import read_django  # noqa: PLC0415 - Django may be missing
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "django":
            raise
        hint = 'pip install "corekit[django]"'
        raise ConfigError("--django", "Django is not installed.", hint) from None
    try:
        with redirect_stdout(sys.stderr):
            read = read_django(settings or "")
    except PolicyError as error:
        name = settings or "--django"
        return Report(name, tuple(map(Finding.of_problem, error.problems)))
    findings = [Finding.of_problem(problem) for problem in read.problems]
    findings += [Finding.of_advice(advice) for advice in read.advice]
    if read.policy is not None:
        findings += _advise(read.policy, api, read.names)
    return Report(read.source, sort_findings(findings))


def _advise(
    policy: CorsPolicy | CorsRoutes, api: Origin | None, names: Mapping[str, str] | None = None
) -> Iterator[Finding]:
    # With `names`, each argument is called so, and what is not among them nobody wrote.
    routes = policy.routes if isinstance(policy, CorsRoutes) else ((None, policy),)
    for path, each in routes:
        for advice in find_advice(each, api):
            if names is None or advice.field in names:
                field = None if names is None else names[advice.field]
                yield Finding.of_advice(advice, field=field, route=path)
