"""Known bugs of other CORS libraries, with one test for each."""

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


# Configurations that allow too much


def test_string_is_not_searched_for_substrings() -> None:
    assert codes_of(allow_origins="https://example.com") == ["string-not-collection"]
    assert not allows("https://example.com", "https://example.co")


@pytest.mark.parametrize("misspelled", ["origins", "origin", "allowed_methods", "expose_header"])
def test_misspelled_option_is_an_error(misspelled: str) -> None:
    arguments: dict[str, Any] = {"allow_origins": [APP], misspelled: ["x"]}
    with pytest.raises(TypeError, match=misspelled):
        CorsPolicy(**arguments)


def test_any_origin_with_credentials_is_rejected() -> None:
    assert codes_of(allow_origins=["*"], allow_credentials=True) == ["any-origin-with-credentials"]
    assert codes_of(allow_origins=["null"], allow_credentials=True) == ["opaque-origin"]


def test_null_is_not_allowed_by_default() -> None:
    assert not allows(APP, "null")
    assert not allows("https://*.example.com", "null")


@pytest.mark.parametrize(
    ("pattern", "untrusted"),
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
def test_similar_untrusted_origin_is_denied(pattern: str, untrusted: str) -> None:
    assert not allows(pattern, untrusted)


def test_wildcard_for_the_top_level_domain_is_rejected() -> None:
    assert codes_of(allow_origins=["https://domain.*"]) == ["malformed-origin"]


def test_patterns_are_not_combined() -> None:
    policy = CorsPolicy(
        allow_origins=["https://*.ab.example", "https://*.b.test", "https://c.ab.test"]
    )
    for origin in ("https://x.ab.test", "https://x.b.example", "https://x.c.ab.example.test"):
        assert not policy.decide("GET", origin=origin).allowed


# Configurations that silently allow too little


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
def test_origin_that_could_never_match_has_a_fix(dead: str, alive: str) -> None:
    assert problem_of(allow_origins=[dead]).hint == f"Did you mean {alive!r}?"
    assert allows(alive, alive)


def test_subdomain_pattern_matches() -> None:
    assert allows("https://*.example.com", "https://www.example.com")


def test_safelisted_method_is_always_allowed() -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])
    for method in ("GET", "HEAD", "POST"):
        decision = preflight(policy, method)
        assert decision.allowed
        assert method in dict(decision.headers)["Access-Control-Allow-Methods"].split(", ")


@pytest.mark.parametrize(
    "requested", ["x-a,,x-b", " x-a , x-b ", "X-A,X-b", ",x-a,x-b,", "x-a\t,x-b"]
)
def test_empty_elements_spaces_and_case_do_not_matter(requested: str) -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_headers=["X-a", "x-B"])
    assert preflight(policy, "GET", requested).allowed


def test_method_in_lower_case_is_reported() -> None:
    assert problem_of(allow_methods=["put"]).hint == "Did you mean 'PUT'?"


def test_wildcard_does_not_cover_authorization() -> None:
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
def test_string_from_the_environment_has_a_hint(value: str, hint: str) -> None:
    assert hint in problem_of(allow_origins=value).hint


# Bugs of current releases


def test_ipv6_origins_match_exactly() -> None:
    assert allows("http://[::1]:3000", "http://[::1]:3000")
    assert allows("http://[::1]:*", "http://[::1]:3000")
    for untrusted in ("http://::3000", "http://1:3000", "http://::1:3000"):
        assert not allows("http://[::1]:3000", untrusted)


@pytest.mark.parametrize("value", ["false", "true", "0", 0, 1, None])
def test_credentials_must_be_a_bool(value: Any) -> None:
    assert codes_of(allow_credentials=value) == ["wrong-type"]


@pytest.mark.parametrize("value", [-1, 0.5, 600.0, "600"])
def test_negative_or_fractional_max_age_is_rejected(value: Any) -> None:
    assert codes_of(max_age=value) in (["max-age"], ["wrong-type"])


def test_max_age_zero_is_sent() -> None:
    policy = CorsPolicy(allow_origins=[APP], max_age=0)
    assert dict(preflight(policy).headers)["Access-Control-Max-Age"] == "0"
    assert "Access-Control-Max-Age" not in dict(preflight(policy.replace(max_age=None)).headers)


@pytest.mark.parametrize("method", ["PUT", "PROPFIND", "patch", "FOO"])
@pytest.mark.parametrize("credentials", [True, False])
def test_any_method_works_with_credentials(method: str, credentials: bool) -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_methods=["*"], allow_credentials=credentials)
    decision = preflight(policy, method)
    assert decision.allowed
    named = dict(decision.headers)["Access-Control-Allow-Methods"].split(", ")
    assert method in named if credentials else "*" in named
    assert not (credentials and "*" in named)


def test_all_vary_headers_of_the_application_are_kept() -> None:
    answer = CorsPolicy(allow_origins=[APP]).engine.actual(EVIL)
    headers = [("Vary", "Accept"), ("Vary", "Cookie")]
    assert merge_headers(headers, answer, EVIL) == [("Vary", "Accept, Cookie, Origin")]


def test_64_kib_of_commas_are_rejected() -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_headers=["x-a"])
    decision = preflight(policy, "GET", "," * 65_536)
    assert decision.reason is Reason.HEADERS_TOO_LONG
    assert sum(len(value) for _, value in decision.headers) < 200


@pytest.mark.parametrize(
    "requested", ["x-a\r\nSet-Cookie: a=b", "x a", "<script>", "x-a, \x00", "\xe9"]
)
def test_malformed_request_is_not_reflected(requested: str) -> None:
    policy = CorsPolicy(
        allow_origins=[APP], allow_credentials=True, allow_headers=["*"], allow_methods=["*"]
    )
    decision = policy.decide(
        "OPTIONS", origin=APP, request_method=requested, request_headers=requested
    )
    assert all(requested not in value for _, value in decision.headers)
    assert "Access-Control-Allow-Headers" not in dict(decision.headers)


# Headers


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_denied_origin_gets_no_cors_headers(method: str) -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_credentials=True, expose_headers=["x-id"])
    decision = policy.decide(method, origin=EVIL, request_method="PUT")
    assert decision.headers == ()
    own = [(ALLOW_ORIGIN, "*"), ("Access-Control-Allow-Credentials", "true")]
    assert merge_headers(own, policy.engine.actual(EVIL), EVIL) == [("Vary", "Origin")]


def test_response_has_one_allow_origin() -> None:
    answer = CorsPolicy(allow_origins=[APP]).engine.actual(APP)
    merged = merge_headers([(ALLOW_ORIGIN, "*"), (ALLOW_ORIGIN.lower(), APP)], answer, APP)
    assert [value for name, value in merged if name.lower() == ALLOW_ORIGIN.lower()] == [APP]


def test_vary_is_sent_without_origin_and_for_denied_origins() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    for origin in (None, APP, EVIL, "null", "x"):
        assert policy.decide("GET", origin=origin).vary == ("Origin",)


def test_constant_response_does_not_vary() -> None:
    policy = CorsPolicy(allow_origins=["*"])
    answers = {policy.decide("GET", origin=origin).headers for origin in (None, APP, "null")}
    assert answers == {((ALLOW_ORIGIN, "*"),)}
    assert policy.decide("GET").vary == policy.decide("GET", origin=APP).vary == ()


def test_no_header_is_empty_and_asgi_headers_are_bytes() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    for decision in (policy.decide("GET", origin=APP), preflight(policy)):
        assert all(value for _, value in decision.headers)
    merged = merge_raw_headers([], policy.engine.actual(APP), APP.encode())
    assert all(type(part) is bytes for header in merged for part in header)


def test_shared_headers_of_the_application_are_not_modified() -> None:
    engine = CorsPolicy(allow_origins=[APP]).engine
    shared = [(b"vary", b"accept")]
    merge_raw_headers(shared, engine.actual(APP), APP.encode())
    denied = merge_raw_headers(shared, engine.actual(EVIL), EVIL.encode())
    assert denied == [(b"vary", b"accept, Origin")]
    assert shared == [(b"vary", b"accept")]


# Requests


def test_plain_options_is_not_a_preflight() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    assert policy.decide("OPTIONS", origin=APP).status is None
    assert policy.decide("OPTIONS", request_method="PUT").status is None
    assert policy.decide("GET", origin=APP, request_method="PUT").status is None


def test_control_characters_are_escaped() -> None:
    decision = CorsPolicy(allow_origins=[APP]).decide("\r\n", origin="\r\n\x1b[31m")
    assert repr(decision).isprintable()
    assert str(problem_of(allow_origins=["\r\n\x1b[31m"])).isprintable()


def test_stricter_route_is_not_bypassed() -> None:
    strict, public = CorsPolicy.deny_all(), CorsPolicy(allow_origins=["*"])
    routes = CorsRoutes([("/a+b/", strict), ("/Admin/", strict), ("/", public)])
    assert routes.policy_for("/a+b/x") is strict
    assert routes.policy_for("/a b/x") is public
    assert routes.policy_for("/Admin/x") is strict
    assert routes.policy_for("/admin/x") is public
    for path in ("/x/../Admin/y", "//Admin/y", "/x/..\\Admin/y", "/./Admin/y"):
        assert routes.policy_for(path) == strict


def test_first_route_wins_regardless_of_length() -> None:
    one, other = CorsPolicy(allow_origins=[APP]), CorsPolicy(allow_origins=["*"])
    assert CorsRoutes([("/a/b/c", one), ("/a/", other)]).policy_for("/a/b/c") is one
    with pytest.raises(ValueError, match="unreachable-path"):
        CorsRoutes([("/a/", other), ("/a/b/c", one)])


@pytest.mark.parametrize("requested", ["true", "false", "TRUE", "", "1"])
@pytest.mark.parametrize("granted", [True, False])
def test_private_network_is_allowed_by_a_setting(requested: str, granted: bool) -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_private_network=granted)
    decision = policy.decide(
        "OPTIONS", origin=APP, request_method="GET", request_private_network=requested
    )
    assert decision.allowed
    values = [v for name, v in decision.headers if name.endswith("Private-Network")]
    assert values == (["true"] if granted and requested == "true" else [])


def test_denial_has_a_reason_in_words() -> None:
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
