"""The threads in which asyncio calls functions that are not async."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final


class Threads:
    """At most `most` threads of one look-up, which start when they are needed.

    Those of the event loop are for everybody: also host names and files are read in them. A slow
    database would take them all, and requests without an Origin header would wait.

    >>> threads = Threads(1)
    >>> threads.run(lambda: True).result()
    True
    """

    __slots__ = ("_most", "_pool", "_process")

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._pool: ThreadPoolExecutor | None = None
        self._process = 0

    def run(self, function: Callable[[], object]) -> Future[object]:
        """Call a function in a thread; raise RuntimeError if the interpreter ends."""
        # A fork copies no threads.
        if self._pool is None or self._process != os.getpid():
            self._process = os.getpid()
            self._pool = ThreadPoolExecutor(self._most, thread_name_prefix="corekit-lookup")
        return self._pool.submit(function)
