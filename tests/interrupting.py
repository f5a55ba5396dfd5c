"""Interrupt a function at each of its calls, as a signal handler can. Not a test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from threading import Thread
from types import FrameType, ModuleType


class Interrupt(BaseException):
    """What a signal handler raises, such as KeyboardInterrupt."""


def raise_interrupt() -> None:
    raise Interrupt


def interrupt(
    *modules: ModuleType, function: Callable[[], object], handler: Callable[[], object]
) -> Iterator[None]:
    """Call a function again and again, and interrupt another one of its calls each time.

    Python runs signal handlers when a function of Python begins, and when any function has
    returned. Only those count that the code of the modules calls. An `Interrupt` of the handler
    ends the function.
    """
    files = {module.__file__ for module in modules}
    seen = number = 0
    is_done = False

    def profile(frame: FrameType, event: str, argument: object) -> None:
        nonlocal seen, is_done
        if event == "c_call" or frame.f_code.co_filename not in files:
            return
        seen += 1
        if seen == number:
            is_done = False
            handler()

    while not is_done:
        seen, number, is_done = 0, number + 1, True
        before = sys.getprofile()
        sys.setprofile(profile)
        try:
            function()
        except Interrupt:
            pass
        finally:
            sys.setprofile(before)
        if not is_done:
            yield


def ends(function: Callable[[], object], seconds: float = 60.0) -> bool:
    """Return whether a function ends, in another thread; raise what it raises."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            function()
        except BaseException as error:  # noqa: BLE001 - raised below
            raised.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    for error in raised:
        raise error
    return not thread.is_alive()
