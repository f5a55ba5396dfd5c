"""A client chooses the origin of a denial, so the search for a hint asks for a limited number."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import SequenceMatcher, get_close_matches
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, DecisionEvent, _near, _slow_regexes
from corekit._backtracking import ORIGIN, Budget, Cost
from corekit._near import find_near_name, find_near_origins
from corekit._origins import OriginSet
from corekit._regex_syntax import read_roughly
from corekit._slow_regexes import find_slow_word, origin_work
from corekit.compat import OriginRegexes, RegexCorsPolicy
from corekit.guard import CrossOriginGuard

WORDS = [f"{word}{number}" for word in ("app", "cart", "login", "news") for number in range(25)]
ORIGINS = {
    "short labels": f"https://{'a.' * 37}zz1",
    "one label": f"https://{'a' * 60}.test",
    "hyphens": f"https://{'a-' * 25}pr.example.org",
    "ordinary": "https://dashbaord.exmple.com",
    "long": f"https://{'a.' * 120}zz1",
}
POLICIES: dict[str, Callable[[], CorsPolicy]] = {
    "one": lambda: CorsPolicy(allow_origins=["https://app.example.com"]),
    "a pattern": lambda: CorsPolicy(allow_origins=["https://*.example.com"]),
    "500 patterns": lambda: CorsPolicy(
        allow_origins=[f"https://{each}-*.x{each}.{end}" for each in WORDS for end in "abcde"]
    ),
    "a regex": lambda: with_regexes(r"https://.*\.example\.com"),
    "100 regexes": lambda: with_regexes(*(rf"https://(.*\.)?{each}\.com" for each in WORDS)),
    "words": lambda: with_regexes(rf"https://(.*\.)?({'|'.join(WORDS)})\.(com|net)"),
    "costly": lambda: with_regexes(r"https://([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+example\.com"),
    "unknown cost": lambda: RegexCorsPolicy(
        allow_origins=["https://dashboard.exmple.com"],
        allow_origin_regexes=[rf"https://{'(a?|b?|c?)' * 9}\.example\.com"],
        accept_risks=["opaque-regex"],
    ),
}


def with_regexes(*sources: str) -> CorsPolicy:
    return RegexCorsPolicy(allow_origin_regexes=sources)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count the origins that patterns and regular expressions are asked for."""
    origins: list[str] = []

    def count(cls: type) -> None:
        match = cls._match  # type: ignore[attr-defined]

        def counted(self: object, origin: str) -> object:
            origins.append(origin)
            return match(self, origin)

        monkeypatch.setattr(cls, "_match", counted)

    count(OriginSet)
    count(OriginRegexes)
    return origins


@pytest.mark.parametrize("origin", ORIGINS.values(), ids=ORIGINS)
@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_a_hint_asks_for_a_limited_number_of_origins(
    policy: Callable[[], CorsPolicy], origin: str, asked: list[str]
) -> None:
    made = policy()
    regexes = getattr(made, "allow_origin_regexes", ())
    decision = made.decide("GET", origin=origin)
    asked.clear()
    assert decision.hint
    work = sum(origin_work(each).of(len(origin)) for each in regexes)
    assert len(asked) * work <= 500_000
    # The patterns of a policy with regular expressions are asked as well.
    assert len(asked) <= 2 * 1_112
    assert len(asked) * len(regexes) <= 5_000


def test_text_of_an_event_is_limited_in_the_same_way(asked: list[str]) -> None:
    policy = POLICIES["100 regexes"]()
    decision = policy.decide("GET", origin=ORIGINS["short labels"])
    str(DecisionEvent(decision, "asgi", "GET", "/", ORIGINS["short labels"]))
    verdict = CrossOriginGuard(policy).judge("POST", "/", origin=ORIGINS["short labels"])
    assert verdict.hint
    assert len(asked) < 100


def test_list_is_searched_if_the_cost_of_a_regex_is_not_known(asked: list[str]) -> None:
    policy = POLICIES["unknown cost"]()
    origin = "https://dashbaord.exmple.com"
    decision = policy.decide("GET", origin=origin)
    asked.clear()
    assert "'https://dashboard.exmple.com'" in decision.hint
    assert asked == []


def test_other_containers_are_asked_for_few_origins() -> None:
    origins: list[str] = []

    class Table:
        def __contains__(self, origin: str) -> bool:
            origins.append(origin)
            return False

    engine = CorsPolicy(allow_origins=["https://app.example.com"]).engine_for(Table())
    assert find_near_origins(engine, "https://shop.example.org") == ()
    assert 10 < len(origins) < 100


def test_list_is_searched_for_a_limited_number(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = CorsPolicy(allow_origins=["https://ba.test"]).engine
    # http instead of https, no www., and the first swap.
    for most, is_found in ((3, True), (2, False)):
        monkeypatch.setattr(_near, "_MOST_CANDIDATES", most)
        assert bool(find_near_origins(engine, "https://ab.test")) is is_found


@pytest.mark.parametrize(
    ("source", "page", "nearest"),
    [
        (r"https://.*\.example\.com", "https://app.exmple.com", "https://app.example.com"),
        (r"https://.*\.example\.com", "https://app.examplecom", "https://app.example.com"),
        (r"https://.*\.example\.com", "https://app.examqle.com", "https://app.example.com"),
        (r"https://.*\.example\.com", "http://app.exampel.com", "https://app.example.com"),
        (
            r"https?://(\w+\.)*shop\.com",
            "https://dashboard.shhop.com",
            "https://dashboard.shop.com",
        ),
        (r"https://(?i:SHOP)\.com", "https://shap.com", "https://shop.com"),
        (rf"https://({'|'.join(WORDS)})\.com", "https://lgoin7.com", "https://login7.com"),
    ],
)
def test_typo_is_found_by_a_regex(source: str, page: str, nearest: str) -> None:
    decision = with_regexes(source).decide("GET", origin=page)
    assert decision.hint.startswith(f"Nearest allowed origin: '{nearest}'.")


@pytest.mark.parametrize(
    "source",
    [
        r"https://.*\.example\.com",
        r"https://(?=a).*\.com",
        f"https://[ab]*a{'[ab]' * 14}\\.com",
    ],
)
def test_work_of_a_regex_is_its_bound(source: str) -> None:
    regex = re.compile(source)
    assert find_slow_word(regex) is None
    node, is_exact = read_roughly(regex)
    cost = Cost(node, ORIGIN, Budget(), is_exact=is_exact)
    work = origin_work(regex)
    assert work.of(325) <= 300_000
    assert all(work.of(length) >= cost.most(10**6, length) for length in (1, 40, 200, 325))


def test_work_is_kept_for_a_limited_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_slow_regexes, "_MOST_WORKS", 2)
    monkeypatch.setattr(_slow_regexes, "_works", {})
    regexes = [re.compile(f"https://a{number}x") for number in range(3)]
    for regex in regexes:
        find_slow_word(regex)
    assert [origin_work(each).once < 10**9 for each in regexes] == [False, False, True]
    assert origin_work(re.compile("https://never")).of(1) == 10**9


@given(st.text("abc-", max_size=8), st.lists(st.text("abc-", max_size=8), max_size=10))
def test_nearest_name_is_that_of_difflib(name: str, allowed: list[str]) -> None:
    expected = get_close_matches(name, filter(None, allowed), 1, 0.8)
    assert find_near_name(name, allowed) == next(iter(expected), None)


@pytest.mark.parametrize("length", [10, 30, 95])
def test_search_for_a_name_compares_a_limited_number_of_letters(
    length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    compared: list[int] = []
    quick_ratio, ratio = SequenceMatcher.quick_ratio, SequenceMatcher.ratio

    def count_read(self: Any) -> float:
        read.append(len(self.a))
        return quick_ratio(self)

    def count_compared(self: Any) -> float:
        compared.append(len(self.a) * len(self.b))
        return ratio(self)

    monkeypatch.setattr(SequenceMatcher, "quick_ratio", count_read)
    monkeypatch.setattr(SequenceMatcher, "ratio", count_compared)
    letters = "abcdefghijklmnopqrstuvwxyz"
    name = (letters * 4)[:length]
    allowed = ["".join(Random(seed).sample(name, length)) for seed in range(499)]
    assert find_near_name(name, allowed) is None
    assert 0 < sum(read) <= 10_000
    assert 0 < sum(compared) <= 20_000


def test_typo_is_found_among_many_names() -> None:
    allowed = [f"x-{word}-{word[::-1]}" for word in WORDS * 4]
    assert find_near_name("x-login7-7niggol", [*allowed, "x-origin"]) == "x-login7-7nigol"
