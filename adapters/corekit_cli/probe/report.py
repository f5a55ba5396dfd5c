"""What a probe found, for people and for programs. Words say everything; color only repeats it."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from corekit_cli.wrapping import print_wrapped

from .findings import Finding, Severity
from .questions import Answer, Answers

__all__ = ["print_probe", "to_dict"]

_STYLES: Final = {
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}


def to_dict(answers: Answers, findings: list[Finding]) -> dict[str, Any]:
    """Tell the findings, and what went over the wire, ready for JSON."""
    return {
        "url": answers.plan.url,
        "origins": list(answers.plan.origins),
        "worst": str(max(finding.severity for finding in findings)) if findings else None,
        "findings": [finding.to_dict() for finding in findings],
        "exchanges": [_exchange(answer) for answer in answers.all],
    }


def print_probe(console: Console, answers: Answers, findings: list[Finding]) -> None:
    """Print what was asked, every finding with its mend, and how many there are of each sort."""
    plan = answers.plan
    pages = ", ".join(plan.origins)
    print_wrapped(console, Text(plan.url, "bold"))
    asked = Text(f"asked {len(answers.all)} times, for pages of {pages}", "dim")
    print_wrapped(console, asked, rest="    ")
    for finding in findings:
        console.print()
        print_wrapped(console, _head(finding), rest="    ")
        for told in (Text(finding.message), Text.assemble(("Fix: ", "green"), finding.hint)):
            print_wrapped(console, told, first="    ", rest="    ")
    console.print()
    if not findings:
        console.print(Text("Nothing is wrong with its answers.", "green"))
        return
    counted = Counter(str(finding.severity) for finding in findings)
    summary = ", ".join(f"{count} {severity}" for severity, count in counted.items())
    print_wrapped(console, Text(f"{len(findings)} finding{'s' * (len(findings) > 1)}: {summary}."))


def _head(finding: Finding) -> Text:
    severity = (str(finding.severity), _STYLES[finding.severity])
    head = Text.assemble(severity, ": ", (finding.code, "bold"))
    if finding.failure is not None:
        head.append(f" [{finding.failure}]", "dim")
    return head


def _exchange(answer: Answer) -> dict[str, Any]:
    request, response = answer.question.request, answer.response
    return {
        "kind": answer.question.kind,
        "method": request.method,
        "url": request.url,
        "origin": answer.question.origin,
        "asked": [list(pair) for pair in request.headers],
        "status": response.status,
        "headers": [list(pair) for pair in response.headers],
    }
