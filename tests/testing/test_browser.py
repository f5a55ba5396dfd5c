"""The browser that users test with: over ASGI, WSGI and URLs, on the same small application."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

import corekit_asgi
import corekit_wsgi
from corekit import CorsPolicy
from corekit_testing import Browser, CorsError, FetchError
from corekit_testing.outcome import describe
from tests.testing.applications import asgi_app, wsgi_app

PAGE = "https://app.example.com"
POLICY = CorsPolicy(
    allow_origins=[PAGE],
    allow_credentials=True,
    allow_methods=["PUT"],
    allow_headers=["content-type", "x-answer", "x-a"],
    expose_headers=["x-b"],
    max_age=600,
)
ANY = CorsPolicy(allow_origins=["*"], allow_headers=["*"])


def asgi(policy: CorsPolicy = POLICY) -> Any:
    return corekit_asgi.CorsMiddleware(asgi_app, policy)


def wsgi(policy: CorsPolicy = POLICY) -> Any:
    return corekit_wsgi.CorsMiddleware(wsgi_app, policy)


class Quiet(WSGIRequestHandler):
    """A handler that does not log into the test's output."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@contextmanager
def served(policy: CorsPolicy = POLICY) -> Iterator[str]:
    with make_server("127.0.0.1", 0, wsgi(policy), handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


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


def told(**answer: Any) -> dict[str, str]:
    return {"X-Answer": json.dumps(answer)}


def test_a_page_reads_what_the_policy_grants(made: Callable[..., Browser]) -> None:
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


def test_only_readable_headers_are_there(made: Callable[..., Browser]) -> None:
    answer = told(headers=[["X-B", "1"], ["X-C", "2"], ["X-B", "3"], ["Content-Type", "x/y"]])
    headers = made().fetch("GET", "/", headers=answer).headers
    assert headers["X-B"] == "1, 3"
    assert headers["x-b"] == "1, 3"
    assert "x-c" not in headers
    assert dict(headers).keys() - {"content-length"} == {"x-b", "content-type"}
    assert len(headers) == len(list(headers))
    assert repr(headers).startswith("Headers({'")


def test_an_error_says_what_to_mend(made: Callable[..., Browser]) -> None:
    browser = made()
    with pytest.raises(CorsError) as raised:
        browser.fetch("DELETE", "/items/1")
    error = raised.value
    assert error.name == "MethodDisallowedByPreflightResponse"
    assert error.sentence == "The preflight's answer does not allow the method DELETE."
    assert error.mend == "Add 'DELETE' to the policy's methods; they are case-sensitive."
    assert str(error) == f"{error.name}: {error.sentence} {error.mend}"
    assert [exchange.request.method for exchange in error.exchanges] == ["OPTIONS"]


def test_another_page_gets_nothing(made: Callable[..., Browser]) -> None:
    with pytest.raises(CorsError, match=r"^MissingAllowOriginHeader: ") as raised:
        made(page="https://app.example.com.evil.test").fetch("GET", "/")
    assert raised.value.exchanges[0].response.status == 200


def test_what_is_no_matter_of_cors_is_no_cors_error() -> None:
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
        ({"data": "x", "headers": {"content-type": "text/html"}}, "text/html", "x"),
        ({}, None, ""),
    ],
)  # fmt: skip
def test_a_body_has_the_type_that_a_page_gives_it(
    made: Callable[..., Browser], options: Any, content_type: str | None, body: str
) -> None:
    seen = made().fetch("POST", "/", **options).json()
    # wsgiref's server has a type for requests that have none.
    assert seen["headers"].get("content-type") in (content_type, content_type or "text/plain")
    assert seen["body"] == body


def test_json_and_data_are_not_given_together() -> None:
    with pytest.raises(ValueError, match="not both"):
        Browser(wsgi(), PAGE).fetch("POST", "/", json=1, data="x")


def test_cookies_go_with_credentials_only(made: Callable[..., Browser]) -> None:
    browser = made()
    lines = [["Set-Cookie", f"{pair}; SameSite=None; Secure; Path=/"] for pair in ("a=1", "b=2")]
    answer = told(headers=lines)
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
    answer = told(status=302, headers=[["Location", "/there"]])
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


def test_time_can_pass(made: Callable[..., Browser]) -> None:
    browser = made()
    preflights = []
    for seconds in (0, 590, 20):
        browser.wait(seconds)
        preflights.append(browser.fetch("PUT", "/").preflights)
    assert preflights == [1, 0, 1]


def test_the_same_from_within_an_event_loop(made: Callable[..., Browser]) -> None:
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


# Applications.


@pytest.mark.parametrize("make", [asgi, wsgi])
def test_what_the_application_raises_reaches_the_test_or_becomes_a_bare_500(
    make: Callable[[], Any],
) -> None:
    with pytest.raises(RuntimeError, match="told to fail"):
        Browser(make(), PAGE).fetch("GET", "/", headers=told(fail=True))
    with pytest.raises(CorsError, match=r"^MissingAllowOriginHeader") as raised:
        Browser(make(), PAGE, raise_exceptions=False).fetch("GET", "/", headers=told(fail=True))
    assert raised.value.exchanges[-1].response.status == 500


def test_what_an_error_layer_sent_before_it_raised_is_what_the_page_gets() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b"told", "more_body": False})
        raise RuntimeError("let go on")

    browser = Browser(corekit_asgi.CorsMiddleware(app, ANY), PAGE, raise_exceptions=False)
    response = browser.fetch("GET", "/")
    assert (response.status, response.text) == (500, "told")


@pytest.mark.parametrize("make", [asgi, wsgi])
def test_an_application_is_served_where_the_test_says(make: Callable[[], Any]) -> None:
    seen = Browser(make(), PAGE).fetch("GET", "/%C3%BC/x%20y").json()
    assert (seen["scheme"], seen["server"]) == ("https", ["testserver", 443])
    assert seen["path"] == "/ü/x y"
    page = "http://localhost:3000"
    app = make()
    browser = Browser(app, page, url="http://localhost:8000")
    with pytest.raises(CorsError, match="MissingAllowOrigin") as raised:
        browser.fetch("GET", "/")
    seen = json.loads(raised.value.exchanges[0].response.body)
    assert (seen["scheme"], seen["server"]) == ("http", ["localhost", 8000])
    assert seen["headers"]["host"] == "localhost:8000"
    url = Browser(make(), PAGE, url="http://127.0.0.1").fetch("GET", "/").json()
    assert url["server"] == ["127.0.0.1", 80]


def test_several_origins_can_be_served() -> None:
    browser = Browser(
        {"https://api.example.com": asgi(), "https://files.example.com": wsgi(ANY)}, PAGE
    )
    assert browser.fetch("GET", "/").url == "https://api.example.com/"
    assert browser.fetch("GET", "https://files.example.com/x").url == "https://files.example.com/x"
    answer = told(status=307, headers=[["Location", "https://files.example.com/"]])
    # The origin is null by then, and a grant to any origin is one to null.
    with pytest.raises(CorsError, match=r"^HeaderDisallowedBy|^PreflightWildcard") as raised:
        browser.fetch("GET", "/", headers=answer, credentials="include")
    assert ("Origin", "null") in raised.value.exchanges[-1].request.headers
    with pytest.raises(ConnectionError, match="nothing is served at https://third"):
        browser.fetch("GET", "https://third.example/")
    browser.close()


@pytest.mark.parametrize("app", [object(), 1, None])
def test_what_is_no_application_is_refused(app: object) -> None:
    with pytest.raises(TypeError, match="neither an ASGI nor a WSGI"):
        Browser(app, PAGE)


def test_an_application_may_be_wrapped_in_a_partial() -> None:
    async def wrapped(extra: int, scope: Any, receive: Any, send: Any) -> None:
        await asgi()(scope, receive, send)

    assert Browser(partial(wrapped, 1), PAGE).fetch("GET", "/").ok


def test_within_an_event_loop_the_test_is_told_to_await() -> None:
    async def within() -> None:
        Browser(asgi(), PAGE).fetch("GET", "/")

    with pytest.raises(RuntimeError, match="fetch_async"):
        asyncio.run(within())


def lifespan_app(log: list[str], fail: str = "") -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                assert (await receive())["type"] == f"lifespan.{event}"
                log.append(event)
                scope["state"]["x"] = "kept"
                if fail == event:
                    await send({"type": f"lifespan.{event}.failed", "message": "no database"})
                    return
                await send({"type": f"lifespan.{event}.complete"})
        else:
            log.append(scope["state"]["x"])
            await send({"type": "http.response.start", "status": 204})
            await send({"type": "http.response.ignored"})
            await send({"type": "http.response.body"})

    return corekit_asgi.CorsMiddleware(app, ANY)


def test_a_lifespan_is_begun_and_ended_once() -> None:
    log: list[str] = []
    with Browser(lifespan_app(log), PAGE) as browser:
        assert log == []
        assert browser.fetch("GET", "/").status == 204
        browser.fetch("GET", "/")
        assert log == ["startup", "kept", "kept"]
    assert log == ["startup", "kept", "kept", "shutdown"]
    browser.close()
    assert log[-2:] == ["kept", "shutdown"]


def test_a_browser_that_nobody_closed_leaves_nothing_behind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log: list[str] = []
    browser = Browser(lifespan_app(log), PAGE)
    browser.fetch("GET", "/")
    del browser
    gc.collect()
    assert log == ["startup", "kept"]
    assert caplog.records == []


async def collect() -> None:
    gc.collect()


def test_a_browser_may_be_forgotten_while_an_event_loop_runs() -> None:
    browser = Browser(asgi(), PAGE)
    browser.fetch("GET", "/")
    gc.disable()
    del browser
    asyncio.run(collect())
    gc.enable()


def test_a_lifespan_that_fails_is_told() -> None:
    with pytest.raises(RuntimeError, match="startup failed: no database"):
        Browser(lifespan_app([], "startup"), PAGE).fetch("GET", "/")
    browser = Browser(lifespan_app([], "shutdown"), PAGE)
    browser.fetch("GET", "/")
    with pytest.raises(RuntimeError, match="shutdown failed: no database"):
        browser.close()


def test_an_application_without_lifespan_can_be_closed() -> None:
    with Browser(asgi(), PAGE) as browser:
        assert browser.fetch("GET", "/").ok


class Closing:
    """A WSGI iterable that tells when it was closed."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"x"

    def close(self) -> None:
        self.closed = True


def test_a_wsgi_response_is_closed_and_may_start_again_with_an_exception() -> None:
    body = Closing()

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("X", "first")])
        try:
            int("x")
        except ValueError:
            grant = [("Access-Control-Allow-Origin", "*")]
            start_response("500 No", grant, sys.exc_info())
        return body

    response = Browser(app, PAGE).fetch("GET", "/")
    assert response.status == 500
    assert body.closed

    def twice(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        start_response("200 OK", [])

    with pytest.raises(AssertionError, match="twice"):
        Browser(twice, PAGE).fetch("GET", "/")


def test_repeated_request_headers_reach_a_wsgi_application_joined() -> None:
    from corekit.browser import HttpRequest
    from corekit_testing.transports import WsgiTransport

    transport = WsgiTransport(wsgi_app, raise_exceptions=True)
    headers = (("X-A", "1"), ("x-a", "2"))
    response = transport.send(HttpRequest("GET", "https://testserver/", headers))
    assert json.loads(response.body)["headers"]["x-a"] == "1,2"
    transport.close()


def test_a_server_that_is_not_there_is_no_matter_of_cors() -> None:
    import httpx

    with served() as url:
        pass
    with Browser(url, PAGE) as browser, pytest.raises(httpx.ConnectError):
        browser.fetch("GET", "/")


def test_without_httpx_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(ImportError, match=r"corekit\[testing\]"):
        Browser("http://localhost", PAGE)


def test_an_exchange_can_be_printed_safely() -> None:
    browser = Browser(wsgi(), PAGE)
    answer = told(headers=[["X-B", "\x1b[31m"]])
    text = describe(browser.fetch("GET", "/x", headers={**answer, "Accept": "x"}).exchanges)
    assert text.startswith("> OPTIONS https://testserver/x\n> Accept: */*\n")
    assert "> Origin: https://app.example.com\n< 200\n" in text
    assert "< X-B: \\x1b[31m\n" in text
    assert "\x1b" not in text


def test_text_is_utf8_and_json_is_checked() -> None:
    response = Browser(wsgi(), PAGE).fetch("GET", "/", headers=told(body="ü"))
    assert response.text == "ü"
    with pytest.raises(ValueError, match="Expecting"):
        response.json()
