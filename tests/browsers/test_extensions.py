"""What extensions of Chromium send, and that policies allow them as documented."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from tests.browsers.chromium import open_page
from tests.browsers.policy_site import PolicySite, open_site

pytestmark = pytest.mark.browser

CONTEXTS: Final = ("worker", "page")
PERMISSION: Final = {"host_permissions": ["http://127.0.0.1/*"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of the extension, whose identifier depends on it."""
    folder = tmp_path / "extension"
    folder.mkdir()
    return folder


@pytest.fixture
def origin(folder: Path) -> str:
    """Return the origin of the extension.

    Its identifier is the start of the SHA-256 of the folder, with the digits a to p.
    """
    digest = hashlib.sha256(bytes(folder)).hexdigest()[:32]
    return "chrome-extension://" + "".join(chr(ord("a") + int(digit, 16)) for digit in digest)


@pytest.fixture
def site(origin: str) -> Iterator[PolicySite]:
    # Every identifier has 32 letters from a to p.
    another = f"chrome-extension://{'abcdefghijklmnop' * 2}"
    put: Mapping[str, Any] = {"allow_methods": ["PUT"]}
    policies = {
        "any": CorsPolicy(allow_origins=["*"], **put),
        "exact": CorsPolicy(allow_origins=[origin], **put),
        "exact-credentials": CorsPolicy(allow_origins=[origin], allow_credentials=True, **put),
        "wildcard": CorsPolicy(allow_origins=["chrome-extension://*"], **put),
        "wildcard-credentials": CorsPolicy(
            allow_origins=["chrome-extension://*"],
            allow_credentials=True,
            accept_risks=["any-extension"],
            **put,
        ),
        "another": CorsPolicy(allow_origins=[another], allow_credentials=True, **put),
        "firefox": CorsPolicy(allow_origins=["moz-extension://*"], **put),
        "website": CorsPolicy(allow_origins=["http://localhost:*"], **put),
    }
    with open_site(policies) as site:
        yield site


def outcomes(
    site: PolicySite,
    folder: Path,
    context: str,
    *,
    url: str = "about:blank",
    manifest: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Return the report of an extension that runs the site's script in one of its contexts."""
    worker = site.script if context == "worker" else "chrome.tabs.create({url: 'page.html'});"
    (folder / "worker.js").write_text(worker)
    (folder / "page.html").write_text('<script src="script.js"></script>')
    (folder / "script.js").write_text(site.script)
    basics = {"manifest_version": 3, "name": "Test", "version": "1"}
    scripts = {"background": {"service_worker": "worker.js"}} if context in CONTEXTS else {}
    (folder / "manifest.json").write_text(json.dumps(basics | scripts | dict(manifest or {})))
    with open_page(url, extension=folder):
        return site.report()


@pytest.mark.parametrize("context", CONTEXTS)
def test_extension_sends_its_origin(
    site: PolicySite, folder: Path, origin: str, context: str
) -> None:
    credentials = ["exact-credentials", "wildcard-credentials"]
    allowed = ["any", "exact", "wildcard", *credentials]
    assert outcomes(site, folder, context) == site.expected(origin, allowed, credentials)


@pytest.mark.parametrize("context", CONTEXTS)
def test_host_permission_bypasses_cors(
    site: PolicySite, folder: Path, origin: str, context: str
) -> None:
    # Everything can be read. A GET has no Origin header.
    expected = {key: origin if " PUT " in key else "" for key in site.expected(origin, site.names)}
    assert outcomes(site, folder, context, manifest=PERMISSION) == expected


@pytest.mark.parametrize("permission", [{}, PERMISSION], ids=["no-permission", "permission"])
def test_content_script_sends_origin_of_website(
    site: PolicySite, folder: Path, permission: Mapping[str, Any]
) -> None:
    website = site.url.replace("127.0.0.1", "localhost")
    scripts = [{"matches": ["http://localhost/*"], "js": ["script.js"]}]
    manifest = {"content_scripts": scripts, **permission}
    found = outcomes(site, folder, "content script", url=f"{website}/", manifest=manifest)
    assert found == site.expected(website, ["any", "website"])
