"""What `corekit check` found, for people and for programs.

Words say everything, color only repeats it. However narrow the terminal, nothing is cut off.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from rich.console import Console
from rich.text import Text

from corekit import Problem
from corekit.diagnostics import show
from corekit_config import ConfigError

from .advice import Advice
from .wrapping import print_wrapped

__all__ = ["Finding", "Report", "describe_failure", "print_report", "sort_findings"]

Severity = Literal["problem", "warning", "note"]

_SEVERITIES: Final[tuple[Severity, ...]] = ("problem", "warning", "note")
_STYLES: Final[Mapping[Severity, str]] = {
    "problem": "bold red",
    "warning": "bold yellow",
    "note": "bold cyan",
}
_SHOWN: Final = 50
"""Findings that are printed; programs get all."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem or a piece of advice; `route` is the path of the policy that it is about."""

    severity: Severity
    code: str
    field: str
    value: object
    message: str
    hint: str
    route: str | None = None

    @classmethod
    def of_problem(cls, problem: Problem) -> Finding:
        """Take a problem of the core."""
        return cls(
            "problem", problem.code, problem.subject, problem.value, problem.message, problem.hint
        )

    @classmethod
    def of_advice(
        cls, advice: Advice, *, field: str | None = None, route: str | None = None
    ) -> Finding:
        """Take advice; `field` is what its argument is called where it was written."""
        return cls(
            advice.severity,
            advice.code,
            field or advice.field,
            advice.value,
            advice.message,
            advice.hint,
            route,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """All findings on what `source` names, problems first."""

    source: str
    findings: tuple[Finding, ...]

    def of(self, severity: Severity) -> list[Finding]:
        """Give the findings of one severity."""
        return [each for each in self.findings if each.severity == severity]

    def passes(self, *, strict: bool) -> bool:
        """Say whether there are no problems and, if `strict`, no warnings."""
        return not self.of("problem") and not (strict and self.of("warning"))

    def describe(self, *, strict: bool) -> dict[str, Any]:
        """Give all as data for JSON."""
        lists = {f"{each}s": list(map(_describe, self.of(each))) for each in _SEVERITIES}
        return {"source": self.source, "ok": self.passes(strict=strict), **lists}


def describe_failure(source: str, error: ConfigError) -> dict[str, Any]:
    """Give as data for JSON that nothing could be read."""
    told = {
        "message": error.message,
        "hint": error.hint,
        "line": error.line,
        "column": error.column,
    }
    return {"source": source, "ok": False, "error": told}


def print_report(console: Console, report: Report) -> None:
    """Print the sum, and then every finding with its mend."""
    print_wrapped(console, _sum_up(report), first="", rest="    ")
    for finding in report.findings[:_SHOWN]:
        hint = Text.assemble((finding.hint, "green"), "  ", (f"[{finding.code}]", "dim"))
        console.print()
        print_wrapped(console, _head(finding), first="", rest="    ")
        print_wrapped(console, Text(finding.message), first="    ", rest="    ")
        print_wrapped(console, hint, first="    ", rest="    ")
    more = len(report.findings) - _SHOWN
    if more > 0:
        console.print()
        print_wrapped(console, Text(f"... and {more} more; --json has all."))


def _sum_up(report: Report) -> Text:
    told: list[Text] = []
    for severity in _SEVERITIES:
        count = len(report.of(severity))
        if count:
            told.append(Text(f"{count} {severity}{'s' * (count != 1)}", _STYLES[severity]))
    verdict = Text(", ").join(told) if told else Text("nothing to mend", "bold green")
    return Text.assemble((_escape(report.source), "bold"), ": ", verdict)


def _head(finding: Finding) -> Text:
    head = Text.assemble((finding.severity, _STYLES[finding.severity]), ": ")
    if finding.route is not None:
        head.append(f"{_escape(finding.route)}  ")
    head.append(finding.field, "bold")
    if finding.value is not None:
        head.append(f" = {show(finding.value)}")
    return head


def _escape(text: str) -> str:
    return show(text)[1:-1]


def _describe(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "route": finding.route,
        "field": finding.field,
        "value": _as_json(finding.value),
        "message": finding.message,
        "hint": finding.hint,
    }


def _as_json(value: object) -> object:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return show(value)
    return value


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Put problems first and notes last, and leave the order otherwise."""
    return tuple(sorted(findings, key=lambda each: _SEVERITIES.index(each.severity)))
