"""Start a headless Chromium on a page of a test server, without a driver.

The page makes the fetches and posts their outcomes to its server; nothing here inspects the
browser. The browser has a new profile and its own HOME. `supervisor.py` terminates it at the end of
the block, or when the process that started it exits.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.browsers.launching import require, supervised

__all__ = ["open_page", "require_chromium", "screenshot"]

NAMES: Final = ("chromium-headless-shell", "chromium", "google-chrome", "chrome")
"""The commands to look for on PATH, in this order."""

DESKTOP_NAMES: Final = ("chromium",)
"""The command of a Chromium that can load extensions. The headless shell cannot."""

ARGUMENTS: Final = (
    "--headless",
    # The pages are trusted, and the sandbox cannot start as root or in most containers.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--mute-audio",
)


def require_chromium() -> str:
    """Return the path of a Chromium, or skip the test; fail it if COREKIT_REQUIRE_BROWSERS=1."""
    return require("Chromium", NAMES, NAMES[0], "COREKIT_CHROMIUM")


@contextmanager
def open_page(
    url: str,
    *,
    arguments: Sequence[str] = (),
    home: Path | None = None,
    extension: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a headless Chromium on `url` during the block; yield the process of its supervisor.

    `arguments` are additional switches. `home` is the folder to use as HOME, which may contain a
    ``.pki/nssdb`` or a prepared ``profile``; the default is a new temporary folder. `extension` is
    the folder of an unpacked extension to load, and needs a desktop Chromium. If no browser is
    found, the test is skipped or fails; see `require_chromium`.
    """
    if extension is None:
        chromium = require_chromium()
        arguments = ("--disable-extensions", *arguments)
    else:
        chromium = require(
            "desktop Chromium", DESKTOP_NAMES, DESKTOP_NAMES[0], "COREKIT_DESKTOP_CHROMIUM"
        )
        only = (f"--disable-extensions-except={extension}", f"--load-extension={extension}")
        arguments = (*only, *arguments)
    # A child process may still write to the profile while it is being removed.
    with TemporaryDirectory(prefix="corekit-chromium-", ignore_cleanup_errors=True) as made:
        place = home or Path(made)
        switches = (*ARGUMENTS, f"--user-data-dir={place / 'profile'}", *arguments)
        environment = {"HOME": str(place), "TMPDIR": made}
        with supervised([chromium, *switches, url], environment) as process:
            yield process


def screenshot(
    url: str, path: Path, *, width: int = 1280, height: int = 900, dark: bool = False
) -> None:
    """Write a screenshot of a page to `path` (PNG), `width` by `height` CSS pixels.

    Raises TimeoutError if the browser takes longer than a minute.
    """
    arguments = (
        f"--screenshot={path}",
        f"--window-size={width},{height}",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        "--hide-scrollbars",
        "--virtual-time-budget=10000",
    )
    with open_page(url, arguments=arguments) as process:
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"no screenshot of {url} within a minute") from None
