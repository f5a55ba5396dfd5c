"""Sets of origins are compared exactly, however they are written, and within bounds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given

from corekit import CorsPolicy, PolicyError
from corekit.compat import RegexCorsPolicy
from corekit.diff import DifferenceKind, Direction, Relation, compare, origins
from corekit.diff.origins import (
    AllowedOrigins,
    Questions,
    UndeterminedError,
    find_common,
)
from tests.diff.examples import BEFORE, READ
from tests.properties.test_diff import FEWER, Pair, pairs, unread_regexes

UNREADABLE = r"https://(?!evil)[a-z.]+\.example\.net"


_is_regex = re.compile(r"[\\?(]").search


def policy(*entries: str, **arguments: Any) -> CorsPolicy:
    """Build a policy of origins, patterns and regular expressions."""
    regexes = [each for each in entries if _is_regex(each)]
    origins = [each for each in entries if each not in regexes]
    try:
        return RegexCorsPolicy(allow_origins=origins, allow_origin_regexes=regexes, **arguments)
    except PolicyError as error:
        risks = sorted({problem.code for problem in error.problems})
        return policy(*entries, **arguments, accept_risks=risks)


@pytest.mark.parametrize(
    ("old", "new", "relation", "examples"),
    [
        # Several entries together cover one.
        (["https://a.b.com", r"https://[b-z]\.b\.com"], [r"https://[a-z]\.b\.com"], "same", []),
        (["https://a.b.com", r"https://[c-z]\.b\.com"], [r"https://[a-z]\.b\.com"], "wider", ["b"]),
        (["http://localhost:*"], ["http://localhost:3000", "http://localhost"], "narrower", [":1"]),
        (["https://pr-*-x.b.com"], ["https://pr-*.b.com"], "wider", ["pr-x."]),
        (["https://*.b.com", "https://b.com"], [r"https://([\w-]+\.)*b\.com"], "same", []),
        (["http://10.1.*.*"], ["http://10.*.*.*"], "wider", ["10.0."]),
        (["http://10.*.*.*"], ["http://10.1.*.*"], "narrower", ["10.0."]),
        (["capacitor://*"], ["capacitor://localhost"], "narrower", ["capacitor://x"]),
        # A regular expression may allow everything.
        ([r"(https|null|.*\.)?.*"], ["*"], "same", []),
        ([r"https?://[a-z.]*"], ["*"], "wider", ["null"]),
        (["*"], [r"https?://.*"], "narrower", ["null"]),
        (["*"], [r"https?://.*", "null"], "narrower", ["ftp://x"]),
    ],
)
def test_sets_are_compared(
    old: list[str], new: list[str], relation: str, examples: list[str]
) -> None:
    comparison = compare(policy(*old), policy(*new))
    assert comparison.relation.value == relation
    found = [each.witness.origin for each in comparison.differences if each.witness]
    assert len(found) == len(examples)
    for origin, part in zip(found, examples, strict=True):
        assert part in origin


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        (["https://a.com"], ["https://*.com"], "https://a.com"),
        (["https://*.a.com"], ["https://b.a.com"], "https://b.a.com"),
        (["https://pr-*.a.com:*"], ["https://*.a.com:81"], "https://pr-x.a.com:81"),
        (["https://*-a.a.com"], ["https://a-*.a.com"], "https://a-a.a.com"),
        (["http://10.1.1.5:*"], ["http://10.*.*.*:81"], "http://10.1.1.5:81"),
        ([r"https://\w\.com"], [r"https://[x-z]\.com"], "https://x.com"),
        ([r"https://\w\.com"], [r"https://\w\.com"], "https://x.com"),
        (["https://*.a.com"], ["http://*.a.com"], None),
        (["https://*.a.com"], ["https://*.b.com"], None),
        ([r"https://a+\.com"], [r"https://b+\.com"], None),
        (["https://*.a.com"], [], None),
        (["*"], ["*"], "https://unrelated.example"),
    ],
)
def test_common_origin(one: list[str], other: list[str], common: str | None) -> None:
    first, second = AllowedOrigins(policy(*one)), AllowedOrigins(policy(*other))
    assert find_common(first, second, Questions()) == common
    assert find_common(second, first, Questions()) == common


@FEWER
@given(pairs())
def test_common_origin_is_found_if_there_is_one(given: tuple[Pair, list[str]]) -> None:
    (old, new), near = given
    if unread_regexes(old, new):
        return
    common = find_common(AllowedOrigins(old), AllowedOrigins(new), Questions())
    if common is None:
        assert not [each for each in near if old.engine.allows(each) and new.engine.allows(each)]
    else:
        assert old.engine.allows(common)
        assert new.engine.allows(common)


def test_common_origin_of_unreadable_regex_is_unknown() -> None:
    one, other = AllowedOrigins(policy(UNREADABLE)), AllowedOrigins(policy(r"https://\w+\.net"))
    with pytest.raises(UndeterminedError):
        find_common(one, other, Questions())


def test_unreadable_regexes_are_no_excuse_for_what_is_known() -> None:
    # What the unreadable one matches of a finite set is tried.
    finite = r"https://(app|www|evil)\.example\.net"
    old, new = policy(UNREADABLE), policy(UNREADABLE, finite)
    (difference,) = compare(old, new).differences
    assert difference.witness is not None
    assert difference.witness.origin == "https://evil.example.net"
    assert difference.direction is Direction.WIDER
    covered = policy(UNREADABLE, r"https://(app|www)\.example\.net")
    assert compare(old, covered).relation is Relation.SAME


def test_credentials_hide_opaque_origins_of_unreadable_regexes() -> None:
    # With credentials, `app://` is not asked for, so the regular expression has fewer origins.
    regex = r"(app://|https://(?!evil)[a-z]+\.example)"
    old, new = policy(regex), policy(regex, allow_credentials=True)
    assert old.decide("GET", origin="app://").allowed
    assert not new.decide("GET", origin="app://").allowed
    kinds = {(each.kind.value, each.direction.value) for each in compare(old, new).differences}
    assert kinds == {("origins", "narrower"), ("credentials", "wider")}


@pytest.mark.parametrize(("count", "direction"), [(11, "narrower"), (12, "unknown")])
def test_bound_on_entries_that_cover_one_together(
    monkeypatch: pytest.MonkeyPatch, count: int, direction: str
) -> None:
    monkeypatch.setattr(origins, "_MOST_TOGETHER", 12)
    letters = "abcdefghijkl"[:count]
    old = policy(*(f"https://{letter}*.example.com" for letter in letters))
    new = policy(rf"https://[{letters}][a-z]\.example\.com")
    assert compare(old, new).differences[0].direction.value == direction


@pytest.mark.parametrize(("count", "direction"), [(19, "same"), (20, "unknown")])
def test_bound_on_origins_that_are_tried(count: int, direction: str) -> None:
    old = policy(UNREADABLE)
    names = [f"a{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"[:count]]
    new = policy(UNREADABLE, rf"https://({'|'.join(names)})\.example\.net")
    assert compare(old, new).relation.value == direction


def test_bound_on_questions() -> None:
    one, other = (
        AllowedOrigins(policy("https://pr-*.b.com")),
        AllowedOrigins(policy("https://*.com")),
    )
    regex = AllowedOrigins(policy(r"https://[a-z]+\.com"))
    # No question is asked about what can be looked up.
    assert one.find_outside("https://pr-*.b.com", other, Questions(0)) is None
    assert other.find_outside("https://*.com", one, Questions(0)) == "https://x.com"
    for most in (0, 1):
        with pytest.raises(UndeterminedError):
            other.find_outside("https://*.com", regex, Questions(most))
    assert other.find_outside("https://*.com", regex, Questions(2)) == "https://1.com"


def test_bound_on_pairs() -> None:
    def patterns(host: str) -> list[str]:
        return [f"https://*.{host}{number}.example:1" for number in range(101)]

    old = CorsPolicy(allow_origins=patterns("a"))
    new = CorsPolicy(allow_origins=patterns("b"), allow_methods=["PUT"])
    comparison = compare(old, new)
    assert comparison.relation is Relation.BOTH
    methods = [each for each in comparison.differences if each.kind is DifferenceKind.METHODS]
    assert [(each.witness, each.message) for each in methods] == [
        (
            None,
            f"A page at any origin that both allow may now PUT any path {READ}; {BEFORE}",
        )
    ]


def test_many_exact_origins_are_looked_up() -> None:
    tenants = [f"https://t{number}.example{number % 99}.com" for number in range(20_000)]
    old = CorsPolicy(allow_origins=tenants)
    new = CorsPolicy(allow_origins=[*tenants[5:], "https://new.example"], allow_methods=["PUT"])
    directions = [each.direction.value for each in compare(old, new).differences]
    assert directions == ["wider"] * 2 + ["narrower"] * 5


def test_many_patterns_are_looked_up() -> None:
    old = CorsPolicy(
        allow_origins=[f"https://pr-*.t{number}.example.com" for number in range(3000)]
    )
    new = old.replace(allow_origins=[*old.allow_origins[1:], "https://*.t1.example.com"])
    assert [each.values for each in compare(old, new).differences] == [
        ("https://*.t1.example.com",),
        ("https://pr-*.t0.example.com",),
    ]
    assert (
        compare(old, CorsPolicy(allow_origins=["https://*.example.com"])).relation.value == "wider"
    )
