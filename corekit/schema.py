"""The JSON Schema of a policy file, with which editors complete, explain and check it.

It is built from the table of settings, the codes of the risks and the lists of forbidden names. A
schema cannot express every rule: whatever it rejects, `corekit.compat.build_policy` rejects too,
and whatever `build_policy` accepts, it accepts.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from ._names import (
    CORS_REQUEST_HEADERS,
    FORBIDDEN_METHODS,
    FORBIDDEN_REQUEST_HEADERS,
    FORBIDDEN_RESPONSE_HEADERS,
    REGISTERED_METHODS,
    REQUEST_ONLY_HEADERS,
    RESPONSE_ONLY_HEADERS,
)
from ._origins import ANY, DEFAULT_PORTS, OPAQUE, PAGELESS_SCHEMES
from ._validation import MAX_MAX_AGE
from .arguments import REGEXES, SETTINGS, ArgumentKind
from .problems import RISKS

__all__ = ["policy_schema"]

# Valid in ECMA-262 and in Python.
_WEB: Final = "|".join(sorted(DEFAULT_PORTS))
_NO_APPS: Final = "|".join(sorted(PAGELESS_SCHEMES.union(DEFAULT_PORTS)))
_IPV6: Final = r"\[[0-9a-f:]+\]"
_PORT: Final = r"(?::(?:[1-9][0-9]*|\*))?"
_ORIGIN: Final = (
    rf"^(?:\*|null|file://|(?:{_WEB})://(?:{_IPV6}|[a-z0-9_\-.*]+){_PORT}"
    rf"|(?!(?:{_NO_APPS}):)[a-z][a-z0-9+.\-]*://(?:{_IPV6}|[A-Za-z0-9_\-.~!$&'()*+;=]*){_PORT})$"
)
_TOKEN: Final = r"^(?:\*|[!#$%&'+\-.^_`|~0-9A-Za-z]+)$"  # noqa: S105 - of HTTP

_NOT_LISTED: Final = sorted(
    FORBIDDEN_REQUEST_HEADERS | CORS_REQUEST_HEADERS | RESPONSE_ONLY_HEADERS
)

_ITEMS: Final[dict[str, dict[str, Any]]] = {
    "allow_origins": {
        "description": "An origin as a browser sends it, or a pattern.",
        "pattern": _ORIGIN,
    },
    REGEXES: {
        "description": "A regular expression, as in Python.",
        "format": "regex",
        "minLength": 1,
    },
    "allow_methods": {
        "description": "A method in upper case, or * for any.",
        "pattern": _TOKEN,
        "not": {"enum": sorted(FORBIDDEN_METHODS.union(map(str.lower, REGISTERED_METHODS)))},
    },
    "allow_headers": {
        "description": "The name of a request header, or * for any.",
        "pattern": _TOKEN,
        "not": {"anyOf": [{"enum": _NOT_LISTED}, {"pattern": "^(?:[Pp]roxy|[Ss]ec)-"}]},
    },
    "expose_headers": {
        "description": "The name of a response header, or * for any.",
        "pattern": _TOKEN,
        "not": {"enum": sorted(FORBIDDEN_RESPONSE_HEADERS | REQUEST_ONLY_HEADERS)},
    },
    "accept_risks": {"description": "The code of a risk.", "enum": sorted(RISKS)},
}

_EXAMPLES: Final[dict[str, list[Any]]] = {
    "allow_origins": [
        ["https://app.example.com"],
        ["https://*.example.com", "http://localhost:*"],
        ["https://pr-*.example.com"],
        [ANY],
    ],
    REGEXES: [[r"https://pr-[0-9]+\.example\.com"], [r"https://(app|shop)\.example\.com"]],
    "allow_methods": [["PUT", "PATCH", "DELETE"], [ANY]],
    "allow_headers": [["content-type"], ["authorization", "content-type"], [ANY]],
    "expose_headers": [["x-request-id"], ["etag", "link"]],
    "max_age": [600, 7200],
    "preflight_status": [204, 200],
}

_KINDS: Final[dict[ArgumentKind, dict[str, Any]]] = {
    "strings": {"type": "array"},
    "flag": {"type": "boolean"},
    "seconds": {"type": ["integer", "null"], "minimum": 0, "maximum": MAX_MAX_AGE},
    "status": {"type": "integer", "minimum": 200, "maximum": 299},
}


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the settings of a policy, as a new dict.

    It describes the arguments: a whole file, or the table of a file that contains them.

    >>> schema = policy_schema()
    >>> schema["properties"]["max_age"]["maximum"], list(schema["properties"])[1:3]
    (86400, ['allow_origins', 'allow_origin_regexes'])
    """
    properties: dict[str, Any] = {
        "$schema": {"type": "string", "description": "The URL of this schema, for editors."}
    }
    for name, argument in SETTINGS.items():
        value: dict[str, Any] = {"description": argument.description, **_KINDS[argument.kind]}
        value["default"] = argument.default
        if argument.kind == "strings":
            value["default"] = list(argument.default)
            value["items"] = {"type": "string", **_ITEMS[name]}
        if name in _EXAMPLES:
            value["examples"] = _EXAMPLES[name]
        properties[name] = value
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "CORS policy for corekit",
        "description": "What a server grants to pages of other origins.",
        "type": "object",
        "properties": properties,
        "anyOf": [_has_items("allow_origins"), _has_items(REGEXES)],
        "additionalProperties": False,
        "allOf": [_ANY_ORIGIN_ALONE, _CREDENTIALS_NEED_NAMES, _OPAQUE_ORIGIN_IS_A_RISK],
    }
    return deepcopy(schema)  # callers may change theirs


def _has_items(name: str) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"minItems": 1}}}


def _has_origin(origin: str) -> dict[str, Any]:
    # `contains` is ignored for values that are not arrays, so the type is required here.
    origins = {"type": "array", "contains": {"const": origin}}
    return {"required": ["allow_origins"], "properties": {"allow_origins": origins}}


_ANY_ORIGIN_ALONE: Final[dict[str, Any]] = {
    "if": _has_origin(ANY),
    "then": {"properties": {"allow_origins": {"items": {"const": ANY}}}},
}

_CREDENTIALS_NEED_NAMES: Final[dict[str, Any]] = {
    "if": {"required": ["allow_credentials"], "properties": {"allow_credentials": {"const": True}}},
    "then": {
        "properties": {
            "allow_origins": {"items": {"not": {"enum": [ANY, OPAQUE]}}},
            "expose_headers": {"items": {"not": {"const": ANY}}},
        }
    },
}

_OPAQUE_ORIGIN_IS_A_RISK: Final[dict[str, Any]] = {
    "if": _has_origin(OPAQUE),
    "then": {
        "required": ["accept_risks"],
        "properties": {"accept_risks": {"contains": {"const": "opaque-origin"}}},
    },
}
