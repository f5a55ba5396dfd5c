"""What a policy of many origins costs: to build, to keep, and to decide by.

    python benchmarks/build_policy.py [--json]

Beside each policy stands a plain frozenset of the same strings, which is the least that exact
origins can cost. The strings themselves are made before and are counted for neither. Policies are
built with credentials, since then every check is made. Time is the CPU time of this thread, the
best of several rounds.
"""

from __future__ import annotations

import argparse
import gc
import json
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from time import thread_time
from typing import Any, Final

from corekit import CorsPolicy

SIZES: Final = (1, 1_000, 100_000)
KINDS: Final[dict[str, str]] = {
    "exact origins": "https://tenant-{}.example.com",
    "subdomain patterns": "https://*.tenant-{}.example.com",
    "gap patterns": "https://pr-*.tenant-{}.example.com",
}
DECISIONS: Final = 20_000


def main() -> None:
    """Measure and print; as JSON for a program, as a table for a person."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    as_json = parser.parse_args().json
    CorsPolicy(
        allow_origins=["https://*.example.com"], allow_credentials=True
    )  # reads the suffixes
    builds = list(measure_builds())
    decisions = list(measure_decisions())
    if as_json:
        print(json.dumps({"build": builds, "decide": decisions}, indent=2))
    else:
        print_tables(builds, decisions)


def policy_of(origins: list[str]) -> CorsPolicy:
    return CorsPolicy(allow_origins=origins, allow_credentials=True)


def measure_builds() -> Iterator[dict[str, Any]]:
    """Build every kind in every size; seconds and bytes."""
    for kind, form in KINDS.items():
        for size in SIZES:
            origins = [form.format(number) for number in range(size)]
            kept, peak = memory_of(partial(policy_of, origins))
            set_kept, _ = memory_of(partial(frozenset, origins))
            yield {
                "kind": kind,
                "origins": size,
                "seconds": time_of(policy_of, partial(copies_of, origins)),
                "set_seconds": time_of(frozenset, partial(copies_of, origins)),
                "bytes_kept": kept,
                "bytes_at_peak": peak,
                "set_bytes": set_kept,
            }


def measure_decisions() -> Iterator[dict[str, Any]]:
    """Ask policies of one origin and of many; seconds for each decision."""
    for kind, form in KINDS.items():
        asked = form.replace("*", "1")
        for size in (SIZES[0], SIZES[-1]):
            policy = policy_of([form.format(number) for number in range(size)])
            hits = [asked.format(number % size) for number in range(DECISIONS)]
            misses = [asked.format(f"{number}-stranger") for number in range(DECISIONS)]
            assert policy.decide("GET", origin=hits[-1]).allowed
            assert not policy.decide("GET", origin=misses[-1]).allowed
            decide = partial(ask, policy)
            yield {
                "kind": kind,
                "origins": size,
                "hit_seconds": time_of(decide, partial(copies_of, hits)) / DECISIONS,
                "miss_seconds": time_of(decide, partial(copies_of, misses)) / DECISIONS,
            }


def ask(policy: CorsPolicy, origins: list[str]) -> None:
    actual = policy.engine.actual
    for origin in origins:
        actual(origin)


def copies_of(texts: list[str]) -> list[str]:
    """Make new strings, as a server's parser does: one that was hashed before is found sooner."""
    return [text.encode().decode() for text in texts]


def time_of(
    call: Callable[[list[str]], object], make: Callable[[], list[str]], rounds: int = 5
) -> float:
    """Time the fastest of a few calls, in seconds; making their argument is left out."""
    times = []
    for _ in range(rounds):
        argument = make()
        gc.collect()
        start = thread_time()
        call(argument)
        times.append(thread_time() - start)
    return min(times)


def memory_of(make: Callable[[], object]) -> tuple[int, int]:
    """Count the bytes that what `make` returns keeps, and the most that making it takes."""
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    made = make()
    gc.collect()
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del made
    return after - before, peak - before


def print_tables(builds: list[dict[str, Any]], decisions: list[dict[str, Any]]) -> None:
    """Print two tables in plain text."""
    print("Building            origins      build     a set        kept        peak      a set")
    for row in builds:
        print(
            f"{row['kind']:<18} {row['origins']:>7} {row['seconds'] * 1e3:>6.1f} ms"
            f" {row['set_seconds'] * 1e3:>6.2f} ms {row['bytes_kept'] / 1024:>7.0f} KiB"
            f" {row['bytes_at_peak'] / 1024:>7.0f} KiB {row['set_bytes'] / 1024:>6.0f} KiB"
        )
    print("\nDeciding            origins      hit     miss")
    for row in decisions:
        print(
            f"{row['kind']:<18} {row['origins']:>7} {row['hit_seconds'] * 1e6:>6.2f} us"
            f" {row['miss_seconds'] * 1e6:>6.2f} us"
        )


if __name__ == "__main__":
    main()
