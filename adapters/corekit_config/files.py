"""Policy files: TOML and JSON, read strictly, with the place of every fault.

The arguments of a policy stand at the top of the file, or in the table ``cors`` of an application's
own configuration, or in ``[tool.corekit]`` of a pyproject.toml. A file that says a thing twice is
refused.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Final, NamedTuple

from corekit import CorsPolicy, PolicyError
from corekit.diagnostics import show

from .arguments import argument_kinds
from .errors import ConfigError, ConfigPolicyError
from .wording import FILE, reword

__all__ = ["load_policy", "parse_policy"]

_SCHEMA_KEY: Final = "$schema"
"""Where editors look for the JSON Schema; it says nothing of the policy."""

_TOML_MEND: Final = "TOML writes key = value, strings in quotes, true and false in lower case."
_JSON_MEND: Final = (
    "JSON has double quotes, no comments, and no comma behind the last element;"
    " TOML has comments and may have one."
)
_OTHER_FORMATS: Final = {".yaml": "YAML", ".yml": "YAML", ".ini": "INI", ".cfg": "INI"}

_toml_place = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)").fullmatch


class _Format(NamedTuple):
    name: str
    parse: Callable[[str], Any]
    hint: str


def load_policy(path: str | PathLike[str]) -> CorsPolicy:
    """Read a policy from a file, TOML or JSON by its name, or by its first character.

    Raises `ConfigError` where `path` cannot be read as one, and `ConfigPolicyError`, a
    `PolicyError`, with every problem of what it holds.

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
        raise ConfigError(source, "It is a folder.", "Name the file in it.") from None
    except OSError as error:
        message = f"It cannot be read: {error.strerror or error}."
        raise ConfigError(source, message, "Check its permissions.") from error
    return parse_policy(content, source)


def parse_policy(content: bytes | str, source: str) -> CorsPolicy:
    """Read a policy from the content of a file; `source` names it in errors and tells the format.

    Where the name of `source` tells none, what begins with a brace is JSON, all else TOML. Raises
    what `load_policy` does.

    >>> parse_policy('{"allow_origins": ["https://app.example.com"]}', "<stdin>")
    CorsPolicy(allow_origins=['https://app.example.com'])
    """
    text = content if isinstance(content, str) else _decode(content, source)
    document = _parse(text, _find_format(text, source), source)
    try:
        return CorsPolicy.from_mapping(_find_arguments(document, source))
    except PolicyError as error:
        problems = [reword(problem, FILE) for problem in error.problems]
        raise ConfigPolicyError(source, problems) from None


def _decode(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8-sig")  # editors on Windows put a mark before the text
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise ConfigError(
            source, "It is not UTF-8.", "Save it as UTF-8.", line=line, column=column
        ) from None


def _find_format(text: str, source: str) -> _Format:
    suffix = Path(source).suffix.lower()
    if suffix in _OTHER_FORMATS:
        message = f"{_OTHER_FORMATS[suffix]} is not read."
        raise ConfigError(source, message, "Write the policy as TOML or JSON.")
    if suffix == ".json" or (suffix != ".toml" and text.lstrip().startswith("{")):
        return _Format("JSON", _parse_json, _JSON_MEND)
    return _Format("TOML", tomllib.loads, _TOML_MEND)


def _parse(text: str, form: _Format, source: str) -> Mapping[str, Any]:
    try:
        document = form.parse(text)
    except json.JSONDecodeError as error:
        message = f"It is not JSON: {error.msg}."
        raise ConfigError(
            source, message, form.hint, line=error.lineno, column=error.colno
        ) from None
    except tomllib.TOMLDecodeError as error:
        message, line, column = _read_toml_error(str(error), text)
        message = f"It is not TOML: {message}."
        raise ConfigError(source, message, form.hint, line=line, column=column) from None
    except _DoubleKeyError as error:
        message = f"It has the key {show(error.key)} twice."
        raise ConfigError(source, message, "Keep one of them.") from None
    except (ValueError, RecursionError) as error:
        message = f"It is no {form.name} that can be read: {error}."
        raise ConfigError(source, message, "Write the arguments of a policy.") from None
    if not isinstance(document, dict):
        kind = type(document).__name__
        message = f"It does not hold the arguments of a policy, but a {kind}."
        hint = 'Write them by name, such as {"allow_origins": ["https://app.example.com"]}.'
        raise ConfigError(source, message, hint)
    return document


class _DoubleKeyError(Exception):
    """A key that stands twice in one object: JSON's readers take the last, people the first."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _parse_json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_read_object)


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _DoubleKeyError(key)
        found[key] = value
    return found


def _read_toml_error(text: str, document: str) -> tuple[str, int, int]:
    # Before Python 3.14 the place stands in the message only.
    match = _toml_place(text)
    message, line, column = match.groups() if match else (text, None, None)
    if line is not None and column is not None:
        return message, int(line), int(column)
    lines = document.split("\n")
    return message, len(lines), len(lines[-1]) + 1


def _find_arguments(document: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    rest = _without_schema(document)
    tables = {"cors": rest.get("cors"), "tool.corekit": _find_tool(rest)}
    found = {name: table for name, table in tables.items() if isinstance(table, dict)}
    if not found:
        if Path(source).name == "pyproject.toml":
            message, hint = "It has no table [tool.corekit].", "Write the policy in one."
            raise ConfigError(source, message, hint)
        return rest
    places = [f"[{name}]" for name in found]
    if any(name in rest for name in argument_kinds()):
        places.insert(0, "the top of the file")
    if len(places) > 1:
        message = f"Arguments of a policy stand in {' and in '.join(places)}."
        raise ConfigError(source, message, "Keep one place, so that nobody has to guess.")
    return _without_schema(next(iter(found.values())))


def _without_schema(table: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in table.items() if name != _SCHEMA_KEY}


def _find_tool(document: Mapping[str, Any]) -> object:
    tool = document.get("tool")
    return tool.get("corekit") if isinstance(tool, dict) else None
