"""The calls of the demo in headless Chromium, with the API on three servers.

The verdict of the page is not trusted: each call is checked again here, by what the page could read
and what reached the API.
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
from corekit_cli.demo.form import Example, Origins, list_calls, make_policy, read_form
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
"""What the allowed page can read: status and body. The other calls are blocked."""

NO_RESPONSE: Final = "The page in the frame did not respond."


@contextmanager
def run_program(server: str, page: str) -> Iterator[str]:
    """Run the API in another process; yield its origin."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # The socket listens already, so nothing has to wait for the program.
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
def run_sites(server: str, policy: CorsPolicy | None = None) -> Iterator[Origins]:
    """Serve the pages here and the API on `server`, optionally with another policy.

    The API has no sessions: it always uses the policy of the demo, as its calls do.
    """
    with ExitStack() as stack:
        page, untrusted = (stack.enter_context(closing(Site(0))) for _ in range(2))
        if server == "wsgiref":
            site = stack.enter_context(closing(Site(0)))
            site.start(serve_api(policy or make_policy(page.origin)))
            api = site.origin
        else:
            api = stack.enter_context(run_program(server, page.origin))
        origins = Origins(api, page.origin, untrusted.origin)
        for each in (page, untrusted):
            each.start(serve_page(describe(origins, each.origin)))
        yield origins


def perform(tab: Tab, name: str) -> Any:
    """Let the page make the call of an example, without its form; return the result."""
    tab.wait_for("typeof demo === 'object' && byId('examples').children.length > 0")
    return tab.evaluate(
        f"perform(demo.examples.find((one) => one.name === {json.dumps(name)}).form)"
    )


def decide(example: Example) -> tuple[list[dict[str, Any]], bool]:
    """Return the requests that must reach the API, and whether the page can read.

    This uses neither the verdict of the page nor the browser model.
    """
    call = read_form(example.form)
    asked = ",".join(sorted(name.lower() for name, _ in call.headers)) or None
    shared = {"origin": call.page, "cookie": False}
    expected = []
    if asked or call.method not in ("GET", "POST"):
        preflight = call.policy.decide(
            "OPTIONS", origin=call.page, request_method=call.method, request_headers=asked
        )
        expected.append(
            {
                **shared,
                "method": "OPTIONS",
                "request_method": call.method,
                "request_headers": asked,
                "status": preflight.status,
            }
        )
        if not preflight.allowed:
            return expected, False
    request = {"method": call.method, "request_method": None, "request_headers": None}
    has_cookie = example.name in ("get-with-cookies", "delete")
    expected.append({**shared, **request, "cookie": has_cookie})
    return expected, call.policy.decide(call.method, origin=call.page).allowed


def check(result: Any, example: Example) -> None:
    expected, allowed = decide(example)
    outcome = result["outcome"]
    assert outcome["readable"] == allowed
    if allowed:
        assert (outcome["status"], outcome["body"]) == READ[example.name]
    else:
        assert outcome["error"] == "TypeError: Failed to fetch"
        assert outcome["body"] is None
    assert len(result["seen"]) == len(expected)
    for seen, wanted in zip(result["seen"], expected, strict=True):
        keys = wanted.keys() - ({"cookie"} if example.name == "sign-in" else set())
        assert {key: seen[key] for key in keys} == {key: wanted[key] for key in keys}
    assert result["verdict"]["allowed"] == allowed
    assert result["agreement"] == "agree"


@pytest.mark.parametrize("server", ["wsgiref", *PROGRAMS])
def test_browser_does_what_the_policy_decides(server: str) -> None:
    require_chromium()
    with run_sites(server) as origins, open_tab(f"{origins.page}/") as tab:
        for example in list_calls(origins, origins.page):
            result = perform(tab, example.name)
            check(result, example)
            headers = dict(result["outcome"]["headers"])
            if example.name == "simple-get":
                assert headers["x-items-total"] == "2"
            if example.name == "custom-header":
                assert headers["x-request-id"] == "demo-1"


@pytest.mark.parametrize("server", ["wsgiref", *PROGRAMS])
def test_untrusted_page_can_read_nothing(server: str) -> None:
    require_chromium()
    with run_sites(server) as origins, open_tab(f"{origins.untrusted}/") as tab:
        for example in list_calls(origins, origins.untrusted):
            result = perform(tab, example.name)
            assert not result["outcome"]["readable"]
            check(result, example)


def test_page_shows_where_the_browser_deviates() -> None:
    require_chromium()
    with (
        run_sites("wsgiref", policy=CorsPolicy.deny_all()) as origins,
        open_tab(f"{origins.page}/") as tab,
    ):
        calls = list_calls(origins, origins.page)
        names = [each.name for each in calls if perform(tab, each.name)["agreement"] == "differ"]
        assert names == list(READ), "allowed by the policy, but not by the server"
        tab.click("#all")
        told = tab.wait_for("!busy && byId('progress').innerText")
        assert told.startswith("\u2717 ")
        tab.click("#example-put-json")
        tab.wait_for("byId('status').innerText.includes('deviates')")
        assert "not as the standard requires" in tab.text("#browser")
        assert "this browser blocked the response" in tab.text("#diagram")


def test_page_compares_the_requests_too() -> None:
    require_chromium()
    with run_sites("wsgiref") as origins, open_tab(f"{origins.page}/") as tab:
        tab.wait_for("typeof compare === 'function'")

        def compare(
            readable: bool, seen: list[str], deviating: list[str], refused: str | None = None
        ) -> Any:
            expected = [{"request": {"method": method}} for method in ("OPTIONS", "PUT")]
            verdict = {"allowed": True, "exchanges": expected, "deviating": deviating}
            requests = [{"method": method, "refused": refused} for method in seen]
            return tab.evaluate(
                f"compare({json.dumps(verdict)}, {json.dumps({'readable': readable})},"
                f" {json.dumps(requests)})"
            )

        assert compare(True, ["OPTIONS", "PUT"], []) == "agree"
        assert compare(True, ["PUT"], ["chromium"]) == "differ"
        assert compare(True, ["OPTIONS", "PUT", "PUT"], []) == "differ"
        assert compare(False, ["OPTIONS", "PUT"], []) == "differ"
        assert compare(False, ["OPTIONS"], ["chromium"]) == "deviate"
        assert compare(True, ["OPTIONS", "PUT"], [], refused="SAME_SITE") == "differ"


def serve_html(document: str, **others: str) -> WSGIApplication:
    """Serve one document, and `others` at paths of their names."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [others.get(environ["PATH_INFO"][1:], document).encode()]

    return application


ATTACKER: Final = """<!doctype html><title>attacker</title><script>
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


def test_other_websites_get_nothing_from_the_sites() -> None:
    require_chromium()
    with run_sites("wsgiref") as origins, closing(Site(0)) as attacker:
        api = json.dumps(f"{origins.api}/items")
        attacker.start(serve_html(ATTACKER.replace("API", api)))
        with open_tab(f"{attacker.origin}/") as tab:
            for site in (origins.page, origins.untrusted):
                for path in ("/", "/frame"):
                    assert tab.evaluate(f"frame({json.dumps(site + path)})") == []
                opened = tab.evaluate(f"open_('{site}/frame')", by_hand=True)
                assert opened == [], "the opener is not the embedding page"
                json_type = '{ headers: { "content-type": "application/json" } }'
                assert tab.evaluate(f"post('{site}/run', {json_type})") == (
                    "TypeError: Failed to fetch"
                )
                # A request without preflight arrives and is refused: see the tests of the pages.
                assert tab.evaluate(f"post('{site}/run', {{ mode: 'no-cors' }})").startswith(
                    ("opaque", "TypeError")
                )


@pytest.mark.parametrize("forger", ["cross-origin", "same-origin"])
def test_page_trusts_only_the_frame_itself(forger: str) -> None:
    require_chromium()
    outcome = {"readable": True, "status": 200, "body": "forged", "headers": [], "error": None}
    forging = (
        f"<!doctype html><script>top.postMessage({json.dumps({'outcome': outcome})}, '*')</script>"
    )
    with run_sites("wsgiref") as origins, closing(Site(0)) as third, closing(Site(0)) as framing:
        third.start(serve_html(forging))
        src = "/forging" if forger == "same-origin" else third.origin
        document = f"<!doctype html><iframe src='{src}'></iframe>"
        framing.start(serve_html(document, forging=forging))
        with closing(Site(0)) as page:
            fooled = Origins(origins.api, page.origin, framing.origin)
            page.start(serve_page({**describe(fooled, page.origin), "frame_timeout": 2000}))
            with open_tab(f"{page.origin}/") as tab:
                result = perform(tab, "untrusted-get")
    assert result["outcome"]["error"] == NO_RESPONSE
    assert result["agreement"] == "differ", "nothing reached the API"


def test_screenshot_is_taken(tmp_path: Path) -> None:
    require_chromium()
    picture = tmp_path / "page.png"
    with run_sites("wsgiref") as origins:
        screenshot(f"{origins.page}/", picture, width=390, height=800, dark=True)
    assert picture.read_bytes().startswith(b"\x89PNG")
