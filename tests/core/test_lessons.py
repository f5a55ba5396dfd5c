"""What other CORS layers got wrong, one test for each: none of it may happen here."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes, Decision, Reason
from corekit._headers import merge_headers, merge_raw_headers
from tests.core.rejections import APP, codes_of, problem_of

EVIL = "https://evil.example"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


def allows(pattern: str, origin: str) -> bool:
    return CorsPolicy(allow_origins=[pattern]).decide("GET", origin=origin).allowed


def preflight(policy: CorsPolicy, method: str = "PUT", headers: str | None = None) -> Decision:
    return policy.decide("OPTIONS", origin=APP, request_method=method, request_headers=headers)


# Fail-open configurations


def test_a_bare_string_is_not_searched_for_substrings() -> None:
    assert codes_of(allow_origins="https://example.com") == ["string-not-collection"]
    assert not allows("https://example.com", "https://example.co")


@pytest.mark.parametrize("misspelt", ["origins", "origin", "allowed_methods", "expose_header"])
def test_a_misspelt_option_is_not_ignored(misspelt: str) -> None:
    arguments: dict[str, Any] = {"allow_origins": [APP], misspelt: ["x"]}
    with pytest.raises(TypeError, match=misspelt):
        CorsPolicy(**arguments)


def test_any_origin_is_never_combined_with_credentials() -> None:
    assert codes_of(allow_origins=["*"], allow_credentials=True) == ["any-origin-with-credentials"]
    assert codes_of(allow_origins=["null"], allow_credentials=True) == ["opaque-origin"]


def test_a_policy_never_reflects_null_unless_told_to() -> None:
    assert not allows(APP, "null")
    assert not allows("https://*.example.com", "null")


@pytest.mark.parametrize(
    ("pattern", "stranger"),
    [
        ("https://example.com", "https://exampleXcom"),  # an unescaped dot
        ("https://example.com", "https://example.com.evil.test"),  # a prefix
        ("https://example.com", "https://notexample.com"),  # a suffix
        ("https://example.com", "https://example.com\n"),  # a dollar before a newline
        ("https://*.example.com", "https://a.example.com.evil.test"),
        ("https://*.example.com", "https://notexample.com"),
        ("https://*.example.com", "https://aXexample.com"),
        ("https://*.example.com", "https://a.example.com\n"),
        ("http://127.0.0.1:*", "http://127.0.0.1:evil.test"),
        ("http://127.0.0.1:*", "http://127.0.0.1.evil.test:80"),
        ("http://localhost:*", "http://localhost:evil.test"),
    ],
)
def test_no_stranger_comes_in_by_a_prefix_a_suffix_a_dot_or_a_newline(
    pattern: str, stranger: str
) -> None:
    assert not allows(pattern, stranger)


def test_a_glob_for_the_top_level_is_refused() -> None:
    assert codes_of(allow_origins=["https://domain.*"]) == ["malformed-origin"]


def test_two_patterns_are_never_joined_to_a_third() -> None:
    policy = CorsPolicy(
        allow_origins=["https://*.ab.example", "https://*.b.test", "https://c.ab.test"]
    )
    for origin in ("https://x.ab.test", "https://x.b.example", "https://x.c.ab.example.test"):
        assert not policy.decide("GET", origin=origin).allowed


# Fail-closed configurations that nobody is told about


@pytest.mark.parametrize(
    ("dead", "alive"),
    [
        ("https://example.com/", "https://example.com"),
        ("https://Example.com", "https://example.com"),
        ("https://example.com:443", "https://example.com"),
        ("http://example.com:80", "http://example.com"),
        ("example.com", "https://example.com"),
        ("https://b\u00fccher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_that_could_never_match_is_told_with_the_right_one(dead: str, alive: str) -> None:
    assert problem_of(allow_origins=[dead]).hint == f"Did you mean {alive!r}?"
    assert allows(alive, alive)


def test_a_pattern_for_subdomains_does_match() -> None:
    assert allows("https://*.example.com", "https://www.example.com")


def test_a_safelisted_method_need_not_be_listed() -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])
    for method in ("GET", "HEAD", "POST"):
        decision = preflight(policy, method)
        assert decision.allowed
        assert method in dict(decision.headers)["Access-Control-Allow-Methods"].split(", ")


@pytest.mark.parametrize("asked", ["x-a,,x-b", " x-a , x-b ", "X-A,X-b", ",x-a,x-b,", "x-a\t,x-b"])
def test_no_preflight_fails_for_empty_elements_spaces_or_case(asked: str) -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_headers=["X-a", "x-B"])
    assert preflight(policy, "GET", asked).allowed


def test_a_method_in_lower_case_is_reported() -> None:
    assert problem_of(allow_methods=["put"]).hint == "Did you mean 'PUT'?"


def test_authorization_is_not_covered_by_a_star() -> None:
    policy = CorsPolicy(allow_origins=["*"], allow_headers=["*"])
    assert preflight(policy, "GET", "authorization").reason is Reason.HEADER_NOT_ALLOWED
    named = policy.replace(allow_headers=["*", "Authorization"])
    assert preflight(named, "GET", "authorization").allowed


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ('["https://a.example", "https://b.example"]', "JSON"),
        ("https://a.example,https://b.example", "split it at the commas"),
        ("https://a.example", "Did you mean ['https://a.example']?"),
    ],
)
def test_a_list_from_the_environment_is_told_how_to_become_one(value: str, hint: str) -> None:
    assert hint in problem_of(allow_origins=value).hint


# Seen by running today's layers


def test_ipv6_origins_match_and_their_brackets_let_nobody_in() -> None:
    assert allows("http://[::1]:3000", "http://[::1]:3000")
    assert allows("http://[::1]:*", "http://[::1]:3000")
    for stranger in ("http://::3000", "http://1:3000", "http://::1:3000"):
        assert not allows("http://[::1]:3000", stranger)


@pytest.mark.parametrize("value", ["false", "true", "0", 0, 1, None])
def test_credentials_that_are_not_a_bool_do_not_count(value: Any) -> None:
    assert codes_of(allow_credentials=value) == ["wrong-type"]


@pytest.mark.parametrize("value", [-1, 0.5, 600.0, "600"])
def test_a_negative_or_fractional_max_age_is_not_sent(value: Any) -> None:
    assert codes_of(max_age=value) in (["max-age"], ["wrong-type"])


def test_max_age_0_is_sent_and_none_is_not() -> None:
    policy = CorsPolicy(allow_origins=[APP], max_age=0)
    assert dict(preflight(policy).headers)["Access-Control-Max-Age"] == "0"
    assert "Access-Control-Max-Age" not in dict(preflight(policy.replace(max_age=None)).headers)


@pytest.mark.parametrize("method", ["PUT", "PROPFIND", "patch", "FOO"])
@pytest.mark.parametrize("credentials", [True, False])
def test_any_method_means_any_method_with_credentials_too(method: str, credentials: bool) -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_methods=["*"], allow_credentials=credentials)
    decision = preflight(policy, method)
    assert decision.allowed
    named = dict(decision.headers)["Access-Control-Allow-Methods"].split(", ")
    assert method in named if credentials else "*" in named
    assert not (credentials and "*" in named)


def test_the_applications_vary_is_kept_with_all_its_lines() -> None:
    answer = CorsPolicy(allow_origins=[APP]).engine.actual(EVIL)
    headers = [("Vary", "Accept"), ("Vary", "Cookie")]
    assert merge_headers(headers, answer, EVIL) == [("Vary", "Accept, Cookie, Origin")]


def test_64_kib_of_commas_are_bounded_and_named() -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_headers=["x-a"])
    decision = preflight(policy, "GET", "," * 65_536)
    assert decision.reason is Reason.HEADERS_TOO_LONG
    assert sum(len(value) for _, value in decision.headers) < 200


@pytest.mark.parametrize(
    "asked", ["x-a\r\nSet-Cookie: a=b", "x a", "<script>", "x-a, \x00", "\xe9"]
)
def test_what_is_no_token_list_is_not_echoed(asked: str) -> None:
    policy = CorsPolicy(
        allow_origins=[APP], allow_credentials=True, allow_headers=["*"], allow_methods=["*"]
    )
    decision = policy.decide("OPTIONS", origin=APP, request_method=asked, request_headers=asked)
    assert all(asked not in value for _, value in decision.headers)
    assert "Access-Control-Allow-Headers" not in dict(decision.headers)


# Headers


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_denied_origin_gets_no_cors_header_at_all(method: str) -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_credentials=True, expose_headers=["x-id"])
    decision = policy.decide(method, origin=EVIL, request_method="PUT")
    assert decision.headers == ()
    own = [(ALLOW_ORIGIN, "*"), ("Access-Control-Allow-Credentials", "true")]
    assert merge_headers(own, policy.engine.actual(EVIL), EVIL) == [("Vary", "Origin")]


def test_allow_origin_of_the_application_and_ours_make_one() -> None:
    answer = CorsPolicy(allow_origins=[APP]).engine.actual(APP)
    merged = merge_headers([(ALLOW_ORIGIN, "*"), (ALLOW_ORIGIN.lower(), APP)], answer, APP)
    assert [value for name, value in merged if name.lower() == ALLOW_ORIGIN.lower()] == [APP]


def test_vary_is_there_without_an_origin_and_for_the_denied() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    for origin in (None, APP, EVIL, "null", "x"):
        assert policy.decide("GET", origin=origin).vary == ("Origin",)


def test_vary_is_not_there_where_the_answer_is_static() -> None:
    policy = CorsPolicy(allow_origins=["*"])
    answers = {policy.decide("GET", origin=origin).headers for origin in (None, APP, "null")}
    assert answers == {((ALLOW_ORIGIN, "*"),)}
    assert policy.decide("GET").vary == policy.decide("GET", origin=APP).vary == ()


def test_no_header_is_empty_and_asgi_gets_bytes() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    for decision in (policy.decide("GET", origin=APP), preflight(policy)):
        assert all(value for _, value in decision.headers)
    merged = merge_raw_headers([], policy.engine.actual(APP), APP.encode())
    assert all(type(part) is bytes for header in merged for part in header)


def test_one_message_for_all_answers_does_not_hand_one_origins_headers_to_another() -> None:
    engine = CorsPolicy(allow_origins=[APP]).engine
    shared = [(b"vary", b"accept")]
    merge_raw_headers(shared, engine.actual(APP), APP.encode())
    denied = merge_raw_headers(shared, engine.actual(EVIL), EVIL.encode())
    assert denied == [(b"vary", b"accept, Origin")]
    assert shared == [(b"vary", b"accept")]


# Requests


def test_a_plain_options_is_not_taken_for_a_preflight() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    assert policy.decide("OPTIONS", origin=APP).status is None
    assert policy.decide("OPTIONS", request_method="PUT").status is None
    assert policy.decide("GET", origin=APP, request_method="PUT").status is None


def test_control_characters_are_escaped_in_whatever_may_be_logged() -> None:
    decision = CorsPolicy(allow_origins=[APP]).decide("\r\n", origin="\r\n\x1b[31m")
    assert repr(decision).isprintable()
    assert str(problem_of(allow_origins=["\r\n\x1b[31m"])).isprintable()


def test_a_stricter_rule_is_not_missed_by_case_plus_or_dots() -> None:
    strict, public = CorsPolicy.deny_all(), CorsPolicy(allow_origins=["*"])
    routes = CorsRoutes([("/a+b/", strict), ("/Admin/", strict), ("/", public)])
    assert routes.policy_for("/a+b/x") is strict
    assert routes.policy_for("/a b/x") is public
    assert routes.policy_for("/Admin/x") is strict
    assert routes.policy_for("/admin/x") is public
    for path in ("/x/../Admin/y", "//Admin/y", "/x/..\\Admin/y", "/./Admin/y"):
        assert routes.policy_for(path) == strict


def test_overlapping_rules_match_in_the_order_written_not_by_length() -> None:
    one, other = CorsPolicy(allow_origins=[APP]), CorsPolicy(allow_origins=["*"])
    assert CorsRoutes([("/a/b/c", one), ("/a/", other)]).policy_for("/a/b/c") is one
    with pytest.raises(ValueError, match="unreachable-path"):
        CorsRoutes([("/a/", other), ("/a/b/c", one)])


@pytest.mark.parametrize("asked", ["true", "false", "TRUE", "", "1"])
@pytest.mark.parametrize("granted", [True, False])
def test_private_network_is_granted_by_a_switch_and_never_fails_a_preflight(
    asked: str, granted: bool
) -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_private_network=granted)
    decision = policy.decide(
        "OPTIONS", origin=APP, request_method="GET", request_private_network=asked
    )
    assert decision.allowed
    values = [v for name, v in decision.headers if name.endswith("Private-Network")]
    assert values == (["true"] if granted and asked == "true" else [])


def test_a_refusal_says_why_in_words() -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])
    assert (
        policy.decide("GET", origin=EVIL).reason.value == "The policy does not allow this origin."
    )
    assert preflight(policy, "DELETE").reason.value == (
        "The policy does not allow the requested method."
    )
    assert preflight(policy, "PUT", "x-a").reason.value == (
        "The policy does not allow all requested headers."
    )
