"""What a function wraps, and which functions are being defined while a decorator runs.

A function has no name while its decorators are applied: only a decorator of its definition, which
registered it, can use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from inspect import currentframe
from types import FrameType, FunctionType, MethodType
from typing import Any, Final, NamedTuple

__all__ = ["Defined", "defined_now", "find_place", "is_top_decorator", "show_place", "unwrap"]

_WRAPPED: Final = (FunctionType, MethodType, partial, type)
_MOST_WRAPPED: Final = 100

Place = tuple[str, int]
"""A file and a line."""


class Defined(NamedTuple):
    """What the definition that is being executed has made: `functions`, the outermost one first.

    The last one, `function`, is the one that is defined, and the others are what its decorators
    wrapped it in. `wrapped` is what it wraps itself, with `functools.wraps`. All are empty or None
    if no definition is being executed.
    """

    functions: tuple[FunctionType | partial[object], ...] = ()
    function: Any = None
    wrapped: object = None


def defined_now(target: object) -> Defined:
    """Return what the definition that is being executed has made of a function, up to `target`."""
    layers = [*unwrap(target)]
    while layers:
        function = layers[-1]
        if isinstance(function, FunctionType) and _is_defined_now(function):
            made = (each for each in layers if isinstance(each, FunctionType | partial))
            return Defined((*made,), function, getattr(function, "__wrapped__", None))
        layers.pop()
    return Defined()


def _is_defined_now(function: FunctionType) -> bool:
    """Return whether the decorators or the signature of a function are being executed."""
    code = function.__code__
    first = code.co_firstlineno
    # Only of these frames: the line of a frame takes long to be found.
    lines = [each.f_lineno for each in _frames() if each.f_code.co_filename == code.co_filename]
    body = min((line for *_, line in code.co_lines() if line and line > first), default=first)
    return any(first <= line < body for line in lines)


def is_top_decorator(function: FunctionType | None) -> bool:
    """Return whether the decorator that is being applied to a function is its topmost one.

    No route decorator is above it, so nothing registers what it returns.
    """
    if function is None:
        return False
    code = function.__code__
    return find_place() == (code.co_filename, code.co_firstlineno) and code.co_name != "<lambda>"


def find_place() -> Place | None:
    """Return the file and the line that are being executed outside of corekit."""
    named = ((str(frame.f_globals.get("__name__")), frame) for frame in _frames())
    frame = next((frame for name, frame in named if not name.startswith("corekit")), None)
    return frame and (frame.f_code.co_filename, frame.f_lineno)


def _frames() -> Iterator[FrameType]:
    frame = currentframe()
    while frame is not None:
        yield frame
        frame = frame.f_back


def show_place(place: Place | None) -> str:
    """Return what a message says of a place: the name of the file and the line."""
    if place is None:
        return "an earlier cors()"
    path, line = place
    name = path.replace("\\", "/").rpartition("/")[2]
    return f"{name}:{line}"


def unwrap(target: object) -> Iterator[object]:
    """Yield `target` and what it wraps: by ``__wrapped__``, as a bound method or as a partial."""
    for _ in range(_MOST_WRAPPED):
        yield target
        inner = (getattr(target, name, None) for name in ("__wrapped__", "__func__", "func"))
        target = next((each for each in inner if issubclass(type(each), _WRAPPED)), None)
        if target is None:
            return
