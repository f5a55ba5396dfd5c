"""Scale: corekit with one origin beside corekit with many, on ASGI, origins all different."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from benchmarks.applications import answering, drive_asgi
from benchmarks.traffic import request_headers, scope
from benchmarks.workloads import BARE, Workload, own_copy
from corekit import CorsPolicy
from corekit_asgi import CorsMiddleware

EXACT: Final = "https://tenant-{}.example.com"
PATTERN: Final = "https://*.tenant-{}.example.com"
COUNTS: Final = (1, 1_000, 100_000, 1_000_000)
PATTERN_COUNTS: Final = (1, 1_000, 100_000)

_draw = random.Random(1).randrange


def workloads() -> list[Workload]:
    """List hits and misses of exact origins and of patterns; each request has another origin."""
    exact = _around(EXACT, COUNTS)
    patterns = _around(PATTERN, PATTERN_COUNTS)
    return [
        _workload("scale-exact-hit", "exact origins, hit", exact, EXACT),
        _workload(
            "scale-exact-miss", "exact origins, miss", exact, "https://stranger-{}.example.com"
        ),
        _workload(
            "scale-pattern-hit", "patterns, hit", patterns, "https://app.tenant-{}.example.com"
        ),
        _workload(
            "scale-pattern-miss",
            "patterns, near miss",
            patterns,
            "https://app.tenant-{}.example.org",
        ),
    ]


def _around(form: str, counts: tuple[int, ...]) -> dict[int, Any]:
    policies = {
        count: CorsPolicy(
            allow_origins=[form.format(number) for number in range(count)],
            allow_credentials=True,
            expose_headers=["x-request-id"],
        )
        for count in counts
    }
    return {
        count: CorsMiddleware(own_copy(answering), policy) for count, policy in policies.items()
    }


def _workload(name: str, title: str, around: dict[int, Any], form: str) -> Workload:
    hit = name.endswith("hit")

    def asking(count: int) -> Callable[[], Any]:
        limit = count if hit else 1_000_000
        return lambda: scope("GET", request_headers(form.format(_draw(limit))))

    return Workload(
        name,
        title,
        drive_asgi,
        asking(1),
        {BARE: own_copy(answering), **{f"{count:,}": app for count, app in around.items()}},
        makes={f"{count:,}": asking(count) for count in around},
    )
