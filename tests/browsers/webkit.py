"""Starting WebKitGTK's MiniBrowser on a page of a test server, without any driver.

It has no headless mode, so it gets a display of its own (Xvfb).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.browsers.launching import kept, require

NAMES: Final = (
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "MiniBrowser",
)


@contextmanager
def open_page(url: str, *, console: Path | None = None) -> Iterator[None]:
    """Run a MiniBrowser on `url` for as long as the block lasts; any certificate is accepted.

    What its console shows is written to the file `console`, where one is given.
    """
    command = require("WebKitGTK", NAMES, "libwebkit2gtk-4.1-0", "COREKIT_WEBKIT")
    server = require("X server", ("Xvfb",), "xvfb", "COREKIT_XVFB")
    folder = TemporaryDirectory(prefix="corekit-webkit-", ignore_cleanup_errors=True)
    with folder as made, display(server) as number:
        environment = {
            "DISPLAY": f":{number}",
            "HOME": made,
            "TMPDIR": made,
            "XDG_RUNTIME_DIR": made,
            "GSETTINGS_BACKEND": "memory",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "NO_AT_BRIDGE": "1",
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
            "WEBKIT_DISABLE_DMABUF_RENDERER": "1",
        }
        arguments = ["--ignore-tls-errors", "--cookies-policy=always", url]
        start: tuple[str, ...] = ()
        if console is not None:
            # By lines, since what is still in a buffer goes down with the browser.
            start = ("stdbuf", "--output=L")
            arguments.insert(0, "--enable-write-console-messages-to-stdout=true")
        with kept([*start, command, *arguments], environment, output=console):
            yield


@contextmanager
def display(server: str) -> Iterator[int]:
    """Run an X server for as long as the block lasts; yields the number of its display."""
    ready, write = os.pipe()
    process = subprocess.Popen(
        [server, "-displayfd", str(write), "-screen", "0", "800x600x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(write)
    try:
        with os.fdopen(ready) as numbers:
            line = numbers.readline()
        if not line:
            raise RuntimeError("the X server did not start")
        yield int(line)
    finally:
        process.terminate()
        process.wait(10)
