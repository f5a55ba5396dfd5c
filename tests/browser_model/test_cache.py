"""The preflight cache: what it covers, for how long, and how engines differ."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from corekit.browser import CHROMIUM, FIREFOX, STANDARD, WEBKIT, PreflightCache, Quirks
from tests.clock import Clock

KEY = ("https://app.example.com", "https://api.example.com/items")


def made(quirks: Quirks = STANDARD) -> tuple[PreflightCache, Clock]:
    clock = Clock()
    return PreflightCache(clock=clock, quirks=quirks), clock


def test_permissions_are_cached_by_name_until_they_expire() -> None:
    cache, clock = made()
    cache.store(KEY, methods=["PUT"], names=["X-A"], max_age=10, include=False)
    for now, kept in ((0.0, True), (9.9, True), (10.0, False), (5.0, False)):
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
def test_entry_applies_to_one_origin_and_one_url(other: tuple[str, str]) -> None:
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
def test_wildcard_covers_different_names_per_engine(
    quirks: Quirks, method: bool, header: bool, authorization: bool
) -> None:
    cache, _ = made(quirks)
    cache.store(KEY, methods=["*"], names=["*"], max_age=10, include=False)
    assert cache.covers_method(KEY, "DELETE", include=False) == method
    assert cache.covers_header(KEY, "x-a", include=False) == header
    assert cache.covers_header(KEY, "authorization", include=False) == authorization
    assert cache.covers_method(KEY, "*", include=False)


def test_browsers_cache_a_wildcard_with_credentials_as_a_name() -> None:
    for quirks, covered in ((STANDARD, True), (CHROMIUM, False), (FIREFOX, False), (WEBKIT, False)):
        cache, _ = made(quirks)
        cache.store(KEY, methods=["*"], names=["*"], max_age=10, include=True)
        assert cache.covers_method(KEY, "PUT", include=True) == covered
        assert cache.covers_header(KEY, "x-a", include=True) == covered


def test_webkit_honors_wildcards_for_requests_without_credentials() -> None:
    for quirks, without in ((CHROMIUM, False), (WEBKIT, True)):
        cache, _ = made(quirks)
        cache.store(KEY, methods=["*"], names=["*"], max_age=10, include=True)
        assert cache.covers_method(KEY, "PUT", include=False) == without
        assert cache.covers_header(KEY, "x-a", include=False) == without


def test_any_entry_covers_safelisted_methods_but_head_in_firefox() -> None:
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


def test_second_response_extends_or_replaces_the_first() -> None:
    for quirks, kept in ((STANDARD, True), (CHROMIUM, False), (FIREFOX, True), (WEBKIT, False)):
        cache, _ = made(quirks)
        cache.store(KEY, methods=["PUT"], names=[], max_age=10, include=False)
        cache.store(KEY, methods=["PATCH"], names=[], max_age=10, include=False)
        assert cache.covers_method(KEY, "PATCH", include=False)
        assert cache.covers_method(KEY, "PUT", include=False) == kept


def test_second_response_renews_an_entry_before_it_expires() -> None:
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
def test_max_age_is_capped_by_the_engine(quirks: Quirks, cap: int) -> None:
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


def test_long_list_does_not_take_quadratic_time() -> None:
    cache, _ = made()
    names = [f"x-{number}" for number in range(20_000)]
    began = time.perf_counter()
    cache.store(KEY, methods=[], names=names, max_age=600, include=False)
    assert all(cache.covers_header(KEY, name, include=False) for name in names)
    assert time.perf_counter() - began < 5


def test_oldest_entry_that_covers_a_name_is_renewed() -> None:
    cache, clock = made()
    cache.store(KEY, methods=["*"], names=[], max_age=10, include=False)
    cache.store(KEY, methods=["PUT"], names=[], max_age=600, include=False)
    clock.now += 599
    assert cache.covers_method(KEY, "DELETE", include=False)
    clock.now += 1
    # Both have expired, so PUT is the older entry now.
    cache.store(KEY, methods=["PUT"], names=[], max_age=600, include=False)
    cache.store(KEY, methods=["*"], names=[], max_age=10, include=False)
    cache.store(KEY, methods=["PUT"], names=[], max_age=10, include=False)
    clock.now += 10
    assert not cache.covers_method(KEY, "PUT", include=False)
