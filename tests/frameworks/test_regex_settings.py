"""Regular expressions of origins, in every place where a policy can be written.

A regular expression has the same problems everywhere, and each of them names the user's own setting
and the place in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from django.test import override_settings
from flask import Flask

from corekit import PolicyError, Problem
from corekit.compat import RegexCorsPolicy
from corekit.diagnostics import Diagnostic
from corekit_cli.demo.form import FormError, read_form
from corekit_config import from_environ, parse_policy
from corekit_django.conf import read_settings
from corekit_flask.compat import CORS
from corekit_starlette.compat import starlette_policy

Build = Callable[[list[str], list[str], bool], object]
"""Build a policy of origins, regular expressions and whether credentials are allowed."""


def write_toml(origins: list[str], regexes: list[str], credentials: bool) -> object:
    # A JSON string without control characters is a TOML string too.
    lines = [
        f"allow_origins = {json.dumps(origins)}",
        f"allow_origin_regexes = {json.dumps(regexes)}",
        f"allow_credentials = {json.dumps(credentials)}",
    ]
    return parse_policy("\n".join(lines), "cors.toml")


def write_json(origins: list[str], regexes: list[str], credentials: bool) -> object:
    settings = {
        "allow_origins": origins,
        "allow_origin_regexes": regexes,
        "allow_credentials": credentials,
    }
    return parse_policy(json.dumps({"cors": settings}), "settings.json")


def write_environ(origins: list[str], regexes: list[str], credentials: bool) -> object:
    return from_environ(
        environ={
            "CORS_ALLOW_ORIGINS": json.dumps(origins) if origins else "",
            "CORS_ALLOW_ORIGIN_REGEXES": json.dumps(regexes) if regexes else "",
            "CORS_ALLOW_CREDENTIALS": json.dumps(credentials),
        }
    )


def write_form(origins: list[str], regexes: list[str], credentials: bool) -> object:
    return read_form(
        {
            "allow_origins": "\n".join(origins),
            "allow_origin_regexes": "\n".join(regexes),
            "allow_credentials": credentials,
            "page": "https://app.example.com",
        }
    )


def write_python(origins: list[str], regexes: list[str], credentials: bool) -> object:
    return RegexCorsPolicy(
        allow_origins=origins, allow_origin_regexes=regexes, allow_credentials=credentials
    )


def write_starlette(origins: list[str], regexes: list[str], credentials: bool) -> object:
    return starlette_policy(
        allow_origins=origins,
        allow_origin_regex=regexes[0] if regexes else None,
        allow_credentials=credentials,
    )


def write_django(origins: list[str], regexes: list[str], credentials: bool) -> object:
    with override_settings(
        CORS_ALLOWED_ORIGINS=origins,
        CORS_ALLOWED_ORIGIN_REGEXES=regexes,
        CORS_ALLOW_CREDENTIALS=credentials,
    ):
        configuration, problems = read_settings()
    if configuration is None:
        raise PolicyError(problems)
    return configuration


def write_flask(origins: list[str], regexes: list[str], credentials: bool) -> object:
    return CORS(
        Flask("shop"),
        origins=[*origins, *map(re.compile, regexes)],
        supports_credentials=credentials,
    )


def write_flask_resource(origins: list[str], regexes: list[str], credentials: bool) -> object:
    options: dict[str, object] = {
        "origins": [*origins, *map(re.compile, regexes)],
        "supports_credentials": credentials,
    }
    resources = {"/public/*": {"origins": "*"}, "/api/v2/*": options}
    return CORS(Flask("shop"), resources=resources)


PLACES: Final[dict[str, tuple[Build, str, str]]] = {
    "Python": (write_python, "allow_origin_regexes[{}]", "corekit.compat.RegexCorsPolicy"),
    "TOML": (write_toml, "allow_origin_regexes[{}]", "allow_origin_regexes"),
    "JSON": (write_json, "allow_origin_regexes[{}]", "allow_origin_regexes"),
    "environment": (
        write_environ,
        "CORS_ALLOW_ORIGIN_REGEXES[{}]",
        "CORS_ALLOW_ORIGIN_REGEXES",
    ),
    "playground": (write_form, "allow_origin_regexes[{}]", "allow_origin_regexes"),
    "Starlette": (write_starlette, "allow_origin_regex", "allow_origin_regex"),
    "Django": (write_django, "CORS_ALLOWED_ORIGIN_REGEXES[{}]", "CORS_ALLOWED_ORIGIN_REGEXES"),
    "Flask": (write_flask, "origins[{}]", "re.compile("),
    "Flask resource": (
        write_flask_resource,
        "resources['/api/v2/*']['origins'][{}]",
        "re.compile(",
    ),
}
"""Each place: how a policy is written, what a regex is called, and where one belongs."""

PROBLEMS: Final = {
    r"https://*": "never-matches",
    r"^http://localhost:": "never-matches",
    r"https://*.example.com": "never-matches",
    r"https://([a-z]+-?)+\.example\.com": "slow-regex",
    r"https://(?=app)[a-z]+\.example\.com": "opaque-regex",
    r"https://.*\.example\.com.*": "any-origin-with-credentials",
    r"https://app.example\.com": "public-suffix",
    r"https://.*\.vercel\.app": "public-suffix",
    r"http://app\.example\.com": "insecure-origin",
    r"null": "opaque-origin",
}
"""A regex, and its problem with credentials."""

ALLOWED: Final = [
    r"^https?://(localhost|127\.0\.0\.1)(:\d+)?$",
    r"https://(app|shop)\.example\.com",
    r"http:\/\/localhost:\d+",
    r"https://.*-staging\.example\.com",
    r"https://\[2001:db8::1\](:\d+)?",
]

in_every_place = pytest.mark.parametrize("place", PLACES)


def problems_in(place: str, origins: list[str], regexes: list[str]) -> list[Problem | Diagnostic]:
    with pytest.raises((PolicyError, FormError)) as caught:
        PLACES[place][0](origins, regexes, True)
    assert isinstance(caught.value, PolicyError | FormError)
    return list(caught.value.problems)


@in_every_place
@pytest.mark.parametrize("regex", PROBLEMS)
def test_problem_names_the_users_own_setting(place: str, regex: str) -> None:
    subject = PLACES[place][1].format(0)
    (problem,) = problems_in(place, [], [regex])
    assert (problem.subject, problem.code) == (subject, PROBLEMS[regex])
    assert problem.value in (regex, repr(regex))  # the playground shows values


@pytest.mark.parametrize("place", [name for name in PLACES if name != "Starlette"])
def test_problem_names_the_place_in_the_list(place: str) -> None:
    good = r"https://a\.example"
    (problem,) = problems_in(place, [], [good, good.replace("a", "b"), "https://*"])
    assert problem.subject == PLACES[place][1].format(2)


@in_every_place
@pytest.mark.parametrize("regex", ALLOWED)
def test_regex_of_own_origins_is_allowed(place: str, regex: str) -> None:
    assert PLACES[place][0]([], [regex], True)


@in_every_place
def test_regex_among_the_origins_names_where_it_belongs(place: str) -> None:
    (problem,) = problems_in(place, [".*.example.com"], [])
    assert "Did you mean 'https://*.example.com'?" in problem.hint
    assert "regular expression" in problem.hint.lower()
    assert PLACES[place][2] in problem.hint


def test_all_faulty_resources_are_reported_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        CORS(
            Flask("shop"),
            resources={
                "/api/v1/*": {"origins": ["https://Bad.example/", r"^http://localhost:"]},
                "/api/v2/*": {"origins": [r"https://.*\.example\.com"]},
                "/api/v3/*": {"origins": re.compile(r"https://*"), "methods": "put, a b"},
            },
        )
    assert [problem.subject for problem in caught.value.problems] == [
        "resources['/api/v1/*']['origins'][0]",
        "resources['/api/v1/*']['origins'][1]",
        "resources['/api/v3/*']['origins']",
        "resources['/api/v3/*']['methods'][1]",
    ]
    assert "allow_origin" not in str(caught.value)


FILES = r"^/(?:[\w.-]*/)?[\w-]*[._][\w-]"
UNKNOWN_COST = rf"/({'(x?y?)*' * 99})*"
SLOW = r"^/api/(\w+/?)+$"


def read_urls_regex(value: str | re.Pattern[str]) -> None:
    with override_settings(CORS_ALLOWED_ORIGINS=["https://app.example"], CORS_URLS_REGEX=value):
        configuration, problems = read_settings()
    assert configuration is None
    raise PolicyError(problems)


def read_resources(value: str | re.Pattern[str]) -> None:
    CORS(Flask("shop"), resources={value: {"origins": "https://app.example"}})


@pytest.mark.parametrize("prepare", [str, re.compile], ids=["text", "compiled"])
@pytest.mark.parametrize(
    ("regex", "code", "hint"),
    [
        (UNKNOWN_COST, "opaque-regex", "Write it shorter, or as several."),
        (SLOW, "slow-regex", "Let every repetition begin or end"),
        (r"^/(?!(\w+/?)+\.json$)", "slow-regex", "Let every repetition begin or end"),
        (r"^/(?:(a+)+b)?", "slow-regex", "Let every repetition begin or end"),
        (rf"{FILES}{{1,255}}\.js$", "slow-regex", "Let every repetition begin or end"),
    ],
)
@pytest.mark.parametrize(
    ("read", "subject"), [(read_urls_regex, "CORS_URLS_REGEX"), (read_resources, "resources")]
)
def test_regex_of_paths_that_may_take_long_is_refused(  # noqa: PLR0917
    read: Callable[[Any], None],
    subject: str,
    regex: str,
    code: str,
    hint: str,
    prepare: Callable[[str], Any],
) -> None:
    with pytest.raises(PolicyError) as caught:
        read(prepare(regex))
    (problem,) = caught.value.problems
    assert (problem.code, problem.subject) == (code, subject)
    assert problem.hint.startswith(hint)
    assert code != "slow-regex" or "upper bound" in problem.message


def test_hint_for_slow_paths_helps() -> None:
    with pytest.raises(PolicyError, match=r"instead of a large number such as \{1,255\}") as caught:
        read_resources(rf"{FILES}{{1,255}}\.js$")
    assert len(caught.value.problems) == 1
    read_resources(rf"{FILES}+\.js$")
