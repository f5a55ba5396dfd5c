"""Marks: the per-route policies that are kept on handlers, and the checks of the handlers.

A handler with a mark checks before it runs that its policy was found, and refuses to run under the
policy of another route: see `_applied`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial, update_wrapper
from inspect import CO_COROUTINE
from types import FunctionType, MethodType
from typing import Any, Final, TypeVar

from ._applied import Mark, check_found, is_applied
from ._definitions import (
    Defined,
    defined_now,
    find_place,
    is_top_decorator,
    show_place,
    unwrap,
)

__all__ = [
    "check_one_policy",
    "class_owners",
    "has_marks",
    "keep_policy",
    "kept_marks",
    "kept_policy",
    "own_mark",
    "unchecked",
    "view_class",
    "view_marks",
]

T = TypeVar("T")

_KEPT: Final = "__corekit_policy__"
_FREE: Final = ("corekit_checker", "function")
# The methods that frameworks call on a class-based view.
_ENTRIES: Final = ("dispatch_request", "dispatch", "__await__")
_CALLED: Final = (*_ENTRIES, "__call__")


class _Checker:
    """Checks the mark of a function, or the marks of the class that a function is the entry of.

    `resolve` returns what the policy of a mark is for the current request, or None if it covers
    another path.
    """

    def __init__(self, mark: Mark | None, resolve: Callable[[Any], object] | None) -> None:
        self.mark = mark
        self.resolve = resolve

    def check(self, function: Any, arguments: tuple[Any, ...]) -> None:
        """Raise RuntimeError if the policy of another route is applied to the request."""
        if is_applied():
            name = f"{function.__module__}.{function.__qualname__}"
            marks, found_only = self.marks(arguments)
            check_found(name, marks, self.resolve, found_only=found_only)

    def marks(self, arguments: tuple[Any, ...]) -> tuple[list[Mark], list[Mark]]:  # noqa: ARG002
        """Return the marks of which one must be applied, and those that must have been found."""
        return [self.mark] if self.mark else [], []


class _ClassChecker(_Checker):
    """Checks the marks of a class and of its methods, on the method that frameworks call.

    Those of the class of the instance, since a subclass may have its own. Which method runs is not
    known, so the mark of a method counts only if the layer found it.
    """

    def marks(self, arguments: tuple[Any, ...]) -> tuple[list[Mark], list[Mark]]:
        """Return the mark of the class of the first argument, and those of its methods."""
        cls = type(arguments[0])
        members = (member for base in cls.__mro__ for member in vars(base).values())
        functions = [member for member in members if type(member) is FunctionType]
        return kept_marks(cls), [mark for each in functions for mark in kept_marks(each)]


def _checked(function: Any, corekit_checker: _Checker) -> Any:
    """Return a function of the same kind that checks before it calls `function`.

    Call it also for generator functions: they are checked when they are called, since a request
    may have ended when they run. No global name is used here, so that the result has the globals
    of `function`, which frameworks read its annotations with.
    """

    async def run_coroutine(*args: Any, **kwargs: Any) -> Any:
        corekit_checker.check(function, args)
        return await function(*args, **kwargs)

    def run(*args: Any, **kwargs: Any) -> Any:
        corekit_checker.check(function, args)
        return function(*args, **kwargs)

    wrapper: Any = run_coroutine if function.__code__.co_flags & CO_COROUTINE else run
    made = FunctionType(wrapper.__code__, function.__globals__, closure=wrapper.__closure__)
    return update_wrapper(made, function)


def _contents(function: object) -> tuple[_Checker | None, Any]:
    """Return the checker of a checked function and what it checks; None and the function itself."""
    if type(function) is FunctionType and function.__code__.co_freevars == _FREE:
        checker, inner = (cell.cell_contents for cell in function.__closure__ or ())
        return checker, inner
    return None, function


def unchecked(target: T) -> T:
    """Return the function behind a checker, or `target` itself if it is not checked."""
    inner: T = _contents(target)[1]
    return inner


def keep_policy(
    target: T,
    policy: object,
    kinds: str,
    resolve: Callable[[Any], object] | None = None,
    *,
    is_called: bool = True,
    is_copy: bool = False,
    token: bytes | None = None,
) -> T:
    """Keep a per-route policy on a function, a class or a route, and return what to use instead.

    What is returned for a function, a bound method, a partial or a class-based view refuses to run
    with RuntimeError if `applying` has the policy of another route. Other objects are returned
    unchanged. `resolve` is for a policy that depends on the request: it returns that of a request,
    or None. It must be a function of a module, since handlers are pickled. Pass ``is_called=False``
    for an object that the framework does not call. Each call makes another mark, also for the same
    policy; pass a `token` if a framework applies a decorator several times.

    Raise TypeError, with the `kinds` of objects to pass, if `target` takes no attributes, or if
    neither it nor, for a class, its instances can be called. So does a second policy of a class or
    another object, which can have only one, and of a function by its topmost decorator, since
    routes below it would not have it. Pass ``is_copy=True`` for a copy that nothing else has.
    """
    if isinstance(target, staticmethod | classmethod):
        inner = keep_policy(target.__func__, policy, kinds, resolve, token=token)
        return type(target)(inner)
    if is_called:
        _check_called(target, kinds)
    below = _all_marks(target)
    is_around, place = hasattr(target, "view_class"), find_place()
    mark = Mark(policy, is_around=is_around, token=token, place=place, below=below)
    if _gets_checker(target):
        defined = Defined() if is_copy else defined_now(target)
        # Without those of another function, which the one that is being defined wraps.
        own = [each for each in below if each not in _all_marks(defined.wrapped)]
        if own and is_top_decorator(defined.function):
            check_one_policy(own[0], policy, defined.function)
        made = _check_use(target, _Checker(mark, resolve))
        # A second mark is for this use of the function, and leaves the first one as it is. The mark
        # of a bound method, which takes no attributes, is for the object that it is bound to.
        if is_copy or not own:
            for each in (target, *defined.functions):
                if not isinstance(each, MethodType):
                    setattr(each, _KEPT, mark)
        setattr(made, _KEPT, mark)
        return made  # type: ignore[no-any-return]
    if isinstance(target, type):
        check_one_policy(vars(target).get(_KEPT), policy, target)
    elif not is_copy:
        # An instance has the mark of its class, too.
        before = own_mark(target)
        check_one_policy(None if before == own_mark(type(target)) else before, policy, target)
    try:
        setattr(target, _KEPT, mark)
    except (AttributeError, TypeError):
        raise _unsuitable(target, kinds) from None
    if isinstance(target, type):
        _check_class(target, resolve)
        _check_subclasses(target, resolve)
    return target


def _gets_checker(target: object) -> bool:
    """Return whether each use of an object is another function, with its own policy."""
    function = unchecked(target.func) if type(target) is partial else target
    return type(function.__func__ if isinstance(function, MethodType) else function) is FunctionType


def check_one_policy(mark: Mark | None, policy: object, target: Any) -> None:
    """Raise TypeError if `target` has a mark with another policy, which its routes would keep."""
    if mark is None or mark.policy == policy:
        return
    kind = type(target)
    name = f"The {kind.__name__}"
    fix = f"Pass the mounts or routes around it to cors(), or use one {kind.__name__} per policy."
    if issubclass(kind, type | FunctionType):
        name = target.__qualname__
        fix = "Put each cors() below its route decorator, or use a function for each route."
    raise TypeError(
        f"{name} has another CORS policy already, from {show_place(mark.place)}. With that from"
        f" {show_place(find_place())}, it would have only one of them wherever it is used. {fix}"
    )


def _check_called(target: object, kinds: str) -> None:
    """Raise TypeError if no framework calls `target` or, for a class, its instances."""
    if not isinstance(target, type):
        if not callable(target):
            raise _unsuitable(target, kinds)
        return
    members = [vars(each) for each in target.__mro__ if each is not object]
    if not any(callable(each.get(name)) for each in members for name in _CALLED):
        raise TypeError(
            f"The class {target.__qualname__} cannot keep a policy: it is not a view, which has one"
            f" of the methods {', '.join(_CALLED)}. Use cors() on the view that inherits from it,"
            " or on its methods."
        )


def _unsuitable(target: object, kinds: str) -> TypeError:
    return TypeError(f"A {type(target).__name__} cannot keep a policy. Pass {kinds}.")


def _check_use(target: Any, checker: _Checker) -> Any:
    if type(target) is partial:
        made = partial(_checked(unchecked(target.func), checker), *target.args, **target.keywords)
        vars(made).update(vars(target))
        return made
    # It may have got attributes since it is checked, such as those that `as_view()` adds.
    return update_wrapper(_checked(unchecked(target), checker), target)


def _check_class(cls: type, resolve: Callable[[Any], object] | None) -> None:
    """Check the entries of a class, and those of its subclasses: they inherit its mark."""
    for name in _ENTRIES:
        entry = getattr(cls, name, None)
        if type(entry) is FunctionType and not isinstance(_contents(entry)[0], _ClassChecker):
            made = _checked(entry, _ClassChecker(None, resolve))
            # Django gives the attributes of this method to the view of the class.
            del made.__wrapped__
            if name not in vars(cls):
                # The policy of an inherited method is not that of this class.
                vars(made).pop(_KEPT, None)
            setattr(cls, name, made)
    if "__init_subclass__" in vars(cls):
        # It may not call that of the class above.
        _check_subclasses(cls, resolve)
    subclasses: list[type] = type.__subclasses__(cls)
    for subclass in subclasses:
        _check_class(subclass, resolve)


def _check_subclasses(cls: type, resolve: Callable[[Any], object] | None) -> None:
    """Check the subclasses of a class that are made later."""
    own = vars(cls).get("__init_subclass__")
    if hasattr(own, _KEPT):
        return

    def __init_subclass__(subclass: type[Any], /, **arguments: Any) -> None:  # noqa: N807
        if own is not None:
            own.__get__(None, subclass)(**arguments)
        else:
            # The class may be a copy of `cls`, as dataclasses make with slots.
            owner: Any = next(each for each in subclass.__mro__ if vars(each).get(name) is method)
            super(owner, subclass).__init_subclass__(**arguments)
        _check_class(subclass, resolve)

    name = "__init_subclass__"
    method: Any = classmethod(__init_subclass__)
    setattr(method, _KEPT, True)
    setattr(cls, name, method)


def own_mark(target: object) -> Mark | None:
    """Return the mark that `keep_policy` put on `target`, or that a decorator copied to it."""
    mark = getattr(target, _KEPT, None)
    return mark if isinstance(mark, Mark) else None


def kept_marks(target: object) -> list[Mark]:
    """Return the mark of `target` or of what it wraps: the outermost one, or none.

    Those behind it may be of other uses of the same function.
    """
    return _all_marks(target)[:1]


def _all_marks(target: object) -> list[Mark]:
    kept = (own_mark(each) for each in unwrap(target))
    return [mark for mark in kept if mark is not None]


def kept_policy(target: object) -> Any:
    """Return what `keep_policy` kept on `target` or on what it wraps, or None.

    >>> from functools import partial
    >>> from corekit import CorsPolicy
    >>> def endpoint(): ...
    >>> endpoint = keep_policy(endpoint, CorsPolicy(allow_origins=["*"]), "the function")
    >>> kept_policy(partial(endpoint))
    CorsPolicy(allow_origins=['*'])
    """
    return next((mark.policy for mark in kept_marks(target)), None)


def has_marks(target: object) -> bool:
    """Return whether an object has a mark, or a class, one above it or a member of one."""
    members = (each for cls in getattr(target, "__mro__", ()) for each in vars(cls).values())
    # Not of objects that take the look-up of any attribute for something else.
    methods = (each for each in members if hasattr(type(each), "__get__") or type(each) is partial)
    return any(map(kept_marks, (target, *methods)))


def class_owners(cls: object) -> Iterator[object]:
    """Yield what has the policy of a class, the one to use first.

    They are the class and the methods that frameworks call on an instance (``dispatch_request``,
    ``dispatch``, ``__await__``): those of a subclass before those that it inherits. Yield nothing
    for an object that is not a class.

    >>> from corekit import CorsPolicy
    >>> class Feed:
    ...     def dispatch(self): ...
    >>> Feed.dispatch = keep_policy(Feed.dispatch, CorsPolicy(allow_origins=["*"]), "the method")
    >>> class Account(Feed): ...
    >>> Account = keep_policy(Account, CorsPolicy.deny_all(), "the class")
    >>> list(class_owners(Account)) == [Account, Feed.dispatch]
    True
    """
    for each in getattr(cls, "__mro__", ()):
        yield from _owners_in(each)


def _owners_in(cls: type) -> Iterator[object]:
    members = vars(cls)
    methods = (members.get(name) for name in _ENTRIES)
    yield from (method for method in methods if method is not None and kept_marks(method))
    if _KEPT in members:
        yield cls


def view_marks(view: object, method: str) -> list[Mark]:
    """Return the marks of a view for a method, the one to use first.

    `view` is a function, or what ``as_view()`` of a class of Flask, Quart or Sanic returned. That
    has the marks of the method, then its own ones, then those of its class: a mark that a decorator
    in the attribute ``decorators`` put on it belongs to the class that has this attribute.
    """
    cls = view_class(view)
    if cls is None:
        return kept_marks(view)
    marks = _all_marks(view)
    # Without a method for HEAD, that for GET is used.
    name = "get" if method == "HEAD" and not hasattr(cls, "head") else method.lower()
    found = kept_marks(getattr(cls, name, None))
    found += [mark for mark in marks if mark.is_around][:1]
    decorated = [mark for mark in marks if not mark.is_around][:1]
    for each in cls.__mro__:
        if "decorators" in vars(each):
            found += decorated
            decorated = []
        found += [mark for owner in _owners_in(each) for mark in kept_marks(owner)]
    return found + decorated


def view_class(view: object) -> Any:
    """Return the class of what ``as_view()`` of a class returned, or None."""
    classes = (getattr(each, "view_class", None) for each in unwrap(view))
    return next(filter(None, classes), None)
