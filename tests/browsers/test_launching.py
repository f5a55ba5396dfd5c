"""Finding Firefox and WebKitGTK: what is said where one is missing, and that a display is ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browsers.launching import require


def test_a_named_browser_goes_before_the_usual_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mine = tmp_path / "my-firefox"
    mine.touch(mode=0o755)
    monkeypatch.setenv("COREKIT_FIREFOX", str(mine))
    assert require("Firefox", ("sh",), "firefox-esr", "COREKIT_FIREFOX") == str(mine)


def test_the_first_usual_name_that_is_there_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COREKIT_FIREFOX", raising=False)
    found = require("Firefox", ("no-such-browser", "sh"), "firefox-esr", "COREKIT_FIREFOX")
    assert found.endswith("/sh")


def test_without_a_browser_the_test_is_skipped_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COREKIT_FIREFOX", "no-such-browser")
    monkeypatch.delenv("COREKIT_REQUIRE_BROWSERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"no Firefox .*no-such-browser.*firefox-esr"):
        require("Firefox", ("sh",), "firefox-esr", "COREKIT_FIREFOX")


def test_without_a_browser_that_is_required_the_test_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COREKIT_FIREFOX", raising=False)
    monkeypatch.setenv("COREKIT_REQUIRE_BROWSERS", "1")
    with pytest.raises(pytest.fail.Exception, match="COREKIT_REQUIRE_BROWSERS=1, but no Firefox"):
        require("Firefox", ("no-such-browser",), "firefox-esr", "COREKIT_FIREFOX")
