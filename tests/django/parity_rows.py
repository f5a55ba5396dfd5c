"""The requests that test_parity_table sends to django-cors-headers and to corekit_django.

Unless a row names differences, both respond alike. A difference is the beginning of a row in
docs/migrating-from-django-cors-headers.md, which has the reason.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from tests.django.layers import APP, EVIL, PREVIEW

ALLOW: Final = "access-control-allow-"


class Difference(NamedTuple):
    """The beginning of a row of the guide, and what differs in the response."""

    guide: str
    changes: frozenset[str]


class Row(NamedTuple):
    name: str
    settings: dict[str, Any]
    method: str
    headers: dict[str, str]
    differences: tuple[Difference, ...] = ()
    path: str = "/plain/"
    script_name: str = ""


def different(guide: str, *changes: str) -> tuple[Difference, ...]:
    return (Difference(guide, frozenset(changes)),)


STATUS: Final = {"CORS_PREFLIGHT_STATUS": 200}
LISTED: Final = {**STATUS, "CORS_ALLOWED_ORIGINS": ["http://localhost:3000", APP]}
CREDENTIALS: Final = {**LISTED, "CORS_ALLOW_CREDENTIALS": True}
EVERYONE: Final = {**STATUS, "CORS_ALLOW_ALL_ORIGINS": True}
PRIVATE: Final = {**LISTED, "CORS_ALLOW_PRIVATE_NETWORK": True}
PREVIEWS: Final = r"^https://pr-\d+\.example\.com$"
REGEXES: Final = {
    **STATUS,
    "CORS_ALLOWED_ORIGIN_REGEXES": [PREVIEWS, r"^https://(\w+\.)?example\.com$"],
}
RISK: Final = {**STATUS, "CORS_ACCEPT_RISKS": ["opaque-origin"]}
UNSAFE: Final = {**EVERYONE, "CORS_ALLOW_CREDENTIALS": True}

PREFLIGHT: Final = {"Access_Control_Request_Method": "PUT"}
ASKED: Final = {"Origin": APP, **PREFLIGHT}
DENIED_ASKED: Final = {"Origin": EVIL, **PREFLIGHT}
HEADER: Final = {"Access_Control_Request_Headers": "x-b"}
NETWORK: Final = {"Access_Control_Request_Private_Network": "true"}

REJECTED: Final = different("`CORS_ALLOW_ALL_ORIGINS` with `CORS_ALLOW_CREDENTIALS`", "rejected")
OPAQUE: Final = different("`null`, `file://`", "rejected")
NO_VARY: Final = different("all origins allowed", "vary")
ALWAYS: Final = different("all origins allowed", "vary", f"{ALLOW}origin")
EXPOSED: Final = different(
    "`accept`, `set-cookie`, ... in `CORS_EXPOSE_HEADERS`", "access-control-expose-headers"
)
GRANTED: Final = different("preflight from an allowed origin", "status", "content-length")
DENIED: Final = different("preflight from any other origin", "status", "content-length")
METHODS: Final = different("GET, HEAD and POST", f"{ALLOW}methods")
ANY_METHOD: Final = {"CORS_ALLOW_METHODS": ["*"]}
ANY_HEADER: Final = {"CORS_ALLOW_HEADERS": ["*"]}
WILDCARD: Final = "`*` in `CORS_ALLOW_METHODS` or `CORS_ALLOW_HEADERS`"
MAX_AGE_0: Final = different("`CORS_PREFLIGHT_MAX_AGE = 0`", "access-control-max-age")
USELESS: Final = (
    "`origin`, `dnt`, `access-control-allow-origin`, ... in `CORS_ALLOW_HEADERS`, `TRACE`"
)
VARY: Final = different("preflight, with `CORS_ALLOW_PRIVATE_NETWORK`", "vary")
OPTIONS: Final = different(
    "OPTIONS from an allowed origin that is not a preflight",
    f"{ALLOW}headers",
    f"{ALLOW}methods",
    "access-control-max-age",
)

ACTUAL: Final = [
    Row("no origin", LISTED, "GET", {}),
    Row("no origin, no settings", STATUS, "GET", {}),
    Row("listed", LISTED, "GET", {"Origin": APP}),
    Row("not listed", LISTED, "GET", {"Origin": EVIL}),
    Row("another scheme", LISTED, "GET", {"Origin": "http://app.example.com"}),
    Row("a safer scheme", LISTED, "GET", {"Origin": "https://localhost:3000"}),
    Row("another port", LISTED, "GET", {"Origin": f"{APP}:8443"}),
    Row("suffix", LISTED, "GET", {"Origin": f"{APP}.evil.example"}),
    Row("a subdomain", LISTED, "GET", {"Origin": "https://www.app.example.com"}),
    Row("upper case", LISTED, "GET", {"Origin": "https://APP.example.com"}),
    Row("null", LISTED, "GET", {"Origin": "null"}),
    Row("empty", LISTED, "GET", {"Origin": ""}),
    Row("malformed", LISTED, "GET", {"Origin": "https://example.com]"}),
    Row("malformed, no settings", STATUS, "GET", {"Origin": "https://example.com]"}),
    Row(
        "a path",
        LISTED,
        "GET",
        {"Origin": f"{APP}/x"},
        different("`Origin: https://app.example.com/path`", f"{ALLOW}origin"),
    ),
    Row(
        "a file, listed",
        {**RISK, "CORS_ALLOWED_ORIGINS": ["file://"]},
        "GET",
        {"Origin": "file://"},
    ),
    Row("null, listed", {**RISK, "CORS_ALLOWED_ORIGINS": [APP, "null"]}, "GET", {"Origin": "null"}),
    Row(
        "a file, a risk",
        {**STATUS, "CORS_ALLOWED_ORIGINS": [APP, "file://"]},
        "GET",
        {"Origin": "file://"},
        OPAQUE,
    ),
    Row(
        "null, a risk",
        {**STATUS, "CORS_ALLOWED_ORIGINS": [APP, "null"]},
        "GET",
        {"Origin": "null"},
        OPAQUE,
    ),
    Row("post", LISTED, "POST", {"Origin": APP}),
    Row("head", LISTED, "HEAD", {"Origin": APP}),
    Row("delete", LISTED, "DELETE", {"Origin": APP}),
    Row("error 401", CREDENTIALS, "GET", {"Origin": APP}, path="/login/"),
    Row("error 404", LISTED, "GET", {"Origin": APP}, path="/missing/"),
    Row("error 500", LISTED, "GET", {"Origin": APP}, path="/error/"),
    Row("credentials", CREDENTIALS, "GET", {"Origin": APP}),
    Row("credentials, not listed", CREDENTIALS, "GET", {"Origin": EVIL}),
    Row("exposed", {**LISTED, "CORS_EXPOSE_HEADERS": ["x-a", "x-b"]}, "GET", {"Origin": APP}),
    Row(
        "exposed request headers",
        {**EVERYONE, "CORS_EXPOSE_HEADERS": ["accept", "content-type"]},
        "GET",
        {"Origin": APP},
        EXPOSED + NO_VARY,
    ),
    Row("exposed wildcard", {**LISTED, "CORS_EXPOSE_HEADERS": ["*"]}, "GET", {"Origin": APP}),
    Row(
        "exposed wildcard, credentials",
        {**CREDENTIALS, "CORS_EXPOSE_HEADERS": ["*"]},
        "GET",
        {"Origin": APP},
        different("`*` in `CORS_EXPOSE_HEADERS`, with credentials", "rejected"),
    ),
    Row("regex", REGEXES, "GET", {"Origin": APP}),
    Row("regex, the domain", REGEXES, "GET", {"Origin": "https://example.com"}),
    Row("regex, two labels", REGEXES, "GET", {"Origin": "https://a.b.example.com"}),
    Row("regex, another scheme", REGEXES, "GET", {"Origin": "http://app.example.com"}),
    Row("regex, a port", REGEXES, "GET", {"Origin": f"{APP}:8443"}),
    Row(
        "regex of anything",
        {**STATUS, "CORS_ORIGIN_REGEX_WHITELIST": [".*"]},
        "GET",
        {"Origin": APP},
        different("a regular expression that also matches `null`", "rejected"),
    ),
    Row(
        "regex of nothing",
        {**STATUS, "CORS_ALLOWED_ORIGIN_REGEXES": [re.compile("a")]},
        "GET",
        {"Origin": APP},
        different("a regular expression that matches no origin", "rejected"),
    ),
    Row("everyone", EVERYONE, "GET", {"Origin": EVIL}, NO_VARY),
    Row("everyone, a list too", {**LISTED, **EVERYONE}, "GET", {"Origin": EVIL}, NO_VARY),
    Row("everyone, null", EVERYONE, "GET", {"Origin": "null"}, NO_VARY),
    Row("everyone, a file", EVERYONE, "GET", {"Origin": "file://"}, NO_VARY),
    Row("everyone, no origin", EVERYONE, "GET", {}, ALWAYS),
    Row("everyone, malformed", EVERYONE, "GET", {"Origin": "https://example.com]"}, ALWAYS),
    Row("everyone, empty", EVERYONE, "GET", {"Origin": ""}, ALWAYS),
    Row("everyone, credentials", UNSAFE, "GET", {"Origin": EVIL}, REJECTED),
    Row("everyone, credentials, error 401", UNSAFE, "GET", {"Origin": EVIL}, REJECTED, "/login/"),
    Row("a method, not OPTIONS", CREDENTIALS, "GET", ASKED),
    Row("outside", {**LISTED, "CORS_URLS_REGEX": "^/api/$"}, "GET", {"Origin": APP}),
    Row("inside", {**LISTED, "CORS_URLS_REGEX": "^/pl"}, "GET", {"Origin": APP}),
    Row(
        "inside, below a prefix",
        {**LISTED, "CORS_URLS_REGEX": "^/plain/$"},
        "GET",
        {"Origin": APP},
        script_name="/prefix/",
    ),
    Row("private network, not asked", PRIVATE, "GET", {"Origin": APP}),
    Row("private network, not listed", PRIVATE, "GET", {"Origin": EVIL, **NETWORK}),
    Row("private network, not set", LISTED, "GET", {"Origin": APP, **NETWORK}),
    Row(
        "private network, GET",
        PRIVATE,
        "GET",
        {"Origin": APP, **NETWORK},
        different("`Access-Control-Allow-Private-Network`", f"{ALLOW}private-network"),
    ),
    Row("old name of origins", {**STATUS, "CORS_ORIGIN_WHITELIST": [APP]}, "GET", {"Origin": APP}),
    Row(
        "old name of origins, both",
        {**LISTED, "CORS_ORIGIN_WHITELIST": [EVIL]},
        "GET",
        {"Origin": EVIL},
    ),
    Row(
        "old name of regexes",
        {**STATUS, "CORS_ORIGIN_REGEX_WHITELIST": [PREVIEWS]},
        "GET",
        {"Origin": PREVIEW},
    ),
    Row(
        "old name of regexes, both",
        {**REGEXES, "CORS_ORIGIN_REGEX_WHITELIST": [r"^https://evil\.example$"]},
        "GET",
        {"Origin": EVIL},
    ),
    Row(
        "old name of all origins",
        {**STATUS, "CORS_ORIGIN_ALLOW_ALL": True},
        "GET",
        {"Origin": EVIL},
        NO_VARY,
    ),
    Row(
        "old name of all origins, both",
        {**STATUS, "CORS_ALLOW_ALL_ORIGINS": False, "CORS_ORIGIN_ALLOW_ALL": True},
        "GET",
        {"Origin": EVIL},
    ),
]

ASKED_OPTIONS: Final = [
    Row("preflight", LISTED, "OPTIONS", ASKED),
    Row("preflight, a port", LISTED, "OPTIONS", {**ASKED, "Origin": "http://localhost:3000"}),
    Row("preflight, status", {"CORS_ALLOWED_ORIGINS": [APP]}, "OPTIONS", ASKED, GRANTED),
    Row("preflight, not listed", LISTED, "OPTIONS", DENIED_ASKED, DENIED),
    Row("preflight, null", LISTED, "OPTIONS", {**PREFLIGHT, "Origin": "null"}, DENIED),
    Row("preflight, any path", LISTED, "OPTIONS", ASKED, path="/missing/"),
    Row("preflight, login", CREDENTIALS, "OPTIONS", ASKED, path="/login/"),
    Row("preflight, no settings", STATUS, "OPTIONS", ASKED, DENIED),
    Row(
        "preflight, empty method",
        STATUS,
        "OPTIONS",
        {"Origin": APP, "Access_Control_Request_Method": ""},
        DENIED,
    ),
    Row(
        "preflight, empty method, listed",
        LISTED,
        "OPTIONS",
        {"Origin": APP, "Access_Control_Request_Method": ""},
    ),
    Row("preflight, regex", REGEXES, "OPTIONS", {**PREFLIGHT, "Origin": PREVIEW}),
    Row("preflight, second regex", REGEXES, "OPTIONS", ASKED),
    Row("preflight, no regex matches", REGEXES, "OPTIONS", DENIED_ASKED, DENIED),
    Row("preflight, credentials", CREDENTIALS, "OPTIONS", ASKED),
    Row("preflight, max-age", {**LISTED, "CORS_PREFLIGHT_MAX_AGE": 1002}, "OPTIONS", ASKED),
    Row(
        "preflight, max-age of 0",
        {**LISTED, "CORS_PREFLIGHT_MAX_AGE": 0},
        "OPTIONS",
        ASKED,
        MAX_AGE_0,
    ),
    Row(
        "preflight, max-age of a week",
        {**LISTED, "CORS_PREFLIGHT_MAX_AGE": 604_800},
        "OPTIONS",
        ASKED,
        different("`CORS_PREFLIGHT_MAX_AGE` above 86400", "access-control-max-age"),
    ),
    Row("preflight, methods", {**LISTED, "CORS_ALLOW_METHODS": ["PUT"]}, "OPTIONS", ASKED, METHODS),
    Row(
        "preflight, headers",
        {**LISTED, "CORS_ALLOW_HEADERS": ["x-a", "X-B"]},
        "OPTIONS",
        {**ASKED, **HEADER},
    ),
    Row(
        "preflight, headers that scripts cannot set",
        {**LISTED, "CORS_ALLOW_HEADERS": ["x-a", "dnt"]},
        "OPTIONS",
        ASKED,
        different(USELESS, f"{ALLOW}headers"),
    ),
    Row(
        "preflight, a method that scripts cannot send",
        {**LISTED, "CORS_ALLOW_METHODS": ["GET", "POST", "TRACE"]},
        "OPTIONS",
        ASKED,
        different(USELESS, f"{ALLOW}methods"),
    ),
    Row(
        "preflight, any method",
        {**LISTED, **ANY_METHOD},
        "OPTIONS",
        ASKED,
        different(WILDCARD, f"{ALLOW}methods"),
    ),
    Row(
        "preflight, any method, credentials",
        {**CREDENTIALS, **ANY_METHOD},
        "OPTIONS",
        ASKED,
        different(WILDCARD, f"{ALLOW}methods", "vary"),
    ),
    Row("preflight, any header", {**LISTED, **ANY_HEADER}, "OPTIONS", {**ASKED, **HEADER}),
    Row(
        "preflight, any header, credentials",
        {**CREDENTIALS, **ANY_HEADER},
        "OPTIONS",
        {**ASKED, **HEADER},
        different(WILDCARD, f"{ALLOW}headers", "vary"),
    ),
    Row("everyone, preflight", EVERYONE, "OPTIONS", DENIED_ASKED, NO_VARY),
    Row("everyone, credentials, preflight", UNSAFE, "OPTIONS", ASKED, REJECTED),
    Row("everyone, credentials, preflight, login", UNSAFE, "OPTIONS", ASKED, REJECTED, "/login/"),
    *(
        Row(
            f"everyone, preflight, all lists, max-age of {max_age}",
            {
                **EVERYONE,
                "CORS_ALLOW_HEADERS": ["content-type"],
                "CORS_ALLOW_METHODS": ["GET", "OPTIONS"],
                "CORS_PREFLIGHT_MAX_AGE": max_age,
            },
            "OPTIONS",
            {"Origin": APP, "Access_Control_Request_Method": "GET"},
            METHODS + NO_VARY + extra,
        )
        for max_age, extra in ((1002, ()), (0, MAX_AGE_0))
    ),
    Row("OPTIONS, no origin", LISTED, "OPTIONS", {}),
    Row("OPTIONS, no settings", STATUS, "OPTIONS", {}),
    Row("OPTIONS, not listed", LISTED, "OPTIONS", {"Origin": EVIL}),
    Row("OPTIONS, listed", LISTED, "OPTIONS", {"Origin": APP}, OPTIONS),
    Row(
        "OPTIONS, no origin, a method",
        LISTED,
        "OPTIONS",
        PREFLIGHT,
        different(
            "OPTIONS with `Access-Control-Request-Method`, without `Origin`",
            "status",
            "content-length",
            "vary",
        ),
    ),
    Row("outside, preflight", {**LISTED, "CORS_URLS_REGEX": "^/api/"}, "OPTIONS", ASKED),
    Row(
        "inside, preflight",
        {**LISTED, "CORS_URLS_REGEX": re.compile("/plain")},
        "OPTIONS",
        ASKED,
    ),
    Row("private network, preflight", PRIVATE, "OPTIONS", {**ASKED, **NETWORK}, VARY),
    Row(
        "private network, false",
        PRIVATE,
        "OPTIONS",
        {**ASKED, "Access_Control_Request_Private_Network": "false"},
        VARY,
    ),
    Row("private network, not allowed", LISTED, "OPTIONS", {**ASKED, **NETWORK}),
]

ROWS: Final = [*ACTUAL, *ASKED_OPTIONS]
