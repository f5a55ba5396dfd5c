"""What it costs to find redundant entries: what is asked and compiled, and the limits of both."""

from __future__ import annotations

import re
import time

import pytest

from corekit._automata import Automaton
from corekit._origin_kinds import automaton_of
from corekit._origin_language import OriginLanguage
from corekit.lint import covering
from corekit.lint.covering import find_covered

EVERY = "abcdefghijklmnopqrstuvwxyz0123456789-_"


def test_cost_for_patterns_of_one_host_is_not_quadratic() -> None:
    many = [f"https://{number}-*.example.com" for number in range(10_000)]
    many += [f"https://*-{number}.example.com" for number in range(10_000)]
    many += [f"https://a.example.com:{port}" for port in range(1, 10_000)]
    began = time.perf_counter()
    assert not list(find_covered(many))
    assert time.perf_counter() - began < 20


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which each search for an origin outside of others adds their number."""
    found: list[int] = []
    search = OriginLanguage.find_outside

    def find_outside(self: OriginLanguage, others: list[Automaton]) -> str | None:
        found.append(len(others))
        return search(self, others)

    monkeypatch.setattr(OriginLanguage, "find_outside", find_outside)
    return found


def test_entries_of_one_host_are_tried_together(questions: list[int]) -> None:
    texts = [f"https://{each}.example.com" for each in EVERY]
    texts += [f"https://{each}*.example.com" for each in EVERY]
    ((entry, others),) = find_covered([*texts, "https://*z-zz.example.com"])
    assert (entry, len(others)) == ("https://*z-zz.example.com", len(EVERY))
    # All at once, and then each of them alone.
    assert questions == [0, 2 * len(EVERY)] + [1] * len(EVERY)


def test_exact_origins_of_a_regex_are_tried_together(questions: list[int]) -> None:
    texts = [f"https://{each}.example" for each in "abcdefg"]
    ((entry, others),) = find_covered(texts, [re.compile(r"https://[a-f]\.example")])
    assert (entry, others) == (r"https://[a-f]\.example", tuple(texts[:6]))
    assert questions == [0, 6] + [1] * 6


@pytest.mark.parametrize(("most", "count"), [(0, 0), (1, 1), (2, 1), (3, 2)])
def test_questions_are_bounded(monkeypatch: pytest.MonkeyPatch, most: int, count: int) -> None:
    monkeypatch.setattr(covering, "_MOST_QUESTIONS", most)
    parts = [re.compile(rf"https://[{each}]\.example(:\d+)?") for each in ("a-c", "d-f", "a-f")]
    assert len(list(find_covered([], parts))) == count


def test_cost_for_many_patterns_is_not_quadratic() -> None:
    many = [f"https://*.t{number}.example" for number in range(20_000)]
    many += [f"https://a.t{number}.example" for number in range(0, 20_000, 2)]
    began = time.perf_counter()
    assert len(list(find_covered(many))) == 10_000
    assert time.perf_counter() - began < 20


def test_cost_for_many_patterns_and_a_regex_is_not_quadratic() -> None:
    many = [f"https://*.t{number}.example" for number in range(20_000)]
    many += [f"https://a.u{number}.example" for number in range(20_000)]
    regexes = [re.compile(rf"https://.*\.v{number}\.example") for number in range(5)]
    regexes.append(re.compile(r"https://[a-z]+\.t7\.example"))
    began = time.perf_counter()
    assert [text for text, _ in find_covered(many, regexes)] == [regexes[-1].pattern]
    assert time.perf_counter() - began < 20


def test_nothing_is_redundant_if_too_many_would_cover_it() -> None:
    texts = [f"https://a{number}.example" for number in range(1000)]
    for regex, is_found in (
        (r"https://a1?[1-9]\d\.example", True),
        (r"https://a[1-9]\d\d\.example", False),
    ):
        assert (regex in dict(find_covered(texts, [re.compile(regex)]))) == is_found


@pytest.mark.parametrize(("count", "is_found"), [(200, True), (201, False)])
def test_at_most_200_cover_one_together(count: int, is_found: bool) -> None:
    texts = [f"https://a{number}.example" for number in range(count)]
    regex = re.compile("|".join(map(re.escape, texts)))
    assert (regex.pattern in dict(find_covered(texts, [regex]))) == is_found


def test_only_patterns_that_others_may_cover_are_compared(questions: list[int]) -> None:
    regex = re.compile(r"https://[a-z]+\.example\.org")
    assert not list(find_covered(["https://*.example.com", "https://pr-*.example.net"], [regex]))
    # The only question is about the regex.
    assert questions == [0]


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str | re.Pattern[str]]:
    """Return a list to which each entry is added that is made an automaton."""
    found: list[str | re.Pattern[str]] = []

    def record(source: str | re.Pattern[str]) -> Automaton:
        found.append(source)
        return automaton_of(source)

    monkeypatch.setattr(covering, "automaton_of", record)
    return found


def test_each_entry_is_compiled_once(compiled: list[str | re.Pattern[str]]) -> None:
    texts = ("[a-d]", "[b-f]", "[a-h]x?")
    regexes = [re.compile(rf"https://{text}\.example") for text in texts]
    found = dict(find_covered([], regexes))
    assert found == {each.pattern: (regexes[2].pattern,) for each in regexes[:2]}
    assert compiled == regexes[2:]


def test_at_most_200_are_compiled_together(compiled: list[str | re.Pattern[str]]) -> None:
    texts = [f"https://a{number}.example" for number in range(300)]
    regex = re.compile("|".join(map(re.escape, texts)))
    assert regex.pattern not in dict(find_covered(texts, [regex]))
    assert len(compiled) <= 201
