"""`watch()` with `signals`: who receives them, before and after `close()`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import pytest

from corekit import LivePolicy
from corekit_config import load_policy, polling, watch
from corekit_config.watching import Watcher
from tests.config.refreshing import allows
from tests.config.watching import NEW, OLD, policy_text, wait_for
from tests.frameworks.test_paths import ROOT

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "cors.toml"
    path.write_text(policy_text(OLD))
    return path


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """The names of the handlers that were called; there is one that the server has set."""
    heard: list[str] = []
    before = signal.signal(signal.SIGHUP, lambda number, frame: heard.append("server"))
    yield heard
    signal.signal(signal.SIGHUP, before)


def test_signal_looks_at_once(path: Path) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda number, frame: heard.append(number))
    try:
        ours = signal.getsignal(signal.SIGHUP)
        live = LivePolicy(load_policy(path))
        with watch(path, live, every=60.0, signals=[signal.SIGHUP]) as watcher:
            assert wait_for(lambda: watcher._file._settled is not None)
            path.write_text(policy_text(NEW))
            os.kill(os.getpid(), signal.SIGHUP)
            assert wait_for(lambda: allows(live, NEW))
        assert heard == [signal.SIGHUP]
        assert signal.getsignal(signal.SIGHUP) is ours
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signal_that_is_named_twice(path: Path) -> None:
    before = signal.getsignal(signal.SIGHUP)
    live = LivePolicy(load_policy(path))
    with watch(path, live, every=60.0, signals=[signal.SIGHUP, signal.SIGHUP]) as watcher:
        assert watcher._previous == {signal.SIGHUP: before}
        os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is before


@pytest.mark.parametrize("last", [9, 10_000])
def test_nothing_is_left_if_a_signal_cannot_be_handled(path: Path, last: int) -> None:
    before = signal.getsignal(signal.SIGHUP)
    live = LivePolicy(load_policy(path))
    with pytest.raises((OSError, ValueError)):
        watch(path, live, signals=[signal.SIGHUP, last])
    assert polling._running == set()
    assert signal.getsignal(signal.SIGHUP) is before


def test_only_the_main_thread_handles_signals(path: Path) -> None:
    live = LivePolicy(load_policy(path))
    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match="main thread"):
        pool.submit(watch, path, live, signals=[signal.SIGHUP]).result(10)
    assert polling._running == set()


def test_later_handler_stays(path: Path) -> None:
    before = signal.getsignal(signal.SIGHUP)
    try:
        live = LivePolicy(load_policy(path))
        watcher = watch(path, live, every=60.0, signals=[signal.SIGHUP])
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        watcher.close()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_process_survives_the_signal(path: Path) -> None:
    script = (
        "import signal, sys, threading\n"
        "from corekit import LivePolicy\n"
        "from corekit_config import load_policy, watch\n"
        "live = LivePolicy(load_policy(sys.argv[1]))\n"
        "watcher = watch(sys.argv[1], live, every=60.0, signals=[signal.SIGHUP])\n"
        "print('ready', flush=True)\n"
        "while live.generation == 1:\n"
        "    threading.Event().wait(0.01)\n"
        "print(*live.policy.allow_origins)\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        path.write_text(policy_text(NEW))
        process.send_signal(signal.SIGHUP)
        output, _ = process.communicate(timeout=20)
    assert (process.returncode, output.split()) == (0, [NEW])


def close_elsewhere(watcher: Watcher) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(watcher.close).result(10)


@pytest.mark.parametrize("close", [Watcher.close, close_elsewhere], ids=["main", "other"])
def test_handlers_before_and_after_are_called(
    path: Path, heard: list[str], close: Callable[[Watcher], None]
) -> None:
    """A handler that was set later calls the one that it found, which has to call the others."""
    watcher = watch(path, LivePolicy(load_policy(path)), every=60.0, signals=[signal.SIGHUP])
    found = signal.getsignal(signal.SIGHUP)
    assert callable(found)

    def receive(number: int, frame: FrameType | None) -> None:
        heard.append("library")
        found(number, frame)

    signal.signal(signal.SIGHUP, receive)
    steps: list[Callable[[], None]] = [lambda: None, lambda: close(watcher), watcher.close]
    for step in steps:
        step()
        os.kill(os.getpid(), signal.SIGHUP)
        assert heard == ["library", "server"]
        heard.clear()
    signal.signal(signal.SIGHUP, found)
    os.kill(os.getpid(), signal.SIGHUP)
    assert heard == ["server"]
    assert signal.getsignal(signal.SIGHUP) != found


def test_close_in_another_thread(path: Path, heard: list[str]) -> None:
    server = signal.getsignal(signal.SIGHUP)
    watcher = watch(path, LivePolicy(load_policy(path)), every=60.0, signals=[signal.SIGHUP])
    close_elsewhere(watcher)
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGHUP)
        assert heard == ["server"]
        assert signal.getsignal(signal.SIGHUP) is server
        heard.clear()


def test_handler_of_another_language_cannot_be_set(path: Path, heard: list[str]) -> None:
    watcher = watch(path, LivePolicy(load_policy(path)), every=60.0, signals=[signal.SIGHUP])
    watcher._previous[signal.SIGHUP] = None  # that of a server which embeds Python
    watcher.close()
    os.kill(os.getpid(), signal.SIGHUP)
    assert heard == []


def test_default_action_follows_close_in_another_thread(path: Path) -> None:
    script = (
        "import os, signal, sys, threading\n"
        "from corekit import LivePolicy\n"
        "from corekit_config import load_policy, watch\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "live = LivePolicy(load_policy(sys.argv[1]))\n"
        "watcher = watch(sys.argv[1], live, every=60.0, signals=[signal.SIGHUP])\n"
        "thread = threading.Thread(target=watcher.close)\n"
        "thread.start()\n"
        "thread.join()\n"
        "os.kill(os.getpid(), signal.SIGHUP)\n"
        "threading.Event().wait(5)\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, cwd=ROOT, check=False, timeout=60)
    assert done.returncode == -signal.SIGHUP
