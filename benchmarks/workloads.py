"""A workload: requests, the contenders that answer them, and which of them is the bare application.

The modules `framework_asgi`, `framework_wsgi`, ... create the applications and send requests to
them; this module has what they share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, Final

__all__ = ["BARE", "MINIMUM", "NO_OP", "OURS", "Workload", "copy_function"]

BARE: Final = "bare"
NO_OP: Final = "no-op"
MINIMUM: Final = "minimum"
OURS: Final = "corekit"


@dataclass(frozen=True)
class Workload:
    """One kind of request, and the contenders that answer it.

    `drive` sends requests through an application, one after the other, and is timed. `make` builds
    a new request; `makes` has the functions of contenders that get a different request. `batch` is
    the number of requests in one timed round, `per` the number of messages in one response. If
    `whole` is true, the total cost of a contender counts, since the application is never reached;
    otherwise the cost of the bare application is subtracted.
    """

    name: str
    title: str
    drive: Callable[[Any, list[Any]], None]
    make: Callable[[], Any]
    contenders: Mapping[str, Any]
    makes: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    whole: bool = False
    batch: int = 20
    per: int = 1


def copy_function(function: Any) -> Any:
    """Return a copy of a function and its code.

    The interpreter specializes bytecode in place. In production, an application runs under one
    middleware; if contenders shared its code here, each would undo the specialization of another.
    """
    return FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
