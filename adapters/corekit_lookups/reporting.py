"""Report look-ups: failures to the log, no more often than operators can read, and durations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from corekit.adapter import show
from corekit.lookups import Key, Outcome, split_key

OnLookup = Callable[[float, Outcome], object]
"""A function of the seconds that a look-up took, and of its outcome."""

_LOGGER: Final = logging.getLogger("corekit.lookups")

UNKNOWN: Final = "so it is not known whether the origin is allowed"
"""The usual effect of a failure."""

SECONDS: Final = 10.0
"""The time between two lines."""


class FailureLog:
    """Logs the first failure, and then at most one in ten seconds.

    A database that is down fails for each request, and clients choose how many there are. Two
    threads may both log.
    """

    __slots__ = ("_left_out", "_next")

    def __init__(self) -> None:
        self._next = float("-inf")
        self._left_out = 0

    def log(
        self,
        now: float,
        what: str,
        key: Key | None,
        error: BaseException | None,
        effect: str = UNKNOWN,
    ) -> None:
        """Log one failure; `what` says what has failed, `key` what was looked up."""
        if now < self._next:
            self._left_out += 1
            return
        left_out, self._left_out = self._left_out, 0
        self._next = now + SECONDS
        of = ""
        if key is not None:
            tenant, origin = split_key(key)
            of = f" of {show(origin)}" + ("" if tenant is None else f" for tenant {show(tenant)}")
        message = "CORS: the %s%s %s, %s."
        if left_out:
            message += f" There were {left_out} more failures since the last of these lines."
        problem = "took too long" if error is None else f"raised {type(error).__name__}"
        # A filter or a handler that fails must not change the response.
        with suppress(Exception):
            _LOGGER.error(message, what, of, problem, effect, exc_info=error)


def report_end(functions: Iterable[OnLookup], seconds: float, outcome: Outcome) -> None:
    """Pass a look-up that has ended to functions; an exception of one is logged."""
    for function in functions:
        try:
            function(seconds, outcome)
        except Exception:
            with suppress(Exception):  # a handler or a filter of the log may fail too
                _LOGGER.exception("CORS: a function of on_lookup() raised an exception.")
