"""Whole fetches against servers of a few lines: what is sent, what the page gets, what fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from corekit.browser import (
    CHROMIUM,
    ENGINES,
    FAILURES,
    FIREFOX,
    STANDARD,
    WEBKIT,
    BrowserModel,
    Failure,
    Fetch,
    HttpRequest,
    HttpResponse,
    Outcome,
    Quirks,
)
from corekit.browser.messages import Headers

PAGE = "https://app.example.com"
API = "https://api.example.com/items"
OPEN = HttpResponse(200, (("Access-Control-Allow-Origin", "*"),), b"items")
GRANT = HttpResponse(
    204,
    (
        ("Access-Control-Allow-Origin", PAGE),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "PUT, PATCH, DELETE"),
        ("Access-Control-Allow-Headers", "content-type, x-a, authorization"),
    ),
)
Server = Callable[[HttpRequest], HttpResponse]


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def browse(
    server: Server | HttpResponse,
    *fetches: Fetch,
    page: str = PAGE,
    quirks: Quirks = STANDARD,
    clock: Clock | None = None,
) -> list[Outcome]:
    browser = BrowserModel(clock=clock or Clock(), quirks=quirks)
    transport = (lambda _: server) if isinstance(server, HttpResponse) else server
    return [browser.fetch(transport, page, fetch) for fetch in fetches]


def failed(outcome: Outcome) -> str:
    assert outcome.response is None
    assert outcome.failure is not None
    return outcome.failure.name


def sent(outcome: Outcome) -> list[str]:
    return [f"{each.request.method} {each.request.url}" for each in outcome.exchanges]


def header(request: HttpRequest, name: str) -> str | None:
    values = [value for given, value in request.headers if given.lower() == name]
    assert len(values) < 2
    return values[0] if values else None


def test_a_simple_request_has_the_origin_and_no_preflight() -> None:
    (outcome,) = browse(OPEN, Fetch(API))
    (exchange,) = outcome.exchanges
    assert exchange.request == HttpRequest("GET", API, (("Accept", "*/*"), ("Origin", PAGE)))
    assert outcome.failure is None
    assert outcome.response is not None
    assert outcome.response.body == b"items"
    assert outcome.response.kind == "cors"
    assert not outcome.response.redirected
    assert outcome.preflights == 0


def test_a_preflight_is_byte_for_byte_the_standards() -> None:
    fetch = Fetch(
        API,
        "put",
        (("X-A", "1"), ("Content-Type", "application/json"), ("Accept", "text/html")),
        b"{}",
        credentials="include",
    )
    (outcome,) = browse(GRANT, fetch)
    preflight, actual = (exchange.request for exchange in outcome.exchanges)
    assert preflight == HttpRequest(
        "OPTIONS",
        API,
        (
            ("Accept", "*/*"),
            ("Access-Control-Request-Method", "PUT"),
            ("Access-Control-Request-Headers", "content-type,x-a"),
            ("Origin", PAGE),
        ),
        None,
        credentials=False,
    )
    assert actual == HttpRequest(
        "PUT", API, (*fetch.headers, ("Origin", PAGE)), b"{}", credentials=True
    )
    assert preflight.is_preflight
    assert not actual.is_preflight
    assert not HttpRequest("OPTIONS", API).is_preflight
    assert not replace(preflight, method="GET").is_preflight


def test_a_preflight_without_unsafe_headers_asks_for_none() -> None:
    (outcome,) = browse(GRANT, Fetch(API, "DELETE"))
    assert header(outcome.exchanges[0].request, "access-control-request-headers") is None


@pytest.mark.parametrize(
    ("written", "method"),
    [("put", "PUT"), ("Delete", "DELETE"), ("patch", "patch"), ("get", "GET"), ("Foo", "Foo")],
)
def test_only_six_methods_are_upper_cased(written: str, method: str) -> None:
    (outcome,) = browse(OPEN, Fetch(API, written))
    request = outcome.exchanges[0].request
    asked = header(request, "access-control-request-method")
    assert (asked or request.method) == method


@pytest.mark.parametrize(
    ("fetch", "message"),
    [
        (Fetch(API, "TRACE"), "no page can send"),
        (Fetch(API, "connect"), "no page can send"),
        (Fetch(API, "a b"), "no page can send"),
        (Fetch(API, "GET", body=b""), "cannot have a body"),
        (Fetch(API, "head", body=b"x"), "cannot have a body"),
        (Fetch("https://user@api.example.com"), "user name"),
        (Fetch("https://"), "not a host"),
        (Fetch(API, mode="navigate"), "not one of cors"),
        (Fetch(API, credentials="always"), "not one of omit"),
        (Fetch(API, redirect="maybe"), "not one of follow"),
        (Fetch(API, "PUT", mode="no-cors"), "no-cors"),
        (Fetch(API, headers=(("a b", "x"),)), "not a header"),
    ],
)
def test_what_a_page_cannot_even_ask_for_is_an_error(fetch: Fetch, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        browse(OPEN, fetch)


@pytest.mark.parametrize("page", ["app.example.com", "https://app.example.com/", ""])
def test_a_page_has_an_origin(page: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        browse(OPEN, Fetch(API), page=page)


def test_a_denied_preflight_keeps_the_request_from_being_sent() -> None:
    (outcome,) = browse(HttpResponse(403), Fetch(API, "PUT"))
    assert failed(outcome) == "PreflightMissingAllowOriginHeader"
    assert sent(outcome) == [f"OPTIONS {API}"]


def test_a_response_without_a_grant_was_sent_and_is_not_read() -> None:
    (outcome,) = browse(HttpResponse(200), Fetch(API, "POST"))
    assert failed(outcome) == "MissingAllowOriginHeader"
    assert sent(outcome) == [f"POST {API}"]


def test_the_actual_response_has_to_grant_too() -> None:
    def server(request: HttpRequest) -> HttpResponse:
        return GRANT if request.is_preflight else HttpResponse(500)

    (outcome,) = browse(server, Fetch(API, "PUT"))
    assert failed(outcome) == "MissingAllowOriginHeader"
    assert sent(outcome) == [f"OPTIONS {API}", f"PUT {API}"]


@pytest.mark.parametrize("status", [101, 204, 205, 304])
def test_a_null_body_status_has_no_body(status: int) -> None:
    (outcome,) = browse(replace(OPEN, status=status), Fetch(API))
    assert outcome.response is not None
    assert outcome.response.body == b""
    (outcome,) = browse(OPEN, Fetch(API, "HEAD"))
    assert outcome.response is not None
    assert outcome.response.body == b""


# Same origin, and the other modes.


@pytest.mark.parametrize(
    ("method", "origin"), [("GET", None), ("HEAD", None), ("POST", PAGE), ("PUT", PAGE)]
)
def test_same_origin_requests_have_the_origin_unless_they_are_safe(
    method: str, origin: str | None
) -> None:
    (outcome,) = browse(HttpResponse(200), Fetch("/x", method, (("X-A", "1"),)))
    (exchange,) = outcome.exchanges
    assert exchange.request.url == f"{PAGE}/x"
    assert header(exchange.request, "origin") == origin
    assert outcome.response is not None
    assert outcome.response.kind == "basic"


def test_mode_same_origin_sends_nothing_elsewhere() -> None:
    (outcome,) = browse(OPEN, Fetch(API, mode="same-origin"))
    assert failed(outcome) == "DisallowedByMode"
    assert outcome.exchanges == ()


def test_mode_no_cors_shows_nothing_and_keeps_safelisted_headers() -> None:
    headers = (("X-A", "1"), ("Content-Type", "text/plain"))
    (outcome,) = browse(OPEN, Fetch(API, "POST", headers, b"x", mode="no-cors"))
    (exchange,) = outcome.exchanges
    assert header(exchange.request, "x-a") is None
    assert header(exchange.request, "content-type") == "text/plain"
    assert header(exchange.request, "origin") == PAGE
    assert outcome.response is not None
    response = outcome.response
    assert (response.kind, response.status, response.headers, response.body) == (
        "opaque",
        0,
        (),
        b"",
    )
    (outcome,) = browse(OPEN, Fetch(API, mode="no-cors"))
    assert header(outcome.exchanges[0].request, "origin") is None


@pytest.mark.parametrize(
    ("mode", "same", "cross", "no_cors"),
    [
        ("omit", False, False, False),
        ("same-origin", True, False, False),
        ("include",) + (True,) * 3,
    ],
)
def test_credentials_go_where_the_mode_lets_them(
    mode: str, same: bool, cross: bool, no_cors: bool
) -> None:
    outcomes = browse(
        GRANT,
        Fetch("/x", credentials=mode),
        Fetch(API, credentials=mode),
        Fetch(API, credentials=mode, mode="no-cors"),
    )
    used = [outcome.exchanges[0].request.credentials for outcome in outcomes]
    assert used == [same, cross, no_cors]


def test_an_opaque_page_sends_null_and_is_of_no_origin() -> None:
    (outcome,) = browse(OPEN, Fetch(API), page="null")
    assert header(outcome.exchanges[0].request, "origin") == "null"
    assert outcome.response is not None
    (outcome,) = browse(OPEN, Fetch("ftp://api.example.com/"), page="null")
    assert failed(outcome) == "CorsDisabledScheme"
    with pytest.raises(ValueError, match="absolute"):
        browse(OPEN, Fetch("/x"), page="null")


def test_a_scheme_without_cors_and_mixed_content_send_nothing() -> None:
    for url, name in (
        ("ftp://api.example.com/", "CorsDisabledScheme"),
        ("http://api.example.com/", "MixedContent"),
    ):
        (outcome,) = browse(OPEN, Fetch(url))
        assert failed(outcome) == name
        assert outcome.exchanges == ()
    (outcome,) = browse(OPEN, Fetch("http://localhost:8000/"))
    assert outcome.response is not None
    (outcome,) = browse(OPEN, Fetch("http://api.example.com/"), page="http://app.example.com")
    assert outcome.response is not None


# The preflight cache.


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


# Redirects.


def chain(*locations: str, status: int = 307, grant: HttpResponse = OPEN) -> Server:
    """Make a server that redirects from one location to the next, and then answers."""
    urls = [API, *locations]

    def server(request: HttpRequest) -> HttpResponse:
        if request.is_preflight:
            return replace(GRANT, headers=(*OPEN.headers, *GRANT.headers[2:]))
        at = urls.index(request.url)
        if at + 1 == len(urls):
            return grant
        return replace(OPEN, status=status, headers=(*OPEN.headers, ("Location", urls[at + 1])))

    return server


def test_a_redirect_is_followed_and_the_page_is_told() -> None:
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
def test_the_origin_is_null_once_two_other_origins_were_involved(
    page: str, urls: list[str], origins: list[str | None]
) -> None:
    (outcome,) = browse(chain(*urls[1:]), Fetch(API), page=page)
    assert [header(each.request, "origin") for each in outcome.exchanges] == origins
    assert outcome.response is not None
    assert outcome.response.kind == "cors" or page == urls[0]


def test_a_redirect_has_to_grant_by_itself() -> None:
    redirect = HttpResponse(302, (("Location", "/x"),))
    (outcome,) = browse(redirect, Fetch(API))
    assert failed(outcome) == "MissingAllowOriginHeader"


def test_a_preflighted_request_is_preflighted_again_where_it_is_redirected_to() -> None:
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
def test_a_redirect_may_turn_the_request_into_a_get(status: int, method: str, then: str) -> None:
    headers: Headers = (("Content-Type", "application/json"), ("Content-Language", "en"))
    body = None if method == "HEAD" else b"x"
    (outcome,) = browse(chain(f"{API}/", status=status), Fetch(API, method, headers, body))
    last = outcome.exchanges[-1].request
    assert last.method == then
    kept = then != "GET"
    assert (header(last, "content-type") is not None) == kept
    assert (header(last, "content-language") is not None) == kept
    assert last.body == (body if kept else None)


def test_authorization_stays_with_the_origin_that_it_was_meant_for() -> None:
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
        ("http://api.example.com/", "MixedContent"),
    ],
)
def test_a_redirect_may_lead_nowhere(location: str, name: str) -> None:
    redirect = HttpResponse(302, (*OPEN.headers, ("Location", location)))
    (outcome,) = browse(redirect, Fetch(API))
    assert failed(outcome) == name


def test_a_same_origin_redirect_may_have_credentials_in_it() -> None:
    server = chain("https://api.example.com/x")

    def with_user(request: HttpRequest) -> HttpResponse:
        response = server(request)
        headers = tuple(
            (name, value.replace("//api", "//user@api")) for name, value in response.headers
        )
        return replace(response, headers=headers)

    (outcome,) = browse(with_user, Fetch("/items"), page="https://api.example.com")
    assert outcome.response is not None
    assert outcome.response.url == "https://api.example.com/x"
    for mode, page in (("no-cors", PAGE), ("no-cors", "https://api.example.com")):
        (outcome,) = browse(with_user, Fetch(API, mode=mode), page=page)
        assert outcome.response is not None


def test_redirects_end_after_twenty() -> None:
    locations = [f"{API}/{number}" for number in range(21)]
    (outcome,) = browse(chain(*locations[:20]), Fetch(API))
    assert outcome.response is not None
    (outcome,) = browse(chain(*locations), Fetch(API))
    assert failed(outcome) == "TooManyRedirects"
    assert len(outcome.exchanges) == 21


def test_a_page_may_refuse_redirects_or_only_learn_that_there_was_one() -> None:
    (outcome,) = browse(chain(f"{API}/"), Fetch(API, redirect="error"))
    assert failed(outcome) == "RedirectNotFollowed"
    (outcome,) = browse(chain(f"{API}/"), Fetch(API, redirect="manual"))
    assert outcome.response is not None
    response = outcome.response
    assert (response.kind, response.status, response.body) == ("opaqueredirect", 0, b"")
    assert len(outcome.exchanges) == 1


def test_a_redirect_without_a_location_is_a_response() -> None:
    (outcome,) = browse(replace(OPEN, status=302), Fetch(API))
    assert outcome.response is not None
    assert outcome.response.status == 302


def test_a_failure_after_a_redirect_clears_what_was_cached_where_it_led() -> None:
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


# Where engines depart.


@pytest.mark.parametrize(
    ("quirks", "preflights"), [(STANDARD, 1), (CHROMIUM, 1), (FIREFOX, 2), (WEBKIT, 2)]
)
def test_firefox_and_webkit_preflight_the_get_after_303(quirks: Quirks, preflights: int) -> None:
    (outcome,) = browse(chain(f"{API}/", status=303), Fetch(API, "PUT"), quirks=quirks)
    assert outcome.preflights == preflights
    assert outcome.exchanges[-1].request.method == "GET"
    (outcome,) = browse(chain(f"{API}/", status=303), Fetch(API, "POST"), quirks=quirks)
    assert outcome.preflights == 0


THIRD = "https://third.example/"


def asked(outcome: Outcome, name: str = "access-control-request-headers") -> list[str | None]:
    return [header(each.request, name) for each in outcome.exchanges if each.request.is_preflight]


def test_firefox_keeps_the_pages_origin_on_preflights_after_redirects() -> None:
    for quirks, origins in ((STANDARD, [PAGE, "null"]), (FIREFOX, [PAGE, PAGE])):
        (outcome,) = browse(chain(THIRD), Fetch(API, "PUT"), quirks=quirks)
        assert asked(outcome, "origin") == origins
        assert header(outcome.exchanges[-1].request, "origin") == "null"
        assert outcome.response is not None


def test_firefox_wants_no_grant_from_the_pages_own_server_after_redirects() -> None:
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
def test_engines_ask_for_headers_that_a_redirect_dropped(
    quirks: Quirks, first: list[str], second: list[str]
) -> None:
    fetch = Fetch(API, headers=(("Authorization", "Bearer x"), ("X-A", "1")))
    (outcome,) = browse(chain(THIRD, f"{THIRD}2"), fetch, quirks=quirks)
    assert asked(outcome) == ["authorization,x-a", *first, *second]
    sent_again = header(outcome.exchanges[-1].request, "authorization")
    assert sent_again == ("Bearer x" if quirks is FIREFOX else None)


def test_webkit_makes_a_get_of_delete_when_it_goes_to_another_origin() -> None:
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
def test_engines_may_not_cache_what_was_granted_to_null(
    quirks: Quirks, tainted: int, opaque: list[int]
) -> None:
    twice = [Fetch(API, "PUT")] * 2
    outcomes = browse(chain(THIRD), *twice, quirks=quirks)
    assert sum(outcome.preflights for outcome in outcomes) == tainted
    outcomes = browse(chain(), *twice, page="null", quirks=quirks)
    assert [outcome.preflights for outcome in outcomes] == opaque


@pytest.mark.parametrize(("quirks", "again"), [(CHROMIUM, 1), (WEBKIT, 0)])
def test_webkit_caches_an_answer_that_refuses(quirks: Quirks, again: int) -> None:
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
def test_engines_clear_the_cache_after_failures_of_their_own_choice(
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


def test_chromium_and_webkit_drop_an_answer_that_does_not_cover_a_request() -> None:
    fetches = [Fetch(API, "PUT"), Fetch(API, "LOCK"), Fetch(API, "PUT")]
    methods = {"LOCK": ("Access-Control-Allow-Methods", "LOCK")}

    def server(request: HttpRequest) -> HttpResponse:
        line = methods.get(header(request, "access-control-request-method") or "")
        return replace(GRANT, headers=(*GRANT.headers[:2], line)) if line else GRANT

    for quirks, again in ((STANDARD, 0), (CHROMIUM, 1), (FIREFOX, 0), (WEBKIT, 1)):
        outcomes = browse(server, *fetches, quirks=quirks)
        assert [outcome.preflights for outcome in outcomes] == [1, 1, again]


def test_firefox_preflights_head_unless_it_was_named() -> None:
    fetches = [Fetch(API, "HEAD", (("X-A", "1"),))] * 2
    for quirks, again in ((STANDARD, 0), (FIREFOX, 1)):
        outcomes = browse(GRANT, *fetches, quirks=quirks)
        assert [outcome.preflights for outcome in outcomes] == [1, again]


# Around it.


def test_an_async_transport_gives_the_same() -> None:
    async def transport(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0)
        return GRANT

    browser = BrowserModel(clock=Clock())
    outcome = asyncio.run(browser.fetch_async(transport, PAGE, Fetch(API, "PUT")))
    assert [outcome] == browse(GRANT, Fetch(API, "PUT"))
    assert outcome.preflights == 1


def test_what_the_transport_raises_passes() -> None:
    def broken(request: HttpRequest) -> HttpResponse:
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        browse(broken, Fetch(API))


def test_a_failure_says_where_and_what() -> None:
    (outcome,) = browse(
        HttpResponse(200, (("access-control-allow-origin", "https://x.example\r"),)), Fetch(API)
    )
    assert outcome.failure == Failure("AllowOriginMismatch", "GET", API, PAGE, "https://x.example")
    assert str(outcome.failure) == (
        "AllowOriginMismatch: The response has 'https://x.example' in Access-Control-Allow-Origin,"
        " which is not https://app.example.com byte for byte."
    )
    assert outcome.failure.mend.startswith("Add the page's origin to the policy")
    assert outcome.failure.is_cors


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_is_a_sentence_and_a_mend(name: str) -> None:
    failure = Failure(name, "PUT", API, PAGE, "the value\x1b")
    for text in (failure.sentence, failure.mend):
        assert text.endswith(".")
        assert "{" not in text
    assert failure.is_cors == (
        name not in {"MixedContent", "RedirectNotFollowed", "TooManyRedirects", "InvalidRedirect"}
    )
    if name.startswith("Preflight"):
        assert "preflight" in failure.sentence


def test_engines_are_chosen_by_name() -> None:
    assert {name: quirks.name for name, quirks in ENGINES.items()} == {
        name: name for name in ("standard", "chromium", "firefox", "webkit")
    }
