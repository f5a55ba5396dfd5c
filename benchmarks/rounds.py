"""Measure a workload in many short rounds, each of which runs every contender once.

Noise on the machine then affects all contenders alike. Time is the CPU time of this thread, which
excludes other processes. The order within a round is random, the garbage collector is disabled, and
requests are built outside the timed part.
"""

from __future__ import annotations

import gc
import random
from time import thread_time_ns

from benchmarks.workloads import Workload, copy_function

Times = dict[str, list[float]]
"""Seconds per request, by contender: one value for each round, in order."""


def measure(workload: Workload, rounds: int) -> Times:
    """Measure a workload in this process, after three rounds to warm up."""
    names = list(workload.contenders)
    times: Times = {name: [] for name in names}
    drives = {name: copy_function(workload.drive) for name in names}
    order = random.Random()
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds + 3):
            order.shuffle(names)
            for name in names:
                app, drive = workload.contenders[name], drives[name]
                make = workload.makes.get(name, workload.make)
                requests = [make() for _ in range(workload.batch)]
                start = thread_time_ns()
                drive(app, requests)
                elapsed = thread_time_ns() - start
                if turn >= 3:
                    times[name].append(elapsed / workload.batch / workload.per * 1e-9)
    finally:
        if enabled:
            gc.enable()
    return times
