"""Processes that fork while a `watch()` or a `refresh()` is running."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from corekit import LivePolicy
from corekit_config import load_policy, polling, watch
from corekit_config.polling import Poller
from tests.config.refreshing import allows
from tests.config.watching import NEW, OLD, policy_text, wait_for

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")


def test_both_processes_watch(tmp_path: Path) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(policy_text(OLD))
    live = LivePolicy(load_policy(path))
    with watch(path, live, every=0.02) as watcher:
        child = os.fork()
        if not child:
            # `os._exit` is needed in any case: this process must not go on with the tests.
            try:
                os._exit(0 if wait_for(lambda: allows(live, NEW)) else 1)
            finally:
                os._exit(2)
        path.write_text(policy_text(NEW))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert watcher.is_running
        assert wait_for(lambda: allows(live, NEW))


def test_no_fork_during_a_step() -> None:
    taken = threading.Lock()

    def step() -> float:
        with taken:
            threading.Event().wait(0.005)
        return 0.0

    with Poller(step, "the test", every=60.0):
        for _ in range(3):
            child = os.fork()
            if not child:
                # A lock that was taken during the fork would stay so.
                os._exit(0 if taken.acquire(timeout=2) else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_process_that_forks_often_does_each_step() -> None:
    done = threading.Event()

    def step() -> float:
        done.set()
        return 60.0

    with Poller(step, "the test", every=60.0, delay=0.3):
        for _ in range(100):
            polling._stop_all()
            polling._start_all()
            if done.wait(0.05):
                break
        assert done.is_set()


def test_step_that_outlasts_a_fork_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "HANGS", 0.01)
    first, second, released = threading.Event(), threading.Event(), threading.Event()

    def step() -> float:
        if first.is_set():
            second.set()
        first.set()
        released.wait(10)
        return 60.0

    with Poller(step, "the test", every=60.0) as poller:
        assert first.wait(10)
        poller.wake()
        for _ in range(3):
            polling._stop_all()
            polling._start_all()
        assert not second.wait(0.1)
        assert [each.name for each in threading.enumerate()].count("the test") == 1
        released.set()
        assert second.wait(10)
        assert poller.is_running


@pytest.mark.parametrize("has_ended", [False, True], ids=["ends", "has ended"])
def test_step_that_ends_during_a_fork(monkeypatch: pytest.MonkeyPatch, *, has_ended: bool) -> None:
    monkeypatch.setattr(polling, "HANGS", 0.01)
    first, second, released = threading.Event(), threading.Event(), threading.Event()

    def step() -> float:
        (second if first.is_set() else first).set()
        released.wait(10)
        return 0.01

    with Poller(step, "the test", every=60.0) as poller:
        assert first.wait(10)
        polling._stop_all()
        thread, wakes = poller._thread, poller._wakes
        assert thread is not None
        if has_ended:
            released.set()
            thread.join(10)
        else:
            assert wakes.get_nowait() is False  # as the thread does to end
        polling._start_all()
        poller.wake()
        assert second.wait(10)
        assert poller.is_running
        assert poller._thread is not thread
        released.set()
        wakes.put(False)
        thread.join(10)
        assert not thread.is_alive()


def test_forks_wait_once_for_all_that_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    now, released = [100.0], threading.Event()

    def join(thread: threading.Thread, seconds: float) -> None:
        original(thread, 0.05)
        now[0] += seconds if thread.is_alive() else 0

    def step() -> float:
        started.wait(10)
        released.wait(10)
        return 60.0

    original, started = threading.Thread.join, threading.Barrier(4)
    with ExitStack() as stack, monkeypatch.context() as patch:
        patch.setattr(polling, "time", SimpleNamespace(monotonic=lambda: now[0]))
        patch.setattr(threading.Thread, "join", join)
        for _ in range(3):
            stack.enter_context(Poller(step, "the test", every=60.0))
        started.wait(10)
        for _ in range(2):
            polling._stop_all()
            polling._start_all()
            assert now[0] == 101.0
        released.set()


@pytest.mark.parametrize("is_slow", [False, True], ids=["hangs", "just began"])
def test_fork_while_a_step_is_closed(monkeypatch: pytest.MonkeyPatch, *, is_slow: bool) -> None:
    """Others wait for a step as they do without `close()`: not at all for one that hangs."""
    monkeypatch.setattr(polling, "HANGS", 10.0 if is_slow else 0.0)
    began, released = threading.Event(), threading.Event()
    steps: list[object] = []

    def step() -> float:
        steps.append(None)
        began.set()
        released.wait(10)
        return 0.0

    def fork() -> None:
        with Poller(lambda: 60.0, "another", every=60.0, delay=60.0):
            polling._stop_all()
            polling._start_all()

    poller = Poller(step, "the test", every=60.0)
    assert began.wait(10)
    closing, forking = threading.Thread(target=poller.close), threading.Thread(target=fork)
    closing.start()
    assert wait_for(lambda: not poller.is_running)
    poller.close()  # again, which does nothing
    forking.start()
    forking.join(0.1 if is_slow else 5)
    assert forking.is_alive() is is_slow
    assert closing.is_alive()
    released.set()
    for thread in (forking, closing):
        thread.join(10)
        assert not thread.is_alive()
    assert len(steps) == 1
    assert poller not in polling._running


def test_threads_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with Poller(lambda: 60.0, "the test", every=60.0) as poller:
        polling._stop_all()

        def fail() -> None:
            raise RuntimeError

        monkeypatch.setattr(poller, "_start", fail)
        polling._start_all()
        assert not polling._forking.locked()
        assert not poller.is_running
