"""Marks: the per-route policies that are kept on handlers, and the guard that checks them.

The outermost layer of an adapter looks for the mark of the handler that a request will reach. It
cannot look behind everything that may wrap a handler. So a handler with a mark checks before it
runs that its policy was found, and refuses to run under the policy of another route. The check is
made in the context of the request: outside of it, such as in another thread, the handler runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    "class_owners",
    "is_applied",
    "is_bridged",
    "keep_policy",
    "kept_policies",
    "kept_policy",
    "own_policy",
    "unguarded",
    "unwrap",
]

T = TypeVar("T")

_KEPT: Final = "__corekit_policy__"
_FREE: Final = ("corekit_guard", "function")
_FUNCTIONS: Final = (FunctionType, MethodType, partial)
_WRAPPED: Final = (*_FUNCTIONS, type)
_MOST_WRAPPED: Final = 100
_COMPARED: Final = (("host", "HTTP_HOST"), ("user-agent", "HTTP_USER_AGENT"))
# The methods that frameworks call on a class-based view.
_ENTRIES: Final = ("dispatch_request", "dispatch", "__await__")
_CALLED: Final = (*_ENTRIES, "__call__")


class Marks:
    """Whether this process has any mark: without one, requests skip all of this."""

    __slots__ = ("exist",)

    def __init__(self) -> None:
        self.exist = False


MARKS: Final = Marks()


class Applied(NamedTuple):
    """What the outermost layer applies to a request: an engine, or None if it adds nothing.

    `marks` are all that it found on the way to the handler. It chose among them, so a handler
    accepts the engine if its own mark was found, even if another one is nearer. `headers` are
    those of an ASGI request, which `is_bridged` compares.
    """

    engine: Engine | None
    marks: Sequence[object] = ()
    headers: Iterable[tuple[Any, Any]] | None = None


_APPLIED: ContextVar[Applied | Callable[[], Applied] | None] = ContextVar("applied", default=None)


def is_applied() -> bool:
    """Return whether a layer applies a policy in this context.

    It may be that of another request, whose handler sends the current one, so layers do not ask.
    """
    return _APPLIED.get() is not None


def is_bridged(environ: Mapping[str, object]) -> bool:
    """Return whether a layer around a bridge from ASGI to WSGI applies a policy to a request.

    Bridges build the environ, and pass only the context on. If a handler sends the request, the
    context is the same, but neither the host nor the client is.
    """
    applied = _APPLIED.get()
    headers = applied.headers if isinstance(applied, Applied) else None
    if headers is None:
        return False
    return any(_join(headers, name) == environ.get(key) for name, key in _COMPARED)


def _join(headers: Iterable[tuple[Any, Any]], name: str) -> str | None:
    values = [_text(value) for each, value in headers if _text(each).lower() == name]
    return ",".join(values) if values else None


def _text(part: Any) -> str:
    # Servers also pass other bytes-like objects, and strings.
    return part if isinstance(part, str) else str(part, "latin-1")


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
    name: str,
    marks: Sequence[object],
    resolve: Callable[[Any], object] | None = None,
    *,
    found_only: Sequence[object] = (),
) -> None:
    """Raise RuntimeError if a policy is applied to the request that is of none of these marks.

    `name` is that of the handler. A policy that allows no origins is never an error. `resolve` is
    as in `keep_policy`. A mark in `found_only` counts only if the layer found it.
    """
    applied = _APPLIED.get()
    if callable(applied):
        applied = applied()
    engine, found, _ = applied or Applied(None)
    if engine is None or engine.denies_all:
        return
    for mark in marks:
        if _allows(mark if resolve is None else resolve(mark), engine):
            return
    accepted = (*marks, *found_only)
    if any(mark is other for mark in accepted for other in found):
        return
    # Equal marks that are not the same may come from other processes.
    if any(mark in found for mark in accepted):
        return
    raise RuntimeError(
        f"{name} has its own CORS policy, which was not found: the policy of the application or of"
        " another route would apply. Use functools.wraps in the decorators around it, put cors()"
        " above them, mark the route or the mount, or add install() or Cors to the application."
    )


def _allows(policy: object, engine: Engine) -> bool:
    """Return whether `engine` may be that of a policy; None covers another path."""
    if policy is None:
        return True
    # The path is not known here, so it may be the policy of any of the routes.
    policies = [each for _, each in policy.routes] if isinstance(policy, CorsRoutes) else [policy]
    return all(getattr(each, "engine", None) is engine for each in policies)


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

    def check(self, function: Any, arguments: tuple[Any, ...]) -> None:
        """Raise RuntimeError if the policy of another route is applied to the request."""
        if is_applied():
            name = f"{function.__module__}.{function.__qualname__}"
            marks, found_only = self.marks(arguments)
            check_found(name, marks, self.resolve, found_only=found_only)

    def marks(self, arguments: tuple[Any, ...]) -> tuple[list[object], list[object]]:  # noqa: ARG002
        """Return the marks of which one must be applied, and those that must have been found."""
        return [self.policy], []


class _ClassGuard(_Guard):
    """Checks the marks of a class and of its methods, on the method that frameworks call.

    Those of the class of the instance, since a subclass may have its own. Which method runs is not
    known, so the mark of a method counts only if the layer found it.
    """

    def marks(self, arguments: tuple[Any, ...]) -> tuple[list[object], list[object]]:
        """Return the mark of the class of the first argument, and those of its methods."""
        cls = type(arguments[0])
        members = (member for base in cls.__mro__ for member in vars(base).values())
        functions = [member for member in members if type(member) is FunctionType]
        return kept_policies(cls), [mark for each in functions for mark in kept_policies(each)]


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
    target: T,
    policy: object,
    kinds: str,
    resolve: Callable[[Any], object] | None = None,
    *,
    is_called: bool = True,
) -> T:
    """Keep a per-route policy on a function, a class or a route, and return what to use instead.

    What is returned for a function, a partial or a class-based view refuses to run with
    RuntimeError if `applying` has the policy of another route. Other objects are returned
    unchanged. `resolve` is for a policy that depends on the request: it returns that of a request,
    or None. It must be a function of a module, since handlers are pickled. Pass ``is_called=False``
    for an object that the framework does not call.

    Raise TypeError, with the `kinds` of objects to pass, if `target` takes no attributes, or if
    neither it nor, for a class, its instances can be called.
    """
    if isinstance(target, staticmethod | classmethod):
        inner = keep_policy(target.__func__, policy, kinds, resolve)
        return type(target)(inner)
    if is_called:
        _check_called(target, kinds)
    guard, inner = _contents(target)
    if guard is not None:
        # A second mark is for this use of the function, and leaves the first one as it is.
        again: T = _guarded(inner, _Guard(policy, resolve))
        setattr(again, _KEPT, policy)
        return again
    try:
        setattr(target, _KEPT, policy)
    except (AttributeError, TypeError):
        raise _unsuitable(target, kinds) from None
    MARKS.exist = True
    made: Any = target
    if isinstance(target, type):
        _guard_class(target, resolve)
        _guard_subclasses(target, resolve)
    elif type(target) is FunctionType:
        made = _guarded(target, _Guard(policy, resolve))
    elif type(target) is partial:
        made = _guard_partial(made, _Guard(policy, resolve))
    return made  # type: ignore[no-any-return]


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


def _guard_partial(target: partial[Any], guard: _Guard) -> partial[Any]:
    function = unguarded(target.func)
    if not issubclass(type(function), FunctionType | MethodType):
        return target
    made = partial(_guarded(function, guard), *target.args, **target.keywords)
    vars(made).update(vars(target))
    return made


def _guard_class(cls: type, resolve: Callable[[Any], object] | None) -> None:
    """Guard the entries of a class, and those of its subclasses: they inherit its mark."""
    for name in _ENTRIES:
        entry = getattr(cls, name, None)
        if type(entry) is FunctionType and not isinstance(_contents(entry)[0], _ClassGuard):
            made = _guarded(entry, _ClassGuard(None, resolve))
            # Django gives the attributes of this method to the view of the class.
            del made.__wrapped__
            if name not in vars(cls):
                # The policy of an inherited method is not that of this class.
                vars(made).pop(_KEPT, None)
            setattr(cls, name, made)
    if "__init_subclass__" in vars(cls):
        # It may not call that of the class above.
        _guard_subclasses(cls, resolve)
    subclasses: list[type] = type.__subclasses__(cls)
    for subclass in subclasses:
        _guard_class(subclass, resolve)


def _guard_subclasses(cls: type, resolve: Callable[[Any], object] | None) -> None:
    """Guard the subclasses of a class that are made later."""
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
        _guard_class(subclass, resolve)

    name = "__init_subclass__"
    method: Any = classmethod(__init_subclass__)
    setattr(method, _KEPT, True)
    setattr(cls, name, method)


def own_policy(target: object) -> Any:
    """Return what `keep_policy` kept on `target`, or what a decorator copied to it, or None."""
    return getattr(target, _KEPT, None)


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


def class_owners(cls: object, entry: str) -> Iterator[Any]:
    """Yield the objects of a class that have a policy for all of it, the one to use first.

    They are the method `entry`, which the framework calls on an instance, and the class: those of
    a subclass before those that it inherits. Yield nothing for an object that is not a class.

    >>> from corekit import CorsPolicy
    >>> class Feed:
    ...     def dispatch(self): ...
    >>> Feed.dispatch = keep_policy(Feed.dispatch, CorsPolicy(allow_origins=["*"]), "the method")
    >>> class Account(Feed): ...
    >>> Account = keep_policy(Account, CorsPolicy.deny_all(), "the class")
    >>> list(class_owners(Account, "dispatch")) == [Account, Feed.dispatch]
    True
    """
    for each in getattr(cls, "__mro__", ()):
        members = vars(each)
        method = members.get(entry)
        if method is not None and kept_policies(method):
            yield method
        if _KEPT in members:
            yield each


def unwrap(target: object) -> Iterator[object]:
    """Yield `target` and what it wraps: by ``__wrapped__``, as a bound method or as a partial."""
    for _ in range(_MOST_WRAPPED):
        yield target
        inner = (getattr(target, name, None) for name in ("__wrapped__", "__func__", "func"))
        target = next((each for each in inner if issubclass(type(each), _WRAPPED)), None)
        if target is None:
            return
