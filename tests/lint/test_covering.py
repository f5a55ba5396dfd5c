"""Which patterns cover which, checked against what the matcher of the core allows."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit._origins import OriginPattern, OriginSet
from corekit.lint.covering import find_covered
from tests.properties.strategies import exact_origins, matching_origins, near_misses, patterns

CASES = [
    ("https://*.example.com", "https://a.example.com", True),
    ("https://*.example.com", "https://b.a.example.com", True),
    ("https://*.example.com", "https://example.com", False),
    ("https://*.example.com", "https://a.example.com:8443", False),
    ("https://*.example.com", "http://a.example.com", False),
    ("https://*.example.com", "https://aexample.com", False),
    ("https://*.example.com", "https://*.a.example.com", True),
    ("https://*.example.com", "https://pr-*.example.com", True),
    ("https://*.example.com", "https://pr-*.a.example.com", True),
    ("https://*.example.com", "https://*.example.com:*", False),
    ("https://*.example.com:*", "https://*.example.com", True),
    ("https://*.example.com:*", "https://*.example.com:8443", True),
    ("https://*.a.example.com", "https://*.example.com", False),
    ("https://pr-*.example.com", "https://pr-1.example.com", True),
    ("https://pr-*.example.com", "https://pr-.example.com", False),
    ("https://pr-*.example.com", "https://pr-1.a.example.com", False),
    ("https://pr-*.example.com", "https://pr-1-*.example.com", True),
    ("https://pr-*.example.com", "https://p*.example.com", False),
    ("https://pr-*.example.com", "https://pr-*-x.example.com", True),
    ("https://pr-*-x.example.com", "https://pr-*.example.com", False),
    ("https://a*a.example.com", "https://a*aa.example.com", True),
    ("https://aa*.example.com", "https://a*aa.example.com", False),
    ("https://pr-*.example.com", "https://*.example.com", False),
    ("https://pr-*.example.com", "https://*.pr-1.example.com", False),
    ("https://aa*aa.example.com", "https://aaa.example.com", False),
    ("https://aa*aa.example.com", "https://aaaa.example.com", False),
    ("https://aa*aa.example.com", "https://aaaaa.example.com", True),
    ("http://localhost:*", "http://localhost:3000", True),
    ("http://localhost:*", "http://localhost", True),
    ("http://localhost:*", "https://localhost", False),
    ("http://127.0.0.1:*", "http://127.0.0.1:1", True),
    ("http://[::1]:*", "http://[::1]:1", True),
    ("https://*.0.0.1.example", "https://1.0.0.1.example", True),
    ("http://localhost:*", "http://*.localhost:*", False),
    ("http://192.168.1.*", "http://192.168.1.20", True),
    ("http://192.168.1.*", "http://192.168.2.20", False),
    ("http://192.168.*.*:*", "http://192.168.1.*:8080", True),
    ("http://192.168.1.*", "http://192.168.*.*", False),
    ("chrome-extension://*", "chrome-extension://AbC", True),
    ("chrome-extension://*", "chrome-extension://*.a", True),
    ("chrome-extension://*", "chrome-extension://a*.b", True),
    ("chrome-extension://*", "chrome-extension://*:*", False),
    ("chrome-extension://*", "moz-extension://a", False),
]


@pytest.mark.parametrize(("pattern", "other", "expected"), CASES)
def test_pattern_covers_another(pattern: str, other: str, expected: bool) -> None:
    assert ((other, pattern) in find_covered([other, pattern])) == expected


def covers(pattern: str, other: str) -> bool:
    return pattern == other or (other, pattern) in find_covered([other, pattern])


wild = patterns.filter(lambda text: "*" in text)


@given(wild, exact_origins)
def test_exact_origin_is_covered_if_the_matcher_allows_it(pattern: str, exact: str) -> None:
    parsed = OriginPattern.parse(pattern)
    assert parsed is not None
    covered = list(find_covered([pattern, exact]))
    assert covered == ([(exact, pattern)] if exact in OriginSet([], [parsed]) else [])


@given(wild, wild, st.data())
def test_cover_allows_all_that_the_covered_pattern_allows(
    pattern: str, other: str, data: st.DataObject
) -> None:
    first, second = OriginPattern.parse(pattern), OriginPattern.parse(other)
    assert first is not None
    assert second is not None
    for _ in range(3):
        origin = data.draw(matching_origins(other) | near_misses([other, pattern]))
        if covers(pattern, other) and origin in OriginSet([], [second]):
            assert origin in OriginSet([], [first])


FILLS = ["0", "9q", "x.y", "0.1"]


def samples(pattern: str) -> list[str]:
    """Return origins that a pattern matches, with text that no other pattern contains."""
    ports = ["", ":1", ":4711"] if pattern.endswith(":*") else [""]
    stem = pattern.removesuffix(":*")
    host = stem.partition("://")[2]
    fills = [fill for fill in FILLS if "." not in fill or host[:2] in ("*", "*.", "*:")]
    if host[0].isdigit():
        fills = ["0", "255"]
    filled = [stem.replace("*", fill) for fill in fills]
    return [f"{text}{port}" for text in (filled if "*" in stem else [stem]) for port in ports]


@given(wild, wild)
def test_uncovered_pattern_allows_what_the_other_does_not(pattern: str, other: str) -> None:
    first = OriginPattern.parse(pattern)
    assert first is not None
    allows_all = all(origin in OriginSet([], [first]) for origin in samples(other))
    assert covers(pattern, other) == allows_all


def test_nothing_is_covered_without_a_pattern() -> None:
    assert not list(find_covered(["*", "null", "https://a.example", "https://a.example"]))
    assert not list(find_covered([]))


def test_every_pattern_that_covers_another_is_found() -> None:
    texts = [text for case in CASES for text in case[:2]]
    expected = {
        other for other in texts if any(text != other and covers(text, other) for text in texts)
    }
    assert {other for other, _ in find_covered(texts)} == expected


def test_cost_for_patterns_of_one_host_is_not_quadratic() -> None:
    many = [f"https://{number}-*.example.com" for number in range(10_000)]
    many += [f"https://*-{number}.example.com" for number in range(10_000)]
    many += [f"https://a.example.com:{port}" for port in range(1, 10_000)]
    began = time.perf_counter()
    assert not list(find_covered(many))
    assert time.perf_counter() - began < 20


def test_cost_for_many_patterns_is_not_quadratic() -> None:
    many = [f"https://*.t{number}.example" for number in range(20_000)]
    many += [f"https://a.t{number}.example" for number in range(0, 20_000, 2)]
    began = time.perf_counter()
    assert len(list(find_covered(many))) == 10_000
    assert time.perf_counter() - began < 20
