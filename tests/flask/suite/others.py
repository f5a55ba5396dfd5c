"""The rows for the tests of flask-cors that are not in version 6.0.5."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any, Final

from .requests import (
    ANY,
    ANY_GRANTED,
    APP,
    ASYNC,
    ASYNC_ALLOWED,
    ASYNC_CREDENTIALS,
    BRACKETS,
    DENIED,
    FROM_APP,
    FROM_EVIL,
    FROM_OTHER,
    LISTED,
    NAMED,
    NO_ORIGIN,
    OTHER,
    PREFLIGHT,
    READING,
    REFLECTED,
    SAFELISTED,
    TWO,
    VARIES,
    Row,
    Rows,
    asking,
)

ONE: Final = {"origins": [APP]}
CREDENTIALS: Final = {**ONE, "supports_credentials": True}
PREFLIGHTS: Final = {
    "methods": ["GET", "POST", "PUT", "DELETE"],
    "allow_headers": ["Content-Type", "Authorization"],
    "max_age": 600,
}
RESOURCES: Final[dict[str, Any]] = {
    "resources": {
        "/later/api/*": {"origins": [APP]},
        "/later/public/*": {"origins": "*"},
        "/api/*": {"origins": [APP]},
        "/public/*": {"origins": "*"},
        "/admin/*": {"origins": [OTHER], "supports_credentials": True},
    }
}
LOOPBACK: Final = "http://[::1]:8000"
ADDRESSES: Final = (LOOPBACK, "https://[2001:db8::1]", "http://[::ffff:c000:201]:8080")
SUBDOMAINS: Final = {"origins": r"https?://.*\.example\.com"}


def later(options: Any, headers: Any, differences: Any, methods: Any = READING) -> Row:
    return Row(options, headers, differences, methods, "/later/api/view", (False,))


def decorated(options: Any, headers: Any, differences: Any, methods: Any = ("GET",)) -> Row:
    return Row(options, headers, differences, methods, "/later/api/view", (True,))


def of_resource(path: str, headers: Any, differences: Any = MappingProxyType({})) -> Row:
    return Row(RESOURCES, headers, differences, path=path, decorated=(False,))


ROWS: Final[dict[str, Rows]] = {
    "TestAsyncViewsWithExtension": {
        "test_sync_view_returns_cors_headers": [Row(ANY, FROM_APP, REFLECTED)],
        "test_async_view_returns_cors_headers": [later(ANY, FROM_APP, REFLECTED)],
        "test_async_view_options_request": [later(ANY, asking("GET"), ANY_GRANTED, PREFLIGHT)],
    },
    "TestAsyncViewsWithDecorator": {
        "test_sync_decorated_view": [Row(ANY, FROM_APP, REFLECTED)],
        "test_async_decorated_view": [decorated(ANY, FROM_APP, ASYNC_ALLOWED)],
        "test_async_decorated_view_custom_options": [
            decorated(CREDENTIALS, FROM_APP, {**ASYNC_ALLOWED, **ASYNC_CREDENTIALS}),
            decorated(CREDENTIALS, FROM_OTHER, ASYNC),
        ],
        "test_async_decorated_options_request": [
            decorated(ANY, asking("GET"), ANY_GRANTED, PREFLIGHT)
        ],
    },
    "TestAsyncViewsWithResourceConfig": {
        "test_async_api_allowed_origin": [of_resource("/later/api/view", FROM_APP, VARIES)],
        "test_async_api_disallowed_origin": [of_resource("/later/api/view", FROM_OTHER, VARIES)],
        "test_async_public_any_origin": [of_resource("/later/public/view", FROM_EVIL, REFLECTED)],
        "test_async_unconfigured_route": [of_resource("/later/view", FROM_APP)],
    },
    "TestAsyncViewsPreflightRequests": {
        "test_preflight_for_async_post": [
            later(
                {"methods": ["GET", "POST"]},
                asking("POST"),
                {**ANY_GRANTED, **SAFELISTED},
                PREFLIGHT,
            )
        ],
        "test_preflight_with_custom_headers": [
            later(
                {"allow_headers": ["X-A", "Content-Type"]},
                asking("POST", "X-A", "Content-Type"),
                NAMED,
                PREFLIGHT,
            )
        ],
    },
    "TestAsyncViewMixedWithSync": {
        "test_interleaved_requests": [Row(ONE, FROM_APP, VARIES), later(ONE, FROM_APP, VARIES)]
    },
    "TestCORSExtensionBasics": {
        "test_cors_headers_on_all_methods": [Row(ANY, FROM_APP, REFLECTED)],
        "test_wildcard_origin_without_request_origin": [Row(ANY, NO_ORIGIN)],
        "test_origin_echoed_back": [
            Row(ANY, {"Origin": origin}, REFLECTED)
            for origin in ("http://example.com", "http://localhost:3000", APP)
        ],
    },
    "TestCORSDecoratorBasics": {
        "test_default_decorator_allows_any_origin": [Row(ANY, FROM_EVIL, REFLECTED)],
        "test_custom_origins_filtering": [
            Row(TWO, FROM_APP),
            Row(TWO, FROM_OTHER),
            Row(TWO, FROM_EVIL, VARIES),
        ],
        "test_credentials_header_when_enabled": [Row(CREDENTIALS, FROM_APP, VARIES)],
    },
    "TestCORSPreflightRequests": {
        "test_preflight_returns_allowed_methods": [
            Row(PREFLIGHTS, asking("POST"), {**ANY_GRANTED, **SAFELISTED}, PREFLIGHT)
        ],
        "test_preflight_returns_allowed_headers": [
            Row(
                PREFLIGHTS,
                asking("POST", "Content-Type", "Authorization"),
                {**NAMED, **SAFELISTED},
                PREFLIGHT,
            )
        ],
        "test_preflight_returns_max_age": [
            Row(PREFLIGHTS, asking("GET"), {**ANY_GRANTED, **SAFELISTED}, PREFLIGHT)
        ],
    },
    "TestCORSResourcePatterns": {
        "test_api_routes_allow_api_client": [
            of_resource("/api/users", FROM_APP, VARIES),
            of_resource("/api/posts", FROM_APP, VARIES),
        ],
        "test_api_routes_reject_other_origins": [
            of_resource("/api/users", FROM_EVIL, VARIES),
            of_resource("/api/posts", FROM_EVIL, VARIES),
        ],
        "test_public_routes_allow_any_origin": [of_resource("/public/info", FROM_EVIL, REFLECTED)],
        "test_admin_routes_include_credentials": [
            of_resource("/admin/dashboard", FROM_OTHER, VARIES)
        ],
        "test_unmatched_routes_no_cors": [of_resource("/other", FROM_APP)],
    },
    "TestCORSExposeHeaders": {
        "test_expose_headers_present": [
            Row({"expose_headers": ["X-A", "X-B"]}, FROM_APP, REFLECTED)
        ],
        "test_expose_headers_absent_when_not_configured": [Row(ANY, FROM_APP, REFLECTED)],
    },
    "TestCORSVaryHeader": {
        "test_vary_header_with_multiple_origins": [Row(TWO, FROM_APP)],
        "test_no_vary_header_with_wildcard": [Row({"send_wildcard": True}, FROM_APP)],
    },
    "TestCORSRegexOrigins": {
        "test_regex_matches_subdomains": [
            Row(SUBDOMAINS, {"Origin": f"{scheme}://app.example.com"})
            for scheme in ("http", "https")
        ],
        "test_regex_rejects_non_matching": [
            Row(SUBDOMAINS, {"Origin": origin}, VARIES)
            for origin in ("http://example.com", OTHER, "http://example.org")
        ],
    },
    "test_ipv6": {
        "test_literal_ipv6_origin": [
            *(Row({"origins": [each]}, {"Origin": each}, BRACKETS) for each in ADDRESSES),
            *(
                Row({"origins": [LOOPBACK]}, {"Origin": each}, VARIES)
                for each in (f"{LOOPBACK}0", "http://[::2]:8000", "http://:8000")
            ),
        ],
        "test_ipv6_regex_origin": [
            Row({"origins": [regex]}, {"Origin": origin}, differences)
            for regex in (r"http://\[::1\]:\d+$", re.compile(r"http://\[::1\]:\d+$"))
            for origin, differences in ((LOOPBACK, {}), ("http://[::2]:8000", VARIES))
        ],
        "test_literal_ipv6_origin_without_request_origin": [
            Row({"origins": [LOOPBACK]}, NO_ORIGIN, VARIES),
            Row(ONE, NO_ORIGIN, LISTED),
        ],
    },
    "DecoratorInvalidCorsResponseStatusCode": {
        "test_with_no_options": [
            Row(ONE, FROM_APP, VARIES),
            Row(ONE, FROM_EVIL, VARIES),
            Row(ONE, asking("GET", origin="https://evil.test"), DENIED, PREFLIGHT),
        ],
    },
}
