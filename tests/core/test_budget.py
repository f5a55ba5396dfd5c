"""Judging a regular expression takes a limited number of steps, for all of its parts together."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from itertools import islice, product
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corekit import _backtracking, _regexes
from corekit._automata import split_masks
from corekit._backtracking import MOST_STEPS, TEXT, Budget, Cost
from corekit._origin_language import OriginLanguage
from corekit._regex_syntax import read_roughly
from corekit._regexes import RegexError, compile_path_regex, compile_regex
from corekit._slow_regexes import longest_path
from corekit._ways import Move, Ways, move
from corekit.compat import RegexCorsPolicy
from corekit.problems import PolicyError

FEW: Final = 20_000
"""A budget that most of these use up, and the steps of one move more."""

WORDS: Final = [*map("".join, islice(product("bcd", "aei", "lmn", "ou"), 60))]


def _join(form: str, between: str = "") -> str:
    return between.join(form.replace("WORD", word) for word in WORDS)


SHAPES: Final = {
    "look-aheads": _join("(?!.*/WORD/.*/x)") + ".*",
    "positive look-aheads": _join("(?=.*/WORD/.*/x)") + ".*",
    "look-ahead of alternatives": f"(?!{_join('.*/WORD/.*/x', '|')}).*",
    "alternatives of look-aheads": f"(?:{_join('(?!.*/WORD/.*/x)WORD', '|')})/.*",
    "nested look-aheads": "(?=.*a.*" * 20 + ")" * 20 + ".*",
    "look-aheads in look-aheads": _join("(?!.*(?=.*WORD.*x))") + ".*",
    "look-behinds": ".*" + _join("(?<!/WORD)"),
    "conditionals": "(v1)?" + _join("(?(1)(?!.*WORD.*x)|(?!.*WORD.*y))") + ".*",
    "named groups": _join("(?P<WORD>(?!.*WORD.*x)[a-z]+)/"),
    "repeated look-aheads": f"(?:(?:{_join('(?!.*/WORD/.*/x)[^/]', '|')})/){{50}}x",
    "sets of many states": _join("(?!.*[WORD].{10}/)") + ".*",
    "back references": "(a+)" + _join(r"(?:\1WORD|\1)/"),
    "alternatives": f"(.*(?:{_join('WORD', '|')}))(.*(?:{_join('WORDx', '|')})).*",
    "repetitions": "(?:[a-z]{1,50}/){1,50}x",
}


@contextmanager
def counted_steps() -> Iterator[list[int]]:
    """Count the moves that are made, whether or not they are drawn from a budget."""
    steps: list[int] = []

    def count(ways: Ways, moves: tuple[Move, ...]) -> dict[int, int]:
        steps.append(len(moves))
        return move(ways, moves)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_backtracking, "move", count)
        patch.setattr(_backtracking, "MOST_STEPS", FEW)
        yield steps


def judge_path(source: str) -> None:
    longest_path.__wrapped__(re.compile(f"/{source}"))


def judge_origin(source: str) -> None:
    with suppress(PolicyError):
        RegexCorsPolicy(allow_origin_regexes=[f"http://{source}.com"], allow_credentials=True)


@pytest.mark.parametrize("judge", [judge_path, judge_origin])
@pytest.mark.parametrize("source", SHAPES.values(), ids=SHAPES)
def test_all_parts_share_one_budget(source: str, judge: Callable[[str], None]) -> None:
    with counted_steps() as steps:
        judge(source)
    assert sum(steps) <= FEW


PARTS: Final = st.sampled_from(["a", ".", ".*", "[ab]+", "a?", "/", "a{1,9}", r"\w*"])
SOURCES: Final = st.recursive(
    PARTS,
    lambda parts: st.one_of(
        st.lists(parts, min_size=2, max_size=4).map("".join),
        st.lists(parts, min_size=2, max_size=4).map(lambda each: f"(?:{'|'.join(each)})"),
        parts.map(lambda each: f"(?={each})"),
        parts.map(lambda each: f"(?!{each})"),
        parts.map(lambda each: f"(?:{each})*"),
        parts.map(lambda each: f"({each}){{2,6}}"),
    ),
    max_leaves=12,
)


@given(source=SOURCES)
@settings(deadline=None)
def test_no_regex_takes_more_steps_than_its_budget(source: str) -> None:
    with counted_steps() as steps:
        judge_path(source)
    assert sum(steps) <= FEW


@pytest.mark.parametrize("shape", ["sets of many states", "conditionals"])
def test_regex_beyond_the_budget_is_refused(shape: str) -> None:
    with pytest.raises(RegexError) as caught:
        compile_path_regex(f"^/{SHAPES[shape]}")
    assert caught.value.kind.code == "opaque-regex"


@pytest.mark.parametrize("count", [1, 4, 12])
def test_deny_list_of_look_aheads_is_accepted(count: int) -> None:
    looks = "".join(f"(?!.*/{word}/.*/password)" for word in WORDS[:count])
    longest = longest_path(re.compile(f"^/api/{looks}.*$"))
    assert longest is not None
    assert longest >= 128


def test_comparisons_of_sets_are_drawn_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def split(masks: Collection[int]) -> list[int]:
        parts = split_masks(masks)
        compared.append(len(parts) * len(masks))
        return parts

    monkeypatch.setattr(_backtracking, "split_masks", split)
    monkeypatch.setattr(_backtracking, "_COMPARISONS_PER_STEP", 1)
    monkeypatch.setattr(_backtracking, "MOST_STEPS", FEW)
    letters = "|".join(f"({letter})" for letter in string.ascii_lowercase)
    judge_path("".join(f"(?!(?:{letters}){{4}}{number})" for number in range(10)) + ".*$")
    # The last two sets are those for which it does not suffice.
    assert sum(compared[:-2]) <= FEW
    assert len(compared) > 2


def test_equal_work_is_counted_once() -> None:
    budget = Budget()
    cost = Cost(read_roughly(re.compile("(?:ab|c)*d"))[0], TEXT, budget, is_exact=False)
    short = cost.limit(8)
    left = budget.left
    long = cost.limit(16)
    assert short is not None
    assert long is not None
    assert long > short
    assert budget.left == left


def _misspelled(count: int) -> str:
    hosts = "|".join(rf"shop{number}\.Example\.com/x" for number in range(count))
    return f" http://({hosts}):443/.*"


@pytest.mark.parametrize(
    "source",
    [
        _misspelled(300),
        _misspelled(150),
        r" https://([A-Z]{1,63}\.){1,150}Example.com:443/.*",
        r" https://([a-z]{1,63}\.){1,60}Example.com:443/x",
    ],
    ids=["300 hosts", "150 hosts", "counts", "fewer counts"],
)
@pytest.mark.parametrize("credentials", [True, False])
def test_repairs_are_tried_as_long_as_steps_are_left(
    source: str, credentials: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    states: list[int] = []
    compiled: list[int] = []
    of_regex = OriginLanguage.of_regex

    def count(regex: re.Pattern[str]) -> OriginLanguage:
        language = of_regex(regex)
        states.append(len(language.automaton.edges))
        return language

    def compile_counted(source: str) -> re.Pattern[str]:
        compiled.append(len(source))
        return compile_regex(source)

    monkeypatch.setattr(OriginLanguage, "of_regex", count)
    monkeypatch.setattr(_regexes, "compile_regex", compile_counted)
    with pytest.raises(PolicyError) as caught:
        RegexCorsPolicy(allow_origin_regexes=[source], allow_credentials=credentials)
    assert [each.code for each in caught.value.problems] == ["never-matches"]
    # The last one may be larger than what is left.
    assert 20 * sum(states[:-1]) + 10 * sum(compiled) <= MOST_STEPS + 20 * max(states)


def test_repairs_of_ordinary_regexes_are_tried_to_the_last() -> None:
    source = " HTTPS://(app|shop).Example.com:443/.*"
    with pytest.raises(PolicyError) as caught:
        RegexCorsPolicy(allow_origin_regexes=[source], allow_credentials=True)
    assert caught.value.problems[0].fix == r"https://(app|shop)\.example\.com"
    hosts = "|".join(f"shop{number}" for number in range(10))
    with pytest.raises(PolicyError) as caught:
        RegexCorsPolicy(allow_origin_regexes=[f"HTTPS://({hosts}).Example.com:443/.*"])
    assert caught.value.problems[0].fix == rf"https://({hosts})\.example\.com"
