"""The compiled matcher against a naive one, over origins that are nearly right, both ways."""

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
def test_no_stranger_is_let_in_and_no_friend_is_kept_out(
    data: st.DataObject, pool: list[str]
) -> None:
    origin = data.draw(near_misses(pool))
    expected = any(naive.matches(pattern, origin) for pattern in pool)
    assert (origin in compiled(pool)) == expected


@given(st.data(), pools)
def test_an_origin_made_from_a_pattern_matches_it_whatever_stands_beside_it(
    data: st.DataObject, pool: list[str]
) -> None:
    origin = data.draw(st.sampled_from(pool).flatmap(matching_origins))
    assert naive.matches("*", origin)
    assert origin in compiled(pool)


@given(st.data(), pools, pools)
def test_origins_of_other_policies_are_told_apart(
    data: st.DataObject, pool: list[str], others: list[str]
) -> None:
    origin = data.draw(near_misses(others))
    expected = any(naive.matches(pattern, origin) for pattern in pool)
    assert (origin in compiled(pool)) == expected


@given(st.data(), pools)
def test_a_policy_decides_as_its_set_of_origins(data: st.DataObject, pool: list[str]) -> None:
    policy = CorsPolicy(allow_origins=pool)
    origin = data.draw(near_misses(pool))
    expected = any(naive.matches(pattern, origin) for pattern in pool)
    assert policy.decide("GET", origin=origin).allowed == expected
    if origin.isascii():
        assert policy.decide("GET", origin=origin.encode()).allowed == expected


@given(st.data(), pools)
def test_what_any_origin_admits_is_what_a_browser_could_send(
    data: st.DataObject, pool: list[str]
) -> None:
    origin = data.draw(near_misses(pool))
    assert is_serialized_origin(origin) == naive.is_origin(origin)
    assert CorsPolicy(allow_origins=["*"]).decide("GET", origin=origin).allowed == (
        naive.is_origin(origin)
    )


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
@example("https://a:443:*")
@example(f"https://{'a' * 63}*.b")
@example(f"https://*{'a' * 62}.b")
def test_the_language_of_patterns_is_the_documented_one(text: str) -> None:
    if "*" in text and text != "*":
        assert (OriginPattern.parse(text) is not None) == naive.is_pattern(text)
    else:
        assert (text == "*" or is_serialized_origin(text)) == naive.is_pattern(text)


@given(st.data(), patterns)
def test_the_language_of_patterns_is_the_documented_one_around_patterns(
    data: st.DataObject, pattern: str
) -> None:
    at = data.draw(st.integers(0, len(pattern)))
    text = pattern[:at] + data.draw(st.sampled_from(["*", "*.", ".", ":*", "a", "/", ":1"]))
    text += pattern[at + data.draw(st.integers(0, 2)) :]
    if "*" in text and text != "*":
        assert (OriginPattern.parse(text) is not None) == naive.is_pattern(text)
    else:
        assert (text == "*" or is_serialized_origin(text)) == naive.is_pattern(text)


@given(patterns.filter(lambda text: "*" in text))
def test_a_pattern_is_written_as_it_was_read(text: str) -> None:
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
        ("*", "null", True),
        ("*", "null ", False),
    ],
)
def test_the_naive_matcher_itself_reads_the_language_right(
    pattern: str, origin: str, expected: bool
) -> None:
    assert naive.is_pattern(pattern)
    assert naive.matches(pattern, origin) == expected
