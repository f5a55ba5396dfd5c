"""The pages about performance have the figures of the committed results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import median
from typing import Any, Final

import pytest

from benchmarks.guard import GUARDED
from benchmarks.report import RESULTS, SECTIONS, Section
from benchmarks.workloads import OURS
from tests.docs.pages import ROOT

MEASURED: Final[dict[str, Any]] = json.loads(RESULTS.read_text())
ACTUAL: Final = ("no-origin", "allowed", "denied")


def added(workload: str, layer: str = OURS) -> float:
    """Return the microseconds that a layer adds."""
    seconds: float = MEASURED["workloads"][workload]["contenders"][layer]["added"]
    return seconds * 1e6


def ratios(kind: str, layer: str) -> list[float]:
    return [added(f"{kind}-{name}") / added(f"{kind}-{name}", layer) for name in ACTUAL]


ASGI: Final = [added(f"asgi-{name}") for name in ACTUAL]
WSGI: Final = [added(f"wsgi-{name}") for name in ACTUAL]
STARLETTE: Final = ratios("asgi", "starlette")
MILLION: Final = [added("scale-exact-hit", "1,000,000") - added("scale-exact-hit", "1")]
PATTERNS: Final = [added("scale-pattern-hit", "100,000") / added("scale-pattern-hit", "1")]
HOSTILE: Final = [
    added(f"asgi-hostile-{name}") / added(f"asgi-hostile-{name}", "normal")
    for name in ("names", "commas")
]
MEMORY: Final = [MEASURED["sizes"]["hostile"][key] for key in ("blocks_more", "requests")]

EDGE: Final = MEASURED["servers"]["edge"]["preflight"]
PREFLIGHT: Final = [
    median(cpu for cpu, _ in EDGE["in nginx"])
    / median(cpu for cpu, _ in EDGE["in the application"])
]

SENTENCES: Final = [
    ("docs/at-the-edge.md", "a seventh of it", PREFLIGHT, 1 / 8, 1 / 6),
    ("README.md", "adds about 1.5 µs to a request on ASGI", ASGI, 1.3, 1.7),
    ("README.md", "and 0.5 µs on WSGI", WSGI, 0.35, 0.65),
    ("README.md", "100,000 patterns cost a quarter more than one", PATTERNS, 1.2, 1.3),
    ("README.md", "64 KiB of header names costs no more than a normal one", HOSTILE, 0.8, 1.05),
    ("docs/policy.md", "100,000 patterns cost a quarter more than one", PATTERNS, 1.2, 1.3),
    ("docs/performance.md", "adds about 1.5 µs to a request", ASGI, 1.3, 1.7),
    ("docs/performance.md", "a quarter to a third of what Starlette's", STARLETTE, 0.23, 0.35),
    ("docs/performance.md", "On WSGI it adds 0.5 µs", WSGI, 0.35, 0.65),
    ("docs/performance.md", "about 0.8 µs longer than among one", MILLION, 0.75, 0.85),
    ("docs/performance.md", "100,000 patterns cost a quarter more than one", PATTERNS, 1.2, 1.3),
    ("docs/performance.md", "costs no more than normal input", HOSTILE, 0.8, 1.05),
    ("docs/performance.md", "A million requests", MEMORY[1:], 1e6, 1e6),
    ("docs/performance.md", "leave no more memory in use", MEMORY[:1], -1000, 10),
]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_figures_are_the_measured_ones(section: Section) -> None:
    assert section.split()[1] == section.render(MEASURED)


@pytest.mark.parametrize(("page", "sentence", "values", "low", "high"), SENTENCES)
def test_sentences_have_the_measured_figures(
    page: str, sentence: str, values: Sequence[float], low: float, high: float
) -> None:
    assert sentence in " ".join((ROOT / page).read_text().split())
    assert low <= min(values)
    assert max(values) <= high


def test_guard_has_the_limits_of_its_page() -> None:
    limits = {name: limit for name, (*_, limit) in GUARDED.items()}
    assert limits.pop("guarded-read") == 1.1
    assert set(limits.values()) == {2.0}
