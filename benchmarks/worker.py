"""One process of a run: measure every workload of one framework and print the results as JSON.

A run uses several such processes, since the memory layout of a process changes the figures by a few
percent. The result for a contender is the median of its rounds, and the median of its difference
from the bare application in the same round.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from statistics import median

from benchmarks.rounds import measure
from benchmarks.workloads import BARE


def main(framework: str, rounds: int) -> None:
    """Print a JSON object: workload -> contender -> seconds in total, and seconds added."""
    found = {}
    try:
        workloads = import_module(f"benchmarks.framework_{framework}").workloads()
    except ModuleNotFoundError as error:
        print(f"{framework} is skipped: {error}", file=sys.stderr)
        workloads = []
    for workload in workloads:
        times = measure(workload, rounds)
        bare = [0.0] * rounds if workload.whole else times[BARE]
        found[workload.name] = {
            "title": workload.title,
            "whole": workload.whole,
            "contenders": {
                name: {
                    "seconds": median(values),
                    "added": median(a - b for a, b in zip(values, bare, strict=True)),
                }
                for name, values in times.items()
            },
        }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
