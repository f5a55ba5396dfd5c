"""The text that the demo prints: the policy, the calls and the URLs to open.

It fits any width, and words say everything; color only repeats it.
"""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from corekit_cli.output import print_wrapped

from .pages import write_python
from .running import Demo, Result


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
