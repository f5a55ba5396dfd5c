"""What a workload is: requests, the contenders that answer them, and which of them is bare.

A world (`world_asgi`, `world_wsgi`, ...) knows how an application is made and driven; here is only
what all of them share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, Final

__all__ = ["BARE", "MINIMUM", "NO_OP", "OURS", "Workload", "own_copy"]

BARE: Final = "bare"
NO_OP: Final = "no-op"
MINIMUM: Final = "minimum"
OURS: Final = "corekit"


@dataclass(frozen=True)
class Workload:
    """One sort of request, and everybody who answers it.

    `drive` sends requests through an application, one after the other; this is what is timed.
    `make` makes a request afresh, and `makes` does so for those contenders that get one of their
    own. `batch` is how many are sent in one timed round, `per` how many messages one stands for.
    Where `whole` is true the cost of a contender counts as it is, since the application behind is
    never reached; otherwise the cost of the bare application is taken off.
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


def own_copy(function: Any) -> Any:
    """Copy a function with its code.

    The interpreter specializes code where it runs. In production an application knows one
    middleware; were its code shared here, each contender would undo what another has gained.
    """
    return FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
