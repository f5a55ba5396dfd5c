"""Requests from an HTTPS page to plain HTTP on this machine, in each browser."""

from __future__ import annotations

import pytest

from corekit.browser import ENGINES, BrowserModel, Fetch, HttpRequest, HttpResponse
from corekit.browser.fields import get_header
from tests.browsers.lab import Lab, Session
from tests.browsers.wire import finish, serve

pytestmark = pytest.mark.browser

GRANT = HttpResponse(
    200, (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "PUT"))
)


@pytest.mark.parametrize("host", ["localhost", "api.localhost", "127.0.0.1"])
def test_model_sends_the_same_requests_as_the_browser(
    https_visit: tuple[str, Lab], host: str
) -> None:
    engine, lab = https_visit
    sent: list[tuple[str, str | None]] = []

    def answer(request: HttpRequest) -> HttpResponse:
        sent.append((request.method, get_header(request.headers, "origin")))
        return GRANT

    async def respond(request: HttpRequest) -> HttpResponse:
        return finish(answer(request))

    with serve(respond) as plain:
        url = f"http://{host}:{plain.port}/"
        fetches = [
            Fetch(url, "POST", mode="no-cors"),
            Fetch(url, mode="no-cors"),
            Fetch(url, "POST"),
            Fetch(url, "PUT"),
        ]
        session = Session("downgrade", lab.page, fetches, answer)
        lab.run([session])
    by_browser = list(sent)
    sent.clear()
    model = BrowserModel(clock=lambda: 0.0, quirks=ENGINES[engine])
    outcomes = [model.fetch(answer, lab.page, fetch) for fetch in fetches]
    assert by_browser == sent
    assert [each["ok"] for each in session.outcomes] == [o.response is not None for o in outcomes]
