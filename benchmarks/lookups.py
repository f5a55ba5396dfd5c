"""What an answer of a look-up costs that is remembered: ``python -m benchmarks.lookups``.

First the answer alone, next to an empty function and to the least that has to be done, a look-up in
a dictionary and in the clock, since machines and interpreters differ. Then requests
of an origin that the policy lists and of one that was looked up, through two middlewares in turn.
The fastest round of each counts, since other processes can only make one slower.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from time import monotonic, perf_counter_ns
from timeit import Timer
from typing import Any, Final

from benchmarks.applications import POLICY, drive_asgi, plain_app
from benchmarks.traffic import ALLOWED, preflight_headers, request_headers, scope
from corekit_asgi import CorsMiddleware
from corekit_lookups import LookupRequest, OriginLookup

ROUNDS: Final = 400
REQUESTS: Final = 200
CALLS: Final = 1000
SHOP: Final = "https://shop-1.example"
WORKLOADS: Final[dict[str, tuple[str, Any]]] = {
    "request": ("GET", request_headers),
    "preflight": ("OPTIONS", preflight_headers),
}
REQUEST: Final = LookupRequest("https", "api.example.com", "/")


def main() -> int:
    """Measure, print, and return the exit status."""
    lookup = OriginLookup(lambda _: True, ttl=3600)
    lookup.ask_sync(SHOP, REQUEST)
    measure_calls(
        {
            "an empty function": lambda _: None,
            "a dictionary with a time": remember({SHOP: (monotonic() + 3600, True)}),
            "a remembered answer": lookup.recall,
        }
    )
    asyncio.run(measure_requests(lookup))
    return 0


def remember(entries: dict[str, tuple[float, bool]]) -> Callable[[str], bool | None]:
    """Return a function with which nothing is counted, bounded or kept by its last use."""

    def find(origin: str) -> bool | None:
        entry = entries.get(origin)
        return None if entry is None or monotonic() >= entry[0] else entry[1]

    return find


def measure_calls(functions: dict[str, Callable[[str], object]]) -> None:
    """Print the time of one call of each function."""
    for name, function in functions.items():
        timer = Timer("function(SHOP)", globals={**globals(), "function": function})
        print(f"{name}: {min(timer.repeat(ROUNDS, CALLS)) / CALLS * 1e9:.0f} ns")


async def measure_requests(lookup: OriginLookup) -> None:
    """Print the time of requests, listed and looked up."""
    app = CorsMiddleware(plain_app, POLICY, lookup=lookup)
    for name, (method, headers_of) in WORKLOADS.items():
        best = dict.fromkeys((ALLOWED, SHOP), float("inf"))
        for _ in range(ROUNDS):
            for origin in best:
                headers = headers_of(origin)
                requests = [scope(method, headers) for _ in range(REQUESTS)]
                start = perf_counter_ns()
                drive_asgi(app, requests)
                best[origin] = min(best[origin], (perf_counter_ns() - start) / REQUESTS)
        listed, looked_up = best.values()
        print(f"{name}: listed {listed:.0f} ns, looked up {looked_up - listed:+.0f} ns")


if __name__ == "__main__":
    sys.exit(main())
