"""What origins and paths may cost, at the two sides of each limit."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest

from corekit import _backtracking, _slow_regexes
from corekit._automata import TooManyStates
from corekit._backtracking import MOST_STEPS, ORIGIN, Budget, Cost
from corekit._origins import MAX_ORIGIN_LENGTH
from corekit._regex_syntax import read_roughly
from corekit._slow_regexes import find_slow_word


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
        ("_MOST_VISITS", 15),
        ("_MOST_EMPTY_WAYS", 6),
    ],
)
def test_work_has_exact_limits(monkeypatch: pytest.MonkeyPatch, limit: str, enough: int) -> None:
    node, _ = read_roughly(re.compile("(a|b)c*d"))

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
