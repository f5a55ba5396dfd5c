"""Redirects: the requests, their origins, and where they end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corekit.browser import (
    BrowserModel,
    Fetch,
    HttpRequest,
    HttpResponse,
)
from corekit.browser.messages import Headers
from tests.browser_model.servers import (
    API,
    OPEN,
    PAGE,
    THIRD,
    blamed,
    browse,
    chain,
    failed,
    header,
    sent,
)
from tests.clock import Clock


def test_redirect_is_followed_and_reported() -> None:
    (outcome,) = browse(chain(f"{API}/"), Fetch(API))
    assert sent(outcome) == [f"GET {API}", f"GET {API}/"]
    assert outcome.response is not None
    assert outcome.response.redirected
    assert outcome.response.url == f"{API}/"


@pytest.mark.parametrize(
    ("page", "urls", "origins"),
    [
        (PAGE, [API, f"{API}/2"], [PAGE, PAGE]),
        (PAGE, [API, "https://third.example/"], [PAGE, "null"]),
        (PAGE, [API, f"{PAGE}/x"], [PAGE, "null"]),
        (PAGE, [API, "https://third.example/", f"{API}/3"], [PAGE, "null", "null"]),
        (
            "https://api.example.com",
            [API, "https://third.example/"],
            [None, "https://api.example.com"],
        ),
        (
            "https://api.example.com",
            [API, "https://third.example/", "https://fourth.example/"],
            [None, "https://api.example.com", "null"],
        ),
        ("null", [API, "https://third.example/"], ["null", "null"]),
    ],
)
def test_origin_is_null_after_a_second_cross_origin_redirect(
    page: str, urls: list[str], origins: list[str | None]
) -> None:
    (outcome,) = browse(chain(*urls[1:]), Fetch(API), page=page)
    assert [header(each.request, "origin") for each in outcome.exchanges] == origins
    assert outcome.response is not None
    assert outcome.response.kind == "cors" or page == urls[0]


def test_redirect_itself_must_allow_the_origin() -> None:
    redirect = HttpResponse(302, (("Location", "/x"),))
    (outcome,) = browse(redirect, Fetch(API))
    assert failed(outcome) == "MissingAllowOriginHeader"


def test_redirected_request_is_preflighted_again() -> None:
    (outcome,) = browse(chain(f"{API}/"), Fetch(API, "PUT", body=b"x"))
    assert sent(outcome) == [f"OPTIONS {API}", f"PUT {API}", f"OPTIONS {API}/", f"PUT {API}/"]
    assert outcome.exchanges[-1].request.body == b"x"


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (301, "PUT", "PUT"),
        (302, "PUT", "PUT"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (302, "HEAD", "HEAD"),
    ],
)
def test_redirect_may_turn_the_request_into_a_get(status: int, method: str, then: str) -> None:
    headers: Headers = (("Content-Type", "application/json"), ("Content-Language", "en"))
    body = None if method == "HEAD" else b"x"
    (outcome,) = browse(chain(f"{API}/", status=status), Fetch(API, method, headers, body))
    last = outcome.exchanges[-1].request
    assert last.method == then
    kept = then != "GET"
    assert (header(last, "content-type") is not None) == kept
    assert (header(last, "content-language") is not None) == kept
    assert last.body == (body if kept else None)


def test_cross_origin_redirect_drops_authorization() -> None:
    for target, kept in ((f"{API}/", True), ("https://third.example/", False)):
        fetch = Fetch(API, headers=(("Authorization", "Bearer x"), ("X-A", "1")))
        (outcome,) = browse(chain(target), fetch)
        last = outcome.exchanges[-1].request
        assert (header(last, "authorization") is not None) == kept
        assert header(last, "x-a") == "1"


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("ftp://api.example.com/", "CorsDisabledScheme"),
        ("https://user:secret@third.example/", "RedirectContainsCredentials"),
        ("https://user@api.example.com/", "RedirectContainsCredentials"),
        ("https://user@app.example.com/", "RedirectContainsCredentials"),
        ("https://a b/", "InvalidRedirect"),
        ("https://api.example.com:6000/", "BadPort"),
        ("http://api.example.com:0/", "BadPort"),
        ("http://api.example.com/", "MixedContent"),
    ],
)
def test_redirect_may_have_an_invalid_target(location: str, name: str) -> None:
    redirect = HttpResponse(302, (*OPEN.headers, ("Location", location)))
    (outcome,) = browse(redirect, Fetch(API))
    assert failed(outcome) == name


def test_same_origin_redirect_may_contain_credentials() -> None:
    server = chain("https://api.example.com/x")

    def with_user(request: HttpRequest) -> HttpResponse:
        response = server(request)
        headers = tuple(
            (name, value.replace("//api", "//user@api")) for name, value in response.headers
        )
        return replace(response, headers=headers)

    (outcome,) = browse(with_user, Fetch("/items"), page="https://api.example.com")
    assert outcome.response is not None
    assert outcome.response.url == "https://user@api.example.com/x"
    assert outcome.exchanges[-1].request.url == "https://api.example.com/x"
    for mode, page in (("no-cors", PAGE), ("no-cors", "https://api.example.com")):
        (outcome,) = browse(with_user, Fetch(API, mode=mode), page=page)
        assert outcome.response is not None


def test_at_most_twenty_redirects_are_followed() -> None:
    locations = [f"{API}/{number}" for number in range(21)]
    (outcome,) = browse(chain(*locations[:20]), Fetch(API))
    assert outcome.response is not None
    (outcome,) = browse(chain(*locations), Fetch(API))
    assert failed(outcome) == "TooManyRedirects"
    assert len(outcome.exchanges) == 21


def test_page_may_reject_redirects_or_get_an_opaque_one() -> None:
    (outcome,) = browse(chain(f"{API}/"), Fetch(API, redirect="error"))
    assert failed(outcome) == "RedirectNotFollowed"
    (outcome,) = browse(chain(f"{API}/"), Fetch(API, redirect="manual"))
    assert outcome.response is not None
    response = outcome.response
    assert (response.kind, response.status, response.body) == ("opaqueredirect", 0, b"")
    assert len(outcome.exchanges) == 1


def test_redirect_without_a_location_is_a_response() -> None:
    (outcome,) = browse(replace(OPEN, status=302), Fetch(API))
    assert outcome.response is not None
    assert outcome.response.status == 302


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
@pytest.mark.parametrize("locations", [("/a", "/a"), ("/a", "/b"), ("/a", "")])
def test_redirect_with_two_locations_is_invalid(locations: tuple[str, ...], mode: str) -> None:
    lines = tuple(("Location", location) for location in locations)
    (outcome,) = browse(HttpResponse(302, (*OPEN.headers, *lines)), Fetch(API, mode=mode))
    assert failed(outcome) == "InvalidRedirect"
    assert blamed(outcome) == ", ".join(locations)
    assert len(outcome.exchanges) == 1


def test_failure_after_a_redirect_clears_the_cache_of_its_target() -> None:
    target = f"{API}/"
    grants = {"allowed": True}
    server = chain(target)

    def changing(request: HttpRequest) -> HttpResponse:
        if request.url == target and not request.is_preflight and not grants["allowed"]:
            return HttpResponse(200)
        return server(request)

    browser = BrowserModel(clock=Clock())
    assert browser.fetch(changing, PAGE, Fetch(API, "PUT")).preflights == 2
    grants["allowed"] = False
    failed_now = browser.fetch(changing, PAGE, Fetch(API, "PUT"))
    assert failed(failed_now) == "MissingAllowOriginHeader"
    assert failed_now.preflights == 0
    grants["allowed"] = True
    again = browser.fetch(changing, PAGE, Fetch(API, "PUT"))
    assert [each.request.url for each in again.exchanges if each.request.is_preflight] == [target]


@pytest.mark.parametrize(
    "location", ["https://a b/", "ftp://a.example/", "https://u@api.example.com"]
)
def test_failed_redirect_has_the_location(location: str) -> None:
    redirect = HttpResponse(302, (*OPEN.headers, ("Location", location)))
    assert blamed(browse(redirect, Fetch(API))[0]) == location


def test_location_may_be_relative() -> None:
    def server(request: HttpRequest) -> HttpResponse:
        if request.url.endswith("/there"):
            return OPEN
        return HttpResponse(302, (*OPEN.headers, ("Location", "there")))

    (outcome,) = browse(server, Fetch(API))
    assert outcome.response is not None
    assert outcome.response.url == "https://api.example.com/there"


def test_cross_origin_redirect_must_not_contain_credentials() -> None:
    redirect = HttpResponse(302, (("Location", "https://user@third.example/"),))
    (outcome,) = browse(redirect, Fetch("/x"))
    assert failed(outcome) == "RedirectContainsCredentials"
    assert browse(chain(THIRD), Fetch(API, mode="no-cors"))[0].response is not None


def test_redirect_with_303_drops_body_headers_of_a_post_only() -> None:
    kept = Fetch(API, headers=(("Content-Language", "en"),))
    (outcome,) = browse(chain(f"{API}/", status=303), kept)
    assert header(outcome.exchanges[-1].request, "content-language") == "en"
    lost = Fetch(API, "POST", (("Content-Type", "text/plain"), ("Authorization", "x")), b"x")
    (outcome,) = browse(chain(THIRD, status=303), lost)
    last = outcome.exchanges[-1].request
    assert header(last, "content-type") is None
    assert header(last, "authorization") is None
