"""The preflight cache: what it covers, for how long, and where engines differ."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from corekit.browser import CHROMIUM, FIREFOX, STANDARD, WEBKIT, PreflightCache, Quirks

KEY = ("https://app.example.com", "https://api.example.com/items")


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def made(quirks: Quirks = STANDARD) -> tuple[PreflightCache, Clock]:
    clock = Clock()
    return PreflightCache(clock=clock, quirks=quirks), clock


def test_a_grant_is_kept_by_method_and_header_until_it_expires() -> None:
    cache, clock = made()
    cache.store(KEY, methods=["PUT"], names=["X-A"], max_age=10, include=False)
    for now, kept in ((1000.0, True), (1009.9, True), (1010.0, False), (1005.0, False)):
        clock.now = now
        assert cache.covers_method(KEY, "PUT", include=False) == kept
        assert cache.covers_header(KEY, "x-a", include=False) == kept
    assert not cache.covers_method(KEY, "DELETE", include=False)
    assert not cache.covers_header(KEY, "x-b", include=False)
    assert not cache.covers_header(KEY, "PUT", include=False)


def test_method_does_not_cover_a_header_of_that_name() -> None:
    cache, _ = made()
    cache.store(KEY, methods=["x-a"], names=["put"], max_age=10, include=False)
    assert not cache.covers_header(KEY, "x-a", include=False)
    assert not cache.covers_method(KEY, "put", include=False)
    assert cache.covers_method(KEY, "x-a", include=False)
    assert cache.covers_header(KEY, "put", include=False)


@pytest.mark.parametrize(
    "other",
    [
        ("https://other.example.com", KEY[1]),
        (KEY[0], "https://api.example.com/items?x"),
    ],
)
def test_a_grant_is_for_one_origin_and_one_url(other: tuple[str, str]) -> None:
    cache, _ = made()
    cache.store(KEY, methods=["PUT"], names=[], max_age=10, include=False)
    assert not cache.covers_method(other, "PUT", include=False)
    cache.clear(other)
    assert cache.covers_method(KEY, "PUT", include=False)
    cache.clear(KEY)
    assert not cache.covers_method(KEY, "PUT", include=False)


@pytest.mark.parametrize(
    ("stored", "asked", "by_standard", "by_firefox"),
    [
        (False, False, True, True),
        (False, True, False, False),
        (True, False, True, False),
        (True, True, True, True),
    ],
)
def test_entry_without_credentials_covers_no_credentials(
    stored: bool, asked: bool, by_standard: bool, by_firefox: bool
) -> None:
    for quirks, expected in (
        (STANDARD, by_standard),
        (CHROMIUM, by_standard),
        (FIREFOX, by_firefox),
    ):
        cache, _ = made(quirks)
        cache.store(KEY, methods=["PUT"], names=["x-a"], max_age=10, include=stored)
        assert cache.covers_method(KEY, "PUT", include=asked) == expected
        assert cache.covers_header(KEY, "x-a", include=asked) == expected


@pytest.mark.parametrize(
    ("quirks", "method", "header", "authorization"),
    [
        (STANDARD, True, True, False),
        (CHROMIUM, True, True, False),
        (WEBKIT, True, True, True),
        (FIREFOX, False, False, False),
    ],
)
def test_a_wildcard_covers_what_the_engine_lets_it(
    quirks: Quirks, method: bool, header: bool, authorization: bool
) -> None:
    cache, _ = made(quirks)
    cache.store(KEY, methods=["*"], names=["*"], max_age=10, include=False)
    assert cache.covers_method(KEY, "DELETE", include=False) == method
    assert cache.covers_header(KEY, "x-a", include=False) == header
    assert cache.covers_header(KEY, "authorization", include=False) == authorization
    assert cache.covers_method(KEY, "*", include=False)


def test_a_wildcard_with_credentials_is_a_name_to_browsers_and_not_to_the_standard() -> None:
    for quirks, covered in ((STANDARD, True), (CHROMIUM, False), (FIREFOX, False), (WEBKIT, False)):
        cache, _ = made(quirks)
        cache.store(KEY, methods=["*"], names=["*"], max_age=10, include=True)
        assert cache.covers_method(KEY, "PUT", include=True) == covered
        assert cache.covers_header(KEY, "x-a", include=True) == covered


def test_webkit_asks_whether_the_request_to_be_covered_has_credentials() -> None:
    for quirks, without in ((CHROMIUM, False), (WEBKIT, True)):
        cache, _ = made(quirks)
        cache.store(KEY, methods=["*"], names=["*"], max_age=10, include=True)
        assert cache.covers_method(KEY, "PUT", include=False) == without
        assert cache.covers_header(KEY, "x-a", include=False) == without


def test_any_answer_covers_the_safelisted_methods_except_head_in_firefox() -> None:
    for quirks, post, head in (
        (STANDARD, False, False),
        (CHROMIUM, True, True),
        (FIREFOX, True, False),
        (WEBKIT, True, True),
    ):
        cache, clock = made(quirks)
        assert not cache.covers_method(KEY, "POST", include=False)
        cache.store(KEY, methods=[], names=[], max_age=10, include=False)
        assert cache.covers_method(KEY, "POST", include=False) == post
        assert cache.covers_method(KEY, "HEAD", include=False) == head
        assert not cache.covers_method(KEY, "PUT", include=False)
        clock.now += 10
        assert not cache.covers_method(KEY, "POST", include=False)
        cache.store(KEY, methods=["HEAD"], names=[], max_age=10, include=False)
        assert cache.covers_method(KEY, "HEAD", include=False)


def test_a_second_answer_adds_to_the_first_or_replaces_it() -> None:
    for quirks, kept in ((STANDARD, True), (CHROMIUM, False), (FIREFOX, True), (WEBKIT, False)):
        cache, _ = made(quirks)
        cache.store(KEY, methods=["PUT"], names=[], max_age=10, include=False)
        cache.store(KEY, methods=["PATCH"], names=[], max_age=10, include=False)
        assert cache.covers_method(KEY, "PATCH", include=False)
        assert cache.covers_method(KEY, "PUT", include=False) == kept


def test_a_second_answer_renews_the_first_without_waiting_for_its_end() -> None:
    cache, clock = made()
    cache.store(KEY, methods=["PUT"], names=["x-a"], max_age=10, include=False)
    clock.now += 5
    cache.store(KEY, methods=["PUT"], names=[], max_age=10, include=False)
    clock.now += 9
    assert cache.covers_method(KEY, "PUT", include=False)
    assert not cache.covers_header(KEY, "x-a", include=False)
    # ... and shortens it too.
    cache.store(KEY, methods=["PUT"], names=[], max_age=0, include=False)
    assert not cache.covers_method(KEY, "PUT", include=False)


@pytest.mark.parametrize(("quirks", "cap"), [(CHROMIUM, 7200), (FIREFOX, 86400), (WEBKIT, 600)])
def test_no_grant_outlives_the_engines_limit(quirks: Quirks, cap: int) -> None:
    cache, clock = made(quirks)
    cache.store(KEY, methods=["PUT"], names=[], max_age=10**6, include=False)
    clock.now += cap - 1
    assert cache.covers_method(KEY, "PUT", include=False)
    clock.now += 1
    assert not cache.covers_method(KEY, "PUT", include=False)
    without, clock = made(replace(quirks, max_age_cap=None))
    without.store(KEY, methods=["PUT"], names=[], max_age=10**6, include=False)
    clock.now += cap + 1
    assert without.covers_method(KEY, "PUT", include=False)


def test_entries_with_and_without_credentials_coexist() -> None:
    cache = PreflightCache(clock=Clock())
    key = KEY
    for include in (False, True):
        cache.store(key, methods=["PUT"], names=[], max_age=5, include=include)
    assert cache.covers_method(key, "PUT", include=True)


def test_a_long_list_takes_no_time_of_its_square() -> None:
    cache, _ = made()
    names = [f"x-{number}" for number in range(20_000)]
    began = time.perf_counter()
    cache.store(KEY, methods=[], names=names, max_age=600, include=False)
    assert all(cache.covers_header(KEY, name, include=False) for name in names)
    assert time.perf_counter() - began < 5


def test_an_entry_that_covers_a_name_is_renewed_in_its_place_the_oldest_first() -> None:
    cache, clock = made()
    cache.store(KEY, methods=["*"], names=[], max_age=10, include=False)
    cache.store(KEY, methods=["PUT"], names=[], max_age=600, include=False)
    clock.now += 599
    assert cache.covers_method(KEY, "DELETE", include=False)
    clock.now += 1
    # Both are over, so that now PUT is the older.
    cache.store(KEY, methods=["PUT"], names=[], max_age=600, include=False)
    cache.store(KEY, methods=["*"], names=[], max_age=10, include=False)
    cache.store(KEY, methods=["PUT"], names=[], max_age=10, include=False)
    clock.now += 10
    assert not cache.covers_method(KEY, "PUT", include=False)
