"""The command `corekit demo`: serve the sites, make the calls, print the results.

The text fits any width, and words say everything; color only repeats it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Final, NamedTuple

import click
from rich.console import Console
from rich.text import Text

from corekit import CorsPolicy
from corekit.diagnostics import Diagnostic
from corekit_cli.output import CommandError, json_option, make_console, print_report, print_wrapped

from .api import Api, Sessions, serve_api
from .form import Origins, make_policy
from .judging import Result, make_calls
from .pages import describe, serve_page, write_python
from .servers import open_site

API_PORT: Final = 8000
PAGE_PORT: Final = 3000
UNTRUSTED_PORT: Final = 4000

_PORT: Final = click.IntRange(0, 65535)


class Ports(NamedTuple):
    """The requested ports; None means the default port, or a free one if that is taken."""

    api_port: int | None
    page_port: int | None
    untrusted_port: int | None


class Demo(NamedTuple):
    """Where the sites are, and the results of the calls."""

    policy: CorsPolicy
    origins: Origins
    results: list[Result]

    @property
    def problems(self) -> list[Diagnostic]:
        """The responses that do not match the policy."""
        return [problem for result in self.results for problem in result.problems]

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            **self.origins._asdict(),
            "policy": write_python(self.policy),
            "agrees": not self.problems,
            "calls": [result.to_dict() for result in self.results],
        }


@contextmanager
def run_demo(ports: Ports) -> Iterator[Demo]:
    """Serve the three sites for the duration of the block, and make the calls once.

    Raise OSError if a requested port is taken.
    """
    with ExitStack() as stack:
        defaults = (API_PORT, PAGE_PORT, UNTRUSTED_PORT)
        api, page, untrusted = (
            stack.enter_context(closing(open_site(port, default)))
            for port, default in zip(ports, defaults, strict=True)
        )
        origins = Origins(api.origin, page.origin, untrusted.origin)
        policy, app, sessions = make_policy(origins.page), Api(), Sessions()
        api.start(serve_api(policy, api=app, sessions=sessions))
        for site in (page, untrusted):
            site.start(serve_page(describe(origins, site.origin), api=app, sessions=sessions))
        yield Demo(policy, origins, make_calls(origins))


@click.command()
@click.option("--once", is_flag=True, help="Print the results and exit.")
@json_option
@click.option("--api-port", type=_PORT, help=f"Port of the API (default: {API_PORT}).")
@click.option("--page-port", type=_PORT, help=f"Port of the allowed page (default: {PAGE_PORT}).")
@click.option(
    "--untrusted-port", type=_PORT, help=f"Port of the untrusted page (default: {UNTRUSTED_PORT})."
)
def demo(*, once: bool, as_json: bool, **ports: int | None) -> None:
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
            running = stack.enter_context(run_demo(Ports(**ports)))
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
        print_report(running.to_dict())
        return
    console = make_console()
    print_demo(console, running)
    if not once:
        print_urls(console, running)


def print_demo(console: Console, demo: Demo) -> None:
    """Print the policy, the calls, and whether the responses match the policy."""
    console.print("Policy of the API:", style="bold")
    for line in write_python(demo.policy).splitlines():
        argument = line.lstrip()
        indent = " " * (2 + len(line) - len(argument))
        print_wrapped(console, Text(argument), first=indent, rest=f"{indent}    ")
    for result in demo.results:
        console.print()
        _print_result(console, result)
    console.print()
    if not demo.problems:
        print_wrapped(console, Text("All responses over HTTP match the policy.", "green"))
    for problem in demo.problems:
        print_wrapped(console, Text(f"Mismatch: {problem}", "bold red"))


def print_urls(console: Console, demo: Demo) -> None:
    """Print the URLs to open in a browser."""
    console.print()
    console.print("Open in a browser to make these calls and your own:", style="bold")
    for url, meaning in (
        (demo.origins.page, "the page of the allowed origin"),
        (demo.origins.untrusted, "the same page on an untrusted origin"),
    ):
        text = Text.assemble((f"{url}/", "cyan underline"), f"  {meaning}")
        print_wrapped(console, text, first="  ", rest="    ")
    api = f"The API is at {demo.origins.api}. Press Ctrl-C to stop the demo."
    print_wrapped(console, Text(api))


def _print_result(console: Console, result: Result) -> None:
    call, exchanges = result.call, result.explanation.outcome.exchanges
    verdict = ("allowed", "bold green") if result.explanation.allowed else ("blocked", "bold red")
    print_wrapped(console, Text.assemble((result.example.title, "bold"), ": ", verdict))
    parts = [f"{call.method} {call.path} from {call.page}"]
    parts += [f"header {name}" for name, _ in call.headers]
    parts += ["with cookies"] if call.credentials == "include" else []
    sent = [f"{each.request.method} {each.response.status}" for each in exchanges]
    sentences = result.reason.value
    if exchanges[-1].request.is_preflight:
        sent.append(f"{call.method} not sent")
        sentences += " The browser does not send the request."
    elif not result.explanation.allowed:
        sentences += " The server processes the request, but the browser blocks the response."
    for line in (", ".join(parts), ", ".join(sent), sentences):
        print_wrapped(console, Text(line), first="  ", rest="    ")
