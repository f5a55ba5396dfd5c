"""Advice on regular expressions of origins: the same as on patterns of the same origins."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from corekit import PolicyError
from corekit._origin_kinds import pattern_source
from corekit.arguments import REGEXES
from corekit.compat import RegexCorsPolicy
from corekit.diagnostics import Diagnostic
from corekit.lint import find_cross_site, lint_policy
from corekit.lint.regexes import read_regexes
from corekit_starlette.compat import starlette_policy
from tests.properties.strategies import patterns

API = "https://api.example.com"
COOKIES = {"allow_credentials": True}


def advice_on(regex: str, api: str | None = None, **arguments: Any) -> list[Diagnostic]:
    policy = RegexCorsPolicy(allow_origin_regexes=[regex], **arguments)
    return [each for each in lint_policy(policy, api) if each.subject != "accept_risks"]


@pytest.mark.parametrize(
    ("regex", "arguments", "codes"),
    [
        (r"https://(app|shop)\.example\.com", {}, []),
        (r"https://(app|shop)\.example\.com", COOKIES, []),
        (r"https://.*\.example\.com", {}, []),
        (r"https://.*\.example\.com", COOKIES, ["every-subdomain"]),
        (r"https://[a-z0-9-]+\.example\.com:8443", COOKIES, ["every-subdomain"]),
        (r"https://\w+\.example\.com(:\d+)?", COOKIES, ["every-subdomain"]),
        (r"https://pr-\d+\.example\.com", COOKIES, []),
        (r"https://x.*\.example\.com", COOKIES, []),
        (r"https://.*-staging\.example\.com", COOKIES, []),
        (r"https://\w+\.(a|b)\.example\.com", COOKIES, ["every-subdomain", "every-subdomain"]),
        (
            r"https://\w+\.example\.co\.uk",
            {**COOKIES, "allow_origins": ["https://example.org"]},
            ["every-subdomain", "several-sites"],
        ),
        (r"https://(a\.example|b\.github\.io)", COOKIES, ["several-sites"]),
        (r"^https://app\.example\.", {}, ["trailing-dot"]),
        (r"https://app\.example\.com\.(:\d+)?", COOKIES, ["trailing-dot"]),
        (r"https://app\.example\.com\.?", COOKIES, []),
        (r"https://app.example\.com", {}, ["open-pattern"]),
        (r"https://.*\.vercel\.app", {}, ["open-pattern"]),
        (r"https://.*", {}, ["open-pattern", "development-origin"]),
        (r"http://app\.example\.com", {}, ["plain-http"]),
        (r"https?://(localhost|127\.0\.0\.1)(:\d+)?", {}, []),
        (r"https?://(localhost|127\.0\.0\.1)(:\d+)?", COOKIES, []),
        (r"https?://(localhost:\d+|a\.example)", {}, ["development-origin", "plain-http"]),
        (
            r"https?://localhost(:\d+)?",
            {**COOKIES, "allow_origins": ["https://a.example"]},
            ["development-origin"],
        ),
        (r"http://localhost:3000", {"allow_origins": ["http://localhost:*"]}, ["covered-origin"]),
        (r"https://app\.example\.com", {"allow_origins": ["*"]}, ["covered-origin"]),
        (r"https://(?=a)\w+\.com", {**COOKIES, "accept_risks": ["opaque-regex"]}, []),
    ],
)
def test_advice_is_about_the_origins(
    regex: str, arguments: dict[str, Any], codes: list[str]
) -> None:
    found = advice_on(regex, **arguments)
    assert [each.code for each in found] == codes
    for each in found:
        assert each.subject == REGEXES or each.code == "several-sites"
        assert each.value == regex or each.code == "several-sites"


@pytest.mark.parametrize(
    ("regex", "hosts"),
    [
        (r"https://[a-z]+\.example\.com", ["example.com"]),
        (r"https://[^./]+\.x\.x", ["x.x"]),
        (r"https://.*\.a\.example\.com:8443", ["a.example.com"]),
        (r"https://[a-f]+\.example\.com", []),
        # No host has more than 254 characters.
        (r"https://[a-z]{255,}\.example\.com", []),
        (r"https://([a-z]{255,}\.a\.example|[a-z]+\.b\.example)", ["b.example"]),
        (r"https://([a-z]+\.a\.example|[a-z]{255,}\.b\.example)", ["a.example"]),
    ],
)
def test_every_subdomain_is_that_of_a_host(regex: str, hosts: list[str]) -> None:
    (found,) = read_regexes([re.compile(regex)])
    assert list(found.find_every_subdomain()) == hosts


@pytest.mark.parametrize(
    ("regex", "api", "arguments", "codes"),
    [
        (r"https://(app|shop)\.example\.com", API, COOKIES, []),
        (r"https://(app\.example\.com|a\.example)", API, COOKIES, ["third-party-cookies"]),
        (r"https://(app\.example\.com|a\.example)", API, {}, []),
        (r"https?://localhost(:\d+)?", API, COOKIES, []),
        (r"https?://127\.0\.0\.1:\d+", "http://localhost:80", COOKIES, ["third-party-cookies"]),
        (r"https://api\.example\.com", API, {}, ["own-origin"]),
        (r"https://(api|app)\.example\.com", API, {}, []),
        (r"https?://app\.example", "http://api.example", {}, ["mixed-content", "plain-http"]),
        (r"https://app\.example", "http://localhost:8000", {}, []),
        (r"http://app\.example", "http://api.example", {}, ["plain-http"]),
        (
            r"app://x|https://app\.example\.com",
            API,
            COOKIES,
            ["third-party-cookies"],
        ),
    ],
)
def test_advice_for_the_origin_of_the_api(
    regex: str, api: str, arguments: dict[str, Any], codes: list[str]
) -> None:
    api = api.removesuffix(":80")
    found = advice_on(regex, api, **arguments)
    assert [each.code for each in found] == codes
    assert {(each.subject, each.value) for each in found} <= {("allow_origin_regexes", regex)}


@pytest.mark.parametrize(
    ("regex", "api", "message", "hint"),
    [
        (
            r"https://(app\.example\.com|a\.example)",
            API,
            (
                "'https://a.example', which it matches, and https://api.example.com are different"
                " sites, so the API's cookies are third-party cookies, which browsers block or"
                " partition."
            ),
            (
                "Serve both over HTTPS below one domain (the API's site is example.com), or"
                " authenticate with a header. Cookies that are to be sent at all need"
                " SameSite=None; Secure."
            ),
        ),
        (
            r"https?://127\.0\.0\.1:\d+",
            "http://localhost",
            (
                "'http://127.0.0.1:1', which it matches, and http://localhost are different sites,"
                " so the API's cookies are third-party cookies, which browsers block or partition."
            ),
            "Call the API as http://127.0.0.1.",
        ),
        (
            r"https://app\.example",
            "http://api.example",
            (
                "Browsers block requests from HTTPS pages to http://api.example, which is plain"
                " HTTP."
            ),
            "Serve the API over HTTPS.",
        ),
    ],
)
def test_advice_names_the_origin_of_the_api(regex: str, api: str, message: str, hint: str) -> None:
    advice = advice_on(regex, api, **COOKIES)[0]
    assert (advice.message, advice.hint) == (message, hint)


@pytest.mark.parametrize(
    ("regex", "arguments", "message"),
    [
        (
            r"https://app.example\.com",
            {},
            "Anyone can register a name below 'com', so it matches untrusted origins.",
        ),
        (
            r"https://.*|http://localhost",
            {},
            (
                "It is not limited to your sites ('https://evil.example' matches), so it matches"
                " untrusted origins."
            ),
        ),
        (
            r"https?://app\.example\.com",
            {},
            (
                "A network attacker can impersonate 'http://app.example.com' and read what it may"
                " read."
            ),
        ),
        (
            r"https://\w+\.a\.example",
            COOKIES,
            (
                "Every subdomain of 'a.example' can act as the user, including a forgotten one that"
                " someone else takes over."
            ),
        ),
        (
            r"https://(a|b|c|d|e)\.example",
            {"allow_origins": [f"https://{name}.example" for name in "abcdef"]},
            (
                "Together, 'https://a.example', 'https://b.example', 'https://c.example' and 2 more"
                " cover it, so removing it would change nothing."
            ),
        ),
        (
            r"https://(a|b|c|d)\.example",
            {"allow_origins": [f"https://{name}.example" for name in "abcde"]},
            (
                "Together, 'https://a.example', 'https://b.example', 'https://c.example' and 1 more"
                " cover it, so removing it would change nothing."
            ),
        ),
        (
            r"https://(a|b|c)\.example",
            {"allow_origins": [f"https://{name}.example" for name in "abcd"]},
            (
                "Together, 'https://a.example', 'https://b.example', 'https://c.example' cover it,"
                " so removing it would change nothing."
            ),
        ),
        (
            r"https://(a|b)\.example",
            {"allow_origins": [f"https://{name}.example" for name in "abc"]},
            (
                "Together, 'https://a.example', 'https://b.example' cover it, so removing it would"
                " change nothing."
            ),
        ),
    ],
)
def test_message_names_an_origin(regex: str, arguments: dict[str, Any], message: str) -> None:
    assert advice_on(regex, **arguments)[0].message == message


def test_advice_names_the_setting_of_the_user() -> None:
    (advice,) = lint_policy(starlette_policy(allow_origin_regex=r"https://.*\.github\.io"))[:1]
    assert (advice.code, advice.subject) == ("open-pattern", "allow_origin_regex")


def codes_of(api: str | None, **arguments: Any) -> set[str]:
    risks: set[Any] = {"insecure-origin", "public-suffix", "any-extension", "opaque-origin"}
    while True:
        try:
            policy = RegexCorsPolicy(**arguments, accept_risks=sorted(risks))
        except PolicyError as error:
            absent = {each.value for each in error.problems if each.code == "unknown-risk"}
            assume(absent)
            risks -= absent
        else:
            return {each.code for each in lint_policy(policy, api)}


web_patterns = patterns.filter(lambda text: text.startswith("http"))


@given(
    web_patterns,
    st.sampled_from([None, API, "http://a.example", "http://localhost:1"]),
    st.booleans(),
)
@example("https://127.0.0.1", API, True)
@example("http://localhost:*", API, True)
@example("http://localhost:3000", API, True)
def test_equal_sets_get_equal_advice(pattern: str, api: str | None, credentials: bool) -> None:
    by_pattern = codes_of(api, allow_origins=[pattern], allow_credentials=credentials)
    source = pattern_source(pattern)
    by_regex = codes_of(api, allow_origin_regexes=[source], allow_credentials=credentials)
    assert by_pattern - {"accepted-risk"} == by_regex - {"accepted-risk"}


@pytest.mark.parametrize(
    ("regex", "hosts", "expected"),
    [
        (r"https://.*\.example\.com", ["api.example.com"], False),
        (r"https://(a\.example\.com|b\.example)", ["api.example.com"], True),
        (r"https://(a\.example\.com|b\.example)", ["example.com", "b.example"], False),
        (r"app://x", ["api.example.com"], True),
        (r"http://localhost:\d+", ["api.example.com"], False),
        (r"http://localhost:\d+", ["api.example.com", "localhost"], False),
        (r"http://127\.0\.0\.1", ["api.example.com", "localhost"], True),
        (r"https://(?=a)b", ["api.example.com"], False),
    ],
)
def test_regex_is_cross_site_if_one_origin_is(regex: str, hosts: list[str], expected: bool) -> None:
    assert find_cross_site([], hosts, [re.compile(regex)]) == [regex] * expected


def test_nothing_is_said_if_it_takes_too_long() -> None:
    (found,) = read_regexes([re.compile(r"https://([a-z]{1,63}\.){1,8}example\.com")])
    assert found.find_outside(".*com", ".*[a-m].{12}") == ""
    assert found.find_inside(r".*\..{300}|.*\..{299}") is None
