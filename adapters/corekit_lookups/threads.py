"""The threads in which asyncio calls functions that are not async."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Lock, Semaphore, Thread
from typing import Final
from weakref import finalize

_Task = tuple[Future[object], Callable[[], object]]


class Threads:
    """At most `most` threads of one look-up, which start when they are needed.

    Those of the event loop are for everybody: also host names and files are read in them. A slow
    database would take them all, and requests without an Origin header would wait. When the
    interpreter ends, it does not wait for these threads, as it would for those of a
    `ThreadPoolExecutor`: a function may hang. They end if nothing refers to the look-up.

    >>> threads = Threads(1)
    >>> threads.run(lambda: True).result()
    True
    """

    __slots__ = ("_most", "_pool", "_process")

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._pool: _Pool | None = None
        self._process = 0

    def run(self, function: Callable[[], object]) -> Future[object]:
        """Call a function in a thread; raise RuntimeError if none can be started."""
        # A fork copies no threads.
        if self._pool is None or self._process != os.getpid():
            self._process = os.getpid()
            self._pool = _Pool(self._most)
        return self._pool.run(function)


class _Pool:
    """The threads of one process: as many as there are tasks, up to `most`.

    A `ThreadPoolExecutor` counts threads that wait instead, and one that is about to wait while
    another is started counts twice. Then a task waits for a thread that does not come.
    """

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._lock: Final = Lock()
        self._started = 0
        self._running = 0
        # What has ended since; it counts as running until the next task.
        self._ended: Final = Semaphore(0)
        self._tasks: Final[SimpleQueue[_Task | None]] = SimpleQueue()
        finalize(self, self._tasks.put, None)

    def run(self, function: Callable[[], object]) -> Future[object]:
        future: Future[object] = Future()
        with self._lock:
            self._tasks.put((future, function))
            self._running += 1
            while self._ended.acquire(blocking=False):
                self._running -= 1
            if self._running <= self._started or self._started == self._most:
                return future
            try:
                Thread(
                    target=_work,
                    args=(self._tasks, self._ended),
                    name="corekit-lookup",
                    daemon=True,
                ).start()
            except RuntimeError:
                # Another thread may have begun with it.
                if future.cancel():
                    raise
            else:
                self._started += 1
        return future


def _work(tasks: SimpleQueue[_Task | None], ended: Semaphore) -> None:
    while True:
        task = tasks.get()
        if task is None:
            # For the next thread.
            tasks.put(None)
            return
        _run(*task, ended)
        # What waits for work keeps no request alive.
        del task


def _run(future: Future[object], function: Callable[[], object], ended: Semaphore) -> None:
    if not future.set_running_or_notify_cancel():
        ended.release()
        return
    try:
        try:
            result = function()
        finally:
            # Before anybody can know of it, and ask for more.
            ended.release()
    except BaseException as error:  # noqa: BLE001 - raised where the result is read
        future.set_exception(error)
    else:
        future.set_result(result)
