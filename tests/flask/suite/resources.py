"""The rows for the tests of flask-cors' resources and error responses.

They are in tests/extension and in tests/decorator/test_exception_interception.py.
"""

from __future__ import annotations

import re
from typing import Any, Final

from .requests import (
    APP,
    FROM_APP,
    FROM_EVIL,
    FROM_OTHER,
    NO_ORIGIN,
    OTHER,
    REFLECTED,
    VARIES,
    Row,
    Rows,
)

REGEX: Final = r"https?://\w+\.example\.com(:\d+)?"
RESOURCES: Final[dict[str, Any]] = {
    "resources": {
        "/list": {"origins": [APP, OTHER]},
        "/string": {"origins": APP},
        "/set": {"origins": {APP, OTHER}},
        "/regex": {"origins": REGEX},
        "/regexes": {"origins": [REGEX, r"https?://\w+\.other\.example"]},
        "/mixed": {"origins": [OTHER, REGEX]},
        "/wildcard": {"send_wildcard": True},
        re.compile(r"/compiled_\w*"): {"origins": re.compile(r"https://app\d+.example")},
        "/default": {},
    }
}
LIST: Final = {"resources": ["/a", "/b"], "origins": [APP, OTHER]}
STRING: Final = {
    "resources": "/api/*",
    "allow_headers": "Content-Type",
    "expose_headers": "X-Own",
    "origins": APP,
}
EXAMPLE: Final = {"resources": {"/api/*": {"origins": [APP, OTHER]}}}
COMPILED: Final = {"resources": re.compile("/api/.*")}
PLUS: Final = {"resources": {r"/a\+path": {"origins": [APP]}, "/a path": {"origins": [OTHER]}}}
SORTED: Final[dict[str, Any]] = {
    "resources": {
        re.compile("/.*"): {"origins": APP},
        re.compile("/api/v1/.*"): {"origins": OTHER},
        "/a": {"origins": OTHER},
    }
}
ERRORS: Final[dict[str, Any]] = {"resources": {"/acl/*": {}}}


def at(
    path: str, options: dict[str, Any], headers: dict[str, str], *differences: dict[str, str]
) -> Row:
    merged = {name: row for difference in differences for name, row in difference.items()}
    return Row(options, headers, merged, path=path, decorated=(False,))


ROWS: Final[dict[str, Rows]] = {
    "InternalsTestCase": {
        "test_parse_resources_sorted": [
            at("/a", SORTED, FROM_OTHER, VARIES),
            at("/api/v1/a", SORTED, FROM_OTHER, VARIES),
            at("/api/a", SORTED, FROM_APP, VARIES),
        ]
    },
    "ExceptionInterceptionDefaultTestCase": {
        "test_acl_abort_404": [at("/acl/404", ERRORS, FROM_APP, REFLECTED)],
        "test_no_acl_abort_404": [at("/no/404", ERRORS, FROM_APP)],
        "test_acl_abort_500": [at("/acl/500", ERRORS, FROM_APP, REFLECTED)],
        "test_no_acl_abort_500": [at("/no/500", ERRORS, FROM_APP)],
        "test_acl_uncaught_exception_500": [at("/acl/raise", ERRORS, FROM_APP, REFLECTED)],
        "test_no_acl_uncaught_exception_500": [at("/no/raise", ERRORS, FROM_APP)],
        "test_acl_exception_with_error_handler": [
            at("/acl/handled/404", ERRORS, FROM_APP, REFLECTED),
            at("/acl/handled/500", ERRORS, FROM_APP, REFLECTED),
            at("/acl/handled/raise", ERRORS, FROM_APP, REFLECTED),
            at("/no/handled/404", ERRORS, FROM_APP),
            at("/no/handled/500", ERRORS, FROM_APP),
            at("/no/handled/raise", ERRORS, FROM_APP),
        ],
    },
    "AppExtensionRegexp": {
        "test_defaults_no_origin": [at("/default", RESOURCES, NO_ORIGIN)],
        "test_defaults_with_origin": [at("/default", RESOURCES, FROM_APP, REFLECTED)],
        "test_send_wildcard_with_origin": [at("/wildcard", RESOURCES, FROM_APP)],
        "test_list_serialized": [at("/list", RESOURCES, FROM_OTHER)],
        "test_string_serialized": [at("/string", RESOURCES, FROM_APP, VARIES)],
        "test_set_serialized": [at("/set", RESOURCES, FROM_OTHER)],
        "test_not_matching_origins": [at("/list", RESOURCES, FROM_EVIL, VARIES)],
        "test_subdomain_regex": [at("/regex", RESOURCES, FROM_APP)],
        "test_compiled_subdomain_regex": [
            at("/compiled_a", RESOURCES, {"Origin": "https://app1.example"}),
            at("/compiled_a", RESOURCES, {"Origin": "https://app200.example"}),
            at("/compiled_a", RESOURCES, {"Origin": "https://appa.example"}, VARIES),
        ],
        "test_regex_list": [
            at("/regexes", RESOURCES, FROM_APP),
            at("/regexes", RESOURCES, {"Origin": "https://a.other.example"}),
        ],
        "test_regex_mixed_list": [
            at("/mixed", RESOURCES, FROM_APP),
            at("/mixed", RESOURCES, FROM_OTHER),
        ],
    },
    "AppExtensionList": {
        "test_exposed": [at("/a", LIST, FROM_APP)],
        "test_other_exposed": [at("/b", LIST, FROM_OTHER)],
        "test_unexposed": [at("/c", LIST, FROM_APP)],
    },
    "AppExtensionString": {
        "test_exposed": [
            at("/api/v1/a", STRING, FROM_APP, VARIES),
            at("/api/v1/b", STRING, FROM_APP, VARIES),
            at("/api/v1/a", STRING, FROM_OTHER, VARIES),
            at("/api/v1/b", STRING, FROM_OTHER, VARIES),
        ],
        "test_unexposed": [at("/", STRING, FROM_APP), at("/a.txt", STRING, FROM_APP)],
    },
    "AppExtensionDefault": {"test_default": [at("/", {}, FROM_APP, REFLECTED)]},
    "AppExtensionExampleApp": {
        "test_index": [at("/", EXAMPLE, FROM_APP)],
        "test_wildcard": [at("/api/a", EXAMPLE, FROM_APP), at("/api/a", EXAMPLE, FROM_OTHER)],
        "test_exact_match": [at("/api/", EXAMPLE, FROM_APP), at("/api/", EXAMPLE, FROM_OTHER)],
    },
    "AppExtensionCompiledRegexp": {
        "test_compiled_regex": [
            at("/", COMPILED, NO_ORIGIN),
            at("/api/v1", COMPILED, FROM_APP, REFLECTED),
        ]
    },
    "AppExtensionPlusInPath": {
        "test_plus_path_origin_allowed": [at("/a+path", PLUS, FROM_APP, VARIES)],
        "test_space_path_origin_allowed": [at("/a%20path", PLUS, FROM_OTHER, VARIES)],
        "test_plus_path_rejects_other_origin": [at("/a+path", PLUS, FROM_OTHER, VARIES)],
        "test_space_path_rejects_other_origin": [at("/a%20path", PLUS, FROM_APP, VARIES)],
    },
}
