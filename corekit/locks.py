"""A lock that can be taken in a process that was forked while another thread held it."""

from __future__ import annotations

import os
from threading import RLock
from typing import Final
from weakref import WeakSet

__all__ = ["fork_safe_lock", "is_held"]

_locks: Final[WeakSet[RLock]] = WeakSet()


def fork_safe_lock() -> RLock:
    """Return a lock for a ``with`` statement, which is free in a child process after a fork.

    A fork does not copy the other threads, so one that holds the lock would never release it there.

    Signal handlers run in the middle of other code. So the thread that holds the lock may take it
    again. It is a lock of C, which is taken and released in one step each: if a handler raises an
    exception, the lock is released.
    """
    lock = RLock()
    _locks.add(lock)
    return lock


def is_held(lock: RLock) -> bool:
    """Return whether this thread holds a lock: a signal handler may have interrupted what needs it.

    >>> lock = fork_safe_lock()
    >>> with lock:
    ...     is_held(lock)
    True
    >>> is_held(lock)
    False
    """
    held: bool = lock._is_owned()  # type: ignore[attr-defined]
    return held


def _renew() -> None:
    for each in _locks:
        each._at_fork_reinit()  # type: ignore[attr-defined]


# Windows cannot fork. uWSGI may fork without this, but before any request: only a thread that the
# application has started can hold one of these locks then. `refresh()` and `watch()` are refused.
getattr(os, "register_at_fork", lambda **_: None)(after_in_child=_renew)
