"""Policies with regexes, as in other CORS libraries: full matches, and the same safety rules."""

from __future__ import annotations

import pickle
import re
import time
from typing import Any

import pytest

from corekit import CorsPolicy, PolicyError
from corekit.compat import (
    OriginRegexes,
    RegexCorsPolicy,
    RegexError,
    build_policy,
    compile_path_regex,
    compile_regex,
    is_path_too_long,
    longest_path,
)
from corekit.problems import OriginProblem

SUBDOMAINS = r"https://\w+\.example\.com"


def codes_of(**arguments: Any) -> list[tuple[str, str]]:
    with pytest.raises(PolicyError) as caught:
        RegexCorsPolicy(**arguments)
    return [(problem.code, problem.subject) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("regex", "origin", "expected"),
    [
        (SUBDOMAINS, "https://a.example.com", True),
        (SUBDOMAINS, "https://a.example.com.evil.test", False),
        (SUBDOMAINS, "https://evil.test/https://a.example.com", False),
        (SUBDOMAINS, "xhttps://a.example.com", False),
        (SUBDOMAINS, "https://a.example.com\n", False),
        (SUBDOMAINS + "$", "https://a.example.com\n", False),
        ("^" + SUBDOMAINS + "$", "https://a.example.com", True),
        (r"https://a|http://b", "https://a", True),
        (r"https://a|http://b", "http://bc", False),
        (r".*", "https://a.example.com", True),
        (r".*", "nonsense", False),
        (r".*", "https://a, https://b", False),
        (r"(?i)HTTPS://A", "https://a", True),
        (r"(?s).*", "https://a\r\nx", False),
    ],
)
def test_regex_matches_the_whole_serialized_origin(regex: str, origin: str, expected: bool) -> None:
    for form in (regex, re.compile(regex)):
        policy = RegexCorsPolicy(
            allow_origin_regexes=[form], accept_risks=["opaque-origin"] if ".*" in regex else []
        )
        assert policy.decide("GET", origin=origin).allowed == expected
        preflight = policy.decide("OPTIONS", origin=origin, request_method="PUT")
        assert (preflight.status == 204) == expected


def test_origins_and_regexes_can_be_combined() -> None:
    policy = RegexCorsPolicy(
        allow_origins=["https://app.example", "http://localhost:*"],
        allow_origin_regexes=[SUBDOMAINS],
        allow_credentials=True,
    )
    for origin in ("https://app.example", "http://localhost:1", "https://a.example.com"):
        decision = policy.decide("GET", origin=origin)
        assert dict(decision.headers)["Access-Control-Allow-Origin"] == origin
        assert decision.vary == ("Origin",)
    assert not policy.decide("GET", origin="https://b.example").allowed


def test_policy_without_origins_allows_nothing() -> None:
    policy = RegexCorsPolicy(allow_methods=["PUT"], max_age=0)
    assert not policy.decide("GET", origin="https://a.example").allowed
    assert RegexCorsPolicy() == RegexCorsPolicy.deny_all()


def test_any_origin_makes_regexes_redundant() -> None:
    policy = RegexCorsPolicy(allow_origins=["*"], allow_origin_regexes=[SUBDOMAINS])
    assert policy.decide("GET", origin="https://b.example").headers == (
        ("Access-Control-Allow-Origin", "*"),
    )


def test_opaque_origin_is_a_risk() -> None:
    assert codes_of(allow_origin_regexes=["null|https://a"]) == [
        ("opaque-origin", "allow_origin_regexes[0]")
    ]
    assert codes_of(
        allow_origin_regexes=["null"], allow_credentials=True, accept_risks=["opaque-origin"]
    ) == [("opaque-origin", "allow_origin_regexes[0]")]
    policy = RegexCorsPolicy(allow_origin_regexes=["null"], accept_risks=["opaque-origin"])
    assert policy.decide("GET", origin="null").allowed


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (SUBDOMAINS, [("string-not-collection", "allow_origin_regexes")]),
        (re.compile(SUBDOMAINS), [("wrong-type", "allow_origin_regexes")]),
        (None, [("wrong-type", "allow_origin_regexes")]),
        ([SUBDOMAINS, None], [("wrong-type", "allow_origin_regexes[1]")]),
        ([re.compile(b"x")], [("wrong-type", "allow_origin_regexes[0]")]),
        (["https://(", "["], [("invalid-regex", f"allow_origin_regexes[{at}]") for at in (0, 1)]),
    ],
)
def test_invalid_list_of_regexes_is_reported(value: Any, expected: object) -> None:
    assert codes_of(allow_origin_regexes=value) == expected


@pytest.mark.parametrize("regex", ["a{99999999999999999999}", "(" * 4_000 + ")" * 4_000])
def test_regex_that_exceeds_limits_is_a_problem(regex: str) -> None:
    assert codes_of(allow_origin_regexes=[regex]) == [("invalid-regex", "allow_origin_regexes[0]")]


def test_regex_that_does_not_compile_has_a_reason() -> None:
    with pytest.raises(PolicyError, match=r"does not compile: .*unterminated.* \[invalid-regex\]"):
        RegexCorsPolicy(allow_origin_regexes=["https://("])


@pytest.mark.parametrize(
    ("regex", "code", "message", "hint"),
    [
        (
            "https://(",
            "invalid-regex",
            (
                "The regular expression does not compile: 'missing ), unterminated subpattern at"
                " position 8'."
            ),
            "Fix it, or use a pattern such as 'https://*.example.com'.",
        ),
        (
            r"http://a\.example\.com",
            "insecure-origin",
            (
                "It matches 'http://a.example.com': a network attacker can impersonate this origin"
                " and act as the user."
            ),
            (
                r"Use r'https://a\.example\.com'. To accept the risk:"
                " accept_risks=['insecure-origin']."
            ),
        ),
        (
            r"https://.*\.example\..*",
            "any-origin-with-credentials",
            "It matches 'https://x.example.evil.example', so any website could act as the user.",
            "Write out the scheme and the host, escape the dots, and leave neither end open.",
        ),
        (
            r"https://.*\.example\.com.*",
            "any-origin-with-credentials",
            (
                "It matches 'https://x.example.com.evil.example', so any website could act as the"
                " user."
            ),
            r"Did you mean r'https://.*\.example\.com'?",
        ),
        (
            r"https://[a-z]+\.com",
            "public-suffix",
            (
                "It matches 'https://evil.com' and at least 16 other names below 'com': anybody who"
                " registers one of them could act as the user."
            ),
            (
                "List the hosts that belong to you. To accept the risk:"
                " accept_risks=['public-suffix']."
            ),
        ),
    ],
)
def test_problem_of_a_regex_has_message_and_hint(
    regex: str, code: str, message: str, hint: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        RegexCorsPolicy(allow_origin_regexes=["https://a", regex], allow_credentials=True)
    (problem,) = caught.value.problems
    assert (problem.code, problem.subject) == (code, "allow_origin_regexes[1]")
    assert (problem.value, problem.message, problem.hint) == (regex, message, hint)


def test_regex_policy_is_a_value() -> None:
    policy = RegexCorsPolicy(
        allow_origin_regexes=[re.compile(SUBDOMAINS, re.IGNORECASE), SUBDOMAINS]
    )
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert eval(repr(policy), {"RegexCorsPolicy": RegexCorsPolicy, "re": re}) == policy
    assert policy.replace() == policy
    assert policy.replace(max_age=1) != policy
    assert policy.replace(allow_origin_regexes=()) == RegexCorsPolicy()
    assert RegexCorsPolicy(allow_origins=["*"]) != CorsPolicy(allow_origins=["*"])
    with pytest.raises(AttributeError, match="immutable"):
        policy.allow_origin_regexes = ()


def test_misspelled_argument_is_an_error() -> None:
    with pytest.raises(TypeError, match="allow_origin_regex"):
        RegexCorsPolicy(allow_origin_regex=SUBDOMAINS)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="allowed_origins"):
        RegexCorsPolicy().replace(allowed_origins=["*"])


def test_repr_of_long_regexes_with_flags_evaluates() -> None:
    regexes: list[str | re.Pattern[str]] = [
        re.compile("https://(a" + "|a" * 90 + ")", re.IGNORECASE)
    ]
    regexes.append("https://(b" + "|b" * 90 + ")")
    policy = RegexCorsPolicy(allow_origins=["https://a"], allow_origin_regexes=regexes, max_age=0)
    assert eval(repr(policy)) == policy
    assert repr(RegexCorsPolicy(allow_origin_regexes=["https://a"])) == (
        "RegexCorsPolicy(allow_origin_regexes=[re.compile('https://a')])"
    )


def test_compiled_regex_keeps_its_flags() -> None:
    policy = RegexCorsPolicy(allow_origin_regexes=[re.compile("HTTPS://A", re.IGNORECASE)])
    assert policy.decide("GET", origin="https://a").allowed


def test_origins_may_have_no_host() -> None:
    every = OriginRegexes([re.compile(r"null|\w+://.*")], others=set())
    found = [each in every for each in ("null", "file://", "https://a", "https://")]
    assert found == [True, True, True, False]


def test_origins_without_a_host_are_never_matched_with_credentials() -> None:
    policy = RegexCorsPolicy(
        allow_origin_regexes=["(?!null).*"], allow_credentials=True, accept_risks=["opaque-regex"]
    )
    for origin, is_allowed in (("https://a", True), ("app://a", True), ("app://", False)):
        assert policy.decide("GET", origin=origin).allowed is is_allowed
        assert (policy.engine.find_rule(origin) is not None) is is_allowed


def test_regexes_in_a_set_are_sorted() -> None:
    regexes = {f"https://{name}" for name in "dbcae"} | {re.compile("https://f")}
    found = RegexCorsPolicy(allow_origin_regexes=regexes).allow_origin_regexes
    assert [regex.pattern for regex in found] == [f"https://{name}" for name in "abcdef"]
    again = RegexCorsPolicy(allow_origin_regexes=frozenset(regexes))
    assert again.allow_origin_regexes == found


def test_regex_gets_only_serialized_origins() -> None:
    class Recording:
        """A regular expression that records the texts to match."""

        pattern = ".*"

        def __init__(self) -> None:
            self.texts: list[str] = []

        def fullmatch(self, text: str) -> bool:
            self.texts.append(text)
            return True

    regex: Any = Recording()
    origins = OriginRegexes([regex], others=set())
    assert "https://a" in origins
    for origin in ("https://a" + "a" * 400, "https://a/", "x\r\n", ""):
        assert origin not in origins
    assert regex.texts == ["https://a"]


@pytest.mark.parametrize(
    ("regex", "is_limited"),
    [
        (r"/api/", False),
        (r"^/api/.*$", False),
        (r"/api/[^/]+/items", False),
        (r"/(?:a|b)?/.*", False),
        (r"/(a|aa)*b", True),
        (r"/(a|aa)+b", True),
        (r"/(a|aa){2,}b", True),
        (r"/.*/.*", False),
        (r"/.*/.*x", True),
        ("/.*\n.*", False),
        (r"/.*x{2,}", False),
        (r"/.*x{2,}$", True),
        (r"/[a-z]+/[0-9]+/x?", False),
        (r"/(?:[a-z]+/)*", False),
        (r"/(?!admin)(?=.*x).*", False),
        (r"/(.*)\1", True),
        (r"/(?P<a>.*)(?P=a)", True),
    ],
)
def test_long_path_is_not_matched_if_it_may_backtrack(regex: str, is_limited: bool) -> None:
    assert is_path_too_long("/" * 2_049, re.compile(regex)) is is_limited


@pytest.mark.parametrize(
    ("regex", "longest"),
    [
        (r"/api/.*/items/.*/x", 512),
        (r"^/.*/.*/.*/edit$", 100),
        (r"^/.*/edit$|^/.*/.*/.*/.*/new$", 100),
        (r"^/api/(\w+/?)+$", 30),
        (r"/(a|aa)*b", 30),
        (r"/([^a]|\W)*b", 30),
        # The slow part is the last of some, and letters that are not ASCII.
        (r"^/(?:about|blog|contact|docs|search/(\w+/?)+)$", 30),
        (r"^/([\u0430-\u044f]+-?)+/$", 30),
        (r"^/([一-鿿]+-?)+/$", 30),
        # No character of repetition, but many choices.
        ("^/" + r"(\w|\w\w)" * 23 + "$", 30),
        # A path may have a line feed, which a dot does not match.
        (r"/api/(.*/?)+$", 30),
        (r"^/(.*/)*.*$", 30),
        (r"^/.*/.*/.*$", 200),
    ],
)
def test_longest_path_takes_milliseconds(regex: str, longest: int) -> None:
    found = longest_path(re.compile(regex))
    assert found is not None
    assert longest / 4 < found <= longest
    for start in ("/", "/api/", "/search/"):
        for text in ("/", "a", "a/", "!", "я", "中"):
            path = f"{(start + text * found)[: found - 1]}\n"
            begin = time.process_time()
            re.match(regex, path)
            assert time.process_time() - begin < 0.5


def test_no_path_is_matched_if_the_cost_is_not_known() -> None:
    regex = re.compile(rf"/({'(x?y?)*' * 99})*")
    assert longest_path(regex) == 0
    assert is_path_too_long("/", regex)
    with pytest.raises(RegexError) as caught:
        compile_path_regex(regex)
    assert caught.value.kind is OriginProblem.UNKNOWN_COST


def test_regex_is_refused_if_ordinary_paths_take_long() -> None:
    slow = re.compile(r"^/api/(\w+/?)+$")
    with pytest.raises(RegexError, match=rf"more than {longest_path(slow)} characters") as caught:
        compile_path_regex(slow)
    assert caught.value.kind is OriginProblem.SLOW_PATHS
    assert caught.value.parameters == {"longest": longest_path(slow)}
    for regex in (r"/api/", r"^/.*/.*/.*$"):
        assert compile_path_regex(regex) == re.compile(regex)
    with pytest.raises(RegexError, match="does not compile"):
        compile_path_regex("(")


def test_path_of_the_longest_length_is_matched() -> None:
    regex = re.compile(r"/api/.*/items/.*/x")
    longest = longest_path(regex)
    assert longest is not None
    assert not is_path_too_long("/" * longest, regex)
    assert is_path_too_long("/" * (longest + 1), regex)


@pytest.mark.parametrize("regexes", [[], [r"https://a\.example"]])
def test_policy_of_settings_has_regexes_if_there_are_any(regexes: list[str]) -> None:
    settings = {"allow_origins": ["https://b.example"], "allow_origin_regexes": regexes}
    policy = build_policy(settings)
    assert isinstance(policy, RegexCorsPolicy) is bool(regexes)
    assert policy.decide("GET", origin="https://a.example").allowed is bool(regexes)
    with pytest.raises(TypeError, match=r"^build_policy\(\) takes a mapping, not a list$"):
        build_policy(regexes)  # type: ignore[arg-type]


def test_regex_has_a_longest_length() -> None:
    assert compile_regex("a" * 10_000).pattern == "a" * 10_000
    for regex in ("a" * 10_001, re.compile("a" * 10_001)):
        with pytest.raises(RegexError, match="has 10001 characters") as caught:
            compile_regex(regex)
        assert caught.value.kind is OriginProblem.LONG_REGEX
        assert caught.value.parameters == {"length": 10_001, "longest": 10_000}


def test_other_origins_need_no_rules() -> None:
    origins = OriginRegexes([re.compile("https://a.*")], others={"https://b.example"})
    assert origins.find("https://a.example") == "https://a.*"
    assert origins.find("https://b.example") is None
    assert "https://b.example" in origins


def test_characters_of_all_readings_of_a_path_count() -> None:
    regex = re.compile("/.*/.*x")
    longest = longest_path(regex)
    assert longest is not None
    path = "/" * (longest // 4)
    assert [is_path_too_long(path, regex, readings) for readings in (1, 4, 5)] == [
        False,
        False,
        True,
    ]
    assert not is_path_too_long(path, re.compile("/.*"), 16)
