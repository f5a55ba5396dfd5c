"""The snippets about watched files and loaded origins work, in their order."""

from __future__ import annotations

import asyncio
import os
import sqlite3
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
    (emergency,) = (text for text in blocks(PAGE, "python") if "incident" in text)
    exec(watching.replace("every=2.0", "every=0.02"), names)
    try:
        assert allows(names["app"], OLD)
        path.write_text(policy_text(NEW))
        assert wait_for(lambda: allows(names["app"], NEW))
        assert not allows(names["app"], OLD)
        exec(emergency, names)
        assert not allows(names["app"], NEW)
        exec(signals, names)
        assert names["watcher"].is_running
    finally:
        names["watcher"].close()


def test_origins_are_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    connection = sqlite3.connect("shop.db")
    connection.execute("CREATE TABLE tenants (origin TEXT)")
    connection.execute("INSERT INTO tenants VALUES (?)", [NEW])
    connection.commit()
    connection.close()
    names: dict[str, Any] = {"__name__": "snippet"}
    snippet, in_lifespan, *_ = blocks(ROOT / "docs" / "dynamic-origins.md", "python")
    exec(snippet, names)
    try:
        assert allows(names["app"], NEW)
        assert allows(names["app"], "https://app.example.com")
        assert not allows(names["app"], OLD)
        exec(in_lifespan, names)
    finally:
        names["refresher"].close()

    async def run() -> bool:
        async with names["lifespan"](None):
            return bool(names["live"].policy.engine.allows("https://shop-2.example"))

    assert asyncio.run(run())
