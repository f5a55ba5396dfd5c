"""Every row of the matrix passes the whole conformance table, on a real server on loopback."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from tests.conformance.table import CASES, Observed, differences
from tests.frameworks.client import Client
from tests.frameworks.dispatch import POLICIES
from tests.frameworks.matrix import ROWS, Row, render

ROOT = Path(__file__).parents[2]
_START = 30  # seconds that a server may take to start


@contextmanager
def served(row: Row) -> Iterator[list[int]]:
    """Serve a row in a new process group, terminate it at the end, and yield its ports."""
    count = len(POLICIES) if row.per_policy else 1
    with ExitStack() as free:
        sockets = [free.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        ports = [each.getsockname()[1] for each in sockets]
    command = [sys.executable, "-m", "tests.frameworks.serve", row.name, *map(str, ports)]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONWARNINGS": "default"}
    with TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            for port in ports:
                _await(port, process, output)
            yield ports
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)


def _await(port: int, process: subprocess.Popen[bytes], output: object) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    output.seek(0)  # type: ignore[attr-defined]
    pytest.fail(f"the server did not start: {output.read().decode()}")  # type: ignore[attr-defined]


def run(row: Row) -> dict[str, list[str]]:
    """Run the whole table on one row, and return the differences by case."""
    with served(row) as ports, ExitStack() as clients:
        by_port = [clients.enter_context(closing(Client(port))) for port in ports]
        by_policy = dict(zip(map(id, POLICIES), by_port * len(POLICIES), strict=False))
        seen: list[Observed] = [by_policy[id(case.policy)].ask(case) for case in CASES]
        ran = frozenset().union(*(client.ran() for client in by_port))

    failed = {}
    for case, each in zip(CASES, seen, strict=True):
        found = differences(case, dataclasses.replace(each, ran=case.name in ran))
        if found:
            failed[case.name] = found
    return failed


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_every_case_passes(row: Row) -> None:
    assert run(row) == {}


def test_documentation_lists_the_rows() -> None:
    def rows(text: str) -> list[tuple[str, ...]]:
        cells = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| ")]
        # Versions depend on the installation.
        return [(row[0], row[2], row[3]) for row in cells]

    committed = (ROOT / "docs" / "matrix.md").read_text()

    assert rows(committed) == rows(render())
    assert f"{len(CASES)} named cases" in committed


if __name__ == "__main__":
    failed = {row.name: failed for row in ROWS if (failed := run(row))}
    if failed:
        sys.exit(f"docs/matrix.md is not updated, since these rows differ: {failed}")
    (ROOT / "docs" / "matrix.md").write_text(render())
