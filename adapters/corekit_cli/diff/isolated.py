"""A policy that is read in a separate process, for what one process cannot have twice.

Django's settings are loaded once in a process, and so are the modules of a program, of which two
revisions are compared. The process runs this module, and writes a file of JSON for `read_alone()`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from sysconfig import get_paths
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Final
from warnings import filterwarnings

from corekit import CorsPolicy, CorsRoutes, PolicyWarning
from corekit.arguments import REGEXES, SETTINGS
from corekit.compat import RegexCorsPolicy
from corekit.diagnostics import Diagnostic, show
from corekit.lookups import Lookup, name_lookup
from corekit_cli.output import CommandError
from corekit_cli.sources import names_application, needing_django, reading, require_file, requiring

from .revisions import OTHER_REVISION

NOTE_ON_GUARD: Final = "The guard is not compared, only the policy."
NOTE_ON_HANDLERS: Final = "The policies of single handlers, set with cors(), are not compared."
_NOTE_ON_VIEWS: Final = "The policies of single views, set with cors(), are not compared."
_NOTE_ON_RECEIVERS: Final = "Receivers of the signal check_request_enabled are not compared."

_INSTALLED: Final = ("stdlib", "platstdlib", "purelib", "platlib")


@dataclass(frozen=True, slots=True)
class Read:
    """A policy as it was read.

    `paths` is CORS_URLS_REGEX, `lookup` names the function that is asked for other origins, and
    `notes` say what was left out.
    """

    policy: CorsPolicy | CorsRoutes
    paths: str | None = None
    notes: tuple[str, ...] = ()
    lookup: str | None = None


def read_alone(
    source: str, name: str, *, is_django: bool, folder: Path | None = None, root: Path | None = None
) -> Read:
    """Read the settings of Django, or the policy at an import path, in a separate process.

    `folder` is the current directory of that process. No module may be imported from below `root`
    then, except for installed packages, and a note names other files that are read there. Raises
    `CommandError`, with `source`, if it cannot be read.
    """
    kind = "django" if is_django else "import"
    with TemporaryDirectory() as temporary:
        file = Path(temporary, "policy.json")
        # -P: what is in the current directory does not replace what the command imports.
        command = [sys.executable, "-P", "-m", __name__, str(file), kind, name, str(root or "")]
        # What the program itself prints is not part of the command's output.
        done = subprocess.run(command, cwd=folder, stdout=2, check=False)  # noqa: S603
        data = json.loads(file.read_text()) if file.exists() else {}
    if "error" in data:
        error = {**data["error"], "source": source or data["error"]["source"]}
        found = [Diagnostic(**each) for each in error.pop("diagnostics", ())]
        message, hint = error.pop("message"), error.pop("hint")
        hint = OTHER_REVISION if found and root else hint
        raise CommandError(message, hint, diagnostics=found, **error)
    if not data:
        message = f"The process that reads it ended with status {done.returncode}."
        hint = f"Try: python -c 'import {name.partition(':')[0]}'"
        raise CommandError(message, hint, source=source)
    return Read(build(data["policy"]), data["paths"], tuple(data["notes"]), data["lookup"])


def _main(file: str, kind: str, name: str, root: str) -> None:
    filterwarnings("ignore", category=PolicyWarning)
    before, opened = {*sys.modules}, _watch_files() if root else set[Path]()
    try:
        read = _read_django(name) if kind == "django" else _read_import(name)
        notes = read.notes
        if root:
            _check_modules(set(sys.modules) - before, name, Path(root))
            notes += _note_files(opened, Path(root))
        data: dict[str, Any] = {
            "policy": dump(read.policy),
            "paths": read.paths,
            "notes": notes,
            "lookup": read.lookup,
        }
    except CommandError as error:
        data = {"error": error.data}
    Path(file).write_text(json.dumps(data))


def _read_django(settings: str) -> Read:
    with needing_django("--django"):
        from corekit_cli.django_settings import read_configuration  # noqa: PLC0415 - Django may be missing
    with reading(), requiring(settings or "--django", f"--django {settings}".strip()):
        configuration = read_configuration(settings)
    notes = [_NOTE_ON_VIEWS, _NOTE_ON_RECEIVERS]
    if configuration.guard is not None:
        notes.append(NOTE_ON_GUARD)
    urls = configuration.urls
    return Read(
        configuration.policy,
        None if urls is None else urls.pattern,
        tuple(notes),
        name_function(configuration.lookup),
    )


def _read_import(path: str) -> Read:
    file = require_file(path)
    notes = [NOTE_ON_HANDLERS] if names_application(path) else []
    if file.guard is not None:
        notes.append(NOTE_ON_GUARD)
    return Read(file.require(), notes=tuple(notes), lookup=name_function(file.lookup))


def name_function(lookup: Lookup | None) -> str | None:
    """Return the name of the function of a look-up; None without one."""
    return None if lookup is None else name_lookup(lookup)


def _check_modules(names: set[str], name: str, root: Path) -> None:
    """Raise `CommandError` if a module is from the files in the repository, not the revision."""
    installed = _find_installed()
    for each in sorted(names):
        place = _place_of(sys.modules[each])
        if place is None or not place.is_relative_to(root.resolve()):
            continue
        if installed.isdisjoint(place.parents):
            message = f"{each} was imported from {show(str(place))}, which is not of the revision."
            hint = "Name the folder of the modules in the revision, such as PYTHONPATH=src."
            raise CommandError(message, hint, source=name)


def _watch_files() -> set[Path]:
    """Return a set, to which the files that this process reads from now on are added."""
    opened: set[Path] = set()
    sys.addaudithook(partial(_add_opened, opened))
    return opened


def _add_opened(opened: set[Path], event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open":
        return
    path, _, flags = arguments
    if isinstance(path, str | bytes | os.PathLike) and not flags & (os.O_WRONLY | os.O_RDWR):
        opened.add(Path(os.fsdecode(path)).absolute())


def _note_files(opened: set[Path], root: Path) -> tuple[str, ...]:
    """Return a note on files that were read in the repository, not in the revision."""
    ignored = {*_find_installed(), root.resolve() / ".git"}
    files = sorted(
        str(place)
        for place in {each.resolve() for each in opened if each.is_file()}
        if place.is_relative_to(root.resolve()) and ignored.isdisjoint(place.parents)
    )
    if not files:
        return ()
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    note = (
        f"The code of the revision reads {show(files[0])}{more}, as in the working tree, not as in"
        " the revision. Use paths relative to __file__."
    )
    return (note,)


def _find_installed() -> set[Path]:
    """Return the folders of installed packages."""
    paths = get_paths()
    # Not all of them: one is the prefix, which may be /usr.
    return {Path(paths[each]).resolve() for each in _INSTALLED}


def _place_of(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if isinstance(file, str) else None


def dump(policy: CorsPolicy | CorsRoutes) -> Any:
    """Return a policy or routes as data for JSON."""
    if isinstance(policy, CorsRoutes):
        return [(path, dump(each)) for path, each in policy.routes]
    return {name: _to_json(getattr(policy, name)) for name in SETTINGS if hasattr(policy, name)}


def _to_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_to_json(each) for each in value]
    return [value.pattern, value.flags] if isinstance(value, re.Pattern) else value


def build(data: Any) -> CorsPolicy | CorsRoutes:
    """Build the policy or routes of `dump()`; a policy is one with regular expressions."""
    if isinstance(data, list):
        return CorsRoutes([(path, _build_policy(each)) for path, each in data])
    return _build_policy(data)


def _build_policy(data: dict[str, Any]) -> CorsPolicy:
    # It may have no origins, in contrast to a policy without regular expressions.
    regexes = [re.compile(*each) for each in data.pop(REGEXES, ())]
    return RegexCorsPolicy(**data, allow_origin_regexes=regexes)


if __name__ == "__main__":
    _main(*sys.argv[1:])
