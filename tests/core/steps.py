"""Count the work of a call instead of timing it, so that the result is the same everywhere."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


def steps_of(call: Callable[..., object], *arguments: Any, **named: Any) -> int:
    """Return the number of bytecodes that a call runs, in a new thread without another tracer."""
    steps = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal steps
        frame.f_trace_opcodes = True
        steps += event == "opcode"
        return trace

    def run() -> None:
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
    return steps
