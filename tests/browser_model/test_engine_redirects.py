"""What each engine sends after a redirect: tables of what the engines do."""

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
    Outcome,
    Quirks,
)
from corekit.browser.messages import Headers
from tests.browser_model.servers import (
    API,
    GRANT,
    PAGE,
    THIRD,
    asked,
    blamed,
    browse,
    failed,
    header,
)

ENGINES = [STANDARD, CHROMIUM, FIREFOX, WEBKIT]
OWN = f"{PAGE}/0"
TOKEN = ("Authorization", "Bearer x")
JSON = ("Content-Type", "application/json")


def follow(
    fetch: Fetch, *locations: str, quirks: Quirks, status: int = 307, any_origin: bool = False
) -> Outcome:
    """Fetch from a server that redirects to each location in turn, and allows everything."""
    urls = [fetch.url, *locations]

    def server(request: HttpRequest) -> HttpResponse:
        origin = header(request, "origin") or "*"
        named = header(request, "access-control-request-headers") or ""
        grant = (
            ("Access-Control-Allow-Origin", "*" if any_origin else origin),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", "PUT"),
            ("Access-Control-Allow-Headers", named),
        )
        if request.is_preflight or request.url == urls[-1]:
            return HttpResponse(200, grant)
        target = urls[urls.index(request.url) + 1]
        return HttpResponse(status, (*grant, ("Location", target)))

    (outcome,) = browse(server, fetch, quirks=quirks)
    return outcome


@pytest.mark.parametrize(
    ("method", "headers", "status", "in_firefox"),
    [
        ("GET", (TOKEN,), 302, True),
        ("POST", (JSON,), 303, True),
        ("PUT", (TOKEN,), 303, True),
        ("POST", (TOKEN,), 307, True),
        ("PUT", (), 303, False),
        ("POST", (("Content-Type", "text/plain"),), 303, False),
        ("GET", (("Accept", "text/html"),), 302, False),
    ],
)
def test_only_firefox_preflights_after_a_redirect_from_the_own_server(
    method: str, headers: Headers, status: int, in_firefox: bool
) -> None:
    for quirks in ENGINES:
        outcome = follow(Fetch(OWN, method, headers), API, quirks=quirks, status=status)
        expected = in_firefox and quirks is FIREFOX
        # WebKit lists headers that are no longer sent.
        is_listed = bool(headers) and headers[0] in (TOKEN, JSON) and quirks is WEBKIT
        assert outcome.preflights == (1 if expected or is_listed else 0), quirks.name


@pytest.mark.parametrize(
    ("quirks", "types", "listed"),
    [
        (STANDARD, ["application/json", None, None], ["content-type"]),
        (CHROMIUM, ["application/json", None, None], ["content-type"]),
        (FIREFOX, ["application/json", None, None], ["content-type", None, "content-type"]),
        (WEBKIT, ["application/json", None, "application/json"], ["content-type"] * 3),
    ],
)
def test_content_type_after_a_redirect_that_makes_a_get(
    quirks: Quirks, types: list[str | None], listed: list[str | None]
) -> None:
    fetch = Fetch(API, "POST", (JSON,), b"{}")
    outcome = follow(fetch, THIRD, f"{THIRD}2", quirks=quirks, status=303)
    calls = [each.request for each in outcome.exchanges if not each.request.is_preflight]
    assert [header(request, "content-type") for request in calls] == types
    assert asked(outcome) == listed


@pytest.mark.parametrize(
    ("first", "second", "is_sent"),
    [
        (f"{PAGE}/1", f"{PAGE}/2", False),
        (f"{PAGE}/1", API, True),
        (API, f"{PAGE}/2", True),
        (API, THIRD, True),
    ],
)
def test_webkit_sends_the_type_again_unless_both_redirects_lead_to_the_own_server(
    first: str, second: str, is_sent: bool
) -> None:
    fetch = Fetch(OWN, "POST", (JSON,), b"{}")
    outcome = follow(fetch, first, second, quirks=WEBKIT, status=303)
    sent = header(outcome.exchanges[-1].request, "content-type")
    assert sent == ("application/json" if is_sent else None)


def test_type_that_no_redirect_dropped_is_sent_once() -> None:
    for quirks in ENGINES:
        outcome = follow(Fetch(API, "POST", (JSON,), b"{}"), THIRD, quirks=quirks)
        assert header(outcome.exchanges[-1].request, "content-type") == "application/json"


@pytest.mark.parametrize(
    ("target", "hints"),
    [
        (f"{PAGE}/1", ["1.5", "on"]),
        (API, [None, "on"]),
    ],
)
def test_chromium_sends_hints_to_the_own_server_only(target: str, hints: list[str | None]) -> None:
    fetch = Fetch(OWN, headers=(("DPR", "1.5"), ("Save-Data", "on")))
    request = follow(fetch, target, quirks=CHROMIUM).exchanges[-1].request
    assert [header(request, name) for name in ("dpr", "save-data")] == hints
    request = follow(fetch, target, quirks=STANDARD).exchanges[-1].request
    assert [header(request, name) for name in ("dpr", "save-data")] == ["1.5", "on"]


def test_only_chromium_refuses_a_user_name_without_cors() -> None:
    target = f"{PAGE.replace('://', '://me@')}/1"
    for quirks in ENGINES:
        outcome = follow(Fetch(OWN), target, f"{PAGE}/1", quirks=quirks)
        assert (outcome.response is None) is (quirks is CHROMIUM)
    refused = follow(Fetch(OWN), target, quirks=CHROMIUM)
    assert (failed(refused), blamed(refused)) == ("InvalidRedirect", target)
    listening = Fetch(OWN, "POST", body=b"x", upload_listener=True)
    assert follow(listening, target, f"{PAGE}/1", quirks=CHROMIUM).response is not None


def test_only_webkit_keeps_the_origin_of_a_post_that_becomes_a_get() -> None:
    for quirks in ENGINES:
        fetch = Fetch(OWN, "POST", body=b"x")
        request = follow(fetch, f"{PAGE}/1", quirks=quirks, status=303).exchanges[-1].request
        assert header(request, "origin") == (PAGE if quirks is WEBKIT else None)
    got = follow(Fetch(OWN), f"{PAGE}/1", quirks=WEBKIT).exchanges[-1].request
    assert header(got, "origin") is None


@pytest.mark.parametrize(
    ("credentials", "in_webkit", "elsewhere"),
    [("same-origin", True, False), ("include", True, True), ("omit", False, False)],
)
def test_webkit_sends_cookies_after_a_redirect_without_cors(
    credentials: str, in_webkit: bool, elsewhere: bool
) -> None:
    fetch = Fetch(OWN, mode="no-cors", credentials=credentials)
    for quirks in ENGINES:
        request = follow(fetch, API, quirks=quirks).exchanges[-1].request
        assert request.credentials is (in_webkit if quirks is WEBKIT else elsewhere)
    direct = replace(fetch, url=API)
    assert follow(direct, THIRD, quirks=WEBKIT).exchanges[-1].request.credentials is elsewhere


def test_webkit_checks_a_second_redirect_as_if_it_had_credentials() -> None:
    for quirks in ENGINES:
        for url, is_failed in ((OWN, quirks is WEBKIT), (API, False)):
            locations = [f"{API}/1", f"{API}/2"]
            outcome = follow(Fetch(url), *locations, quirks=quirks, any_origin=True)
            assert (outcome.response is None) is is_failed
        once = follow(Fetch(OWN), API, quirks=quirks, any_origin=True)
        assert once.response is not None
        if quirks is WEBKIT:
            last = follow(Fetch(OWN), f"{API}/1", f"{API}/2", quirks=quirks, any_origin=True)
            assert failed(last) == "WildcardOriginNotAllowed"


def test_own_server_gets_credentials_by_default() -> None:
    (outcome,) = browse(GRANT, Fetch(OWN))
    assert outcome.exchanges[0].request.credentials
