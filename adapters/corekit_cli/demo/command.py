"""The command `corekit demo`: serve the sites, make the calls, print the results."""

from __future__ import annotations

import time
from contextlib import ExitStack

import click

from corekit_cli.output import CommandError, json_option, make_console, print_json

from .report import print_demo, print_urls
from .running import API_PORT, PAGE_PORT, UNTRUSTED_PORT, Demo, Ports, run_demo

_PORT = click.IntRange(0, 65535)


@click.command()
@click.option("--once", is_flag=True, help="Print the results and exit.")
@json_option
@click.option("--api-port", type=_PORT, help=f"Port of the API (default: {API_PORT}).")
@click.option("--page-port", type=_PORT, help=f"Port of the allowed page (default: {PAGE_PORT}).")
@click.option(
    "--untrusted-port", type=_PORT, help=f"Port of the untrusted page (default: {UNTRUSTED_PORT})."
)
def demo(
    *,
    once: bool,
    as_json: bool,
    api_port: int | None,
    page_port: int | None,
    untrusted_port: int | None,
) -> None:
    """Serve an API and a playground that shows CORS in your browser.

    Serves an API behind corekit's middleware, a page whose origin the policy allows, and the same
    page on an untrusted origin, on this machine only. Prints the policy, the calls of the demo and
    their results, and the URLs of the playground, where you can edit the policy and the call.

    If a default port is taken, a free one is used; 0 asks for a free port. Exit status 1 means that
    a response does not match the policy; Ctrl-C exits with status 0.

    \b
    Examples:
      corekit demo                       serve until Ctrl-C
      corekit demo --once                print the results and exit
      corekit demo --once --json | jq .agrees
      corekit demo --page-port 5173      use the port of your own frontend
    """
    with ExitStack() as stack:
        try:
            running = stack.enter_context(run_demo(Ports(api_port, page_port, untrusted_port)))
        except OSError as error:
            message = f"The demo cannot be served: {error.strerror or error}."
            raise CommandError(message, "Choose other ports; 0 is any free one.") from error
        _show(running, once=once, as_json=as_json)
        try:
            while not once:
                time.sleep(3600)
        except KeyboardInterrupt:
            # This is how to stop the demo, so it is not a failure.
            click.echo(err=True)
            return
    raise SystemExit(1 if running.problems else 0)


def _show(running: Demo, *, once: bool, as_json: bool) -> None:
    if as_json:
        print_json(running.to_dict())
        return
    console = make_console()
    print_demo(console, running)
    if not once:
        print_urls(console, running)
