"""Without a proxy, the tests that run it are skipped with a plain reason, or fail on request."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.export.nginx import NGINX
from tests.export.proxies import require

MISSING = re.escape("nginx 1.23 or newer is not installed (pip install --group proxies)")


def test_missing_proxy_skips_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = replace(NGINX, find=lambda: None)
    monkeypatch.delenv("COREKIT_REQUIRE_PROXIES", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"^{MISSING}$"):
        require(missing)
    monkeypatch.setenv("COREKIT_REQUIRE_PROXIES", "1")
    with pytest.raises(pytest.fail.Exception, match=f"^COREKIT_REQUIRE_PROXIES=1, but {MISSING}$"):
        require(missing)
