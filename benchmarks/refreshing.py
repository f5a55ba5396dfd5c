"""How long requests wait while a million origins are loaded: `python -m benchmarks.refreshing`.

An ASGI application answers requests, one after the other, while a thread loads rows. Printed are
the CPU time of the process during each request, and the time by the clock. Only one of the threads
runs at a time, so the first is what a request takes on a machine that does nothing else; the second
also has what other processes take. The longest work between two pauses of the thread comes first.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

from corekit import CorsPolicy, LivePolicy
from corekit_asgi import CorsMiddleware
from corekit_config import refresh

ROWS: Final = 1_000_000
ORIGIN: Final = "https://app.example.com"
SCOPE: Final = {
    "type": "http",
    "method": "GET",
    "path": "/",
    "headers": [(b"origin", ORIGIN.encode())],
}


class Table:
    """Rows that can be renamed all at once."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.version = 0

    def __call__(self) -> Iterator[str]:
        version = self.version
        for number in range(self.size):
            yield f"https://tenant-{number}.v{version}.example"


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b""})


async def ask(
    app: CorsMiddleware, live: LivePolicy, seconds: float
) -> tuple[list[float], list[float]]:
    """Return the times of requests until the policy is another one: of the CPU, by the clock."""

    async def send(message: Any) -> None: ...

    cpu: list[float] = []
    clock: list[float] = []
    generation, end = live.generation, time.perf_counter() + seconds
    while live.generation == generation and time.perf_counter() < end:
        used, start = time.process_time(), time.perf_counter()
        await app(SCOPE, None, send)  # type: ignore[arg-type]
        clock.append((time.perf_counter() - start) * 1_000)
        cpu.append((time.process_time() - used) * 1_000)
        await asyncio.sleep(0)
    return sorted(cpu), sorted(clock)


def show(name: str, measured: tuple[list[float], list[float]]) -> None:
    """Print the distribution of times."""
    for kind, times in zip(("CPU", "clock"), measured, strict=True):
        parts = [
            f"{share:.1%} {times[int(share * len(times))]:.3f}" for share in (0.5, 0.99, 0.999)
        ]
        slow = sum(each > 10 for each in times)
        print(f"{name}, {kind}: {len(times):,} requests, ms: {', '.join(parts)}", end="")
        print(f", max {times[-1]:.2f}; {slow} above 10 ms")


def main(size: int = ROWS) -> None:
    """Load the rows, then load them again, then load others."""
    live = LivePolicy(CorsPolicy(allow_origins=[ORIGIN], allow_credentials=True))
    app = CorsMiddleware(hello, live)
    table = Table(size)
    start = time.thread_time()
    with refresh(table, live, every=1_000) as refresher:
        print(f"first load: {time.thread_time() - start:.1f} s of CPU for {refresher.size:,} rows")
        for name in ("equal rows", "other rows", "equal rows"):
            table.version += name == "other rows"
            print(f"{name}: at most {longest_work(refresher):.2f} ms of CPU between two pauses")
        show("no load", asyncio.run(ask(app, live, 3.0)))
        table.version += 1
        refresher.wake()
        show("other rows", asyncio.run(ask(app, live, 300.0)))


def longest_work(refresher: Any) -> float:
    """Load once in this thread; return the longest step in milliseconds of CPU time."""
    longest, last = 0.0, time.thread_time()
    for _ in refresher._steps():
        now = time.thread_time()
        longest, last = max(longest, now - last), now
    return longest * 1_000


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
