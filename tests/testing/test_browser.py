"""The browser that users test with: over ASGI, WSGI and URLs, on the same small application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from corekit import CorsPolicy
from corekit.browser import LocalNetwork
from corekit_testing import Browser, CorsError, FetchError
from tests.testing.serving import ANY, PAGE, POLICY, asgi, respond, served, wsgi

TEXT = "text/plain;charset=UTF-8"


@pytest.fixture(params=["asgi", "wsgi", "url"])
def made(request: pytest.FixtureRequest) -> Iterator[Callable[..., Browser]]:
    """A function that makes a browser in front of the same application, served in three ways."""
    browsers: list[Browser] = []

    def make(policy: CorsPolicy = POLICY, page: str = PAGE, **options: Any) -> Browser:
        if request.param == "url":
            url = request.getfixturevalue("server")(policy)
            browser = Browser(url, page, **options)
        else:
            browser = Browser({"asgi": asgi, "wsgi": wsgi}[request.param](policy), page, **options)
        browsers.append(browser)
        return browser

    yield make
    for browser in browsers:
        browser.close()


@pytest.fixture
def server() -> Iterator[Callable[[CorsPolicy], str]]:
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda policy: stack.enter_context(served(policy))


def test_page_reads_what_the_policy_allows(made: Callable[..., Browser]) -> None:
    browser = made()
    response = browser.fetch("PUT", "/items/1?x=y", json={"a": 1}, headers={"X-A": "b"})
    assert response.ok
    assert (response.status, response.kind, response.redirected) == (200, "cors", False)
    seen = response.json()
    assert (seen["method"], seen["path"], seen["query"]) == ("PUT", "/items/1", "x=y")
    assert seen["body"] == '{"a": 1}'
    assert seen["headers"]["origin"] == PAGE
    assert seen["headers"]["content-type"] == "application/json"
    assert seen["headers"]["content-length"] == "8"
    assert seen["headers"]["x-a"] == "b"
    assert seen["headers"]["host"] in response.url
    assert response.preflights == 1
    assert [exchange.request.method for exchange in response.exchanges] == ["OPTIONS", "PUT"]
    assert browser.fetch("PUT", "/items/1?x=y").preflights == 0
    assert len(browser.exchanges) == 3


def test_only_readable_headers_are_present(made: Callable[..., Browser]) -> None:
    answer = respond(headers=[["X-B", "1"], ["X-C", "2"], ["X-B", "3"], ["Content-Type", "x/y"]])
    headers = made().fetch("GET", "/", headers=answer).headers
    assert headers["X-B"] == "1, 3"
    assert headers["x-b"] == "1, 3"
    assert "x-c" not in headers
    assert dict(headers).keys() - {"content-length"} == {"x-b", "content-type"}
    assert len(headers) == len(list(headers))
    assert repr(headers).startswith("Headers({'")


def test_error_has_a_hint(made: Callable[..., Browser]) -> None:
    browser = made()
    with pytest.raises(CorsError) as raised:
        browser.fetch("DELETE", "/items/1")
    error = raised.value
    assert error.name == "MethodDisallowedByPreflightResponse"
    assert error.message == "The preflight response does not allow the method DELETE."
    assert error.hint.startswith("Add the method to allow_methods.")
    assert str(error) == f"{error.name}: {error.message} {error.hint}"
    assert [exchange.request.method for exchange in error.exchanges] == ["OPTIONS"]


def test_other_page_gets_no_response(made: Callable[..., Browser]) -> None:
    with pytest.raises(CorsError, match=r"^MissingAllowOriginHeader: ") as raised:
        made(page="https://app.example.com.evil.test").fetch("GET", "/")
    assert raised.value.exchanges[0].response.status == 200


def test_other_failures_are_not_cors_errors() -> None:
    with pytest.raises(FetchError, match=r"^MixedContent") as raised:
        Browser(wsgi(), PAGE, url="http://api.example.com").fetch("GET", "/")
    assert not isinstance(raised.value, CorsError)


@pytest.mark.parametrize(
    ("options", "content_type", "body"),
    [
        ({"data": {"b": "ü"}}, "application/x-www-form-urlencoded;charset=UTF-8", "b=%C3%BC"),
        ({"data": "text"}, "text/plain;charset=UTF-8", "text"),
        ({"data": b"\xff"}, None, "\xff"),
        ({"json": [1]}, "application/json", "[1]"),
        ({"json": [1], "headers": {"content-type": "text/x"}}, "text/x", "[1]"),
        ({"data": "x", "headers": {"content-type": "text/html"}}, "text/html", "x"),
        ({}, None, ""),
    ],
)  # fmt: skip
def test_content_type_of_a_body(
    made: Callable[..., Browser], options: Any, content_type: str | None, body: str
) -> None:
    seen = made().fetch("POST", "/", **options).json()
    # wsgiref's server has a type for requests that have none.
    assert seen["headers"].get("content-type") in (content_type, content_type or "text/plain")
    assert seen["body"] == body


@pytest.mark.parametrize(
    ("options", "content_type"),
    [
        ({"data": "x", "headers": {"content-type": "application/json"}}, TEXT),
        ({"data": "x", "headers": {"content-type": "text/plain"}}, "text/plain"),
        ({"json": {}}, TEXT),
        ({"data": {"a": "b"}}, "application/x-www-form-urlencoded;charset=UTF-8"),
        ({"data": b"x", "headers": {"content-type": "application/json"}}, None),
    ],
)
def test_no_cors_body_has_a_safelisted_content_type(
    made: Callable[..., Browser], options: Any, content_type: str | None
) -> None:
    browser = made()
    browser.fetch("POST", "/", mode="no-cors", **options)
    headers = {name.lower(): value for name, value in browser.exchanges[-1].request.headers}
    assert headers.get("content-type") == content_type


@pytest.mark.parametrize("userinfo", ["user", "user:secret", ":secret"])
@pytest.mark.parametrize("port", ["", ":8443"])
def test_url_with_a_user_name_or_password_raises(userinfo: str, port: str) -> None:
    browser = Browser(wsgi(), PAGE)
    with pytest.raises(ValueError, match="user name or password"):
        browser.fetch("GET", f"https://{userinfo}@testserver{port}/")
    with pytest.raises(ValueError, match="user name or password"):
        asyncio.run(browser.fetch_async("GET", f"//{userinfo}@testserver{port}/"))
    assert browser.exchanges == []


def test_json_and_data_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="not both"):
        Browser(wsgi(), PAGE).fetch("POST", "/", json=1, data="x")


def test_misspelled_option_raises() -> None:
    with pytest.raises(TypeError, match="credential"):
        Browser(wsgi(), PAGE).fetch("GET", "/", credential="include")  # type: ignore[call-arg]


def test_cookies_need_credentials(made: Callable[..., Browser]) -> None:
    browser = made()
    lines = [["Set-Cookie", f"{pair}; SameSite=None; Secure; Path=/"] for pair in ("a=1", "b=2")]
    answer = respond(headers=lines)
    browser.fetch("GET", "/", headers=answer)
    assert len(browser.cookies) == 0
    browser.fetch("GET", "/", headers=answer, credentials="include")
    assert len(browser.cookies) == 2
    assert "cookie" not in browser.fetch("GET", "/").json()["headers"]
    response = browser.fetch("GET", "/", credentials="include")
    assert response.json()["headers"]["cookie"] == "a=1; b=2"
    assert ("Cookie", "a=1; b=2") in response.exchanges[0].request.headers
    put = browser.fetch("PUT", "/x", credentials="include")
    assert [dict(e.request.headers).get("Cookie") for e in put.exchanges] == [None, "a=1; b=2"]


def test_redirects_are_followed_by_the_browser(made: Callable[..., Browser]) -> None:
    browser = made(ANY)
    answer = respond(status=302, headers=[["Location", "/there"]])
    with pytest.raises(FetchError, match=r"^TooManyRedirects"):
        browser.fetch("GET", "/", headers=answer)
    assert len([e for e in browser.exchanges if e.request.method == "GET"]) == 21


def test_engines_differ(made: Callable[..., Browser]) -> None:
    headers = {"Authorization": "Bearer x"}
    assert made(ANY, engine="chromium").fetch("GET", "/", headers=headers).ok
    with pytest.raises(CorsError, match="authorization"):
        made(ANY).fetch("GET", "/", headers=headers)
    with pytest.raises(ValueError, match="netscape"):
        made(ANY, engine="netscape")


def test_wait_advances_the_clock(made: Callable[..., Browser]) -> None:
    browser = made()
    preflights = []
    for seconds in (0, 590, 20):
        browser.wait(seconds)
        preflights.append(browser.fetch("PUT", "/").preflights)
    assert preflights == [1, 0, 1]


def test_fetch_within_an_event_loop(made: Callable[..., Browser]) -> None:
    browser = made()
    response = asyncio.run(browser.fetch_async("PUT", "/x", json={}, credentials="include"))
    assert response.json()["path"] == "/x"
    assert response.preflights == 1


def test_an_upload_listener_and_the_other_modes(made: Callable[..., Browser]) -> None:
    browser = made()
    assert browser.fetch("POST", "/", upload_listener=True).preflights == 1
    assert browser.fetch("GET", "/", mode="no-cors").kind == "opaque"
    assert browser.fetch("GET", "/", redirect="manual").kind == "cors"
    with pytest.raises(CorsError, match=r"^DisallowedByMode"):
        browser.fetch("GET", "/", mode="same-origin")


@pytest.mark.parametrize(
    ("address_space", "options", "name"),
    [
        (None, {}, None),
        ("loopback", {}, None),
        ("public", {}, "LocalNetworkAccessPermissionDenied"),
        ("public", {"mode": "no-cors"}, "LocalNetworkAccessPermissionDenied"),
        (LocalNetwork("public", ["loopback-network"]), {}, None),
        (
            LocalNetwork("public", ["loopback-network"]),
            {"target_address_space": "local"},
            "InvalidLocalNetworkAccess",
        ),
        (LocalNetwork("public", server_address_spaces={"localhost": "public"}), {}, None),
    ],
)
def test_public_page_needs_a_permission_for_a_local_server(
    address_space: str | LocalNetwork | None, options: dict[str, Any], name: str | None
) -> None:
    browser = Browser(asgi(ANY), PAGE, url="http://localhost:8000", address_space=address_space)
    if name is None:
        assert browser.fetch("GET", "/items", **options).ok
        return
    with pytest.raises(FetchError) as raised:
        browser.fetch("GET", "/items", **options)
    assert not isinstance(raised.value, CorsError)
    assert (raised.value.name, raised.value.exchanges) == (name, ())
    assert browser.exchanges == []


@pytest.mark.parametrize(
    ("page", "hint"),
    [
        ("http://localhost:5173/", "Did you mean 'http://localhost:5173'?"),
        ("app.example.com", "Did you mean 'https://app.example.com'?"),
        ("https://*.example.com", "Name one origin, not a pattern."),
        ("", "Write an origin such as https://app.example.com."),
    ],
)
def test_page_that_is_not_an_origin_is_refused(page: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f"^page={page!r}: ".replace("*", r"\*")) as raised:
        Browser(wsgi(ANY), page)
    assert str(raised.value).endswith(hint)


@pytest.mark.parametrize("page", ["null", "http://localhost:5173", "chrome-extension://abcdef"])
def test_page_may_be_any_origin_that_browsers_send(page: str) -> None:
    assert Browser(wsgi(ANY), page).fetch("GET", "/").ok


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"withCredentials": True},
            "withCredentials: fetch() has no such option. Did you mean credentials?",
        ),
        ({"header": {}}, "header: fetch() has no such option. Did you mean headers?"),
        ({"body": b"x"}, "body: fetch() has no such option. Did you mean data?"),
        (
            {"x": 1},
            (
                "x: fetch() has no such option. The options are headers, json, data, mode,"
                " credentials, redirect, upload_listener, target_address_space."
            ),
        ),
    ],
)
def test_unknown_option_gets_a_suggestion(options: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError) as raised:
        Browser(wsgi(ANY), PAGE).fetch("POST", "/", **options)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"credentials": True}, "credentials=True is not a mode. Did you mean 'include'?"),
        (
            {"credentials": "yes"},
            "credentials='yes' is not one of omit, same-origin, include",
        ),
        ({"redirect": False}, "redirect=False is not one of follow, error, manual"),
    ],
)
def test_invalid_option_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="=") as raised:
        Browser(wsgi(ANY), PAGE).fetch("GET", "/", **options)
    assert str(raised.value) == message


def test_unknown_address_space_is_named() -> None:
    with pytest.raises(ValueError, match="address_space='intranet' is not one of public, local"):
        Browser(asgi(ANY), PAGE, address_space="intranet")
