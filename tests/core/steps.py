"""Count the work of a call instead of timing it, so that the result is the same everywhere."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


def nothing() -> None:
    """Do nothing, but in another frame."""


def steps_of(call: Callable[..., object], *arguments: Any, **named: Any) -> int:
    """Return the number of bytecodes that a call runs, in a new thread without another tracer."""
    steps = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal steps
        frame.f_trace_opcodes = True
        steps += event == "opcode"
        return trace

    def run() -> None:
        nonlocal steps
        # Python 3.12 counts opcodes only if a traced frame asked for them before settrace() was
        # called: the first count of a process would be 0.
        sys.settrace(trace)
        nothing()
        sys.settrace(None)
        steps = 0
        sys.settrace(trace)
        call(*arguments, **named)

    # The finalizers of other tests' garbage would be counted too.
    gc.disable()
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        gc.enable()
    assert steps, "no bytecode was counted"
    return steps
