"""Measure what a CORS layer costs in real servers: CPU time of the server for each request.

wrk sends requests on loopback, to one server after the other, in random order. The CPU time is that
of the server with all of its processes, user and system, divided by the requests that it answered.
The time of wrk and of other processes is not in it, so that it hardly depends on what else the
machine does; requests per second do.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple
from urllib.request import urlopen

import psutil

from benchmarks.sizes import ROOT
from benchmarks.traffic import ALLOWED, UNTRUSTED, preflight_headers, request_headers
from benchmarks.workloads import BARE, OURS

ROUNDS: Final = 10
SECONDS: Final = 1
CONNECTIONS: Final = 8

Headers = Sequence[tuple[str, str]]


class Request(NamedTuple):
    """What wrk sends."""

    method: str
    headers: Headers


REQUESTS: Final = {
    "no Origin": Request("GET", request_headers(None)),
    "allowed": Request("GET", request_headers(ALLOWED)),
    "denied": Request("GET", request_headers(UNTRUSTED)),
}
PREFLIGHT: Final = Request("OPTIONS", preflight_headers(ALLOWED))

COMMANDS: Final = {
    "uvicorn": ("uvicorn", "--log-level=error", "--no-access-log", "--port={port}", "{app}"),
    "granian": ("granian", "--interface=asgi", "--log-level=error", "--port={port}", "{app}"),
    "hypercorn": ("hypercorn", "--log-level=error", "--bind=127.0.0.1:{port}", "{app}"),
    "gunicorn": ("gunicorn", "--log-level=error", "--bind=127.0.0.1:{port}", "{app}"),
    "waitress": ("waitress", "--threads=8", "--listen=127.0.0.1:{port}", "{app}"),
}


class Row(NamedTuple):
    """A server with an application: a key of `COMMANDS`, the framework, the usual CORS layer."""

    server: str
    framework: str
    other: str


ROWS: Final = (
    Row("uvicorn", "asgi", "starlette"),
    Row("granian", "asgi", "starlette"),
    Row("hypercorn", "asgi", "starlette"),
    Row("gunicorn", "wsgi", "wsgicors"),
    Row("waitress", "wsgi", "wsgicors"),
    Row("uvicorn", "fastapi", "starlette"),
    Row("gunicorn", "django", "django-cors-headers"),
    Row("gunicorn", "flask", "flask-cors"),
)


@dataclass(frozen=True)
class Running:
    """Processes that answer on a port."""

    port: int
    processes: Sequence[psutil.Process]

    def cpu_time(self) -> float:
        """Return the user and system time of the processes so far, in seconds."""
        times = [each.cpu_times() for each in self.processes]
        used: float = sum(each.user + each.system for each in times)
        return used


class Sample(NamedTuple):
    """What wrk measured: microseconds of CPU time for each request, and requests per second."""

    cpu: float
    rate: float


def measure_servers() -> list[dict[str, Any]]:
    """Return the samples of each row, by kind of request and contender."""
    found = []
    for row in ROWS:
        print(f"measuring {row.server} with {row.framework} ...", file=sys.stderr)
        with ExitStack() as stack:
            servers = {
                name: stack.enter_context(serving(COMMANDS[row.server], row.framework, name))
                for name in (BARE, OURS, row.other)
            }
            samples = measure_in_turn(servers, REQUESTS)
        found.append({**row._asdict(), "requests": samples})
    return found


def measure_in_turn(
    servers: Mapping[str, Running], requests: Mapping[str, Request]
) -> dict[str, dict[str, list[Sample]]]:
    """Send each kind of request to each server in turn; return the samples, one for each round."""
    found: dict[str, dict[str, list[Sample]]] = {
        kind: {name: [] for name in servers} for kind in requests
    }
    turns = [(kind, name) for kind in requests for name in servers]
    for _ in range(ROUNDS):
        for kind, name in random.sample(turns, len(turns)):
            found[kind][name].append(measure(servers[name], requests[kind]))
    return found


def measure(running: Running, request: Request) -> Sample:
    headers = [f"-H{name}: {value}" for name, value in request.headers if name != "host"]
    with TemporaryDirectory() as folder:
        script = Path(folder, "method.lua")
        script.write_text(f'wrk.method = "{request.method}"\n')
        url = f"http://127.0.0.1:{running.port}/items/7"
        options = ["-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", f"-s{script}"]
        before = running.cpu_time()
        done = subprocess.run(
            ["wrk", *options, *headers, url], check=True, capture_output=True, text=True, timeout=60
        )
        used = running.cpu_time() - before
    count = re.search(r"(\d+) requests in", done.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if count is None or rate is None or "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    return Sample(round(used / int(count[1]) * 1e6, 2), float(rate[1]))


@contextmanager
def serving(command: Sequence[str], framework: str, contender: str) -> Iterator[Running]:
    """Run a server with one worker."""
    port = free_port()
    parts = [each.format(port=port, app="benchmarks.served:app") for each in command]
    named = {"SERVED_FRAMEWORK": framework, "SERVED_CONTENDER": contender}
    with started([sys.executable, "-m", *parts], port, **named) as process:
        yield Running(port, [process, *process.children(recursive=True)])


@contextmanager
def started(command: Sequence[str], port: int, **environment: str) -> Iterator[psutil.Process]:
    """Run a program until the end of the block; wait until it answers on a port."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'adapters'}", **environment},
    )
    try:
        await_port(port)
        yield psutil.Process(process.pid)
    finally:
        end(process)


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def await_port(port: int) -> None:
    """Wait for a response, which a worker sends; the port may be open before there are any."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/items/7", timeout=5):
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


def require_wrk() -> None:
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing; on Debian: apt install wrk")
