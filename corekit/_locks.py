"""A lock that can be taken in a process that was forked while another thread held it."""

from __future__ import annotations

import os
from threading import Lock
from typing import Final
from weakref import WeakSet

__all__ = ["ForkSafeLock"]


class ForkSafeLock:
    """A lock for a ``with`` statement, which is free in a child process after a fork.

    A fork does not copy the other threads, so one that holds the lock would never release it there.
    """

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self._lock = Lock()
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


_locks: Final[WeakSet[ForkSafeLock]] = WeakSet()


def _renew() -> None:
    for each in _locks:
        each._lock = Lock()


# Windows cannot fork.
getattr(os, "register_at_fork", lambda **_: None)(after_in_child=_renew)
