"""What is wrong and how to fix it: the one shape in which every part of corekit reports.

A problem of a configuration, advice on a valid policy, a finding about a live server: each is a
`Diagnostic`, so that the commands, Django's checks and the playground print and serialize them
alike. Nothing here decides what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, NamedTuple

__all__ = ["SEVERITIES", "Diagnostic", "Kind", "Severity", "escape", "make_diagnostic", "show"]

Severity = Literal["error", "warning", "info"]

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")
"""The severities, the most severe first."""

_SHOWN_CHARACTERS: Final = 120
_ESCAPED_CHARACTERS: Final = 200


def show(value: object) -> str:
    """Return `value` as Python writes it, with control characters escaped and the length bounded.

    >>> show("https://a.example\\r\\n")
    "'https://a.example\\\\r\\\\n'"
    """
    if isinstance(value, str | bytes) and len(value) > _SHOWN_CHARACTERS:
        return f"{value[:_SHOWN_CHARACTERS]!a}... ({len(value)} long)"
    try:
        text = ascii(value)
    except Exception:  # noqa: BLE001 - a value may be anything, and so may its repr
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def escape(text: str) -> str:
    """Return untrusted text with control characters escaped and the length bounded.

    >>> escape("x-a\\r\\n\\x1b[2J")
    'x-a\\\\r\\\\n\\\\x1b[2J'
    """
    bounded = text if len(text) <= _ESCAPED_CHARACTERS else f"{text[:_ESCAPED_CHARACTERS]}..."
    return "".join(
        each if each.isascii() and each.isprintable() else ascii(each)[1:-1] for each in bounded
    )


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong, or worth knowing, and how to fix it.

    `code` is stable. `severity` is ``error``, ``warning`` or ``info``. `message` is a sentence
    about what is wrong, `hint` an instruction. `subject` is what this is about, in the user's own
    words: the setting (``allow_origins[2]``) or the origin that was tried. `value` is what was
    found, None if there is nothing to show, and `fix` the value to write instead, None if there is
    no single one. `route` is the path of the route whose policy this is about, `failure` Chromium's
    name for what a browser makes of it; both are None in most cases. `source` is the file or what
    else was read, `line` and `column`, counted from 1, where in it; None if that is not known.

    >>> print(Diagnostic("no-effect", "warning", "It has no effect.", "Remove it.", "max_age"))
    max_age: It has no effect. Remove it. [no-effect]
    """

    code: str
    severity: Severity
    message: str
    hint: str
    subject: str
    value: object = None
    fix: object = None
    route: str | None = None
    failure: str | None = None
    source: str | None = None
    line: int | None = None
    column: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dict for JSON; what JSON cannot hold is shown as text."""
        values = {each.name: getattr(self, each.name) for each in fields(Diagnostic)}
        return {**values, "value": _to_json(self.value), "fix": _to_json(self.fix)}

    def __str__(self) -> str:
        value = "" if self.value is None else f" = {show(self.value)}"
        return f"{self.subject}{value}: {self.message} {self.hint} [{self.code}]"


class Kind(NamedTuple):
    """What diagnostics with one code share: the usual severity, and the templates of the texts."""

    severity: Severity
    message: str
    hint: str


def make_diagnostic(
    kinds: Mapping[str, Kind],
    code: str,
    subject: str,
    value: object = None,
    *,
    severity: Severity | None = None,
    failure: str | None = None,
    **parameters: object,
) -> Diagnostic:
    """Build the diagnostic for a code; `parameters` are those of the templates.

    >>> kinds = {"no-effect": Kind("warning", "It allows {origin} already.", "Remove it.")}
    >>> print(make_diagnostic(kinds, "no-effect", "allow_origins", origin="https://a.example"))
    allow_origins: It allows https://a.example already. Remove it. [no-effect]
    """
    usual, message, hint = kinds[code]
    message, hint = message.format(**parameters), hint.format(**parameters)
    return Diagnostic(code, severity or usual, message, hint, subject, value, failure=failure)


def _to_json(value: object) -> object:
    import json  # noqa: PLC0415 - only reports need it

    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return show(value)
    return value
