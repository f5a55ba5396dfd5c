"""ASGI at scale: corekit with one origin and with many, and a different origin in each request."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from benchmarks.applications import drive_asgi, plain_app
from benchmarks.traffic import request_headers, scope
from benchmarks.workloads import BARE, Workload, copy_function
from corekit import CorsPolicy
from corekit_asgi import CorsMiddleware

EXACT: Final = "https://tenant-{}.example.com"
PATTERN: Final = "https://*.tenant-{}.example.com"
COUNTS: Final = (1, 1_000, 100_000, 1_000_000)
PATTERN_COUNTS: Final = (1, 1_000, 100_000)

_draw = random.Random(1).randrange


def workloads() -> list[Workload]:
    """Return workloads with hits and misses of exact origins and of patterns."""
    exact = _make_apps(EXACT, COUNTS)
    patterns = _make_apps(PATTERN, PATTERN_COUNTS)
    return [
        _workload("scale-exact-hit", "exact origins, hit", exact, EXACT),
        _workload(
            "scale-exact-miss", "exact origins, miss", exact, "https://untrusted-{}.example.com"
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


def _make_apps(form: str, counts: tuple[int, ...]) -> dict[int, Any]:
    policies = {
        count: CorsPolicy(
            allow_origins=[form.format(number) for number in range(count)],
            allow_credentials=True,
            expose_headers=["x-request-id"],
        )
        for count in counts
    }
    return {
        count: CorsMiddleware(copy_function(plain_app), policy)
        for count, policy in policies.items()
    }


def _workload(name: str, title: str, apps: dict[int, Any], form: str) -> Workload:
    hit = name.endswith("hit")

    def get_factory(count: int) -> Callable[[], Any]:
        limit = count if hit else 1_000_000
        return lambda: scope("GET", request_headers(form.format(_draw(limit))))

    return Workload(
        name,
        title,
        drive_asgi,
        get_factory(1),
        {BARE: copy_function(plain_app), **{f"{count:,}": app for count, app in apps.items()}},
        makes={f"{count:,}": get_factory(count) for count in apps},
    )
