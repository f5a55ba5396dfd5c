"""An explanation for people, on a terminal or in a pipe.

Words say everything; colour only repeats it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.text import Text

from corekit.explain import Entry, Explanation

from .wrapping import print_wrapped

__all__ = ["print_entry", "print_explanation"]

_INDENT: Final = "   "
_ACTORS: Final = {"page": "magenta", "browser": "cyan", "server": "blue"}


def print_explanation(console: Console, explanation: Explanation, assumed: list[str]) -> None:
    """Print the verdict, what happens in order, what is nearly right, and what to do.

    `assumed` are the methods of requests that were not sent, though a browser would send them.
    """
    style = "bold green" if explanation.allowed else "bold red"
    print_wrapped(console, Text(explanation.summary, style))
    for method in assumed:
        told = (
            f"The {method} itself was not sent: it is taken to be answered as its preflight was."
            " --send-unsafe sends it."
        )
        print_wrapped(console, Text(told, "dim"))
    for number, step in enumerate(explanation.steps, 1):
        console.print()
        head = Text.assemble((step.actor, _ACTORS[step.actor]), ": ", (step.title, "bold"))
        print_wrapped(console, head, first=f"{number}. ", rest=_INDENT)
        for detail in step.details:
            print_wrapped(console, Text(detail), first=_INDENT, rest=f"{_INDENT}  ")
    _print_list(console, "Nearly right", (near.sentence for near in explanation.near_misses))
    _print_list(console, "What to do", (mend.sentence for mend in explanation.mends))


def print_entry(console: Console, entry: Entry) -> None:
    """Print what one failure means, and what to do about it."""
    console.print(Text(entry.name, "bold"))
    print_wrapped(console, Text(entry.cause))
    _print_list(console, "What to do", [entry.mend])


def _print_list(console: Console, title: str, sentences: Iterable[str]) -> None:
    told = list(sentences)
    if told:
        console.print(Text(f"\n{title}:", "bold"))
    for sentence in told:
        print_wrapped(console, Text(sentence), first=_INDENT, rest=_INDENT)
