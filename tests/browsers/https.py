"""Sites over HTTPS, and browsers that trust their certificate.

The page is ``app.localhost``; ``api.app.localhost`` is same-site, ``api.localhost`` cross-site.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from tests.browsers import chromium, firefox, webkit

SAME_SITE, CROSS_SITE = "api.app.localhost", "api.localhost"
HOSTS: Final = ("app.localhost", SAME_SITE, CROSS_SITE)


Opener = Callable[[str, Path, Path], AbstractContextManager[Any]]


def open_chromium(url: str, authority: Path, home: Path) -> AbstractContextManager[Any]:
    chromium.require_chromium()
    firefox.trust(authority, home / ".pki" / "nssdb")
    return chromium.open_page(url, home=home)


def open_firefox(url: str, authority: Path, home: Path) -> AbstractContextManager[Any]:
    return firefox.open_page(url, certificate=authority)


def open_webkit(url: str, authority: Path, home: Path) -> AbstractContextManager[Any]:
    return webkit.open_page(url)


OPENERS: Final[dict[str, Opener]] = {
    "chromium": open_chromium,
    "firefox": open_firefox,
    "webkit": open_webkit,
}
