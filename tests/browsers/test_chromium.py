"""The launcher of Chromium finds a browser and leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.browsers.chromium import require_chromium

ROOT: Final = Path(__file__).parents[2]
CHILD: Final = """
import time
from tests.browsers.chromium import open_page
with open_page("about:blank") as process:
    print(process.pid, flush=True)
    time.sleep(60)
"""


def test_first_name_on_path_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("google-chrome", "chromium"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.delenv("COREKIT_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert require_chromium() == str(tmp_path / "chromium")


@pytest.mark.browser
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_killed_test_run_leaves_no_browser_behind(tmp_path: Path) -> None:
    require_chromium()
    with subprocess.Popen(
        [sys.executable, "-c", CHILD],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline().strip().isdecimal()
        wait_until(lambda: bool(find_browsers(tmp_path)), "a browser is running")
        run.send_signal(signal.SIGKILL)
    wait_until(lambda: not find_browsers(tmp_path), "no browser is left")


def find_browsers(place: Path) -> list[str]:
    """Return the processes whose command line contains the folder of the profile."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(place) in command:
            found.append(entry.name)
    return found


def wait_until(condition: Callable[[], bool], meaning: str) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, f"timed out: {meaning}"
        time.sleep(0.05)
