"""The command `corekit shadow`: what a log says about a candidate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Final

import click
from rich.console import Console
from rich.text import Text

from corekit import CorsPolicy, CorsRoutes
from corekit.shadow import ShadowKind
from corekit.shadow.summary import LIMITS, Difference, Summary, find_fixes, summarize

from .output import CommandError, json_option, make_console, print_list, print_report, print_wrapped
from .sources import require_file

_MOST_SHOWN: Final = 20
_MOST_PATHS: Final = 3
_MOST_EXPLAINED: Final = 100
"""The differences that get fixes in JSON: each fix is tried, in some 10 milliseconds."""

_LONGEST: Final = 120
_INDENT: Final = "   "
_GZIP: Final = "\x1f\ufffd"
"""How files of gzip begin, as text."""

_NOTHING_FOUND: Final = (
    "Either nothing differs, or this is not the log of an application that has a candidate."
)
_STYLES: Final = {
    ShadowKind.WOULD_DENY: "bold red",
    ShadowKind.WOULD_GRANT: "bold yellow",
    ShadowKind.WOULD_DIFFER: "bold cyan",
}


@click.command(short_help="Summarize what a candidate would change, from a log.")
@click.argument("log", metavar="LOG")
@click.option("--candidate", metavar="SOURCE", help="The candidate, for fixes that fit it.")
@json_option
def shadow(*, log: str, candidate: str | None, as_json: bool) -> None:
    """Summarize what a candidate would change, from a log.

    LOG is a file with the log of an application that has a LivePolicy with a candidate, or that is
    wrapped in observe(); - is standard input. Other lines are skipped. Lines may be JSON objects
    that have the message as a value.

    The summary counts by kind, origin and path, and shows for each difference how to change the
    candidate. With --candidate, the fixes are for that policy: a file or an import path, as for
    corekit check.

    \b
    Examples:
      corekit shadow app.log
      journalctl -u shop -o cat | corekit shadow -
      corekit shadow app.log --candidate cors.next.toml
      corekit shadow app.log --json | jq '.kinds.would_deny'

    \b
    Exit status:
      0  the log was read, also if no line is of a candidate
      2  the log or the candidate cannot be read, or the log is empty
    """
    policy: CorsPolicy | CorsRoutes | None = None
    if candidate is not None:
        policy = require_file(candidate).policy
    with _reading(log) as lines:
        summary = summarize(_check_text(lines, log))
    _check_summary(summary, log)
    if as_json:
        _print_json(summary, policy)
    else:
        _print_text(summary, policy)


@contextmanager
def _reading(log: str) -> Iterator[IO[str]]:
    try:
        with click.open_file(log, encoding="utf-8", errors="replace") as file:
            yield file
    except OSError as error:
        hint = "Name a file that can be read, or - for standard input."
        raise CommandError(
            f"The log cannot be read: {error.strerror}.", hint, source=log
        ) from error


def _check_text(lines: Iterable[str], log: str) -> Iterator[str]:
    """Yield lines; raise `CommandError` if the first has what text in UTF-8 does not have."""
    # Only the first: any client can have a null character logged.
    for number, line in enumerate(lines):
        if not number and ("\0" in line or line.startswith(_GZIP)):
            hint = "Decompress it, for example with zcat, or save it as UTF-8."
            raise CommandError("The log is not text.", hint, source=log)
        yield line


def _check_summary(summary: Summary, log: str) -> None:
    """Raise `CommandError` if there is nothing to summarize."""
    if not summary.lines:
        hint = "Name the log of an application that has a candidate."
        raise CommandError("The log is empty.", hint, source=log)
    if summary.unread and not summary.total:
        unread = _count(summary.unread, "line")
        message = f"{unread} of a candidate could not be read, and no other was found."
        raise CommandError(message, "Check that the lines were not cut.", source=log)


def _print_json(summary: Summary, policy: CorsPolicy | CorsRoutes | None) -> None:
    explained = summary.differences[:_MOST_EXPLAINED]
    others = summary.differences[_MOST_EXPLAINED:]
    found = [each.to_dict(find_fixes(each, policy)) for each in explained]
    found += [each.to_dict() for each in others]
    print_report(
        {
            "total": summary.total,
            "lines": summary.lines,
            "unread": summary.unread,
            "kinds": dict(summary.kinds),
            "origins": dict(summary.origins.most_common()),
            "paths": dict(summary.paths.most_common()),
            "differences": found,
            "unexplained": len(others),
            "limits": list(LIMITS),
        }
    )


def _print_text(summary: Summary, policy: CorsPolicy | CorsRoutes | None) -> None:
    console = make_console()
    if summary.unread:
        unread = f"{_count(summary.unread, 'line')} of a candidate could not be read."
        print_wrapped(console, Text(unread, "bold yellow"))
    lines = _count(summary.lines, "line")
    if not summary.total:
        print_wrapped(console, Text(f"No line of a candidate in {lines}."))
        print_wrapped(console, Text(_NOTHING_FOUND))
    else:
        of_candidate = summary.total + summary.unread
        print_wrapped(console, Text(f"{of_candidate:,} of {lines} are of a candidate."))
        console.print()
        origins, paths = summary.origins, summary.paths
        head = (
            f"{_count(summary.total, 'request')} of {_count(len(origins), 'origin')} to"
            f" {_count(len(paths), 'path')} would be decided otherwise."
        )
        print_wrapped(console, Text(head, "bold"))
        for kind in ShadowKind:
            number = summary.kinds[kind.value]
            print_wrapped(
                console, Text.assemble(_INDENT, (kind.value, _STYLES[kind]), f": {number}")
            )
        _print_counts(console, "Origins", origins)
        _print_counts(console, "Paths", paths)
    for number, each in enumerate(summary.differences[:_MOST_SHOWN], 1):
        _print_difference(console, number, each, policy)
    _print_rest(console, len(summary.differences) - _MOST_SHOWN)
    print_list(console, "A shadow does not see", LIMITS)


def _print_counts(console: Console, title: str, counts: Counter[str]) -> None:
    shown = (f"{_show(name)}: {number}" for name, number in counts.most_common(_MOST_SHOWN))
    print_list(console, title, shown)
    _print_rest(console, len(counts) - _MOST_SHOWN)


def _print_difference(
    console: Console, number: int, each: Difference, policy: CorsPolicy | CorsRoutes | None
) -> None:
    line = each.line
    kind = (line.kind.value, _STYLES[line.kind])
    console.print()
    head = Text.assemble(
        f"{number}. ", kind, f" {_show(line.origin)}: {_count(each.count, 'request')}"
    )
    print_wrapped(console, head, rest=_INDENT)
    names = ", ".join(map(_show, (*line.denied, *line.granted)))
    message = " ".join(reason.value for reason in line.reasons) + (f" ({names})" if names else "")
    paths = [_show(path) for path, _ in each.paths.most_common(_MOST_PATHS)]
    more = len(each.paths) - _MOST_PATHS
    details = [f"Paths: {', '.join(paths)}{f' and {more} more' if more > 0 else ''}"]
    for text in (message, *details):
        print_wrapped(console, Text(text), first=_INDENT, rest=_INDENT)
    for fix in find_fixes(each, policy):
        print_wrapped(console, Text(fix.message, "green"), first=_INDENT, rest=_INDENT)


def _print_rest(console: Console, more: int) -> None:
    if more > 0:
        print_wrapped(console, Text(f"... and {more} more; --json prints all."), first=_INDENT)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _show(value: str) -> str:
    # It was escaped when it was read.
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."
