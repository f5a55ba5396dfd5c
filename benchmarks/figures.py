"""Combine the results of several processes into figures, ratios and targets, and print them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.workloads import BARE, OURS

__all__ = ["TARGETS", "Target", "combine", "judge", "judge_sizes", "print_table"]

Figures = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Target:
    """The cost of `contender` is at most `limit` times that of `baseline`, for one workload."""

    workload: str
    baseline: str
    limit: float
    contender: str = OURS


def _targets() -> Iterator[Target]:
    limits = {
        "asgi-no-origin": 0.22,
        "asgi-denied": 0.22,
        "asgi-allowed": 0.17,
        "asgi-vary": 0.25,
        "asgi-preflight": 0.30,
        "asgi-preflight-denied": 0.30,
        "asgi-streamed": 0.25,
    }
    for workload, limit in limits.items():
        yield Target(workload, "starlette", limit)
    for workload in ("no-origin", "allowed", "denied", "vary", "streamed"):
        yield Target(f"asgi-{workload}", "asgi-cors", 1.0)
    for framework in ("asgi", "wsgi"):
        for workload in ("no-origin", "allowed", "denied", "vary", "preflight", "preflight-denied"):
            yield Target(f"{framework}-{workload}", "minimum", 1.15)
    yield Target("asgi-streamed", "minimum", 1.15)
    yield Target("wsgi-allowed", "wsgicors", 0.85)
    yield Target("wsgi-denied", "wsgicors", 1.1)
    for workload in ("preflight", "preflight-denied", "different"):
        yield Target(f"wsgi-{workload}", "wsgicors", 1.0)
    for workload in ("no-origin", "allowed", "denied", "preflight"):
        yield Target(f"django-{workload}", "django-cors-headers", 0.06)
        yield Target(f"django-full-{workload}", "django-cors-headers", 0.10)
    for workload in ("no-origin", "allowed", "preflight"):
        yield Target(f"flask-{workload}", "flask-cors", 0.08)
    yield Target("flask-denied", "flask-cors", 0.15)
    for workload in ("hit", "miss"):
        yield Target(f"scale-exact-{workload}", "1", 1.2, contender="1,000,000")
        yield Target(f"scale-pattern-{workload}", "1", 1.2, contender="100,000")
    for workload in ("commas", "names"):
        yield Target(f"asgi-hostile-{workload}", "normal", 1.2)


TARGETS = tuple(_targets())


def combine(processes: Iterable[Figures]) -> Figures:
    """Combine the results of several processes: the median of each figure, in seconds."""
    combined: Figures = {}
    for found in processes:
        for name, workload in found.items():
            into = combined.setdefault(
                name, {"title": workload["title"], "whole": workload["whole"], "contenders": {}}
            )
            for contender, figures in workload["contenders"].items():
                all_figures = into["contenders"].setdefault(contender, {"seconds": [], "added": []})
                for key, value in figures.items():
                    all_figures[key].append(value)
    for workload in combined.values():
        for figures in workload["contenders"].values():
            for key, values in figures.items():
                figures[key] = round(median(values), 11)
    return combined


def judge(figures: Figures) -> list[dict[str, Any]]:
    """Compare the figures with the targets, except those of frameworks that were not measured."""
    judged = []
    for target in TARGETS:
        contenders = figures.get(target.workload, {}).get("contenders", {})
        if target.contender not in contenders or target.baseline not in contenders:
            continue
        ratio = contenders[target.contender]["added"] / contenders[target.baseline]["added"]
        judged.append(
            {
                "workload": target.workload,
                "contender": target.contender,
                "baseline": target.baseline,
                "limit": target.limit,
                "ratio": round(ratio, 3),
                "met": ratio <= target.limit,
            }
        )
    return judged


def judge_sizes(sizes: dict[str, Any]) -> list[dict[str, Any]]:
    """Compare build time, memory, import time and hostile requests with their targets."""
    rows: list[tuple[str, str, str, float, float]] = []
    for build in sizes.get("build", ()):
        if build["kind"] == "exact" and build["count"] == 100_000:
            times = build["seconds"] / build["set_seconds"]
            rows.append(("100,000 origins", "seconds", "seconds of a set", times, 100))
            rows.append(
                ("100,000 origins", "bytes of memory", "5 MB", build["kept_bytes"] / 5e6, 1.0)
            )
    if sizes:
        rows.append(
            ("import corekit", "CPU seconds", "25 ms", sizes["import"]["added"] / 0.025, 1.0)
        )
        blocks = sizes["hostile"]["blocks_more"] / sizes["hostile"]["requests"]
        rows.append(("hostile origins", "blocks", "requests", blocks, 0.001))
    return [
        {
            "workload": name,
            "contender": contender,
            "baseline": baseline,
            "limit": limit,
            "ratio": round(ratio, 4),
            "met": ratio <= limit,
        }
        for name, contender, baseline, ratio, limit in rows
    ]


def print_table(figures: Figures, judged: list[dict[str, Any]]) -> None:
    """Print the added cost of each contender, the ratio of corekit's to it, and the targets."""
    for name, workload in figures.items():
        contenders = workload["contenders"]
        ours = contenders.get(OURS, {}).get("added")
        kind = "total" if workload["whole"] else "added"
        print(f"\n{name}: {workload['title']} ({kind} µs per request; ratio of corekit to it)")
        for contender, values in sorted(contenders.items(), key=lambda item: item[1]["added"]):
            if contender == BARE:
                continue
            ratio = "" if ours is None or contender == OURS else f"{ours / values['added']:10.2f}"
            print(f"  {contender:24} {values['added'] * 1e6:10.3f} {ratio}")
    print("\nTargets: at most this ratio of added cost")
    for row in judged:
        result = "met" if row["met"] else "MISSED"
        ratio = f"{row['contender']} / {row['baseline']}"
        print(
            f"  {row['workload']:24} {ratio:32} {row['ratio']:6.2f} of {row['limit']:.2f} {result}"
        )
    met = sum(row["met"] for row in judged)
    print(f"\n{met} of {len(judged)} targets met.")
