"""What `corekit diff` prints: text, JSON, Markdown, GitHub's annotations and SARIF."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from rich.text import Text

from corekit.diagnostics import Diagnostic, Severity
from corekit.diff import Comparison, Difference, Direction, Relation
from corekit_cli.output import escape, make_console, print_wrapped, report_data, to_json
from corekit_cli.reports import Checked, write_github, write_sarif

from .sources import Side, find_notes

FAIL_ON: Final = ("never", "wider", "any")
"""When differences end the command with status 1."""

_MOST_TEXT: Final = 50
_MOST_PATHS: Final = 5
_MOST_CHARACTERS: Final = 50_000
"""Of Markdown. GitHub refuses comments of more than 65,536 characters."""

_INDENT: Final = "    "
_WIDENING: Final = frozenset({Direction.WIDER, Direction.UNKNOWN})
_SENTENCES: Final = {
    Relation.SAME: "{new} allows the same as {old}",
    Relation.NARROWER: "{new} is narrower than {old}",
    Relation.WIDER: "{new} is wider than {old}",
    Relation.BOTH: "{new} is wider than {old} in part, and narrower in part",
    Relation.UNKNOWN: "Whether {new} is wider than {old} cannot be determined",
}
_WIDER_AND_UNKNOWN: Final = "{new} is wider than {old}, and the rest cannot be determined"
_STYLES: Final = {
    Relation.SAME: "bold green",
    Relation.NARROWER: "bold cyan",
    Relation.WIDER: "bold red",
    Relation.BOTH: "bold red",
    Relation.UNKNOWN: "bold yellow",
}
_DIRECTION_STYLES: Final = {
    Direction.WIDER: "bold red",
    Direction.UNKNOWN: "bold yellow",
    Direction.NARROWER: "bold cyan",
    Direction.NEUTRAL: "bold",
}
_HINTS: Final = {
    Direction.WIDER: "Check that this is intended.",
    Direction.UNKNOWN: "Check that this is intended.",
    Direction.NARROWER: "Check that no page depends on it.",
    Direction.NEUTRAL: "Pages may do the same as before.",
}

# Everything that has a meaning in Markdown, also for the links that GitHub adds.
_escape_marks = re.compile(r"[^\w .,:;()'-]|_", re.ASCII).sub


@dataclass(frozen=True, slots=True)
class Report:
    """A comparison with the two policies that were compared, and when it fails."""

    old: Side
    new: Side
    comparison: Comparison
    fail_on: str

    @property
    def is_ok(self) -> bool:
        """Whether no difference makes the command fail."""
        return not any(map(self.fails, self.comparison.differences))

    @property
    def notes(self) -> list[str]:
        """What was not compared."""
        return find_notes(self.old, self.new)

    def fails(self, difference: Difference) -> bool:
        """Return whether a difference makes the command fail."""
        if self.fail_on == "wider":
            return difference.direction in _WIDENING
        return self.fail_on == "any"


def print_text(report: Report) -> None:
    """Print a report for readers, in color on a terminal."""
    console, differences = make_console(), report.comparison.differences
    relation = report.comparison.relation
    print_wrapped(console, Text(f"{_sentence(report, escape)}.", _STYLES[relation]), rest=_INDENT)
    for each in differences[:_MOST_TEXT]:
        style = _DIRECTION_STYLES[each.direction]
        head = Text.assemble((each.direction.value, style), ": ", (_subject(each), "bold"))
        console.print()
        print_wrapped(console, head, rest=_INDENT)
        print_wrapped(console, Text(each.message), first=_INDENT, rest=_INDENT)
    more = len(differences) - _MOST_TEXT
    if more > 0:
        console.print()
        print_wrapped(console, Text(f"... and {more} more; --json prints all."))
    for note in report.notes:
        console.print()
        print_wrapped(console, Text(f"Note: {note}"), rest=_INDENT)


def _sentence(report: Report, write: Callable[[str], str]) -> str:
    names = {"old": write(report.old.source), "new": write(report.new.source)}
    if report.comparison.is_wider_and_unknown:
        return _WIDER_AND_UNKNOWN.format_map(names)
    return _SENTENCES[report.comparison.relation].format_map(names)


def _subject(difference: Difference) -> str:
    name, paths = difference.kind.value.replace("-", " "), difference.paths
    if not paths:
        return name
    more = len(paths) - _MOST_PATHS
    shown = ", ".join(map(escape, paths[:_MOST_PATHS]))
    return f"{name}, {shown}{f' and {more} more' if more > 0 else ''}"


def _write_json(report: Report) -> str:
    data: dict[str, Any] = {
        "ok": report.is_ok,
        "old": report.old.source,
        "new": report.new.source,
        **report.comparison.to_dict(),
        "notes": report.notes,
    }
    return to_json(report_data(data))


def _write_markdown(report: Report) -> str:
    return "\n".join(_markdown_lines(report))


def _markdown_lines(report: Report) -> Iterator[str]:
    yield f"### {_sentence(report, escape_markdown)}"
    differences, left = report.comparison.differences, _MOST_CHARACTERS
    if differences:
        yield ""
    for number, each in enumerate(differences):
        subject = escape_markdown(_subject(each))
        line = f"- **{each.direction.value}**, {subject}: {escape_markdown(each.message)}"
        left -= len(line)
        if left < 0:
            yield f"- and {len(differences) - number} more"
            break
        yield line
    for note in report.notes:
        yield ""
        yield f"Note: {escape_markdown(note)}"


def escape_markdown(text: str) -> str:
    """Return text that Markdown shows as it is, on one line.

    GitHub links ``@name`` and ``#1`` even if they are escaped, but not with a space of no width.
    """
    return _escape_marks(_write_character, escape(text))


def _write_character(match: re.Match[str]) -> str:
    each = match[0]
    if not each.isascii():
        return each
    return f"&#{ord(each)};{'&#8203;' * (each in '@#')}"


def _check(report: Report) -> list[Checked]:
    new = report.new
    found = [_diagnose(report, each) for each in report.comparison.differences]
    found += [
        Diagnostic("not-compared", "info", note, "Review such changes separately.", "note")
        for note in report.notes
    ]
    return [Checked(new.place or new.source, found, is_file=new.place is not None)]


def _diagnose(report: Report, difference: Difference) -> Diagnostic:
    direction, kind = difference.direction, difference.kind.value
    severity: Severity = "warning" if direction in _WIDENING else "info"
    found = Diagnostic(
        f"{direction.value}-{kind}",
        "error" if report.fails(difference) else severity,
        difference.message,
        _HINTS[direction],
        kind.replace("-", " "),
    )
    return report.new.locate(difference, found)


ERROR_WRITERS: Final[dict[str, Callable[[list[Checked]], str]]] = {
    "github": write_github,
    "sarif": lambda results: write_sarif(results, "diff"),
}
"""By the name of the format, what writes a source that cannot be read."""

WRITERS: Final[dict[str, Callable[[Report], str]]] = {
    "json": _write_json,
    "markdown": _write_markdown,
    "github": lambda report: write_github(_check(report)),
    "sarif": lambda report: write_sarif(_check(report), "diff"),
}
"""By the name of the format, a function from a report to the text that is printed."""
