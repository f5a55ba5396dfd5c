"""The names of flask-cors' own tests, by their class, or by their module if they have none."""

from __future__ import annotations

from typing import Final

# Version 6.0.5. The classes of decorator/test_credentials.py and decorator/
# test_private_network_headers.py have the same name.
RELEASED: Final[dict[str, tuple[str, ...]]] = {
    "InternalsTestCase": (
        "test_try_match_pattern",
        "test_flexible_str_str",
        "test_flexible_str_set",
        "test_serialize_options",
        "test_get_allow_headers_empty",
        "test_get_allow_headers_matching",
        "test_get_allow_headers_matching_none",
        "test_parse_resources_sorted",
        "test_probably_regex",
    ),
    "ResponseHeadersOverrideTestCaseIntegration": ("test_override_headers",),
    "AllowHeadersTestCaseIntegration": (
        "test_default",
        "test_allow_headers_no_request_headers",
        "test_allow_headers_with_request_headers",
        "test_allow_headers_with_request_headers_case_insensitive",
        "test_allow_headers_with_unmatched_request_headers",
        "test_allow_headers_regex",
    ),
    "test_credentials.SupportsCredentialsCase": (
        "test_credentials_supported",
        "test_default",
        "test_credentials_unsupported",
    ),
    "AllowsMultipleHeaderEntries": ("test_multiple_set_cookie_headers",),
    "ExceptionInterceptionDefaultTestCase": (
        "test_acl_abort_404",
        "test_no_acl_abort_404",
        "test_acl_abort_500",
        "test_no_acl_abort_500",
        "test_acl_uncaught_exception_500",
        "test_no_acl_uncaught_exception_500",
        "test_acl_exception_with_error_handler",
    ),
    # It inherits the other tests.
    "NoExceptionInterceptionTestCase": (
        "test_acl_exception_with_error_handler",
        "test_acl_uncaught_exception_500",
    ),
    "ExposeHeadersTestCase": ("test_default", "test_override"),
    "MaxAgeTestCase": ("test_defaults", "test_string", "test_time_delta"),
    "MethodsCase": ("test_defaults", "test_methods_defined"),
    "OptionsTestCase": (
        "test_defaults",
        "test_no_options_and_not_auto",
        "test_options_and_not_auto",
    ),
    "OriginsTestCase": (
        "test_defaults_no_origin",
        "test_defaults_with_origin",
        "test_always_send_no_wildcard",
        "test_always_send_no_wildcard_origins",
        "test_send_wildcard_with_origin",
        "test_list_serialized",
        "test_string_serialized",
        "test_set_serialized",
        "test_not_matching_origins",
        "test_subdomain_regex",
        "test_compiled_subdomain_regex",
        "test_regex_list",
        "test_regex_mixed_list",
        "test_multiple_protocols",
    ),
    "test_private_network_headers.SupportsCredentialsCase": (
        "test_credentials_supported",
        "test_default",
        "test_credentials_unsupported",
    ),
    "VaryHeaderTestCase": (
        "test_default",
        "test_consistent_origin",
        "test_varying_origin",
        "test_consistent_origin_concat",
    ),
    "OriginsW3TestCase": (
        "test_wildcard_origin_header",
        "test_wildcard_no_origin_header",
        "test_wildcard_default_origins",
    ),
    "AppExtensionRegexp": (
        "test_defaults_no_origin",
        "test_defaults_with_origin",
        "test_send_wildcard_with_origin",
        "test_list_serialized",
        "test_string_serialized",
        "test_set_serialized",
        "test_not_matching_origins",
        "test_subdomain_regex",
        "test_compiled_subdomain_regex",
        "test_regex_list",
        "test_regex_mixed_list",
    ),
    "AppExtensionList": ("test_exposed", "test_other_exposed", "test_unexposed"),
    "AppExtensionString": ("test_exposed", "test_unexposed", "test_override"),
    "AppExtensionError": ("test_value_error",),
    "AppExtensionDefault": ("test_default",),
    "AppExtensionExampleApp": ("test_index", "test_wildcard", "test_exact_match"),
    "AppExtensionCompiledRegexp": ("test_compiled_regex",),
    "AppExtensionBadRegexp": ("test_value_error",),
    "AppExtensionPlusInPath": (
        "test_plus_path_origin_allowed",
        "test_space_path_origin_allowed",
        "test_plus_path_rejects_other_origin",
        "test_space_path_rejects_other_origin",
    ),
    "BlueprintExtensionTestCase": (
        "test_blueprint_resource_has_cors",
        "test_blueprint_non_matching_route_has_no_cors",
        "test_blueprint_init_app",
    ),
    "test_blueprint_typing": ("supports_flask_app", "supports_blueprint", "supports_no_app"),
}

# Not in 6.0.5, but in other commits of the repository.
OTHERS: Final[dict[str, tuple[str, ...]]] = {
    "TestAsyncViewsWithExtension": (
        "test_sync_view_returns_cors_headers",
        "test_async_view_returns_cors_headers",
        "test_async_view_with_await_returns_cors_headers",
        "test_async_view_options_request",
    ),
    "TestAsyncViewsWithDecorator": (
        "test_sync_decorated_view",
        "test_async_decorated_view",
        "test_async_decorated_view_with_await",
        "test_async_decorated_view_custom_options",
        "test_async_decorated_options_request",
    ),
    "TestAsyncViewsWithResourceConfig": (
        "test_async_api_allowed_origin",
        "test_async_api_disallowed_origin",
        "test_async_public_any_origin",
        "test_async_unconfigured_route",
    ),
    "TestAsyncViewsPreflightRequests": (
        "test_preflight_for_async_post",
        "test_preflight_with_custom_headers",
    ),
    "TestAsyncViewMixedWithSync": ("test_interleaved_requests",),
    "TestAsyncDecoratorPreservesMetadata": (
        "test_wrapped_function_is_async",
        "test_function_name_preserved",
        "test_function_docstring_preserved",
    ),
    "TestCORSExtensionBasics": (
        "test_cors_headers_on_all_methods",
        "test_wildcard_origin_without_request_origin",
        "test_origin_echoed_back",
    ),
    "TestCORSDecoratorBasics": (
        "test_default_decorator_allows_any_origin",
        "test_custom_origins_filtering",
        "test_credentials_header_when_enabled",
    ),
    "TestCORSPreflightRequests": (
        "test_preflight_returns_allowed_methods",
        "test_preflight_returns_allowed_headers",
        "test_preflight_returns_max_age",
    ),
    "TestCORSResourcePatterns": (
        "test_api_routes_allow_api_client",
        "test_api_routes_reject_other_origins",
        "test_public_routes_allow_any_origin",
        "test_admin_routes_include_credentials",
        "test_unmatched_routes_no_cors",
    ),
    "TestCORSExposeHeaders": (
        "test_expose_headers_present",
        "test_expose_headers_absent_when_not_configured",
    ),
    "TestCORSVaryHeader": (
        "test_vary_header_with_multiple_origins",
        "test_no_vary_header_with_wildcard",
    ),
    "TestCORSRegexOrigins": (
        "test_regex_matches_subdomains",
        "test_regex_rejects_non_matching",
    ),
    "test_ipv6": (
        "test_literal_ipv6_origin",
        "test_ipv6_regex_origin",
        "test_literal_ipv6_origin_without_request_origin",
    ),
    "CallableOriginsTestCase": (
        "test_callable_static_with_matching_origin",
        "test_callable_static_with_non_matching_origin",
        "test_callable_whitelist_with_matching_origin",
        "test_callable_whitelist_with_non_matching_origin",
        "test_callable_wildcard",
        "test_callable_vary_header",
    ),
    "CallableOriginsExtensionTestCase": (
        "test_extension_callable_allowed",
        "test_extension_callable_denied",
    ),
    "test_error_preflight": (
        "test_missing_route_preflight_and_error_response",
        "test_error_handler_rejects_other_origins_and_methods",
    ),
    "DecoratorInvalidCorsResponseStatusCode": (
        "test_with_no_options",
        "test_with_client_error_status",
        "test_with_non_client_error_status",
    ),
}


def full_names(suite: dict[str, tuple[str, ...]]) -> list[str]:
    return [f"{group}.{name}" for group, names in suite.items() for name in names]
