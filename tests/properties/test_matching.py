"""The compiled matcher agrees with a naive one about near misses."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit._origins import OriginPattern, OriginSet, is_serialized_origin
from tests.properties import naive
from tests.properties.strategies import matching_origins, near_misses, patterns

pools = st.lists(patterns, min_size=1, max_size=6, unique=True)


def compiled(pool: list[str]) -> OriginSet:
    parsed = [OriginPattern.parse(text) for text in pool if "*" in text]
    assert None not in parsed, pool
    return OriginSet(
        [text for text in pool if "*" not in text],
        [pattern for pattern in parsed if pattern is not None],
    )


@given(st.data(), pools)
def test_compiled_matcher_agrees_with_naive_matcher(data: st.DataObject, pool: list[str]) -> None:
    origin = data.draw(near_misses(pool))
    expected = any(naive.matches(pattern, origin) for pattern in pool)
    assert (origin in compiled(pool)) == expected


@given(st.data(), pools)
def test_origin_built_from_a_pattern_matches(data: st.DataObject, pool: list[str]) -> None:
    origin = data.draw(st.sampled_from(pool).flatmap(matching_origins))
    assert naive.matches("*", origin)
    assert origin in compiled(pool)


@given(st.data(), pools, pools)
def test_origins_of_other_policies_are_distinguished(
    data: st.DataObject, pool: list[str], others: list[str]
) -> None:
    origin = data.draw(near_misses(others))
    expected = any(naive.matches(pattern, origin) for pattern in pool)
    assert (origin in compiled(pool)) == expected


@given(st.data(), pools)
def test_policy_agrees_with_its_origin_set(data: st.DataObject, pool: list[str]) -> None:
    policy = CorsPolicy(allow_origins=pool)
    origin = data.draw(near_misses(pool))
    expected = any(naive.matches(pattern, origin) for pattern in pool)
    assert policy.decide("GET", origin=origin).allowed == expected
    if origin.isascii():
        assert policy.decide("GET", origin=origin.encode()).allowed == expected


@given(st.data(), pools)
def test_serialized_origins_agree_with_naive_parser(data: st.DataObject, pool: list[str]) -> None:
    origin = data.draw(near_misses(pool))
    assert is_serialized_origin(origin) == naive.is_origin(origin)


@given(st.data(), pools)
def test_any_origin_has_a_constant_response(data: st.DataObject, pool: list[str]) -> None:
    origin = data.draw(near_misses(pool) | st.text())
    for allow_methods in ((), ("PUT",), ("*",)):
        policy = CorsPolicy(allow_origins=["*"], allow_methods=allow_methods)
        for method, asked in (("GET", None), ("OPTIONS", "PUT")):
            decision = policy.decide(method, origin=origin, request_method=asked)
            usual = policy.decide(method, origin="https://a.example", request_method=asked)
            assert decision == usual
            assert decision.rule == "*"
            assert decision.vary == ()
            assert dict(decision.headers)["Access-Control-Allow-Origin"] == "*"


pieces = st.sampled_from([*"ab*.:-/[]01x", "https://", "http://", "127.0.0.1", "null", ":*", "*."])


@given(st.tuples(pieces, st.lists(pieces, max_size=9).map("".join)).map("".join))
@example("https://*")
@example("https://*.")
@example("https://*.:*")
@example("https://*.a:*:*")
@example("https://*a*.b")
@example("https://*.*.a")
@example("https://*.[::1]")
@example("https://*.127.0.0.1")
@example("https://*.0x")
@example("https://*:*")
@example("ahttps://*:*")
@example("file://*")
@example("ws://*")
@example("http://10.*.*.*:*")
@example("http://172.*.*.*")
@example("http://172.31.*.*:80")
@example("http://8.8.8.*")
@example("http://192.168.*.1")
@example("http://192.168.01.*")
@example("app://10.*.*.*")
@example("file://")
@example("file://:*")
@example("https://")
@example("https://a:443:*")
@example(f"https://{'a' * 63}*.b")
@example(f"https://*{'a' * 62}.b")
def test_pattern_parser_agrees_with_naive_parser(text: str) -> None:
    if "*" in text and text != "*":
        assert (OriginPattern.parse(text) is not None) == naive.is_pattern(text)
    else:
        assert (text == "*" or is_serialized_origin(text)) == naive.is_pattern(text)


@given(st.data(), patterns)
def test_pattern_parser_agrees_about_near_misses(data: st.DataObject, pattern: str) -> None:
    at = data.draw(st.integers(0, len(pattern)))
    text = pattern[:at] + data.draw(st.sampled_from(["*", "*.", ".", ":*", "a", "/", ":1"]))
    text += pattern[at + data.draw(st.integers(0, 2)) :]
    if "*" in text and text != "*":
        assert (OriginPattern.parse(text) is not None) == naive.is_pattern(text)
    else:
        assert (text == "*" or is_serialized_origin(text)) == naive.is_pattern(text)


@given(patterns.filter(lambda text: "*" in text))
def test_str_of_pattern_is_its_source(text: str) -> None:
    pattern = OriginPattern.parse(text)
    assert str(pattern) == text
    assert pattern == OriginPattern.parse(str(pattern))


@pytest.mark.parametrize(
    ("pattern", "origin", "expected"),
    [
        ("https://*.example.com", "https://a.b.example.com", True),
        ("https://*.example.com", "https://example.com", False),
        ("https://*.example.com", "https://xexample.com", False),
        ("https://pr-*.example.com", "https://pr-17.example.com", True),
        ("https://pr-*.example.com", "https://pr-.example.com", False),
        ("https://pr-*.example.com", "https://pr-1.x.example.com", False),
        ("http://localhost:*", "http://localhost", True),
        ("http://localhost:*", "http://localhost:3000", True),
        ("http://localhost:*", "http://localhost:80", False),
        ("http://localhost:*", "http://localhost.evil:3000", False),
        ("chrome-extension://*", "chrome-extension://AbC", True),
        ("chrome-extension://*", "moz-extension://AbC", False),
        ("chrome-extension://*", "chrome-extension://", False),
        ("http://192.168.*.*:*", "http://192.168.1.20:3000", True),
        ("http://192.168.*.*:*", "http://192.169.1.20:3000", False),
        ("http://192.168.*.*:*", "http://192.168.1.20.evil.example:3000", False),
        ("*", "null", True),
        ("*", "null ", True),
    ],
)
def test_naive_matcher_is_correct(pattern: str, origin: str, expected: bool) -> None:
    assert naive.is_pattern(pattern)
    assert naive.matches(pattern, origin) == expected
