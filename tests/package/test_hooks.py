"""The hook for pre-commit, as pre-commit itself reads and matches it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from corekit_cli.command import corekit

ROOT: Final = Path(__file__).parents[2]
MANIFEST: Final = ROOT / ".pre-commit-hooks.yaml"


def test_manifest_is_valid() -> None:
    pytest.importorskip("pre_commit")
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_hook_runs_the_command_on_policy_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clientlib = pytest.importorskip("pre_commit.clientlib")
    (hook,) = clientlib.load_manifest(str(MANIFEST))
    assert hook["additional_dependencies"] == [".[cli]"]
    matches = re.compile(hook["files"]).search
    names = ["cors.toml", "services/shop/cors.json"]
    assert [
        each for each in (*names, "cors.py", "mycors.toml", "cors.toml.bak") if matches(each)
    ] == (names)
    monkeypatch.chdir(tmp_path)
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"allow_origins": ["*"]}' if name.endswith("json") else "max_age = 1")
    program, *arguments = hook["entry"].split()
    assert program == "corekit"
    result = CliRunner().invoke(corekit, [*arguments, *names])
    assert (result.exit_code, "[no-origins]" in result.stdout) == (1, True)
