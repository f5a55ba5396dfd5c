"""The browser model agrees with real browsers, about thousands of generated fetches.

The outcome, every readable header and every request on the wire have to equal those of the model
with the engine's quirks. A browser may evict a cached preflight at any time (Chromium keeps about a
thousand), so a session that differs is retried once with a new URL.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit.browser import ENGINES, BrowserModel, Fetch, HttpRequest, HttpResponse, Quirks
from corekit_testing.transports import WsgiTransport
from corekit_wsgi import CorsMiddleware
from tests.browsers import chromium, firefox, webkit
from tests.browsers.comparing import describe, disagreements, on_the_wire
from tests.browsers.disagreements import case_sessions
from tests.browsers.lab import Lab, Session, open_lab
from tests.browsers.sessions import API, MAKERS
from tests.clock import Clock
from tests.properties.application import Application

pytestmark = pytest.mark.browser

OPENERS: Final[dict[str, Callable[[str], AbstractContextManager[Any]]]] = {
    "chromium": chromium.open_page,
    "firefox": firefox.open_page,
    "webkit": webkit.open_page,
}
SESSIONS: Final = 2600 if os.environ.get("CI") else 700
FETCHES: Final = 20_000 if os.environ.get("CI") else 5000


@dataclass(frozen=True)
class Visit:
    """An open page in a browser, and the quirks of its engine."""

    lab: Lab
    quirks: Quirks


@pytest.fixture(scope="module", params=OPENERS)
def visit(request: pytest.FixtureRequest) -> Iterator[Visit]:
    with open_lab() as lab, OPENERS[request.param](f"{lab.page}/"):
        yield Visit(lab, ENGINES[request.param])


def test_model_agrees_with_browser(visit: Visit) -> None:
    fetches = 0
    for make in MAKERS.values():
        sessions = list(make(visit.lab, SESSIONS, 1, ""))
        visit.lab.run(sessions)
        fetches += sum(len(session.outcomes) for session in sessions)
        suspects = disagreements(sessions, visit.quirks)
        # On a stalled machine, every preflight that is cached for 5 seconds expires.
        assert len(suspects) <= SESSIONS // 10, "\n".join(
            describe(each, visit.quirks) for each in suspects[:3]
        )
        numbers = [sessions.index(each) for each in suspects]
        retried = [list(make(visit.lab, SESSIONS, 1, "again"))[number] for number in numbers]
        visit.lab.run(retried)
        certain = disagreements(retried, visit.quirks)
        assert certain == [], "\n".join(describe(each, visit.quirks) for each in certain)
    assert fetches >= FETCHES


def test_model_agrees_about_former_disagreements(visit: Visit) -> None:
    sessions = list(case_sessions(visit.lab))
    visit.lab.run(sessions)
    differing = disagreements(sessions, visit.quirks)
    assert differing == [], "\n".join(describe(each, visit.quirks) for each in differing)


def always(response: HttpResponse, request: HttpRequest) -> HttpResponse:
    return response


def test_cached_preflights_expire_like_in_the_model(visit: Visit) -> None:
    ages = [None, "", "0", "-1", "2", "600", "86400", "abc", "1.5"]
    ages += [str(2**63 - 1), str(2**63), "9" * 30, "+600", "++600", "+-1", "-" + "9" * 30]
    clock = Clock()
    sessions: list[Session] = []
    later: list[Session] = []
    for number, age in enumerate(ages):
        headers: tuple[tuple[str, str], ...] = (
            ("Access-Control-Allow-Origin", visit.lab.page),
            ("Access-Control-Allow-Methods", "PUT"),
            ("Cache-Control", "no-store"),
        )
        if age is not None:
            headers += (("Access-Control-Max-Age", age),)
        answer = partial(always, HttpResponse(200, headers))
        name = f"age{number}"
        fetch = Fetch(f"{visit.lab.origin(API)}/{name}/", "PUT")
        for group, count in ((sessions, 2), (later, 1)):
            group.append(Session(name, visit.lab.page, [fetch] * count, answer))
    visit.lab.run(sessions)
    time.sleep(6)
    visit.lab.run(later)
    for age, first, second in zip(ages, sessions, later, strict=True):
        model = BrowserModel(clock=clock, quirks=visit.quirks)
        for session, now in ((first, 0.0), (second, 6.5)):
            clock.now = now
            outcomes = [
                model.fetch(session.respond, session.page, each) for each in session.fetches
            ]
            sent = [on_the_wire(each.request) for o in outcomes for each in o.exchanges]
            assert [on_the_wire(each.request) for each in session.log] == sent, (age, now)


def test_http_cache_is_correct_with_vary(visit: Visit) -> None:
    cached = Application(200, [("Cache-Control", "max-age=600"), ("X-Request-Id", "1")])
    exact = CorsPolicy(allow_origins=[visit.lab.page])
    any_origin = CorsPolicy(allow_origins=["*"])

    def session(name: str, policy: CorsPolicy, *, without_vary: bool = False) -> Session:
        send = WsgiTransport(CorsMiddleware(cached.wsgi, policy), raise_exceptions=True).send

        def answer(request: HttpRequest) -> HttpResponse:
            response = send(request)
            if not without_vary:
                return response
            headers = tuple(pair for pair in response.headers if pair[0] != "Vary")
            return HttpResponse(response.status, headers, response.body)

        url = f"{visit.lab.origin(API)}/{name}/"
        # First a no-cors load, like an image, then fetches by a script.
        fetches = [Fetch(url, mode="no-cors"), Fetch(url), Fetch(url)]
        return Session(name, visit.lab.page, fetches, answer)

    with_vary, without, static = sessions = [
        session("vary", exact),
        session("novary", exact, without_vary=True),
        session("static", any_origin),
    ]
    visit.lab.run(sessions)
    assert [outcome["ok"] for outcome in with_vary.outcomes] == [True, True, True]
    assert [outcome["ok"] for outcome in static.outcomes] == [True, True, True]
    # The response that the no-cors load cached has no CORS headers. WebKit may send a new request
    # while it is still storing the first response.
    sent_again = len(without.log) > 1
    assert [o["ok"] for o in without.outcomes] == [True, sent_again, sent_again]
    if visit.quirks is not ENGINES["webkit"]:
        assert len(static.log) == 1
        assert not sent_again
