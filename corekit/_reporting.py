"""Report what was decided: a log line, and an event for the user's own function.

What is logged at which level, how much of it is kept in memory, and what happens if the log or the
function raises an exception, is decided here for the policy and for the guard.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol

from ._names import is_token
from .diagnostics import show

# The levels of `logging`, which is imported only if the core itself has something to log.
INFO: Final = 20
WARNING: Final = 30
ERROR: Final = 40

_REMEMBERED: Final = 1_000
"""Kinds of lines that are remembered."""

_LONGEST_PLAIN: Final = 120
_LONGEST_METHOD: Final = 20


class Logger(Protocol):
    """The part of a `logging.Logger` that is used here."""

    def isEnabledFor(self, level: int, /) -> bool: ...  # noqa: N802 - the name in logging

    def log(
        self, level: int, message: str, /, *values: object, exc_info: bool | BaseException = ...
    ) -> None: ...


def find_logger(name: str) -> Logger:
    """Return a logger of the core itself; adapters pass their own to a `Reporter`."""
    from logging import getLogger  # noqa: PLC0415 - keeps importing corekit fast

    return getLogger(name)


class Reporter:
    """Writes to the log of an adapter, and calls a function of the user.

    `adapter` is its name, `logger` receives the lines. `title` begins each line, `callback` is the
    name of the user's function.

    No exception changes the response. One of the function is logged at ERROR. The first one of the
    log itself (a filter, a handler) is printed on stderr. What is not an `Exception`, such as
    KeyboardInterrupt, is raised.
    """

    __slots__ = ("_has_failed", "adapter", "logger")

    title: str
    callback: str

    def __init__(self, adapter: str, logger: Logger) -> None:
        self.adapter = adapter
        self.logger = logger
        self._has_failed = False

    def call(
        self, function: Callable[[Any], None], event: Any, line: str, name: str | None = None
    ) -> None:
        """Call the user's function; `name` is its name if it is another one than `callback`."""
        try:
            function(event)
        except Exception:  # noqa: BLE001 - logged
            self.log_exception(f"{name or self.callback} raised an exception", line)

    def log_exception(self, what: str, line: str) -> None:
        """Log the exception that is handled, and the line of the request that led to it."""
        message = f"{self.title}: {what}; the request continues: %s"
        self.logger.log(ERROR, message, line, exc_info=True)

    def report_exception(self) -> None:
        """Print the exception of the log, which is handled, the first time."""
        # What failed would fail for each request, and who sends requests could fill the disk.
        if self._has_failed:
            return
        self._has_failed = True
        # As `logging` does for a handler that raises. There may be no stderr, or a closed one.
        from traceback import format_exc  # noqa: PLC0415 - keeps importing corekit fast

        message = (
            f"{self.title}: the log of corekit_{self.adapter} raised an exception; the request"
        )
        with suppress(Exception):
            sys.stderr.write(f"{message} continues. It is shown once.\n{format_exc()}")


def is_new(kind: tuple[object, ...], seen: set[tuple[object, ...]]) -> bool:
    """Return whether a kind of line was not seen before, and remember it.

    What clients can make us keep is bounded: if there are too many kinds, no other one is new.
    """
    # Two threads may both find a kind new; then both log it as new.
    if kind in seen or len(seen) >= _REMEMBERED:
        return False
    seen.add(kind)
    return True


def bounded(value: str) -> str:
    """Return a value from a request so that it is safe to record, such as in a span's attribute.

    A short printable ASCII value is returned as it is; any other is escaped and cut.

    >>> bounded("https://app.example.com"), bounded("a\\r\\nb")
    ('https://app.example.com', "'a\\\\r\\\\nb'")
    """
    is_plain = len(value) <= _LONGEST_PLAIN and value.isascii() and value.isprintable()
    return value if is_plain else show(value)


def check_callback(value: object, name: str, event: str) -> None:
    """Raise TypeError unless `value` is None or a plain function that takes an `event`.

    `name` is the argument that it was passed as.
    """
    if value is None:
        return
    kind = type(value).__name__
    if not callable(value):
        raise TypeError(f"{name} is of type {kind}. Pass a function that takes a {event}.")
    if isinstance(value, type):
        raise TypeError(f"{name} is the class {value.__name__}. Pass an instance or a function.")
    called = value.func if isinstance(value, partial) else value
    for candidate in (called, getattr(called, "__call__", None)):  # noqa: B004 - an object's method
        if (
            inspect.iscoroutinefunction(candidate)
            or inspect.isasyncgenfunction(candidate)
            or inspect.isgeneratorfunction(candidate)
        ):
            raise TypeError(
                f"{name} is a coroutine function or a generator, which would never run. Pass a"
                " plain function, which may start a task."
            )


def show_method(method: str) -> str:
    """Return a method for a log line: as it is, or escaped if it is not an ordinary one."""
    is_plain = len(method) <= _LONGEST_METHOD and is_token(method)
    return method if is_plain else show(method)


def describe_request(
    method: str,
    path: str,
    origin: str | None,
    request_method: str | None,
    request_headers: str | None,
) -> str:
    """Return the part of a log line that says which request it is about, escaped.

    >>> describe_request("OPTIONS", "/items", "https://a.example", "PUT", "x-a")
    "preflight for PUT '/items' with 'x-a' from 'https://a.example'"
    """
    request = f"{show_method(method)} {show(path)}"
    if request_method is not None:
        request = f"preflight for {show_method(request_method)} {show(path)}"
        if request_headers is not None:
            request += f" with {show(request_headers)}"
    return request if origin is None else f"{request} from {show(origin)}"
