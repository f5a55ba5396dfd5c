"""Each check: settings that it reports, and settings that it does not."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import run_checks
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path, re_path

from corekit import CorsPolicy, PolicyWarning
from corekit.adapter import MARKS
from corekit.compat import RegexCorsPolicy
from corekit_django import cors
from corekit_django.checks import check_paths
from corekit_django.middleware import CorsMiddleware
from tests.django import views
from tests.django.settings import INSTALLED_APPS

APP = "https://app.example.com"
OURS = "corekit_django.middleware.CorsMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"


class Subclass(CorsMiddleware):
    pass


class Urls:
    urlpatterns = (path("", views.plain),)


def make_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    return get_response


class SelectUrls:
    """Like the middleware of django-hosts."""

    hosts = len

    def process_request(self, request: HttpRequest) -> None:
        request.urlconf = "tests.django.urls"


class SelectTenant:
    """Like the middleware of django-tenants."""

    def process_request(self, request: Any) -> None:
        request.tenant = object()


def select_urls(get_response: Callable[[HttpRequest], Any]) -> Any:
    def respond(request: HttpRequest) -> Any:
        request.urlconf = "tests.django.urls"
        return get_response(request)

    return respond


ALLOW_ORIGIN = "Access-Control-Allow-Origin"


def add_header(get_response: Callable[[HttpRequest], Any]) -> Any:
    def respond(request: HttpRequest) -> Any:
        response = get_response(request)
        response["access-control-allow-origin"] = "*"
        return response

    return respond


class AddHeader:
    def process_response(self, request: HttpRequest, response: Any) -> Any:
        response[ALLOW_ORIGIN] = "*"
        return response


def run(number: str | None = None, *, deploy: bool = False, **values: Any) -> list[Any]:
    """Run all Django checks with these settings; return our messages, optionally of one id."""
    urls = values.pop("ROOT_URLCONF", Urls)
    with override_settings(ROOT_URLCONF=urls, **values), warnings.catch_warnings():
        warnings.simplefilter("ignore", PolicyWarning)  # W004 has it too
        found = [
            message
            for message in run_checks(include_deployment_checks=deploy)
            if str(message.id).startswith("corekit_django.")
        ]
    wanted = None if number is None else f"corekit_django.{number}"
    return [message for message in found if wanted in (None, message.id)]


def regexes(*sources: str) -> dict[str, Any]:
    return {"CORS_ALLOWED_ORIGIN_REGEXES": list(sources)}


CREDENTIALS: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_CREDENTIALS": True}
HOSTS: dict[str, Any] = {"ALLOWED_HOSTS": ["api.example.org"]}
NONE: dict[str, Any] = {"SESSION_COOKIE_SAMESITE": "None", "CSRF_COOKIE_SAMESITE": "None"}
SECURE: dict[str, Any] = {"SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True}

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


MIDDLEWARE_TABLE: list[tuple[str, list[str], dict[str, Any]]] = [
    ("E002", [COMMON], {}),
    ("E002", [], {}),
    ("E002", ["no.such.Middleware", COMMON], {}),
    ("E003", [OURS, COMMON, OURS], {}),
    ("E003", [OURS, "tests.django.test_checks.Subclass"], {}),
    ("E004", [OURS, "corsheaders.middleware.CorsMiddleware"], {}),
    ("E004", [OURS], {"INSTALLED_APPS": [*INSTALLED_APPS, "corsheaders"]}),
    ("W001", [COMMON, OURS], {}),
    ("W001", ["whitenoise.middleware.WhiteNoiseMiddleware", OURS], {}),
    ("W001", ["django.contrib.auth.middleware.AuthenticationMiddleware", OURS], {}),
    ("W001", ["django.contrib.auth.middleware.LoginRequiredMiddleware", OURS], {}),
    ("W001", ["django.middleware.locale.LocaleMiddleware", OURS], {}),
    ("W001", ["django.middleware.cache.FetchFromCacheMiddleware", OURS], {}),
    ("W001", [CSRF, OURS], {}),
    ("W001", ["tests.django.test_checks.make_middleware", OURS], {}),
    ("W001", [SECURITY, OURS], {"SECURE_SSL_REDIRECT": True}),
    ("W001", [SESSION, COMMON, "tests.django.test_checks.Subclass"], {}),
    ("W015", [OURS, "tests.django.test_checks.SelectUrls"], {}),
    ("W015", [OURS, COMMON, "tests.django.test_checks.select_urls"], {}),
]


@pytest.mark.parametrize(("number", "middleware", "values"), MIDDLEWARE_TABLE)
def test_misplaced_middleware_is_reported(
    number: str, middleware: list[str], values: dict[str, Any]
) -> None:
    (message,) = run(number, MIDDLEWARE=middleware, **values)
    assert message.hint


@pytest.mark.parametrize(
    "middleware",
    [
        [OURS, COMMON, SESSION, CSRF],
        [SECURITY, SESSION, "django.middleware.gzip.GZipMiddleware", OURS, COMMON],
        ["tests.django.test_checks.Subclass", COMMON],
        ["tests.django.test_checks.SelectTenant", OURS, COMMON],
        ["tests.django.test_checks.select_urls", "tests.django.test_checks.SelectUrls", OURS],
        [OURS, "tests.django.test_checks.SelectTenant"],
        [OURS, "no.such.Middleware"],
    ],
)
def test_correct_middleware_order_has_no_messages(middleware: list[str]) -> None:
    assert run(MIDDLEWARE=middleware) == []


def test_earlier_middleware_is_named() -> None:
    (message,) = run("W001", MIDDLEWARE=[SESSION, COMMON, CSRF, OURS])
    assert f"after {COMMON}, {CSRF}, whose" in message.msg
    assert message.hint == "Put it first in MIDDLEWARE."


def test_hint_keeps_middleware_before_that_preflights_need() -> None:
    path = "tests.django.test_checks.SelectUrls"
    (message,) = run("W001", MIDDLEWARE=[path, COMMON, OURS])
    assert f"after {COMMON}, whose" in message.msg
    assert message.hint == f"Put it first in MIDDLEWARE, after {path}."


@pytest.mark.parametrize("name", ["add_header", "AddHeader"])
def test_other_middleware_with_cors_headers_is_named(name: str) -> None:
    path = f"tests.django.test_checks.{name}"
    for middleware in ([path, OURS], [OURS, path]):
        (message,) = run("W017", MIDDLEWARE=middleware)
        assert message.msg.startswith(f"{path} sets CORS headers itself.")
    assert run("W017", MIDDLEWARE=[path]) == []
    theirs = "corsheaders.middleware.CorsMiddleware"
    assert run("W017", MIDDLEWARE=[OURS, theirs, "no.such.Middleware"]) == []


def test_order_does_not_matter_without_per_view_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MARKS, "exist", False)
    assert run(MIDDLEWARE=[OURS, "tests.django.test_checks.SelectUrls"]) == []


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


def test_project_without_a_urlconf_can_be_checked() -> None:
    from corekit_django.checks import check_csrf_trusted_origins

    with override_settings(ROOT_URLCONF=None, **CREDENTIALS):
        assert len(list(check_csrf_trusted_origins())) == 1
