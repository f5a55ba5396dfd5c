"""Fetches of data: URLs, by https://fetch.spec.whatwg.org/#data-url-processor."""

from __future__ import annotations

import pytest

from corekit.browser import BrowserModel, Fetch, PageResponse
from tests.browser_model.servers import API, OPEN, PAGE, blamed, browse, chain, failed
from tests.clock import Clock

TEXT = "text/plain;charset=US-ASCII"


@pytest.mark.parametrize("page", [PAGE, "http://app.example.com", "null", "app://x"])
@pytest.mark.parametrize("mode", ["cors", "no-cors", "same-origin"])
@pytest.mark.parametrize("credentials", ["omit", "include"])
def test_data_url_is_read_without_a_server(page: str, mode: str, credentials: str) -> None:
    # https://fetch.spec.whatwg.org/#main-fetch: a data: URL is fetched before the mode counts.
    fetch = Fetch(
        "data:text/html,%3Cp%3E#f",
        mode=mode,
        credentials=credentials,
        redirect="error",
        upload_listener=True,
    )
    (outcome,) = browse(OPEN, fetch, page=page)
    headers = (("content-type", "text/html"),)
    assert outcome.exchanges == ()
    assert outcome.response == PageResponse("basic", "data:text/html,%3Cp%3E", 200, headers, b"<p>")


@pytest.mark.parametrize(("method", "body"), [("PUT", b"x"), ("POST", b"x"), ("HEAD", b"")])
def test_data_url_may_have_any_method(method: str, body: bytes) -> None:
    (outcome,) = browse(OPEN, Fetch("data:,x", method, (("X-A", "1"),)))
    assert outcome.response is not None
    assert outcome.response.body == body


def test_redirect_does_not_lead_to_a_data_url() -> None:
    # https://fetch.spec.whatwg.org/#http-redirect-fetch
    (outcome,) = browse(chain("data:,x"), Fetch(API))
    assert (failed(outcome), blamed(outcome)) == ("CorsDisabledScheme", "data:,x")


@pytest.mark.parametrize(
    ("url", "media_type", "body"),
    [
        ("data:,", TEXT, b""),
        ("data:,a,b", TEXT, b"a,b"),
        ("DATA:,a?b#c", TEXT, b"a?b"),
        ("data: ,x", TEXT, b"x"),
        ("data:,a b%00%ff%zé", TEXT, b"a b\0\xff%z\xc3\xa9"),
        ("data:,a\tb\nc", TEXT, b"abc"),
        ("data:text,x", TEXT, b"x"),
        ("data:/html,x", TEXT, b"x"),
        ("data:text/,x", TEXT, b"x"),
        ("data:te(xt/html,x", TEXT, b"x"),
        ("data:text/h tml,x", TEXT, b"x"),
        ("data:a/b/c,x", TEXT, b"x"),
        ("data:text/é,x", "text/%c3%a9", b"x"),
        ("data: Text/HTML ,x", "text/html", b"x"),
        ("data:text/html ; charset=utf-8,x", "text/html;charset=utf-8", b"x"),
        ("data:;charset=UTF-8,x", "text/plain;charset=UTF-8", b"x"),
        ("data:charset=UTF-8,x", TEXT, b"x"),
        ("data:;x,y", "text/plain", b"y"),
        ("data:a/b;C=1;c=2;d=3,x", "a/b;c=1;d=3", b"x"),
        ("data:a/b;c =1;=2;d=;e=5 ,x", "a/b;e=5", b"x"),
        ('data:a/b;c=1 2;d="3 4"5;e=6,x', 'a/b;c="1 2";d="3 4";e=6', b"x"),
        ("data:a/b;c= 1 ;d=2,x", 'a/b;c=" 1";d=2', b"x"),
        ('data:a/b;c="",x', 'a/b;c=""', b"x"),
        ('data:a/b;c="1\\"\\2;d=3,x', 'a/b;c="1\\"2;d=3"', b"x"),
        ('data:a/b;c="1\\,x', 'a/b;c="1\\\\"', b"x"),
        ('data:a/b;c="1;base64,aGk', "a/b;c=1", b"hi"),
        ("data:;base64,aGk=", TEXT, b"hi"),
        ("data:;BASE64,aGk", TEXT, b"hi"),
        ("data:a/b; base64,a%20G%0Ak %3D", "a/b", b"hi"),
        ("data:base64,aGk", TEXT, b"aGk"),
        ("data:a/b;base64;c=1,aGk", "a/b;c=1", b"aGk"),
        ("data:a/b;base64 ,aGk", "a/b", b"hi"),
        ("data:a/b;;base64,", "a/b", b""),
        ("data:;base64,ab", TEXT, b"i"),
        ("data:;base64,abc", TEXT, b"i\xb7"),
        ("data:;base64,+/+/", TEXT, b"\xfb\xff\xbf"),
        ("data:;base64,XX==", TEXT, b"]"),
        ("data:;base64,AAAAAAAAAA", TEXT, b"\0" * 7),
    ],
)
def test_data_url_has_a_media_type_and_a_body(url: str, media_type: str, body: bytes) -> None:
    (outcome,) = browse(OPEN, Fetch(url))
    assert outcome.response is not None
    assert outcome.response.headers == (("content-type", media_type),)
    assert outcome.response.body == body


@pytest.mark.parametrize(("url", "shown"), [("data:", "data:"), ("data:a/b#,x", "data:a/b")])
def test_data_url_without_a_comma_raises(url: str, shown: str) -> None:
    browser = BrowserModel(clock=Clock())
    with pytest.raises(ValueError, match=f"^not a data: URL, without a comma: '{shown}'$"):
        browser.fetch(lambda _: OPEN, PAGE, Fetch(url))


@pytest.mark.parametrize(
    "url",
    [
        "data:;base64,a",
        "data:;base64,abcde",
        "data:;base64,ab=",
        "data:;base64,a===",
        "data:;base64,====",
        "data:;base64,ab==cd==",
        "data:;base64,a-_b",
        "data:;base64,%FF%FF",
    ],
)
def test_malformed_base64_raises(url: str) -> None:
    # https://infra.spec.whatwg.org/#forgiving-base64-decode
    browser = BrowserModel(clock=Clock())
    with pytest.raises(ValueError, match=r"^not a data: URL: its Base64 is invalid$"):
        browser.fetch(lambda _: OPEN, PAGE, Fetch(url))


@pytest.mark.parametrize(
    ("url", "href"),
    [
        (
            "Data:text/plain, a\"<>'`é\x01?b\"<>'`é\x01 #f",
            "data:text/plain, a\"<>'`%C3%A9%01?b%22%3C%3E'`%C3%A9%01%20",
        ),
        ("data:,a", "data:,a"),
    ],
)
def test_response_has_the_url_as_it_is_serialized(url: str, href: str) -> None:
    # https://url.spec.whatwg.org/#cannot-be-a-base-url-path-state
    (outcome,) = browse(OPEN, Fetch(url))
    assert outcome.response is not None
    assert outcome.response.url == href
