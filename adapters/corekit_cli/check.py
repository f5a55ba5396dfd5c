"""The command `corekit check`: finds the problems of a policy, and gives advice."""

from __future__ import annotations

from collections.abc import Sequence

import click

from corekit import PolicyError
from corekit.diagnostics import SEVERITIES, Diagnostic, show
from corekit.explain import read_origin
from corekit.lint import lint_policy
from corekit_config.finding import STDIN

from .options import django_option, needing_django, read_policy, reading
from .output import json_option, print_findings, print_json


@click.command(short_help="Check a policy, and give advice on it.")
@click.argument("source", required=False, metavar="[FILE|IMPORT_PATH|-]")
@django_option
@click.option("--api", metavar="URL", help="URL of the API, to check cookies and mixed content.")
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@json_option
def check(
    *, source: str | None, settings: str | None, api: str | None, strict: bool, as_json: bool
) -> None:
    """Check a policy before it is deployed, and give advice on it.

    FILE is TOML or JSON with the settings of a policy, at the top level or in a table [cors] or
    [tool.corekit]. IMPORT_PATH names a policy or routes in a module, which is imported from the
    current directory. With -, the policy is read from standard input.

    An error keeps the policy from being built, a warning should be fixed, and an info may be
    intended.

    \b
    Examples:
      corekit check cors.toml
      corekit check app.main:policy --api https://api.example.com
      corekit check --django shop.settings --strict
      corekit check - < cors.json
      corekit check cors.toml --json | jq '.diagnostics[].code'

    \b
    Exit status:
      0  no errors; with --strict, no warnings either
      1  errors; with --strict, errors or warnings
      2  the policy cannot be read
    """
    if (source is None) == (settings is None):
        raise click.UsageError("Name one of FILE, IMPORT_PATH, - and --django.")
    origin = None if api is None else _read_api(api)
    if settings is None:
        source, found = _check(source or "", origin)
    else:
        source, found = _check_django(settings, origin)
    found = sorted(found, key=lambda each: SEVERITIES.index(each.severity))
    failing = {"error", "warning"} if strict else {"error"}
    is_ok = all(each.severity not in failing for each in found)
    if as_json:
        diagnostics = [each.to_dict() for each in found]
        print_json({"source": source, "ok": is_ok, "diagnostics": diagnostics})
    else:
        print_findings(show(source)[1:-1], found)
    raise SystemExit(0 if is_ok else 1)


def _read_api(url: str) -> str:
    origin, _ = read_origin(url)
    if origin is None or not origin.startswith(("http://", "https://")):
        message = f"{show(url)} is not an HTTP URL. Write it like https://api.example.com."
        raise click.BadParameter(message, param_hint="'--api'")
    return origin


def _check(source: str, api: str | None) -> tuple[str, Sequence[Diagnostic]]:
    shown = STDIN if source == "-" else source
    try:
        policy = read_policy(source)
    except PolicyError as error:
        return shown, error.problems
    return shown, lint_policy(policy, api)


def _check_django(settings: str, api: str | None) -> tuple[str, Sequence[Diagnostic]]:
    with needing_django("--django"):
        from .django_settings import check_settings  # noqa: PLC0415 - Django may be missing
    with reading():
        return check_settings(settings, api)
