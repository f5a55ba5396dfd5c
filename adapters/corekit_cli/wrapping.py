"""Printing paragraphs as wide as they are read well, or as the terminal is. Nothing is cut off."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.text import Text

__all__ = ["print_wrapped"]

_WIDTH: Final = 100
"""Columns; longer lines are hard to read."""


def print_wrapped(console: Console, text: Text, *, first: str = "", rest: str = "") -> None:
    """Print a text with `first` before its first line and `rest` before every other."""
    # As rich's own padding, but without spaces at the ends of lines, which a pipe would keep.
    width = max(min(console.width, _WIDTH) - max(len(first), len(rest)), 1)
    for number, line in enumerate(text.wrap(console, width)):
        printed = Text.assemble(rest if number else first, line)
        printed.rstrip()
        console.print(printed)
