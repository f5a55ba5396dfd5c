"""Explanations agree with real browsers, and the suggested fixes work.

Policies and calls are generated. If a call fails, every suggested fix is applied and the call is
repeated with a new URL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from corekit import CorsPolicy
from corekit.browser import ENGINES, Fetch
from corekit.explain import Explanation, explain
from corekit_testing.transports import WsgiTransport
from corekit_wsgi import CorsMiddleware
from tests.browsers.lab import Session, open_lab
from tests.browsers.sessions import policy_sessions
from tests.browsers.test_engines import OPENERS, Visit
from tests.properties.application import Application

pytestmark = pytest.mark.browser

CALLS = 400
APPLICATION = Application(200, [("Cache-Control", "no-store")])


@pytest.fixture(scope="module", params=OPENERS)
def visit(request: pytest.FixtureRequest) -> Iterator[Visit]:
    with open_lab() as lab, OPENERS[request.param](f"{lab.page}/"):
        yield Visit(lab, ENGINES[request.param])


def make_session(name: str, page: str, fetch: Fetch, policy: CorsPolicy) -> Session:
    scheme, _, rest = fetch.url.partition("://")
    host, _, path = rest.partition("/")
    moved = fetch
    if scheme.startswith("http"):  # not of data:
        moved = replace(fetch, url=f"{scheme}://{host}/{name}/{path.partition('/')[2]}")
    send = WsgiTransport(CorsMiddleware(APPLICATION.wsgi, policy), raise_exceptions=True).send
    return Session(name, page, [moved], send, note=policy)


def test_explanations_agree_with_browser_and_fixes_work(visit: Visit) -> None:
    sessions = []
    for number, drawn in enumerate(policy_sessions(visit.lab, CALLS, 3)):
        assert isinstance(drawn.note, CorsPolicy)
        sessions.append(make_session(f"e{number}", drawn.page, drawn.fetches[0], drawn.note))
    visit.lab.run(sessions)
    fixed: list[tuple[Session, Explanation]] = []
    for session in sessions:
        ((fetch,), policy) = session.fetches, session.note
        assert isinstance(policy, CorsPolicy)
        explanation = explain(policy, fetch, page=session.page, quirks=visit.quirks)
        (outcome,) = session.outcomes
        is_readable = outcome["ok"] and outcome.get("kind") != "opaque"
        assert explanation.allowed == is_readable, (session, str(explanation))
        for at, fix in enumerate(explanation.fixes):
            if fix.changes or fix.fetch:
                fetch_again = fix.fetch or fetch
                name = f"{session.id}m{at}"
                fixed_session = make_session(name, session.page, fetch_again, fix.apply(policy))
                fixed.append((fixed_session, explanation))
    visit.lab.run([session for session, _ in fixed])
    assert len(fixed) > CALLS / 4
    for session, explanation in fixed:
        (outcome,) = session.outcomes
        assert outcome["ok"], (session, str(explanation))
        assert outcome.get("kind") != "opaque", (session, str(explanation))
