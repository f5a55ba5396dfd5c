"""Per-view policies: the decorators put a mark on a view, and the middleware reads it.

A preflight never reaches the view, so the middleware must know its policy. A view only checks that
the middleware found it. `resolving` is about where the mark is searched.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from enum import Enum
from functools import partial, update_wrapper
from os import urandom
from types import FunctionType, MethodType
from typing import Any, Final, TypeVar

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import (
    LivePolicy,
    Mark,
    check_one_policy,
    defined_now,
    keep_policy,
    kept_marks,
    make_policy,
    own_mark,
    unchecked,
    unwrap,
)

View = TypeVar("View", bound=Callable[..., Any])


class Exempt(Enum):
    EXEMPT = "exempt"


EXEMPT: Final = Exempt.EXEMPT
"""What is kept on a view whose responses are not changed."""

_EXEMPT_TOKEN: Final = urandom(16)

Kept = CorsPolicy | LivePolicy | Exempt


def cors(policy: CorsPolicy | LivePolicy | None = None, /, **grants: Any) -> Callable[[View], View]:
    """Give a view a policy, which replaces that of the settings.

    Pass a `CorsPolicy`, a `LivePolicy`, or the arguments of a `CorsPolicy`. The decorator works on
    functions and classes, on a method of a class (``get``, an action of a viewset), on views of DRF
    and django-ninja, and on a view in the URLconf. There, it returns a copy of a function, so that
    the function itself keeps the policy of the settings if it is used elsewhere. In the definition
    of a function, what decorators below have registered has the policy, too. A class is marked, and
    its subclasses with it. Use what it returns: that raises RuntimeError instead of running with
    the policy of the settings, if the middleware cannot find it behind a decorator without
    `functools.wraps`.

    Raise `corekit.PolicyError` with all problems, and TypeError for anything else that is not a
    policy.

    >>> @cors(allow_origins=["https://app.example.com"], allow_methods=["PUT"])
    ... def view(request): ...
    >>> read_mark(view)
    CorsPolicy(allow_origins=['https://app.example.com'], allow_methods=['PUT'])
    """
    own = make_policy(policy, grants)
    if isinstance(own, CorsRoutes):
        raise TypeError("cors() got a CorsRoutes. Pass a CorsPolicy: a view has one path.")
    # Django's `method_decorator` applies a decorator again for each request.
    return partial(_put_mark, own, urandom(16))


def cors_exempt(view: View) -> View:
    """Exclude a view from CORS handling: preflights reach it, and its own headers stay.

    >>> @cors_exempt
    ... def view(request): ...
    >>> read_mark(view) is EXEMPT
    True
    """
    return _put_mark(EXEMPT, _EXEMPT_TOKEN, view)


def read_mark(view: object) -> Kept | None:
    """Return the policy of a view, a view class or a method, or of one behind it, or None."""
    return next((mark.policy for mark in read_marks(view)), None)


def read_marks(view: object) -> list[Mark]:
    """Return the marks of a view, a view class or a method, and of those behind it."""
    marks: list[Mark] = []
    for layer in unwrap(view):
        mark = own_mark(layer)
        if mark is not None:
            marks += (*_replaced_marks(layer, mark), mark)
    return marks


def closed_over(function: object, name: str) -> object:
    """Return the value of a variable that a function has from the one around it, or None."""
    code, closure = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    if code is None or closure is None or name not in code.co_freevars:
        return None
    try:
        return closure[code.co_freevars.index(name)].cell_contents
    except ValueError:  # the variable has no value yet
        return None


def _replaced_marks(layer: object, mark: Mark) -> list[Mark]:
    """Return the marks of a `method_decorator` that Django replaced by that of the method.

    It copies the attributes of the decorators to what it makes, then those of the method.
    """
    decorators = closed_over(layer, "decorators")
    if not isinstance(decorators, list | tuple):
        return []
    if own_mark(closed_over(layer, "method")) != mark:
        return []

    def decorated(*args: Any, **kwargs: Any) -> None: ...

    # As Django does it for each request.
    for decorate in decorators:
        decorated = decorate(decorated)
    return kept_marks(decorated)


def _put_mark(own: Kept, token: bytes, view: View) -> View:
    marked: Any
    if isinstance(view, staticmethod | classmethod):
        kind: Any = type(view)
        return kind(_put_mark(own, token, view.__func__))  # type: ignore[no-any-return]
    kinds = "a function or a class"
    view = unchecked(view)
    # Not for each request, as a bound method in a `method_decorator` of Django.
    is_function = FunctionType in {type(view), type(getattr(view, "func", None))}
    if isinstance(view, type) or (is_function and defined_now(view).function is not None):
        # A decorator below may have registered the function, as those of django-ninja-extra.
        marked = view
    elif hasattr(view, "_ninja_operation"):
        # django-ninja has registered this function object, so a copy would never be called.
        for mark in kept_marks(view):
            check_one_policy(mark, own, view)
        keep_policy(view, own, kinds, token=token)
        return view
    elif isinstance(view, FunctionType):
        marked = _copy_function(view)
    elif isinstance(view, MethodType):
        marked = update_wrapper(partial(view), view)
    else:
        marked = copy(view)
    is_copy = marked is not view
    return keep_policy(marked, own, kinds, is_copy=is_copy, token=token)  # type: ignore[no-any-return]


def _copy_function(view: FunctionType) -> FunctionType:
    # A copy, not a wrapper: frameworks read the signature, the globals of its annotations, and
    # whether the function is async.
    made = FunctionType(
        view.__code__, view.__globals__, view.__name__, view.__defaults__, view.__closure__
    )
    made.__kwdefaults__ = view.__kwdefaults__
    update_wrapper(made, view)
    return made
