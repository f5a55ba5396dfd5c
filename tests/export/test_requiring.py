"""Without nginx, the tests that run it are skipped with a plain reason, or fail on request."""

from __future__ import annotations

import re

import pytest

from tests.export import proxies

MISSING = re.escape("nginx 1.23 or newer is not installed (pip install --group proxies)")


def test_missing_nginx_skips_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "find_nginx", lambda: None)
    monkeypatch.delenv("COREKIT_REQUIRE_PROXIES", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"^{MISSING}$"):
        proxies.require_nginx()
    monkeypatch.setenv("COREKIT_REQUIRE_PROXIES", "1")
    with pytest.raises(pytest.fail.Exception, match=f"^COREKIT_REQUIRE_PROXIES=1, but {MISSING}$"):
        proxies.require_nginx()
