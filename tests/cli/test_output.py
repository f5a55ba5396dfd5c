"""What commands print: paragraphs, diagnostics and errors."""

from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from corekit_cli.output import print_wrapped


def wrap(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    file = StringIO()
    print_wrapped(Console(file=file, width=width), Text(text), first=first, rest=rest)
    return file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("first", "rest", "lines"),
    [
        ("", "", ["aaa bbb", "ccc"]),
        ("", "  ", ["aaa", "  bbb", "  ccc"]),
        ("10. ", "   ", ["10. aaa", "   bbb", "   ccc"]),
    ],
)
def test_lines_are_indented(first: str, rest: str, lines: list[str]) -> None:
    assert wrap("aaa bbb ccc", 7, first=first, rest=rest) == lines


def test_lines_have_at_most_100_columns() -> None:
    assert max(map(len, wrap("word " * 100, 300))) == 99


@given(
    st.text("abc /-:", min_size=1, max_size=300), st.integers(5, 120), st.sampled_from(["", "1. "])
)
def test_no_text_is_lost_and_no_line_is_too_wide(text: str, width: int, first: str) -> None:
    lines = wrap(text, width, first=first, rest=" " * len(first))
    assert all(len(line) <= min(width, 100) and line == line.rstrip() for line in lines)
    assert "".join("".join(lines).split()) == "".join((first + text).split())
