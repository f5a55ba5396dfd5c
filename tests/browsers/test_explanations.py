"""Explanations of policies against real browsers: what is explained happens, and the fixes work.

The policies and the calls are generated. Where a call fails, every mend that is proposed is applied
and called again, at a fresh address.
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
from tests.properties.adapters import Application

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
    moved = replace(fetch, url=f"{scheme}://{host}/{name}/{path.partition('/')[2]}")
    send = WsgiTransport(CorsMiddleware(APPLICATION.wsgi, policy), raise_exceptions=True).send
    return Session(name, page, [moved], send, note=policy)


def test_what_is_explained_is_what_happens_and_the_mends_make_it_pass(visit: Visit) -> None:
    sessions = []
    for number, drawn in enumerate(policy_sessions(visit.lab, CALLS, 3)):
        assert isinstance(drawn.note, CorsPolicy)
        sessions.append(make_session(f"e{number}", drawn.page, drawn.fetches[0], drawn.note))
    visit.lab.run(sessions)
    mended: list[tuple[Session, Explanation]] = []
    for session in sessions:
        ((fetch,), policy) = session.fetches, session.note
        assert isinstance(policy, CorsPolicy)
        explanation = explain(policy, fetch, page=session.page, quirks=visit.quirks)
        (outcome,) = session.outcomes
        is_readable = outcome["ok"] and outcome.get("kind") != "opaque"
        assert explanation.allowed == is_readable, (session, str(explanation))
        for at, mend in enumerate(explanation.fixes):
            if mend.changes or mend.fetch:
                again = mend.fetch or fetch
                name = f"{session.id}m{at}"
                made = make_session(name, session.page, again, mend.apply(policy))
                mended.append((made, explanation))
    visit.lab.run([session for session, _ in mended])
    assert len(mended) > CALLS / 4
    for session, explanation in mended:
        (outcome,) = session.outcomes
        assert outcome["ok"], (session, str(explanation))
        assert outcome.get("kind") != "opaque", (session, str(explanation))
