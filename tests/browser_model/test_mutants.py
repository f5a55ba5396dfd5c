"""What a deliberate fault in the model would change and nothing else notices: found by mutation."""

from __future__ import annotations

import asyncio

import pytest

from corekit.browser import (
    FIREFOX,
    STANDARD,
    BrowserModel,
    Fetch,
    HttpRequest,
    HttpResponse,
    Outcome,
    PreflightCache,
)
from corekit.browser.checks import readable_headers
from corekit.browser.fields import drop_forbidden, strip, unsafe_names
from corekit.browser.urls import parse_url
from tests.browser_model.servers import (
    API,
    GRANT,
    OPEN,
    PAGE,
    THIRD,
    Clock,
    browse,
    chain,
    failed,
    header,
)

X_A = (("X-A", "1"),)


def value(outcome: Outcome) -> str | None:
    assert outcome.failure is not None
    return outcome.failure.value


def test_the_cache_has_the_quirks_of_its_browser() -> None:
    fetches = [Fetch(API, "PUT", credentials="include"), Fetch(API, "PUT")]
    for quirks, again in ((STANDARD, 0), (FIREFOX, 1)):
        assert browse(GRANT, *fetches, quirks=quirks)[1].preflights == again


def test_an_async_transport_gets_the_requests() -> None:
    seen: list[HttpRequest] = []

    async def transport(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return GRANT

    outcome = asyncio.run(
        BrowserModel(clock=Clock()).fetch_async(transport, PAGE, Fetch(API, "PUT"))
    )
    assert seen == [each.request for each in outcome.exchanges]
    assert [each.response for each in outcome.exchanges] == [GRANT, GRANT]


def test_with_credentials_a_wildcard_is_no_grant() -> None:
    assert failed(browse(OPEN, Fetch(API, credentials="include"))[0]) == "WildcardOriginNotAllowed"
    (outcome,) = browse(OPEN, Fetch(API, "PUT", credentials="include"))
    assert failed(outcome) == "PreflightWildcardOriginNotAllowed"


def test_what_a_page_learns_of_an_opaque_response_is_nothing() -> None:
    (outcome,) = browse(chain(f"{API}/"), Fetch(API, redirect="manual"))
    assert outcome.response is not None
    assert (outcome.response.url, outcome.response.headers) == (API, ())
    (outcome,) = browse(OPEN, Fetch(API, mode="no-cors"))
    assert outcome.response is not None
    assert (outcome.response.url, outcome.response.headers) == ("", ())


@pytest.mark.parametrize(
    ("fetch", "expected"),
    [
        (Fetch("ftp://a.example/"), "ftp://a.example/"),
        (Fetch("http://a.example/"), "http://a.example/"),
        (Fetch(API, mode="same-origin"), API),
    ],
)
def test_a_failure_names_the_address(fetch: Fetch, expected: str) -> None:
    assert value(browse(OPEN, fetch)[0]) == expected


@pytest.mark.parametrize(
    "location", ["https://a b/", "ftp://a.example/", "https://u@api.example.com"]
)
def test_a_failed_redirect_names_the_location(location: str) -> None:
    redirect = HttpResponse(302, (*OPEN.headers, ("Location", location)))
    assert value(browse(redirect, Fetch(API))[0]) == location


def test_a_no_cors_request_is_never_preflighted() -> None:
    many = (("Accept", "x" * 128),) * 9
    (outcome,) = browse(OPEN, Fetch(API, headers=many, mode="no-cors"))
    assert outcome.preflights == 0


def test_after_a_redirect_a_cached_grant_of_the_header_is_enough() -> None:
    fetches = [Fetch(API, "POST", X_A)] * 2
    assert [each.preflights for each in browse(chain(f"{API}/"), *fetches)] == [2, 0]


def test_a_grant_of_a_header_without_credentials_is_none_with_them() -> None:
    fetches = [Fetch(API, headers=X_A), Fetch(API, headers=X_A, credentials="include")]
    assert [each.preflights for each in browse(GRANT, *fetches)] == [1, 1]


def test_firefox_checks_the_origin_of_an_ordinary_preflight() -> None:
    (outcome,) = browse(HttpResponse(204), Fetch(API, "PUT"), quirks=FIREFOX)
    assert failed(outcome) == "PreflightMissingAllowOriginHeader"


def test_with_an_upload_listener_all_methods_that_are_named_are_cached() -> None:
    fetches = [Fetch(API, "PUT", upload_listener=True), Fetch(API, "DELETE")]
    assert [each.preflights for each in browse(GRANT, *fetches)] == [1, 0]


def test_without_one_a_missing_list_names_nothing() -> None:
    headers = (*OPEN.headers, ("Access-Control-Allow-Headers", "x-a"))
    fetches = [Fetch(API, "POST", X_A), Fetch(API, "POST", X_A, upload_listener=True)]
    outcomes = browse(HttpResponse(200, headers), *fetches)
    assert [each.preflights for each in outcomes] == [1, 1]


def test_a_location_may_be_relative() -> None:
    def server(request: HttpRequest) -> HttpResponse:
        if request.url.endswith("/there"):
            return OPEN
        return HttpResponse(302, (*OPEN.headers, ("Location", "there")))

    (outcome,) = browse(server, Fetch(API))
    assert outcome.response is not None
    assert outcome.response.url == "https://api.example.com/there"


def test_no_user_name_leads_out_of_the_pages_own_origin() -> None:
    redirect = HttpResponse(302, (("Location", "https://user@third.example/"),))
    (outcome,) = browse(redirect, Fetch("/x"))
    assert failed(outcome) == "RedirectContainsCredentials"
    assert browse(chain(THIRD), Fetch(API, mode="no-cors"))[0].response is not None


def test_a_get_keeps_its_headers_through_303_and_a_post_loses_all_that_it_must() -> None:
    kept = Fetch(API, headers=(("Content-Language", "en"),))
    (outcome,) = browse(chain(f"{API}/", status=303), kept)
    assert header(outcome.exchanges[-1].request, "content-language") == "en"
    lost = Fetch(API, "POST", (("Content-Type", "text/plain"), ("Authorization", "x")), b"x")
    (outcome,) = browse(chain(THIRD, status=303), lost)
    last = outcome.exchanges[-1].request
    assert header(last, "content-type") is None
    assert header(last, "authorization") is None


def test_a_page_reads_the_exposed_headers_of_a_response() -> None:
    headers = (
        ("Access-Control-Allow-Origin", PAGE),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Expose-Headers", "*"),
        ("X-A", ""),
    )
    for credentials, readable in (("omit", True), ("include", False)):
        (outcome,) = browse(HttpResponse(200, headers), Fetch(API, credentials=credentials))
        assert outcome.response is not None
        assert (("x-a", "") in outcome.response.headers) == readable
    (outcome,) = browse(HttpResponse(200, headers), Fetch("/x"))
    assert outcome.response is not None
    assert ("x-a", "") in outcome.response.headers
    assert readable_headers((("Pragma", ""),), "cors", include=False) == (("pragma", ""),)


@pytest.mark.parametrize(
    ("fetch", "message"),
    [
        (Fetch(API, mode="x"), "'x' is not one of cors, no-cors, same-origin"),
        (
            Fetch("https://u@a.example"),
            "a page cannot fetch a URL with a user name or password in it",
        ),
    ],
)
def test_an_impossible_fetch_is_explained(fetch: Fetch, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        browse(OPEN, fetch)


def test_only_http_white_space_is_trimmed() -> None:
    assert strip(" \t\r\n\xa0x\x0b") == "\xa0x\x0b"
    assert unsafe_names((("Content-Type", "text/plain\xa0"),)) == ("content-type",)


def test_forbidden_headers_are_left_out_and_all_others_kept() -> None:
    headers = (("X-Http-Method", "PUT,TRACE"), ("X-A", "X\xff"))
    assert drop_forbidden(headers) == (("X-A", "X\xff"),)


def test_a_grant_with_credentials_stands_beside_one_without() -> None:
    cache = PreflightCache(clock=Clock())
    key = (PAGE, API)
    for include in (False, True):
        cache.store(key, methods=["PUT"], names=[], max_age=5, include=include)
    assert cache.covers_method(key, "PUT", include=True)


@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        ("\x01https://e.com/\x02", API, "https://e.com/"),
        ("https:/x", API, "https://api.example.com/x"),
        ("https:x", API, "https://api.example.com/x"),
        ("https:///x/y", API, "https://x/y"),
        ("https:/x", "http://api.example.com/", "https://x/"),
        ("https://Xavier.example/", API, "https://xavier.example/"),
        ("", "https://e.com/a?b?c", "https://e.com/a?b?c"),
        ("d", "https://e.com/a/b?c?/e", "https://e.com/a/d"),
    ],
)
def test_odd_addresses_are_read_as_browsers_read_them(text: str, base: str, expected: str) -> None:
    assert str(parse_url(text, parse_url(base))) == expected
