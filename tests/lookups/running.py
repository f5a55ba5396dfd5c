"""Run a test in an event loop. Not a test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import Any, Final

from corekit_lookups import LookupRequest, OriginLookup

A: Final = "https://a.example"
B: Final = "https://b.example"
REQUEST: Final = LookupRequest("https", "api.example.com", "/orders")
LONG: Final = 10.0
"""Seconds that no test waits for, unless it fails."""


def build(function: Any, **arguments: Any) -> OriginLookup:
    """Return a look-up that does not time out on a busy machine."""
    return OriginLookup(function, **{"timeout": LONG, **arguments})


def random_origins() -> Iterator[str]:
    """Origins that nobody has seen, like those that a client sends to cause look-ups."""
    return (f"https://random-{number}.example" for number in count())


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(LONG):
            await test()

    asyncio.run(main())


async def settle() -> None:
    """Let the other tasks run until each waits for something."""
    for _ in range(5):
        await asyncio.sleep(0)


async def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for another thread, or for the timeout of a task."""
    while not condition():  # noqa: ASYNC110 - nothing else shows it
        await asyncio.sleep(0.001)
