"""Measure requests per second of real servers on loopback with wrk, bare and with CORS.

All contenders of a server run at the same time, each with one worker. wrk sends requests to each in
turn for two seconds, several times. The client runs on the same machine as the servers.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing, suppress
from statistics import median
from typing import Any, Final

from benchmarks.sizes import ROOT
from benchmarks.traffic import ALLOWED, request_headers

SECONDS: Final = 2
TURNS: Final = 5
SERVERS: Final[dict[str, tuple[list[str], tuple[str, ...]]]] = {
    "uvicorn": (
        ["uvicorn", "--log-level", "error", "--no-access-log", "--port", "{port}", "{app}"],
        ("asgi_bare", "asgi_corekit", "asgi_starlette"),
    ),
    "granian": (
        ["granian", "--interface", "asgi", "--log-level", "error", "--port", "{port}", "{app}"],
        ("asgi_bare", "asgi_corekit", "asgi_starlette"),
    ),
    "gunicorn": (
        ["gunicorn", "--log-level", "error", "--bind", "127.0.0.1:{port}", "{app}"],
        ("wsgi_bare", "wsgi_corekit", "wsgi_wsgicors"),
    ),
}


def measure_servers() -> dict[str, dict[str, float]]:
    """Return requests per second by server and contender, or nothing if wrk is missing."""
    if shutil.which("wrk") is None:
        print(
            "wrk is missing, so servers are not measured; on Debian: apt install wrk",
            file=sys.stderr,
        )
        return {}
    return {server: _measure(*SERVERS[server]) for server in SERVERS}


def _measure(command: list[str], apps: tuple[str, ...]) -> dict[str, float]:
    found: dict[str, list[float]] = {app: [] for app in apps}
    with ExitStack() as stack:
        ports = {}
        for app in apps:
            ports[app] = free_port()
            parts = [
                part.format(port=ports[app], app=f"benchmarks.served:{app}") for part in command
            ]
            process = subprocess.Popen(
                [sys.executable, "-m", *parts],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'adapters'}"},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(end, process)
        for port in ports.values():
            await_port(port)
        for _ in range(TURNS):
            for app in apps:
                found[app].append(_measure_rate(ports[app]))
    return {app.partition("_")[2]: round(median(rates), 1) for app, rates in found.items()}


def _measure_rate(port: int) -> float:
    headers = [f"-H{name}: {value}" for name, value in request_headers(ALLOWED) if name != "host"]
    command = ["wrk", "-t1", "-c8", f"-d{SECONDS}s", *headers, f"http://127.0.0.1:{port}/items/7"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    rate: Any = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    return float(rate[1])


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def await_port(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"no server on port {port}")


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    print(measure_servers())
