"""Which patterns cover which, checked against what the matcher of the core allows."""

from __future__ import annotations

import re
from functools import partial
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit._automata import Automaton, members
from corekit._origin_kinds import automaton_of, pattern_source
from corekit._origin_language import OriginLanguage
from corekit._origins import OriginPattern, OriginSet, is_serialized_origin
from corekit.lint.covering import find_covered
from corekit.lint.regexes import read_regexes
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
    assert ((other, (pattern,)) in find_covered([other, pattern])) == expected


def test_every_entry_is_reported_once() -> None:
    origins = ["https://a.example.com", "https://pr-*.example.com", "https://*.example.com"]
    regex = re.compile(r"https://((a|pr-.+)\.example\.com|b\.example\.org)")
    found = [entry for entry, _ in find_covered(origins, [regex])]
    assert sorted(found) == ["https://a.example.com", "https://pr-*.example.com"]


def test_regex_that_cannot_be_read_leaves_the_others() -> None:
    regexes = [re.compile(r"https://(?=a)\w"), re.compile(r"https://[a-z]+\.example\.com")]
    pattern = "https://*.example.com"
    assert list(find_covered([pattern], regexes)) == [(regexes[1].pattern, (pattern,))]
    (read,) = read_regexes(regexes)
    assert read.source == regexes[1].pattern


def covers(pattern: str, other: str) -> bool:
    return pattern == other or (other, (pattern,)) in find_covered([other, pattern])


wild = patterns.filter(lambda text: "*" in text)


@given(wild, exact_origins)
def test_exact_origin_is_covered_if_the_matcher_allows_it(pattern: str, exact: str) -> None:
    parsed = OriginPattern.parse(pattern)
    assert parsed is not None
    covered = list(find_covered([pattern, exact]))
    assert covered == ([(exact, (pattern,))] if exact in OriginSet([], [parsed]) else [])


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


EVERY = "abcdefghijklmnopqrstuvwxyz0123456789-_"
ENDS = [f"https://*{character}.example.com" for character in EVERY]

SEVERAL: list[tuple[str, list[str], list[str], dict[str, int]]] = [
    # The origins and patterns, the regular expressions, and how many cover each redundant one.
    (
        "every last character",
        [*ENDS, "https://x*.example.com", "https://a.example.org", "https://*.b.example.com"],
        [],
        {"https://x*.example.com": 38},
    ),
    ("not every last character", [*ENDS[1:], "https://x*.example.com"], [], {}),
    ("another port", [*ENDS, "https://x*.example.com:*"], [], {}),
    ("another host", [*ENDS, "https://x*.example.org"], [], {}),
    (
        "a regex and many",
        [*ENDS[1:], "https://x*.example.com"],
        [r"https://[a-z0-9_-]+a\.example\.com"],
        {"https://x*.example.com": 38},
    ),
    ("any origin", ["*"], [r"https://a\.example"], {r"https://a\.example": 1}),
    (
        "a pattern and an equal regex",
        ["https://*.example.com"],
        [r"https://([a-z0-9_-]+\.)+example\.com"],
        {r"https://([a-z0-9_-]+\.)+example\.com": 1},
    ),
    (
        "a wider regex",
        ["https://*.example.com", "https://a.example"],
        [r"https://(.*\.example\.com\.?|a\.example)"],
        {"https://*.example.com": 1, "https://a.example": 1},
    ),
    (
        "several patterns",
        ["https://*.a.example", "https://*.b.example", "https://*.c.example"],
        [r"https://\w+\.(a|b)\.example"],
        {r"https://\w+\.(a|b)\.example": 2},
    ),
    (
        "several regexes",
        [],
        [r"https://[a-m]\.example", r"https://[k-z]\.example", r"https://[b-y]\.example"],
        {r"https://[b-y]\.example": 2},
    ),
    (
        "a pattern by regexes",
        ["http://localhost:*"],
        ["https?://localhost", r"https?://localhost:\d+"],
        {"http://localhost:*": 2},
    ),
    (
        "either of two patterns",
        ["https://a*.example", "https://*b.example"],
        [r"https://([^a.]+[^.]*|a[^.]*[^b.])\.example"],
        {"https://a*.example": 2},
    ),
    (
        "two patterns that need each other",
        ["https://a*.example", "https://*b.example", "https://x*.example"],
        [
            r"https://a[^.]*[^b.]\.example|https://a\.test",
            r"https://[^a.][^.]*b\.example|https://b\.test",
        ],
        {"https://a*.example": 2},
    ),
    (
        "a pattern of another host, and a regex",
        ["https://*.example.com", "https://*.a.example.com:*"],
        [r"https://([^.]+\.)*([^.a]|[^.]{2,})\.example\.com\.?|https://a\.example\.com"],
        {"https://*.example.com": 2},
    ),
    ("the same twice", [], [r"https://(a|b)\.c", r"https://(b|a)\.c"], {r"https://(a|b)\.c": 1}),
    ("no host", ["null", "https://a.example"], ["null|https://b.example"], {"null": 1}),
    ("no host, in regexes", [], ["null", r"null|https://a\.example"], {"null": 1}),
    # What cannot be read may cover, but not be covered.
    (
        "look-around",
        ["https://*.example", "https://a.example", "https://b.example"],
        [r"https://(?=a)a\.example"],
        {"https://a.example": 1, "https://b.example": 1},
    ),
    ("look-around alone", [], [r"https://(?=a)a\.b", r"https://a\.b"], {}),
    (
        "too many states",
        ["https://x*.example", "https://x1.example"],
        [r"https://([a-z0-9_-]*[ab][a-z0-9_-]{16}|x[^.]*)\.example"],
        {"https://x1.example": 1},
    ),
    (
        "too many states, and another pattern",
        ["https://x*.example", "https://x*.b.example"],
        [r"https://([a-z0-9_-]*[ab][a-z0-9_-]{16}|x[^.]*)\.example", r"https://x.*\.b\.example"],
        {"https://x*.b.example": 1},
    ),
]


@pytest.mark.parametrize(
    ("texts", "regexes", "expected"),
    [case[1:] for case in SEVERAL],
    ids=[case[0] for case in SEVERAL],
)
def test_others_cover_together(
    texts: list[str], regexes: list[str], expected: dict[str, int]
) -> None:
    found = dict(find_covered(texts, list(map(re.compile, regexes))))
    assert {text: len(others) for text, others in found.items()} == expected


def matches(entry: str | re.Pattern[str], origin: str) -> bool:
    if isinstance(entry, re.Pattern):
        return is_serialized_origin(origin) and bool(entry.fullmatch(origin))
    pattern = OriginPattern.parse(entry)
    return origin == entry or (pattern is not None and origin in OriginSet([], [pattern]))


def automaton_for(entry: str | re.Pattern[str]) -> Automaton:
    return automaton_of(pattern_source(entry) if isinstance(entry, str) else entry)


few_labels = st.sampled_from(["a", "b", "ab", "[ab]", "a*", "a+b?", "[a-z0-9_-]+", r"\w+", ".*"])
few_hosts = st.sampled_from(["example", "a.example", "b.example"])
few_patterns = st.tuples(
    st.sampled_from(["https", "http"]),
    st.sampled_from(["", "*.", "a.", "b.", "ab.", "a*.", "*b."]),
    few_hosts,
    st.sampled_from(["", ":*", ":81"]),
).map("{0[0]}://{0[1]}{0[2]}{0[3]}".format)
few_regexes = st.tuples(
    st.sampled_from(["https", "http", "https?"]),
    st.lists(few_labels, min_size=1, max_size=3),
    few_hosts.map(re.escape),
    st.sampled_from(["", ":81", r"(:\d+)?", "(:81)?"]),
).map(lambda each: re.compile(rf"{each[0]}://({'|'.join(each[1])})\.{each[2]}{each[3]}"))


@given(
    st.lists(few_patterns, max_size=6, unique=True),
    st.lists(few_regexes, max_size=3, unique=True),
    st.data(),
)
def test_exactly_what_the_rest_matches_is_redundant(
    texts: list[str], regexes: list[re.Pattern[str]], data: st.DataObject
) -> None:
    covered = dict(find_covered(texts, regexes))
    entries: list[str | re.Pattern[str]] = [*texts, *regexes]
    names = {each: each if isinstance(each, str) else each.pattern for each in entries}
    rest = [each for each in entries if names[each] not in covered]
    for each in entries:
        language = OriginLanguage(automaton_for(each), partial(matches, each))
        if each in rest:
            others = [other for other in rest if other != each]
            origin = language.find_outside(list(map(automaton_for, others)))
            assert origin is not None
            assert matches(each, origin)
            assert not any(matches(other, origin) for other in others)
        else:
            covering = [other for other in entries if names[other] in covered[names[each]]]
            for origin in islice(members(automaton_for(each)), 20):
                if matches(each, origin):
                    assert any(matches(other, origin) for other in covering)
                    assert any(matches(other, origin) for other in rest)


def test_regexes_are_named_by_their_text() -> None:
    texts = [r"https://[a-m]\.example", r"https://[k-z]\.example", r"https://[b-y]\.example"]
    ((entry, others),) = find_covered([], list(map(re.compile, texts)))
    assert (entry, set(others)) == (texts[2], set(texts[:2]))
