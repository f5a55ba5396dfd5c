"""Break one rule after the other in a copy of the code, and list the mutants that survive.

mutmut mutates small parts of functions. The files in `rules/`, one for each module, have mutants of
whole rules, including tables and regular expressions, which mutmut does not change. A rule has a
name, the code that implements it, which occurs once in the module, and the code of the mutant.
`make mutation` runs this.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

ROOT = Path(__file__).parents[2]
RULES = Path(__file__).with_name("rules")
COPIED = (
    *("corekit", "adapters", "tests", "docs", "examples"),
    *("conftest.py", "pyproject.toml", "README.md"),
)
_LIVE = (
    *("tests/core/test_live.py", "tests/core/test_live_signals.py"),
    "tests/core/test_live_snapshots.py",
)
_SNAPSHOTS = (
    *("tests/core/test_snapshots.py", "tests/core/test_live_snapshots.py"),
    "tests/core/test_extended_routes.py",
)
_REFRESHING = (
    *("tests/config/test_refreshing.py", "tests/config/test_refreshing_tasks.py"),
    *("tests/config/test_refreshing_together.py", "tests/config/test_refreshing_closed.py"),
    "tests/config/test_empty_loads.py",
)
TESTS = {
    "corekit": ("tests/core", "tests/browser_model", "tests/explain"),
    "corekit.diff": ("tests/diff",),
    "corekit._loads": _SNAPSHOTS,
    "corekit.extended": _SNAPSHOTS,
    "corekit.guard": ("tests/guard",),
    "corekit.live": _LIVE,
    "corekit._shadowing": ("tests/shadow",),
    "corekit.lookups": ("tests/lookups",),
    "corekit.snapshots": _SNAPSHOTS,
    "corekit.locks": ("tests/core/test_locks.py",),
    "corekit._sources": _LIVE,
    "corekit.shadow": ("tests/shadow",),
    "corekit_asgi": ("tests/asgi",),
    "corekit_config": ("tests/config",),
    "corekit_config.loaded_origins": _REFRESHING,
    "corekit_config.polling": (
        "tests/config/test_watching.py",
        "tests/config/test_forks.py",
        "tests/config/test_gevent.py",
    ),
    "corekit_config.uwsgi": ("tests/config/test_uwsgi.py",),
    "corekit_config.refreshing": _REFRESHING,
    "corekit_config.watching": (
        "tests/config/test_watched_files.py",
        "tests/config/test_watching.py",
        "tests/config/test_watching_closed.py",
        "tests/config/test_watching_signals.py",
    ),
    "corekit_django": (
        "tests/django/test_signal.py",
        "tests/django/test_signal_lookup.py",
        "tests/django/test_signal_concurrency.py",
    ),
    "corekit_lookups": ("tests/lookups",),
    "corekit_wsgi": ("tests/wsgi",),
}
SECONDS = 1200
"""The limit for the tests of unbroken code."""
TIMES = 4
"""A mutant is killed when its tests take this many times as long as those of unbroken code."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, its module, the code `before` that implements it, and the code of the mutant."""

    name: str
    module: str
    before: str
    after: str

    @property
    def part(self) -> str:
        """The part of the project that has its own tests."""
        return max((part for part in TESTS if f"{self.module}.".startswith(f"{part}.")), key=len)

    @property
    def file(self) -> Path:
        source = ROOT if self.module.startswith("corekit.") else ROOT / "adapters"
        return source / f"{self.module.replace('.', '/')}.py"

    def __str__(self) -> str:
        return f"{self.module}: {self.name}"


def read_rules() -> Iterator[Rule]:
    for path in sorted(RULES.glob("*.toml")):
        for name, (before, after) in tomllib.loads(path.read_text("utf-8")).items():
            yield Rule(name, path.stem, before, after)


def main(words: list[str]) -> int:
    """Break every rule, or those that contain one of the words; return the number of survivors."""
    rules = [rule for rule in read_rules() if not words or any(word in str(rule) for word in words)]
    survived = 0
    with TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            copier = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copier(ROOT / name, copy / name)
        limits = {part: _limit_of(copy, part) for part in sorted({rule.part for rule in rules})}
        for rule in rules:
            if rule.file.read_text("utf-8").count(rule.before) != 1:
                survived += 1
                print(f"not found once in the code: {rule}", flush=True)
            elif not _is_killed(copy, rule, limits[rule.part]):
                survived += 1
                print(f"survived: {rule}", flush=True)
    print(f"{survived} of {len(rules)} mutants of rules survived")
    return survived


def _limit_of(copy: Path, part: str) -> float:
    start = monotonic()
    if not _passes(copy, part, SECONDS):
        raise SystemExit(f"the tests of {part} fail before any rule is broken")
    return max(60, TIMES * (monotonic() - start))


def _is_killed(copy: Path, rule: Rule, limit: float) -> bool:
    path = copy / rule.file.relative_to(ROOT)
    code = path.read_text("utf-8")
    path.write_text(code.replace(rule.before, rule.after), "utf-8")
    try:
        return not _passes(copy, rule.part, limit)
    finally:
        path.write_text(code, "utf-8")


def _passes(copy: Path, part: str, limit: float) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-o", "addopts=--import-mode=importlib"]
    # The copy takes precedence over the installed code.
    path = os.pathsep.join([str(copy), str(copy / "adapters")])
    environ = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*command, *TESTS[part]],
            cwd=copy,
            env=environ,
            capture_output=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
