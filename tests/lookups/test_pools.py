"""Functions that are not async under asyncio, and look-ups that several event loops share."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import Queue
from threading import Barrier, Event, Semaphore, Thread, get_ident
from threading import enumerate as enumerate_threads
from typing import Any, ClassVar

import pytest

from corekit_lookups import LookupResultError, OriginLookup, Outcome
from corekit_lookups import threads as threads_module
from corekit_lookups.threads import Threads, _Pool
from tests.config.watching import wait_for
from tests.lookups.asking import count_running
from tests.lookups.running import LONG, REQUEST, A, B, build, run, settle, wait_until

HANGING = """
import asyncio, threading
from corekit_lookups import LookupRequest, OriginLookup
lookup = OriginLookup(lambda origin: threading.Event().wait(), timeout=0.05)
request = LookupRequest("https", "api.example.com", "/")
print(asyncio.run(lookup.ask_async("https://a.example", request)))
"""


def start_no_thread(_: object) -> None:
    raise RuntimeError("no thread can be started")


class HeldSemaphore(Semaphore):
    """Holds the first thread that releases it."""

    held: ClassVar[Event]
    released: ClassVar[Event]

    def release(self, n: int = 1) -> None:
        if not self.held.is_set():
            self.held.set()
            assert self.released.wait(LONG)
        super().release(n)


async def check(lookup: OriginLookup) -> None:
    assert await lookup.ask_async(A, REQUEST) is Outcome.ALLOWED


class TestFunctionsInThreads:
    def test_function_that_is_not_async_does_not_block_the_loop(self) -> None:
        variable = contextvars.ContextVar("variable", default="")
        seen: list[object] = []
        released = Event()

        def look_up(origin: str) -> bool:
            seen.extend((get_ident(), variable.get()))
            return released.wait(LONG)

        async def test() -> None:
            variable.set("request")
            lookup = build(look_up)
            asking = [asyncio.ensure_future(lookup.ask_async(A, REQUEST)) for _ in range(3)]
            await wait_until(lambda: len(seen) == 2)
            released.set()
            assert set(await asyncio.gather(*asking)) == {Outcome.ALLOWED}
            assert seen[0] != get_ident()
            assert seen[1] == "request"

        run(test)

    def test_timeout_ends_the_waiting(self) -> None:
        released = Event()

        def look_up(origin: str) -> bool:
            return released.wait(LONG)

        async def test() -> None:
            lookup = build(look_up, timeout=0.02, concurrency=1)
            assert await lookup.ask_async(A, REQUEST) is Outcome.TIMED_OUT
            assert await lookup.ask_async(B, REQUEST) is Outcome.OVERLOADED
            released.set()
            await wait_until(lambda: count_running(lookup._state) == 0)

        run(test)

    def test_slow_functions_take_no_thread_of_the_loop(self) -> None:
        """Host names and files are read in the threads of the loop, for requests of all kinds."""
        released = Event()
        called: list[str] = []

        def look_up(origin: str) -> bool:
            called.append(origin)
            return released.wait(LONG)

        most = (os.cpu_count() or 1) + 4 + 1

        async def test() -> None:
            lookup = build(look_up, timeout=0.02, concurrency=most)
            origins = [f"https://{number}.example" for number in range(most)]
            asking = [lookup.ask_async(origin, REQUEST) for origin in origins]
            assert await asyncio.gather(*asking) == [Outcome.TIMED_OUT] * most
            await wait_until(lambda: len(called) == most)
            assert await asyncio.to_thread(lambda: "read") == "read"
            released.set()
            await wait_until(lambda: count_running(lookup._state) == 0)

        run(test)

    def test_look_up_needs_no_thread_of_the_loop(self) -> None:
        released = Event()

        async def test() -> None:
            loop = asyncio.get_running_loop()
            loop.set_default_executor(ThreadPoolExecutor(1))
            other = loop.run_in_executor(None, released.wait, LONG)
            assert await build(lambda origin: True).ask_async(A, REQUEST) is Outcome.ALLOWED
            released.set()
            await other

        run(test)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
    def test_forked_process_has_its_own_threads(self) -> None:
        lookup = build(lambda origin: origin == A)
        run_and_check = partial(run, partial(check, lookup))
        run_and_check()
        # Only a thread that waits for work is taken for one that the new process has too.
        time.sleep(0.05)
        lookup.clear()
        process = multiprocessing.get_context("fork").Process(target=run_and_check)
        process.start()
        process.join(LONG)
        assert process.exitcode == 0

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
    def test_forked_process_does_not_wait_for_a_thread_that_it_lacks(self) -> None:
        parent, called, released = os.getpid(), Event(), Event()

        def look_up(origin: str) -> bool:
            called.set()
            return os.getpid() != parent or released.wait(LONG)

        lookup = build(look_up, concurrency=1)
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(lookup.ask_sync, A, REQUEST)
            assert called.wait(LONG)
            # Another thread may be at any step.
            with lookup._lock:
                process = multiprocessing.get_context("fork").Process(
                    target=partial(run, partial(check, lookup))
                )
                process.start()
            process.join(LONG)
            process.kill()
            released.set()
            assert asking.result(LONG) is Outcome.ALLOWED
        assert process.exitcode == 0

    @pytest.mark.parametrize("error", [ValueError, SystemExit])
    def test_exception_allows_nothing(
        self, error: type[BaseException], caplog: pytest.LogCaptureFixture
    ) -> None:
        def look_up(origin: str) -> bool:
            raise error

        async def test() -> None:
            assert await build(look_up).ask_async(A, REQUEST) is Outcome.FAILED

        run(test)
        assert wait_for(lambda: bool(caplog.records))
        assert [record.name for record in caplog.records] == ["corekit.lookups"]

    def test_exception_is_reported_once(
        self, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Our record would keep the exception, of which asyncio reports that nobody retrieved it.
        monkeypatch.setattr(logging.getLogger("corekit.lookups"), "disabled", True)

        def look_up(origin: str) -> bool:
            raise SystemExit

        async def test() -> None:
            lookup = build(look_up)
            assert await lookup.ask_async(A, REQUEST) is Outcome.FAILED
            # The outcome is known before the thread has ended.
            await wait_until(lambda: not lookup._started)

        run(test)
        gc.collect()
        assert caplog.records == []

    def test_wrong_result_is_an_error(self) -> None:
        async def look_up(origin: str) -> bool:
            return True

        async def test() -> None:
            function: Any = lambda *arguments: look_up(*arguments)  # noqa: E731, PLW0108
            with pytest.raises(LookupResultError, match="Pass the async function itself"):
                await build(function).ask_async(A, REQUEST)

        run(test)

    def test_function_that_hangs_does_not_delay_the_end_of_the_process(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", HANGING],
            check=False,
            capture_output=True,
            text=True,
            timeout=3 * LONG,
        )
        assert (done.returncode, done.stdout) == (0, "timed_out\n")

    def test_server_that_stops_starts_no_threads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Thread, "start", start_no_thread)

        async def test() -> None:
            lookup = build(lambda origin: True, concurrency=1)
            for origin in (A, B):
                assert await lookup.ask_async(origin, REQUEST) is Outcome.FAILED
                assert count_running(lookup._state) == 0

        run(test)

    def test_thread_that_was_not_started_leaves_its_work_to_another(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        threads = Threads(2)
        released, took = Event(), Event()
        first = threads.run(released.wait)

        def release(_: Thread) -> None:
            released.set()
            assert took.wait(LONG)
            start_no_thread(None)

        monkeypatch.setattr(Thread, "start", release)
        assert threads.run(took.set).result(LONG) is None
        assert first.result(LONG)

    def test_what_was_canceled_is_not_called(self) -> None:
        threads = Threads(1)
        released, called = Event(), Event()
        first = threads.run(released.wait)
        canceled = threads.run(called.set)
        assert canceled.cancel()
        released.set()
        assert first.result(LONG)
        assert threads.run(lambda: "next").result(LONG) == "next"
        assert not called.is_set()

    def test_canceled_work_leaves_room_for_more(self) -> None:
        threads = Threads(2)
        for _ in range(3):
            released = Event()
            first, second = threads.run(released.wait), threads.run(released.wait)
            assert [threads.run(released.wait).cancel() for _ in range(3)] == [True] * 3
            released.set()
            assert first.result(LONG)
            assert second.result(LONG)
        both = Barrier(2)
        waiting = [threads.run(partial(both.wait, LONG)) for _ in range(2)]
        assert {each.result(LONG) for each in waiting} == {0, 1}

    def test_no_task_waits_while_there_may_be_more_threads(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One thread has just ended its task, and the next thread begins late."""
        HeldSemaphore.held, HeldSemaphore.released = Event(), Event()
        late, stop, work = Event(), Event(), threads_module._work

        def begin_late(*arguments: Any) -> None:
            assert late.wait(LONG)
            work(*arguments)

        monkeypatch.setattr(threads_module, "Semaphore", HeldSemaphore)
        pool = _Pool(3)
        pool.run(int)
        assert HeldSemaphore.held.wait(LONG)
        monkeypatch.setattr(threads_module, "_work", begin_late)
        began = [Event() for _ in range(3)]

        def begin(event: Event) -> bool:
            event.set()
            return stop.wait(LONG)

        running = [pool.run(partial(begin, began[0]))]
        HeldSemaphore.released.set()
        assert began[0].wait(LONG)
        late.set()
        # The second thread waits for work by now, or soon.
        time.sleep(0.05)
        for event in began[1:]:
            running.append(pool.run(partial(begin, event)))
            assert event.wait(LONG)
        stop.set()
        assert all(each.result(LONG) for each in running)

    def test_thread_is_free_before_its_result_is_known(self) -> None:
        attached, pool = Event(), _Pool(2)

        def identify() -> int:
            assert attached.wait(LONG)
            return get_ident()

        first, later = pool.run(identify), Queue[Any]()
        first.add_done_callback(lambda _: later.put(pool.run(get_ident)))
        attached.set()
        assert later.get(timeout=LONG).result(LONG) == first.result(LONG)

    def test_task_that_was_canceled_has_ended(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pool = _Pool(2)
        with monkeypatch.context() as patch:
            patch.setattr(Thread, "start", start_no_thread)
            with pytest.raises(RuntimeError):
                pool.run(int)
        for _ in range(2):
            assert pool.run(int).result(LONG) == 0
        assert pool._started == 1

    def test_threads_are_reused_and_end_with_the_look_up(self) -> None:
        others = set(enumerate_threads())
        lookup = build(lambda origin: True, concurrency=3)
        threads = lookup._threads
        for _ in range(5):
            assert threads.run(get_ident).result(LONG)
        assert len(set(enumerate_threads()) - others) == 1
        released = Event()
        waiting = [threads.run(released.wait) for _ in range(5)]
        started = set(enumerate_threads()) - others
        assert len(started) == 3
        released.set()
        assert all(each.result(LONG) for each in waiting)
        del lookup, threads
        gc.collect()
        assert wait_for(lambda: not any(each.is_alive() for each in started))


class TestSeveralLoops:
    def test_loops_and_threads_wait_for_each_other(self) -> None:
        released, called = Event(), Event()

        def look_up(origin: str) -> bool:
            called.set()
            return released.wait(LONG)

        lookup = build(look_up)

        def ask_in_a_loop() -> Outcome:
            return asyncio.run(lookup.ask_async(A, REQUEST))

        with ThreadPoolExecutor(4) as pool:
            asking = [pool.submit(ask_in_a_loop)]
            assert called.wait(LONG)
            asking += [pool.submit(lookup.ask_sync, A, REQUEST), pool.submit(ask_in_a_loop)]
            waiting = Event()
            while lookup.counts["joined"] < 2:
                waiting.wait(0.001)
            released.set()
            assert [each.result(LONG) for each in asking] == [Outcome.ALLOWED] * 3
        assert lookup.counts["allowed"] == 1

    def test_loop_that_was_closed_is_not_woken(self) -> None:
        released = Event()
        lookup = build(lambda origin: released.wait(LONG))
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(lookup.ask_sync, A, REQUEST)

            async def disconnect() -> None:
                await wait_until(lambda: count_running(lookup._state) == 1)
                waiting = asyncio.ensure_future(lookup.ask_async(A, REQUEST))
                await settle()
                waiting.cancel()

            asyncio.run(disconnect())
            released.set()
            assert asking.result(LONG) is Outcome.ALLOWED
