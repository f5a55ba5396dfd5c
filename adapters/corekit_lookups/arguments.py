"""The rules for the arguments of an `OriginLookup`."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import iscoroutinefunction, signature
from math import inf
from typing import Any

from corekit.adapter import show
from corekit.lookups import LOOKUP_RISKS


def check_function(value: object, name: str, arguments: tuple[str, ...]) -> None:
    """Raise TypeError unless `value` is a function or an object that can be called.

    `name` is the argument that it was passed as, `arguments` are what it is called with.

    >>> check_function(None, "lookup", ("origin",))
    Traceback (most recent call last):
        ...
    TypeError: lookup is of type NoneType: None. Pass a function: lookup(origin).
    >>> check_function(lambda origin, request: True, "lookup", ("origin",))
    Traceback (most recent call last):
        ...
    TypeError: lookup takes other arguments. It is called as lookup(origin).
    """
    call = f"{name}({', '.join(arguments)})"
    if isinstance(value, type):
        raise TypeError(f"{name} is the class {value.__name__}. Pass an instance or a function.")
    if not callable(value):
        raise TypeError(
            f"{name} is of type {type(value).__name__}: {show(value)}. Pass a function: {call}."
        )
    try:
        parameters = signature(value)
    except ValueError:
        return  # a function of C that does not say
    try:
        parameters.bind(*arguments)
    except TypeError:
        message = f"{name} takes other arguments. It is called as {call}."
        raise TypeError(message) from None


def is_async(function: Any) -> bool:
    """Return whether calling `function` returns a coroutine, as far as that is known."""
    called = getattr(function, "__call__", None)  # noqa: B004 - an object's method
    return iscoroutinefunction(function) or iscoroutinefunction(called)


def check_seconds(value: object, name: str, *, least: float) -> None:
    """Raise TypeError or ValueError unless `value` is a number of seconds from `least`.

    >>> check_seconds(-1, "ttl", least=0)
    Traceback (most recent call last):
        ...
    ValueError: ttl is -1. Pass a number of seconds from 0.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is of type {type(value).__name__}. Pass a number of seconds.")
    if not least <= value < inf:
        raise ValueError(f"{name} is {value}. Pass a number of seconds from {least:g}.")


def check_number(value: object, name: str) -> None:
    """Raise TypeError or ValueError unless `value` is a whole number above 0.

    >>> check_number(0, "size")
    Traceback (most recent call last):
        ...
    ValueError: size is 0. Pass a whole number from 1.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is of type {type(value).__name__}. Pass a whole number.")
    if value < 1:
        raise ValueError(f"{name} is {value}. Pass a whole number from 1.")


def check_tenant(tenant: object) -> str:
    """Return what the function `tenant` returned; raise TypeError unless it is a string.

    >>> check_tenant(None)
    Traceback (most recent call last):
        ...
    TypeError: tenant returned None, of type NoneType. Return a string.
    """
    if not isinstance(tenant, str):
        kind = type(tenant).__name__
        raise TypeError(f"tenant returned {show(tenant)}, of type {kind}. Return a string.")
    return tenant


def read_risks(value: object) -> frozenset[str]:
    """Return the codes of accepted risks; raise TypeError or ValueError for anything else.

    >>> read_risks(["public-suffix"])
    Traceback (most recent call last):
        ...
    ValueError: accept_risks has 'public-suffix'. The risks of a look-up are 'insecure-origin'.
    """
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise TypeError(
            f"accept_risks is of type {type(value).__name__}. Pass a list: ['insecure-origin']."
        )
    risks = list(value)
    for risk in risks:
        if risk not in LOOKUP_RISKS:
            known = ", ".join(map(repr, sorted(LOOKUP_RISKS)))
            raise ValueError(f"accept_risks has {show(risk)}. The risks of a look-up are {known}.")
    return frozenset(risks)
