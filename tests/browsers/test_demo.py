"""The examples of the demo in headless Chromium: what the browser did, beside what the policy said.

The page runs against the API on three servers. Its own verdict is not trusted: each example of the
demo's calls is worked out again here, from what the page could read and from what reached the API.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from corekit import CorsPolicy
from corekit_cli.demo.api import serve_api
from corekit_cli.demo.cases import CASES, Case, Origins, judge, make_policy
from corekit_cli.demo.pages import describe, serve_page
from corekit_cli.demo.servers import Site
from tests.browsers.chromium import require_chromium, screenshot
from tests.browsers.tab import Tab, open_tab

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.browser

ROOT: Final = Path(__file__).parents[2]
PROGRAMS: Final = {
    "uvicorn": ("uvicorn", "tests.browsers.demo_api:asgi", "--lifespan=off", "--fd={fd}"),
    "gunicorn": ("gunicorn", "tests.browsers.demo_api:wsgi", "--threads=4", "--bind=fd://{fd}"),
}

READ: Final = {
    "simple-get": (200, '[{"id": 1, "name": "desk"}, {"id": 2, "name": "chair"}]'),
    "sign-in": (200, '{"user": "ada"}'),
    "get-with-cookies": (200, '{"user": "ada"}'),
    "put-json": (200, '{"name": "lamp", "price": 40, "id": 1}'),
    "delete": (204, ""),
    "custom-header": (200, '[{"id": 1, "name": "desk"}, {"id": 2, "name": "chair"}]'),
}
"""What the allowed page is to read: status and body; of every other case, nothing."""

NO_ANSWER: Final = "the page in the frame did not answer"


@contextmanager
def run_program(server: str, page: str) -> Iterator[str]:
    """Run the API as a program of its own; yields its origin."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # The socket listens already, so that nothing has to wait until the program does.
        fd = listener.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", *(part.format(fd=fd) for part in PROGRAMS[server])],
            cwd=ROOT,
            env={**os.environ, "COREKIT_DEMO_PAGE": page},
            pass_fds=[fd],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"http://localhost:{listener.getsockname()[1]}"
            assert process.poll() is None, f"{server} ended with status {process.returncode}"
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)


@contextmanager
def run_sites(server: str, answering: CorsPolicy | None = None) -> Iterator[Origins]:
    """Serve the pages here and the API on `server`, which may be made to answer by another policy.

    The API knows no sessions: it answers by the demo's policy, which that of its calls is too.
    """
    with ExitStack() as stack:
        page, foreign = (stack.enter_context(closing(Site(0))) for _ in range(2))
        if server == "wsgiref":
            site = stack.enter_context(closing(Site(0)))
            site.start(serve_api(answering or make_policy(page.origin)))
            api = site.origin
        else:
            api = stack.enter_context(run_program(server, page.origin))
        origins = Origins(api, page.origin, foreign.origin)
        for each in (page, foreign):
            each.start(serve_page(describe(origins, each.origin)))
        yield origins


def perform(tab: Tab, name: str) -> Any:
    """Let the page make the call of an example, without its form; returns what it makes of it."""
    tab.wait_for("typeof demo === 'object' && byId('examples').children.length > 0")
    return tab.evaluate(
        f"perform(demo.examples.find((one) => one.name === {json.dumps(name)}).form)"
    )


def expect_preflights(policy: CorsPolicy, case: Case, origin: str) -> list[dict[str, Any]]:
    preflight = judge(policy, case, origin).preflight
    if preflight is None:
        return []
    return [
        {
            "method": "OPTIONS",
            "origin": origin,
            "request_method": case.method,
            "request_headers": ",".join(sorted(dict(case.headers))) or None,
            "cookie": False,
            "status": preflight.status,
        }
    ]


def check(result: Any, case: Case, policy: CorsPolicy, origin: str) -> None:
    verdict = judge(policy, case, origin)
    outcome = result["outcome"]
    assert outcome["readable"] == verdict.allowed, "the page could read what was refused, or not"
    if verdict.allowed:
        assert (outcome["status"], outcome["body"]) == READ[case.name]
    else:
        assert outcome["error"] == "TypeError: Failed to fetch"
        assert outcome["body"] is None

    shown = ("method", "origin", "request_method", "request_headers", "cookie", "status")
    seen = [{key: one[key] for key in shown} for one in result["seen"]]
    preflights = [one for one in seen if one["method"] == "OPTIONS"]
    assert preflights == expect_preflights(policy, case, origin)
    actual = [one for one in seen if one["method"] != "OPTIONS"]
    assert [one["method"] for one in actual] == [case.method] * verdict.sent
    assert [one["origin"] for one in actual] == [origin] * verdict.sent
    if case.name in ("get-with-cookies", "delete") or not case.credentials:
        assert [one["cookie"] for one in actual] == [case.credentials] * verdict.sent
    assert result["verdict"]["allowed"] == verdict.allowed
    assert result["agreement"] == "agree"


@pytest.mark.parametrize("server", ["wsgiref", *PROGRAMS])
def test_the_browser_does_what_the_policy_says(server: str) -> None:
    require_chromium()
    with run_sites(server) as origins, open_tab(f"{origins.page}/") as tab:
        policy = make_policy(origins.page)
        for case in CASES:
            origin = origins.page if case.page == "page" else origins.foreign
            result = perform(tab, case.name)
            check(result, case, policy, origin)
            headers = dict(result["outcome"]["headers"])
            if case.name == "simple-get":
                assert headers["x-items-total"] == "2"
            if case.name == "custom-header":
                assert headers["x-request-id"] == "demo-1"


@pytest.mark.parametrize("server", ["wsgiref", *PROGRAMS])
def test_the_foreign_page_gets_nothing_from_any_call(server: str) -> None:
    require_chromium()
    with run_sites(server) as origins, open_tab(f"{origins.foreign}/") as tab:
        policy = make_policy(origins.page)
        for case in CASES:
            if case.page == "page":
                result = perform(tab, case.name)
                assert not result["outcome"]["readable"]
                check(result, case, policy, origins.foreign)


def test_the_page_tells_where_the_browser_differs_from_the_policy() -> None:
    require_chromium()
    with (
        run_sites("wsgiref", answering=CorsPolicy.deny_all()) as origins,
        open_tab(f"{origins.page}/") as tab,
    ):
        differing = {
            case.name for case in CASES if perform(tab, case.name)["agreement"] == "differ"
        }
        assert differing == set(READ), "granted by the policy, but the server grants nothing"
        tab.click("#all")
        told = tab.wait_for("!busy && byId('progress').innerText")
        assert told.startswith("\u2717 ")
        tab.click("#example-put-json")
        tab.wait_for("byId('status').innerText.includes('otherwise')")
        assert "not what the standard says" in tab.text("#browser")
        assert "this browser gave the page nothing" in tab.text("#diagram")


def test_the_page_compares_the_requests_that_reached_the_api_too() -> None:
    require_chromium()
    with run_sites("wsgiref") as origins, open_tab(f"{origins.page}/") as tab:
        tab.wait_for("typeof compare === 'function'")

        def compare(readable: bool, seen: list[str], departing: list[str]) -> Any:
            expected = [{"request": {"method": method}} for method in ("OPTIONS", "PUT")]
            verdict = {"allowed": True, "exchanges": expected, "departing": departing}
            requests = [{"method": method} for method in seen]
            return tab.evaluate(
                f"compare({json.dumps(verdict)}, {json.dumps({'readable': readable})},"
                f" {json.dumps(requests)})"
            )

        assert compare(True, ["OPTIONS", "PUT"], []) == "agree"
        assert compare(True, ["PUT"], ["chromium"]) == "differ"
        assert compare(True, ["OPTIONS", "PUT", "PUT"], []) == "differ"
        assert compare(False, ["OPTIONS", "PUT"], []) == "differ"
        assert compare(False, ["OPTIONS"], ["chromium"]) == "departs"


def serve_html(document: str, **others: str) -> WSGIApplication:
    """Serve one document, and `others` at paths of their names."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [others.get(environ["PATH_INFO"][1:], document).encode()]

    return application


STRANGER: Final = """<!doctype html><title>stranger</title><script>
window.heard = [];
addEventListener("message", (event) => heard.push(event.data));
function frame(src) {
  return new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.onload = () => {
      frame.contentWindow.postMessage({ url: API, method: "GET", headers: [] }, "*");
      setTimeout(() => resolve(heard), 1000);
    };
    frame.src = src;
    document.body.append(frame);
  });
}
function open_(src) {
  const opened = open(src);
  return new Promise((resolve) => {
    const asking = setInterval(() => {
      opened.postMessage({ url: API, method: "GET", headers: [] }, "*");
    }, 50);
    setTimeout(() => { clearInterval(asking); opened.close(); resolve(heard); }, 1000);
  });
}
function post(url, init) {
  return fetch(url, { method: "POST", body: "{}", ...init })
    .then((response) => response.type, (error) => String(error));
}
</script><body></body>"""


def test_a_stranger_gets_nothing_out_of_the_demos_sites() -> None:
    require_chromium()
    with run_sites("wsgiref") as origins, closing(Site(0)) as stranger:
        api = json.dumps(f"{origins.api}/items")
        stranger.start(serve_html(STRANGER.replace("API", api)))
        with open_tab(f"{stranger.origin}/") as tab:
            for site in (origins.page, origins.foreign):
                for path in ("/", "/frame"):
                    assert tab.evaluate(f"frame({json.dumps(site + path)})") == []
                opened = tab.evaluate(f"open_('{site}/frame')", by_hand=True)
                assert opened == [], "whoever opens it is not the page around it"
                json_type = '{ headers: { "content-type": "application/json" } }'
                assert tab.evaluate(f"post('{site}/run', {json_type})") == (
                    "TypeError: Failed to fetch"
                )
                # What needs no preflight arrives, and is refused: see the tests of the pages.
                assert tab.evaluate(f"post('{site}/run', {{ mode: 'no-cors' }})").startswith(
                    ("opaque", "TypeError")
                )


@pytest.mark.parametrize("forger", ["of another origin", "of its own origin"])
def test_the_page_believes_only_the_frame_itself(forger: str) -> None:
    require_chromium()
    outcome = {"readable": True, "status": 200, "body": "forged", "headers": [], "error": None}
    forging = (
        f"<!doctype html><script>top.postMessage({json.dumps({'outcome': outcome})}, '*')</script>"
    )
    with run_sites("wsgiref") as origins, closing(Site(0)) as third, closing(Site(0)) as framing:
        third.start(serve_html(forging))
        src = "/forging" if forger == "of its own origin" else third.origin
        document = f"<!doctype html><iframe src='{src}'></iframe>"
        framing.start(serve_html(document, forging=forging))
        with closing(Site(0)) as page:
            fooled = Origins(origins.api, page.origin, framing.origin)
            page.start(serve_page({**describe(fooled, page.origin), "patience": 2000}))
            with open_tab(f"{page.origin}/") as tab:
                result = perform(tab, "foreign-get")
    assert result["outcome"]["error"] == NO_ANSWER
    assert result["agreement"] == "differ", "nothing reached the API"


def test_a_picture_of_the_page_can_be_taken(tmp_path: Path) -> None:
    require_chromium()
    picture = tmp_path / "page.png"
    with run_sites("wsgiref") as origins:
        screenshot(f"{origins.page}/", picture, width=390, height=800, dark=True)
    assert picture.read_bytes().startswith(b"\x89PNG")
