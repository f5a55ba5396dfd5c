"""A page in Chromium reads through each proxy what its policy allows, and nothing else.

The application behind the proxy allows everything to everybody.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from tests.browsers.chromium import require_chromium
from tests.browsers.tab import Tab, open_tab
from tests.export.every import PROXIES
from tests.export.proxies import Proxy, require, running, serving, write_configuration

pytestmark = pytest.mark.browser

DENIED: Final = "TypeError"
CALLS: Final[dict[str, tuple[str, dict[str, Any], tuple[int, str] | None]]] = {
    # The path, the options of fetch(), and the status and x-total that a listed page reads, if it
    # may do that.
    "read": ("/200", {}, (200, "7")),
    "read with cookies": ("/200", {"credentials": "include"}, (200, "7")),
    "an error of the application": ("/500", {}, (500, "7")),
    "a write with a preflight": ("/200", {"method": "PUT", "body": "x"}, (200, "7")),
    "a header with a preflight": ("/200", {"headers": {"x-csrftoken": "1"}}, (200, "7")),
    "a method that is not listed": ("/200", {"method": "DELETE"}, None),
    "a header that is not listed": ("/200", {"headers": {"x-other": "1"}}, None),
}
FETCH: Final = """
(async (url, options) => {
    try {
        const response = await fetch(url, options);
        return [response.status, response.headers.get("x-total")];
    } catch (error) {
        return error.name;
    }
})(%s, %s)
"""


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>page</title>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def serving_pages() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(timeout=20)


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Tab]]:
    require_chromium()
    with serving_pages() as port, open_tab(f"http://localhost:{port}/") as tab:
        yield port, tab


def call_all(tab: Tab, page: str, api: str) -> dict[str, object]:
    tab.call("Page.navigate", url=f"{page}/")
    tab.wait_for(f"location.origin === {json.dumps(page)} && document.readyState === 'complete'")
    results = {}
    for name, (path, options, _) in CALLS.items():
        result = tab.evaluate(FETCH % (json.dumps(api + path), json.dumps(options)))
        results[name] = tuple(result) if isinstance(result, list) else result
    return results


@pytest.mark.parametrize("proxy", PROXIES, ids=str)
def test_page_reads_what_the_policy_allows(
    proxy: Proxy, visits: tuple[int, Tab], tmp_path: Path
) -> None:
    require(proxy)
    port, tab = visits
    policy = CorsPolicy(
        allow_origins=[f"http://localhost:{port}", "http://*.shop.localhost:*"],
        allow_credentials=True,
        allow_methods=["PUT"],
        allow_headers=["x-csrftoken"],
        expose_headers=["x-total"],
        max_age=0,
    )
    granted = {name: expected or DENIED for name, (*_, expected) in CALLS.items()}
    pages = {
        f"http://localhost:{port}": granted,
        f"http://pr-1.shop.localhost:{port}": granted,
        f"http://shop.localhost:{port}": dict.fromkeys(CALLS, DENIED),
        f"http://127.0.0.1:{port}": dict.fromkeys(CALLS, DENIED),
    }
    with serving(("x-total", "7")) as application:
        text = write_configuration(proxy, policy, application.url)
        with running(proxy, text, tmp_path) as number:
            api = f"http://127.0.0.1:{number}"
            assert {page: call_all(tab, page, api) for page in pages} == pages


@pytest.mark.parametrize("proxy", PROXIES, ids=str)
def test_page_reads_an_error_of_the_proxy(
    proxy: Proxy, visits: tuple[int, Tab], tmp_path: Path
) -> None:
    require(proxy)
    port, tab = visits
    policy = CorsPolicy(allow_origins=[f"http://localhost:{port}"])
    text = write_configuration(proxy, policy, "http://127.0.0.1:9")
    with running(proxy, text, tmp_path) as number:
        api = f"http://127.0.0.1:{number}"
        read = call_all(tab, f"http://localhost:{port}", api)["read"]
    # Envoy and HAProxy respond with 503.
    assert read in {(502, None), (503, None)}
