"""Count the work of a call instead of timing it, so that the result is the same everywhere."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

_ROOT = Path(__file__).parents[2]
_OWN = (f"{_ROOT / 'corekit'}/", f"{_ROOT / 'adapters'}/corekit_")
_TRANSPORTS = f"{_ROOT / 'adapters' / 'corekit_testing'}/"


def nothing() -> None:
    """Do nothing, but in another frame."""


def steps_of(call: Callable[..., object], *arguments: Any, **named: Any) -> int:
    """Return the number of bytecodes that a call runs, in a new thread without another tracer."""
    return _count(lambda: call(*arguments, **named), lambda _: True)


def own_steps_of(call: Callable[[], object]) -> int:
    """Like `steps_of()`, without the bytecodes of frameworks, libraries and tests."""
    return _count(call, lambda path: path.startswith(_OWN) and not path.startswith(_TRANSPORTS))


def _count(call: Callable[[], object], is_counted: Callable[[str], bool]) -> int:
    steps = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal steps
        frame.f_trace_opcodes = True
        if not is_counted(frame.f_code.co_filename):
            return None
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
        call()

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
