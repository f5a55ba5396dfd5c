"""Read from middleware what it does: the attributes of requests and the headers that it sets.

One that sets ``urlconf`` or ``tenant`` has to run before the CORS middleware if a preflight needs
the attribute, because a preflight does not get further. What it does is read from its compiled
code: it cannot be tried without its database.
"""

from __future__ import annotations

import dis
import inspect
from collections.abc import Collection, Iterator
from types import CodeType, FunctionType
from typing import Any

from django.utils.module_loading import import_string


def sets_attribute(path: str, names: Collection[str]) -> bool:
    """Return whether the middleware at an import path assigns to one of these attributes.

    >>> path = "django.contrib.sites.middleware.CurrentSiteMiddleware"
    >>> sets_attribute(path, {"site"}), sets_attribute(path, {"urlconf"})
    (True, False)
    """
    middleware = import_middleware(path)
    return any(
        step.opname == "STORE_ATTR" and step.argval in names
        for function in _functions(middleware)
        for code in _codes(function.__code__)
        for step in dis.get_instructions(code)
    )


def mentions(path: str, text: str) -> bool:
    """Return whether the middleware at an import path has a string that contains `text`, any case.

    >>> mentions("django.middleware.clickjacking.XFrameOptionsMiddleware", "x-frame")
    True
    """
    found = (
        value
        for function in _functions(import_middleware(path))
        for code in _codes(function.__code__)
        for value in (*code.co_consts, *map(function.__globals__.get, code.co_names))
    )
    # isinstance() would evaluate lazy objects.
    return any(type(value) is str and text in value.lower() for value in found)


def is_of_package(path: str, package: str) -> bool:
    """Return whether the middleware at an import path is a class of a package, or a subclass."""
    classes = getattr(import_middleware(path), "__mro__", ())
    return any(cls.__module__.startswith(f"{package}.") for cls in classes)


def import_middleware(path: str) -> Any:
    """Return the class or function that MIDDLEWARE names, or None."""
    try:
        return import_string(path)
    except ImportError:
        return None


def _functions(middleware: Any) -> Iterator[FunctionType]:
    classes = inspect.getmro(middleware) if isinstance(middleware, type) else ()
    found = [middleware, *(value for cls in classes for value in vars(cls).values())]
    for value in found:
        function = inspect.unwrap(value) if callable(value) else value
        if isinstance(function, FunctionType):
            yield function


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _codes(value)
