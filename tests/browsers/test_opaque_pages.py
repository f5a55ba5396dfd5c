"""What Chromium sends for pages without a website, and that policies allow them as documented."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from corekit import CorsPolicy
from tests.browsers.chromium import open_page
from tests.browsers.policy_site import PolicySite, open_site

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


@pytest.fixture
def site() -> Iterator[PolicySite]:
    with open_site(POLICIES) as site:
        yield site


def outcomes(site: PolicySite, url: str, *switches: str) -> dict[str, str]:
    with open_page(url, arguments=switches):
        return site.report()


def test_local_file_with_access_to_files_sends_its_scheme(site: PolicySite, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<script>{site.script}</script>")
    found = outcomes(site, page.as_uri(), "--allow-file-access-from-files")
    assert found == site.expected("file://", ["any", "file"])


def test_local_file_sends_null(site: PolicySite, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<script>{site.script}</script>")
    assert outcomes(site, page.as_uri()) == site.expected("null", ["any", "null"])


def test_data_page_sends_null(site: PolicySite) -> None:
    # In a frame: from a top-level data: page, Chromium reaches no server on loopback.
    frame = quote(f"<script>{site.script}</script>")
    site.page = f'<iframe src="data:text/html,{frame}"></iframe>'
    assert outcomes(site, f"{site.url}/") == site.expected("null", ["any", "null"])


def test_sandboxed_frame_sends_null(site: PolicySite) -> None:
    frame = f"<script>{site.script}</script>".replace("&", "&amp;").replace('"', "&quot;")
    site.page = f'<iframe sandbox="allow-scripts" srcdoc="{frame}"></iframe>'
    assert outcomes(site, f"{site.url}/") == site.expected("null", ["any", "null"])
