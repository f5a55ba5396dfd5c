"""TOML and JSON documents, read strictly, with line and column of every syntax error."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from corekit.diagnostics import show

from .errors import ConfigError
from .places import Path as Keys
from .places import Place, find_places

_TOML_HINT: Final = "Write key = value, strings in quotes, and true or false in lower case."
_JSON_HINT: Final = (
    "Use double quotes, no comments, and no comma after the last element. TOML allows both."
)
_OTHER_FORMATS: Final = {".yaml": "YAML", ".yml": "YAML", ".ini": "INI", ".cfg": "INI"}
SUFFIXES: Final = frozenset({".json", ".toml", *_OTHER_FORMATS})

_MAX_KEYS: Final = 100
"""Keys that dots may join in TOML. Python's parser takes quadratic time and memory for them."""

# Strings of several lines, strings and comments, as the parser finds them.
_replace_opaque = partial(
    re.compile(
        r'"""(?:[^\\]|\\.)*?(?:"{3,5}|\Z)'
        r"|'''.*?(?:'{3,5}|\Z)"
        r'|"(?:[^"\\\n]|\\.)*+"?'
        r"|'[^'\n]*+'?"
        r"|\#[^\n]*+",
        re.DOTALL,
    ).sub,
    lambda match: "k" + "\n" * match[0].count("\n"),
)
_find_long_key = re.compile(rf"(?<![\w.-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{_MAX_KEYS}}}").search
_toml_place = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)").fullmatch


@dataclass(frozen=True)
class Document:
    """What a file contains: its text, and its data, which is a mapping."""

    source: str
    text: str
    data: Mapping[str, Any]
    is_json: bool

    @cached_property
    def places(self) -> Mapping[Keys, Place]:
        """Where each key and each element of a list begins; empty if it is nested too deeply."""
        try:
            return find_places(self.text, is_json=self.is_json)
        except RecursionError:
            return {}


def parse_document(content: bytes | str, source: str) -> Document:
    """Parse the content of a file; raises `ConfigError` if it is not a mapping in TOML or JSON.

    The suffix of `source` is the format; without one, content that begins with a brace is JSON and
    everything else TOML.
    """
    text = content if isinstance(content, str) else _decode(content, source)
    suffix = Path(source).suffix.lower()
    if suffix in _OTHER_FORMATS:
        message = f"{_OTHER_FORMATS[suffix]} is not supported."
        raise ConfigError(source, message, "Write the policy as TOML or JSON.")
    is_json = suffix == ".json" or (suffix != ".toml" and text.lstrip().startswith("{"))
    return Document(source, text, _parse(text, source, is_json=is_json), is_json)


def _decode(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8-sig")  # some editors write a byte order mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise ConfigError(
            source, "The file is not UTF-8.", "Save it as UTF-8.", line=line, column=column
        ) from None


def _parse(text: str, source: str, *, is_json: bool) -> Mapping[str, Any]:
    try:
        document = _parse_json(text, source) if is_json else _parse_toml(text, source)
    except ConfigError:
        raise
    except (ValueError, RecursionError) as error:
        message = f"This {'JSON' if is_json else 'TOML'} cannot be read: {error}."
        raise ConfigError(source, message, "Write the arguments of a policy.") from None
    if not isinstance(document, dict):
        message = (
            f"The file contains a {type(document).__name__} instead of the arguments of a policy."
        )
        hint = 'Write them by name, such as {"allow_origins": ["https://app.example.com"]}.'
        raise ConfigError(source, message, hint)
    return document


def _parse_json(text: str, source: str) -> Any:
    def read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        # A parser would silently use the last of two values.
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                message = f"The key {show(key)} appears twice."
                raise ConfigError(source, message, "Keep one of them.")
            found[key] = value
        return found

    try:
        return json.loads(text, object_pairs_hook=read_object)
    except json.JSONDecodeError as error:
        message, line, column = f"This is not JSON: {error.msg}.", error.lineno, error.colno
        raise ConfigError(source, message, _JSON_HINT, line=line, column=column) from None


def _parse_toml(text: str, source: str) -> dict[str, Any]:
    names = _replace_opaque(text)
    found = _find_long_key(names)
    if found is not None:
        message = f"Dots join more than {_MAX_KEYS} keys."
        hint = "Write the arguments of a policy."
        at = names.count("\n", 0, found.start()) + 1
        raise ConfigError(source, message, hint, line=at)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # Before Python 3.14 the position is only in the message.
        match = _toml_place(str(error))
        message, line, column = match.groups() if match else (str(error), None, None)
        lines = text.split("\n")
        raise ConfigError(
            source,
            f"This is not TOML: {message}.",
            _TOML_HINT,
            line=int(line or len(lines)),
            column=int(column or len(lines[-1]) + 1),
        ) from None
