"""Complete fetches from small servers: what is sent, what the page gets, what fails."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from corekit.browser import (
    ENGINES,
    BrowserModel,
    Fetch,
    HttpRequest,
    HttpResponse,
    check_fetch,
)
from corekit.browser.checks import readable_headers
from tests.browser_model.servers import (
    API,
    GRANT,
    OPEN,
    PAGE,
    browse,
    chain,
    failed,
    header,
    sent,
)
from tests.clock import Clock


def test_simple_request_has_an_origin_and_no_preflight() -> None:
    (outcome,) = browse(OPEN, Fetch(API))
    (exchange,) = outcome.exchanges
    assert exchange.request == HttpRequest("GET", API, (("Accept", "*/*"), ("Origin", PAGE)))
    assert outcome.failure is None
    assert outcome.response is not None
    assert outcome.response.body == b"items"
    assert outcome.response.kind == "cors"
    assert not outcome.response.redirected
    assert outcome.preflights == 0


def test_preflight_has_exactly_the_headers_of_the_standard() -> None:
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


def test_preflight_without_unsafe_headers_requests_none() -> None:
    (outcome,) = browse(GRANT, Fetch(API, "DELETE"))
    assert header(outcome.exchanges[0].request, "access-control-request-headers") is None


@pytest.mark.parametrize(
    ("written", "method"),
    [("put", "PUT"), ("Delete", "DELETE"), ("patch", "patch"), ("get", "GET"), ("Foo", "Foo")],
)
def test_only_six_methods_are_uppercased(written: str, method: str) -> None:
    (outcome,) = browse(OPEN, Fetch(API, written))
    request = outcome.exchanges[0].request
    asked = header(request, "access-control-request-method")
    assert (asked or request.method) == method


@pytest.mark.parametrize(
    ("fetch", "message"),
    [
        (Fetch(API, "TRACE"), "browsers do not let scripts send"),
        (Fetch(API, "connect"), "browsers do not let scripts send"),
        (Fetch(API, "a b"), "browsers do not let scripts send"),
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
def test_invalid_fetch_raises(fetch: Fetch, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        browse(OPEN, fetch)


@pytest.mark.parametrize("page", ["app.example.com", "https://app.example.com/", ""])
def test_page_must_have_an_origin(page: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        browse(OPEN, Fetch(API), page=page)


def test_request_is_not_sent_after_a_denied_preflight() -> None:
    (outcome,) = browse(HttpResponse(403), Fetch(API, "PUT"))
    assert failed(outcome) == "PreflightMissingAllowOriginHeader"
    assert sent(outcome) == [f"OPTIONS {API}"]


def test_blocked_response_was_still_requested() -> None:
    (outcome,) = browse(HttpResponse(200), Fetch(API, "POST"))
    assert failed(outcome) == "MissingAllowOriginHeader"
    assert sent(outcome) == [f"POST {API}"]


def test_actual_response_must_allow_the_origin_too() -> None:
    def server(request: HttpRequest) -> HttpResponse:
        return GRANT if request.is_preflight else HttpResponse(500)

    (outcome,) = browse(server, Fetch(API, "PUT"))
    assert failed(outcome) == "MissingAllowOriginHeader"
    assert sent(outcome) == [f"OPTIONS {API}", f"PUT {API}"]


@pytest.mark.parametrize("status", [101, 204, 205, 304])
def test_null_body_status_has_no_body(status: int) -> None:
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
def test_same_origin_request_has_an_origin_unless_it_is_safe(
    method: str, origin: str | None
) -> None:
    (outcome,) = browse(HttpResponse(200), Fetch("/x", method, (("X-A", "1"),)))
    (exchange,) = outcome.exchanges
    assert exchange.request.url == f"{PAGE}/x"
    assert header(exchange.request, "origin") == origin
    assert outcome.response is not None
    assert outcome.response.kind == "basic"


def test_same_origin_mode_sends_no_cross_origin_request() -> None:
    (outcome,) = browse(OPEN, Fetch(API, mode="same-origin"))
    assert failed(outcome) == "DisallowedByMode"
    assert outcome.exchanges == ()


def test_no_cors_mode_is_opaque_and_keeps_safelisted_headers() -> None:
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
def test_credentials_are_sent_as_the_mode_allows(
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


def test_opaque_page_sends_null_and_resolves_no_relative_url() -> None:
    (outcome,) = browse(OPEN, Fetch(API), page="null")
    assert header(outcome.exchanges[0].request, "origin") == "null"
    assert outcome.response is not None
    (outcome,) = browse(OPEN, Fetch("ftp://api.example.com/"), page="null")
    assert failed(outcome) == "CorsDisabledScheme"
    with pytest.raises(ValueError, match="absolute"):
        browse(OPEN, Fetch("/x"), page="null")


def test_unsupported_scheme_and_mixed_content_send_nothing() -> None:
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


# Around it.


def test_async_transport_has_the_same_outcome() -> None:
    async def transport(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0)
        return GRANT

    browser = BrowserModel(clock=Clock())
    outcome = asyncio.run(browser.fetch_async(transport, PAGE, Fetch(API, "PUT")))
    assert [outcome] == browse(GRANT, Fetch(API, "PUT"))
    assert outcome.preflights == 1


@pytest.mark.parametrize(("statuses", "status"), [([421, 200], 200), ([421, 421, 200], 421)])
def test_misdirected_request_is_sent_once_more(statuses: list[int], status: int) -> None:
    queue = list(statuses)
    (outcome,) = browse(lambda _: replace(OPEN, status=queue.pop(0)), Fetch(API, "POST", body=b"x"))
    assert outcome.response is not None
    assert outcome.response.status == status
    first, second = outcome.exchanges
    assert first.request == second.request
    assert [first.response.status, second.response.status] == [421, status]


def test_misdirected_preflight_is_sent_once_more() -> None:
    queue = [replace(GRANT, status=421), GRANT, GRANT]
    (outcome,) = browse(lambda _: queue.pop(0), Fetch(API, "PUT"))
    assert outcome.response is not None
    assert sent(outcome) == [f"OPTIONS {API}", f"OPTIONS {API}", f"PUT {API}"]


def test_exception_of_the_transport_propagates() -> None:
    def broken(request: HttpRequest) -> HttpResponse:
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        browse(broken, Fetch(API))


def test_engines_are_chosen_by_name() -> None:
    assert {name: quirks.name for name, quirks in ENGINES.items()} == {
        name: name for name in ("standard", "chromium", "firefox", "webkit")
    }


def test_async_transport_receives_the_requests() -> None:
    seen: list[HttpRequest] = []

    async def transport(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return GRANT

    outcome = asyncio.run(
        BrowserModel(clock=Clock()).fetch_async(transport, PAGE, Fetch(API, "PUT"))
    )
    assert seen == [each.request for each in outcome.exchanges]
    assert [each.response for each in outcome.exchanges] == [GRANT, GRANT]


def test_wildcard_does_not_allow_credentials() -> None:
    assert failed(browse(OPEN, Fetch(API, credentials="include"))[0]) == "WildcardOriginNotAllowed"
    (outcome,) = browse(OPEN, Fetch(API, "PUT", credentials="include"))
    assert failed(outcome) == "PreflightWildcardOriginNotAllowed"


def test_opaque_response_reveals_nothing() -> None:
    (outcome,) = browse(chain(f"{API}/"), Fetch(API, redirect="manual"))
    assert outcome.response is not None
    assert (outcome.response.url, outcome.response.headers) == (API, ())
    (outcome,) = browse(OPEN, Fetch(API, mode="no-cors"))
    assert outcome.response is not None
    assert (outcome.response.url, outcome.response.headers) == ("", ())


def test_no_cors_request_is_never_preflighted() -> None:
    many = (("Accept", "x" * 128),) * 9
    (outcome,) = browse(OPEN, Fetch(API, headers=many, mode="no-cors"))
    assert outcome.preflights == 0


@pytest.mark.parametrize(
    ("fetch", "message"),
    [
        (Fetch(API, mode="x"), "mode='x' is not one of cors, no-cors, same-origin"),
        (
            Fetch(API, credentials="x"),
            "credentials='x' is not one of omit, same-origin, include",
        ),
        (Fetch(API, redirect="x"), "redirect='x' is not one of follow, error, manual"),
        (
            Fetch(API, target_address_space="x"),
            "target_address_space='x' is not one of public, local, loopback",
        ),
        (
            Fetch("https://u@a.example"),
            "browsers do not fetch a URL with a user name or password",
        ),
    ],
)
def test_invalid_fetch_has_an_exact_message(fetch: Fetch, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        browse(OPEN, fetch)


def test_wildcard_exposes_headers_without_credentials_only() -> None:
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


def test_fetch_that_no_page_can_make_is_refused() -> None:
    check_fetch(Fetch(API, "PUT", mode="cors"))
    with pytest.raises(ValueError, match=r"^browsers do not let scripts send the method 'TRACE'"):
        check_fetch(Fetch(API, "TRACE"))
