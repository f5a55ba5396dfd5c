"""The top level of the repository holds what is listed here, and nothing else."""

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


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_top_level_holds_only_listed_files() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    paths = listed.stdout.splitlines()
    assert {path.partition("/")[0] for path in paths if "/" in path} == FOLDERS
    assert {path for path in paths if "/" not in path} == FILES
