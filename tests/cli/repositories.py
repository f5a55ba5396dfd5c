"""A git repository for the tests of `corekit diff`. Not a test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from shutil import which
from typing import Final

import pytest

needs_git: Final = pytest.mark.skipif(which("git") is None, reason="needs git")


def forget_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore the repository and the settings of the user who runs the tests."""
    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files by their paths."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def run_git(folder: Path, *arguments: str) -> str:
    """Run git, and return what it prints."""
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.com")
    done = subprocess.run(
        ["git", *identity, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def commit(folder: Path, files: Mapping[str, str]) -> None:
    """Commit files, in a new repository if necessary."""
    run_git(folder, "init", "--quiet")
    write(folder, files)
    run_git(folder, "add", "--all")
    run_git(folder, "commit", "--quiet", "--message=test")
