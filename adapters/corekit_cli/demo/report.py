"""The demo for people, on a terminal or in a pipe: a table of the calls, the policy, the addresses.

Meant for 80 columns and more. Words say everything; color only repeats it.
"""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .exchange import Exchange, Outcome
from .pages import spell
from .running import Demo

__all__ = ["print_addresses", "print_demo"]


def print_demo(console: Console, demo: Demo) -> None:
    """Print the policy, the table, and whether the answers were the policy's."""
    console.print("The policy of the API:", style="bold")
    console.print(Padding(Text(spell(demo.policy)), (0, 2)))
    console.print()
    console.print(_make_table(demo))
    contradictions = demo.contradictions
    if not contradictions:
        sentence = "All answers that came over HTTP are what the policy says."
        console.print(sentence, style="green")
    for sentence in contradictions:
        console.print(Text(f"Differs: {sentence}", style="bold red"))


def print_addresses(console: Console, demo: Demo) -> None:
    """Print what to open in a browser."""
    console.print()
    console.print("Open in a browser, to make these calls and others:", style="bold")
    for address, meaning in (
        (demo.origins.page, "the page of the allowed origin"),
        (demo.origins.foreign, "the same page of a foreign origin: these are refused"),
    ):
        console.print(Text.assemble("  ", (f"{address}/", "cyan underline"), f"  {meaning}"))
    console.print(f"The API is at {demo.origins.api}. Ctrl-C ends the demo.")


def _make_table(demo: Demo) -> Table:
    table = Table(
        title="What the policy says, and what the API answered",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        leading=1,
        padding=(0, 2, 0, 0),
        pad_edge=False,
    )
    table.add_column("The page calls", no_wrap=True)
    table.add_column("Over HTTP", no_wrap=True)
    table.add_column("The policy says")
    for outcome in demo.outcomes:
        table.add_row(_tell_call(outcome), _tell_exchanges(outcome), _tell_verdict(outcome))
    return table


def _tell_call(outcome: Outcome) -> Text:
    case = outcome.case
    told = Text.assemble((case.title, "bold"), f"\n{case.method} {case.path}")
    for name, _ in case.headers:
        told.append(f"\nwith header {name}", "dim")
    if case.credentials:
        told.append("\nwith cookies", "dim")
    if case.page == "foreign":
        told.append(f"\nfrom {outcome.origin}", "dim")
    return told


def _tell_exchanges(outcome: Outcome) -> Text:
    lines = [_tell_exchange(outcome.preflight)] if outcome.preflight else []
    if outcome.actual:
        lines.append(_tell_exchange(outcome.actual))
    else:
        lines.append(Text(f"{outcome.case.method:<8}not sent", "dim"))
    return Text("\n").join(lines)


def _tell_exchange(exchange: Exchange) -> Text:
    return Text(f"{exchange.method:<8}{exchange.status}")


def _tell_verdict(outcome: Outcome) -> Text:
    verdict = outcome.verdict
    reason = f"\n{verdict.reason.value}"
    if verdict.allowed:
        return Text.assemble(("granted", "bold green"), reason)
    return Text.assemble(("refused", "bold red"), f"{reason} ", (verdict.consequence, "dim"))
