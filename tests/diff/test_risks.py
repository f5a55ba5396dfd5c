"""What matters most comes first: new sites before subdomains, and one origin of a known site."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy, PolicyError
from corekit._automata import TooManyStates
from corekit._origin_language import OriginLanguage
from corekit.compat import RegexCorsPolicy
from corekit.diff import Comparison, DifferenceKind, Direction, compare, grants

KNOWN = [
    "https://app.example.com",
    "https://api.example.com.",
    "http://10.0.0.2",
    "http://192.0.0.1",
    "null",
]


def build(**arguments: Any) -> CorsPolicy:
    try:
        return RegexCorsPolicy(**arguments)
    except PolicyError as error:
        risks = sorted({problem.code for problem in error.problems})
        return RegexCorsPolicy(**arguments, accept_risks=risks)  # type: ignore[arg-type]


OLD = build(allow_origins=KNOWN)

# From the most risky to the least; those of one line are as risky as each other.
RANKS = [
    ["*"],
    ["https://*.github.io", "https://pr-*.github.io", r"regex:https://[a-z]+\.github\.io"],
    [r"regex:https://(?!evil)[a-z]+\.example\.com"],
    ["http://app.other.example", "http://10.0.0.1", "http://[2001:db8::1]"],
    [
        "https://other.example",
        "https://example.com.evil.example",
        "https://evil.com.",
        "https://*.example.org",
        "https://com",
        "chrome-extension://abc",
        "https://[2001:db8::1]",
        r"regex:https://(app|www)\.example\.org",
    ],
    ["file://", "app://"],
    ["http://*.example.com"],
    [
        "https://*.example.com",
        "https://pr-*.example.com",
        "https://app.example.com:*",
        "http://localhost:*",
        r"regex:https://[a-z]+\.example\.com",
    ],
    ["http://www.example.com"],
    [
        "https://www.example.com",
        "https://example.com",
        "https://app.example.com:8443",
        "https://10.0.0.2",
        "http://localhost",
        "http://127.0.0.1:3000",
    ],
]


def risk_of(entry: str, old: CorsPolicy = OLD) -> int:
    text = entry.removeprefix("regex:")
    if text == entry:
        origins = ["*"] if entry == "*" else [*KNOWN, entry]
        new = build(allow_origins=origins)
    else:
        new = build(allow_origins=KNOWN, allow_origin_regexes=[text])
    (difference,) = compare(old, new).differences
    assert difference.kind is DifferenceKind.ORIGINS
    assert difference.values == (text,)
    return difference.risk


def test_origins_are_ranked() -> None:
    risks = [{risk_of(entry) for entry in entries} for entries in RANKS]
    assert [len(each) for each in risks] == [1] * len(RANKS)
    found = [each.pop() for each in risks]
    assert found == sorted(set(found), reverse=True)


@pytest.mark.parametrize(
    ("regex", "entry", "known"),
    [
        (r"https://(a|b)\.example\.org", "https://c.example.org", True),
        (r"https://(a|b)\.example\.org", "https://c.example.net", False),
        # Of these, no sites are known.
        (r"https://[a-z]+", "https://c.example.org", False),
        (r"https://(?!c)[a-z]+\.example\.org", "https://c.example.org", False),
    ],
)
def test_sites_of_regexes_are_known(regex: str, entry: str, known: bool) -> None:
    old = build(allow_origin_regexes=[regex])
    new = build(allow_origin_regexes=[regex], allow_origins=[entry])
    (difference,) = compare(old, new).differences
    assert difference.risk == (40 if known else 80)


def test_differences_are_sorted() -> None:
    old = CorsPolicy(
        allow_origins=["https://app.example.com", "https://old.example.com"],
        expose_headers=["x-a"],
        max_age=9,
    )
    new = CorsPolicy(
        allow_origins=["https://app.example.com", "https://*.other.example", "https://example.com"],
        allow_credentials=True,
        allow_private_network=True,
        allow_methods=["PUT"],
        allow_headers=["x-a"],
        expose_headers=["x-b"],
    )
    assert order(compare(old, new)) == [
        "wider credentials",
        "wider origins",
        "wider private-network",
        "wider methods",
        "wider request-headers",
        "wider origins",
        "wider response-headers",
        "narrower origins",
        "narrower response-headers",
        "neutral max-age",
    ]


def order(comparison: Comparison) -> list[str]:
    return [f"{each.direction.value} {each.kind.value}" for each in comparison.differences]


def test_few_of_many_origins_are_listed() -> None:
    tenants = [f"https://t{number}.example.com" for number in range(500)]
    new = CorsPolicy(allow_origins=[*tenants, "https://evil.example", "http://t1.example.com"])
    old = CorsPolicy(allow_origins=tenants[:50])
    comparison = compare(old, new)
    assert len(comparison.differences) == 21
    assert [each.values for each in comparison.differences[:2]] == [
        ("https://evil.example",),
        ("http://t1.example.com",),
    ]
    assert sum(each.count for each in comparison.differences) == 452
    last = comparison.differences[-1]
    assert last.count == 432
    assert f" (and {431:,} more origins) may now GET" in last.message
    assert {each.direction for each in comparison.differences} == {Direction.WIDER}
    back = compare(new, old)
    assert [each.values for each in back.differences] == [
        each.values for each in comparison.differences
    ]


def test_regex_that_is_too_large_counts_as_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: OriginLanguage) -> None:
        raise TooManyStates

    regex = r"regex:https://[a-z]+\.example\.com"
    assert risk_of(regex) == 60
    monkeypatch.setattr(OriginLanguage, "has_open_site", fail)
    assert risk_of(regex) == 90


def test_no_example_of_an_open_site_is_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: OriginLanguage) -> None:
        raise AssertionError

    sources = {r"https://[a-z]+\.com": 90, r"https://[0-9.]+": 90, r"https://10\.[0-9.]+": 80}
    built = [build(allow_origin_regexes=[source]) for source in sources]
    monkeypatch.setattr(OriginLanguage, "find_open_site", fail)
    risks = [
        difference.risk
        for new in built
        for difference in compare(OLD, new).differences
        if difference.direction is Direction.WIDER
    ]
    assert risks == [*sources.values()]


def test_only_the_first_of_very_many_are_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grants, "MOST_RANKED", 30)
    tenants = [f"https://t{number}.example.com" for number in range(40)]
    tenants[29] = "https://ranked.example"
    tenants[30] = "https://not-ranked.example"
    comparison = compare(OLD, build(allow_origins=[*KNOWN, *tenants]))
    assert comparison.differences[0].values == ("https://ranked.example",)
    assert comparison.differences[0].risk > comparison.differences[1].risk
    assert sorted(each.count for each in comparison.differences) == [1] * 20 + [20]
