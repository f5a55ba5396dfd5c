"""`install` and Sanic's worker processes, which import the application again."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import pytest
from sanic import Sanic
from sanic.exceptions import SanicException

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard
from corekit_sanic import install
from tests.frameworks.sanic_app import App, make_app
from tests.sanic.serving import APP, UNTRUSTED, Server

PROGRAM = """
from sanic import Sanic, text

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard
from corekit_sanic import install

app = Sanic("shop")
policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_credentials=True)


@app.route("/", methods=["GET", "POST"])
async def hello(request):
    return text("hello")


{install}

if __name__ == "__main__":
    {main}
    app.run("127.0.0.1", {port}, workers=1, access_log=False, motd=False, single_process={single})
"""
AT_MODULE_LEVEL = "install(app, policy)"
WITH_GUARD = "install(app, policy, guard=CrossOriginGuard(policy))"
FORKED = "Sanic.start_method = 'fork'\n"
LISTENER = "@app.{event}\nasync def start(app):\n    install(app, policy)\n"


class Shop(Sanic[Any, Any]):
    """A subclass, as applications may have."""


@contextmanager
def started(
    folder: Path, install: str, main: str = "pass", single: bool = False
) -> Iterator[tuple[Server, subprocess.Popen[str]]]:
    """Run a program that calls `app.run()`, and end it with its workers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = folder / "program.py"
    script.write_text(PROGRAM.format(install=install, main=main, port=port, single=single))
    process = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield Server(port), process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_until_ready(server: Server, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[0]
        try:
            # The main process listens before the worker does.
            server.get("/")
        except OSError:
            time.sleep(0.1)
        else:
            # Sanic does not end while it waits for its workers to report that they are ready.
            time.sleep(0.5)
            return
    raise AssertionError("The server did not start.")


@pytest.mark.parametrize(
    ("install", "single"),
    [
        (AT_MODULE_LEVEL, False),
        (AT_MODULE_LEVEL, True),
        (LISTENER.format(event="before_server_start"), False),
        (LISTENER.format(event="before_server_start"), True),
        (FORKED + AT_MODULE_LEVEL, False),
        (FORKED + LISTENER.format(event="before_server_start"), False),
        (FORKED + LISTENER.format(event="main_process_start"), False),
    ],
)
def test_policy_applies_in_workers(tmp_path: Path, install: str, single: bool) -> None:
    with started(tmp_path, install, single=single) as (server, process):
        wait_until_ready(server, process)
        assert server.get("/").allowed == [APP]
        assert server.get("/", UNTRUSTED).allowed is None


def test_guard_applies_in_workers(tmp_path: Path) -> None:
    with started(tmp_path, WITH_GUARD) as (server, process):
        wait_until_ready(server, process)
        assert server.request("POST", "/").status == 200
        assert server.request("POST", "/", UNTRUSTED).status == 403


@pytest.mark.parametrize("event", ["main_process_start", "main_process_ready"])
def test_installing_only_in_the_main_process_is_an_error(tmp_path: Path, event: str) -> None:
    with started(tmp_path, LISTENER.format(event=event)) as (_, process):
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "RuntimeError: install() has no effect in the main process" in output
    assert "Call it at module level or in @app.before_server_start." in output


def test_worker_without_the_policy_does_not_start(tmp_path: Path) -> None:
    with started(tmp_path, "", main=AT_MODULE_LEVEL) as (_, process):
        output, _ = process.communicate(timeout=30)
    # Sanic ends its own process by a signal.
    assert process.returncode != 0
    assert "The application 'shop' has its policy only in the main process" in output


@pytest.mark.parametrize("with_guard", [False, True])
@pytest.mark.parametrize("kind", [Sanic, Shop])
def test_application_is_found_by_what_sanic_pickles(kind: type[App], with_guard: bool) -> None:
    policy = CorsPolicy(allow_origins=[APP])
    app = kind(f"pickled-{kind.__name__}-{with_guard}", configure_logging=False)
    install(app, policy, guard=CrossOriginGuard(policy) if with_guard else None)
    # As Sanic.serve() does.
    sent = ForkingPickler.dumps(partial(type(app).get_app, app.name))
    assert pickle.loads(sent)() is app
    app.__class__ = kind
    with pytest.raises(RuntimeError, match="Call install\\(\\) at module level, outside"):
        pickle.loads(sent)()
    Sanic.unregister_app(app)


def test_covered_application_finds_others() -> None:
    app, other = make_app(), make_app()
    install(app, allow_origins=[APP])
    assert app.get_app(other.name) is other
    with pytest.raises(SanicException, match="not found"):
        app.get_app("missing")
    created = type(app).get_app("created", force_create=True)
    assert type(created) is Sanic
    for each in (app, other, created):
        Sanic.unregister_app(each)
