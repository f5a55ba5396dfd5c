"""One process of a run: measures every workload of one world and prints what it found as JSON.

A run takes several such processes, since where the memory of a process lies moves figures by some
percent. What one process says of a contender is the median of its rounds, and the median of its
distance from the bare application in the same round.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from statistics import median

from benchmarks.rounds import measure
from benchmarks.workloads import BARE


def main(world: str, rounds: int) -> None:
    """Print a JSON object: workload -> contender -> seconds, the whole and what is added."""
    found = {}
    try:
        workloads = import_module(f"benchmarks.world_{world}").workloads()
    except ModuleNotFoundError as error:
        print(f"{world} is left out: {error}", file=sys.stderr)
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
