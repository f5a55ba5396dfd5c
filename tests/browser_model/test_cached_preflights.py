"""Several fetches in one browser: which are preflighted, and which use a cached preflight."""

from __future__ import annotations

import pytest

from corekit.browser import (
    CHROMIUM,
    FIREFOX,
    STANDARD,
    BrowserModel,
    Fetch,
    HttpRequest,
    HttpResponse,
    Quirks,
)
from tests.browser_model.servers import API, GRANT, OPEN, PAGE, browse, chain, failed
from tests.clock import Clock

X_A = (("X-A", "1"),)


def test_cached_preflight_covers_the_names_it_lists() -> None:
    outcomes = browse(
        GRANT,
        Fetch(API, "PUT"),
        Fetch(API, "DELETE", (("x-a", "1"), ("authorization", "x"))),
        Fetch(API, "POST", (("content-type", "application/json"),)),
        Fetch(f"{API}?other", "PUT"),
        Fetch(API, "PUT", credentials="include"),
        Fetch(API, "PUT"),
    )
    assert [outcome.preflights for outcome in outcomes] == [1, 0, 0, 1, 1, 0]


def test_preflight_is_sent_again_when_the_entry_expires() -> None:
    clock = Clock()
    browser = BrowserModel(clock=clock)
    made = []
    for now in (0.0, 4.9, 5.0):
        clock.now = now
        made.append(browser.fetch(lambda _: GRANT, PAGE, Fetch(API, "PUT")).preflights)
    assert made == [1, 0, 1]


@pytest.mark.parametrize(("quirks", "again"), [(STANDARD, 1), (CHROMIUM, 1), (FIREFOX, 1)])
def test_failed_request_clears_the_cache_for_its_url(quirks: Quirks, again: int) -> None:
    outcomes = browse(
        GRANT, Fetch(API, "PUT"), Fetch(API, "LOCK"), Fetch(API, "PUT"), quirks=quirks
    )
    assert failed(outcomes[1]) == "MethodDisallowedByPreflightResponse"
    assert [outcome.preflights for outcome in outcomes] == [1, 1, again]


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
def test_failed_simple_request_does_not_clear_the_cache(mode: str) -> None:
    def server(request: HttpRequest) -> HttpResponse:
        headers = (("Cross-Origin-Resource-Policy", "same-origin"),)
        return HttpResponse(200, headers) if request.method == "GET" else GRANT

    outcomes = browse(server, Fetch(API, "PUT"), Fetch(API, mode=mode), Fetch(API, "PUT"))
    assert outcomes[1].failure is not None
    assert [outcome.preflights for outcome in outcomes] == [1, 0, 0]


def test_upload_listener_requires_a_preflight_that_is_cached() -> None:
    outcomes = browse(
        OPEN,
        Fetch(API, "POST", upload_listener=True),
        Fetch(API, "POST", upload_listener=True),
        Fetch(API, "PUT", upload_listener=True),
    )
    assert [outcome.preflights for outcome in outcomes] == [1, 0, 1]
    assert all(outcome.response for outcome in outcomes)
    outcomes = browse(OPEN, Fetch(API, "PUT", upload_listener=True), quirks=CHROMIUM)
    assert failed(outcomes[0]) == "MethodDisallowedByPreflightResponse"


def test_cache_has_the_quirks_of_its_browser() -> None:
    fetches = [Fetch(API, "PUT", credentials="include"), Fetch(API, "PUT")]
    for quirks, again in ((STANDARD, 0), (FIREFOX, 1)):
        assert browse(GRANT, *fetches, quirks=quirks)[1].preflights == again


def test_cached_header_is_enough_after_a_redirect() -> None:
    fetches = [Fetch(API, "POST", X_A)] * 2
    assert [each.preflights for each in browse(chain(f"{API}/"), *fetches)] == [2, 0]


def test_header_without_credentials_is_not_cached_for_credentials() -> None:
    fetches = [Fetch(API, headers=X_A), Fetch(API, headers=X_A, credentials="include")]
    assert [each.preflights for each in browse(GRANT, *fetches)] == [1, 1]


def test_upload_listener_caches_every_listed_method() -> None:
    fetches = [Fetch(API, "PUT", upload_listener=True), Fetch(API, "DELETE")]
    assert [each.preflights for each in browse(GRANT, *fetches)] == [1, 0]


def test_upload_listener_caches_no_methods_if_none_are_listed() -> None:
    headers = (*OPEN.headers, ("Access-Control-Allow-Headers", "x-a"))
    fetches = [Fetch(API, "POST", X_A), Fetch(API, "POST", X_A, upload_listener=True)]
    outcomes = browse(HttpResponse(200, headers), *fetches)
    assert [each.preflights for each in outcomes] == [1, 1]


def test_url_of_a_cached_preflight_includes_the_fragment() -> None:
    urls = [API, f"{API}#", f"{API}#a", f"{API}#b", API, f"{API}#", f"{API}#a"]
    outcomes = browse(GRANT, *(Fetch(url, "PUT") for url in urls))
    assert [outcome.preflights for outcome in outcomes] == [1, 1, 1, 1, 0, 0, 0]
    assert {each.request.url for outcome in outcomes for each in outcome.exchanges} == {API}
    assert outcomes[2].response is not None
    assert outcomes[2].response.url == API


def test_redirect_inherits_the_fragment_unless_it_has_one() -> None:
    there = f"{API}/"
    for location, preflights in ((there, [2, 0]), (f"{there}#a", [2, 0]), (f"{there}#b", [2, 1])):

        def server(request: HttpRequest, location: str = location) -> HttpResponse:
            if request.is_preflight or request.url == there:
                return GRANT
            return HttpResponse(307, (*GRANT.headers, ("Location", location)))

        outcomes = browse(server, Fetch(f"{API}#a", "PUT"), Fetch(f"{there}#a", "PUT"))
        assert [outcome.preflights for outcome in outcomes] == preflights
