"""The arguments of a policy, declared once.

The constructor, validation, policy files, environment variables, the JSON Schema and the form of
the playground all read this table. A new argument is one row here, one rule, which is the
method of `corekit._validation.Reader` that `rule` names, and its place in the signature of
`CorsPolicy`, which a test compares with this table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, Literal, TypedDict

__all__ = [
    "ARGUMENTS",
    "REGEXES",
    "SETTINGS",
    "Argument",
    "ArgumentKind",
    "Grants",
    "Risk",
    "Risks",
    "Strings",
    "find_argument",
    "is_regex_argument",
]

ArgumentKind = Literal["strings", "flag", "seconds", "status", "choice"]

Strings = list[str] | tuple[str, ...] | AbstractSet[str]
"""A collection of strings that a single string does not pass for."""

Risk = Literal["any-extension", "insecure-origin", "opaque-origin", "opaque-regex", "public-suffix"]
Risks = Collection[Risk]
"""The risks that an operator may accept; `corekit.problems.RISKS` at run time."""


class Grants(TypedDict, total=False):
    """The arguments of a `corekit.CorsPolicy`, for a function that takes them too."""

    allow_origins: Strings
    allow_credentials: bool
    allow_methods: Strings
    allow_headers: Strings
    expose_headers: Strings
    max_age: int | timedelta | None
    allow_private_network: bool
    preflight_status: int
    accept_risks: Risks


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a policy.

    `rule` names the method that validates it. `description` is plain text, for the schema and for
    editors. `aliases` are what other libraries call it. `kind` is the type of its value; a choice
    is one of `choices`.
    """

    name: str
    rule: str
    description: str
    aliases: tuple[str, ...] = ()
    kind: ArgumentKind = "strings"
    default: Any = ()
    choices: tuple[str, ...] = ()


_ROWS: Final = (
    Argument(
        "allow_origins",
        "read_origins",
        """Origins whose pages may read the responses, as a browser sends them, and patterns:
"https://app.example.com"   exactly this origin
"https://*.example.com"     one or more labels below it, not example.com itself
"https://pr-*.example.com"  one label that begins with pr-, such as pr-17
"http://localhost:*"        any port, or none
"capacitor://localhost"     exactly this origin; custom schemes are allowed
"null"                      opaque origins: a risk, never with credentials
"*"                         any origin: alone, never with credentials""",
        aliases=("origins",),
    ),
    Argument(
        "allow_credentials",
        "read_flag",
        "Whether pages may read responses to requests with credentials: cookies, TLS client"
        " certificates and HTTP authentication.",
        aliases=("credentials", "supports_credentials"),
        kind="flag",
        default=False,
    ),
    Argument(
        "allow_methods",
        "read_methods",
        "Methods in addition to GET, HEAD and POST, which are always allowed; * for any method."
        " Method names are case-sensitive.",
        aliases=("methods",),
    ),
    Argument(
        "allow_headers",
        "read_request_headers",
        "Request headers that pages may set in addition to the safelisted ones; * for any header."
        " Without credentials, * does not cover authorization: list it as well.",
        aliases=("headers",),
    ),
    Argument(
        "expose_headers",
        "read_exposed_headers",
        "Response headers that pages may read in addition to the safelisted ones; * for any header,"
        " only without credentials.",
    ),
    Argument(
        "max_age",
        "read_max_age",
        "How many seconds (0 to 86400) browsers may cache a preflight response. By default browsers"
        " use 5 seconds. Chromium caches for at most 7200 seconds, WebKit for 600.",
        kind="seconds",
        default=None,
    ),
    Argument(
        "allow_private_network",
        "read_flag",
        "Whether to answer the legacy header Access-Control-Request-Private-Network.",
        kind="flag",
        default=False,
    ),
    Argument(
        "preflight_status",
        "read_status",
        "The status of a successful preflight response, 200 to 299.",
        kind="status",
        default=204,
    ),
    Argument(
        "accept_risks",
        "read_accepted_risks",
        "Codes of the risks that the operator accepts: insecure-origin (http with credentials),"
        " opaque-origin (null), public-suffix (subdomains of one, with credentials).",
    ),
)

ARGUMENTS: Final[Mapping[str, Argument]] = MappingProxyType({row.name: row for row in _ROWS})
"""Every argument of a policy by its name, in the order of the constructor."""


REGEXES: Final = "allow_origin_regexes"
"""The further argument of `corekit.compat.RegexCorsPolicy`."""

_REGEX_ROW: Final = Argument(
    REGEXES,
    "read_origin_regexes",
    "Regular expressions of origins; each has to match the whole origin. A pattern is easier to"
    " read.",
)

SETTINGS: Final[Mapping[str, Argument]] = MappingProxyType(
    {row.name: row for row in (_ROWS[0], _REGEX_ROW, *_ROWS[1:])}
)
"""Every setting of a file or of the environment: the arguments, with regular expressions."""


_REGEX_ALIASES: Final = frozenset({"origin_regex", "origin_regexes", "origins_regex"})


def is_regex_argument(name: str) -> bool:
    """Return whether other libraries take regular expressions of origins under this name.

    >>> is_regex_argument("allow_origin_regex"), is_regex_argument("allow_origins")
    (True, False)
    """
    return _plain(name).removeprefix("allow_") in _REGEX_ALIASES


def find_argument(name: str, known: Iterable[str] = ARGUMENTS) -> str | None:
    """Return the argument in `known` that a misspelled or foreign name probably means, or None.

    >>> find_argument("allow_origin"), find_argument("supports_credentials"), find_argument("x")
    ('allow_origins', 'allow_credentials', None)
    """
    from difflib import get_close_matches  # noqa: PLC0415 - only if there is a typo

    plain, names = _plain(name), list(known)
    if REGEXES in names and is_regex_argument(name):
        return REGEXES
    for row in known.values() if isinstance(known, Mapping) else _ROWS:
        if plain in row.aliases and row.name in names:
            return str(row.name)
    return next(iter(get_close_matches(plain, names)), None)


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
