"""A daemon thread that repeats one step, also in processes that are forked later.

A server such as ``gunicorn --preload`` imports the application and then forks its workers, which
have none of the threads of their parent. So the threads are stopped before a fork and started again
after it, in both processes: no fork happens during a step, and none finds a lock taken.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import TIMEOUT_MAX, Lock, Thread, current_thread
from types import TracebackType
from typing import Final, Self

from corekit import LivePolicy
from corekit.adapter import show

LOGGER: Final = logging.getLogger("corekit.config")

LONGEST_WAIT: Final = 5.0
"""Seconds to wait for a step that is running; its thread ends after it in any case."""

_running: Final[set[Poller]] = set()
_forking: Final = Lock()


class Poller:
    """Calls `step` in a thread until it is closed; the step returns the seconds to wait.

    The first step is done after `delay` seconds. A fork changes nothing about when a step is due.

    No exception of a step ends the thread: it is logged, and the next step follows after `every`
    seconds. Use it as a context manager, or call `close()`; otherwise it runs until the process
    ends, which it does not delay.

    >>> with Poller(lambda: 60.0, "example", every=60.0) as poller:
    ...     poller.is_running
    True
    >>> poller.is_running
    False
    """

    def __init__(
        self, step: Callable[[], float], name: str, *, every: float, delay: float = 0.0
    ) -> None:
        self._step = step
        self._name = name
        self._every = every
        self._due = time.monotonic() + delay
        self._thread: Thread | None = None
        self._last: Thread | None = None
        with _forking:
            self._start()
            _running.add(self)

    @property
    def is_running(self) -> bool:
        """Whether it was not closed, and its thread is alive in this process."""
        return self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """Do the next step at once; can be called by a signal handler."""
        # Of the queues, only this one may be used in a signal handler.
        self._wakes.put(True)

    def close(self) -> None:
        """Stop the thread, and wait for the step that is running; closing twice does nothing."""
        with _forking:
            _running.discard(self)
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self) -> None:
        wakes: SimpleQueue[bool] = SimpleQueue()
        self._wakes = wakes
        arguments = (wakes, self._last)
        self._thread = Thread(target=self._run, args=arguments, name=self._name, daemon=True)
        self._thread.start()

    def _stop(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            self._wakes.put(False)
            if thread is not current_thread():
                thread.join(LONGEST_WAIT)
            self._last = thread

    def _run(self, wakes: SimpleQueue[bool], last: Thread | None) -> None:
        if last is not None:
            last.join()  # a step that took longer than a fork could wait
        while _next(wakes, self._due - time.monotonic()):
            seconds = self._every
            try:
                seconds = self._step()
            except (Exception, SystemExit):
                with suppress(Exception):  # a handler or a filter of the log may fail too
                    LOGGER.exception("CORS: %s failed; it is tried again.", self._name)
            self._due = time.monotonic() + seconds


def _next(wakes: SimpleQueue[bool], seconds: float) -> bool:
    """Wait until the next step; return False if it was closed."""
    try:
        return wakes.get(timeout=min(max(seconds, 0.0), TIMEOUT_MAX))
    except Empty:
        return True


def _stop_all() -> None:
    _forking.acquire()
    for poller in _running:
        poller._stop()


def _start_all() -> None:
    for poller in _running:
        with suppress(RuntimeError):  # the interpreter is shutting down
            poller._start()
    _forking.release()


# Windows cannot fork.
getattr(os, "register_at_fork", lambda **_: None)(
    before=_stop_all, after_in_parent=_start_all, after_in_child=_start_all
)


def check_interval(every: object) -> None:
    """Raise TypeError or ValueError unless `every` is a number of seconds above 0."""
    if isinstance(every, bool) or not isinstance(every, int | float):
        raise TypeError(f"every is of type {type(every).__name__}: {show(every)}. Pass seconds.")
    if not 0 < every <= TIMEOUT_MAX:
        raise ValueError(f"every is {every}. Pass seconds above 0.")


def check_live(live: object) -> None:
    """Raise TypeError unless `live` is a `LivePolicy`."""
    if not isinstance(live, LivePolicy):
        raise TypeError(
            f"live is of type {type(live).__name__}: {show(live)}. Pass a LivePolicy, and the same"
            " one to the adapter."
        )
