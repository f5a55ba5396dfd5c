"""The command `corekit demo`: serves the sites, makes the calls and prints what came of them."""

from __future__ import annotations

import json
import time

import click
from rich.console import Console

from corekit_cli.untold import UntoldError

from .report import print_addresses, print_demo
from .running import API_PORT, FOREIGN_PORT, PAGE_PORT, Demo, Ports, run_demo

__all__ = ["demo"]

_PORT = click.IntRange(0, 65535)


@click.command()
@click.option("--once", is_flag=True, help="Print and exit; status 1 if an answer differs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.option("--api-port", type=_PORT, help=f"Port of the API (usually {API_PORT}).")
@click.option("--page-port", type=_PORT, help=f"Port of the allowed page (usually {PAGE_PORT}).")
@click.option("--foreign-port", type=_PORT, help=f"Port of the other (usually {FOREIGN_PORT}).")
def demo(
    *,
    once: bool,
    as_json: bool,
    api_port: int | None,
    page_port: int | None,
    foreign_port: int | None,
) -> None:
    """Show what a policy says and what a browser does.

    Serves an API behind corekit's middleware, a page of an allowed origin and one of a foreign
    origin, on this machine only. Prints what the policy says to each call and what the API
    answered, and the address of a page that makes the same calls in your browser. Ctrl-C ends it,
    with status 0.

    A usual port that is taken is replaced by a free one; 0 asks for a free one.

    \b
    Examples:
      corekit demo                       serve until Ctrl-C
      corekit demo --once                print the table and exit
      corekit demo --once --json | jq .agrees
      corekit demo --page-port 5173      the page where your own is served
    """
    try:
        with run_demo(Ports(api_port, page_port, foreign_port)) as running:
            _show(running, once=once, as_json=as_json)
            while not once:
                time.sleep(3600)
    except KeyboardInterrupt:
        # The way to end the demo is no failure of it.
        click.echo(err=True)
    except OSError as error:
        reason = error.strerror or error
        raise UntoldError(f"the demo cannot be served: {reason}") from error
    else:
        raise SystemExit(1 if running.contradictions else 0)


def _show(running: Demo, *, once: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(running.describe(), indent=2))
        return
    console = Console(highlight=False)
    print_demo(console, running)
    if not once:
        print_addresses(console, running)
