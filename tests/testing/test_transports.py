"""Requests to a running server: how much of a body is read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from corekit.browser import HttpRequest, HttpResponse
from corekit_testing.transports import UrlTransport
from tests.testing.serving import served


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
        limited = UrlTransport(max_body=3)
        body = how(whole, request).body
        assert len(body) > 3
        assert how(limited, request).body == body[:3]
        whole.close()
        limited.close()
