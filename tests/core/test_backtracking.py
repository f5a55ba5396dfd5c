"""Regular expressions that some origins or paths take long to match are found.

The steps of a naive matcher, which tries every way like `re`, are counted. The bound is not below
them, for any regular expression and any string.
"""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import product

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from corekit import _backtracking, _slow_regexes
from corekit._automata import TooManyStates
from corekit._backtracking import ORIGIN, Budget, Cost
from corekit._regex_syntax import Unreadable, read_roughly
from corekit._slow_regexes import find_slow_word, longest_path
from tests.core.naive_matcher import MOST_STEPS, NaiveMatcher, TooManySteps, steps

FAST = [
    r"https://.*\.example\.com",
    r"https?://(.*\.)?example\.com(:\d+)?",
    r".*://.*\.example\.com",
    r"^.+\.example\.com$",
    r"(https?://)?.*\.example\.com",
    r"https://([\w-]+\.)*example\.com",
    r"https://([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+example\.com",
    r"https://(\w+-)*\w+\.example\.com",
    r"https://\w+(-\w+)*\.example\.com",
    # The port cannot be part of the host, so there is one way only.
    r"https://.*\.example\.com(:.*)?",
    # Any rest of an origin matches, so the first way is enough.
    r"https://.*\.example\.com.*",
    r".*example.*",
    r".*.*",
    # Python makes one set of this.
    r"https://([a-z]|[a-f])+\.example\.com",
    # Each is tried once.
    r"(?=https://.*x).*\.example\.com",
    r"https://(?!.*\.evil\.).*\.example\.com(?<=m)",
    r"https://(\w+)\.\1\.com",
    r"(https?)(?(1)://a|b)",
    r"https://(?>[a-z]+)\.com",
    r"\bhttps://[a-z]++\.com",
    r"https://(x?){3}\.com",
    r"https://(x$){4}\.com",
    r"https://(\d{1,3}\.){3}\d{1,3}",
    r"https://([a-z]{1,63}\.){1,8}[a-z]{2,63}",
    r"https://(\w{2}){9}(ab|cd){4}$\.example\.com",
    r"https://([a-z]+\.){4}example\.com",
    f"https://({'|'.join(f'host{number}' for number in range(200))})\\.example\\.com(:\\d+)?",
    # No origin begins with a digit, or has a line feed.
    r"([0-9]+-?)+://a",
    r"https://a\.b(\n*)*x",
    "null",
]

SLOW = [
    (r"https://(.*\.)*example\.com", "https://..."),
    (r"https://([a-z]+-?)+\.example\.com", "https://xxx"),
    (r"https://(([a-z0-9]+-?)*[a-z0-9]+\.)*example\.com", None),
    (r"https://.*\.a\..*\.example\.com", None),
    (r"https://([a-z]*)*\.example\.com", "https://xxx"),
    # A repetition may end before a part that may match nothing, and the next begin with it.
    (r"https://(x?y?)*\.example\.com", None),
    (r"https://(x?y?)*?\.example\.com", None),
    (r"https://(x?(yz)?)+\.example\.com", None),
    (r"https://((x|)(y|))*\.example\.com", None),
    (r"https://((x?y?)*z?)*\.example\.com", None),
    (r"https://(x|x)*\.example\.com", "https://xxx"),
    (r"https://(\w|\d\w)*\.example\.com", None),
    (r"https://[a-z]{1,60}[a-z]{1,60}\.example\.com", "https://xxx"),
    (r"https://(?:(?=[a-z]*x)[a-z])*\.example\.com", None),
    (r"(?=(a+)+:)https://a", None),
    (r"https://(x?){30}\.example\.com", None),
    (r"https://(xx?|){30}\.example\.com", None),
    (r"https://(x{1,2}){20}\.example\.com", None),
    (r"https://(\w+)*\1\.com", None),
    # A way that is closed after the first character hides no other one.
    (r"https://(^x|[a-z]+-?)+\.example\.com", None),
    (r"https://([a-z]+-?|^x)+\.example\.com", None),
    (r"https://(\A|\Z|[a-z]+-?)+\.example\.com", None),
    # A limited number of ways that is large.
    (r"https://(([a-z0-9]{1,3}-?){1,4}){1,4}\.example\.com", None),
    (r"https://(([a-z]{1,4}){1,4}){1,4}\.example\.com", None),
    (f"https://{'[a-z]?' * 22}[a-z]+", None),
    (f"https://{'a?' * 24}{'a' * 24}", None),
    (r"https://(([a-z0-9.]{1,4}){3}){5}\.example\.com", None),
    (f"https://(a|b|c|d|e|preview{'[0-9a-f]?' * 26})x", None),
    # Look-around does not hide it.
    (r"https://(?!staging)([\w-]+\.?)+example\.com", None),
    (r"https://(?=a)([\w-]+\.?)+example\.com", None),
    (r"https://([\w-]+\.?)+example\.com\b", None),
    (r"(https)?(?(1)://|x)([\w-]+\.?)+example\.com", None),
    # Neither do other ways that cost less, nor ways that match nothing.
    (
        f"https://(docs|dev|events|files|get|{'([0-9]{1,3}-?){1,3}' * 8})\\.example\\.com",
        None,
    ),
    (r"https://.*?(?=.*?(?=.*?(?=.*?!)))\.example\.com", None),
    (r"https://(?:.*(?<=a)(?=.*!))\.example\.com", None),
    (f"https://{'a(x?|y?|z?|w?)(x?|y?|z?|w?)(x?|y?|z?|w?)' * 4}\\.com", None),
]


@pytest.mark.parametrize("source", FAST)
def test_regex_that_takes_linear_time_is_accepted(source: str) -> None:
    assert find_slow_word(re.compile(source)) is None


@pytest.mark.parametrize(("source", "word"), SLOW)
def test_regex_that_takes_longer_is_found_with_an_origin(source: str, word: str | None) -> None:
    found = find_slow_word(re.compile(source))
    assert found is not None
    assert found.startswith(word or "")


@pytest.mark.parametrize(
    "source",
    [
        rf"({'|'.join(map(''.join, product('abcdefgh', 'abcdefgh', 'abcdefgh')))}x)+\.com",
        rf"{'(a?|b?|c?)' * 9}\.com",
    ],
)
def test_work_is_bounded(source: str) -> None:
    with pytest.raises(TooManyStates):
        find_slow_word(re.compile(f"https://{source}"))
    assert longest_path(re.compile(f"/{source}")) == 0


def test_too_many_sets_are_judged_as_one() -> None:
    # Any of the last 14 characters may be the first of the second part.
    assert find_slow_word(re.compile(r"https://[ab]*a[ab]{14}\.com")) is None


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("_MOST_VISITS", r"https://.*a.*b.*\.com"),
        ("_MOST_EDGES", "https://a"),
        ("_MOST_EMPTY_WAYS", "https://a"),
    ],
)
def test_every_search_has_a_limit(monkeypatch: pytest.MonkeyPatch, name: str, source: str) -> None:
    monkeypatch.setattr(_backtracking, name, 0)
    with pytest.raises(TooManyStates):
        find_slow_word(re.compile(source))


def test_bound_that_no_string_is_known_to_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    # The bound is 202, but the most expensive strings that are followed cost 174.
    regex = re.compile(r"https://(aa|a)(a|b|ab)(a|b|ab)[ab]a?a?\.com")
    for most, is_known in ((150, True), (190, False), (210, True)):
        monkeypatch.setattr(_slow_regexes, "_MOST_TRIES", most)
        if is_known:
            assert (find_slow_word(regex) is None) is (most == 210)
        else:
            with pytest.raises(TooManyStates):
                find_slow_word(regex)


@pytest.mark.parametrize(
    ("regex", "longest"),
    [
        (f"/({'a?' * 40})*b", 3),
        (f"/[{''.join(map(chr, range(0x400, 0x7E8, 2)))}]*", None),
        (f"/[{''.join(map(chr, range(0x400, 0x7EA, 2)))}]*", 0),
        # Not the way that `re` tries first leads to what always matches.
        (r"^/(?:(a+)+b)?", 16),
        (r"^/api/((\w+/?)+\.json)?", 20),
        # The cost of a look-around is not known for long paths.
        (r"^/(?!(\w+/?)+\.json$)", 8),
        # There are too many states to count for longer paths.
        (r"^/(?:.{600})+$", 128),
    ],
)
def test_longest_path(regex: str, longest: int | None) -> None:
    assert longest_path(re.compile(regex)) == longest


def test_unreadable_regexes_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(re, "_parser", object())
    with pytest.raises(Unreadable):
        find_slow_word(re.compile("a"))


PARTS = st.sampled_from(
    [
        "x",
        "a",
        r"\.",
        ".",
        "[xa]",
        r"\w",
        "x?",
        "a?",
        "x*",
        "a+",
        ".*",
        "[^.]+",
        "(x|a)",
        "x{1,2}",
        "$",
    ]
)


def _nest(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(parts, min_size=2, max_size=3).map("".join),
        st.lists(parts, min_size=2, max_size=3).map(lambda each: f"({'|'.join(each)})"),
        parts.map(lambda each: f"({each})*"),
        parts.map(lambda each: f"({each})+"),
        parts.map(lambda each: f"({each}){{2,4}}"),
        parts.map(lambda each: f"(?={each})"),
    )


BODIES = st.recursive(PARTS, _nest, max_leaves=6)


@given(body=BODIES, start=st.text("xa.", max_size=4), part=st.text("xa.", min_size=1, max_size=3))
@settings(deadline=None)
@example(body=r".*\.a\..*x", start="", part=".a")
@example(body="(x*)*a", start="", part="x")
@example(body="(x?a?)*", start="", part="xa")
@example(body="((x?a?)*.?)*", start="", part="xa")
@example(body=".*(?=.*(?=.*a))", start="", part="x")
@example(body="(x?|a?|.?)(x?|a?|.?)(x?|a?|.?)x", start="", part="x")
def test_no_string_takes_more_steps_than_the_bound(body: str, start: str, part: str) -> None:
    node, is_exact = read_roughly(re.compile(f"/{body}\\.com"))
    word = f"/{start}{part * 8}-"
    try:
        cost = Cost(node, "(?s)/.*", Budget(), is_exact=is_exact)
        bound = cost.most(MOST_STEPS, len(word))
    except TooManyStates:
        assume(False)
    assert bound > MOST_STEPS or steps(node, word) <= bound


@given(body=BODIES.filter(lambda body: "{2,4}" not in body))
@settings(deadline=None)
@example(body=r".*\.a\..*x")
@example(body="(x*)*a")
def test_a_word_that_is_found_takes_as_many_steps_as_is_said(body: str) -> None:
    # Counted repetitions of what may match nothing seem to take longer than they do.
    node, is_exact = read_roughly(re.compile(f"https://{body}\\.com"))
    assume(is_exact)
    most = 2_000
    try:
        cost = Cost(node, ORIGIN, Budget(), is_exact=is_exact)
        word = cost.find_word(most, 80, is_bound=False)
        assert cost.most(most, 80) > most or word is None
    except TooManyStates:
        assume(False)
    if word is not None:
        with suppress(TooManySteps):
            assert NaiveMatcher(node, f"{word}!").visits > most / 20


@pytest.mark.parametrize(
    ("source", "limit", "most"),
    [
        ("a", 6, 6),
        ("ab", 10, 10),
        ("a*", 40, 40),
        ("a*b", 52, 52),
        ("(a|b)*c", 52, 52),
        ("(a|aa)*b", None, 689),
        ("a*a*b", None, 252),
        ("a?a?a?", 58, 58),
        ("(a*)*b", None, 3069),
        ("[ab]*[bc]*d", None, 252),
        ("(?=a)a(?=b)b", 38, 38),
        ("(?=a*b)a*c", 158, 158),
    ],
)
def test_cost_of_a_text_of_eight_characters(source: str, limit: int | None, most: int) -> None:
    node, _ = read_roughly(re.compile(source))
    cost = Cost(node, "(?s).*", Budget(), is_exact=False)
    assert (cost.limit(8), cost.is_rough) == (limit, False)
    assert cost.most(most, 8) == most
    assert cost.find_word(most, 8) is None


@pytest.mark.parametrize(
    ("source", "longest"),
    [
        (r"^/.*/.*/.*/edit$", 75),
        (r"^/api/(\w+/?)+$", 20),
        (r"/(a|aa)*b", 22),
        (r"/([^a]|\W)*b", 15),
        (r"/(.*)\1", 498),
        (r"^/([a-z]+-?)+/(?=.*x)", 14),
        (r"/.*x{2,}$", 354),
        (r"/(?=(a|b)*c)[^/]*/.*x", None),
    ],
)
def test_longest_path_is_the_same_in_every_release(source: str, longest: int | None) -> None:
    assert longest_path(re.compile(source)) == longest


@pytest.mark.parametrize(
    ("source", "word"),
    [
        (r"https://([a-z]+-?)+\.example\.com", "https://xxxxxxxxx"),
        (r"https://.*-.*-.*\.example\.com", "https://--------------.-."),
        (r"https://(.*\.)*example\.com", "https://........."),
        (r"https://(a|aa)*b", "https://aaaaaaaaaaaaa"),
    ],
)
def test_slow_origin_is_the_same_in_every_release(source: str, word: str) -> None:
    assert find_slow_word(re.compile(source)) == word
