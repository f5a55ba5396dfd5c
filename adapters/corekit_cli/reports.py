"""The results of `corekit check` in the formats of other programs: JSON, GitHub, SARIF and JUnit.

`corekit diff` writes those of GitHub and SARIF too.

- GitHub's workflow commands annotate the lines of a pull request:
  https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
- SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
- JUnit's XML, one test case per source, has no standard; elements that every reader knows are used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from corekit import __version__
from corekit.diagnostics import Diagnostic, Severity

from .output import CommandError, escape, report_data, to_json

_HOME: Final = "https://github.com/corekit/corekit"
_GITHUB: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "info": "notice"}
_SARIF: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "info": "note"}


@dataclass(frozen=True, slots=True)
class Checked:
    """One source that was checked: what was found, or the error if it could not be read.

    With an error, `found` are the problems of the policy, if these are the reason. `is_file` is
    whether the source is the name of a file, and `failing` are the severities that are
    not accepted.
    """

    source: str
    found: Sequence[Diagnostic] = ()
    is_file: bool = False
    failing: frozenset[Severity] = frozenset({"error"})
    error: CommandError | None = None

    @property
    def is_ok(self) -> bool:
        """Whether the policy was read, and nothing was found that is not accepted."""
        return self.error is None and not self.failures

    @property
    def failures(self) -> list[Diagnostic]:
        """What was found that is not accepted."""
        return [each for each in self.found if each.severity in self.failing]

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """What was found; an error of reading is a diagnostic too."""
        if self.error is not None and not self.found:
            data, subject = self.error.data, self.source
            found = Diagnostic("unreadable", "error", data["message"], data["hint"], subject)
            return [
                replace(found, source=self.source, line=data.get("line"), column=data.get("column"))
            ]
        return [each if each.source else replace(each, source=self.source) for each in self.found]


def _write_json(results: Sequence[Checked]) -> str:
    data: dict[str, Any] = {
        "ok": all(each.is_ok for each in results),
        "sources": [each.source for each in results],
        "diagnostics": [found.to_dict() for each in results for found in each.diagnostics],
    }
    errors = [each.error for each in results if each.error is not None]
    return to_json(report_data({**data, "error": errors[0].data} if errors else data))


def write_github(results: Sequence[Checked]) -> str:
    """Return the workflow commands that annotate the files."""
    return "\n".join(_annotate(each, found) for each in results for found in each.diagnostics)


def _annotate(checked: Checked, found: Diagnostic) -> str:
    place = {"file": checked.source if checked.is_file else None}
    properties: dict[str, object] = {
        **place,
        "line": found.line,
        "col": found.column,
        "title": f"corekit: {found.code}",
    }
    # What ends a property or a message is written as in a URL.
    shown = ",".join(
        f"{name}={_escape(str(value)).replace(':', '%3A').replace(',', '%2C')}"
        for name, value in properties.items()
        if value is not None
    )
    return f"::{_GITHUB[found.severity]} {shown}::{_escape(_sentence(checked, found))}"


def _escape(text: str) -> str:
    return escape(text).replace("%", "%25")


def _sentence(checked: Checked, found: Diagnostic) -> str:
    source = "" if checked.is_file or found.code == "unreadable" else f"{checked.source}: "
    route = "" if found.route is None else f"{found.route} "
    return escape(f"{source}{route}{found}")


def write_sarif(results: Sequence[Checked], command: str = "check") -> str:
    """Return a log of SARIF with what a command found."""
    pairs = [(each, found) for each in results for found in each.diagnostics]
    codes = list(dict.fromkeys(found.code for _, found in pairs))
    help_page = f"{_HOME}/blob/main/docs/command.md#corekit-{command}"
    run = {
        "tool": {
            "driver": {
                "name": "corekit",
                "version": __version__,
                "informationUri": _HOME,
                "rules": [{"id": code, "helpUri": help_page} for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": all(each.error is None for each in results)}],
        "results": [
            {
                "ruleId": found.code,
                "ruleIndex": codes.index(found.code),
                "level": _SARIF[found.severity],
                "message": {"text": _sentence(checked, found)},
                "locations": _locations(checked, found),
            }
            for checked, found in pairs
        ],
    }
    return to_json(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [run],
        }
    )


def _locations(checked: Checked, found: Diagnostic) -> list[dict[str, Any]]:
    if not checked.is_file:
        return []
    path = Path(checked.source)
    place: dict[str, Any] = {
        "artifactLocation": {"uri": path.as_uri() if path.is_absolute() else quote(path.as_posix())}
    }
    if found.line is not None:
        region = {"startLine": found.line, "startColumn": found.column}
        place["region"] = {name: value for name, value in region.items() if value is not None}
    return [{"physicalLocation": place}]


def _write_junit(results: Sequence[Checked]) -> str:
    counts = {
        "tests": str(len(results)),
        "failures": str(sum(bool(each.failures) for each in results)),
        "errors": str(sum(each.error is not None for each in results)),
    }
    root = Element("testsuites", counts)
    suite = SubElement(root, "testsuite", {"name": "corekit check", **counts})
    for each in results:
        name = escape(each.source)
        case = SubElement(suite, "testcase", {"classname": "corekit.check", "name": name})
        lines = [_line(each, found) for found in each.diagnostics]
        if each.is_ok:
            if lines:
                SubElement(case, "system-out").text = "\n".join(lines)
            continue
        first = (each.failures or each.diagnostics)[0]
        attributes = {"type": first.code, "message": escape(first.message)}
        kind = "failure" if each.error is None else "error"
        SubElement(case, kind, attributes).text = "\n".join(lines)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}'


def _line(checked: Checked, found: Diagnostic) -> str:
    place = "" if found.line is None else f":{found.line}"
    place = place if found.column is None else f"{place}:{found.column}"
    return f"{escape(checked.source)}{place}: {found.severity}: {_sentence(checked, found)}"


WRITERS: Final[dict[str, Callable[[Sequence[Checked]], str]]] = {
    "json": _write_json,
    "github": write_github,
    "sarif": write_sarif,
    "junit": _write_junit,
}
"""By the name of the format, a function from the results to the text that is printed."""
