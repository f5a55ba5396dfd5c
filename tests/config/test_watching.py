"""`watch()`: threads, signals, and servers that start their workers."""

from __future__ import annotations

import logging
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from corekit import CorsPolicy, LivePolicy
from corekit_config import load_policy, polling, watch
from corekit_config.polling import Poller
from tests.config.watching import NEW, OLD, policy_text, wait_for

Records = pytest.LogCaptureFixture


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "cors.toml"
    path.write_text(policy_text(OLD))
    return path


def allows(live: LivePolicy, origin: str) -> bool:
    policy = live.policy
    assert isinstance(policy, CorsPolicy)
    return policy.engine.allows(origin)


def test_file_is_followed_until_it_is_closed(path: Path) -> None:
    live = LivePolicy(load_policy(path))
    with watch(path, live, every=0.02) as watcher:
        path.write_text(policy_text(NEW))
        assert wait_for(lambda: allows(live, NEW))
        assert watcher.is_running
    assert not watcher.is_running
    assert watcher not in polling._running
    path.write_text(policy_text(OLD))
    threading.Event().wait(0.1)
    assert allows(live, NEW)
    watcher.close()


def test_thread_does_not_delay_the_exit(path: Path) -> None:
    live = LivePolicy(load_policy(path))
    with watch(path, live):
        (thread,) = (each for each in threading.enumerate() if "policy file" in each.name)
        assert thread.daemon


def test_arguments_are_checked(path: Path) -> None:
    live = LivePolicy(load_policy(path))
    with pytest.raises(TypeError, match=r"^live is of type CorsPolicy.*Pass a LivePolicy, and the"):
        watch(path, live.policy)  # type: ignore[arg-type]
    wrong: tuple[Any, ...] = ("2", True, None)
    for every in wrong:
        with pytest.raises(TypeError, match=r"^every is of type .*Pass seconds\."):
            watch(path, live, every=every)
    for every in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"^every is .*Pass seconds above 0\."):
            watch(path, live, every=every)
    assert polling._running == set()


PATHS: dict[str, tuple[Any, str]] = {
    "None": (None, "path is of type NoneType: None. Pass the path of a TOML or JSON file."),
    "bytes": (b"cors.toml", "path is of type bytes: b'cors.toml'. Pass the path of"),
    "URL": (
        "https://example.com/cors.toml",
        "path is a URL: 'https://example.com/cors.toml'. Pass",
    ),
    "import path": ("app.main:policy", "path is an import path: 'app.main:policy'. Pass the path"),
}


@pytest.mark.parametrize("name", PATHS)
def test_path_is_that_of_a_file(name: str) -> None:
    given, message = PATHS[name]
    with pytest.raises(TypeError) as caught:
        watch(given, LivePolicy(CorsPolicy(allow_origins=[OLD])))
    assert str(caught.value).startswith(message)
    assert polling._running == set()


@pytest.mark.skipif(os.name != "posix", reason="names of files")
def test_name_of_a_file_may_look_like_an_import_path(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        Path("app.main:policy").write_text(policy_text(OLD))
        live = LivePolicy(load_policy("app.main:policy"))
        with watch("app.main:policy", live) as watcher:
            assert watcher.is_running


@pytest.mark.parametrize("signals", [signal.SIGINT, "SIGINT", None, ["SIGINT"]])
def test_signals_are_numbers_in_a_list(path: Path, signals: Any) -> None:
    live = LivePolicy(load_policy(path))
    with pytest.raises(TypeError, match=r"^signals .*Pass a list, such as \[signal\.SIGHUP\]\.$"):
        watch(path, live, signals=signals)
    assert polling._running == set()


def test_signal_that_cannot_be_handled_leaves_no_thread(path: Path) -> None:
    live = LivePolicy(load_policy(path))
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises((OSError, ValueError)):
        watch(path, live, signals=[signal.SIGINT, 9])
    assert signal.getsignal(signal.SIGINT) is before
    assert polling._running == set()
    with watch(path, live):
        pass


def test_policy_is_watched_once(path: Path) -> None:
    live = LivePolicy(load_policy(path))
    with (
        watch(path, live),
        pytest.raises(ValueError, match=r"^live is watched already\. Use one file with all routes"),
    ):
        watch(path.with_name("other.toml"), live)
    with watch(path, live) as first:
        pass
    with watch(path, live) as watcher:
        assert watcher.is_running
        first.close()
        with pytest.raises(ValueError, match=r"^live is watched already"):
            watch(path, live)


def test_exceptions_do_not_end_the_thread(caplog: Records) -> None:
    class Timeout(BaseException):
        """As in gevent."""

    raised = [Timeout(), KeyboardInterrupt(), SystemExit(), MemoryError(), ValueError()]
    done = threading.Event()

    def step() -> float:
        if raised:
            raise raised.pop()
        done.set()
        return 60.0

    with Poller(step, "the test", every=0.01):
        assert done.wait(10)
    messages = [each.getMessage() for each in caplog.records]
    assert messages == ["CORS: the test failed; it is tried again."] * 5


def test_log_that_raises_does_not_end_the_thread() -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise ValueError

    done = threading.Event()
    steps = iter(range(3))

    def step() -> float:
        if next(steps) < 2:
            raise KeyError
        done.set()
        return 60.0

    handler = Broken()
    polling.LOGGER.addHandler(handler)
    try:
        with Poller(step, "the test", every=0.01):
            assert done.wait(10)
    finally:
        polling.LOGGER.removeHandler(handler)


def test_any_number_of_wakes_is_one_step() -> None:
    steps, began, released = list[bool](), threading.Semaphore(0), threading.Semaphore(0)

    def step() -> float:
        began.release()
        steps.append(released.acquire(timeout=10))
        return 60.0

    with Poller(step, "the test", every=60.0, delay=60.0) as poller:
        for number in range(1, 4):
            for _ in range(20):
                poller.wake()
            assert began.acquire(timeout=10)
            if number == 2:
                # A step that is running may have begun with what was there before.
                for _ in range(20):
                    poller.wake()
                assert poller._bell.qsize() == 1
                released.release()
                assert began.acquire(timeout=10)
            released.release()
            assert wait_for(lambda: len(steps) == number + (number > 1))  # noqa: B023 - called at once
            assert not began.acquire(timeout=0.1)
    assert steps == [True] * 4


def test_step_may_close_its_own_poller() -> None:
    started, done = threading.Event(), threading.Event()

    def step() -> float:
        started.wait(10)
        poller.close()
        done.set()
        return 0.0

    poller = Poller(step, "the test", every=60.0)
    (thread,) = (each for each in threading.enumerate() if each.name == "the test")
    started.set()
    assert done.wait(10)
    thread.join(10)
    assert not thread.is_alive()


def test_hanging_step_does_not_hold_up_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "LONGEST_WAIT", 0.01)
    began, released = threading.Event(), threading.Event()

    def step() -> float:
        began.set()
        return float(released.wait(10))

    poller = Poller(step, "the test", every=60.0)
    assert began.wait(10)
    (thread,) = (each for each in threading.enumerate() if each.name == "the test")
    poller.close()
    assert thread.is_alive()
    released.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFO")
def test_fifo_is_not_read(path: Path, caplog: Records) -> None:
    """Reading it would wait until another process writes."""
    live = LivePolicy(load_policy(path))
    path.unlink()
    os.mkfifo(path)
    with watch(path, live, every=0.02):
        assert wait_for(lambda: "This is not a regular file. Watch a file on disk." in caplog.text)
        assert allows(live, OLD)
        path.unlink()
        path.write_text(policy_text(NEW))
        assert wait_for(lambda: allows(live, NEW))
