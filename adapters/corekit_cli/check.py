"""The command `corekit check`: finds the problems of policies, and gives advice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from os.path import normpath
from typing import Final

import click
from rich.text import Text

from corekit.diagnostics import SEVERITIES, Severity, show
from corekit.explain import read_origin
from corekit.lint import CODES, accept_advice, lint_guard, lint_lookup, lint_policy
from corekit_config.files import PolicyFile
from corekit_config.finding import find_file, find_files, find_kind

from .options import django_option
from .output import (
    CommandError,
    count_severities,
    json_option,
    make_console,
    print_findings,
    print_wrapped,
)
from .reports import WRITERS, Checked
from .sources import needing_django, reading, to_command_error

_FORMATS: Final = ("text", *WRITERS)


@click.command(short_help="Check policies, and give advice on them.")
@click.argument("sources", nargs=-1, metavar="[FILE|FOLDER|IMPORT_PATH|-]...")
@django_option
@click.option("--api", metavar="URL", help="URL of the API, to check cookies and mixed content.")
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="CODE",
    help="Code of advice to leave out.  [repeatable]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="Format of the output.  [default: text]",
)
@json_option
def check(
    *,
    sources: Sequence[str],
    settings: str | None,
    api: str | None,
    strict: bool,
    accepted: Sequence[str],
    form: str | None,
    as_json: bool,
) -> None:
    """Check policies before they are deployed, and give advice on them.

    FILE is TOML or JSON with the settings of a policy or with routes, and possibly with a guard, at
    the top level or in a table [cors] or [tool.corekit]. In a FOLDER, every such file is checked.
    IMPORT_PATH names a policy, routes or a guard in a module, which is imported from the current
    directory. With -, the policy is read from standard input.

    An error keeps the policy from being built, a warning should be fixed, and an info may be
    intended. A file accepts advice with a key such as accept = ["development-origin"].

    \b
    Examples:
      corekit check cors.toml
      corekit check policies/ services/shop/cors.json --format github
      corekit check app.main:policy --api https://api.example.com
      corekit check --django shop.settings --strict
      corekit check - < cors.json
      corekit check cors.toml --json | jq '.diagnostics[].code'

    \b
    Exit status:
      0  no errors; with --strict, no warnings either
      1  errors; with --strict, errors or warnings
      2  a policy cannot be read
    """
    if bool(sources) == (settings is not None):
        raise click.UsageError("Name FILE, FOLDER, IMPORT_PATH or -, or use --django.")
    if as_json and form not in (None, "json"):
        raise click.UsageError("Use --json or --format, not both.")
    form = "json" if as_json else form or "text"
    for code in accepted:
        if code not in CODES:
            message = f"{show(code)} is not one of {', '.join(sorted(CODES))}."
            raise click.BadParameter(message, param_hint="'--accept'")
    origin = None if api is None else _read_api(api)
    failing: set[Severity] = {"error", "warning"} if strict else {"error"}
    checked = _check_all(sources, origin) if settings is None else [_check_django(settings, origin)]
    # A file can be named twice, also by its folder.
    unique: dict[str, Checked] = {}
    for each in checked:
        unique.setdefault(normpath(each.source), _keep(each, accepted, failing))
    results = list(unique.values())
    for each in results:
        if each.error is not None:
            each.error.print_line()
    if form == "text":
        _print_text(results)
    elif report := WRITERS[form](results):
        click.echo(report)
    if any(each.error is not None for each in results):
        raise SystemExit(2)
    raise SystemExit(0 if all(each.is_ok for each in results) else 1)


def _read_api(url: str) -> str:
    origin, _ = read_origin(url)
    if origin is None or not origin.startswith(("http://", "https://")):
        message = f"{show(url)} is not an HTTP URL. Write it like https://api.example.com."
        raise click.BadParameter(message, param_hint="'--api'")
    return origin


def _check_all(sources: Sequence[str], api: str | None) -> Iterable[Checked]:
    for source in dict.fromkeys(sources):
        try:
            if find_kind(source) != "folder":
                with reading():
                    file = find_file(source)
                yield _check(file, api)
                continue
            with reading():
                files = list(find_files(source))
        except CommandError as error:
            yield Checked(
                str(error.data["source"]), is_file=find_kind(source) is not None, error=error
            )
            continue
        for each in files:
            if isinstance(each, PolicyFile):
                yield _check(each, api)
            else:
                yield Checked(each.source, is_file=True, error=to_command_error(each))


def _check(file: PolicyFile, api: str | None) -> Checked:
    is_file = file.document is not None and find_kind(file.source) == "file"
    if file.policy is None:
        return Checked(file.source, file.problems, is_file)
    found = [*lint_policy(file.policy, api)]
    if file.guard is not None:
        found += lint_guard(file.guard, api)
    found += lint_lookup(file.lookup, file.policy)
    found = accept_advice(found, file.accept)
    return Checked(file.source, [file.locate(each) for each in found], is_file)


def _check_django(settings: str, api: str | None) -> Checked:
    try:
        with needing_django("--django"):
            from .django_settings import check_settings  # noqa: PLC0415 - Django may be missing
        with reading():
            source, found = check_settings(settings, api)
    except CommandError as error:
        return Checked(str(error.data.get("source", "--django")), error=error)
    return Checked(source, found)


def _keep(checked: Checked, accepted: Collection[str], failing: Collection[Severity]) -> Checked:
    found = [each for each in checked.found if each.code not in accepted]
    found.sort(key=lambda each: SEVERITIES.index(each.severity))
    return replace(checked, found=found, failing=frozenset(failing))


def _print_text(results: Sequence[Checked]) -> None:
    is_after_findings = False
    for each in results:
        if each.error is not None:
            continue
        if is_after_findings:
            click.echo()
        print_findings(show(each.source)[1:-1], each.found)
        is_after_findings = bool(each.found)
    if len(results) > 1:
        console, found = make_console(), [one for each in results for one in each.found]
        unread = sum(each.error is not None for each in results)
        total = f"{len(results)} sources{f', {unread} of them unreadable' * bool(unread)}: "
        click.echo()
        print_wrapped(console, Text.assemble((total, "bold"), count_severities(found)))
