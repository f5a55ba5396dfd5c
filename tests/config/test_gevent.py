"""`refresh()` and `watch()` with gevent, where threads are greenlets, which a fork copies."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.config.gevent_forks import LOADS
from tests.config.test_watching_workers import ask
from tests.config.watching import wait_for
from tests.frameworks.test_paths import ROOT, Server, served

pytest.importorskip("gevent", reason="gevent has no wheels for this platform")

PATCHED = "from gevent import monkey\n\nmonkey.patch_all()\n"


def run(what: str) -> str:
    """Run a program of `gevent_forks`, and return what it prints."""
    command = [sys.executable, "-m", "tests.config.gevent_forks", what]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.parametrize("kind", ["refresh", "watch"])
def test_new_process_runs_no_requests_of_its_parent(kind: str) -> None:
    assert run(kind) == "30"


def test_timeout_is_raised_in_the_request_that_forks() -> None:
    assert run("timeout") == "in the request"


def threads_of(path: Path, last: int) -> dict[str, set[str]]:
    """Return the threads of the last loads of each process that has so many."""
    found = defaultdict(list)
    for line in path.read_text().splitlines():
        process, _, thread = line.partition(" ")
        found[process].append(thread)
    return {each: {*threads[-last:]} for each, threads in found.items() if len(threads) > last}


@pytest.mark.parametrize(
    ("options", "config", "processes"),
    [
        pytest.param((), "", 2, id="application in each worker"),
        pytest.param(("--preload",), "", 3, id="preload"),
        pytest.param(("--preload",), PATCHED, 3, id="preload in a patched process"),
    ],
)
def test_every_gevent_worker_loads_once(
    options: tuple[str, ...],
    config: str,
    processes: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loads, settings = tmp_path / "loads", tmp_path / "gunicorn.conf.py"
    loads.touch()
    settings.write_text(config)
    monkeypatch.setenv(LOADS, str(loads))
    command = (
        "gunicorn",
        "tests.config.gevent_forks:make_app()",
        f"--config={settings}",
        "--worker-class=gevent",
        "--workers=2",
        "--bind=127.0.0.1:{port}",
        "--log-level=critical",
        *options,
    )
    with served(Server("gunicorn", command, ())) as port:
        for _ in range(10):
            assert ask(port, "https://shop-1.example") == ("hello", True)
        assert wait_for(lambda: len(threads_of(loads, 20)) == processes, 30)
    assert {len(threads) for threads in threads_of(loads, 10).values()} == {1}
