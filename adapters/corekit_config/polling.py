"""A daemon thread that repeats one step, also in processes that are forked later.

A server such as ``gunicorn --preload`` imports the application and then forks its workers, which
have none of the threads of their parent. So the threads are stopped before a fork and started again
after it, in both processes: a fork waits for the end of a step, so that it finds no lock taken. It
does not wait for a step that hangs.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from queue import Empty, SimpleQueue
from threading import TIMEOUT_MAX, Lock, Thread, current_thread
from types import TracebackType
from typing import Final, Self

from corekit import LivePolicy
from corekit.adapter import show

LOGGER: Final = logging.getLogger("corekit.config")

LONGEST_WAIT: Final = 5.0
"""Seconds that `close()` waits for a step; its thread ends after it in any case."""

HANGS: Final = 1.0
"""Seconds since the begin of a step after which a fork does not wait for it any longer."""

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
        self._is_closed = False
        with _forking:
            self._start()
            _running.add(self)

    @property
    def is_running(self) -> bool:
        """Whether it was not closed, and its thread is alive in this process."""
        return not self._is_closed and self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """Do the next step at once; can be called by a signal handler."""
        # Of the queues, only this one may be used in a signal handler.
        self._wakes.put(True)

    def close(self) -> None:
        """Stop the thread, and wait for the step that is running; closing twice does nothing."""
        with _forking:
            if self._is_closed:
                return
            self._is_closed = True
            self._wakes.put(False)
        # Until the thread has ended, a fork waits for its step as for any other.
        _join(self._thread, LONGEST_WAIT)
        with _forking:
            _running.discard(self)

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
        if self._is_closed or self._continues():
            return
        wakes: SimpleQueue[bool] = SimpleQueue()
        self._wakes, self._began = wakes, inf
        thread = Thread(target=self._run, args=(wakes,), name=self._name, daemon=True)
        thread.start()
        self._thread = thread

    def _continues(self) -> bool:
        """Return whether the thread is still in the step of before the fork, so it need not end."""
        if self._thread is None or not self._thread.is_alive():
            return False
        was_woken = False
        try:
            while self._wakes.get_nowait():
                was_woken = True
        except Empty:
            return False  # the step has just ended, and the thread ends
        if was_woken:
            self._wakes.put(True)
        return True

    def _run(self, wakes: SimpleQueue[bool]) -> None:
        while _next(wakes, self._due - time.monotonic()):
            seconds = self._every
            self._began = time.monotonic()
            try:
                seconds = self._step()
            except (Exception, SystemExit):
                with suppress(Exception):  # a handler or a filter of the log may fail too
                    LOGGER.exception("CORS: %s failed; it is tried again.", self._name)
            self._began = inf
            self._due = time.monotonic() + seconds


def _next(wakes: SimpleQueue[bool], seconds: float) -> bool:
    """Wait until the next step; return False if it was closed."""
    try:
        return wakes.get(timeout=min(max(seconds, 0.0), TIMEOUT_MAX))
    except Empty:
        return True


def _join(thread: Thread | None, seconds: float) -> None:
    if thread is not None and thread is not current_thread():
        thread.join(max(seconds, 0.0))


def _stop_all() -> None:
    _forking.acquire()
    now = time.monotonic()
    for poller in _running:
        poller._wakes.put(False)
    for poller in _running:
        _join(poller._thread, min(now, poller._began) + HANGS - time.monotonic())


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
