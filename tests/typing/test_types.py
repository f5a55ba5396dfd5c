"""Type checkers report the mistakes in calls.py, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

pytest.importorskip("mypy")
pytest.importorskip("pyright")

ROOT: Final = Path(__file__).parents[2]
CALLS: Final = Path(__file__).with_name("calls.py")
EXPECTED: Final = {
    number
    for number, line in enumerate(CALLS.read_text().splitlines(), 1)
    if line.endswith("# expect-error")
}


def run(*arguments: str) -> str:
    cache = {"PYRIGHT_PYTHON_CACHE_DIR": str(ROOT / ".cache" / "pyright")}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **cache, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_mypy_reports_the_mistakes() -> None:
    printed = run("mypy", "--strict", "--output=json", str(CALLS.relative_to(ROOT)))
    reports = map(json.loads, printed.splitlines())
    found = {each["line"]: each["message"] for each in reports if each["severity"] == "error"}
    assert set(found) == EXPECTED, found


def test_pyright_reports_the_mistakes(tmp_path: Path) -> None:
    config = {
        "include": ["calls.py"],
        "extraPaths": [str(ROOT), str(ROOT / "adapters")],
        "pythonVersion": "3.11",
        "typeCheckingMode": "strict",
    }
    shutil.copy(CALLS, tmp_path)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    printed = run(
        "pyright", "--outputjson", f"--project={tmp_path}", f"--pythonpath={sys.executable}"
    )
    reports = json.loads(printed)["generalDiagnostics"]
    found = {each["range"]["start"]["line"] + 1: each["message"] for each in reports}
    assert set(found) == EXPECTED, found
