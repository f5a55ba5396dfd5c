"""Ways to wrap a handler, behind some of which an attribute of the handler cannot be found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial, wraps
from typing import Any, Final, NamedTuple

Handler = Callable[..., Any]
Wrap = Callable[[Handler], Handler]


class Wrapping(NamedTuple):
    """How a function and how a coroutine function is wrapped, and whether its mark is found."""

    function: Wrap
    coroutine: Wrap
    is_found: bool = False


def unwrapped(function: Handler) -> Handler:
    """Wrap a function without `functools.wraps`."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def unwrapped_async(function: Handler) -> Handler:
    """Wrap a coroutine function without `functools.wraps`."""

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    return wrapper


def named(function: Handler) -> Handler:
    """Wrap a function with `functools.wraps`."""
    return wraps(function)(unwrapped(function))


def named_async(function: Handler) -> Handler:
    """Wrap a coroutine function with `functools.wraps`."""
    return wraps(function)(unwrapped_async(function))


class Decorator:
    """A decorator that is a class."""

    def __init__(self, function: Handler) -> None:
        self._function = function

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self._function(*args, **kwargs)

    async def call_async(self, *args: Any, **kwargs: Any) -> Any:
        """Await the coroutine function."""
        return await self._function(*args, **kwargs)


class Callee:
    """Calls a function that is bound to an instance."""

    def __init__(self, function: Handler) -> None:
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


def _in_collection(wrap: Wrap) -> Wrap:
    def decorate(function: Handler) -> Handler:
        handlers = {"only": [function]}

        def call(*args: Any, **kwargs: Any) -> Any:
            return handlers["only"][0](*args, **kwargs)

        return wrap(call)

    return decorate


def _around(wrap: Wrap, inner: Callable[[Handler], Any]) -> Wrap:
    return lambda function: wrap(inner(function))


WRAPPINGS: Final[Mapping[str, Wrapping]] = {
    "plain": Wrapping(lambda function: function, lambda function: function, is_found=True),
    "wraps": Wrapping(named, named_async, is_found=True),
    "partial": Wrapping(partial, partial, is_found=True),
    "partial of wraps": Wrapping(
        _around(partial, named), _around(partial, named_async), is_found=True
    ),
    "no wraps": Wrapping(unwrapped, unwrapped_async),
    "no wraps, twice": Wrapping(
        _around(unwrapped, unwrapped), _around(unwrapped_async, unwrapped_async)
    ),
    "no wraps around wraps": Wrapping(
        _around(unwrapped, named), _around(unwrapped_async, named_async)
    ),
    "wraps around no wraps": Wrapping(
        _around(named, unwrapped), _around(named_async, unwrapped_async)
    ),
    "class": Wrapping(
        lambda function: Decorator(function).call,
        lambda function: Decorator(function).call_async,
    ),
    "cache": Wrapping(_around(unwrapped, lru_cache), _around(unwrapped_async, lru_cache)),
    "partial in a closure": Wrapping(
        _around(unwrapped, partial), _around(unwrapped_async, partial)
    ),
    "callable object": Wrapping(_around(unwrapped, Callee), _around(unwrapped_async, Callee)),
    "collection": Wrapping(_in_collection(unwrapped), _in_collection(unwrapped_async)),
}
