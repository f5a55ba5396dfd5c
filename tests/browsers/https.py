"""Sites over https: a certificate of our own, and browsers that trust it.

The page is ``app.localhost``; ``api.app.localhost`` is of its site, ``api.localhost`` of another.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.browsers import chromium, firefox, webkit

SAME_SITE, CROSS_SITE = "api.app.localhost", "api.localhost"
HOSTS: Final = ("app.localhost", SAME_SITE, CROSS_SITE)


@dataclass(frozen=True)
class Certificate:
    """A certificate for the hosts, its key, and the authority that signed it."""

    authority: Path
    path: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    """Make an authority and a certificate; Firefox refuses one that is both."""
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    names = ",".join(f"DNS:{host}" for host in HOSTS)
    (folder / "extensions").write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
    for command in (
        (
            *("req", "-x509", *curve, "-days", "2", "-subj", "/CN=corekit tests authority"),
            *("-keyout", "authority.key", "-out", "authority.pem"),
        ),
        ("req", *curve, "-subj", "/CN=corekit tests", "-keyout", "key.pem", "-out", "request.pem"),
        (
            *("x509", "-req", "-in", "request.pem", "-days", "2", "-extfile", "extensions"),
            *("-CA", "authority.pem", "-CAkey", "authority.key", "-out", "certificate.pem"),
        ),
    ):
        subprocess.run(
            ["openssl", *command], cwd=folder, check=True, capture_output=True, timeout=60
        )
    return Certificate(folder / "authority.pem", folder / "certificate.pem", folder / "key.pem")


Opener = Callable[[str, Path, Path], AbstractContextManager[Any]]


def open_chromium(url: str, authority: Path, home: Path) -> AbstractContextManager[Any]:
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
