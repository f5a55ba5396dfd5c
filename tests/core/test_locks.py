"""The lock that is free in a forked process: for other threads, and for signal handlers."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest

from corekit.locks import fork_safe_lock, is_held


def test_lock_keeps_other_threads_out() -> None:
    lock, seen = fork_safe_lock(), list[str]()

    def enter() -> None:
        with lock:
            seen.append("other")

    thread = Thread(target=enter)
    with lock:
        thread.start()
        thread.join(0.1)
        seen.append("first")
    thread.join(10)
    assert seen == ["first", "other"]


def test_lock_may_be_taken_again_by_its_thread() -> None:
    lock = fork_safe_lock()
    with ThreadPoolExecutor(1) as pool:
        assert not is_held(lock)
        with lock:
            assert lock.acquire(timeout=1)
            lock.release()
            assert is_held(lock)
            assert not pool.submit(is_held, lock).result(10)
        assert not is_held(lock)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_lock_of_another_thread_is_free_after_a_fork() -> None:
    lock, taken, released = fork_safe_lock(), Event(), Event()

    def hold() -> None:
        with lock:
            taken.set()
            released.wait(10)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(hold)
        assert taken.wait(10)
        child = os.fork()
        if not child:
            # `os._exit` is needed in any case: this process must not go on with the tests.
            os._exit(0 if lock.acquire(timeout=2) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert not lock.acquire(blocking=False)
        released.set()
