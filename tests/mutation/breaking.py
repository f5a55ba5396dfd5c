"""Break one rule after the other in a copy of the code, and name those that no test notices.

mutmut changes single expressions inside functions. In `rules/`, a file for each module, are whole
rules and the way to break them, tables and regular expressions among them, which mutmut leaves
alone. A rule is in three parts: its name, the code that keeps it, which stands there once, and what
that is broken into. Run by `make mutation`.
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

ROOT = Path(__file__).parents[2]
RULES = Path(__file__).with_name("rules")
COPIED = (
    *("corekit", "adapters", "tests", "docs", "examples"),
    *("conftest.py", "pyproject.toml", "README.md"),
)
TESTS = {
    "corekit": ("tests/core", "tests/browser_model", "tests/explain"),
    "corekit_asgi": ("tests/asgi",),
    "corekit_wsgi": ("tests/wsgi",),
}
SECONDS = 120
"""How long the tests may take; what never ends is noticed too."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, the module that keeps it by the code `before`, and what that is broken into."""

    name: str
    module: str
    before: str
    after: str

    @property
    def package(self) -> str:
        return self.module.partition(".")[0]

    @property
    def file(self) -> Path:
        source = ROOT if self.package == "corekit" else ROOT / "adapters"
        return source / f"{self.module.replace('.', '/')}.py"

    def __str__(self) -> str:
        return f"{self.module}: {self.name}"


def read_rules() -> Iterator[Rule]:
    for path in sorted(RULES.glob("*.toml")):
        for name, (before, after) in tomllib.loads(path.read_text("utf-8")).items():
            yield Rule(name, path.stem, before, after)


def main(words: list[str]) -> int:
    """Break every rule, or those that have one of the words in them; return how many are missed."""
    rules = [rule for rule in read_rules() if not words or any(word in str(rule) for word in words)]
    missed = 0
    with TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            copier = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copier(ROOT / name, copy / name)
        for package in sorted({rule.package for rule in rules}):
            if not _passes(copy, package):
                raise SystemExit(f"the tests of {package} fail before any rule is broken")
        for rule in rules:
            if rule.file.read_text("utf-8").count(rule.before) != 1:
                missed += 1
                print(f"not one place in the code: {rule}", flush=True)
            elif not _is_noticed(copy, rule):
                missed += 1
                print(f"not noticed: {rule}", flush=True)
    print(f"{missed} of {len(rules)} rules that were broken on purpose were not noticed")
    return missed


def _is_noticed(copy: Path, rule: Rule) -> bool:
    path = copy / rule.file.relative_to(ROOT)
    code = path.read_text("utf-8")
    path.write_text(code.replace(rule.before, rule.after), "utf-8")
    try:
        return not _passes(copy, rule.package)
    finally:
        path.write_text(code, "utf-8")


def _passes(copy: Path, package: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-o", "addopts=--import-mode=importlib"]
    # Before what is installed, which is the code that is being worked on.
    path = os.pathsep.join([str(copy), str(copy / "adapters")])
    environ = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*command, *TESTS[package]],
            cwd=copy,
            env=environ,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
