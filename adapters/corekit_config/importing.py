"""Policies in Python code, named by an import path: a module, a colon and an attribute.

Importing a module runs it, so a module is imported only if the user named it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from os import PathLike, fspath
from types import ModuleType
from typing import Final

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit.diagnostics import show

from .errors import ConfigError

_EXAMPLE: Final = "Write it as app.main:policy."

_NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_is_import_path = re.compile(rf"{_NAME}:{_NAME}").fullmatch


def is_import_path(text: str) -> bool:
    """Return whether `text` has the form of an import path.

    >>> is_import_path("app.main:policy"), is_import_path("app.main"), is_import_path("C:/x.toml")
    (True, False, False)
    """
    return _is_import_path(text) is not None


def import_policy(
    path: str, *, folder: str | PathLike[str] | None = None
) -> CorsPolicy | CorsRoutes:
    """Import the policy or the routes at an import path such as ``app.main:policy``.

    `folder` is searched first while the module is imported. Raises `ConfigError` if there is no
    policy. A `PolicyError` that the module raises is passed on.

    >>> import_policy("corekit:CorsPolicy")
    Traceback (most recent call last):
        ...
    corekit_config.errors.ConfigError: corekit:CorsPolicy: This is of type type. Name a CorsPolicy or a CorsRoutes.
    """  # noqa: E501 - an error message is one line
    if not is_import_path(path):
        raise ConfigError(path, "This is not an import path.", _EXAMPLE)
    module_name, _, attribute = path.partition(":")
    with looking_in(folder):
        module = _import(module_name, path)
    value: object = module
    for name in attribute.split("."):
        if not hasattr(value, name):
            message = f"{module_name} has no {attribute}."
            raise ConfigError(path, message, _suggest(module, attribute))
        value = getattr(value, name)
    if not isinstance(value, CorsPolicy | CorsRoutes):
        message = f"This is of type {type(value).__name__}."
        raise ConfigError(path, message, _suggest(module, ""))
    return value


@contextmanager
def looking_in(folder: str | PathLike[str] | None) -> Iterator[None]:
    """Search `folder` first in imports; None changes nothing."""
    if folder is None:
        yield
        return
    place = fspath(folder)
    sys.path.insert(0, place)
    try:
        yield
    finally:
        if place in sys.path:  # the module may have cleaned up itself
            sys.path.remove(place)


def _import(name: str, path: str) -> ModuleType:
    try:
        return import_module(name)
    except PolicyError:
        raise
    except ModuleNotFoundError as error:
        missing = error.name or name
        if name == missing or name.startswith(f"{missing}."):
            message, hint = (
                f"There is no module {missing}.",
                "Check the name and the current directory.",
            )
        else:
            message = f"{name} needs the module {missing}, which is not installed."
            hint = "Run corekit in the environment of the application."
        raise ConfigError(path, message, hint) from error
    except (Exception, SystemExit) as error:
        # A module may raise anything; the original error is chained.
        first_line = show(str(error))
        message = f"{name} cannot be imported: {type(error).__name__}: {first_line}."
        raise ConfigError(path, message, f"Try: python -c 'import {name}'") from error


def _suggest(module: ModuleType, attribute: str) -> str:
    found = [
        name for name, value in vars(module).items() if isinstance(value, CorsPolicy | CorsRoutes)
    ]
    if not found:
        return "Name a CorsPolicy or a CorsRoutes."
    near = get_close_matches(attribute, found, n=1)
    meant = near or sorted(found)[:5]
    return f"Did you mean {' or '.join(f'{module.__name__}:{name}' for name in meant)}?"
