"""The JSON Schema of a policy file, by which editors complete, explain and check it.

It is made out of the core: the arguments, their defaults and what their documentation says, the
codes of the risks, the names that are forbidden. A schema cannot say every rule: what it refuses
the core refuses too, and what the core takes the schema takes, but the core has the last word.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from corekit._names import (
    CORS_REQUEST_HEADERS,
    FORBIDDEN_METHODS,
    FORBIDDEN_REQUEST_HEADERS,
    FORBIDDEN_RESPONSE_HEADERS,
    REGISTERED_METHODS,
    REQUEST_ONLY_HEADERS,
    RESPONSE_ONLY_HEADERS,
)
from corekit._origins import ANY, OPAQUE, PAGELESS_SCHEMES
from corekit._validation import MAX_MAX_AGE
from corekit.problems import RISKS

from .arguments import Kind, argument_defaults, argument_kinds, describe_arguments

__all__ = ["policy_schema"]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

# Regular expressions of ECMA-262, and of Python too.
_NO_PAGES: Final = "|".join(sorted(PAGELESS_SCHEMES))
_ORIGIN: Final = (
    rf"^(?:\*|null|(?!(?:{_NO_PAGES}):)[a-z][a-z0-9+.\-]*://"
    r"(?:\[[0-9a-f:]+\]|[a-z0-9_\-.~!$&'()*+;=]+)(?::(?:[1-9][0-9]*|\*))?)$"
)
_TOKEN: Final = r"^(?:\*|[!#$%&'+\-.^_`|~0-9A-Za-z]+)$"  # noqa: S105 - of HTTP

_ITEMS: Final[dict[str, dict[str, Any]]] = {
    "allow_origins": {
        "description": "An origin as a browser sends it, or a pattern.",
        "pattern": _ORIGIN,
    },
    "allow_methods": {
        "description": "A method in upper case, or * for any.",
        "pattern": _TOKEN,
        "not": {
            "enum": sorted(FORBIDDEN_METHODS | {method.lower() for method in REGISTERED_METHODS})
        },
    },
    "allow_headers": {
        "description": "The name of a request header, or * for any.",
        "pattern": _TOKEN,
        "not": {
            "anyOf": [
                {
                    "enum": sorted(
                        FORBIDDEN_REQUEST_HEADERS | CORS_REQUEST_HEADERS | RESPONSE_ONLY_HEADERS
                    )
                },
                {"pattern": "^(?:[Pp]roxy|[Ss]ec)-"},
            ]
        },
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
    "allow_methods": [["PUT", "PATCH", "DELETE"], [ANY]],
    "allow_headers": [["content-type"], ["authorization", "content-type"], [ANY]],
    "expose_headers": [["x-request-id"], ["etag", "link"]],
    "max_age": [600, 7200],
    "preflight_status": [204, 200],
}

_DESCRIPTIONS: Final = {
    "max_age": (
        f"How many seconds (0 to {MAX_MAX_AGE}) a browser may keep the answer to a preflight."
        " Left out, it is the browser's default of 5 seconds. Chromium keeps it for 7200 seconds"
        " at most, WebKit for 600."
    ),
}
"""Where the documentation of the argument speaks of Python's types."""

_KINDS: Final[dict[Kind, dict[str, Any]]] = {
    Kind.STRINGS: {"type": "array"},
    Kind.FLAG: {"type": "boolean"},
    Kind.SECONDS: {"type": ["integer", "null"], "minimum": 0, "maximum": MAX_MAX_AGE},
    Kind.STATUS: {"type": "integer", "minimum": 200, "maximum": 299},
}


def policy_schema() -> dict[str, Any]:
    """Make the JSON Schema (2020-12) of what `CorsPolicy.from_mapping` takes, as a new dict.

    It describes the arguments themselves: a file, or the table of one that holds them.

    >>> schema = policy_schema()
    >>> schema["properties"]["max_age"]["maximum"], schema["required"]
    (86400, ['allow_origins'])
    """
    kinds, defaults = argument_kinds(), argument_defaults()
    texts = {**describe_arguments(), **_DESCRIPTIONS}
    properties: dict[str, Any] = {
        "$schema": {"type": "string", "description": "Where this schema is; for editors."}
    }
    value: dict[str, Any]
    for name, kind in kinds.items():
        # With -OO Python strips the documentation that the texts are taken from.
        value = {"description": texts[name]} if name in texts else {}
        value |= _KINDS[kind]
        if kind is Kind.STRINGS:
            value["items"] = {"type": "string", **_ITEMS[name]}
        if name == "allow_origins":
            value["minItems"] = 1
        else:
            value["default"] = defaults[name]
        if name in _EXAMPLES:
            value["examples"] = _EXAMPLES[name]
        properties[name] = value
    schema = {
        "$schema": _DIALECT,
        "title": "CORS policy of corekit",
        "description": "What a server grants to pages of other origins.",
        "type": "object",
        "properties": properties,
        "required": ["allow_origins"],
        "additionalProperties": False,
        "allOf": [_ANY_ORIGIN_STANDS_ALONE, _CREDENTIALS_NEED_NAMES, _NULL_IS_ACCEPTED],
    }
    return deepcopy(schema)  # it shares nothing with the next one


def _has_origin(origin: str) -> dict[str, Any]:
    # Without a type of array `contains` says nothing, and every other value would have the origin.
    origins = {"type": "array", "contains": {"const": origin}}
    return {"required": ["allow_origins"], "properties": {"allow_origins": origins}}


_ANY_ORIGIN_STANDS_ALONE: Final[dict[str, Any]] = {
    "if": _has_origin(ANY),
    "then": {"properties": {"allow_origins": {"items": {"const": ANY}}}},
}

_CREDENTIALS_NEED_NAMES: Final[dict[str, Any]] = {
    "if": {
        "required": ["allow_credentials"],
        "properties": {"allow_credentials": {"const": True}},
    },
    "then": {
        "properties": {
            "allow_origins": {"items": {"not": {"enum": [ANY, OPAQUE]}}},
            "expose_headers": {"items": {"not": {"const": ANY}}},
        }
    },
}

_NULL_IS_ACCEPTED: Final[dict[str, Any]] = {
    "if": _has_origin(OPAQUE),
    "then": {
        "required": ["accept_risks"],
        "properties": {"accept_risks": {"contains": {"const": "opaque-origin"}}},
    },
}
