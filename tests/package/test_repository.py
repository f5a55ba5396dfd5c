"""The top level holds what is listed here, and no Python file is longer than 400 lines."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]

FOLDERS: Final = {".ci", "adapters", "benchmarks", "corekit", "docs", "examples", "tests"}
FILES: Final = {
    ".gitignore",
    ".pre-commit-config.yaml",
    ".pre-commit-hooks.yaml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "conftest.py",
    "noxfile.py",
    "pyproject.toml",
}
MOST_LINES: Final = 400


@pytest.fixture
def paths() -> list[str]:
    """Return the files that git tracks."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, or git is not installed")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return listed.stdout.splitlines()


def test_top_level_holds_only_listed_files(paths: list[str]) -> None:
    assert {path.partition("/")[0] for path in paths if "/" in path} == FOLDERS
    assert {path for path in paths if "/" not in path} == FILES


def test_files_are_short(paths: list[str]) -> None:
    # git lists a deleted file until the deletion is committed.
    files = {path for path in paths if path.endswith(".py") and (ROOT / path).exists()}
    lengths = {path: len((ROOT / path).read_bytes().splitlines()) for path in files}
    assert not {path for path, lines in lengths.items() if lines > MOST_LINES}
