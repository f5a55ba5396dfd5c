"""The JSON Schema of a policy file: the schema of a policy, and what only files have."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from corekit import schema
from corekit.guard.schema import guard_schema


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a policy file, as a new dict.

    It describes a whole file, or the table of a file that contains the policy: the arguments of a
    policy, or routes with the arguments of each, and those of a guard.

    >>> properties = policy_schema()["properties"]
    >>> list(properties)[-3:], properties["routes"]["items"]["required"]
    (['accept', 'routes', 'guard'], ['path'])
    """
    from corekit.lint import CODES  # noqa: PLC0415 - only the schema needs all codes

    found = schema.policy_schema()
    found["properties"]["accept"] = {
        "description": "Codes of advice that corekit check leaves out.",
        "type": "array",
        "items": {"description": "The code of an advice.", "enum": sorted(CODES)},
        "default": [],
        "examples": [["development-origin"]],
    }
    route = {name: found.pop(name) for name in ("type", "anyOf", "allOf")}
    policy = deepcopy(route)
    path = {
        "description": "The path that the policy covers; with a slash at its end, all below it.",
        "type": "string",
        "pattern": "^/",
        "examples": ["/api/", "/health"],
    }
    arguments = {name: each for name, each in found["properties"].items() if name != "$schema"}
    route |= {
        "properties": {"path": path, **deepcopy(arguments)},
        "required": ["path"],
        "additionalProperties": False,
    }
    found["properties"]["routes"] = {
        "description": "Policies by path, instead of one policy: the first match wins.",
        "type": "array",
        "minItems": 1,
        "items": route,
    }
    found["properties"]["guard"] = guard_schema()
    of_routes = {"propertyNames": {"enum": ["$schema", "accept", "routes", "guard"]}}
    # The policy of a guard alone allows no origins.
    alone = {"required": ["guard"], "propertyNames": {"enum": ["$schema", "accept", "guard"]}}
    return {
        **found,
        "type": "object",
        "if": {"required": ["routes"]},
        "then": of_routes,
        "else": {**policy, "anyOf": [*policy["anyOf"], alone]},
    }
