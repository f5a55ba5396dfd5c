"""The page about logging and metrics: its snippets, tables and log lines are right."""

from __future__ import annotations

import asyncio
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

PAGE = (Path(__file__).parents[2] / "docs" / "logging.md").read_text()
ADAPTERS = Path(__file__).parents[2] / "adapters"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def ask(app: Any, method: str, path: str, headers: list[tuple[bytes, bytes]]) -> None:
    async def send(message: Any) -> None: ...

    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    asyncio.run(app(scope, None, send))


def test_snippets_run_and_log_the_shown_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    names: dict[str, Any] = {"__name__": "snippet"}
    apps = []
    with caplog.at_level(logging.INFO, "corekit"):
        for snippet in blocks("python"):
            exec(compile(snippet, "docs/logging.md", "exec"), names)
            if names.get("app") not in apps:
                apps.append(names.get("app"))
        preflight = [
            (b"origin", b"https://app.example.com"),
            (b"access-control-request-method", b"DELETE"),
            (b"access-control-request-headers", b"x-color"),
        ]
        for app in apps[1:]:
            caplog.clear()
            ask(app, "GET", "/items", [(b"origin", b"https://ap.example.com")])
            ask(app, "OPTIONS", "/items/1", preflight)
            lines = [f"{r.levelname}:{r.name}:{r.getMessage()}" for r in caplog.records]
            assert lines == blocks("text")[0].splitlines()
    names["refresher"].close()
    assert [reason for reason, _ in names["denied"]] == ["ORIGIN_NOT_ALLOWED", "METHOD_NOT_ALLOWED"]
    scrape = generate_latest(REGISTRY).decode().splitlines()
    assert blocks("text")[1].strip() in scrape
    assert "shop_cors_decisions_total" in str(scrape)
    assert blocks("text")[4].strip() in scrape
    assert "cors_shadow_total" in blocks("text")[5]
    assert blocks("text")[8].splitlines()[1] in scrape


def test_guard_logs_the_shown_line_and_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    registry = CollectorRegistry()
    names: dict[str, Any] = {"__name__": "snippet", "registry": registry}
    for part in ("def remember", "GuardEvent"):
        (snippet,) = (text for text in blocks("python") if part in text)
        snippet = snippet.replace("VerdictCounter()", "VerdictCounter(registry=registry)")
        exec(compile(snippet, "docs/logging.md", "exec"), names)
    with caplog.at_level(logging.WARNING, "corekit"):
        ask(names["app"], "POST", "/items", [(b"origin", b"https://ap.example.com")])
    (line,) = [f"{r.levelname}:{r.name}:{r.getMessage()}" for r in caplog.records]
    assert [line, *blocks("text")[3].splitlines()] == [
        blocks("text")[2].strip(),
        *(line for line in generate_latest(registry).decode().splitlines() if "_total{" in line),
    ]
    assert [reason for reason, _ in names["refused"]] == ["OTHER_ORIGIN"]


def test_every_attribute_of_a_verdicts_event_is_described() -> None:
    from dataclasses import fields

    from corekit.guard import GuardEvent

    table = PAGE.partition("| attribute of the event | value |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    described = {name for row in rows for name in re.findall(r"`(\w+)(?:\(\))?`", row)}
    assert described >= {field.name for field in fields(GuardEvent)} | {"outcome", "describe"}


def test_every_logger_is_named_after_its_package() -> None:
    found = {
        (path.relative_to(ADAPTERS).parts[0], name)
        for path in ADAPTERS.rglob("*.py")
        for name in re.findall(r'getLogger\("(.+)"\)', path.read_text())
    }
    assert {name.replace(".", "_") for _, name in found} == {package for package, _ in found}
    assert ("corekit_asgi", "corekit.asgi") in found


def test_every_attribute_of_an_event_is_described() -> None:
    from dataclasses import fields

    from corekit import DecisionEvent

    table = PAGE.partition("| attribute of an event | value |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    described = {name for row in rows for name in re.findall(r"`(\w+)(?:\(\))?`", row)}
    assert described >= {field.name for field in fields(DecisionEvent)} | {"outcome", "describe"}
