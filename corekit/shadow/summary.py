"""What the lines of a log say together: differences by kind, origin and path, and their fixes.

A line is read by its JSON object only. All values in it come from clients: they were escaped when
they were logged, and a line that was not written by corekit can claim anything.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from itertools import count
from typing import Any, Final
from urllib.parse import quote

from corekit.browser import Fetch
from corekit.diagnostics import escape, show
from corekit.explain import Fix, explain
from corekit.policy import CorsPolicy
from corekit.routes import CorsRoutes

from .events import MARKER
from .kinds import ShadowKind, ShadowReason

__all__ = ["LIMITS", "Difference", "Summary", "find_fixes", "read_log", "summarize"]

LIMITS: Final = (
    "Requests that browsers do not send: after a preflight that is denied today, none follows.",
    "Preflights that browsers have cached: none is sent until its max-age has passed.",
    "What a browser blocks before CORS, such as mixed content or a request to a local network.",
    "Paths that the policy in force does not cover, and origins that are not in the sample.",
    "Origins that a look-up or a receiver of Django's signal allows, or does not know.",
    "Requests that a server answers without the application, such as after an exception.",
    "Later differences of the same origin and reason, if the log has no lines of level INFO.",
)
"""What a shadow cannot see, in sentences."""

_START: Final = f'{{"{MARKER}": '
_PAGE: Final = "https://page.example"
_SERVER: Final = "https://server.example"
_ALLOWING_PAGE: Final = CorsPolicy(allow_origins=[_PAGE])

_LISTS: Final = ("denied", "granted")

_GRANTED: Final = {
    ShadowReason.ORIGIN_GRANTED: "allow_origins",
    ShadowReason.PREFLIGHT_GRANTED: "allow_origins",
    ShadowReason.CREDENTIALS_GRANTED: "allow_credentials",
    ShadowReason.METHOD_GRANTED: "allow_methods",
    ShadowReason.HEADERS_GRANTED: "allow_headers",
    ShadowReason.READING_GRANTED: "expose_headers",
}
"""The settings of the candidate that grant what the policy in force does not."""


@dataclass(frozen=True, slots=True)
class Line:
    """A difference as the log has it; see `corekit.shadow.ShadowEvent`."""

    kind: ShadowKind
    reasons: tuple[ShadowReason, ...]
    method: str
    path: str
    origin: str
    request_method: str | None = None
    request_headers: str | None = None
    denied: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()
    rule: str | None = None
    adapter: str = ""


@dataclass(slots=True)
class Difference:
    """All differences of one origin that have the same reasons, and are about the same names.

    `line` is the first; `count` is their number, and `paths` that for each path.
    """

    line: Line
    count: int = 0
    paths: Counter[str] = field(default_factory=Counter[str])

    def to_dict(self, fixes: Iterable[Fix] = ()) -> dict[str, Any]:
        """Return the fields as a dict for JSON."""
        line = self.line
        return {
            "kind": line.kind.value,
            "reasons": [reason.name for reason in line.reasons],
            "messages": [reason.value for reason in line.reasons],
            "origin": line.origin,
            "denied": list(line.denied),
            "granted": list(line.granted),
            "rule": line.rule,
            "count": self.count,
            "paths": dict(self.paths.most_common()),
            "fixes": [fix.to_dict() for fix in fixes],
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """The differences in a log, the most frequent first.

    The log has `lines` lines; of those of a candidate, `unread` could not be read.
    """

    differences: tuple[Difference, ...]
    unread: int = 0
    lines: int = 0

    @property
    def total(self) -> int:
        """The number of requests that a candidate would decide otherwise."""
        return sum(each.count for each in self.differences)

    @property
    def kinds(self) -> Counter[str]:
        """The number of requests by what a candidate would change."""
        counted = Counter({kind.value: 0 for kind in ShadowKind})
        for each in self.differences:
            counted[each.line.kind.value] += each.count
        return counted

    @property
    def origins(self) -> Counter[str]:
        """The number of requests by origin."""
        counted: Counter[str] = Counter()
        for each in self.differences:
            counted[each.line.origin] += each.count
        return counted

    @property
    def paths(self) -> Counter[str]:
        """The number of requests by path."""
        counted: Counter[str] = Counter()
        for each in self.differences:
            counted.update(each.paths)
        return counted


def summarize(lines: Iterable[str]) -> Summary:
    """Return what the lines of a log say together.

    >>> summary = summarize(["INFO: something else"])
    >>> summary.total, summary.unread, summary.lines
    (0, 0, 1)
    """
    found: dict[object, Difference] = {}
    unread = 0
    number = count()
    for line in read_log(each for each, _ in zip(lines, number, strict=False)):
        if line is None:
            unread += 1
            continue
        key = (line.origin, line.reasons, line.denied, line.granted)
        difference = found.setdefault(key, Difference(line))
        difference.count += 1
        difference.paths[line.path] += 1
    ordered = sorted(found.values(), key=lambda each: -each.count)
    return Summary(tuple(ordered), unread, next(number))


def read_log(lines: Iterable[str]) -> Iterator[Line | None]:
    """Yield each difference in a log, and None for one that cannot be read.

    A line may also be a JSON object that has the line as one of its values, as many log formats do,
    or as several, which is one difference.
    """
    for line in lines:
        yield from dict.fromkeys(map(_read, _find_differences(line)))


def find_fixes(
    difference: Difference, candidate: CorsPolicy | CorsRoutes | None = None
) -> tuple[Fix, ...]:
    """Return how to change the candidate so that it decides as the policy in force.

    Those for what it denies are of `corekit.explain`; without `candidate`, they are for a policy
    that allows all other things. Whether to trust an origin is up to the operator.
    """
    return tuple(
        fix
        for reason in difference.line.reasons
        for fix in _fix(difference.line, reason, candidate)
    )


def _fix(
    line: Line, reason: ShadowReason, candidate: CorsPolicy | CorsRoutes | None
) -> Iterable[Fix]:
    if reason in _GRANTED:
        what = f"{', '.join(map(show, line.granted))} in " if line.granted else ""
        what += _GRANTED[reason]
        if reason is ShadowReason.ORIGIN_GRANTED and line.rule is not None:
            what = f"{show(line.rule)} in {what}"
        return (Fix(f"If pages should not get this access, change {what}."),)
    if reason is ShadowReason.PATH_NOT_COVERED:
        return (Fix(f"Add a route that covers {show(line.path)}."),)
    if reason is ShadowReason.READING_DENIED:
        shown = ", ".join(map(show, line.denied))
        return (Fix(f"Add {shown} to expose_headers.", {"expose_headers": line.denied}),)
    policy: CorsPolicy | CorsRoutes = candidate or CorsPolicy.deny_all()
    page, method = line.origin, "GET"
    names: tuple[str, ...] = ()
    if reason is not ShadowReason.ORIGIN_DENIED:
        page, policy = (page, candidate) if candidate is not None else (_PAGE, _ALLOWING_PAGE)
    if reason is ShadowReason.METHOD_DENIED:
        method = "".join(line.denied[:1])
    elif reason is ShadowReason.HEADERS_DENIED:
        names = line.denied
    fetch = Fetch(
        f"{_SERVER}{quote(line.path)}",
        method,
        tuple((name, '"corekit"') for name in names),
        credentials="include" if reason is ShadowReason.CREDENTIALS_DENIED else "omit",
    )
    try:
        return explain(policy, fetch, page=page).fixes
    except ValueError:
        # The line is not one that corekit wrote.
        return ()


def _find_differences(line: str) -> Iterator[str]:
    for text in _find_texts(line):
        # The last one: the others are in what a client sent, where no quote is unescaped.
        start = text.rfind(_START)
        if start >= 0:
            yield text[start:]


def _find_texts(line: str) -> Iterable[str]:
    if MARKER not in line:
        return ()
    if _START not in line and line.lstrip().startswith("{"):
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            return ()
        return [value for value in values.values() if isinstance(value, str)]
    return (line,)


def _read(text: str) -> Line | None:
    try:
        values, _ = json.JSONDecoder().raw_decode(text)
        kind = ShadowKind(values.pop(MARKER))
        reasons = tuple(ShadowReason[name] for name in values.pop("reasons"))
        known: dict[str, Any] = {
            each.name: _check(values[each.name], is_list=each.name in _LISTS)
            for each in fields(Line)
            if each.name in values
        }
        return Line(kind, reasons, **known) if reasons else None
    except (KeyError, TypeError, ValueError, RecursionError):
        return None


def _check(value: object, *, is_list: bool) -> str | tuple[str, ...]:
    """Return a text, or texts, escaped; raise TypeError for anything else."""
    if is_list and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(map(escape, value))
    if is_list or not isinstance(value, str):
        raise TypeError(type(value).__name__)
    return escape(value)
