"""Policies by name: an import path, or on a command line also a file or ``-`` for standard input.

Importing a module runs it, so a module is imported only if the user named it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from operator import attrgetter
from os import PathLike, fspath
from pathlib import Path
from stat import S_ISREG
from types import ModuleType
from typing import Final, Literal

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit.adapter import Lookup, Policies, read_policy
from corekit.arguments import SETTINGS
from corekit.diagnostics import show
from corekit.guard import CrossOriginGuard
from corekit.lookups import is_lookup

from .documents import SUFFIXES, parse_document
from .errors import ConfigError
from .files import (
    PolicyFile,
    build_file,
    parse_policy_file,
    read_content,
    read_policy_file,
)
from .tables import holds_policy

STDIN: Final = "<stdin>"
"""The source of a policy that is read from standard input."""

PYTHON_FILE: Final = "This is a Python file, which is imported by the name of its module."
"""The message for the path of a module, in place of its name."""

_FORMATS: Final = frozenset({".json", ".toml"})
_NAME: Final = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_is_import_path = re.compile(rf"{_NAME}:{_NAME}").fullmatch


def find_policy(text: str) -> CorsPolicy | CorsRoutes:
    """Read the policy that `text` names: FILE, IMPORT_PATH, or ``-`` for standard input.

    An existing file is read; otherwise ``app.main:policy`` is imported, with the current directory
    searched first. Raises `ConfigError` if nothing can be read, or a file has a guard, and
    `ConfigPolicyError`, a `PolicyError`, with every problem of the policy.

    >>> find_policy("app.main")
    Traceback (most recent call last):
        ...
    corekit_config.errors.ConfigError: app.main: There is no such file. Name a file such as cors.toml, or an import path such as app.main:policy.
    """  # noqa: E501 - an error message is one line
    return find_file(text).require_alone()


def find_file(text: str) -> PolicyFile:
    """Like `find_policy()`, but return the problems and what else the source says."""
    if text == "-":
        return parse_policy_file(sys.stdin.buffer.read(), STDIN)
    path = Path(text)
    if path.suffix == ".py":
        hint = f"Name the policy in it, such as {name_module(path)}:policy."
        raise ConfigError(text, PYTHON_FILE, hint)
    kind = find_kind(text)
    if kind == "file":
        return read_policy_file(text)
    if _is_import_path(text):
        try:
            imported, value = _import_value(text, Path.cwd())
            policy = _policy_of(text, imported, value)
            return PolicyFile(text, policy, guard=_guard_of(value), lookup=_lookup_of(value))
        except PolicyError as error:
            return PolicyFile(text, None, error.problems)
    if kind == "folder" or Path(text).suffix.lower() in SUFFIXES:
        return read_policy_file(text)
    hint = "Name a file such as cors.toml, or an import path such as app.main:policy."
    raise ConfigError(text, "There is no such file.", hint)


def name_module(path: Path) -> str:
    """Return the name of the module that is probably in a Python file.

    >>> name_module(Path("app/main.py")), name_module(Path("/app/main.py"))
    ('app.main', 'main')
    """
    return ".".join((path.stem,) if path.is_absolute() else path.with_suffix("").parts)


def find_kind(text: str) -> Literal["file", "folder"] | None:
    """Return what exists with a name; None also for a name that no file can have.

    >>> find_kind("."), find_kind("a" * 5_000)
    ('folder', None)
    """
    path = Path(text)
    try:
        if path.is_dir():
            return "folder"
        return "file" if path.exists() else None
    except OSError:
        return None


def find_files(folder: str | PathLike[str]) -> Iterator[PolicyFile | ConfigError]:
    """Yield the policy files in a folder and below it, and the error of each that is unreadable.

    A policy file is named ``*.toml`` or ``*.json`` and has a setting of a policy, or is named
    ``cors``. Folders whose name begins with a dot, and ``node_modules``, are left out. Raises
    `ConfigError` if there is no policy file.
    """
    is_empty = True
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith((".", "node_modules")))
        for name in sorted(names):
            path = Path(place, name)
            if path.suffix.lower() not in _FORMATS:
                continue
            is_named = path.stem.lower() == "cors"
            content = b""
            try:
                _check_regular(path)
                content = read_content(path)
                document = parse_document(content, fspath(path))
                if not is_named and not holds_policy(document):
                    continue
                found: PolicyFile | ConfigError = build_file(document)
            except ConfigError as error:
                if not is_named and not any(each.encode() in content for each in SETTINGS):
                    continue
                found = error
            is_empty = False
            yield found
    if is_empty:
        message = "There is no policy in this folder."
        raise ConfigError(fspath(folder), message, "Name a file, or another folder.")


def _check_regular(path: Path) -> None:
    """Raise `ConfigError` for what is not a file: to read a named pipe would wait forever."""
    try:
        is_regular = S_ISREG(path.stat().st_mode)
    except OSError:
        return  # reading it says why
    if not is_regular:
        message = "This is not a regular file."
        raise ConfigError(fspath(path), message, "Move it out of this folder, or name the files.")


def import_policy(
    path: str, *, folder: str | PathLike[str] | None = None
) -> CorsPolicy | CorsRoutes:
    """Import the policy or the routes at an import path such as ``app.main:policy``.

    The path may also name a guard, whose policy is returned, or an application that was wrapped in
    a policy, such as by ``install``, or that Starlette's ``add_middleware`` gave a middleware of corekit.

    `folder` is searched first while the module is imported. Raises `ConfigError` if there is no
    policy. A `PolicyError` that the module raises is passed on.

    >>> import_policy("corekit:CorsPolicy")
    Traceback (most recent call last):
        ...
    corekit_config.errors.ConfigError: corekit:CorsPolicy: This is of type type. Name a CorsPolicy, a CorsRoutes, or an application with a policy.
    """  # noqa: E501 - an error message is one line
    return _policy_of(path, *_import_value(path, folder))


def _import_value(path: str, folder: str | PathLike[str] | None) -> tuple[ModuleType, object]:
    if not _is_import_path(path):
        raise ConfigError(path, "This is not an import path.", "Write it as app.main:policy.")
    name, _, attribute = path.partition(":")
    with looking_in(folder):
        module = _import(name, path)
    try:
        return module, attrgetter(attribute)(module)
    except AttributeError:
        message = f"{name} has no {attribute}."
        raise ConfigError(path, message, _suggest(module, attribute)) from None


def _policy_of(path: str, module: ModuleType, value: object) -> CorsPolicy | CorsRoutes:
    for found in _candidates(value):
        if isinstance(found, Policies):
            return read_policy(found)
    guard = _guard_of(value)
    if guard is not None:
        return read_policy(guard.policy)
    message = f"This is of type {type(value).__name__}."
    raise ConfigError(path, message, _suggest(module, ""))


def _guard_of(value: object) -> CrossOriginGuard | None:
    for found in _candidates(value):
        if isinstance(found, CrossOriginGuard):
            return found
    return None


def _lookup_of(value: object) -> Lookup | None:
    return next(filter(is_lookup, _candidates(value)), None)


def _candidates(value: object) -> Iterator[object]:
    """Yield an object, and what may be its policy if it is an application or a middleware.

    It may also be its guard or its look-up.
    """
    yield value
    # Quart and Litestar have the middleware inside.
    layers = (value, *(getattr(value, name, None) for name in ("asgi_app", "asgi_handler")))
    attributes = ("policy", "guard", "lookup")
    names = [name for each in attributes for name in (f"corekit_{each}", each)]
    for layer in layers:
        yield from (getattr(layer, name, None) for name in names)
    # Starlette creates its middleware only when the server starts.
    for layer in getattr(value, "user_middleware", ()):
        cls = getattr(layer, "cls", None)
        if isinstance(cls, type) and isinstance(getattr(cls, "policy", None), property):
            made = cls(_no_application, *layer.args, **layer.kwargs)
            yield from (getattr(made, name, None) for name in attributes)


async def _no_application(scope: object, receive: object, send: object) -> None:
    """Take the place of the application of a middleware that is not called."""


@contextmanager
def looking_in(folder: str | PathLike[str] | None) -> Iterator[None]:
    """Search `folder` first in imports; None changes nothing."""
    added = [] if folder is None else [fspath(folder)]
    sys.path[:0] = added
    try:
        yield
    finally:
        for place in added:
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
            message = f"There is no module {missing}."
            hint = "Check the name and the current directory."
        else:
            message = f"{name} needs the module {missing}, which is not installed."
            hint = "Run corekit in the environment of the application."
        raise ConfigError(path, message, hint) from error
    except (Exception, SystemExit) as error:
        # A module may raise anything; the original error is chained.
        message = f"{name} cannot be imported: {type(error).__name__}: {show(str(error))}."
        raise ConfigError(path, message, f"Try: python -c 'import {name}'") from error


def _suggest(module: ModuleType, attribute: str) -> str:
    names = vars(module)
    found = [name for name in names if isinstance(names[name], Policies)]
    if not found:
        return "Name a CorsPolicy, a CorsRoutes, or an application with a policy."
    meant = get_close_matches(attribute, found, n=1) or sorted(found)[:5]
    return f"Did you mean {' or '.join(f'{module.__name__}:{name}' for name in meant)}?"
