"""The options of flask-cors, read into policies: keywords, CORS_* keys, origins of every spelling.

What is granted is checked as every policy is. An option that is not known is an error, and so is a
value that asks for what corekit does not do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from corekit._origins import ANY, OriginPattern, is_serialized_origin
from corekit.compat import RegexCorsPolicy

__all__ = ["APP_OPTIONS", "VIEW_OPTIONS", "check_names", "make_policy", "read_config"]

_DEFAULTS: Final[Mapping[str, Any]] = {
    "origins": "*",
    "methods": ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"),
    "allow_headers": "*",
    "expose_headers": None,
    "supports_credentials": False,
    "max_age": None,
    "allow_private_network": False,
    "accept_risks": (),
}

# What flask-cors can also do, and why it is not done here. A value that asks for what is done
# anyway is taken; `send_wildcard` says only how the same grant is spelled.
_FIXED: Final[Mapping[str, tuple[frozenset[object], str]]] = {
    "send_wildcard": (frozenset({True, False}), ""),
    "vary_header": (frozenset({True}), "caches would hand one origin's answer to another"),
    "always_send": (frozenset({True}), "caches would keep an answer that has no headers"),
    "intercept_exceptions": (frozenset({True}), "the page could not read what went wrong"),
    "automatic_options": (frozenset({True, False}), ""),
}

VIEW_OPTIONS: Final = frozenset({*_DEFAULTS, *_FIXED} - {"intercept_exceptions"})
"""What `cross_origin` takes."""

APP_OPTIONS: Final = frozenset({*_DEFAULTS, *_FIXED, "resources"})
"""What `CORS` takes."""

_PREFIX: Final = "CORS_"
# With a star alone it is a pattern, or the try at one: as an expression its dots would match any
# character, and strangers with them.
_is_expression = re.compile(r"[\\\]?$^\[()+|{}]").search
_is_bracketed_address = re.compile(r"[a-z]+://\[[0-9a-f:.]+\](?::\d+)?/?", re.IGNORECASE).fullmatch
_ANY_EXPRESSIONS: Final = frozenset({ANY, ".*", r".*\Z", "^.*$"})


def check_names(where: str, options: Mapping[str, object], known: frozenset[str]) -> None:
    """Raise TypeError for an option that is not known, with the one that may have been meant."""
    for name in options:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = (
                f": did you mean {near[0]!r}?" if near else f": it takes {', '.join(sorted(known))}"
            )
            raise TypeError(f"{where} got an unknown option {name!r}{hint}")


def read_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Read the CORS_* keys of an application; raises TypeError for one that is not known."""
    given = {key: value for key, value in config.items() if key.startswith(_PREFIX)}
    check_names("app.config", given, frozenset(f"{_PREFIX}{name.upper()}" for name in APP_OPTIONS))
    return {key.removeprefix(_PREFIX).lower(): value for key, value in given.items()}


def make_policy(options: Mapping[str, Any]) -> RegexCorsPolicy:
    """Make a policy of options whose names are known.

    Raises `corekit.PolicyError` with every problem, and ValueError for a value that asks for what
    corekit does not do.

    >>> make_policy({"origins": "https://app.example.com", "methods": "PUT"}).allow_methods
    ('PUT',)
    """
    for name, (possible, reason) in _FIXED.items():
        if name in options and options[name] not in possible:
            raise ValueError(f"{name}={options[name]!r} cannot be had: {reason}")
    given = {**_DEFAULTS, **options}
    origins, expressions = _read_origins(given["origins"])
    headers = _split(given["allow_headers"])
    if isinstance(headers, list) and ANY in headers:
        # flask-cors names what was asked for, and so grants this too: a wildcard does not.
        headers = [*headers, "authorization"]
    methods = _split(given["methods"])
    if isinstance(methods, list):
        methods = [name.upper() if isinstance(name, str) else name for name in methods]
    return RegexCorsPolicy(
        allow_origins=origins,
        allow_origin_regexes=expressions,
        allow_credentials=given["supports_credentials"],
        allow_methods=methods,
        allow_headers=headers,
        expose_headers=_split(given["expose_headers"]),
        max_age=_read_seconds(given["max_age"]),
        allow_private_network=given["allow_private_network"],
        preflight_status=200,
        accept_risks=given["accept_risks"],
    )


def _read_origins(value: Any) -> tuple[Any, list[str | re.Pattern[str]]]:
    """Tell origins and patterns from regular expressions: flask-cors has them in one list."""
    if isinstance(value, str | re.Pattern):
        value = [value]
    if not isinstance(value, Iterable) or isinstance(value, bytes | Mapping):
        return value, []
    origins: list[Any] = []
    expressions: list[str | re.Pattern[str]] = []
    for item in value:
        text = item.pattern if isinstance(item, re.Pattern) else item
        if text in _ANY_EXPRESSIONS:
            origins.append(ANY)
        elif isinstance(item, re.Pattern) or _is_meant_as_expression(item):
            expressions.append(item)
        else:
            origins.append(item)
    return origins, expressions


def _is_meant_as_expression(item: object) -> bool:
    if not isinstance(item, str) or is_serialized_origin(item) or OriginPattern.parse(item):
        return False
    return _is_expression(item) is not None and _is_bracketed_address(item) is None


def _split(value: Any) -> Any:
    """Read what may be one name, several in one string, or a collection of names."""
    if value is None:
        return []
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    if isinstance(value, Iterable) and not isinstance(value, bytes | Mapping):
        return list(value)
    return value


def _read_seconds(value: Any) -> Any:
    is_number = isinstance(value, str) and value.isascii() and value.isdigit()
    return int(value) if is_number else value
