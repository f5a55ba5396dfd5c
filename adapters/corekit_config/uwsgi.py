"""uWSGI, which forks its workers in C: without the hooks of Python, no thread is started there."""

from __future__ import annotations

import os
import sys
from typing import Any, Final

_HOOKS: Final = "py-call-uwsgi-fork-hooks"
"""The option that calls the hooks, also those before a fork.

`py-call-osafterfork` calls only those of the new process: it waits forever for a lock that a thread
of its parent held.
"""

_OFF: Final = (None, b"false", b"off", b"no", b"0")


def check_server(name: str) -> None:
    """Raise RuntimeError if a thread of this process would not run in the workers of uWSGI.

    `name` is that of the function that needs the thread.
    """
    uwsgi: Any = sys.modules.get("uwsgi")  # it exists only inside uWSGI
    if uwsgi is None:
        return
    missing = [] if uwsgi.has_threads else ["enable-threads = true"]
    if _forks(uwsgi) and uwsgi.opt.get(_HOOKS) in _OFF:
        missing.append(f"lazy-apps = true (or {_HOOKS} = true)")
    if missing:
        raise RuntimeError(
            f"{name} needs a thread in each worker, and uWSGI has none there with its options. Set"
            f" {' and '.join(missing)}."
        )


def _forks(uwsgi: Any) -> bool:
    """Return whether this process, which loads the application, will fork its workers."""
    master = uwsgi.masterpid()
    is_first = master == os.getpid() if master else uwsgi.numproc > 1
    return is_first and not uwsgi.worker_id()
