"""Measure the costs other than requests: build time and memory of policies, import, wheel size.

Memory is counted by tracemalloc, or in blocks by the interpreter; time is CPU time. The origins
themselves are created before the measurement and are not counted.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path
from statistics import median
from time import thread_time
from typing import Any, Final

from benchmarks.applications import drive_asgi, plain_app
from benchmarks.traffic import preflight_headers, request_headers, scope
from corekit import CorsPolicy
from corekit_asgi import CorsMiddleware

ROOT: Final = Path(__file__).parent.parent
COUNTS: Final = (1, 1_000, 100_000, 1_000_000)
KINDS: Final = {
    "exact": "https://tenant-{}.example.com",
    "patterns": "https://*.tenant-{}.example.com",
    "partial-label patterns": "https://pr-*.tenant-{}.example.com",
}


def measure_sizes(*, full: bool) -> dict[str, Any]:
    """Run all measurements in this file; the full set takes one or two minutes."""
    return {
        "build": [
            measure_build(kind, count)
            for kind in KINDS
            for count in COUNTS
            if count <= 100_000 or (full and kind == "exact")
        ],
        "import": measure_import(40 if full else 15),
        "hostile": measure_hostile(1_000_000 if full else 50_000),
        **({"wheel_bytes": measure_wheel()} if full else {}),
    }


def measure_build(kind: str, count: int) -> dict[str, Any]:
    """Measure building a policy with many origins, and a plain set of the same origins."""
    # Each turn gets new strings: a string caches its hash, which would favor the second turn.
    seconds = {"set": [], "policy": []}  # type: dict[str, list[float]]
    for _ in range(max(3, min(30, 300_000 // count))):
        for name, build in (("set", frozenset), ("policy", _policy)):
            origins = [KINDS[kind].format(number) for number in range(count)]
            gc.collect()
            start = thread_time()
            built = build(origins)
            seconds[name].append(thread_time() - start)
            del built
    origins = [KINDS[kind].format(number) for number in range(count)]
    gc.collect()
    tracemalloc.start()
    policy = _policy(origins)
    gc.collect()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del policy
    return {
        "kind": kind,
        "count": count,
        "seconds": min(seconds["policy"]),
        "set_seconds": min(seconds["set"]),
        "kept_bytes": kept,
        "peak_bytes": peak,
    }


def measure_import(rounds: int) -> dict[str, float]:
    """Measure importing corekit in new interpreters, compared with importing nothing; seconds."""
    codes = {"bare": "pass", "corekit": "import corekit"}
    # An installed package has compiled bytecode.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run([sys.executable, "-c", "import corekit"], check=True, env=environment)
    times: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(rounds):
        for name, code in codes.items():
            before = _children_seconds()
            subprocess.run([sys.executable, "-c", code], check=True, env=environment)
            times[name].append(_children_seconds() - before)
    found = {name: median(values) for name, values in times.items()}
    return {**found, "added": found["corekit"] - found["bare"]}


def measure_hostile(count: int) -> dict[str, int]:
    """Measure memory growth after requests from distinct origins, some allowed by a pattern."""
    policy = CorsPolicy(
        allow_origins=["https://app.example.com", "https://*.example.net"],
        allow_credentials=True,
        allow_headers=["*"],
    )
    app = CorsMiddleware(plain_app, policy)
    forms = ("https://untrusted-{}.example", "https://a{}.example.net", "nonsense {}")

    def send(first: int, count: int) -> None:
        for number in range(first, first + count):
            origin = forms[number % 3].format(number)
            drive_asgi(app, [scope("GET", request_headers(origin))])
            if number % 10 == 0:
                drive_asgi(app, [scope("OPTIONS", preflight_headers(origin, f"x-{number}"))])

    send(0, 1_000)
    gc.collect()
    before = sys.getallocatedblocks()
    send(1_000, count)
    gc.collect()
    return {"requests": count, "blocks_more": sys.getallocatedblocks() - before}


def measure_wheel() -> int:
    """Return the size of the wheel in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "wheel"]
        subprocess.run([*command, "--no-deps", "-w", folder, str(ROOT)], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        return wheel.stat().st_size


def _policy(origins: list[str]) -> CorsPolicy:
    return CorsPolicy(allow_origins=origins)


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    os.chdir(ROOT)
    print(json.dumps(measure_sizes(full="--full" in sys.argv), indent=2))
