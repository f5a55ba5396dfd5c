"""What makes steps of `re` slower: capture groups, which it copies, and sets of many items."""

from __future__ import annotations

import re
import time
from typing import Final

import pytest

from corekit._backtracking import PATH, Budget, Cost
from corekit._regex_syntax import read_roughly
from corekit._slow_regexes import longest_path

LENGTH: Final = 1_000


def cost(source: str) -> int:
    """Return what a path of 1,000 characters costs for each character."""
    node, _ = read_roughly(re.compile(source))
    limit = Cost(node, PATH, Budget(), is_exact=False).limit(LENGTH)
    assert limit is not None
    return limit // LENGTH


def groups(count: int) -> str:
    return f"/(?:{'|'.join(f'(w{number})' for number in range(count))})/"


@pytest.mark.parametrize(
    ("loop", "copies"),
    [
        # Not in a repetition, or by one of a single character: nothing is copied.
        ("[a-z]*!", 0),
        (".*?!", 0),
        ("[a-z]{2,9}!", 0),
        ("(?:[ab]|[cd])*!", 0),
        ("(?:ab|cd)!", 0),
        ("(?:abc)?!", 0),
        # Once for each repetition.
        ("(?:ab)*!", 1),
        ("(?:ab)*?!", 1),
        ("(?:ab)*+!", 1),
        ("(?:ab)+!", 1),
        ("([ab])*!", 1),
        # Also for what is in one: repetitions, alternatives, look-around.
        ("(?:[a-z]-?)*!", 2),
        ("(?:[a-z]*/)*!", 2),
        ("(?:(?=a)[a-z])*!", 2),
        ("(?:(?!a)[a-z])*!", 2),
        ("(?:ab|c)*!", 3),
        ("(?:ab|cd|e)*!", 4),
    ],
)
def test_repetitions_cost_as_much_as_they_copy(loop: str, copies: int) -> None:
    without = cost(groups(1) + loop)
    # Two groups cost as much as one more state.
    assert cost(groups(61) + loop) - without == pytest.approx(30 * copies, abs=2)


@pytest.mark.parametrize(
    ("source", "is_copied"),
    [
        ("/(?:ab)*!(w)(w)(w)(w)", False),
        ("/(w)(w)(w)(w)(?:ab)*!", True),
        ("/(?:(w)(w)(w)(w))*!", True),
        ("/(?=(w)(w)(w)(w))(?:ab)*!", True),
        ("/(?:(?P<a>w)(?P<b>w)(?P<c>w)(?P<d>w))(?:ab)*!", True),
        ("/(?:w)(?:w)(?:w)(?:w)(?:ab)*!", False),
    ],
)
def test_groups_count_from_where_they_may_match(source: str, is_copied: bool) -> None:
    without = re.sub(r"\((?:\?P<.>)?w", "(?:w", source)
    assert (cost(source) > cost(without)) is is_copied


@pytest.mark.parametrize(
    ("count", "loop", "longest"),
    [
        (12, r"(?:\w-?)*!", None),
        (12, "(?:[^/]+/)*x$", None),
        (50, "(?:[^/]+/)*x$", 8192),
        (90, "(?:[^/]+/)*x$", 6664),
        (90, r"(?:\w-?)*!", 5154),
        (400, "(?:ab|c)*!", 821),
        (400, "[^/]*!", None),
        # Too many states to count them for longer paths.
        (24, f"(?:(?:{'|'.join(f'{each}x' for each in 'abcdefghijklmnopqrst')})/?)*!", 512),
    ],
)
def test_longest_path_after_groups(count: int, loop: str, longest: int | None) -> None:
    assert longest_path(re.compile(groups(count) + loop)) == longest


def test_longest_path_after_many_groups_takes_a_moment() -> None:
    # About 10 milliseconds; without a limit for the path, it takes half a second.
    regex = re.compile(groups(400) + r"(?:\w-?)*!")
    longest = longest_path(regex)
    assert longest is not None
    path = "/w399/" + "a" * (longest - 6)
    start = time.process_time()
    assert regex.match(path) is None
    assert time.process_time() - start < 0.25


def items(count: int) -> str:
    # Not in the Basic Multilingual Plane, so Python makes no table of them.
    return "".join(
        f"{chr(0x10000 + 6 * number)}-{chr(0x10002 + 6 * number)}" for number in range(count)
    )


@pytest.mark.parametrize(
    ("form", "sets", "items_per_state"),
    [
        ("/[{}]*!", 1, 16),
        ("/[^{}]*!", 1, 16),
        ("(?i)/[{}]*!", 1, 8),
        ("(?i)/(?:[{}]-)*!", 1, 8),
        ("/(?:[{}]x|[{}]y|a)*!", 2, 16),
    ],
)
def test_sets_cost_as_much_as_their_items(form: str, sets: int, items_per_state: int) -> None:
    without = cost(form.replace("{}", items(1)))
    more = cost(form.replace("{}", items(400))) - without
    assert more == pytest.approx(sets * 400 / items_per_state, abs=2)


def test_longest_path_of_many_large_sets() -> None:
    # Without a limit for the path, it takes a third of a second.
    source = f"(?i)^/(?:[{items(450)}]x|[{items(450)}]y|[{items(450)}]z|a)*x"
    longest = longest_path(re.compile(source))
    assert longest is not None
    assert 1_000 < longest < 20_000


@pytest.mark.parametrize(
    "source",
    [
        r"^/api/.*$",
        r"^/(?:api|graphql)(?:/.*)?$",
        r"^/api/v(?P<version>\d+)/(?P<kind>[a-z]+)/(?P<id>\d+)(?:/(?P<part>\w+))*/?$",
        "/".join(rf"(?P<{name}>[\w-]+)" for name in "abcdefghijkl") + r"(?:/(?P<rest>[^/]+))*$",
        r"(?i)^/[a-z0-9_.~!$&'()*+,;=:@%-]+(?:/[a-z0-9_.~!$&'()*+,;=:@%-]*)*$",
        r"^/(?P<y>\d{4})/(?P<m>\d\d)/(?P<d>\d\d)/(?:[a-z0-9]+(?:-[a-z0-9]+)*/)+$",
    ],
)
def test_ordinary_regexes_are_for_paths_of_any_length(source: str) -> None:
    assert longest_path(re.compile(source)) is None
