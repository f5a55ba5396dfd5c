"""One piece of advice: a value that a person and a program can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Advice", "Severity"]

Severity = Literal["warning", "note"]


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to know about a valid policy.

    `code` is stable; `severity` is ``warning`` or ``note``; `field` is the argument, `value` the
    part of it that this is about; `message` says what follows from it, `hint` how to mend it.
    """

    severity: Severity
    code: str
    field: str
    value: object
    message: str
    hint: str
