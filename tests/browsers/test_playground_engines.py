"""The first run of the playground in every engine, by the page and by both kinds of frames.

The tests do not look into the browser. The page reads the log of a run when its call has ended, so
that request to its server shows that the call was made.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from queue import Queue
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import pytest

from corekit_cli.demo.api import Api, RequestLog, Sessions, serve_api
from corekit_cli.demo.form import Origins, make_policy
from corekit_cli.demo.pages import describe, serve_page
from corekit_cli.demo.servers import Site
from tests.browsers.test_engines import OPENERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.browser

PATIENCE: Final = 60  # seconds


def watch(app: WSGIApplication, reading: Queue[str]) -> WSGIApplication:
    """Report each run whose log is read."""

    def watched(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        if environ["PATH_INFO"] == "/requests":
            reading.put(parse_qs(environ["QUERY_STRING"])["run"][0])
        return app(environ, start_response)

    return watched


@pytest.mark.parametrize("caller", ["the page", "the untrusted page", "a sandboxed iframe"])
@pytest.mark.parametrize("engine", OPENERS)
def test_call_is_made_and_its_end_is_noticed(
    engine: str, caller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = RequestLog()
    monkeypatch.setattr("corekit_cli.demo.api.RequestLog", lambda: log)
    reading: Queue[str] = Queue()
    with ExitStack() as stack:
        api, page, untrusted = (stack.enter_context(closing(Site(0))) for _ in range(3))
        origins = Origins(api.origin, page.origin, untrusted.origin)
        shop, sessions = Api(), Sessions()
        api.start(serve_api(make_policy(page.origin), api=shop, sessions=sessions))
        told = describe(origins, page.origin)
        # The page waits for a frame longer than this test does.
        told["frame_timeout"] = 10 * 1000 * PATIENCE
        [first] = [one for one in told["examples"] if one["name"] == "put-json"]
        first["form"] |= {
            "page": {"the page": page.origin, "the untrusted page": untrusted.origin}.get(
                caller, "null"
            ),
            "allow_credentials": False,
            "allow_origins": f"{page.origin}\n{untrusted.origin}\nnull",
            "accept_risks": "opaque-origin",
        }
        for site in (page, untrusted):
            app = serve_page({**told, "here": site.origin}, api=shop, sessions=sessions)
            site.start(watch(app, reading))
        stack.enter_context(OPENERS[engine](f"{page.origin}/"))
        run = reading.get(timeout=PATIENCE)
        seen = [(one.method, one.origin, one.status) for one in log.of_run(run)]
    origin = first["form"]["page"]
    assert seen == [("OPTIONS", origin, 204), ("PUT", origin, 200)]
