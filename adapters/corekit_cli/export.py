"""The command `corekit export`: writes a policy as the configuration of a proxy."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import click

from corekit.diagnostics import show
from corekit.export import TARGETS, Export, export_policy
from corekit.export.parts import write_prefix

from .output import (
    CommandError,
    escape,
    json_option,
    make_console,
    print_diagnostics,
    print_findings,
    print_report,
)
from .sources import require_file

State = Literal["written", "up to date", "out of date", "missing"]

_STALE: Final[frozenset[State]] = frozenset({"out of date", "missing"})


def _check_name(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    try:
        write_prefix(name)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--name'") from error
    return name


@click.command(short_help="Write a policy as the configuration of a proxy or service.")
@click.argument("target", type=click.Choice([*TARGETS]))
@click.argument("source", metavar="FILE|IMPORT_PATH|-")
@click.option(
    "--standalone",
    "upstream",
    metavar="UPSTREAM",
    help="URL of the application: write a complete example.",
)
@click.option(
    "--name",
    metavar="NAME",
    callback=_check_name,
    help="Name of the policy, if one proxy has several.",
)
@click.option("-o", "--output", "folder", metavar="FOLDER", help="Folder for the files.")
@click.option("--check", "is_check", is_flag=True, help="Compare the files in FOLDER instead.")
@json_option
def export(
    *,
    target: str,
    source: str,
    upstream: str | None,
    name: str | None,
    folder: str | None,
    is_check: bool,
    as_json: bool,
) -> None:
    """Write a policy as the configuration of a proxy or service, which then sends the CORS headers.

    The policy is read from a file in TOML or JSON, an import path such as app.main:policy, or
    standard input. A policy that the target cannot have is refused. Each file names how it was
    written, and what differs; if its format has no comments, that is printed to standard error.

    \b
    Targets:
      nginx           1.23 or newer: a file for http { }, one for location { }
      haproxy         2.6 or newer: a defaults section for frontends
      caddy           2.6 or newer: a file to import next to reverse_proxy
      envoy           1.36 or newer: a filter, and routes for preflights
      traefik         3.0 or newer: a middleware for routers
      gateway-api     The CORS filter of a Kubernetes HTTPRoute
      aws-apigateway  The CORS configuration of an HTTP API
      aws-s3          The CORS configuration of a bucket
      aws-cloudfront  A response headers policy

    \b
    Examples:
      corekit export nginx cors.toml
      corekit export nginx cors.toml -o deploy/nginx
      corekit export nginx cors.toml -o deploy/nginx --check
      corekit export nginx public.toml --name public -o deploy/nginx
      corekit export nginx cors.toml --standalone http://127.0.0.1:8000 -o .
      nginx -e stderr -p . -c nginx.conf
      corekit export aws-s3 cors.toml -o deploy

    \b
    Exit status:
      0  the policy was exported; with --check, the files are up to date
      1  the policy is not exported; with --check, a file is out of date
      2  the policy cannot be read, or a file cannot be written
    """
    if is_check and folder is None:
        raise click.UsageError("Name the folder of the files to check: -o FOLDER.")
    if upstream is not None and not TARGETS[target].is_runnable:
        raise click.UsageError(f"{target} does not run on this machine: leave out --standalone.")
    file = require_file(source)
    command = f"corekit export {target} {shlex.quote(source)}"
    if upstream is not None:
        command += f" --standalone {shlex.quote(upstream)}"
    if name is not None:
        command += f" --name {name}"
    try:
        exported = export_policy(
            file.require(),
            TARGETS[target],
            standalone=upstream,
            name=name,
            command=command,
            guard=file.guard,
            lookup=file.lookup,
        )
    except ValueError as error:
        message = f"{show(upstream)} is not an HTTP URL without a path."
        raise click.BadParameter(message, param_hint="'--standalone'") from error
    states: dict[str, State] = {}
    if folder is not None:
        compare_or_write = _compare if is_check else _write
        states = dict(compare_or_write(exported, Path(folder)))
    is_ok = bool(exported.files) and _STALE.isdisjoint(states.values())
    if as_json:
        print_report({"ok": is_ok, **exported.to_dict(), "states": states})
    else:
        _print_text(file.source, exported, states)
        if exported.files and not exported.target.comment and not is_check:
            click.echo(exported.head, nl=False, err=True)
    raise SystemExit(0 if is_ok else 1)


def _print_text(source: str, exported: Export, states: dict[str, State]) -> None:
    if not exported.files:
        print_findings(show(source)[1:-1], exported.problems)
        return
    if states:
        for path, state in states.items():
            click.echo(f"{escape(path)}: {state}")
    else:
        click.echo(exported.text, nl=False)
    if exported.problems:
        print_diagnostics(make_console(stderr=True), exported.problems)


def _compare(exported: Export, folder: Path) -> Iterator[tuple[str, State]]:
    for name, text in exported.files.items():
        path = folder / name
        try:
            is_same = path.read_bytes() == text.encode()
        except FileNotFoundError:
            yield str(path), "missing"
        except OSError as error:
            raise _to_command_error(path, "read", error) from error
        else:
            yield str(path), "up to date" if is_same else "out of date"


def _write(exported: Export, folder: Path) -> Iterator[tuple[str, State]]:
    for name, text in exported.files.items():
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        except OSError as error:
            raise _to_command_error(path, "written", error) from error
        yield str(path), "written"


def _to_command_error(path: Path, verb: str, error: OSError) -> CommandError:
    message = f"The file cannot be {verb}: {error.strerror or error}."
    return CommandError(message, "Check the path and its permissions.", source=str(path))
