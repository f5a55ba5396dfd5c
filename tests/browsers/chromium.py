"""Start a headless Chromium on a page of a test server, without a driver.

The page makes the fetches and posts their outcomes to its server; nothing here inspects the
browser. The browser has a new profile and its own HOME. `supervisor.py` terminates it at the end of
the block, or when the process that started it exits.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

__all__ = ["find_chromium", "open_page", "require_chromium", "screenshot"]

NAMES: Final = ("chromium-headless-shell", "chromium", "google-chrome", "chrome")
"""The commands to look for on PATH, in this order."""

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
    "--disable-extensions",
    "--disable-default-apps",
    "--mute-audio",
)

_SUPERVISOR: Final = Path(__file__).with_name("supervisor.py")


def find_chromium() -> str | None:
    """Return the path of a Chromium or Chrome: COREKIT_CHROMIUM, or the first on PATH."""
    names = (os.environ["COREKIT_CHROMIUM"],) if os.environ.get("COREKIT_CHROMIUM") else NAMES
    return next(filter(None, map(shutil.which, names)), None)


def require_chromium() -> str:
    """Return the path of a Chromium, or skip the test; fail it if COREKIT_REQUIRE_BROWSERS=1."""
    found = find_chromium()
    if found is not None:
        return found
    named = os.environ.get("COREKIT_CHROMIUM")
    looked = f"COREKIT_CHROMIUM={named}" if named else ", ".join(NAMES)
    message = f"no Chromium found (looked for {looked}); on Debian: apt install {NAMES[0]}"
    if os.environ.get("COREKIT_REQUIRE_BROWSERS") == "1":
        pytest.fail(f"COREKIT_REQUIRE_BROWSERS=1, but {message}", pytrace=False)
    pytest.skip(message)


@contextmanager
def open_page(
    url: str, *, arguments: Sequence[str] = (), home: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a headless Chromium on `url` during the block; yield the process of its supervisor.

    `arguments` are additional switches. `home` is the folder to use as HOME, which may contain a
    ``.pki/nssdb`` or a prepared ``profile``; the default is a new temporary folder. If no browser
    is found, the test is skipped or fails; see `require_chromium`.
    """
    chromium = require_chromium()
    # A child process may still write to the profile while it is being removed.
    with TemporaryDirectory(prefix="corekit-chromium-", ignore_cleanup_errors=True) as made:
        place = home or Path(made)
        process = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", str(_SUPERVISOR)),
                *(chromium, *ARGUMENTS, f"--user-data-dir={place / 'profile'}", *arguments, url),
            ],
            env={**os.environ, "HOME": str(place), "TMPDIR": made},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _end(process)


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


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
