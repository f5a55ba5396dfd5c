"""Run a browser, and terminate it with all its child processes when its parent exits.

Usage: ``python supervisor.py command arguments...``. The command runs until it exits, until the
standard input is closed, which happens however the parent exits, or until SIGTERM. Then all child
processes are reaped. A browser's command may be a shell script that starts the browser as a child,
so a signal at the parent's death (PR_SET_PDEATHSIG) would not reach it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Final

PR_SET_CHILD_SUBREAPER: Final = 36


def main() -> None:
    if sys.platform == "linux":
        # Orphaned processes of the browser become children of this process, which reaps them.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    browser = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)

    def end_all(*_: object) -> None:
        # The browser has its own session, so its group has only its own processes.
        with suppress(ProcessLookupError):
            os.killpg(browser.pid, signal.SIGKILL)

    def watch() -> None:
        while os.read(0, 1024):
            pass
        end_all()

    signal.signal(signal.SIGTERM, end_all)
    threading.Thread(target=watch, daemon=True).start()
    status = browser.wait()
    end_all()
    with suppress(ChildProcessError):
        while True:
            os.wait()
    os._exit(status & 0xFF)


if __name__ == "__main__":
    main()
