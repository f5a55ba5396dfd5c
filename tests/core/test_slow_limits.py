"""What origins and paths may cost, at the two sides of each limit."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import islice, product

import pytest

from corekit import _backtracking, _slow_regexes
from corekit._automata import TooManyStates
from corekit._backtracking import MOST_STEPS, ORIGIN, Budget, Cost
from corekit._origins import MAX_ORIGIN_LENGTH
from corekit._regex_syntax import read_roughly
from corekit._regexes import LONGEST_REGEX, find_problems
from corekit._slow_regexes import find_slow_word, longest_path
from corekit.problems import OriginProblem


@pytest.mark.parametrize(
    ("source", "limit"),
    [
        ("https://[a-z]+x", "_MOST_TRIES"),
        ("https://(a|b)c?:80", "_MOST_TRIES"),
        ("https://a*a*x", "_FEW_TRIES"),
    ],
)
def test_origin_may_cost_up_to_a_limit(
    monkeypatch: pytest.MonkeyPatch, source: str, limit: str
) -> None:
    node, is_exact = read_roughly(re.compile(source))
    cost = Cost(node, ORIGIN, Budget(), is_exact=is_exact)
    bound = cost.limit(MAX_ORIGIN_LENGTH)
    assert (bound is None) is (limit == "_FEW_TRIES")
    most = cost.most(10**6 if bound is None else bound - 1, MAX_ORIGIN_LENGTH)
    monkeypatch.setattr(_slow_regexes, limit, most)
    assert find_slow_word(re.compile(source)) is None
    monkeypatch.setattr(_slow_regexes, limit, most - 1)
    assert find_slow_word(re.compile(source)) is not None


@pytest.mark.parametrize(
    ("limit", "enough"),
    [
        ("_MOST_EDGES", 5),
        ("_MOST_SETS", 4),
        ("_MOST_MOVES", 5),
        ("_MOST_VISITS", 30),
        ("_MOST_EMPTY_WAYS", 6),
    ],
)
def test_work_has_exact_limits(monkeypatch: pytest.MonkeyPatch, limit: str, enough: int) -> None:
    node, _ = read_roughly(re.compile("(a|b)c*d"))
    monkeypatch.setattr(_backtracking, "_SETS_PER_STATE", 0)

    def is_exact() -> bool:
        with suppress(TooManyStates):
            cost = Cost(node, "(?s).*", Budget(), is_exact=False)
            cost.find_word(cost.most(10**6, 8) - 1, 8)
            return not cost.is_rough
        return False

    for value in (enough, enough - 1):
        monkeypatch.setattr(_backtracking, limit, value)
        assert is_exact() is (value == enough)


def test_steps_can_be_spent_once() -> None:
    budget = Budget()
    budget.spend(MOST_STEPS)
    budget.spend(0)
    with pytest.raises(TooManyStates):
        budget.spend(1)


def test_sets_may_grow_with_the_states(monkeypatch: pytest.MonkeyPatch) -> None:
    node, _ = read_roughly(re.compile("abcd"))
    monkeypatch.setattr(_backtracking, "_MOST_SETS", 0)
    # There are five sets, and no more than one for each of the five states.
    for count, is_rough in ((1, False), (0, True)):
        monkeypatch.setattr(_backtracking, "_SETS_PER_STATE", count)
        assert Cost(node, "(?s).*", Budget(), is_exact=False).is_rough is is_rough


def test_what_cannot_be_counted_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    node, _ = read_roughly(re.compile("(a*)*b"))
    budget = Budget()
    cost = Cost(node, "(?s).*", budget, is_exact=False)
    monkeypatch.setattr(_backtracking, "_MOST_VISITS", 30)
    with pytest.raises(TooManyStates):
        cost.find_word(10**9, 64)
    left = budget.left
    with pytest.raises(TooManyStates):
        cost.find_word(10**9, 32)
    assert budget.left == left
    assert cost.find_word(10**9, 4) is None


WORDS = [*map("".join, islice(product("bcdfg", "aei", "lmnrs", "ou", "tkz"), 440))]


@pytest.mark.parametrize(
    ("form", "longest"),
    [
        ("/(?:{})/.*", None),
        ("^/(?:{})/(?:[^/]+/)*x$", None),
        ("(?i)^/(?:{})(?:/.*)?$", None),
        ("^/(?!(?:{})/)[a-z]*", None),
        ("^/[a-z]+/(?:{})$", None),
    ],
)
@pytest.mark.parametrize("end", ["", "abcdef", "abcdefghijklmnop"])
def test_list_of_words_may_be_long(form: str, longest: int | None, end: str) -> None:
    regex = form.format("|".join(f"{word[::-1]}{end}" for word in WORDS))
    assert 2_600 < len(regex) < LONGEST_REGEX
    assert longest_path(re.compile(regex)) == longest


def test_origins_of_a_long_list_of_words_are_known() -> None:
    words = "|".join(f"{word[::-1]}abcdefghijklmnop" for word in WORDS)
    regex = re.compile(rf"https://(?:{words})\.example\.com")
    assert not list(find_problems(regex, credentials=True))


@pytest.mark.parametrize("credentials", [False, True])
@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        (
            r"https://[a-z0-9-]*(?:pr|mr)-[a-z0-9-]{1,20}\.(?:[a-z0-9-]{1,30}\.)?example\.com",
            [OriginProblem.UNKNOWN_ORIGIN_COST],
        ),
        (r"https://[a-z]+-[a-z0-9-]{1,20}\.(?:[a-z0-9-]+\.)?example\.com", []),
        (r"https://(?:[a-z0-9-]{1,28}--)?shop\.example\.com", []),
    ],
)
def test_origins_of_unknown_cost_are_a_risk_in_any_case(
    source: str, kinds: list[OriginProblem], *, credentials: bool
) -> None:
    found = [each.kind for each in find_problems(re.compile(source), credentials=credentials)]
    assert found == kinds
    assert all(kind.is_risk for kind in kinds)
