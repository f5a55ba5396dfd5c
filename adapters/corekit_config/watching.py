"""`watch()`: replace the policy of a `LivePolicy` whenever its file has another content.

The file is polled and its contents are compared. Notifications of the operating system would miss
what Kubernetes does, which replaces a symlink to a directory above the file, and times of
modification can be wrong.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterable
from os import PathLike, fspath
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from threading import current_thread, main_thread
from types import FrameType
from typing import Any, Final, NamedTuple
from weakref import WeakSet

from corekit import CorsPolicy, CorsRoutes, LivePolicy, PolicyError, WideningError
from corekit.adapter import show
from corekit.extended import static_policy
from corekit.live import replace_if

from .errors import ConfigError
from .files import parse_policy, read_content
from .polling import LOGGER, Poller, check_interval, check_live
from .uwsgi import check_server

_READ_AT_THE_LATEST: Final = 10
"""How many looks at the state of a file may follow each other without reading it."""

_SETTLING: Final = 0.2
"""Seconds between the two reads of a content that have to agree."""

_OTHERS_MAY_WRITE: Final = 0o002
_IS_POSIX: Final = os.name == "posix"

_is_import_path = re.compile(r"[^\W\d][\w.]+:[^\W\d][\w.]*").fullmatch

_watched: Final[WeakSet[LivePolicy]] = WeakSet()


class _Found(NamedTuple):
    """What reading a file resulted in: a content, or a problem."""

    content: bytes | None
    problem: str | None


class WatchedFile:
    """A file, and what was last read of it; `look()` is one step of watching.

    It begins without any content, so the first one replaces the policy if that is another one.
    Later ones do if the policy of the file is another one than before. So a policy that the
    application has set stays until then. Nothing is used if `is_wanted` returns False.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        live: LivePolicy,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        # The process may change its directory later. Symlinks are followed at each look.
        self.path: Final = Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` follows symlinks
        self._source: Final = fspath(path)
        self._live: Final = live
        self._is_wanted: Final = is_wanted
        self._policy: CorsPolicy | CorsRoutes | None = None
        self._settled: _Found | None = None
        self._new: _Found | None = None
        self._state: tuple[int, ...] | None = ()  # not that of any file, nor that of a missing one
        self._skipped = 0
        self._was_used = True
        self._has_warned = False

    def look(self) -> bool:
        """Look at the file once; return whether to look again soon, since it has changed.

        A content counts only if two reads in a row agree: some programs empty a file and then write
        it.
        """
        found = self._read()
        if found is None or found == self._settled:
            self._new = None
            return False
        if found != self._new:
            self._new = found
            return True
        self._settled, self._new = found, None
        self._take(found)
        return False

    def _read(self) -> _Found | None:
        """Read the file; return None if its state is that of the last time."""
        try:
            state = self._find_state()
            is_same = state == self._state and self._new is None
            if is_same and self._skipped < _READ_AT_THE_LATEST - 1:
                self._skipped += 1
                return None
            self._state, self._skipped = state, 0
            return _Found(read_content(self.path), None)
        except ConfigError as error:
            self._state = None
            return _Found(None, f"{error.message} {error.hint}")

    def _find_state(self) -> tuple[int, ...] | None:
        try:
            found = os.stat(self.path)  # noqa: PTH116 - as fast as possible
        except OSError:
            return None
        if not (S_ISREG(found.st_mode) or S_ISDIR(found.st_mode)):
            # Reading a FIFO would wait for a process that writes to it.
            message, hint = "This is not a regular file.", "Watch a file on disk."
            raise ConfigError(self._source, message, hint)
        if _IS_POSIX and found.st_mode & _OTHERS_MAY_WRITE and not self._has_warned:
            self._has_warned = True
            LOGGER.warning(
                "CORS: every user of this machine may write %s, and so the policy. Remove the"
                " permission: chmod o-w.",
                show(self._source),
            )
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def _take(self, found: _Found) -> None:
        """Replace the policy by a content that is not the one of before."""
        try:
            if found.content is None:
                self._report_unused(found.problem)
                return
            policy = parse_policy(found.content, self._source)
            if policy != self._policy:
                if policy != static_policy(self._live):
                    replace_if(self._is_wanted, self._live, policy, self._source)
                self._policy = policy
        except PolicyError as error:
            self._report_unused("\n".join(map(str, error.problems)))
        except (ValueError, WideningError) as error:
            self._report_unused(error)
        else:
            self._report_used()

    def _report_unused(self, problem: object) -> None:
        self._was_used = False
        LOGGER.error(
            "CORS: %s is not used, and policy %s stays.\n%s",
            show(self._source),
            self._live.fingerprint,
            problem,
        )

    def _report_used(self) -> None:
        if not self._was_used:
            self._was_used = True
            is_kept = self._policy != static_policy(self._live)
            LOGGER.info(
                "CORS: %s is valid again, with the policy that it had before; policy %s stays."
                if is_kept
                else "CORS: %s is used again, with policy %s.",
                show(self._source),
                self._live.fingerprint,
            )


class Watcher(Poller):
    """Watches a file in a thread: see `watch()`."""

    def __init__(
        self, path: str | PathLike[str], live: LivePolicy, every: float, signals: Iterable[int]
    ) -> None:
        self._file = WatchedFile(path, live, lambda: not self._is_closed)
        self._live = live
        self._previous: dict[int, Any] = {}
        super().__init__(self._look, "watching a policy file", every=every)
        _watched.add(live)
        try:
            for number in {*signals}:
                self._previous[number] = signal.getsignal(number)
                signal.signal(number, self._receive)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop the thread, and set the handlers of signals that were there before.

        Only the main thread can set them. In another one, that is left to the next signal.
        """
        if not self._is_closed:  # another one may watch the policy later
            _watched.discard(self._live)
        super().close()
        if current_thread() is main_thread():
            for number in self._previous:
                self._stop_receiving(number)

    def _look(self) -> float:
        return min(self._every, _SETTLING) if self._file.look() else self._every

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._is_closed and self._stop_receiving(number):
            signal.raise_signal(number)
            return
        self.wake()
        previous = self._previous[number]
        if callable(previous):
            previous(number, frame)

    def _stop_receiving(self, number: int) -> bool:
        """Set the handler that was there before; return False if that is not possible.

        A later handler may call this one. Python cannot set the handler of another language.
        """
        previous = self._previous[number]
        if previous is None or signal.getsignal(number) != self._receive:
            return False
        signal.signal(number, previous)
        return True


def watch(
    path: str | PathLike[str],
    live: LivePolicy,
    *,
    every: float = 2.0,
    signals: Iterable[int] = (),
) -> Watcher:
    """Replace the policy of `live` whenever the file at `path` has another policy.

    A thread looks at the file `every` few seconds, and at once if the process receives one of the
    `signals`, such as ``signal.SIGHUP``; handlers that were set before are called too. Requests
    never wait for it. A content is used if two reads agree on it and `load_policy` accepts it. If
    not, or if the file is missing or empty, the policy stays, and "corekit.config" logs each
    problem once at ERROR, until the content changes; so it does for a policy that is refused with
    ``on_widen="refuse"``. A policy that the application sets with `live.replace()` stays until the
    file has another policy than before.

    Processes that are forked later, such as the workers of ``gunicorn --preload``, watch the file
    too. Call `close()` on the result, or use it as a context manager, to stop.

    Raise TypeError for arguments of another type, and ValueError if `every` is not above 0, or if
    `live` is watched already. In uWSGI, raise RuntimeError if no worker would watch the file. With
    `signals`, call it in the main thread: `signal.signal` raises ValueError in any other. A file
    that is missing is logged and may appear later.

    >>> from tempfile import TemporaryDirectory
    >>> from corekit_config import load_policy
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "cors.toml")
    ...     _ = path.write_text('allow_origins = ["https://app.example.com"]')
    ...     live = LivePolicy(load_policy(path))
    ...     with watch(path, live, every=2.0) as watcher:
    ...         watcher.is_running
    True
    """
    check_interval(every)
    check_live(live)
    _check_path(path)
    numbers = _check_signals(signals)
    if live in _watched:
        raise ValueError(
            "live is watched already. Use one file with all routes, or call close() on the other"
            " watcher first."
        )
    check_server("watch()")
    return Watcher(path, live, every, numbers)


def _check_path(path: object) -> None:
    """Raise TypeError unless `path` is the path of a file, which need not exist."""
    name = fspath(path) if isinstance(path, str | PathLike) else None
    if not isinstance(name, str):
        raise TypeError(
            f"path is of type {type(path).__name__}: {show(path)}. Pass the path of a TOML or JSON"
            " file."
        )
    if "://" in name:
        raise TypeError(f"path is a URL: {show(name)}. Pass the path of a TOML or JSON file.")
    if _is_import_path(name) and not Path(name).exists():
        raise TypeError(
            f"path is an import path: {show(name)}. Pass the path of a TOML or JSON file; a module"
            " is not read again."
        )


def _check_signals(signals: object) -> tuple[int, ...]:
    """Return the signals; raise TypeError unless they are numbers in a list."""
    if isinstance(signals, str) or not isinstance(signals, Iterable):
        raise TypeError(f"signals is {show(signals)}. Pass a list, such as [signal.SIGHUP].")
    numbers = tuple(signals)
    for each in numbers:
        if not isinstance(each, int):
            raise TypeError(f"signals has {show(each)}. Pass a list, such as [signal.SIGHUP].")
    return numbers
