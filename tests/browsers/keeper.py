"""A program that runs a browser and ends it, with all its helpers, when nobody needs it any more.

Called as ``python keeper.py command arguments...``. It runs the command until that ends, until its
own standard input is closed, which happens however its parent ends, or until SIGTERM; and reaps
all that the command left behind. A browser's command may be a shell script that starts the
browser as a child, so a signal at the parent's death (PR_SET_PDEATHSIG) would not reach it.
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
        # Helpers that outlive the browser become this process's children, so it can reap them.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    browser = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)

    def end_all(*_: object) -> None:
        # The session is the browser's own: its group holds its helpers and nothing else.
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
