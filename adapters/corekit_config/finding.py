"""Policies named on a command line: a file, an import path, or ``-`` for standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from corekit import CorsPolicy, CorsRoutes

from .errors import ConfigError
from .files import load_policy, parse_policy
from .importing import import_policy, is_import_path

_SUFFIXES: Final = frozenset({".json", ".toml", ".yaml", ".yml", ".ini", ".cfg"})


def find_policy(text: str) -> CorsPolicy | CorsRoutes:
    """Read the policy that `text` names: FILE, IMPORT_PATH, or ``-`` for standard input.

    An existing file is read; otherwise ``app.main:policy`` is imported, with the current directory
    searched first. Raises `ConfigError` if nothing can be read, and `PolicyError` with every
    problem of the policy.

    >>> find_policy("app.main")
    Traceback (most recent call last):
        ...
    corekit_config.errors.ConfigError: app.main: There is no such file. Name a file such as cors.toml, or an import path such as app.main:policy.
    """  # noqa: E501 - an error message is one line
    if text == "-":
        return parse_policy(sys.stdin.buffer.read(), "<stdin>")
    path = Path(text)
    if path.is_file():
        return load_policy(text)
    if is_import_path(text):
        return import_policy(text, folder=Path.cwd())
    if path.exists() or path.suffix.lower() in _SUFFIXES:
        return load_policy(text)
    hint = "Name a file such as cors.toml, or an import path such as app.main:policy."
    raise ConfigError(text, "There is no such file.", hint)
