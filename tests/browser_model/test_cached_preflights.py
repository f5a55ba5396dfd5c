"""Sessions of several fetches: which of them are preflighted, and which a cached answer saves."""

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
from tests.browser_model.servers import API, GRANT, OPEN, PAGE, Clock, browse, chain, failed

X_A = (("X-A", "1"),)


def test_a_granted_preflight_serves_what_it_named() -> None:
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


def test_a_preflight_is_made_again_when_the_answer_is_old() -> None:
    clock = Clock()
    browser = BrowserModel(clock=clock)
    made = []
    for now in (0.0, 4.9, 5.0):
        clock.now = now
        made.append(browser.fetch(lambda _: GRANT, PAGE, Fetch(API, "PUT")).preflights)
    assert made == [1, 0, 1]


@pytest.mark.parametrize(("quirks", "again"), [(STANDARD, 1), (CHROMIUM, 1), (FIREFOX, 1)])
def test_a_failed_request_clears_what_was_cached_for_its_url(quirks: Quirks, again: int) -> None:
    outcomes = browse(
        GRANT, Fetch(API, "PUT"), Fetch(API, "LOCK"), Fetch(API, "PUT"), quirks=quirks
    )
    assert failed(outcomes[1]) == "MethodDisallowedByPreflightResponse"
    assert [outcome.preflights for outcome in outcomes] == [1, 1, again]


def test_a_failed_simple_request_clears_nothing() -> None:
    def server(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200) if request.method == "GET" else GRANT

    outcomes = browse(server, Fetch(API, "PUT"), Fetch(API), Fetch(API, "PUT"))
    assert [outcome.preflights for outcome in outcomes] == [1, 0, 0]


def test_an_upload_listener_preflights_any_method_and_is_cached() -> None:
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


def test_the_cache_has_the_quirks_of_its_browser() -> None:
    fetches = [Fetch(API, "PUT", credentials="include"), Fetch(API, "PUT")]
    for quirks, again in ((STANDARD, 0), (FIREFOX, 1)):
        assert browse(GRANT, *fetches, quirks=quirks)[1].preflights == again


def test_after_a_redirect_a_cached_grant_of_the_header_is_enough() -> None:
    fetches = [Fetch(API, "POST", X_A)] * 2
    assert [each.preflights for each in browse(chain(f"{API}/"), *fetches)] == [2, 0]


def test_header_without_credentials_is_not_cached_for_credentials() -> None:
    fetches = [Fetch(API, headers=X_A), Fetch(API, headers=X_A, credentials="include")]
    assert [each.preflights for each in browse(GRANT, *fetches)] == [1, 1]


def test_with_an_upload_listener_all_methods_that_are_named_are_cached() -> None:
    fetches = [Fetch(API, "PUT", upload_listener=True), Fetch(API, "DELETE")]
    assert [each.preflights for each in browse(GRANT, *fetches)] == [1, 0]


def test_without_one_a_missing_list_names_nothing() -> None:
    headers = (*OPEN.headers, ("Access-Control-Allow-Headers", "x-a"))
    fetches = [Fetch(API, "POST", X_A), Fetch(API, "POST", X_A, upload_listener=True)]
    outcomes = browse(HttpResponse(200, headers), *fetches)
    assert [each.preflights for each in outcomes] == [1, 1]
