"""Every page of the documentation's site in headless Chromium, at two widths, light and dark."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

from tests.browsers.chromium import require_chromium
from tests.browsers.tab import Tab, open_tab

pytestmark = pytest.mark.browser

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("docs/**/*.rst")]
PAGES: Final = sorted(
    [
        *(f"{path.relative_to(ROOT).with_suffix('')}.html" for path in SOURCES),
        *("genindex.html", "search.html?q=origin"),
    ]
)
WIDTHS: Final = (1280, 390)  # CSS pixels

RECORD: Final = """
window.problems = [];
const error = console.error;
console.error = (...words) => { problems.push(words.join(" ")); error(...words); };
addEventListener("unhandledrejection", (event) => problems.push(String(event.reason)));
// In the capture phase, also of images, scripts and style sheets that are not loaded.
addEventListener("error", (event) => {
  problems.push(event.message || `not loaded: ${event.target.src || event.target.href}`);
}, true);
"""
AXE: Final = (files("axe_playwright_python") / "axe.min.js").read_text()
RUN_AXE: Final = """
axe.run(OPTIONS).then(({ violations }) => violations.map(({ id, help, nodes }) => [
  `${id}: ${help}`, ...nodes.slice(0, 3).map((node) => `${node.target}: ${node.html}`)]))
"""


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build the site and serve it; yield its origin."""
    require_chromium()
    folder = tmp_path_factory.mktemp("site")
    command = ["sphinx", "-q", "-W", "--keep-going", "-c", "docs", ".", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.fixture(scope="module")
def tab(site: str) -> Iterator[Tab]:
    with open_tab(f"{site}/search.html") as tab:
        tab.call("Page.enable")
        tab.call("Page.addScriptToEvaluateOnNewDocument", source=RECORD)
        yield tab


def visit(tab: Tab, url: str) -> None:
    tab.call("Page.navigate", url=url)
    tab.wait_for(f"document.URL === {url!r} && document.readyState === 'complete'")


def find_violations(tab: Tab, *rules: str) -> object:
    """Return what violates rules of axe, all of them if none are named."""
    options = json.dumps({"runOnly": rules} if rules else {})
    return tab.evaluate(RUN_AXE.replace("OPTIONS", options))


@pytest.mark.parametrize("page", PAGES)
def test_page_has_no_errors_and_is_accessible(page: str, site: str, tab: Tab) -> None:
    tab.prefer(prefers_color_scheme="light")
    visit(tab, f"{site}/{page}")
    tab.evaluate(AXE)
    for width in WIDTHS:
        tab.resize(width)
        assert not tab.evaluate("document.documentElement.scrollWidth > innerWidth"), width
        assert find_violations(tab) == [], width
    tab.prefer(prefers_color_scheme="dark")
    assert find_violations(tab, "color-contrast") == []
    assert tab.evaluate("problems") == []


def test_search_finds_pages(site: str, tab: Tab) -> None:
    visit(tab, f"{site}/search.html?q=look-up")
    links = "[...document.querySelectorAll('.search a')].map((one) => one.innerText)"
    assert tab.wait_for(f"{links}.includes('Origins from a database')")
