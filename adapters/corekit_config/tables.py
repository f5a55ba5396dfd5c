"""Tables of a document: which one has the policy, and whether any has one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from corekit.arguments import SETTINGS
from corekit.guard import GUARD_ARGUMENTS

from .documents import Document
from .errors import ConfigError
from .places import Path as Keys

ROUTES: Final = "routes"
GUARD: Final = "guard"

_SCHEMA_KEY: Final = "$schema"
"""Where editors look for the JSON Schema; not part of the policy."""

_GUARD_NAMES: Final = GUARD_ARGUMENTS.keys()


def holds_policy(document: Document) -> bool:
    """Return whether a document has any setting of a policy, so that it is meant as one.

    >>> from corekit_config.documents import parse_document
    >>> holds_policy(parse_document('name = "shop"', "package.toml"))
    False
    """
    return any(
        name in SETTINGS or str(name).startswith(("allow_", "expose_"))
        for table in (document.data, *_find_tables(document.data).values())
        for each in (table, *as_tables(table.get(ROUTES)))
        for name in each
    )


def find_table(document: Document) -> tuple[Keys, Mapping[str, Any]]:
    """Return the keys of the table that has the policy, and the table.

    Raises `ConfigError` if it is missing, or if there are several.
    """
    rest, found = _without_schema(document.data), _find_tables(document.data)
    source = document.source
    if not found:
        if Path(source).name == "pyproject.toml":
            message, hint = "There is no table [tool.corekit].", "Add one with the policy."
            raise ConfigError(source, message, hint)
        return (), rest
    places = [f"[{'.'.join(map(str, keys))}]" for keys in found]
    if any(name in rest for name in (*SETTINGS, ROUTES)):
        places.insert(0, "the top level")
    if len(places) > 1:
        message = f"There are arguments of a policy in {' and in '.join(places)}."
        raise ConfigError(source, message, "Keep them in one place.")
    keys, table = next(iter(found.items()))
    misplaced = rest.get(GUARD)
    if GUARD not in table and isinstance(misplaced, dict) and misplaced.keys() <= _GUARD_NAMES:
        message = f"The table [{GUARD}] is not next to the policy, which is in {places[0]}."
        raise ConfigError(source, message, f"Name it [{'.'.join(map(str, (*keys, GUARD)))}].")
    return keys, _without_schema(table)


def _find_tables(data: Mapping[str, Any]) -> dict[Keys, Mapping[str, Any]]:
    tool = data.get("tool")
    inner = tool.get("corekit") if isinstance(tool, dict) else None
    tables: dict[Keys, Any] = {("cors",): data.get("cors"), ("tool", "corekit"): inner}
    return {keys: table for keys, table in tables.items() if isinstance(table, dict)}


def as_tables(value: Any) -> list[Mapping[str, Any]]:
    """Return the tables in a list, nothing for any other value."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _without_schema(table: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in table.items() if name != _SCHEMA_KEY}
