"""Requests to a running server: how much of a body is read, which names are looked up, cookies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from corekit.browser import HttpRequest, HttpResponse
from corekit_testing.network import UrlTransport
from tests.testing.serving import respond, served


def send(transport: UrlTransport, request: HttpRequest) -> HttpResponse:
    return transport.send(request)


def send_async(transport: UrlTransport, request: HttpRequest) -> HttpResponse:
    return asyncio.run(transport.send_async(request))


@pytest.mark.parametrize("how", [send, send_async])
def test_body_is_read_up_to_a_limit(
    how: Callable[[UrlTransport, HttpRequest], HttpResponse],
) -> None:
    with served() as url:
        request = HttpRequest("GET", f"{url}/items", (), None, False)
        whole = UrlTransport()
        limited = UrlTransport(max_body=3, truncate=True)
        body = how(whole, request).body
        assert len(body) > 3
        assert how(limited, request).body == body[:3]
        whole.close()
        limited.close()


@pytest.mark.parametrize("how", [send, send_async])
def test_name_below_localhost_is_not_looked_up(
    how: Callable[[UrlTransport, HttpRequest], HttpResponse],
) -> None:
    with served() as url:
        host = url.removeprefix("http://").replace("127.0.0.1", "shop.localhost")
        transport = UrlTransport()
        seen = json.loads(how(transport, HttpRequest("GET", f"http://{host}/")).body)
        transport.close()
    assert seen["headers"]["host"] == host


@pytest.mark.parametrize("how", [send, send_async])
def test_cookies_are_not_kept(
    how: Callable[[UrlTransport, HttpRequest], HttpResponse],
) -> None:
    with served() as url:
        transport = UrlTransport()
        line = ["Set-Cookie", "a=1; Path=/"]
        answer = tuple(respond(headers=[line]).items())
        assert tuple(line) in how(transport, HttpRequest("GET", url, answer)).headers
        seen = json.loads(how(transport, HttpRequest("GET", url)).body)
        transport.close()
    assert "cookie" not in seen["headers"]
