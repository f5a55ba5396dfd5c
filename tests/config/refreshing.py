"""Rows to load, and loads that are calls of a test. Not a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, Self

import pytest

from corekit import LivePolicy
from corekit_config import refresh

Records = pytest.LogCaptureFixture

APP: Final = "https://app.example.com"
SHOP: Final = "https://shop-1.example"
OTHER: Final = "https://shop-2.example"
LONG: Final = 1_000.0
"""Seconds between two loads, so that a test decides when there is one."""


class Table:
    """Rows to load, or an exception to raise."""

    def __init__(self, *rows: Any) -> None:
        self.rows: Any = rows
        self.error: Exception | None = None
        self.loads = 0

    def __call__(self) -> Any:
        self.loads += 1
        if self.error is not None:
            raise self.error
        return self.rows

    async def load(self) -> Any:
        return self()


def allows(live: LivePolicy, origin: str, path: str = "/") -> bool:
    policy = live.policy.policy_for(path)
    return policy is not None and policy.engine.allows(origin)


def lines(caplog: Records, level: int) -> list[str]:
    found = [each.getMessage() for each in caplog.records if each.levelno == level]
    caplog.clear()
    return found


async def until(is_true: Callable[[], bool]) -> None:
    while not is_true():  # noqa: ASYNC110 - in production code there is nothing to wait for
        await asyncio.sleep(0.001)


class Loads:
    """A refresher whose loads are calls of a test."""

    def __init__(self, table: Any, live: LivePolicy, **arguments: Any) -> None:
        self.refresher = refresh(table, live, every=LONG, **arguments)

    def again(self) -> None:
        assert self.refresher._refresh() == LONG

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.refresher.close()
