"""What Chromium sends for pages without a website, and that policies allow them as documented."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import Empty, Queue
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any, Final
from urllib.parse import parse_qs, quote
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit_wsgi import CorsMiddleware
from tests.browsers.chromium import open_page

pytestmark = pytest.mark.browser

POLICIES: Final = {
    "any": CorsPolicy(allow_origins=["*"], allow_methods=["PUT"]),
    "file": CorsPolicy(
        allow_origins=["file://"], allow_methods=["PUT"], accept_risks=["opaque-origin"]
    ),
    "null": CorsPolicy(
        allow_origins=["null"], allow_methods=["PUT"], accept_risks=["opaque-origin"]
    ),
    "site": CorsPolicy(allow_origins=["https://app.example.com"], allow_methods=["PUT"]),
}
SCRIPT: Final = """
<script>
(async () => {
  const found = {};
  for (const name of NAMES)
    for (const method of ["GET", "PUT"])
      found[name + " " + method] = await fetch(SERVER + "/" + name, {method}).then(
        (response) => response.text(), () => "blocked");
  fetch(SERVER + "/report?found=" + encodeURIComponent(JSON.stringify(found)), {mode: "no-cors"});
})();
</script>
"""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


class Site:
    """A server on loopback: one path for each policy, a page, and the reports of the page."""

    def __init__(self) -> None:
        self.reports: Queue[dict[str, str]] = Queue()
        self.page = ""
        routes = CorsRoutes([(f"/{name}", policy) for name, policy in POLICIES.items()])
        app = CorsMiddleware(self.respond, routes)
        self.server = make_server("127.0.0.1", 0, app, _Server, _Quiet)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        names = json.dumps([*POLICIES])
        self.script = SCRIPT.replace("NAMES", names).replace("SERVER", json.dumps(self.url))

    def respond(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/html")])
        if environ["PATH_INFO"] == "/report":
            self.reports.put(json.loads(parse_qs(environ["QUERY_STRING"])["found"][0]))
        body = self.page if environ["PATH_INFO"] == "/" else environ.get("HTTP_ORIGIN", "")
        return [body.encode()]


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    Thread(target=site.server.serve_forever, daemon=True).start()
    yield site
    site.server.shutdown()
    site.server.server_close()


def outcomes(site: Site, url: str, *switches: str) -> dict[str, str]:
    with open_page(url, arguments=switches):
        try:
            return site.reports.get(timeout=30)
        except Empty:
            pytest.fail(f"{url:.60} reported nothing")


def expected(origin: str, *allowed: str) -> dict[str, str]:
    return {
        f"{name} {method}": origin if name in allowed else "blocked"
        for name in POLICIES
        for method in ("GET", "PUT")
    }


def test_local_file_with_access_to_files_sends_its_scheme(site: Site, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(site.script)
    found = outcomes(site, page.as_uri(), "--allow-file-access-from-files")
    assert found == expected("file://", "any", "file")


def test_local_file_sends_null(site: Site, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(site.script)
    assert outcomes(site, page.as_uri()) == expected("null", "any", "null")


def test_data_page_sends_null(site: Site) -> None:
    # In a frame: from a top-level data: page, Chromium reaches no server on loopback.
    site.page = f'<iframe src="data:text/html,{quote(site.script)}"></iframe>'
    assert outcomes(site, f"{site.url}/") == expected("null", "any", "null")


def test_sandboxed_frame_sends_null(site: Site) -> None:
    frame = site.script.replace("&", "&amp;").replace('"', "&quot;")
    site.page = f'<iframe sandbox="allow-scripts" srcdoc="{frame}"></iframe>'
    assert outcomes(site, f"{site.url}/") == expected("null", "any", "null")
