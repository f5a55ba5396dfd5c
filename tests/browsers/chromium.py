"""Starting a headless Chromium on a page of a test server, without any driver.

The page does the work and posts its outcomes back to the server that it came from; nothing here
looks into the browser. It is started with a fresh profile and a HOME of its own, ends with the
process that started it, and is ended and reaped at the end of the block (`keeper.py` sees to it).
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
"""The commands that are looked for on PATH, in this order."""

ARGUMENTS: Final = (
    "--headless",
    # The pages are the tests' own, and the sandbox cannot start as root or in most containers.
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

_KEEPER: Final = Path(__file__).with_name("keeper.py")


def find_chromium() -> str | None:
    """Find a Chromium or Chrome: the one that COREKIT_CHROMIUM names, or the first on PATH."""
    names = (os.environ["COREKIT_CHROMIUM"],) if os.environ.get("COREKIT_CHROMIUM") else NAMES
    return next(filter(None, map(shutil.which, names)), None)


def require_chromium() -> str:
    """Find a Chromium, or skip the test; with COREKIT_REQUIRE_BROWSERS=1, fail it."""
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
    """Run a headless Chromium on `url` for as long as the block lasts; yields its keeper's process.

    `arguments` are further switches. `home` is the folder to use as HOME, which may hold a
    ``.pki/nssdb`` or a prepared ``profile``; without it, an empty one is made and removed. Where no
    browser is found the test is skipped, or failed; see `require_chromium`.
    """
    chromium = require_chromium()
    # The last helper process may still write into the profile while it is being removed.
    with TemporaryDirectory(prefix="corekit-chromium-", ignore_cleanup_errors=True) as made:
        place = home or Path(made)
        process = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", str(_KEEPER)),
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
    """Write a picture of a page to `path` (PNG), `width` by `height` CSS pixels, when it is quiet.

    Raises TimeoutError where the browser is not done within a minute.
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
            raise TimeoutError(f"no picture of {url} within a minute") from None


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
