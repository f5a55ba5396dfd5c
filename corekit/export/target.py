"""What a target says about itself, and the result of an export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from textwrap import wrap
from typing import Any, Final

from corekit.diagnostics import Diagnostic, escape
from corekit.policy import CorsPolicy

_WIDTH = 100

NOT_PROVEN: Final = "Not proven by running."
"""What is said of a target that does not run in the tests."""


class Level(Enum):
    """How close the responses of a proxy are to those of corekit: the value is the public name."""

    EXACT = "exact"
    """A browser gets the same status, the same Access-Control-* headers and the same Vary."""

    BROWSER_EQUAL = "browser-equal"
    """The responses differ, but pages may send and read the same."""


@dataclass(frozen=True, slots=True)
class Target:
    """A proxy: its name on the command line, what it has to be, and the functions that write.

    `requires` is the oldest version. `limits` are sentences about what the target cannot do, or
    what has to be known about it. `comment` begins a comment that ends with the line. `write`
    returns the files by their names; with the URL of an application, one complete configuration.
    Its last argument is what the files' names begin with, and the names in them that two policies
    in one proxy would share.
    `find_problems` returns what this target cannot say of a policy, `find_differences` what differs
    for clients other than browsers, and at the level `BROWSER_EQUAL` also for browsers.

    If `is_runnable` is false, the target is a service that does not run on one's own machine: it
    has no complete configuration, and the tests know only its documentation. If `comment` is empty,
    the format has no comments, and the files have no head.
    """

    name: str
    requires: str
    level: Level
    limits: tuple[str, ...]
    comment: str
    write: Callable[[CorsPolicy, str | None, str], Mapping[str, str]]
    find_problems: Callable[[CorsPolicy], Iterable[Diagnostic]]
    find_differences: Callable[[CorsPolicy], Iterable[str]]
    is_runnable: bool = True


@dataclass(frozen=True, slots=True)
class Export:
    """A policy in the language of a proxy: `files` by name, none if there are errors.

    `differences` are sentences about responses that differ, and `problems` what is not exported.
    `head` is the head of each file; if the format has no comments, it is only here.
    """

    target: Target
    files: Mapping[str, str]
    differences: tuple[str, ...]
    problems: tuple[Diagnostic, ...]
    head: str = ""
    fingerprint: str | None = None

    @property
    def level(self) -> Level:
        """How close the responses are to those of corekit."""
        return self.target.level

    @property
    def text(self) -> str:
        """All files, one after the other."""
        return "\n".join(self.files.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dict for JSON."""
        return {
            "target": self.target.name,
            "level": self.level.value,
            "fingerprint": self.fingerprint,
            "files": dict(self.files),
            "differences": list(self.differences),
            "diagnostics": [each.to_dict() for each in self.problems],
        }


def write_head(target: Target, policy: CorsPolicy, command: str, differences: Iterable[str]) -> str:
    """Return the comment at the head of each file: the policy, how to write it again, the level."""
    level = f"Level: {target.level.value}."
    if not target.is_runnable:
        level += f" {NOT_PROVEN}"
    width = _WIDTH - len(target.comment)
    # Traefik reads its files as templates, and two braces begin an action.
    shown = escape(command).replace("{{", r"{\x7b")
    lines = [
        f"CORS policy {policy.fingerprint} for {target.requires}, written by:",
        f"    {shown}",
        level,
    ]
    for each in differences:
        lines += wrap(f"- {each}", width, subsequent_indent="  ")
    return "".join(f"{target.comment}{line}\n" for line in lines)
