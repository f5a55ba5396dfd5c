"""Each check: settings that it reports, and settings that it does not."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings
from django.urls import path, re_path

from corekit import CorsPolicy
from corekit.compat import RegexCorsPolicy
from corekit_django import cors
from corekit_django.checks import check_paths
from tests.django import views
from tests.django.checking import (
    APP,
    CREDENTIALS,
    HOSTS,
    NONE,
    OURS,
    SECURE,
    run,
)

SILENT: dict[str, Any] = {
    **CREDENTIALS,
    **HOSTS,
    **NONE,
    **SECURE,
    "CSRF_TRUSTED_ORIGINS": [APP, "https://a.example.com"],
    "CORS_ALLOW_METHODS": ["PUT"],
    "CORS_ALLOW_HEADERS": ["x-mine"],
    "CORS_ALLOWED_ORIGIN_REGEXES": [
        r"https://[a-z.]+\.example\.com",
        r"https://a\.example\.com(?::\d+)?",
    ],
    "CORS_URLS_REGEX": "^/$",
}


def test_correct_project_has_no_messages() -> None:
    assert run(deploy=True, **SILENT) == []


@pytest.mark.parametrize(
    ("number", "values", "said"),
    [
        ("E001", {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True}, "Any website"),
        ("E001", {"CORS_ALLOWED_ORIGINS": ["app.example.com"]}, "[malformed-origin]"),
        (
            "E001",
            {"CORS_POLICY": CorsPolicy.deny_all(), "CORS_ALLOW_ALL_ORIGINS": True},
            "CORS_POLICY",
        ),
        ("E005", {"CORS_ALLOW_ORIGINS": [APP]}, "CORS_ALLOWED_ORIGINS?"),
        ("E005", {"CORS_ALLOWED_ORIGIN": [APP]}, "CORS_ALLOWED_ORIGINS?"),
        ("E005", {"CORS_URL_REGEX": "^/api/"}, "CORS_URLS_REGEX?"),
        ("E005", {"CORS_EXPOSED_HEADERS": ["x"]}, "CORS_EXPOSE_HEADERS?"),
        ("E005", {"CORS_MAX_AGE": 60}, "CORS_PREFLIGHT_MAX_AGE?"),
        ("E005", {"CORS_ORIGINS": [APP]}, "CORS_ALLOWED_ORIGINS?"),
        ("E005", {"CORS_SUPPORTS_CREDENTIALS": True}, "CORS_ALLOW_CREDENTIALS?"),
        ("E005", {"CORS_ALLOW_ORIGIN_REGEXES": []}, "CORS_ALLOWED_ORIGIN_REGEXES?"),
        ("W002", {"CORS_ALLOWED_METHODS": ["PUT"]}, "CORS_ALLOW_METHODS"),
        ("W002", {"CORS_ALLOWED_HEADERS": ["x-mine"]}, "CORS_ALLOW_HEADERS"),
        ("W003", {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ORIGIN_WHITELIST": [APP]}, "WHITELIST"),
        ("W003", {"CORS_ALLOW_METHODS": [], "CORS_ALLOWED_METHODS": []}, "CORS_ALLOWED_METHODS"),
        (
            "W003",
            {"CORS_ORIGIN_ALLOW_ALL": True, "CORS_ALLOWED_ORIGINS": [APP]},
            "ALLOW_ALL = True",
        ),
        ("W004", {"CORS_ALLOW_HEADERS": ["x-mine", "Origin"]}, "CORS_ALLOW_HEADERS[1] = 'Origin'"),
        ("W004", {"CORS_PREFLIGHT_MAX_AGE": 604_800}, "86400 seconds"),
        ("W009", {"CORS_OF_MINE": 1}, "CORS_OF_MINE"),
        ("W009", {"CORS_MODEL": "app.Model"}, "check_request_enabled"),
        ("W009", {"CORS_REPLACE_HTTPS_REFERER": True}, "CSRF_TRUSTED_ORIGINS"),
        ("W010", {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://app.example\.com"]}, "appxexample.com"),
        (
            "W010",
            {"CORS_ORIGIN_REGEX_WHITELIST": [r"https://a\.b", r"https://.*\.github\.io"]},
            "CORS_ORIGIN_REGEX_WHITELIST[1] = ",
        ),
        (
            "W010",
            {"CORS_POLICY": RegexCorsPolicy(allow_origin_regexes=["https://.*"])},
            "allow_origin_regexes[0] = 'https://.*' also matches https://evil.example,",
        ),
    ],
)
def test_invalid_settings_are_reported_with_the_fix(
    number: str, values: dict[str, Any], said: str
) -> None:
    (message,) = run(number, **values)
    assert said in f"{message.msg} {message.hint}"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"CORS_ALLOW_METHODS": ["PUT"], "CORS_ALLOW_HEADERS": ["x-mine", "user-agent"]},
        {"CORS_ORIGIN_WHITELIST": [APP], "CORS_ORIGIN_REGEX_WHITELIST": [r"https://a\.example"]},
        {"CORS_ALLOW_ALL_ORIGINS": True},
        {"CORS_ALLOW_ALL_ORIGINS": False, "CORS_ALLOWED_ORIGINS": [APP]},
        {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOWED_ORIGINS": []},
        {
            "CORS_ALLOWED_ORIGIN_REGEXES": [
                r"^https://[^.]+\.example\.com$",
                r"https://.+\.a\.example",
                # A dot that matches other hosts of the same site only.
                r"https://app.shop\.example\.com",
            ]
        },
        {
            "CORS_ALLOWED_ORIGIN_REGEXES": [r"https://app.example\.com"],
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_ACCEPT_RISKS": ["public-suffix"],
            "MIDDLEWARE": [OURS],
        },
        {"CORS_POLICY": CorsPolicy(allow_origins=[APP])},
    ],
)
def test_correct_settings_have_no_messages(values: dict[str, Any]) -> None:
    assert run(**values) == []


class Paths:
    urlpatterns = (
        path("", views.plain),
        path("api/", views.plain),
        path("api/items/<slug:name>/", views.plain),
        path("api-internal/", views.plain),
        re_path(r"^v2/footer_html/(?P<pk>[0-9]+)$", views.plain),
    )


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        (r"^/api/", []),
        (r"/api/.*", []),
        (r"^/(api|graphql)/", []),
        (r"(^/v2/footer_html|^/search/.*)", []),
        (r"^/api(/|$)", []),
        (r"^/api/items/[a-z]+/$", []),
        (r"^/api/items/\d+/$", []),
        (r"^/(?!api/)", []),
        (r"", []),
        (r"^.*$", []),
        (r"^api/", ["W012"]),
        (r"^/v1/", ["W012"]),
        (r"^https://api\.example\.org/", ["W012"]),
        (r"^/api", ["W013"]),
        (r"^/(api|v2/foot)", ["W013"]),
    ],
)
def test_path_regex_is_tried_on_the_paths_of_the_urlconf(regex: str, expected: list[str]) -> None:
    messages = run(CORS_URLS_REGEX=regex, ROOT_URLCONF=Paths)
    assert [message.id.removeprefix("corekit_django.") for message in messages] == expected


def test_paths_that_the_regex_covers_by_accident_are_named() -> None:
    (message,) = run("W013", CORS_URLS_REGEX="^/(api|v2/foot)", ROOT_URLCONF=Paths)
    assert message.msg.endswith("also covers /api-internal/, /v2/footer_html/(?P<pk>[0-9]+).")
    (message,) = run("W012", CORS_URLS_REGEX="^/v1/", ROOT_URLCONF=Paths)
    assert "covers none of the 5 paths of the URLconf, such as /, /api/," in message.msg


def test_path_regex_without_paths_to_try_has_no_message() -> None:
    class Empty:
        urlpatterns = ()

    for urlconf in (Empty, None):
        with override_settings(ROOT_URLCONF=urlconf, CORS_URLS_REGEX="^/v1/"):
            assert list(check_paths()) == []


def test_invalid_settings_are_reported_by_one_check() -> None:
    messages = run(deploy=True, CORS_ALLOWED_ORIGINS="x", CORS_ALLOW_CREDENTIALS=True)
    assert [message.id for message in messages] == ["corekit_django.E001"]


@pytest.mark.parametrize(
    ("values", "fires"),
    [
        ({"CORS_ALLOWED_ORIGINS": [APP, "http://localhost:3000"]}, True),
        ({"CORS_ALLOWED_ORIGINS": ["http://*.example.com"]}, True),
        ({"CORS_ALLOWED_ORIGIN_REGEXES": [r"^https?://a\.example$"]}, True),
        ({"CORS_ALLOWED_ORIGIN_REGEXES": [r"^https://a\.example$"]}, False),
        ({"CORS_ALLOWED_ORIGIN_REGEXES": [r"(https|http)://a\.example"]}, True),
        ({"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://http:|https://a\.example"]}, False),
        ({"CORS_ALLOWED_ORIGINS": [APP]}, False),
        ({"CORS_ALLOW_ALL_ORIGINS": True}, False),
    ],
)
def test_plain_http_is_reported_for_deployments_only(values: dict[str, Any], fires: bool) -> None:
    assert len(run("W008", deploy=True, **values)) == fires
    assert run("W008", **values) == []


def test_view_policies_are_checked_too() -> None:
    policy = CorsPolicy(allow_origins=["http://localhost:3000", APP], allow_credentials=True)

    class Marked:
        urlpatterns = (path("", cors(policy)(views.plain)), path("exempt/", views.exempt))

    found = {message.id for message in run(deploy=True, ROOT_URLCONF=Marked, **HOSTS)}
    assert found == {f"corekit_django.{number}" for number in ("W005", "W006", "W007", "W008")}
