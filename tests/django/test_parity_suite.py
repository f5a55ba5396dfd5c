"""Each test of the suite of django-cors-headers, and where the same is asked here.

The names are those of the tests of 4.9, and of two proposals that were not released. A place is the
name of a row of parity_rows, the settings of a row of test_parity_checks, or the node id of a test.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from tests.django.layers import APP
from tests.django.parity_rows import ROWS
from tests.django.test_parity_checks import CHECKED
from tests.docs.named_tests import is_collected

STACK: Final = "tests/django/test_parity_stack.py"
TABLE: Final = "tests/django/test_parity_table.py"
COMMAND: Final = "tests/django/test_parity_checks.py::test_command_runs_the_checks"
ANSWERED: Final = f"{STACK}::test_earlier_middleware_that_answers_gets_no_headers"
ONE_VIEW: Final = f"{STACK}::test_one_view_is_covered_like_by_the_middleware_around_it"
SIGNAL: Final = f"{TABLE}::test_signal_has_the_same_effect"
ONCE: Final = f"{TABLE}::test_signal_is_sent_once_for_an_origin_that_is_not_listed"
PATH: Final = "https://example.com/path"

MIDDLEWARE: Final = {
    "test_get_no_origin": "no origin, no settings",
    "test_get_origin_vary_by_default": "no origin, no settings",
    "test_get_invalid_origin": "malformed, no settings",
    "test_get_not_in_allowed_origins": "not listed",
    "test_get_not_in_allowed_origins_due_to_wrong_scheme": "a safer scheme",
    "test_get_in_allowed_origins": "listed",
    "test_async_get_in_allowed_origins": "listed",
    "test_null_in_allowed_origins": "null, a risk",
    "test_file_in_allowed_origins": "a file, a risk",
    "test_get_expose_headers": "exposed request headers",
    "test_get_dont_expose_headers": "everyone",
    "test_get_allow_credentials": "credentials",
    "test_get_allow_credentials_bad_origin": "credentials, not listed",
    "test_get_allow_credentials_disabled": "listed",
    "test_allow_private_network_added_if_enabled_and_requested": "private network, GET",
    "test_allow_private_network_not_added_if_enabled_and_not_requested": (
        "private network, not asked"
    ),
    "test_allow_private_network_not_added_if_enabled_and_no_cors_origin": (
        "private network, not listed"
    ),
    "test_allow_private_network_not_added_if_disabled_and_requested": "private network, not set",
    "test_options_allowed_origin": "everyone, preflight, all lists, max-age of 1002",
    "test_async_options_allowed_origin": "everyone, preflight, all lists, max-age of 1002",
    "test_options_no_max_age": "everyone, preflight, all lists, max-age of 0",
    "test_options_allowed_origins_with_port": "preflight, a port",
    "test_options_adds_origin_when_domain_found_in_allowed_regexes": "preflight, regex",
    "test_options_adds_origin_when_domain_found_in_allowed_regexes_second": (
        "preflight, second regex"
    ),
    "test_options_doesnt_add_origin_when_domain_not_found_in_allowed_regexes": (
        "preflight, no regex matches"
    ),
    "test_options_empty_request_method": "preflight, empty method",
    "test_options_no_headers": "OPTIONS, no settings",
    "test_allow_all_origins_get": "everyone, credentials",
    "test_allow_all_origins_options": "everyone, credentials, preflight",
    "test_non_200_headers_still_set": "everyone, credentials, error 401",
    "test_auth_view_options": "everyone, credentials, preflight, login",
    "test_signal_handler_that_returns_false": SIGNAL,
    "test_signal_handler_that_returns_true": SIGNAL,
    "test_signal_handler_allow_some_urls_to_everyone": SIGNAL,
    "test_signal_called_once_during_normal_flow": ONCE,
    "test_get_short_circuit": ANSWERED,
    "test_get_short_circuit_should_be_ignored": ANSWERED,
    "test_get_regex_matches": "inside",
    "test_get_regex_doesnt_match": "outside",
    "test_get_regex_matches_path_info": "inside, below a prefix",
    "test_cors_enabled_is_attached_and_bool": f"{STACK}::test_request_has_no_attribute",
    "test_works_if_view_deletes_cors_enabled": "listed",  # the view of all rows deletes it
}

SETTINGS: Final[dict[str, dict[str, Any] | str]] = {
    "test_defaults_pass": {},
    "test_defaults_pass_check": COMMAND,
    "test_checks_are_bound": COMMAND,
    "test_cors_allow_headers_non_sequence": {"CORS_ALLOW_HEADERS": object},
    "test_cors_allow_headers_non_string": {"CORS_ALLOW_HEADERS": [object]},
    "test_cors_allow_methods_non_sequence": {"CORS_ALLOW_METHODS": object},
    "test_cors_allow_methods_non_string": {"CORS_ALLOW_METHODS": [object]},
    "test_cors_allow_credentials_non_bool": {"CORS_ALLOW_CREDENTIALS": object},
    "test_cors_preflight_max_age_non_integer": {"CORS_PREFLIGHT_MAX_AGE": "10"},
    "test_cors_preflight_max_age_negative": {"CORS_PREFLIGHT_MAX_AGE": -1},
    "test_cors_allow_all_origins_non_bool": {"CORS_ALLOW_ALL_ORIGINS": object},
    "test_cors_allow_all_origins_old_name": {"CORS_ORIGIN_ALLOW_ALL": object},
    "test_cors_allowed_origins_non_sequence": {"CORS_ALLOWED_ORIGINS": object},
    "test_cors_allowed_origins_non_string": {"CORS_ALLOWED_ORIGINS": [object]},
    "test_cors_allowed_origins_old_name": {"CORS_ORIGIN_WHITELIST": object},
    "test_cors_allowed_origins_allowed": {"CORS_ALLOWED_ORIGINS": [APP, "file://", "null"]},
    "test_cors_allowed_origins_no_scheme": {"CORS_ALLOWED_ORIGINS": ["example.com"]},
    "test_cors_allowed_origins_no_scheme_old_name": {"CORS_ORIGIN_WHITELIST": ["example.com"]},
    "test_cors_allowed_origins_no_netloc": {"CORS_ALLOWED_ORIGINS": ["https://"]},
    "test_cors_allowed_origins_path": {"CORS_ALLOWED_ORIGINS": [PATH]},
    "test_cors_allowed_origins_path_old_name": {"CORS_ORIGIN_WHITELIST": [PATH]},
    "test_cors_allowed_origin_regexes_non_sequence": {"CORS_ALLOWED_ORIGIN_REGEXES": object},
    "test_cors_allowed_origin_regexes_old_name": {"CORS_ORIGIN_REGEX_WHITELIST": object},
    "test_cors_allowed_origin_regexes_regex": {"CORS_ALLOWED_ORIGIN_REGEXES": [re.compile("a")]},
    "test_cors_expose_headers_non_sequence": {"CORS_EXPOSE_HEADERS": object},
    "test_cors_expose_headers_non_string": {"CORS_EXPOSE_HEADERS": [object]},
    "test_cors_urls_regex_non_string": {"CORS_URLS_REGEX": object},
    "test_cors_model_failure": {"CORS_MODEL": "a.B"},
    "test_cors_replace_https_referer_failure": {"CORS_REPLACE_HTTPS_REFERER": True},
}

CONF: Final = {
    "test_can_override": "preflight, headers",
    "test_cors_allow_all_origins_old_alias": "old name of all origins",
    "test_cors_allow_all_origins_new_setting_takes_precedence": "old name of all origins, both",
    "test_cors_allowed_origins_old_alias": "old name of origins",
    "test_cors_allowed_origins_new_setting_takes_precedence": "old name of origins, both",
    "test_cors_allowed_origin_regexes_old_alias": "regex of anything",
    "test_cors_allowed_origin_regexes_new_setting_takes_precedence": "old name of regexes, both",
}

# A decorator for views, with the settings of the project or its own.
DECORATORS: Final = {
    f"{tests}::{name}": ONE_VIEW
    for tests in ("CorsDecoratorsTestCase", "CorsDecoratorsWithConfTestCase")
    for name in (
        "test_get_no_origin",
        "test_get_not_in_allowed_origins",
        "test_get_in_allowed_origins_preflight",
        "test_get_in_allowed_origins",
        "test_async_get_not_in_allowed_origins",
        "test_async_get_in_allowed_origins_preflight",
        "test_async_get_in_allowed_origins",
    )
}

# A setting for the case of header names, in which browsers see no difference.
CASE_OF_NAMES: Final = {
    "test_default_pascal_case_headers_setting": "listed",
    "test_none_pascal_case_headers_setting": "listed",
    "test_invalid_pascal_case_headers_setting": "listed",
}

SUITE: Final = [
    *MIDDLEWARE.items(),
    *SETTINGS.items(),
    *CONF.items(),
    *DECORATORS.items(),
    *CASE_OF_NAMES.items(),
]


@pytest.mark.parametrize(("name", "place"), SUITE, ids=[name for name, _ in SUITE])
def test_row_of_the_suite_exists(name: str, place: dict[str, Any] | str) -> None:
    if isinstance(place, dict):
        assert place in [row.settings for row in CHECKED]
    elif "::" in place:
        assert is_collected(place)
    else:
        assert place in [row.name for row in ROWS]


def test_rows_have_different_names() -> None:
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names))


def test_no_test_of_the_suite_is_missing() -> None:
    files = (MIDDLEWARE, SETTINGS, CONF, DECORATORS, CASE_OF_NAMES)
    assert [len(file) for file in files] == [42, 29, 7, 14, 3]
