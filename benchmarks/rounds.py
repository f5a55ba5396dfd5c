"""Measuring: many short rounds, in each of which every contender of a workload has its turn.

What disturbs a machine then disturbs all contenders alike. Time is the CPU time of this thread, so
that other processes' turns on the processor do not count. The order within a round is drawn anew,
the garbage collector rests, and requests are made outside the timed part.
"""

from __future__ import annotations

import gc
import random
from time import thread_time_ns

from benchmarks.workloads import Workload, own_copy

Times = dict[str, list[float]]
"""Seconds per request, by contender; one value a round, in the order of the rounds."""


def measure(workload: Workload, rounds: int) -> Times:
    """Measure a workload in this process; what one round of warming up takes is left out."""
    names = list(workload.contenders)
    times: Times = {name: [] for name in names}
    drives = {name: own_copy(workload.drive) for name in names}
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
