"""Marks: the per-route policies that are kept on handlers, and the guard that checks them.

The outermost layer of an adapter looks for the mark of the handler that a request will reach. It
cannot look behind everything that may wrap a handler. So a handler with a mark checks before it
runs that its policy was found, and refuses to run under the policy of another route.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar, Token
from functools import partial, update_wrapper
from inspect import CO_COROUTINE
from types import FunctionType, MethodType
from typing import Any, Final, NamedTuple, TypeVar

from ._engine import Engine
from .routes import CorsRoutes

__all__ = [
    "MARKS",
    "Applied",
    "applying",
    "check_found",
    "is_applied",
    "keep_policy",
    "kept_policies",
    "kept_policy",
    "unguarded",
    "unwrap",
]

T = TypeVar("T")

_KEPT: Final = "__corekit_policy__"
_FREE: Final = ("corekit_guard", "function")
_FUNCTIONS: Final = (FunctionType, MethodType, partial)
_WRAPPED: Final = (*_FUNCTIONS, type)
_MOST_WRAPPED: Final = 100
# The methods that frameworks call on a class-based view, in the order to look for them.
_ENTRIES: Final = ("dispatch_request", "dispatch", "__await__")


class Marks:
    """Whether this process has any mark: without one, requests skip all of this."""

    __slots__ = ("exist",)

    def __init__(self) -> None:
        self.exist = False


MARKS: Final = Marks()


class Applied(NamedTuple):
    """What the outermost layer applies to a request: an engine, or None if it adds nothing.

    `marks` are all that it found on the way to the handler. It chose among them, so a handler
    accepts the engine if its own mark was found, even if another one is nearer.
    """

    engine: Engine | None
    marks: Sequence[object] = ()


_APPLIED: ContextVar[Applied | Callable[[], Applied] | None] = ContextVar("applied", default=None)


def is_applied() -> bool:
    """Return whether a layer, which is outside of the caller, applies a policy to this request."""
    return _APPLIED.get() is not None


class applying:  # noqa: N801
    """A context in which handlers know what is applied: a value, or a function that returns it.

    A layer inside another one must not enter it, since the outermost layer is the authority.

    >>> from corekit import CorsPolicy
    >>> with applying(Applied(CorsPolicy(allow_origins=["*"]).engine)):
    ...     is_applied()
    True
    """

    __slots__ = ("_applied", "_token")

    _token: Token[Any]

    def __init__(self, applied: Applied | Callable[[], Applied] | None) -> None:
        self._applied = applied

    def __enter__(self) -> None:
        self._token = _APPLIED.set(self._applied)

    def __exit__(self, *_: object) -> None:
        _APPLIED.reset(self._token)


def check_found(
    name: str, marks: Sequence[object], resolve: Callable[[Any], object] | None = None
) -> None:
    """Raise RuntimeError if a policy is applied to the request that is of none of these marks.

    `name` is that of the handler. A policy that allows no origins is never an error. `resolve` is
    as in `keep_policy`.
    """
    applied = _APPLIED.get()
    if callable(applied):
        applied = applied()
    engine, found = applied or Applied(None)
    if engine is None or engine.denies_all:
        return
    for mark in marks:
        policy = mark if resolve is None else resolve(mark)
        if _allows(policy, engine) or any(mark is other for other in found):
            return
    # Equal marks that are not the same may come from other processes.
    if any(mark in found for mark in marks):
        return
    raise RuntimeError(
        f"{name} has its own CORS policy, which was not found: the policy of the application or of"
        " another route would apply. Use functools.wraps in the decorators around it, put cors()"
        " above them, mark the route or the mount, or add install() or Cors to the application."
    )


def _allows(policy: object, engine: Engine) -> bool:
    """Return whether `engine` may be that of a policy, for the path of the current request."""
    if policy is None:
        return True
    if isinstance(policy, CorsRoutes):
        # The path is not known here; without a route for all paths, none may cover it.
        covers_all = any(path == "/" for path, _ in policy.routes)
        return not covers_all or any(each.engine is engine for _, each in policy.routes)
    return getattr(policy, "engine", None) is engine


class _Guard:
    """Checks the mark of a function, or the marks of the class that a function is the entry of.

    `resolve` returns the policy of a mark for the current request, or None if it covers another
    path; without it, a mark is a policy.
    """

    def __init__(self, policy: object, resolve: Callable[[Any], object] | None) -> None:
        self.policy = policy
        self.resolve = resolve

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A pickled handler arrives in a process in which no mark was made.
        vars(self).update(state)
        MARKS.exist = True

    def check(self, function: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        """Raise RuntimeError if the policy of another route is applied to the request."""
        if _APPLIED.get() is not None:
            name = f"{function.__module__}.{getattr(function, '__qualname__', function)}"
            check_found(name, self.marks(arguments), self.resolve)

    def marks(self, arguments: tuple[Any, ...]) -> list[object]:  # noqa: ARG002
        """Return the marks of which one must be applied."""
        return [self.policy]


class _ClassGuard(_Guard):
    """Checks the marks of a class and of its methods, on the method that frameworks call.

    Those of the class of the instance, since a subclass may have its own.
    """

    def marks(self, arguments: tuple[Any, ...]) -> list[object]:
        """Return the marks of the class of the first argument, and of its methods."""
        cls = type(arguments[0])
        members = (member for base in cls.__mro__ for member in vars(base).values())
        functions = [member for member in members if type(member) is FunctionType]
        return [mark for each in (cls, *functions) for mark in kept_policies(each)]


def _guarded(function: Any, corekit_guard: _Guard) -> Any:
    """Return a function of the same kind that checks before it calls `function`.

    Call it also for generator functions: they are checked when they are called, since a request
    may have ended when they run. No global name is used here, so that the result has the globals
    of `function`, which frameworks read its annotations with.
    """

    async def run_coroutine(*args: Any, **kwargs: Any) -> Any:
        corekit_guard.check(function, args)
        return await function(*args, **kwargs)

    def run(*args: Any, **kwargs: Any) -> Any:
        corekit_guard.check(function, args)
        return function(*args, **kwargs)

    wrapper: Any = run_coroutine if function.__code__.co_flags & CO_COROUTINE else run
    made = FunctionType(wrapper.__code__, function.__globals__, closure=wrapper.__closure__)
    return update_wrapper(made, function)


def _contents(function: object) -> tuple[_Guard | None, Any]:
    """Return the guard of a guarded function and what it guards; None and the function itself."""
    if type(function) is FunctionType and function.__code__.co_freevars == _FREE:
        guard, inner = (cell.cell_contents for cell in function.__closure__ or ())
        return guard, inner
    return None, function


def unguarded(target: T) -> T:
    """Return the function behind a guard, or `target` itself if it is not guarded."""
    inner: T = _contents(target)[1]
    return inner


def keep_policy(
    target: T, policy: object, kinds: str, resolve: Callable[[Any], object] | None = None
) -> T:
    """Keep a per-route policy on a function, a class or a route, and return what to use instead.

    What is returned for a function, a partial or a class-based view refuses to run with
    RuntimeError if `applying` has the policy of another route. Other objects are returned
    unchanged. `resolve` is for a policy that depends on the request: it returns that of a request,
    or None. It must be a function of a module, since handlers are pickled.

    Raise TypeError, with the `kinds` of objects to pass, if `target` takes no attributes.
    """
    if isinstance(target, staticmethod | classmethod):
        inner = keep_policy(target.__func__, policy, kinds, resolve)
        return type(target)(inner)
    try:
        setattr(target, _KEPT, policy)
    except (AttributeError, TypeError):
        kind = type(target).__name__
        raise TypeError(f"A {kind} cannot keep a policy. Pass {kinds}.") from None
    MARKS.exist = True
    made: Any = target
    guard, inner = _contents(made)
    if guard is not None:
        # A second mark replaces the first one.
        guard.policy, guard.resolve = policy, resolve
        setattr(inner, _KEPT, policy)
    elif isinstance(target, type):
        _guard_class(target, resolve)
    elif type(target) is FunctionType:
        made = _guarded(target, _Guard(policy, resolve))
    elif type(target) is partial:
        made = _guard_partial(made, _Guard(policy, resolve))
    return made  # type: ignore[no-any-return]


def _guard_partial(target: partial[Any], guard: _Guard) -> partial[Any]:
    function = unguarded(target.func)
    if not issubclass(type(function), FunctionType | MethodType):
        return target
    made = partial(_guarded(function, guard), *target.args, **target.keywords)
    vars(made).update(vars(target))
    return made


def _guard_class(cls: type, resolve: Callable[[Any], object] | None) -> None:
    name = next((name for name in _ENTRIES if type(getattr(cls, name, None)) is FunctionType), None)
    if name is None:
        return
    entry = getattr(cls, name)
    if isinstance(_contents(entry)[0], _ClassGuard):
        return
    made = _guarded(entry, _ClassGuard(None, resolve))
    # Django gives the attributes of this method to the view of the class.
    del made.__wrapped__
    setattr(cls, name, made)


def kept_policies(target: object) -> list[Any]:
    """Return what `keep_policy` kept on `target` and on what it wraps, the outermost first."""
    kept = (getattr(each, _KEPT, None) for each in unwrap(target))
    return [policy for policy in kept if policy is not None]


def kept_policy(target: object) -> Any:
    """Return what `keep_policy` kept on `target` or on what it wraps, or None.

    >>> from functools import partial
    >>> from corekit import CorsPolicy
    >>> def endpoint(): ...
    >>> endpoint = keep_policy(endpoint, CorsPolicy(allow_origins=["*"]), "the function")
    >>> kept_policy(partial(endpoint))
    CorsPolicy(allow_origins=['*'])
    """
    return next(iter(kept_policies(target)), None)


def unwrap(target: object) -> Iterator[object]:
    """Yield `target` and what it wraps: by ``__wrapped__``, as a bound method or as a partial."""
    for _ in range(_MOST_WRAPPED):
        yield target
        inner = (getattr(target, name, None) for name in ("__wrapped__", "__func__", "func"))
        target = next((each for each in inner if issubclass(type(each), _WRAPPED)), None)
        if target is None:
            break
