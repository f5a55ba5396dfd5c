"""The JSON Schema of the arguments of a guard: see `corekit.schema`.

It cannot express every rule: whatever it rejects, `CrossOriginGuard.from_mapping` rejects too, and
whatever that accepts, it accepts.
"""

from __future__ import annotations

from typing import Any, Final

from .arguments import GUARD_ARGUMENTS

__all__ = ["guard_schema"]

# Valid in ECMA-262 and in Python.
_ADDRESS: Final = r"\[[0-9a-f:.]+\]"
_PORT: Final = r"(?::[1-9][0-9]*)?"

_ITEMS: Final[dict[str, dict[str, Any]]] = {
    "hosts": {
        "description": "A name of the server, as in Host, or *. and a name for all names below it.",
        "pattern": rf"^(?:{_ADDRESS}|(?:\*\.)?[a-z0-9_\-.]+|127\.\*\.\*\.\*){_PORT}$",
    },
    "own_origins": {
        "description": "An origin as a browser sends it.",
        "pattern": rf"^https?://(?:{_ADDRESS}|[a-z0-9_\-.]+){_PORT}$",
    },
    "exempt": {
        "description": "A path; with a slash at its end, also everything below it.",
        "pattern": r"^/[^{}<>*?#%]+$",
    },
}

_EXAMPLES: Final[dict[str, list[Any]]] = {
    "hosts": [["api.example.com"], ["localhost:8000", "*.example.com"]],
    "own_origins": [["https://example.com"]],
    "exempt": [["/saml/acs", "/webhooks/"]],
}


def guard_schema() -> dict[str, Any]:
    """Return the JSON Schema of the arguments of a guard other than its policy, as a new dict.

    >>> guard_schema()["properties"]["mode"]["enum"]
    ['enforce', 'report']
    """
    properties: dict[str, Any] = {}
    for name, argument in GUARD_ARGUMENTS.items():
        value: dict[str, Any] = {"description": argument.description}
        if argument.kind == "choice":
            value |= {"enum": list(argument.choices), "default": argument.default}
        else:
            value |= {
                "type": "array" if argument.default is not None else ["array", "null"],
                "items": {"type": "string", **_ITEMS[name]},
                "default": None if argument.default is None else list(argument.default),
                "examples": [list(each) for each in _EXAMPLES[name]],
            }
        if name == "hosts":
            value["minItems"] = 1
        properties[name] = value
    return {
        "description": "Which pages may write and open WebSockets, and the names of the server.",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
