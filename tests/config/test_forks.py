"""Processes that fork while a `watch()` or a `refresh()` is running."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from corekit import LivePolicy
from corekit_config import load_policy, polling, watch
from corekit_config.polling import Poller
from tests.config.refreshing import allows
from tests.config.watching import NEW, OLD, policy_text, wait_for
from tests.interrupting import Interrupt, interrupt, raise_interrupt

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


def fork() -> None:
    """Fork, and end the new process at once."""
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)


def can_poll() -> bool:
    """Return whether another thread can create a poller and close it."""
    done = threading.Event()

    def step() -> float:
        done.set()
        return 60.0

    def poll() -> None:
        with Poller(step, "another", every=60.0):
            done.wait(10)

    threading.Thread(target=poll, daemon=True).start()
    return done.wait(2)


def test_process_that_forks_often_does_each_step() -> None:
    done = threading.Event()

    def step() -> float:
        done.set()
        return 60.0

    with Poller(step, "the test", every=60.0, delay=0.3):
        for _ in range(100):
            fork()
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
            fork()
        assert not second.wait(0.1)
        assert [each.name for each in threading.enumerate()].count("the test") == 1
        released.set()
        assert second.wait(10)
        assert poller.is_running


def test_forked_process_does_the_step_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "HANGS", 0.01)
    parent, began, released = os.getpid(), threading.Event(), threading.Event()
    done = threading.Event()

    def step() -> float:
        began.set()
        if os.getpid() == parent:
            released.wait(10)
        else:
            done.set()
        return 60.0

    with Poller(step, "the test", every=60.0) as poller:
        assert began.wait(10)
        child = os.fork()
        if not child:
            os._exit(0 if done.wait(10) and poller.is_running and can_poll() else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        released.set()


def test_thread_that_is_in_the_new_process_is_not_started_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is, if the step has forked."""
    started: list[object] = []
    monkeypatch.setattr(_thread, "start_new_thread", lambda *each: started.append(each))
    with Poller(lambda: 60.0, "the test", every=60.0) as poller:
        monkeypatch.setattr(poller, "_process", 0)
        polling._start_again()
    assert started == []


def test_copy_of_a_thread_in_a_new_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """With gevent, a fork copies it."""
    with Poller(lambda: 0.01, "the test", every=60.0) as poller:
        thread, process = poller._thread, os.getpid()
        monkeypatch.setattr(os, "getpid", lambda: process + 1)
        thread.join(10)
        assert not thread.is_alive()


def test_thread_of_another_process_is_not_running(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that a server forked in C, without the hooks of Python."""
    with Poller(lambda: 0.01, "the test", every=60.0) as poller:
        thread = poller._thread
        monkeypatch.setattr(poller, "_process", 0)
        assert not poller.is_running
        for _ in range(2):
            poller._start_here()
            assert poller.is_running
            assert [each.name for each in threading.enumerate()].count("the test") == 2
    thread.join(10)
    assert not thread.is_alive()


def test_step_may_fork() -> None:
    seconds, done = list[float](), threading.Event()

    def step() -> float:
        start = time.monotonic()
        fork()
        seconds.append(time.monotonic() - start)
        done.set()
        return 60.0

    with Poller(step, "the test", every=60.0):
        assert done.wait(10)
    assert seconds[0] < polling.HANGS


def test_forks_wait_once_for_all_that_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    now, released = [100.0], threading.Event()

    def sleep(seconds: float) -> None:
        now[0] += seconds

    def step() -> float:
        started.wait(10)
        released.wait(10)
        return 60.0

    started = threading.Barrier(4)
    with ExitStack() as stack, monkeypatch.context() as patch:
        patch.setattr(polling, "time", SimpleNamespace(monotonic=lambda: now[0]))
        patch.setattr(polling, "sleep", sleep)
        for _ in range(3):
            stack.enter_context(Poller(step, "the test", every=60.0))
        started.wait(10)
        for _ in range(2):
            fork()
            assert now[0] == pytest.approx(101.0, abs=2 * polling.PAUSE)
        released.set()


def test_signal_handler_that_raises_during_a_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may raise anywhere: the next fork, other pollers and the steps go on."""
    ignored: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: ignored.append(args.exc_value))
    steps: list[object] = []

    def step() -> float:
        steps.append(None)
        threading.Event().wait(0.002)
        return 0.0

    with Poller(step, "the test", every=60.0) as poller:
        for _ in interrupt(polling, function=fork, handler=raise_interrupt):
            with suppress(Interrupt):  # raised again after the fork
                threading.Event().wait(0.1)
            assert can_poll()
            count = len(steps)
            assert wait_for(lambda: len(steps) > count)  # noqa: B023 - called at once
            assert poller.is_running
    assert ignored


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

    def fork_beside_another() -> None:
        with Poller(lambda: 60.0, "another", every=60.0, delay=60.0):
            fork()

    poller = Poller(step, "the test", every=60.0)
    assert began.wait(10)
    closing = threading.Thread(target=poller.close)
    forking = threading.Thread(target=fork_beside_another)
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


@pytest.mark.parametrize(
    "what",
    [
        pytest.param((threading.Thread, "start"), id="all"),
        pytest.param((_thread, "start_new_thread"), id="the one that starts the others"),
    ],
)
def test_threads_that_cannot_start(
    monkeypatch: pytest.MonkeyPatch, what: tuple[object, str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    with (
        Poller(lambda: 60.0, "the test", every=60.0) as first,
        Poller(lambda: 60.0, "the test", every=60.0) as second,
    ):
        monkeypatch.setattr(*what, fail)
        child = os.fork()
        if not child:
            time.sleep(0.1)
            monkeypatch.undo()
            are_running = first.is_running or second.is_running
            os._exit(0 if not are_running and can_poll() else 1)
        monkeypatch.undo()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_signal_handler_closes_what_a_fork_waits_for() -> None:
    began, released = threading.Event(), threading.Event()

    def step() -> float:
        began.set()
        released.wait(10)
        return 60.0

    def receive(number: int, frame: object) -> None:
        released.set()
        poller.close()

    before = signal.signal(signal.SIGUSR1, receive)
    try:
        with Poller(step, "the test", every=60.0) as poller:
            assert began.wait(10)
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            fork()
            assert wait_for(lambda: not poller.is_running)
            assert can_poll()
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_exception_of_a_signal_handler_is_not_lost() -> None:
    """Python ignores exceptions of what it calls at a fork."""
    began, released = threading.Event(), threading.Event()

    def step() -> float:
        began.set()
        released.wait(10)
        return 60.0

    def fork_and_go_on() -> None:
        fork()
        threading.Event().wait(10)

    def receive(number: int, frame: object) -> None:
        raise error

    error, urgent = Interrupt(), signal.getsignal(signal.SIGURG)
    before = signal.signal(signal.SIGUSR1, receive)
    try:
        with Poller(step, "the test", every=60.0):
            assert began.wait(10)
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            with pytest.raises(Interrupt) as caught:
                fork_and_go_on()
            assert caught.value is error
            assert signal.getsignal(signal.SIGURG) is urgent
            assert polling._raised == []
            released.set()
    finally:
        signal.signal(signal.SIGUSR1, before)
