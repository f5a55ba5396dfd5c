"""The settings: every name, every default and every problem."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.test import Client, override_settings

from corekit import CorsPolicy, CorsRoutes, LivePolicy, PolicyWarning, Problem
from corekit.compat import RegexCorsPolicy
from corekit.lint import lint_policy
from corekit_django.conf import KNOWN_SETTINGS, Configuration, read_settings
from corekit_django.defaults import default_headers, default_methods
from corekit_django.names import POLICY_SETTINGS

APP = "https://app.example.com"


def read(**values: Any) -> Configuration:
    with override_settings(**values):
        configuration, problems = read_settings()
    assert problems == ()
    assert configuration is not None
    return configuration


def read_policy(**values: Any) -> RegexCorsPolicy:
    policy = read(**values).policy
    assert isinstance(policy, RegexCorsPolicy)
    return policy


def read_problems(**values: Any) -> list[tuple[str, str]]:
    return [(problem.subject, problem.code) for problem in list_problems(**values)]


def list_problems(**values: Any) -> tuple[Problem, ...]:
    with override_settings(**values):
        configuration, problems = read_settings()
    assert configuration is None
    return problems


def test_defaults_are_those_of_django_cors_headers() -> None:
    policy = read_policy()
    assert policy.allow_origins == ()
    assert policy.allow_origin_regexes == ()
    assert policy.allow_methods == ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
    assert policy.allow_headers == (
        "accept",
        "authorization",
        "content-type",
        "user-agent",
        "x-csrftoken",
        "x-requested-with",
    )
    assert policy.expose_headers == ()
    assert policy.max_age == 86400
    assert policy.allow_credentials is False
    assert policy.allow_private_network is False
    assert policy.preflight_status == 204
    assert read().urls is None


@pytest.mark.parametrize(
    ("name", "value", "argument", "expected"),
    [
        ("CORS_ALLOWED_ORIGINS", [APP], "allow_origins", (APP,)),
        ("CORS_ALLOWED_ORIGINS", (APP,), "allow_origins", (APP,)),
        ("CORS_ALLOWED_ORIGINS", ["https://*.example.com"], None, None),
        ("CORS_ORIGIN_WHITELIST", [APP], "allow_origins", (APP,)),
        ("CORS_ALLOW_ALL_ORIGINS", True, "allow_origins", ("*",)),
        ("CORS_ALLOW_ALL_ORIGINS", False, "allow_origins", ()),
        ("CORS_ORIGIN_ALLOW_ALL", True, "allow_origins", ("*",)),
        ("CORS_ALLOW_METHODS", [*default_methods, "POKE"], None, None),
        ("CORS_ALLOW_METHODS", ["PUT"], "allow_methods", ("PUT",)),
        ("CORS_ALLOWED_METHODS", ["PUT"], "allow_methods", ("PUT",)),
        ("CORS_ALLOW_HEADERS", [*default_headers, "X-Mine"], None, None),
        ("CORS_ALLOW_HEADERS", ["X-Mine"], "allow_headers", ("x-mine",)),
        ("CORS_ALLOWED_HEADERS", {"x-mine"}, "allow_headers", ("x-mine",)),
        ("CORS_EXPOSE_HEADERS", ["x-total"], "expose_headers", ("x-total",)),
        ("CORS_PREFLIGHT_MAX_AGE", 0, "max_age", 0),
        ("CORS_PREFLIGHT_MAX_AGE", timedelta(minutes=10), "max_age", 600),
        ("CORS_PREFLIGHT_MAX_AGE", None, "max_age", None),
        ("CORS_ALLOW_PRIVATE_NETWORK", True, "allow_private_network", True),
        ("CORS_PREFLIGHT_STATUS", 200, "preflight_status", 200),
    ],
)
def test_each_setting_reaches_the_policy(
    name: str, value: object, argument: str | None, expected: object
) -> None:
    policy = read_policy(**{name: value})
    if argument is not None:
        assert getattr(policy, argument) == expected


def test_every_setting_name_is_known() -> None:
    assert len(KNOWN_SETTINGS) == 22


def test_new_name_takes_precedence_over_the_old_one() -> None:
    policy = read_policy(CORS_ALLOWED_ORIGINS=[APP], CORS_ORIGIN_WHITELIST=["https://old.example"])
    assert policy.allow_origins == (APP,)
    policy = read_policy(CORS_ALLOW_METHODS=["PUT"], CORS_ALLOWED_METHODS=["DELETE"])
    assert policy.allow_methods == ("PUT",)


@pytest.mark.parametrize("name", ["CORS_ALLOWED_ORIGIN_REGEXES", "CORS_ORIGIN_REGEX_WHITELIST"])
@pytest.mark.parametrize(
    "regex", [r"^https://pr-\d+\.example\.com$", r"https://pr-\d+\.example\.com"]
)
@pytest.mark.parametrize("is_compiled", [False, True])
def test_origin_regex_must_match_the_whole_origin(name: str, regex: str, is_compiled: bool) -> None:
    policy = read_policy(**{name: [re.compile(regex) if is_compiled else regex]})
    assert policy.decide("GET", origin="https://pr-7.example.com").allowed
    for origin in (
        "https://pr-7.example.com.evil.example",
        "https://pr-7.example.com:8443",
        "https://pr-7.example.com\n",
        "xhttps://pr-7.example.com",
    ):
        assert not policy.decide("GET", origin=origin).allowed


def test_path_regex_may_be_compiled() -> None:
    assert read(CORS_URLS_REGEX=re.compile("/api/.*")).find("/api/x")
    assert read(CORS_URLS_REGEX="/api/.*").find("/public/api/x") is None


@pytest.mark.parametrize(
    "path",
    ["/media/public/../private/x", "/media/public/..\\private", "/private/../media/public/x"],
)
def test_path_on_both_sides_of_the_urls_allows_no_origins(path: str) -> None:
    configuration = read(CORS_URLS_REGEX="/media/public/.*", CORS_ALLOWED_ORIGINS=[APP])
    grant = configuration.find(path)
    assert grant is not None
    assert grant.policy == CorsPolicy.deny_all()
    inside = configuration.find("/media/public/./x")
    assert inside is not None
    assert inside.policy.allow_origins == (APP,)
    assert configuration.find("/other/./x") is None


def test_long_path_is_matched_only_if_that_takes_no_longer() -> None:
    path = "/api/" + "x/y/" * 1_000
    assert read(CORS_URLS_REGEX="/api/.*", CORS_ALLOWED_ORIGINS=[APP]).find(path)
    configuration = read(CORS_URLS_REGEX="/api/.*/x/.*y", CORS_ALLOWED_ORIGINS=[APP])
    short, long = (configuration.find(each) for each in (path[:100], path))
    assert short is not None
    assert long is not None
    assert (short.engine.allows(APP), long.engine.allows(APP)) == (True, False)
    assert long.admitting is None


def test_every_problem_names_its_setting() -> None:
    assert read_problems(
        CORS_ALLOWED_ORIGINS=[APP, "https://b.example/"],
        CORS_ALLOWED_ORIGIN_REGEXES=["("],
        CORS_ALLOW_CREDENTIALS="false",
        CORS_ALLOW_METHODS=["put"],
        CORS_ALLOWED_HEADERS=["a b"],
        CORS_EXPOSE_HEADERS="x-total",
        CORS_PREFLIGHT_MAX_AGE=-1,
        CORS_ALLOW_PRIVATE_NETWORK=1,
        CORS_PREFLIGHT_STATUS=404,
        CORS_URLS_REGEX="(",
        CORS_ALLOW_ALL_ORIGINS="yes",
        CORS_ACCEPT_RISKS=["all"],
    ) == [
        ("CORS_URLS_REGEX", "invalid-regex"),
        ("CORS_ALLOW_ALL_ORIGINS", "wrong-type"),
        ("CORS_ALLOWED_ORIGINS[1]", "non-canonical-origin"),
        ("CORS_ALLOWED_ORIGIN_REGEXES[0]", "invalid-regex"),
        ("CORS_ALLOW_CREDENTIALS", "wrong-type"),
        ("CORS_ALLOW_METHODS[0]", "method-case"),
        ("CORS_ALLOWED_HEADERS[0]", "invalid-header"),
        ("CORS_EXPOSE_HEADERS", "string-not-collection"),
        ("CORS_PREFLIGHT_MAX_AGE", "max-age"),
        ("CORS_ALLOW_PRIVATE_NETWORK", "wrong-type"),
        ("CORS_PREFLIGHT_STATUS", "preflight-status"),
        ("CORS_ACCEPT_RISKS", "unknown-risk"),
    ]


@pytest.mark.parametrize("name", ["CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"])
def test_any_origin_with_credentials_names_its_setting(name: str) -> None:
    (problem,) = list_problems(**{name: True, "CORS_ALLOW_CREDENTIALS": True})
    assert (problem.subject, problem.value) == (name, True)
    assert problem.code == "any-origin-with-credentials"


@pytest.mark.parametrize(
    ("values", "judged"),
    [
        ({"CORS_ALLOW_HEADERS": [*default_headers, "x-request-id"]}, set()),
        ({"CORS_ALLOW_METHODS": [*default_methods, "PROPFIND"]}, set()),
        ({"CORS_ALLOWED_METHODS": {*default_methods, "PROPFIND"}}, set()),
        ({"CORS_ALLOW_HEADERS": ["accept", "x-request-id"]}, {"accept"}),
        ({"CORS_ALLOW_METHODS": ["GET", "PUT"]}, {"GET"}),
    ],
)
def test_defaults_that_a_list_was_added_to_are_not_judged(
    values: dict[str, Any], judged: set[str]
) -> None:
    advice = lint_policy(read_policy(CORS_ALLOWED_ORIGINS=[APP], **values))
    found = [each for each in advice if each.subject in values]
    assert {str(each.value) for each in found if isinstance(each.value, str)} == judged


@pytest.mark.parametrize("is_debug", [True, False])
def test_hint_for_any_origin_with_credentials_has_local_ports_in_debug(is_debug: bool) -> None:
    values = {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True, "DEBUG": is_debug}
    (problem,) = list_problems(**values)
    assert ("'http://localhost:*', 'http://127.0.0.1:*'" in problem.hint) is is_debug
    local = ["http://localhost:*", "http://127.0.0.1:*"]
    policy = read_policy(CORS_ALLOWED_ORIGINS=local, CORS_ALLOW_CREDENTIALS=True, DEBUG=is_debug)
    assert policy.decide("GET", origin="http://localhost:5173").allowed


@pytest.mark.parametrize("name", ["CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST"])
@pytest.mark.parametrize("make", [list, tuple, set, frozenset])
@pytest.mark.parametrize("origins", [["*"], ["*", APP]])
def test_wildcard_in_the_list_names_the_setting_for_all_origins(
    name: str, make: Any, origins: list[str]
) -> None:
    (problem,) = list_problems(**{name: make(origins)})
    assert (problem.subject, problem.code) == (name, "malformed-origin")
    assert "CORS_ALLOW_ALL_ORIGINS = True" in problem.hint


@pytest.mark.parametrize("name", ["CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST"])
def test_wildcard_as_a_string_names_the_setting_too(name: str) -> None:
    (problem,) = list_problems(**{name: "*"})
    assert (problem.subject, problem.value) == (name, "*")
    assert "CORS_ALLOW_ALL_ORIGINS = True" in problem.hint


def test_function_of_origins_gets_the_signal_as_a_hint() -> None:
    (problem,) = list_problems(CORS_ALLOWED_ORIGINS=lambda origin: True)
    assert problem.code == "wrong-type"
    assert "check_request_enabled" in problem.hint


def test_problems_after_the_wildcard_keep_their_index() -> None:
    problems = read_problems(CORS_ALLOWED_ORIGINS=["*", APP, f"{APP}/"])
    assert problems == [
        ("CORS_ALLOWED_ORIGINS", "malformed-origin"),
        ("CORS_ALLOWED_ORIGINS[2]", "non-canonical-origin"),
    ]
    assert read_policy(CORS_ALLOWED_ORIGINS=["*"], CORS_ALLOW_ALL_ORIGINS=True).allow_origins == (
        "*",
    )


@pytest.mark.parametrize("regex", [".*", r"^https?://.*$", r"https://.+", r"^https://[\w.-]+$"])
def test_catch_all_regex_is_refused_with_credentials(regex: str) -> None:
    problems = read_problems(CORS_ALLOWED_ORIGIN_REGEXES=[regex], CORS_ALLOW_CREDENTIALS=True)
    assert ("CORS_ALLOWED_ORIGIN_REGEXES[0]", "any-origin-with-credentials") in problems


def test_origin_lists_are_ignored_if_all_origins_are_allowed() -> None:
    policy = read_policy(
        CORS_ALLOW_ALL_ORIGINS=True,
        CORS_ALLOWED_ORIGINS=[APP],
        CORS_ALLOWED_ORIGIN_REGEXES=[r"https://a\.example"],
    )
    assert policy.allow_origins == ("*",)
    assert policy.allow_origin_regexes == ()


def test_risk_can_be_accepted_and_its_hint_names_the_setting() -> None:
    risky = {"CORS_ALLOWED_ORIGINS": ["http://intra.example"], "CORS_ALLOW_CREDENTIALS": True}
    (problem,) = list_problems(**risky)
    assert problem.hint.endswith("To accept the risk: CORS_ACCEPT_RISKS = ['insecure-origin'].")
    assert read_policy(**risky, CORS_ACCEPT_RISKS=["insecure-origin"]).accept_risks == (
        "insecure-origin",
    )


def test_useless_headers_are_left_out_with_a_warning_and_indexes_kept() -> None:
    old = ["Accept-Encoding", "x-mine", "dnt", "origin", "access-control-allow-origin"]
    with pytest.warns(PolicyWarning, match=r"CORS_ALLOW_HEADERS\[2\] = 'dnt'"):
        policy = read_policy(CORS_ALLOW_HEADERS=old)
    assert policy.allow_headers == ("x-mine",)
    assert [problem.index for problem in policy.warnings] == [0, 2, 3, 4]
    problems = read_problems(CORS_ALLOW_HEADERS=["dnt", "x-mine", "a b", 1])
    assert sorted(problems) == [
        ("CORS_ALLOW_HEADERS[2]", "invalid-header"),
        ("CORS_ALLOW_HEADERS[3]", "wrong-type"),
    ]


def test_headers_in_one_string_are_a_problem() -> None:
    problems = read_problems(CORS_ALLOW_HEADERS="dnt, x-mine")
    assert problems == [("CORS_ALLOW_HEADERS", "string-not-collection")]


@pytest.mark.parametrize("value", [None, 5, b"/api/", re.compile(b"/api/")])
def test_path_regex_must_be_text(value: object) -> None:
    if value is None:
        assert read(CORS_URLS_REGEX=value).urls is None
    else:
        assert read_problems(CORS_URLS_REGEX=value) == [("CORS_URLS_REGEX", "wrong-type")]


def test_cors_policy_accepts_a_policy_object() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    configuration = read(CORS_POLICY=policy)
    assert configuration.policy is policy
    assert configuration.policies == (policy,)
    routes = CorsRoutes([("/api/", policy), ("/", CorsPolicy.deny_all())])
    assert read(CORS_POLICY=routes).policies == (policy, CorsPolicy.deny_all())


@pytest.mark.parametrize("name", sorted(POLICY_SETTINGS))
def test_cors_policy_with_another_setting_is_an_error(name: str) -> None:
    policy = CorsPolicy(allow_origins=[APP])
    assert read_problems(CORS_POLICY=policy, **{name: []}) == [(name, "conflicting-settings")]


def read_header() -> str | None:
    return (
        Client().get("/plain/", headers={"Origin": APP}).headers.get("Access-Control-Allow-Origin")
    )


def test_patched_setting_applies_to_new_clients() -> None:
    assert read_header() is None
    with mock.patch.object(settings, "CORS_ALLOWED_ORIGINS", [APP], create=True):
        assert read_header() == APP
    assert read_header() is None


def test_assigned_setting_applies_to_new_clients() -> None:
    settings.CORS_ALLOWED_ORIGINS = [APP]
    try:
        assert read_header() == APP
    finally:
        del settings.CORS_ALLOWED_ORIGINS
    assert read_header() is None


@pytest.mark.parametrize("value", [None, {"allow_origins": [APP]}, [APP]])
def test_cors_policy_of_another_type_is_an_error(value: object) -> None:
    assert read_problems(CORS_POLICY=value) == [("CORS_POLICY", "wrong-type")]


def test_hint_for_cors_policy_names_every_type() -> None:
    (found,) = list_problems(CORS_POLICY=LivePolicy)
    assert found.hint == "Use an instance of CorsPolicy, CorsRoutes or LivePolicy."
