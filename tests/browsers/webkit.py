"""Start WebKitGTK's MiniBrowser on a page of a test server, without a driver.

It has no headless mode, so it gets a virtual display (Xvfb).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.browsers.launching import require, supervised

NAMES: Final = (
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "MiniBrowser",
)


@contextmanager
def open_page(url: str, *, console: Path | None = None) -> Iterator[None]:
    """Run a MiniBrowser on `url` during the block; it accepts any certificate.

    Its console messages are written to the file `console`, if given.
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
            # Line buffered, since a full buffer is lost when the browser is terminated.
            start = ("stdbuf", "--output=L")
            arguments.insert(0, "--enable-write-console-messages-to-stdout=true")
        with supervised([*start, command, *arguments], environment, output=console):
            yield


@contextmanager
def display(server: str) -> Iterator[int]:
    """Run an X server during the block; yield the number of its display."""
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
