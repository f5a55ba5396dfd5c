"""A daemon thread that repeats one step, also in processes that are forked later.

A server such as ``gunicorn --preload`` imports the application and then forks its workers, which
have none of the threads of their parent. So each thread is started again there. A fork waits for
the end of a step, so that it finds no lock taken, and no step begins until it is done. It does not
wait for a step that hangs.

With gevent, a thread is a greenlet, and whatever waits lets others run: in a new process, those of
requests that its parent answers. So nothing that is called there waits. A fork copies greenlets:
that of a thread ends in the new process after its step, and a fork does not wait for it.
"""

from __future__ import annotations

import _thread
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from queue import Empty, SimpleQueue
from threading import TIMEOUT_MAX, Thread, Timer, current_thread
from time import sleep  # not that of gevent, if it is patched later
from types import FrameType, TracebackType
from typing import Final, Self

from corekit import LivePolicy
from corekit.adapter import show
from corekit.locks import fork_safe_lock

LOGGER: Final = logging.getLogger("corekit.config")

LONGEST_WAIT: Final = 5.0
"""Seconds that `close()` waits for a step; its thread ends after it in any case."""

HANGS: Final = 1.0
"""Seconds since the begin of a step after which a fork does not wait for it any longer."""

PAUSE: Final = 0.001
"""Seconds between two looks of a fork at a step."""

AFTER_FORK: Final = 0.01
"""Seconds after which the functions that others registered for a fork have ended, too."""

_running: Final[set[Poller]] = set()
_raised: Final[list[BaseException]] = []

_forking: Final = fork_safe_lock()
"""Held by a thread that forks, and by one that begins a step."""


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
        self._is_woken = False
        self._is_closed = False
        with _forking:
            self._start()
            _running.add(self)

    @property
    def is_running(self) -> bool:
        """Whether it was not closed, and its thread is alive in this process."""
        # A server may fork without the hooks of Python, which then takes the thread for alive.
        is_here = self._process == os.getpid()
        return not self._is_closed and is_here and self._thread.is_alive()

    def wake(self) -> None:
        """Do a step at once, one for any number of calls; can be called by a signal handler.

        If a step is running, the next one follows at once: the calls may be about what is new.
        """
        self._is_woken = True
        if self._bell.empty():
            self._bell.put(None)

    def close(self) -> None:
        """Stop the thread, and wait for the step that is running; closing twice does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        self._bell.put(None)
        # Until the thread has ended, a fork waits for its step as for any other.
        if self._thread is not current_thread():
            self._thread.join(LONGEST_WAIT)
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
        # Of the queues, only this one may be used in a signal handler.
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._began = inf
        self._runs_in = 0
        process = os.getpid()
        thread = Thread(target=self._run, args=(process,), name=self._name, daemon=True)
        thread.start()
        self._process, self._thread = process, thread

    def _start_here(self) -> None:
        """Start the thread again, unless this process has one."""
        with _forking, suppress(RuntimeError):  # the interpreter is shutting down
            if not self.is_running:
                self._start()

    def _run(self, process: int) -> None:
        self._runs_in = threading.get_native_id()
        while os.getpid() == process and self._begin():
            seconds = self._every
            try:
                seconds = self._step()
            except BaseException:  # such as gevent.Timeout
                with suppress(Exception):  # a handler or a filter of the log may fail too
                    LOGGER.exception("CORS: %s failed; it is tried again.", self._name)
            self._due = time.monotonic() + seconds
            self._began = inf

    def _begin(self) -> bool:
        """Wait until the next step is due, and begin it; return False if this is closed."""
        with suppress(Empty):
            while not (self._is_woken or self._is_closed):
                left = max(self._due - time.monotonic(), 0.0)
                self._bell.get(timeout=min(left, TIMEOUT_MAX))
        with _forking:
            self._is_woken = False
            if not self._is_closed:
                self._began = time.monotonic()
            return not self._is_closed


def _wait_for_steps() -> None:
    """Wait for the end of all steps, before a fork."""
    now, this = time.monotonic(), threading.get_native_id()
    try:
        for poller in tuple(_running):
            # What waits for a lock or an event may leave it taken if a signal handler raises.
            while (
                poller._began < inf
                # It is the step that forks, or with gevent one that runs only if this waits.
                and poller._runs_in != this
                and time.monotonic() < min(now, poller._began) + HANGS
            ):
                sleep(PAUSE)
    except BaseException as error:  # noqa: BLE001 - raised by a signal handler
        _raised.append(error)


def _raise_again() -> None:
    """Let the main thread raise what a signal handler has raised while a fork waited.

    Python ignores exceptions of what it calls at a fork: a KeyboardInterrupt would be lost.
    """
    if not _raised:
        return
    error = _raised.pop()

    def receive(number: int, _: FrameType | None) -> None:
        signal.signal(number, before or signal.SIG_DFL)
        raise error

    def send() -> None:
        with _forking:  # which is free after the last function of the fork
            os.kill(os.getpid(), signal.SIGURG)

    # Without a handler, this signal has no effect.
    before = signal.signal(signal.SIGURG, receive)
    _thread.start_new_thread(Timer(AFTER_FORK, send).start, ())


def _start_again() -> None:
    """Start the threads again, in a process that was forked."""
    _raised.clear()
    for poller in tuple(_running):
        if not (poller._is_closed or poller._thread.is_alive()):
            # The start of a `Thread` waits until it runs, and this does not.
            with suppress(RuntimeError):  # the interpreter is shutting down
                _thread.start_new_thread(poller._start_here, ())


# Windows cannot fork. What is registered last is called first before a fork, and last after it. A
# signal handler may end any function of Python, but not those of C, which take the lock.
_at_fork: Final = getattr(os, "register_at_fork", lambda **_: None)
_at_fork(before=_wait_for_steps, after_in_parent=_raise_again, after_in_child=_start_again)
_at_fork(before=_forking.acquire, after_in_parent=_forking.release)


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
