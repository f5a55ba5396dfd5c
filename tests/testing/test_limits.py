"""Servers that send too much or for too long: the exchange ends at the limit, with an error."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from inspect import signature
from typing import Final

import pytest

from corekit.browser import HttpRequest
from corekit_testing import Browser, LimitError
from corekit_testing.network import THREAD, UrlTransport
from tests.hostile_servers import BOMB, HOSTILE, be_silent, say, talking
from tests.testing.serving import served

PAGE: Final = "https://a.example"
TIMEOUT: Final = 0.3
MESSAGES: Final = {
    "timeout": "is not complete after 0.3 seconds. Raise timeout.",
    "max_body": "has more than 100000 bytes. Raise max_body.",
    "head": "has a head, or a line between chunks, of more than 100 KiB.",
}


def is_receiving() -> bool:
    return any(thread.name == THREAD for thread in threading.enumerate())


def wait_until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 0.5
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def open_browser(url: str) -> Browser:
    return Browser(url, PAGE, timeout=TIMEOUT, max_body=100_000)


@pytest.mark.parametrize("name", HOSTILE)
def test_every_limit_ends_the_exchange(name: str) -> None:
    talk, limit, _, scheme = HOSTILE[name]
    with talking(talk) as port, open_browser(f"{scheme}://127.0.0.1:{port}") as browser:
        start = time.monotonic()
        with pytest.raises(LimitError) as caught:
            browser.fetch("GET", "/x", mode="no-cors")
        assert time.monotonic() - start < TIMEOUT + 1
        url = f"{scheme}://127.0.0.1:{port}/x"
        assert caught.value.limit == limit
        assert str(caught.value) == f"The response of {url} {MESSAGES[limit]}"
        assert wait_until(lambda: not is_receiving())


def test_deadline_within_an_event_loop() -> None:
    with talking(HOSTILE["slow header"].talk) as port:
        browser = open_browser(f"http://127.0.0.1:{port}")
        with browser, pytest.raises(LimitError, match="Raise timeout"):
            asyncio.run(browser.fetch_async("GET", "/", mode="no-cors"))
    assert wait_until(lambda: not is_receiving())


def test_body_is_not_decompressed() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n" % len(BOMB)
    cors = b"Access-Control-Allow-Origin: *\r\n\r\n"
    with (
        talking(say(head + cors + BOMB)) as port,
        Browser(f"http://127.0.0.1:{port}", PAGE) as browser,
    ):
        assert browser.fetch("GET", "/").body == BOMB


def test_connection_works_after_a_timeout() -> None:
    transport = UrlTransport(timeout=TIMEOUT)
    with talking(be_silent) as port, pytest.raises(LimitError):
        transport.send(HttpRequest("GET", f"http://127.0.0.1:{port}/"))
    with served() as url:
        assert transport.send(HttpRequest("GET", url)).status == 200
    transport.close()


def test_slow_lookup_of_a_name_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def look_up(*_: object, **__: object) -> list[object]:
        released.wait(10)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    with talking(be_silent) as port:
        monkeypatch.setattr("socket.getaddrinfo", look_up)
        transport = UrlTransport(timeout=TIMEOUT)
        start = time.monotonic()
        with pytest.raises(LimitError, match="Raise timeout"):
            transport.send(HttpRequest("GET", f"http://slow.example:{port}/"))
        assert time.monotonic() - start < TIMEOUT + 1
        released.set()
        # The connection that comes too late is cut.
        assert wait_until(lambda: not is_receiving())
        transport.close()


def test_default_limits() -> None:
    for function in (Browser, UrlTransport):
        defaults = signature(function).parameters
        assert (defaults["timeout"].default, defaults["max_body"].default) == (30, 16 * 1024**2)


def test_exact_length_is_not_too_long() -> None:
    words = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde"
    with talking(say(words)) as port:
        request = HttpRequest("GET", f"http://127.0.0.1:{port}/")
        for most in (4, 5):
            cut = UrlTransport(max_body=most, truncate=True)
            assert cut.send(request).body == b"abcde"[:most]
            cut.close()
        whole = UrlTransport(max_body=5)
        assert whole.send(request).body == b"abcde"
        whole.close()
