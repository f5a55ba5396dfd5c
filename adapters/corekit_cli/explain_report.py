"""An explanation for people, on a terminal or in a pipe.

Words say everything; colour only repeats it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from corekit.explain import Entry, Explanation

__all__ = ["print_entry", "print_explanation"]

_ACTORS: Final = {"page": "magenta", "browser": "cyan", "server": "blue"}


def print_explanation(console: Console, explanation: Explanation, assumed: list[str]) -> None:
    """Print the verdict, what happens in order, what is nearly right, and what to do.

    `assumed` are the methods of requests that were not sent, though a browser would send them.
    """
    style = "bold green" if explanation.allowed else "bold red"
    console.print(Text(explanation.summary, style))
    console.print()
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for number, step in enumerate(explanation.steps, 1):
        told = Text(step.title, "bold")
        for detail in step.details:
            told.append(f"\n{detail}", "not bold")
        table.add_row(f"{number}.", Text(step.actor, _ACTORS[step.actor]), told)
    console.print(table)
    _print_list(console, "Nearly right", (near.sentence for near in explanation.near_misses))
    _print_list(console, "What to do", (mend.sentence for mend in explanation.mends))
    for method in assumed:
        console.print(
            Text(
                f"\nThe {method} itself was not sent: it was taken to be answered as its preflight"
                " was. --send-unsafe sends it.",
                "dim",
            )
        )


def print_entry(console: Console, entry: Entry) -> None:
    """Print what one failure means, and what to do about it."""
    console.print(Text(entry.name, "bold"))
    console.print(Text(entry.cause))
    _print_list(console, "What to do", [entry.mend])


def _print_list(console: Console, title: str, sentences: Iterable[str]) -> None:
    told = list(sentences)
    if told:
        console.print(Text(f"\n{title}:", "bold"))
    for sentence in told:
        console.print(Padding(Text(sentence), (0, 0, 0, 3)))
