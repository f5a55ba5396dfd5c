"""Start a headless Firefox on a page of a test server, without a driver.

The preferences in a new profile disable background network traffic and allow third-party cookies.
The profile trusts the certificate authority of the tests.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Final

from tests.browsers.launching import require, supervised

NAMES: Final = ("firefox-esr", "firefox")

PREFERENCES: Final[dict[str, object]] = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.aboutwelcome.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "browser.tabs.warnOnClose": False,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.max_script_run_time": 0,
    "extensions.update.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    # Do not partition third-party cookies.
    "network.cookie.cookieBehavior": 0,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    # Other names of this machine, for HTTPS between sites.
    "network.dns.localDomains": "app.example.com,api.example.com,api.example.net",
    # Do not throttle timers of a background page.
    "dom.min_background_timeout_value": 4,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "toolkit.telemetry.unified": False,
}


@contextmanager
def open_page(
    url: str,
    *,
    certificate: Path | None = None,
    arguments: Sequence[str] = (),
    preferences: Mapping[str, object] = MappingProxyType({}),
) -> Iterator[Path]:
    """Run a headless Firefox on `url` during the block; yield its profile.

    `arguments` are additional switches, `preferences` additional preferences.
    """
    command = require("Firefox", NAMES, NAMES[0], "COREKIT_FIREFOX")
    with TemporaryDirectory(prefix="corekit-firefox-", ignore_cleanup_errors=True) as made:
        profile = Path(made) / "profile"
        profile.mkdir()
        lines = [
            f'user_pref("{name}", {json.dumps(value)});'
            for name, value in {**PREFERENCES, **preferences}.items()
        ]
        (profile / "user.js").write_text("\n".join(lines))
        if certificate is not None:
            trust(certificate, profile)
        switches = ("--headless", "--no-remote", "--profile", str(profile), *arguments)
        environment = {"HOME": made, "TMPDIR": made, "MOZ_CRASHREPORTER_DISABLE": "1"}
        with supervised([command, *switches, url], environment):
            yield profile


def trust(certificate: Path, folder: Path) -> None:
    """Add `certificate` to the certificate store in `folder` as a trusted authority."""
    certutil = require("certutil", ("certutil",), "libnss3-tools", "COREKIT_CERTUTIL")
    folder.mkdir(parents=True, exist_ok=True)
    for arguments in (
        ("-N", "--empty-password"),
        ("-A", "-n", "corekit tests", "-t", "C,,", "-i", str(certificate)),
    ):
        subprocess.run(
            [certutil, "-d", f"sql:{folder}", *arguments],
            check=True,
            capture_output=True,
            timeout=60,
        )
