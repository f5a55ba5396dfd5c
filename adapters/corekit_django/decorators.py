"""Policies of views: the decorators put a mark on a view, and the middleware reads it.

Nothing is wrapped and nothing is checked here when a request comes: a preflight never reaches the
view, so the middleware has to know before. Where the mark is looked for is the subject of
`resolving`.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from enum import Enum
from functools import partial, update_wrapper
from types import FunctionType, MethodType
from typing import Any, Final, TypeVar

from corekit import CorsPolicy

__all__ = ["EXEMPT", "Mark", "cors", "cors_exempt", "is_in_use", "read_mark"]

View = TypeVar("View", bound=Callable[..., Any])

_ATTRIBUTE: Final = "corekit_cors"


class _Exempt(Enum):
    EXEMPT = "exempt"


EXEMPT: Final = _Exempt.EXEMPT
"""The mark of a view that CORS is not to touch."""

Mark = CorsPolicy | _Exempt

_in_use = False


def cors(policy: CorsPolicy | None = None, /, **grants: Any) -> Callable[[View], View]:
    """Give a view a policy of its own, in place of that of the settings.

    Give a `CorsPolicy`, or the arguments of one. It goes onto functions and classes, onto a method
    of a class (``get``, an action of a viewset), onto DRF's and django-ninja's views, and around a
    view in the URLconf. A function is given back as a view of its own, so that the one that was
    given stays as it is where it is used elsewhere; a class is marked, and its subclasses with it.

    Raises `corekit.PolicyError` with every problem, and TypeError for what is not an argument.

    >>> @cors(allow_origins=["https://app.example.com"], allow_methods=["PUT"])
    ... def view(request): ...
    >>> read_mark(view)
    CorsPolicy(allow_origins=['https://app.example.com'], allow_methods=['PUT'])
    """
    if policy is None:
        policy = CorsPolicy(**grants)
    elif grants:
        raise TypeError("give @cors a policy or the arguments of one, not both")
    elif not isinstance(policy, CorsPolicy):
        raise TypeError(
            f"@cors was given a {type(policy).__name__}: give it a CorsPolicy, or the arguments of"
            ' one, such as @cors(allow_origins=["https://app.example.com"])'
        )
    return partial(_put_mark, policy)


def cors_exempt(view: View) -> View:
    """Leave a view untouched: its preflights reach it, and its own headers stay.

    >>> @cors_exempt
    ... def view(request): ...
    >>> read_mark(view) is EXEMPT
    True
    """
    return _put_mark(EXEMPT, view)


def read_mark(view: object) -> Mark | None:
    """Read the mark of a view, a view class or a method; None where there is none."""
    mark: Mark | None = getattr(view, _ATTRIBUTE, None)
    return mark


def is_in_use() -> bool:
    """Say whether any view was ever marked: if none was, none has to be looked at."""
    return _in_use


def _put_mark(mark: Mark, view: View) -> View:
    global _in_use  # noqa: PLW0603 - whether any module of the process uses the decorators
    _in_use = True
    marked: Any
    if isinstance(view, type) or hasattr(view, "_ninja_operation"):
        # django-ninja has registered this very function, so a copy would never be asked.
        marked = view
    elif isinstance(view, FunctionType):
        marked = _copy_function(view)
    elif isinstance(view, MethodType):
        marked = update_wrapper(partial(view), view)
    else:
        marked = copy(view)
    setattr(marked, _ATTRIBUTE, mark)
    return marked  # type: ignore[no-any-return]


def _copy_function(view: FunctionType) -> FunctionType:
    # A copy instead of a wrapper: frameworks read the signature, the globals that its annotations
    # refer to, and whether it is async.
    made = FunctionType(
        view.__code__, view.__globals__, view.__name__, view.__defaults__, view.__closure__
    )
    made.__kwdefaults__ = view.__kwdefaults__
    update_wrapper(made, view)
    return made
