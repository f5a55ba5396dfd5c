"""An explanation for people, on a terminal or in a pipe.

Words say everything; color only repeats it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from rich.console import Console
from rich.text import Text

from corekit.explain import ErrorInfo, Explanation, Step

from .wrapping import print_wrapped

__all__ = ["print_entry", "print_explanation", "tell_assumed"]

_INDENT: Final = "   "
_ACTORS: Final = {"page": "magenta", "browser": "cyan", "server": "blue"}


def tell_assumed(explanation: Explanation, method: str) -> Explanation:
    """Say of an explanation that its last request was not sent, though a browser would send it."""
    kinds = [step.kind for step in explanation.steps]
    last = max(at for at, kind in enumerate(kinds) if kind == "response")
    step = Step(
        "response",
        "server",
        f"Was not asked: {method} is sent with --send-unsafe only",
        ("It is taken to let the page read as its preflight did.",),
    )
    return replace(
        explanation,
        summary=f"As far as the preflight tells: {explanation.summary}",
        steps=(*explanation.steps[:last], step),
        outcome=replace(explanation.outcome, exchanges=explanation.outcome.exchanges[:-1]),
    )


def print_explanation(console: Console, explanation: Explanation) -> None:
    """Print the verdict, what happens in order, what is nearly right, and what to do."""
    style = "bold green" if explanation.allowed else "bold red"
    print_wrapped(console, Text(explanation.summary, style))
    for number, step in enumerate(explanation.steps, 1):
        console.print()
        head = Text.assemble((step.actor, _ACTORS[step.actor]), ": ", (step.title, "bold"))
        print_wrapped(console, head, first=f"{number}. ", rest=_INDENT)
        for detail in step.details:
            print_wrapped(console, Text(detail), first=_INDENT, rest=f"{_INDENT}  ")
    _print_list(console, "Nearly right", (near.message for near in explanation.near_misses))
    _print_list(console, "What to do", (mend.message for mend in explanation.fixes))


def print_entry(console: Console, entry: ErrorInfo, question: str | None) -> None:
    """Print what one failure means, what to do about it, and what to ask next."""
    console.print(Text(entry.name, "bold"))
    print_wrapped(console, Text(entry.message))
    _print_list(console, "What to do", [entry.hint])
    if question is not None:
        console.print(Text("\nTo ask the server itself:", "bold"))
        console.print(Text(f"   {question}"), soft_wrap=True)


def _print_list(console: Console, title: str, sentences: Iterable[str]) -> None:
    told = list(sentences)
    if told:
        console.print(Text(f"\n{title}:", "bold"))
    for sentence in told:
        print_wrapped(console, Text(sentence), first=_INDENT, rest=_INDENT)
