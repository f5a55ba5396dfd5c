"""Cookies over https between sites: the jar of `corekit_testing` against real browsers.

The page is ``app.localhost``; ``api.app.localhost`` is of its site, ``api.localhost`` of another.
Servers set cookies with generated attributes, and are then asked again in every credentials mode:
the Cookie header that the browser sends is the one that the jar makes.
"""

from __future__ import annotations

import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from corekit.browser import Fetch, HttpRequest, HttpResponse
from corekit_testing import CookieJar
from corekit_testing.cookies import COOKIE_QUIRKS
from tests.browsers import chromium, firefox, webkit
from tests.browsers.lab import Lab, Session, open_lab

pytestmark = pytest.mark.browser

SAME_SITE, CROSS_SITE = "api.app.localhost", "api.localhost"
HOSTS: Final = ("app.localhost", SAME_SITE, CROSS_SITE)


@dataclass(frozen=True)
class Certificate:
    """A certificate for the hosts, its key, and the authority that signed it."""

    authority: Path
    path: Path
    key: Path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make an authority and a certificate; Firefox refuses one that is both."""
    folder = tmp_path_factory.mktemp("certificate")
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


@pytest.fixture(scope="module", params=OPENERS)
def visit(
    request: pytest.FixtureRequest,
    certificate: Certificate,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Lab]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path, certificate.key)
    home = tmp_path_factory.mktemp("home")
    with (
        open_lab(context) as lab,
        OPENERS[request.param](f"{lab.page}/", certificate.authority, home),
    ):
        yield request.param, lab


ATTRIBUTES: Final = [
    *product(
        ["", "; SameSite=None", "; SameSite=Lax", "; SameSite=Strict"],
        ["", "; Secure"],
        ["; Path=/", "", "; Path=/elsewhere", "; Max-Age=0; Path=/"],
    ),
    ("; SameSite=None", "; Secure", "; Domain=app.localhost; Path=/"),
    ("; SameSite=None", "; Secure", "; Domain=api.localhost; Path=/"),
    ("; SameSite=None", "; Secure", "; Domain=localhost; Path=/"),
    ("; SameSite=None", "; Secure", "; Domain=example.com; Path=/"),
    ("; SameSite=None", "; Secure", "; Path=/; HttpOnly"),
]
PREFIXES: Final = ("", "__Secure-", "__Host-")
MODES: Final = ("include", "same-origin", "omit")


def serve(lines: list[str], page: str, request: HttpRequest) -> HttpResponse:
    grant = [
        ("Access-Control-Allow-Origin", page),
        ("Access-Control-Allow-Credentials", "true"),
        ("Cache-Control", "no-store"),
    ]
    cookies = [("Set-Cookie", line) for line in lines] if request.url.endswith("set") else []
    return HttpResponse(200, (*grant, *cookies))


def make_sessions(lab: Lab) -> Iterator[Session]:
    for number, case in enumerate(product(HOSTS, MODES[:2], ATTRIBUTES)):
        host, setting, attributes = case
        lines = [f"{prefix}c{number}=1{''.join(attributes)}" for prefix in PREFIXES]
        url = f"{lab.origin(host)}/c{number}"
        fetches = [Fetch(f"{url}/set", credentials=setting)]
        fetches += [Fetch(f"{url}/get", credentials=mode) for mode in MODES]
        yield Session(
            f"c{number}", lab.page, fetches, partial(serve, lines, lab.page), note=(host, lines)
        )


def cookies_of(session: Session, header: str | None) -> set[str]:
    """Pick a session's own cookies: those with ``Path=/`` are sent in other sessions too."""
    pairs = (header or "").split("; ")
    return {pair for pair in pairs if pair.endswith(f"{session.id}=1")}


def test_the_jar_keeps_and_sends_what_the_browser_does(visit: tuple[str, Lab]) -> None:
    engine, lab = visit
    sessions = list(make_sessions(lab))
    lab.run(sessions)
    assert len(sessions) > 200
    for session in sessions:
        assert [outcome["ok"] for outcome in session.outcomes] == [True] * 4, session.note
        jar = CookieJar(clock=time.time, quirks=COOKIE_QUIRKS[engine])
        for fetch, exchange in zip(session.fetches, session.log, strict=True):
            sent = dict(exchange.request.headers).get("Cookie")
            is_own = fetch.url.startswith(f"{lab.page}/")
            goes = fetch.credentials == "include" or (is_own and fetch.credentials != "omit")
            expected = jar.header(lab.page, fetch.url) if goes else None
            assert cookies_of(session, sent) == cookies_of(session, expected), (session.note, fetch)
            if goes:
                lines = [v for n, v in exchange.response.headers if n == "Set-Cookie"]
                jar.store(lab.page, fetch.url, lines)
