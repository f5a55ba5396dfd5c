"""`corekit probe`: reads the command line, asks the server, prints with `report`."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from corekit._origins import is_serialized_origin
from corekit._spelling import canonical_spelling
from corekit.browser.urls import parse_url
from corekit.diagnostics import show
from corekit_cli.asking import Asker, NotAskedError, Pace
from corekit_cli.call_options import headers_option, method_option, pace_options, read_call
from corekit_cli.untold import UntoldError

from .findings import Finding, Severity, find_faults
from .intrusions import find_intrusions
from .preflights import find_preflight_faults
from .questions import Answers, Plan, ask_all, make_questions
from .report import print_probe, to_dict

__all__ = ["probe"]

_USUAL_METHOD = "PUT"
_SEVERITIES = [str(each) for each in sorted(Severity, reverse=True)]


@click.command(short_help="Ask a live server as a browser would, and as an attacker would.")
@click.argument("url")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    required=True,
    metavar="ORIGIN",
    help="Of a page that is to be let in; may be given more than once.",
)
@method_option(help=f"What pages call; preflights ask for it.  [default: {_USUAL_METHOD}]")
@headers_option
@click.option(
    "--credentials",
    type=click.Choice(["omit", "include"]),
    default="omit",
    show_default=True,
    help="As in fetch(): are cookies meant to go along?  None are sent.",
)
@click.option("--send-unsafe", is_flag=True, help="Send the call itself, too.")
@pace_options
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITIES),
    default="medium",
    show_default=True,
    help="Status 1 for findings as grave as this.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def probe(
    *,
    url: str,
    origins: Sequence[str],
    method: str | None,
    headers: Sequence[str],
    credentials: str,
    send_unsafe: bool,
    pace: Pace,
    fail_on: str,
    as_json: bool,
) -> None:
    """Ask a live server who may read its answers, and report what is wrong.

    Fewer than thirty requests are sent, one by one, and three to five more for each further ORIGIN:
    as a browser sends them for pages of ORIGIN, and with origins that should be refused. They are
    GET and OPTIONS; nothing else unless --send-unsafe is given. Redirects are shown, not followed.
    Probe servers of your own, or where you may.

    \b
    Examples:
      corekit probe https://api.example.com/items --origin https://app.example.com
      corekit probe http://localhost:8000/ --origin http://localhost:3000 \\
          --method DELETE --header x-csrftoken --credentials include
      corekit probe https://api.example.com/ --origin https://app.example.com \\
          --fail-on high --json | jq '.findings[].code'

    Status: 0 where nothing is as grave as --fail-on, 1 where something is, 2 where the server could
    not be asked.
    """
    fetch, names = read_call(url, method or _USUAL_METHOD, headers, credentials)
    plan = Plan(_read_origins(url, origins), fetch, names, is_asked=bool(method or headers))
    questions = make_questions(plan, send_unsafe=send_unsafe)
    if len(questions) > pace.limit:
        raise click.BadParameter(
            f"{len(questions)} requests are needed; allow as many, or give fewer origins",
            param_hint="--max-requests",
        )
    try:
        with Asker(pace, send_unsafe=send_unsafe) as asker, _progress(as_json=as_json) as progress:
            task = progress.add_task("Asking", total=len(questions))
            answers = ask_all(plan, questions, asker.send, lambda: progress.advance(task))
    except NotAskedError as error:
        raise UntoldError(str(error), as_json=as_json) from error
    except KeyboardInterrupt:
        raise UntoldError("the server was not asked to the end", as_json=as_json) from None
    findings = sorted(
        (*find_intrusions(answers), *find_faults(answers), *find_preflight_faults(answers)),
        key=lambda finding: finding.severity,
        reverse=True,
    )
    _show(answers, findings, as_json=as_json)
    limit = Severity[fail_on.upper()]
    raise SystemExit(1 if any(finding.severity >= limit for finding in findings) else 0)


def _read_origins(url: str, origins: Sequence[str]) -> tuple[str, ...]:
    own = parse_url(url).origin
    for origin in origins:
        if not is_serialized_origin(origin):
            meant = canonical_spelling(origin) or "https://app.example.com"
            raise click.BadParameter(
                f"{show(origin)} is no origin as a browser sends it, such as {meant!a}",
                param_hint="--origin",
            )
        if origin == own:
            raise click.BadParameter(
                f"{origin} is the server's own, for which CORS has no say", param_hint="--origin"
            )
    return tuple(dict.fromkeys(origins))


def _progress(*, as_json: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        console=Console(stderr=True),
        transient=True,
        disable=as_json or not Console(stderr=True).is_terminal,
    )


def _show(answers: Answers, findings: list[Finding], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(to_dict(answers, findings), indent=2))
    else:
        print_probe(Console(highlight=False), answers, findings)
