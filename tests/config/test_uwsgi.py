"""`refresh()` and `watch()` in uWSGI, which forks its workers in C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from corekit import CorsPolicy, LivePolicy
from corekit_config import refresh, watch
from corekit_config.polling import Poller
from tests.config.refreshing import Table
from tests.config.test_watching_workers import ask
from tests.config.watching import FILE, NEW, OLD, policy_text, wait_for
from tests.frameworks.test_paths import ROOT

THREADS = "enable-threads = true"
HOOKS = "lazy-apps = true (or py-call-uwsgi-fork-hooks = true)"
OTHER = 1
"""A process that is not this one."""


def start(monkeypatch: pytest.MonkeyPatch, path: Path, uwsgi: dict[str, Any]) -> list[str]:
    """Call both functions in a process of uWSGI, and return their errors."""
    values = {"worker": 0, "master": 0, "numproc": 1, "has_threads": 1, "opt": {}, **uwsgi}
    module = SimpleNamespace(
        worker_id=lambda: values["worker"], masterpid=lambda: values["master"], **values
    )
    monkeypatch.setitem(sys.modules, "uwsgi", module)
    live = LivePolicy(CorsPolicy(allow_origins=["https://app.example.com"]))
    table, errors = Table(OLD), []
    functions: list[Callable[[], Poller]] = [
        lambda: refresh(table, live),
        lambda: watch(path, live),
    ]
    for function in functions:
        try:
            with function():
                pass
        except RuntimeError as error:
            errors.append(str(error))
    assert bool(table.loads) is not bool(errors)  # an error comes before the first load
    return errors


@pytest.mark.parametrize(
    ("uwsgi", "missing"),
    [
        pytest.param({"master": os.getpid(), "numproc": 2}, HOOKS, id="master"),
        pytest.param({"master": os.getpid()}, HOOKS, id="master with one worker"),
        pytest.param({"numproc": 2}, HOOKS, id="first worker, without a master"),
        pytest.param({"has_threads": 0}, THREADS, id="no threads"),
        pytest.param({"worker": 1, "master": OTHER, "has_threads": 0}, THREADS, id="lazy"),
        pytest.param(
            {"master": os.getpid(), "has_threads": 0}, f"{THREADS} and {HOOKS}", id="both"
        ),
        pytest.param(
            {"master": os.getpid(), "opt": {"py-call-uwsgi-fork-hooks": b"false"}}, HOOKS, id="off"
        ),
        pytest.param(
            {"master": os.getpid(), "opt": {"py-call-osafterfork": True}},
            HOOKS,
            id="only hooks of the new process",
        ),
    ],
)
def test_threads_that_no_worker_has_are_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, uwsgi: dict[str, Any], missing: str
) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(policy_text(OLD))
    assert start(monkeypatch, path, uwsgi) == [
        f"{name} needs a thread in each worker, and uWSGI has none there with its options. Set"
        f" {missing}."
        for name in ("refresh()", "watch()")
    ]


@pytest.mark.parametrize(
    "uwsgi",
    [
        pytest.param({}, id="one process"),
        pytest.param({"worker": 2, "master": OTHER, "numproc": 2}, id="lazy"),
        pytest.param({"worker": 1, "numproc": 2}, id="lazy without a master"),
        pytest.param({"master": OTHER, "numproc": 2}, id="mule"),
        pytest.param(
            {"master": os.getpid(), "opt": {"py-call-uwsgi-fork-hooks": True}}, id="hooks"
        ),
        pytest.param(
            {"numproc": 2, "opt": {"py-call-uwsgi-fork-hooks": b"true"}}, id="hooks in a file"
        ),
    ],
)
def test_threads_that_run_are_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, uwsgi: dict[str, Any]
) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(policy_text(OLD))
    assert start(monkeypatch, path, uwsgi) == []


@contextmanager
def serving(path: Path, *options: str) -> Iterator[int]:
    """Serve an application that watches a file, and kill all processes at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.config.run_uwsgi"),
            f"--http-socket=127.0.0.1:{port}",
            "--module=tests.config.watching:make_wsgi()",
            "--enable-threads",
            *options,
        ],
        cwd=ROOT,
        env={**os.environ, FILE: str(path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert wait_for(lambda: can_connect(port), 30)
        yield port
    finally:
        # Without a master, the first worker does not end the others.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=20)


def can_connect(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    pytest.importorskip("pyuwsgi", reason="pyuwsgi has no wheels for this platform")
    path = tmp_path / "cors.toml"
    path.write_text(policy_text(OLD))
    return path


WORKERS = ("--master", "--processes=2")


@pytest.mark.parametrize(
    ("options", "count"),
    [
        pytest.param((*WORKERS, "--lazy-apps"), 2, id="lazy-apps"),
        pytest.param((*WORKERS, "--py-call-uwsgi-fork-hooks"), 2, id="hooks"),
        pytest.param((), 1, id="one process"),
    ],
)
def test_every_worker_of_uwsgi_watches(path: Path, options: tuple[str, ...], count: int) -> None:
    def processes(origin: str, *, allowed: bool) -> set[str]:
        answers = [ask(port, origin) for _ in range(20)]
        return {process for process, is_allowed in answers if is_allowed is allowed}

    with serving(path, *options) as port:
        assert wait_for(lambda: len(processes(OLD, allowed=True)) == count, 30)
        path.write_text(policy_text(NEW))
        assert wait_for(lambda: len(processes(NEW, allowed=True)) == count, 30)
        assert wait_for(lambda: not processes(OLD, allowed=True))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(WORKERS, id="master"),
        pytest.param(("--processes=2",), id="no master"),
        pytest.param((*WORKERS, "--py-call-osafterfork"), id="only hooks of the new process"),
    ],
)
def test_uwsgi_does_not_serve_a_policy_that_no_worker_watches(
    path: Path, options: tuple[str, ...]
) -> None:
    with serving(path, *options) as port:
        assert ask(port, OLD) == ("Internal Server Error", False)
