"""Run the command in a pseudo-terminal. Not a test."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

SPAWN: Final = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


def run_in_terminal(*arguments: str, **environment: str) -> str:
    """Run a command that finds problems in a color terminal; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", SPAWN, sys.executable, "-m", "corekit_cli", *arguments],
        env={**os.environ, "TERM": "xterm-256color", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout
