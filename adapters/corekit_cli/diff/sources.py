"""The two policies that `corekit diff` compares, wherever they come from, and the comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit.diagnostics import Diagnostic, escape, show
from corekit.diff import Comparison, Difference, DifferenceKind, Direction, compare
from corekit_cli.output import CommandError
from corekit_cli.sources import names_application, reading, require_file
from corekit_config.files import PolicyFile, parse_policy_file
from corekit_config.finding import PYTHON_FILE, find_kind, name_module

from .isolated import NOTE_ON_GUARD, NOTE_ON_HANDLERS, name_function, read_alone
from .revisions import OTHER_REVISION, Revised

_ARGUMENTS: Final = {
    DifferenceKind.ORIGINS: "allow_origins",
    DifferenceKind.CREDENTIALS: "allow_credentials",
    DifferenceKind.METHODS: "allow_methods",
    DifferenceKind.REQUEST_HEADERS: "allow_headers",
    DifferenceKind.RESPONSE_HEADERS: "expose_headers",
    DifferenceKind.PRIVATE_NETWORK: "allow_private_network",
    DifferenceKind.MAX_AGE: "max_age",
    DifferenceKind.NEWLY_GOVERNED: "path",
    DifferenceKind.NO_LONGER_GOVERNED: "path",
}
_DIRECTIONS: Final = (*Direction,)
_RISK_OF_PATHS: Final = 70
_RISK_OF_LOOKUPS: Final = 88
_NOTE_ON_LOOKUPS: Final = "Both look up other origins. What the look-ups allow is not compared."
_is_file_name = re.compile(r".*\.(?:toml|json)", re.IGNORECASE | re.DOTALL).fullmatch


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two policies: OLD or NEW.

    `source` is how it was named, `place` the file that reports name, None if it is not from a file.
    `lookup` names the function that is asked for origins that the policy does not list.
    """

    source: str
    policy: CorsPolicy | CorsRoutes
    paths: str | None = None
    notes: tuple[str, ...] = ()
    file: PolicyFile | None = None
    place: str | None = None
    lookup: str | None = None

    def locate(self, difference: Difference, found: Diagnostic) -> Diagnostic:
        """Return a diagnostic with the line and the column that a difference is about, if known."""
        if self.file is None or self.place is None:
            return found
        name, value = _ARGUMENTS[difference.kind], next(iter(difference.values), None)
        regexes = getattr(self.policy, "allow_origin_regexes", ())
        if value in [each.pattern for each in regexes]:
            name = "allow_origin_regexes"
        route = None
        if isinstance(self.policy, CorsRoutes) and difference.path is not None:
            match = self.policy.find(difference.path)
            route = None if match is None else match.route
        at = self.file.locate(Diagnostic("", "info", "", "", name, value, route=route))
        return replace(found, route=route, line=at.line, column=at.column)


def read_side(text: str, *, is_django: bool) -> Side:
    """Read the policy that OLD or NEW names; raises `CommandError` if it cannot be read."""
    revised = Revised.parse(text)
    if is_django:
        _check_settings(text, text if revised is None else revised.name)
    if revised is None:
        return _read_alone(text, text, is_django=True) if is_django else _read_here(text)
    if not is_django and (":" not in revised.name or _is_file_name(revised.name)):
        return _read_revised_file(revised)
    with TemporaryDirectory() as temporary:
        folder, root = revised.export(Path(temporary))
        return _read_alone(text, revised.name, is_django=is_django, folder=folder, root=root)


def _check_settings(text: str, name: str) -> None:
    """Raise `CommandError` if what `--django` is about cannot be a module with settings."""
    prefix = text.removesuffix(name)
    if name.endswith(".py"):
        module = name_module(Path(name))
        raise CommandError(PYTHON_FILE, f"Name the module: {prefix}{module}.", source=text)
    if _is_file_name(name):
        message = "--django is for settings of Django, and this is the name of a file."
        raise CommandError(message, "Leave out --django to compare files.", source=text)
    if ":" in name:
        message = "--django takes the name of a module, without a colon."
        hint = "Leave out --django for a policy in a module."
        if not prefix:
            hint = f"Write git:{name} for a revision, or leave out --django for a policy."
        raise CommandError(message, hint, source=text)


def _read_here(text: str) -> Side:
    revision, _, name = text.partition(":")
    # "C:" is a drive.
    names_revision = len(revision) > 1 and (":" in name or _is_file_name(name))
    if names_revision and find_kind(text) is None:
        message, hint = "There is no such file.", f"Did you mean git:{text}?"
        raise CommandError(message, hint, source=text)
    file = require_file(text)
    notes = [NOTE_ON_HANDLERS] if names_application(text) else []
    place = text if file.document is not None and find_kind(text) == "file" else None
    return _side_of(file, place, notes)


def _read_revised_file(revised: Revised) -> Side:
    if revised.name.endswith(".py"):
        module = name_module(Path(revised.name))
        hint = f"Name the policy in it, such as git:{revised.revision}:{module}:policy."
        raise CommandError(PYTHON_FILE, hint, source=revised.source)
    content = revised.read()
    with reading():
        file = parse_policy_file(content, revised.source)
        try:
            file.require()
        except PolicyError as error:
            raise CommandError(
                "The policy has problems.",
                OTHER_REVISION,
                source=revised.source,
                diagnostics=error.problems,
            ) from None
    # Only such a path is the same for the reader of a report.
    place = None if revised.name.startswith(("./", "../")) else revised.name
    return _side_of(file, place, [])


def _side_of(file: PolicyFile, place: str | None, notes: list[str]) -> Side:
    if file.guard is not None:
        notes.append(NOTE_ON_GUARD)
    lookup = name_function(file.lookup)
    return Side(file.source, file.require(), None, tuple(notes), file, place, lookup)


def _read_alone(
    text: str, name: str, *, is_django: bool, folder: Path | None = None, root: Path | None = None
) -> Side:
    read = read_alone(text, name, is_django=is_django, folder=folder, root=root)
    return Side(text, read.policy, read.paths, read.notes, lookup=read.lookup)


def compare_sides(old: Side, new: Side) -> Comparison:
    """Compare two policies, the paths that Django's settings restrict them to, and look-ups."""
    found = (
        *compare(old.policy, new.policy).differences,
        *_compare_paths(old.paths, new.paths),
        *_compare_lookups(old.lookup, new.lookup),
    )
    return Comparison(
        tuple(sorted(found, key=lambda each: (_DIRECTIONS.index(each.direction), -each.risk)))
    )


def find_notes(old: Side, new: Side) -> list[str]:
    """Return what was not compared."""
    notes = [*old.notes, *new.notes]
    if old.lookup is not None and new.lookup is not None:
        notes.append(_NOTE_ON_LOOKUPS)
    return [*dict.fromkeys(notes)]


def _compare_paths(old: str | None, new: str | None) -> Iterator[Difference]:
    if old == new:
        return
    kind = DifferenceKind.NEWLY_GOVERNED
    if old is None:
        kind = DifferenceKind.NO_LONGER_GOVERNED
    before, after = ("every path" if each is None else show(each) for each in (old, new))
    message = (
        f"CORS_URLS_REGEX changes from {before} to {after}. Whether the policy covers more or fewer"
        " paths cannot be determined."
    )
    yield Difference(kind, Direction.UNKNOWN, message, risk=_RISK_OF_PATHS)


def _compare_lookups(old: str | None, new: str | None) -> Iterator[Difference]:
    if (old is None) == (new is None):
        return
    name = escape(new or old or "")
    direction, asked, allows = Direction.UNKNOWN, "now", "allows"
    if new is None:
        direction, asked, allows = Direction.NARROWER, "no longer", "allowed"
    message = (
        f"For origins that the policy does not list, {name} is {asked} asked. Which of them it"
        f" {allows} cannot be determined."
    )
    yield Difference(DifferenceKind.ORIGINS, direction, message, risk=_RISK_OF_LOOKUPS)
