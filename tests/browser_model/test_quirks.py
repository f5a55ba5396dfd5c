"""Deviations of engines: each quirk, compared with the standard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corekit.browser import (
    CHROMIUM,
    FIREFOX,
    STANDARD,
    WEBKIT,
    Fetch,
    HttpRequest,
    HttpResponse,
    Quirks,
)
from tests.browser_model.servers import (
    API,
    GRANT,
    PAGE,
    THIRD,
    asked,
    browse,
    chain,
    failed,
    header,
)


@pytest.mark.parametrize(
    ("quirks", "preflights"), [(STANDARD, 1), (CHROMIUM, 1), (FIREFOX, 2), (WEBKIT, 2)]
)
def test_firefox_and_webkit_preflight_the_get_after_303(quirks: Quirks, preflights: int) -> None:
    (outcome,) = browse(chain(f"{API}/", status=303), Fetch(API, "PUT"), quirks=quirks)
    assert outcome.preflights == preflights
    assert outcome.exchanges[-1].request.method == "GET"
    (outcome,) = browse(chain(f"{API}/", status=303), Fetch(API, "POST"), quirks=quirks)
    assert outcome.preflights == 0


def test_firefox_keeps_the_origin_on_preflights_after_redirects() -> None:
    for quirks, origins in ((STANDARD, [PAGE, "null"]), (FIREFOX, [PAGE, PAGE])):
        (outcome,) = browse(chain(THIRD), Fetch(API, "PUT"), quirks=quirks)
        assert asked(outcome, "origin") == origins
        assert header(outcome.exchanges[-1].request, "origin") == "null"
        assert outcome.response is not None


def test_firefox_skips_the_origin_check_on_redirects_to_the_page() -> None:
    def server(request: HttpRequest) -> HttpResponse:
        if request.url.startswith(PAGE) and request.is_preflight:
            return HttpResponse(204, GRANT.headers[2:])
        return chain(f"{PAGE}/x")(request)

    (outcome,) = browse(server, Fetch(API, "PUT"), quirks=FIREFOX)
    assert outcome.response is not None
    (outcome,) = browse(server, Fetch(API, "PUT"))
    assert failed(outcome) == "PreflightMissingAllowOriginHeader"


@pytest.mark.parametrize(
    ("quirks", "first", "second"),
    [
        (STANDARD, ["x-a"], ["x-a"]),
        (CHROMIUM, ["x-a"], ["x-a"]),
        (FIREFOX, ["x-a"], ["authorization,x-a"]),
        (WEBKIT, ["authorization,x-a"], ["authorization,x-a"]),
    ],
)
def test_engines_request_headers_that_a_redirect_dropped(
    quirks: Quirks, first: list[str], second: list[str]
) -> None:
    fetch = Fetch(API, headers=(("Authorization", "Bearer x"), ("X-A", "1")))
    (outcome,) = browse(chain(THIRD, f"{THIRD}2"), fetch, quirks=quirks)
    assert asked(outcome) == ["authorization,x-a", *first, *second]
    sent_again = header(outcome.exchanges[-1].request, "authorization")
    assert sent_again == ("Bearer x" if quirks is FIREFOX else None)


def test_webkit_turns_cross_origin_redirected_delete_into_get() -> None:
    for target, method in ((f"{API}/", "DELETE"), (THIRD, "GET")):
        (outcome,) = browse(chain(target), Fetch(API, "DELETE", body=b"x"), quirks=WEBKIT)
        last = outcome.exchanges[-1].request
        assert (last.method, last.body) == (method, b"x" if method == "DELETE" else None)
        (outcome,) = browse(chain(target), Fetch(API, "PUT", body=b"x"), quirks=WEBKIT)
        assert outcome.exchanges[-1].request.method == "PUT"


@pytest.mark.parametrize(
    ("quirks", "tainted", "opaque"),
    [
        (STANDARD, 2, [1, 0]),
        (CHROMIUM, 3, [1, 1]),
        (FIREFOX, 2, [1, 0]),
        (WEBKIT, 3, [1, 0]),
    ],
)
def test_engines_may_not_cache_preflights_for_null(
    quirks: Quirks, tainted: int, opaque: list[int]
) -> None:
    twice = [Fetch(API, "PUT")] * 2
    outcomes = browse(chain(THIRD), *twice, quirks=quirks)
    assert sum(outcome.preflights for outcome in outcomes) == tainted
    outcomes = browse(chain(), *twice, page="null", quirks=quirks)
    assert [outcome.preflights for outcome in outcomes] == opaque


@pytest.mark.parametrize(("quirks", "again"), [(CHROMIUM, 1), (WEBKIT, 0)])
def test_webkit_caches_a_denied_preflight(quirks: Quirks, again: int) -> None:
    outcomes = browse(GRANT, Fetch(API, "LOCK"), Fetch(API, "PUT"), quirks=quirks)
    assert failed(outcomes[0]) == "MethodDisallowedByPreflightResponse"
    assert outcomes[1].preflights == again
    malformed = replace(GRANT, headers=(*GRANT.headers, ("Access-Control-Allow-Methods", "(")))
    outcomes = browse(malformed, Fetch(API, "LOCK"), Fetch(API, "PUT"), quirks=quirks)
    assert outcomes[1].preflights == 1


@pytest.mark.parametrize(
    ("quirks", "after_cors", "after_other"),
    [(STANDARD, 0, 1), (CHROMIUM, 0, 0), (FIREFOX, 1, 0), (WEBKIT, 0, 0)],
)
def test_engines_clear_the_cache_after_different_failures(
    quirks: Quirks, after_cors: int, after_other: int
) -> None:
    def refusing(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200) if request.method == "GET" else GRANT

    outcomes = browse(refusing, Fetch(API, "PUT"), Fetch(API), Fetch(API, "PUT"), quirks=quirks)
    assert outcomes[2].preflights == after_cors

    def redirecting(request: HttpRequest) -> HttpResponse:
        return GRANT if request.is_preflight else replace(GRANT, status=302)

    twice = [Fetch(API, "PUT", redirect="error")] * 2
    outcomes = browse(redirecting, *twice, quirks=quirks)
    assert failed(outcomes[1]) == "RedirectNotFollowed"
    assert outcomes[1].preflights == after_other


def test_chromium_and_webkit_drop_an_insufficient_entry() -> None:
    fetches = [Fetch(API, "PUT"), Fetch(API, "LOCK"), Fetch(API, "PUT")]
    methods = {"LOCK": ("Access-Control-Allow-Methods", "LOCK")}

    def server(request: HttpRequest) -> HttpResponse:
        line = methods.get(header(request, "access-control-request-method") or "")
        return replace(GRANT, headers=(*GRANT.headers[:2], line)) if line else GRANT

    for quirks, again in ((STANDARD, 0), (CHROMIUM, 1), (FIREFOX, 0), (WEBKIT, 1)):
        outcomes = browse(server, *fetches, quirks=quirks)
        assert [outcome.preflights for outcome in outcomes] == [1, 1, again]


def test_firefox_preflights_head_unless_it_is_listed() -> None:
    fetches = [Fetch(API, "HEAD", (("X-A", "1"),))] * 2
    for quirks, again in ((STANDARD, 0), (FIREFOX, 1)):
        outcomes = browse(GRANT, *fetches, quirks=quirks)
        assert [outcome.preflights for outcome in outcomes] == [1, again]


@pytest.mark.parametrize("quirks", [STANDARD, CHROMIUM, FIREFOX])
def test_only_chromium_sends_the_origin_to_http_on_loopback(quirks: Quirks) -> None:
    url = "http://localhost:8000/"
    fetches = [Fetch(url, "POST", mode="no-cors"), Fetch(url, mode="no-cors"), Fetch(url, "POST")]
    posted, got, called = browse(GRANT, *fetches, quirks=quirks)
    first = PAGE if quirks is CHROMIUM else "null"
    sent = [header(each.exchanges[0].request, "origin") for each in (posted, got, called)]
    assert sent == [first, None, PAGE]


def test_webkit_blocks_http_even_to_loopback() -> None:
    for quirks, name in ((STANDARD, None), (WEBKIT, "MixedContent")):
        (outcome,) = browse(GRANT, Fetch("http://localhost:8000/"), quirks=quirks)
        assert (outcome.failure and outcome.failure.name) == name
        assert bool(outcome.exchanges) is (name is None)


def test_firefox_checks_the_origin_without_a_redirect() -> None:
    (outcome,) = browse(HttpResponse(204), Fetch(API, "PUT"), quirks=FIREFOX)
    assert failed(outcome) == "PreflightMissingAllowOriginHeader"
