"""The launcher finds a browser, or skips."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browsers.launching import require


def test_environment_variable_takes_precedence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    custom = tmp_path / "my-firefox"
    custom.touch(mode=0o755)
    monkeypatch.setenv("COREKIT_FIREFOX", str(custom))
    assert require("Firefox", ("sh",), "firefox-esr", "COREKIT_FIREFOX") == str(custom)


def test_first_available_name_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COREKIT_FIREFOX", raising=False)
    found = require("Firefox", ("no-such-browser", "sh"), "firefox-esr", "COREKIT_FIREFOX")
    assert found.endswith("/sh")


def test_missing_browser_skips_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COREKIT_FIREFOX", "no-such-browser")
    monkeypatch.delenv("COREKIT_REQUIRE_BROWSERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"no Firefox .*no-such-browser.*firefox-esr"):
        require("Firefox", ("sh",), "firefox-esr", "COREKIT_FIREFOX")


def test_missing_required_browser_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COREKIT_FIREFOX", raising=False)
    monkeypatch.setenv("COREKIT_REQUIRE_BROWSERS", "1")
    with pytest.raises(pytest.fail.Exception, match="COREKIT_REQUIRE_BROWSERS=1, but no Firefox"):
        require("Firefox", ("no-such-browser",), "firefox-esr", "COREKIT_FIREFOX")
