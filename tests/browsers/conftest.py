"""Shared fixtures: an HTTPS page in each engine, and the demo's page in a tab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from corekit_cli.demo.command import Demo, Ports, run_demo
from tests.browsers.chromium import require_chromium
from tests.browsers.https import HOSTS, OPENERS
from tests.browsers.lab import Lab, open_lab
from tests.browsers.playground import ENDED, go
from tests.browsers.tab import Tab, open_tab
from tests.certificates import make_certificate


@pytest.fixture(scope="module", params=OPENERS)
def https_visit(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Lab]]:
    """Open the lab's page over HTTPS; yield the engine's name and the lab."""
    certificate = make_certificate(tmp_path_factory.mktemp("certificate"), *HOSTS)
    home = tmp_path_factory.mktemp("home")
    with (
        open_lab(certificate.server_context()) as lab,
        OPENERS[request.param](f"{lab.page}/", certificate.authority, home),
    ):
        yield request.param, lab


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    require_chromium()
    with run_demo(Ports(0, 0, 0)) as running:
        yield running


@pytest.fixture(scope="module")
def browser(demo: Demo) -> Iterator[Tab]:
    with open_tab(f"{demo.origins.page}/") as tab:
        yield tab


@pytest.fixture
def tab(demo: Demo, browser: Tab) -> Tab:
    """Load the page and wait for its first run."""
    browser.resize(1280)
    browser.prefer(prefers_color_scheme="light", prefers_reduced_motion="reduce")
    go(browser, f"{demo.origins.page}/")
    browser.wait_for(ENDED)
    return browser
