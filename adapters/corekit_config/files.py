"""Policy files: TOML and JSON, read strictly, with line and column of every syntax error.

The arguments of a policy are at the top level of the file, in the table ``cors`` of a larger
configuration, or in ``[tool.corekit]`` of a pyproject.toml. A file with duplicates is an error.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from functools import partial
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Final

from corekit import CorsPolicy, PolicyError
from corekit.arguments import REGEXES, SETTINGS
from corekit.compat import build_policy
from corekit.diagnostics import show
from corekit.problems import Dialect

from .errors import ConfigError, ConfigPolicyError

_DIALECT: Final = Dialect(
    flag="true or false, without quotes",
    seconds="whole seconds, without quotes",
    status="a status code, without quotes",
    strings='a list of strings, such as ["a", "b"]',
    string="a string, in quotes",
    json_text="Write the list itself, without quotes around it.",
    comma_text='Write each value as a separate string, such as ["a", "b"].',
    one_string='Did you mean ["{text}"]?',
    any_origin='["*"]',
    unset="leave it out",
    accept='To accept the risk: {risks} = ["{code}"].',
    regexes=f"Regular expressions are for {REGEXES}.",
)
"""TOML, and JSON as far as a hint needs it."""

_SCHEMA_KEY: Final = "$schema"
"""Where editors look for the JSON Schema; not part of the policy."""

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


def load_policy(path: str | PathLike[str]) -> CorsPolicy:
    """Read a policy from a file, as TOML or JSON by its name, or by its first character.

    Raises `ConfigError` if the file cannot be read or parsed, and `ConfigPolicyError`, a
    `PolicyError`, with every problem of the policy.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "cors.toml")
    ...     _ = path.write_text('allow_origins = ["https://app.example.com"]\\nmax_age = 600')
    ...     load_policy(path)
    CorsPolicy(allow_origins=['https://app.example.com'], max_age=600)
    """
    source = fspath(path)
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise ConfigError(source, "There is no such file.", "Check the path.") from None
    except IsADirectoryError:
        raise ConfigError(source, "This is a directory.", "Name a file in it.") from None
    except OSError as error:
        message = f"The file cannot be read: {error.strerror or error}."
        raise ConfigError(source, message, "Check its permissions.") from error
    return parse_policy(content, source)


def parse_policy(content: bytes | str, source: str) -> CorsPolicy:
    """Read a policy from the content of a file; `source` names it in errors.

    The suffix of `source` is the format; without one, content that begins with a brace is JSON and
    everything else TOML. Raises the errors of `load_policy`.

    >>> parse_policy('{"allow_origins": ["https://app.example.com"]}', "<stdin>")
    CorsPolicy(allow_origins=['https://app.example.com'])
    """
    text = content if isinstance(content, str) else _decode(content, source)
    arguments = _find_arguments(_parse(text, source), source)
    try:
        return build_policy(arguments, dialect=_DIALECT)
    except PolicyError as error:
        raise ConfigPolicyError(source, error.problems) from None


def _decode(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8-sig")  # some editors write a byte order mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise ConfigError(
            source, "The file is not UTF-8.", "Save it as UTF-8.", line=line, column=column
        ) from None


def _parse(text: str, source: str) -> Mapping[str, Any]:
    suffix = Path(source).suffix.lower()
    if suffix in _OTHER_FORMATS:
        message = f"{_OTHER_FORMATS[suffix]} is not supported."
        raise ConfigError(source, message, "Write the policy as TOML or JSON.")
    is_json = suffix == ".json" or (suffix != ".toml" and text.lstrip().startswith("{"))
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


def _find_arguments(document: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    rest = _without_schema(document)
    tool = rest.get("tool")
    inner = tool.get("corekit") if isinstance(tool, dict) else None
    tables = {"cors": rest.get("cors"), "tool.corekit": inner}
    found = {name: table for name, table in tables.items() if isinstance(table, dict)}
    if not found:
        if Path(source).name == "pyproject.toml":
            message, hint = "There is no table [tool.corekit].", "Add one with the policy."
            raise ConfigError(source, message, hint)
        return rest
    places = [f"[{name}]" for name in found]
    if any(name in rest for name in SETTINGS):
        places.insert(0, "the top level")
    if len(places) > 1:
        message = f"There are arguments of a policy in {' and in '.join(places)}."
        raise ConfigError(source, message, "Keep them in one place.")
    return _without_schema(next(iter(found.values())))


def _without_schema(table: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in table.items() if name != _SCHEMA_KEY}
