"""The rows for the tests of flask-cors' options, in tests/core and tests/decorator."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from .requests import (
    ANY,
    ANY_GRANTED,
    APP,
    FROM_APP,
    FROM_EVIL,
    FROM_OTHER,
    LOCAL,
    NO_METHODS,
    NO_ORIGIN,
    OTHER,
    PREFLIGHT,
    PRIVATE_FALSE,
    PRIVATE_ON_ANY,
    PRIVATE_VARIES,
    READING,
    REFLECTED,
    SAFELISTED,
    TWO,
    VARIES,
    Row,
    Rows,
    asking,
)

ONE: Final = {"origins": APP}
NAMES: Final = {"allow_headers": ["X-B", "X-A"]}
MANUAL: Final = {"automatic_options": False}
POST: Final = {"methods": ["POST"]}
PRIVATE: Final = {"allow_private_network": True}
PUBLIC: Final = {"allow_private_network": False}
REGEX: Final = r"https?://\w+\.example\.com(:\d+)?"
OTHER_REGEX: Final = r"https?://\w+\.other\.example"

ROWS: Final[dict[str, Rows]] = {
    "InternalsTestCase": {
        "test_get_allow_headers_empty": [Row(ANY, asking("GET"), ANY_GRANTED, PREFLIGHT)],
        "test_get_allow_headers_matching": [
            Row(ANY, asking("GET", "X-A"), ANY_GRANTED, PREFLIGHT),
            Row(ANY, asking("GET", "X-A", "X-B"), ANY_GRANTED, PREFLIGHT),
            Row(ANY, asking("GET", "Authorization"), ANY_GRANTED, PREFLIGHT),
        ],
    },
    "ResponseHeadersOverrideTestCaseIntegration": {"test_override_headers": [Row(ANY, NO_ORIGIN)]},
    "AllowHeadersTestCaseIntegration": {
        "test_default": [Row(ANY, NO_ORIGIN)],
        "test_allow_headers_no_request_headers": [
            Row(NAMES, asking("GET"), ANY_GRANTED, PREFLIGHT)
        ],
        "test_allow_headers_with_request_headers": [
            Row(NAMES, asking("GET", "X-A"), ANY_GRANTED, PREFLIGHT)
        ],
        "test_allow_headers_with_request_headers_case_insensitive": [
            Row(NAMES, asking("GET", "x-a"), ANY_GRANTED, PREFLIGHT)
        ],
        "test_allow_headers_with_unmatched_request_headers": [
            Row(NAMES, asking("GET", "X-C"), ANY_GRANTED, PREFLIGHT),
            Row(NAMES, asking("GET", "X-A", "X-C"), ANY_GRANTED, PREFLIGHT),
        ],
    },
    "test_credentials.SupportsCredentialsCase": {
        "test_credentials_supported": [
            Row({**ONE, "supports_credentials": True}, FROM_APP, VARIES)
        ],
        "test_default": [
            Row(ANY, FROM_APP, REFLECTED),
            Row(ANY, {"Origin": "www.example.com"}, REFLECTED),
            Row(ANY, NO_ORIGIN),
        ],
        "test_credentials_unsupported": [
            Row({"supports_credentials": False}, FROM_APP, REFLECTED),
            Row({"supports_credentials": False}, NO_ORIGIN),
        ],
    },
    "AllowsMultipleHeaderEntries": {
        "test_multiple_set_cookie_headers": [Row(ANY, NO_ORIGIN, methods=READING)]
    },
    "ExposeHeadersTestCase": {
        "test_default": [Row(ANY, FROM_APP, REFLECTED)],
        "test_override": [Row({"expose_headers": ["X-B", "X-A"]}, FROM_APP, REFLECTED)],
    },
    "MaxAgeTestCase": {
        "test_defaults": [Row(ANY, FROM_APP, REFLECTED)],
        "test_string": [Row({"max_age": 600}, asking("GET"), ANY_GRANTED, PREFLIGHT)],
        "test_time_delta": [
            Row({"max_age": timedelta(minutes=10)}, asking("GET"), ANY_GRANTED, PREFLIGHT)
        ],
    },
    "MethodsCase": {
        "test_defaults": [
            Row(ANY, FROM_APP, REFLECTED, READING),
            Row(ANY, asking("POST"), ANY_GRANTED, PREFLIGHT),
        ],
        "test_methods_defined": [
            Row(POST, FROM_APP, REFLECTED, READING),
            Row(POST, NO_ORIGIN, methods=READING),
            Row(POST, asking("POST"), {**ANY_GRANTED, **SAFELISTED}, PREFLIGHT),
            Row(POST, asking("PUT"), {**ANY_GRANTED, **NO_METHODS}, PREFLIGHT),
        ],
    },
    "OptionsTestCase": {
        "test_defaults": [Row(ANY, FROM_APP, REFLECTED, PREFLIGHT)],
        "test_no_options_and_not_auto": [
            Row(MANUAL, NO_ORIGIN, methods=PREFLIGHT),
            Row(MANUAL, FROM_APP, {}, PREFLIGHT, decorated=(True,)),
        ],
        "test_options_and_not_auto": [Row(MANUAL, FROM_APP, REFLECTED, path="/own/options")],
    },
    "OriginsTestCase": {
        "test_defaults_no_origin": [Row(ANY, NO_ORIGIN)],
        "test_defaults_with_origin": [Row(ANY, FROM_APP, REFLECTED)],
        "test_always_send_no_wildcard": [
            Row({"send_wildcard": False, "always_send": True}, NO_ORIGIN)
        ],
        "test_always_send_no_wildcard_origins": [Row({"always_send": True}, NO_ORIGIN)],
        "test_send_wildcard_with_origin": [Row({"send_wildcard": True}, FROM_APP)],
        "test_list_serialized": [Row(TWO, FROM_OTHER)],
        "test_string_serialized": [Row(ONE, FROM_APP, VARIES)],
        "test_set_serialized": [Row({"origins": {APP, OTHER}}, FROM_OTHER)],
        "test_not_matching_origins": [Row(TWO, FROM_EVIL, VARIES)],
        "test_subdomain_regex": [
            Row({"origins": REGEX}, FROM_APP),
            # As in flask-cors' test: it allows more than subdomains.
            Row(
                {"origins": r"http?://\w*\.?example\.com:?\d*/?.*"},
                {"Origin": "http://a.example.com"},
            ),
        ],
        "test_compiled_subdomain_regex": [Row({"origins": re.compile(REGEX)}, FROM_APP)],
        "test_regex_list": [
            Row({"origins": [REGEX, OTHER_REGEX]}, FROM_APP),
            Row({"origins": [REGEX, OTHER_REGEX]}, {"Origin": "https://a.other.example"}),
        ],
        "test_regex_mixed_list": [
            Row({"origins": [OTHER, REGEX]}, FROM_APP),
            Row({"origins": [OTHER, REGEX]}, FROM_OTHER),
        ],
        "test_multiple_protocols": [
            Row({"origins": "https?://app.example.com"}, FROM_APP),
            Row({"origins": "https?://app.example.com"}, {"Origin": "http://app.example.com"}),
        ],
    },
    "test_private_network_headers.SupportsCredentialsCase": {
        "test_credentials_supported": [
            Row(PRIVATE, {**FROM_APP, **LOCAL}, {**REFLECTED, **PRIVATE_ON_ANY}, READING),
            Row(PRIVATE, {**asking("GET"), **LOCAL}, {**ANY_GRANTED, **PRIVATE_VARIES}, PREFLIGHT),
        ],
        "test_default": [
            Row(ANY, {**FROM_APP, **LOCAL}, {**REFLECTED, **PRIVATE_FALSE}, READING),
            Row(ANY, {**asking("GET"), **LOCAL}, {**ANY_GRANTED, **PRIVATE_FALSE}, PREFLIGHT),
            Row(ANY, NO_ORIGIN, methods=READING),
        ],
        "test_credentials_unsupported": [
            Row(PUBLIC, FROM_APP, REFLECTED, READING),
            Row(PUBLIC, {**FROM_APP, **LOCAL}, {**REFLECTED, **PRIVATE_FALSE}, READING),
            Row(PUBLIC, {**asking("GET"), **LOCAL}, {**ANY_GRANTED, **PRIVATE_FALSE}, PREFLIGHT),
        ],
    },
    "VaryHeaderTestCase": {
        "test_default": [Row(ANY, FROM_APP, REFLECTED)],
        "test_consistent_origin": [Row(ONE, FROM_APP, VARIES)],
        "test_varying_origin": [Row(TWO, FROM_APP)],
        "test_consistent_origin_concat": [Row(TWO, FROM_APP, methods=("GET",))],
    },
    "OriginsW3TestCase": {
        "test_wildcard_origin_header": [
            Row({"origins": "*", "send_wildcard": False}, FROM_APP, REFLECTED)
        ],
        "test_wildcard_default_origins": [Row({"send_wildcard": False}, FROM_APP, REFLECTED)],
    },
}
