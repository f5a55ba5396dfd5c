"""The snippets of docs/changing-a-policy.md about files work, in their order."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import pytest

from tests.config.watching import NEW, OLD, policy_text, wait_for
from tests.docs.pages import ROOT, blocks, call

PAGE: Final = ROOT / "docs" / "changing-a-policy.md"


def allows(app: Any, origin: str) -> bool:
    _, headers, _ = call(app, "/", {"Origin": origin})
    return headers.get("Access-Control-Allow-Origin") == origin


@pytest.mark.skipif(os.name != "posix", reason="no SIGHUP")
def test_file_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("cors.toml")
    path.write_text(policy_text(OLD))
    names: dict[str, Any] = {"__name__": "snippet"}
    watching, signals = (text for text in blocks(PAGE, "python") if "watch(" in text)
    exec(watching.replace("every=2.0", "every=0.02"), names)
    try:
        assert allows(names["app"], OLD)
        path.write_text(policy_text(NEW))
        assert wait_for(lambda: allows(names["app"], NEW))
        assert not allows(names["app"], OLD)
        exec(signals, names)
        assert names["watcher"].is_running
    finally:
        names["watcher"].close()
