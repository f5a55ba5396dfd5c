"""What a person names on a command line: a file, an import path, or ``-`` for standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from corekit import CorsPolicy, CorsRoutes

from .errors import ConfigError
from .files import load_policy, parse_policy
from .importing import import_policy, is_import_path

__all__ = ["find_policy"]

_SUFFIXES: Final = frozenset({".json", ".toml", ".yaml", ".yml", ".ini", ".cfg"})


def find_policy(text: str) -> CorsPolicy | CorsRoutes:
    """Read the policy that `text` names: FILE, IMPORT_PATH, or ``-`` for standard input.

    A file that is there is read; else ``app.main:policy`` is imported, and the current folder is
    looked in first. Raises `ConfigError` where nothing can be read, and `PolicyError` with every
    problem of what is.

    >>> find_policy("app.main")
    Traceback (most recent call last):
        ...
    corekit_config.errors.ConfigError: app.main: There is no such file. Name a file such as cors.toml, or an import path such as app.main:policy.
    """  # noqa: E501 - what is printed is one line
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
