"""What a probe found, for people and for programs. Words say everything; colour only repeats it."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .findings import Finding, Severity
from .questions import Answer, Answers

__all__ = ["as_data", "print_probe"]

_STYLES: Final = {
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}


def as_data(answers: Answers, findings: list[Finding]) -> dict[str, Any]:
    """Tell the findings, and what went over the wire, ready for JSON."""
    return {
        "url": answers.plan.url,
        "origins": list(answers.plan.origins),
        "worst": str(max(finding.severity for finding in findings)) if findings else None,
        "findings": [finding.as_data() for finding in findings],
        "exchanges": [_exchange(answer) for answer in answers.all],
    }


def print_probe(console: Console, answers: Answers, findings: list[Finding]) -> None:
    """Print what was asked, every finding with its mend, and how many there are of each sort."""
    plan = answers.plan
    console.print(Text(f"{plan.url}", "bold"), soft_wrap=True)
    pages = ", ".join(plan.origins)
    console.print(Text(f"asked {len(answers.all)} times, for pages of {pages}", "dim"))
    if not findings:
        console.print(Text("\nNothing is wrong with its answers.", "green"))
        return
    table = Table(box=None, show_header=False, padding=(1, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        table.add_row(Text(str(finding.severity), _STYLES[finding.severity]), _tell(finding))
    console.print(table)
    counted = Counter(str(finding.severity) for finding in findings)
    summary = ", ".join(f"{count} {severity}" for severity, count in counted.items())
    console.print(f"\n{len(findings)} finding{'s' * (len(findings) > 1)}: {summary}.")


def _tell(finding: Finding) -> Text:
    told = Text.assemble((finding.code, "bold"))
    if finding.failure is not None:
        told.append(f"  {finding.failure}", "dim")
    told.append(f"\n{finding.sentence}\n")
    told.append("Mend: ", "green")
    told.append(finding.mend)
    return told


def _exchange(answer: Answer) -> dict[str, Any]:
    request, response = answer.question.request, answer.response
    return {
        "method": request.method,
        "url": request.url,
        "origin": answer.question.origin,
        "status": response.status,
        "headers": [list(pair) for pair in response.headers],
    }
