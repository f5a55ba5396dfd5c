"""What the browser can be put in front of: applications, lifespans, several origins, URLs."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

import corekit_asgi
from corekit_testing import Browser, CorsError
from corekit_testing.outcome import describe
from tests.testing.applications import wsgi_app
from tests.testing.serving import ANY, PAGE, asgi, respond, served, wsgi


@pytest.mark.parametrize("make", [asgi, wsgi])
def test_exception_propagates_or_becomes_a_bare_500(
    make: Callable[[], Any],
) -> None:
    with pytest.raises(RuntimeError, match="as requested"):
        Browser(make(), PAGE).fetch("GET", "/", headers=respond(fail=True))
    with pytest.raises(CorsError, match=r"^MissingAllowOriginHeader") as raised:
        Browser(make(), PAGE, raise_exceptions=False).fetch("GET", "/", headers=respond(fail=True))
    assert raised.value.exchanges[-1].response.status == 500


def test_response_that_was_sent_before_an_exception_is_kept() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b"body", "more_body": False})
        raise RuntimeError("let go on")

    browser = Browser(corekit_asgi.CorsMiddleware(app, ANY), PAGE, raise_exceptions=False)
    response = browser.fetch("GET", "/")
    assert (response.status, response.text) == (500, "body")


@pytest.mark.parametrize("make", [asgi, wsgi])
def test_url_of_an_application_can_be_set(make: Callable[[], Any]) -> None:
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
    answer = respond(status=307, headers=[["Location", "https://files.example.com/"]])
    # The origin is null by then, and a grant to any origin is one to null.
    with pytest.raises(CorsError, match=r"^HeaderDisallowedBy|^PreflightWildcard") as raised:
        browser.fetch("GET", "/", headers=answer, credentials="include")
    assert ("Origin", "null") in raised.value.exchanges[-1].request.headers
    with pytest.raises(ConnectionError, match="No application serves https://third"):
        browser.fetch("GET", "https://third.example/")
    browser.close()


@pytest.mark.parametrize("app", [object(), 1, None])
def test_other_objects_are_rejected(app: object) -> None:
    with pytest.raises(TypeError, match="neither an ASGI nor a WSGI"):
        Browser(app, PAGE)


def test_application_may_be_a_partial() -> None:
    async def wrapped(extra: int, scope: Any, receive: Any, send: Any) -> None:
        await asgi()(scope, receive, send)

    assert Browser(partial(wrapped, 1), PAGE).fetch("GET", "/").ok


def test_sync_fetch_within_an_event_loop_raises() -> None:
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


def test_lifespan_starts_and_ends_once() -> None:
    log: list[str] = []
    with Browser(lifespan_app(log), PAGE) as browser:
        assert log == []
        assert browser.fetch("GET", "/").status == 204
        browser.fetch("GET", "/")
        assert log == ["startup", "kept", "kept"]
    assert log == ["startup", "kept", "kept", "shutdown"]
    browser.close()
    assert log[-2:] == ["kept", "shutdown"]


def canceled_app(log: list[str]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            try:
                await receive()
            finally:
                log.append("canceled")
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    return app


def test_unclosed_browser_is_left_to_the_next(caplog: pytest.LogCaptureFixture) -> None:
    log: list[str] = []
    Browser(canceled_app(log), PAGE).fetch("GET", "/", mode="no-cors")
    gc.collect()
    assert log == []
    with Browser(asgi(), PAGE) as browser:
        browser.fetch("GET", "/")
    assert log == ["canceled"]
    assert caplog.records == []


async def collect() -> None:
    gc.collect()


def test_unclosed_browser_within_an_event_loop(caplog: pytest.LogCaptureFixture) -> None:
    log: list[str] = []
    gc.disable()
    Browser(canceled_app(log), PAGE).fetch("GET", "/", mode="no-cors")
    asyncio.run(collect())
    gc.enable()
    with Browser(asgi(), PAGE) as browser:
        browser.fetch("GET", "/")
    assert log == ["canceled"]
    assert caplog.records == []


EXITING = """
from corekit_testing import Browser
from tests.testing.serving import PAGE
from tests.testing.test_applications import canceled_app

class Log:
    append = print

kept = [Browser(canceled_app(Log), PAGE) for _ in range(2)]
for each in kept:
    each.fetch("GET", "/", mode="no-cors")
kept.pop()
"""


def test_unclosed_browsers_end_with_the_process() -> None:
    command = [sys.executable, "-W", "error", "-c", EXITING]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert (ran.stdout.split(), ran.stderr) == (["canceled", "canceled"], "")


def test_failed_startup_raises() -> None:
    with pytest.raises(RuntimeError, match="startup of the application failed: no database"):
        Browser(lifespan_app([], "startup"), PAGE).fetch("GET", "/")
    browser = Browser(lifespan_app([], "shutdown"), PAGE)
    browser.fetch("GET", "/")
    with pytest.raises(RuntimeError, match="shutdown of the application failed: no database"):
        browser.close()


def test_application_without_lifespan_can_be_closed() -> None:
    with Browser(asgi(), PAGE) as browser:
        assert browser.fetch("GET", "/").ok


class Closing:
    """A WSGI iterable that records when it is closed."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"x"

    def close(self) -> None:
        self.closed = True


def test_wsgi_response_is_closed_and_may_restart() -> None:
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


def test_wsgi_joins_repeated_request_headers() -> None:
    from corekit.browser import HttpRequest
    from corekit_testing.transports import WsgiTransport

    transport = WsgiTransport(wsgi_app, raise_exceptions=True)
    headers = (("X-A", "1"), ("x-a", "2"))
    response = transport.send(HttpRequest("GET", "https://testserver/", headers))
    assert json.loads(response.body)["headers"]["x-a"] == "1,2"
    transport.close()


def test_missing_server_is_not_a_cors_error() -> None:
    import httpx

    with served() as url:
        pass
    with Browser(url, PAGE) as browser, pytest.raises(httpx.ConnectError):
        browser.fetch("GET", "/")


def test_missing_httpx_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(ImportError, match="the extra 'testing'"):
        Browser("http://localhost", PAGE)


def test_exchanges_are_printed_safely() -> None:
    browser = Browser(wsgi(), PAGE)
    answer = respond(headers=[["X-B", "\x1b[31m"]])
    text = describe(browser.fetch("GET", "/x", headers={**answer, "Accept": "x"}).exchanges)
    assert text.startswith("> OPTIONS https://testserver/x\n> Accept: */*\n")
    assert "> Origin: https://app.example.com\n< 200\n" in text
    assert "< X-B: \\x1b[31m\n" in text
    assert "\x1b" not in text


def test_text_is_utf8_and_json_is_checked() -> None:
    response = Browser(wsgi(), PAGE).fetch("GET", "/", headers=respond(body="ü"))
    assert response.text == "ü"
    with pytest.raises(ValueError, match="Expecting"):
        response.json()
