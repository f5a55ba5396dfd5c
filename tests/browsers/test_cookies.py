"""Cross-site cookies over HTTPS: the cookie jar of `corekit_testing` agrees with real browsers.

The page is ``app.localhost``; ``api.app.localhost`` is same-site, ``api.localhost`` cross-site.
Servers set cookies with generated attributes. Then the page fetches in every credentials mode, and
the browser's Cookie header has to equal the one of the jar.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from itertools import product
from typing import Any, Final

import pytest

from corekit.browser import Fetch, HttpRequest, HttpResponse
from corekit_testing import CookieJar
from corekit_testing.cookies import COOKIE_QUIRKS
from tests.browsers import chromium, firefox, webkit
from tests.browsers.https import HOSTS
from tests.browsers.lab import Lab, Session, open_lab

pytestmark = pytest.mark.browser

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
ENGINE_OPENERS: Final[dict[str, Callable[[str], AbstractContextManager[Any]]]] = {
    "chromium": chromium.open_page,
    "firefox": firefox.open_page,
    "webkit": webkit.open_page,
}
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


@pytest.mark.parametrize("engine", ENGINE_OPENERS)
def test_secure_cookie_without_https(engine: str) -> None:
    with open_lab(page_host="localhost") as lab, ENGINE_OPENERS[engine](f"{lab.page}/"):
        lines = ["secure=1; Secure; Path=/", "plain=1; Path=/"]
        fetches = [Fetch(f"{lab.page}/local/{part}") for part in ("set", "get")]
        session = Session("local", lab.page, fetches, partial(serve, lines, lab.page))
        lab.run([session])
    jar = CookieJar(clock=time.time, quirks=COOKIE_QUIRKS[engine])
    jar.store(lab.page, fetches[0].url, lines)
    sent = dict(session.log[1].request.headers).get("Cookie", "")
    assert set(sent.split("; ")) == set((jar.header(lab.page, fetches[1].url) or "").split("; "))


def cookies_of(session: Session, header: str | None) -> set[str]:
    """Return the cookies of one session, since those with ``Path=/`` are sent in others too."""
    pairs = (header or "").split("; ")
    return {pair for pair in pairs if pair.endswith(f"{session.id}=1")}


def test_jar_agrees_with_browser(https_visit: tuple[str, Lab]) -> None:
    engine, lab = https_visit
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
