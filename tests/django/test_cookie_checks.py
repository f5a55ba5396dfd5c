"""Checks of cookies and of Django's CSRF check: W005, W006 and W007."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from tests.django.checking import (
    APP,
    COMMON,
    CREDENTIALS,
    CSRF,
    HOSTS,
    NONE,
    OURS,
    SECURE,
    SESSION,
    run,
)


def regexes(*sources: str) -> dict[str, Any]:
    return {"CORS_ALLOWED_ORIGIN_REGEXES": list(sources)}


@pytest.mark.parametrize(
    ("values", "fires"),
    [
        ({}, True),
        (NONE, True),
        (SECURE, True),
        ({**NONE, **SECURE}, False),
        ({**SECURE, "SESSION_COOKIE_SAMESITE": None, "CSRF_COOKIE_SAMESITE": False}, True),
        ({"ALLOWED_HOSTS": ["api.example.com"]}, False),
        ({"ALLOWED_HOSTS": [".example.com"]}, False),
        ({"ALLOWED_HOSTS": ["*"]}, True),
        ({"ALLOWED_HOSTS": ["192.0.2.1", "[2001:db8::1]", "intranet"]}, True),
        ({"CORS_ALLOW_CREDENTIALS": False}, False),
        ({"CORS_ALLOWED_ORIGINS": ["https://*.example.com"]}, True),
        ({"CORS_ALLOWED_ORIGINS": ["https://*.example.org"]}, False),
        ({"CORS_ALLOWED_ORIGINS": ["capacitor://localhost"]}, True),
        # Loopback pages are for development, and checked if the server is on loopback too.
        ({"CORS_ALLOWED_ORIGINS": ["http://localhost:3000"]}, False),
        ({"CORS_ALLOWED_ORIGINS": ["http://localhost:*"], "ALLOWED_HOSTS": ["localhost"]}, False),
        ({"CORS_ALLOWED_ORIGINS": ["http://localhost:3000"], "ALLOWED_HOSTS": ["127.0.0.1"]}, True),
        (
            {"CORS_ALLOWED_ORIGINS": ["http://localhost:3000"], "ALLOWED_HOSTS": [], "DEBUG": True},
            False,
        ),
        ({"ALLOWED_HOSTS": [], "DEBUG": True}, True),
        (
            {"CORS_ALLOWED_ORIGINS": ["http://localhost:3000"], "ALLOWED_HOSTS": [".localhost"]},
            False,
        ),
        ({"CORS_ALLOWED_ORIGINS": ["http://a.localhost"], "ALLOWED_HOSTS": []}, False),
        (
            {"CORS_ALLOWED_ORIGINS": ["http://a.localhost"], "ALLOWED_HOSTS": [], "DEBUG": True},
            True,
        ),
        # github.io is a public suffix, so each of its users is a site.
        ({"CORS_ALLOWED_ORIGINS": ["https://a.github.io"], "ALLOWED_HOSTS": ["b.github.io"]}, True),
        ({**regexes(r"https://(a|b)\.example\.org"), "CORS_ALLOWED_ORIGINS": []}, False),
        ({**regexes(r"https://(a|b)\.example\.com"), "CORS_ALLOWED_ORIGINS": []}, True),
        ({**regexes(r"https://a\.example\.(com|org)"), "CORS_ALLOWED_ORIGINS": []}, True),
        ({**regexes(r"http://localhost:\d+"), "CORS_ALLOWED_ORIGINS": []}, False),
    ],
)
def test_cookies_that_browsers_block_are_reported(values: dict[str, Any], fires: bool) -> None:
    given = {**CREDENTIALS, **HOSTS, "MIDDLEWARE": [OURS, SESSION, CSRF], **values}
    assert len(run("W005", **given)) == len(run("W006", **given)) == fires


def test_problem_names_the_cookie_settings() -> None:
    (message,) = run("W005", **CREDENTIALS, **HOSTS)
    assert "SESSION_COOKIE_SAMESITE is 'Lax' and SESSION_COOKIE_SECURE is False" in message.msg
    assert "Set SESSION_COOKIE_SAMESITE = 'None' and SESSION_COOKIE_SECURE = True" in message.hint
    (message,) = run("W006", **CREDENTIALS, **HOSTS, **NONE)
    assert message.msg.endswith("without the CSRF cookie: CSRF_COOKIE_SECURE is False.")


def test_unused_cookie_is_not_reported() -> None:
    assert run("W005", **CREDENTIALS, **HOSTS, MIDDLEWARE=[OURS]) == []
    assert run("W006", **CREDENTIALS, **HOSTS, MIDDLEWARE=[OURS]) == []
    assert run("W006", **CREDENTIALS, **HOSTS, CSRF_USE_SESSIONS=True) == []


@pytest.mark.parametrize(
    ("origin", "trusted", "fires"),
    [
        (APP, [], True),
        (APP, [APP], False),
        (APP, ["https://*.example.com"], False),
        (APP, ["http://*.example.com"], True),
        (APP, ["https://*.example.org", "https://other.example.com"], True),
        ("https://*.example.com", ["https://*.example.com"], False),
        ("https://*.example.com", [APP], True),
        ("https://pr-*.example.com", ["https://*.example.com"], False),
        ("http://localhost:*", ["http://localhost:3000"], False),
        ("http://localhost:*", ["http://localhost"], False),
        ("http://localhost:*", ["https://localhost:3000", "http://127.0.0.1:3000"], True),
        ("http://[::1]:*", ["http://[::1]:3000"], False),
        ("https://*.example.com:*", ["https://*.example.com:8443"], False),
        ("https://*.example.com:8443", ["https://*.example.com"], True),
        ("https://app.example.com:8443", [APP], True),
    ],
)
def test_origins_that_fail_the_csrf_check_are_reported(
    origin: str, trusted: list[str], fires: bool
) -> None:
    values = {**CREDENTIALS, "CORS_ALLOWED_ORIGINS": [origin], "CSRF_TRUSTED_ORIGINS": trusted}
    messages = run("W007", **values)
    assert len(messages) == fires
    for message in messages:
        assert origin in message.msg
        assert "requests must pass both CORS and the CSRF check" in message.hint
        assert ("no wildcard for ports" in message.hint) is origin.endswith(":*")
        assert "regular expressions" not in message.hint


@pytest.mark.parametrize(
    ("regex", "trusted", "fires"),
    [
        (r"https://(app|shop)\.example\.com", [], True),
        (r"https://(app|shop)\.example\.com", ["https://shop.example.com"], False),
        (r"https://(app|shop)\.example\.com", ["https://*.example.com"], False),
        (r"https://example\.com", ["https://*.example.com"], False),
        (r"https://(app|shop)\.example\.com", ["http://*.example.com"], True),
        (r"https://(app|shop)\.example\.com", ["https://other.example.com"], True),
        (r"https://(?=a)app\.example\.com", [], False),
    ],
)
def test_regexes_that_fail_the_csrf_check_are_reported(
    regex: str, trusted: list[str], fires: bool
) -> None:
    risks = ["opaque-regex"] if "(?=" in regex else []
    values = {**regexes(regex), "CSRF_TRUSTED_ORIGINS": trusted, "CORS_ACCEPT_RISKS": risks}
    messages = run("W007", **values, CORS_ALLOW_CREDENTIALS=True)
    assert [regex in message.msg for message in messages] == [True] * fires
    for message in messages:
        assert "has no regular expressions: list the origins in use" in message.hint
        assert "no wildcard for ports" not in message.hint


def test_trusted_origins_only_matter_with_credentials_and_csrf() -> None:
    assert run("W007", CORS_ALLOWED_ORIGINS=[APP]) == []
    assert run("W007", **CREDENTIALS, MIDDLEWARE=[OURS, COMMON]) == []


def test_long_list_of_origins_is_cut_and_counted() -> None:
    five = [f"https://app-{number}.example.com" for number in range(5)]
    (message,) = run("W007", CORS_ALLOWED_ORIGINS=five, CORS_ALLOW_CREDENTIALS=True)

    assert "fail with 403: https://app-0.example.com, " in message.msg
    assert message.msg.endswith("app-2.example.com and 2 more.")


def test_project_without_a_urlconf_can_be_checked() -> None:
    from corekit_django.checks import check_csrf_trusted_origins

    with override_settings(ROOT_URLCONF=None, **CREDENTIALS):
        assert len(list(check_csrf_trusted_origins())) == 1
