"""What commands print: diagnostics and errors, as text for people and as JSON for programs.

Color only repeats what the words say. However narrow the terminal, nothing is cut off, and lines
have no trailing spaces.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any, Final

import click
from rich.console import Console
from rich.text import Text

from corekit.diagnostics import SEVERITIES, Diagnostic, Severity, show

_WIDTH: Final = 100
"""Columns; longer lines are hard to read."""

_MAX_SHOWN: Final = 50
"""Diagnostics that are printed as text; JSON has all."""

_VERSION: Final = 1
"""The version of what the commands print as JSON. New keys do not change it."""

_INDENT: Final = "    "
_LIST_INDENT: Final = "   "
_STYLES: Final[dict[Severity, str]] = {
    "error": "bold red",
    "warning": "bold yellow",
    "info": "bold cyan",
}

IS_JSON: Final = "corekit_cli.is_json"
"""Where the context of a command notes whether the output is JSON."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def is_json() -> bool:
    """Return whether the command that runs was called with ``--json``."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(IS_JSON))


def escape(text: str) -> str:
    """Return `text` on one line, with control characters as Python writes them.

    >>> escape("cors.toml\\x1b[2J")
    'cors.toml\\\\x1b[2J'
    """
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


class CommandError(click.ClickException):
    """The command could not reach a verdict: one line on standard error, and status 2.

    With ``--json``, standard output has an object ``{"error": {"message", "hint", ...}}`` too,
    which is `data`; `where` are its further keys: `source`, `line`, `column`. `diagnostics` are the
    problems of a policy.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        hint: str,
        *,
        diagnostics: Sequence[Diagnostic] = (),
        **where: str | int | None,
    ) -> None:
        super().__init__(f"{message} {hint}")
        self.diagnostics = diagnostics
        self._is_json = is_json()
        self._where = {name: value for name, value in where.items() if value is not None}
        self.data: dict[str, Any] = {"message": message, "hint": hint, **self._where}
        if diagnostics:
            self.data["diagnostics"] = [each.to_dict() for each in diagnostics]

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the error."""
        if self._is_json:
            print_report({"error": self.data})
        self.print_line(file)
        if self.diagnostics:
            print_diagnostics(make_console(stderr=True), self.diagnostics)

    def print_line(self, file: IO[Any] | None = None) -> None:
        """Print the line on standard error."""
        place = [
            _escape(str(value)) if name == "source" else f"{name} {value}"
            for name, value in self._where.items()
        ]
        line = f"{', '.join(place)}: {self.message}" if place else self.message
        click.echo(f"Error: {escape(line)}", file, err=True)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave the exit status to the command, since rich's own is 1."""
        raise BrokenPipeError


def make_console(*, stderr: bool = False) -> Console:
    """Return a console for what a command prints."""
    return _Console(highlight=False, stderr=stderr)


def print_json(data: object) -> None:
    """Print data as JSON."""
    click.echo(to_json(data))


def to_json(data: object) -> str:
    """Return data as JSON in ASCII, without control characters except for line breaks."""
    # The one control character that json leaves as it is.
    return json.dumps(data, indent=2).replace("\x7f", "\\u007f")


def report_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a command reports with the version of its form.

    >>> report_data({"ok": True})
    {'version': 1, 'ok': True}
    """
    return {"version": _VERSION, **data}


def print_report(data: Mapping[str, Any]) -> None:
    """Print what a command reports as JSON, with the version of its form."""
    print_json(report_data(data))


def print_wrapped(console: Console, text: Text, *, first: str = "", rest: str = "") -> None:
    """Print a paragraph with `first` before its first line and `rest` before every other."""
    # Like rich's own padding, but without the trailing spaces, which a pipe would keep.
    # The texts are escaped where they are written; this holds even if one is not.
    text = text.copy()
    text.plain = "".join(each if each.isprintable() else "?" for each in text.plain)
    width = max(min(console.width, _WIDTH) - max(len(first), len(rest)), 1)
    for number, line in enumerate(text.wrap(console, width)):
        printed = Text.assemble(rest if number else first, line)
        printed.rstrip()
        console.print(printed)


def print_list(console: Console, title: str, messages: Iterable[str]) -> None:
    """Print a title and messages below it; nothing if there are none."""
    for number, message in enumerate(messages):
        if not number:
            console.print(Text(f"\n{title}:", "bold"))
        print_wrapped(console, Text(message), first=_LIST_INDENT, rest=_LIST_INDENT)


def count_severities(diagnostics: Iterable[Diagnostic]) -> Text:
    """Return how many diagnostics there are of each severity.

    >>> str(count_severities([Diagnostic("a", "info", "", "", ""), Diagnostic("b", "error", "", "", "")]))
    '1 error, 1 info'
    >>> str(count_severities([]))
    'no problems'
    """  # noqa: E501 - one line of input
    counted = Counter(each.severity for each in diagnostics)
    parts = [
        Text(
            f"{counted[each]} {each}{'s' * (counted[each] != 1 and each != 'info')}", _STYLES[each]
        )
        for each in SEVERITIES
        if counted[each]
    ]
    return Text(", ").join(parts) if parts else Text("no problems", "bold green")


def print_findings(
    subject: str, found: Sequence[Diagnostic], *details: str, values: bool = True
) -> None:
    """Print how many diagnostics there are about a subject, details about it, and all of them."""
    console = make_console()
    head = Text.assemble((subject, "bold"), ": ", count_severities(found))
    print_wrapped(console, head, rest=_INDENT)
    for detail in details:
        print_wrapped(console, Text(detail, "dim"), rest=_INDENT)
    print_diagnostics(console, found, values=values)


def print_diagnostics(
    console: Console, diagnostics: Sequence[Diagnostic], *, values: bool = True
) -> None:
    """Print diagnostics; with `values`, show what was found next to the subject."""
    for each in diagnostics[:_MAX_SHOWN]:
        head = Text.assemble((each.severity, _STYLES[each.severity]), ": ")
        if each.route is not None:
            head.append(f"{_escape(each.route)}  ")
        head.append(_escape(each.subject), "bold")
        if values and each.value is not None:
            head.append(f" = {show(each.value)}")
        code = each.code if each.failure is None else f"{each.code}, {each.failure}"
        console.print()
        print_wrapped(console, head, rest=_INDENT)
        print_wrapped(console, Text(each.message), first=_INDENT, rest=_INDENT)
        hint = Text.assemble((each.hint, "green"), "  ", (f"[{code}]", "dim"))
        print_wrapped(console, hint, first=_INDENT, rest=_INDENT)
    more = len(diagnostics) - _MAX_SHOWN
    if more > 0:
        console.print()
        print_wrapped(console, Text(f"... and {more} more; --json prints all."))


def _escape(text: str) -> str:
    return show(text)[1:-1]
