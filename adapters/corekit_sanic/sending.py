"""Send responses: at once, past the middleware, or with headers that are changed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from sanic import HTTPResponse, Request
from sanic.compat import Header
from sanic.http import Http
from sanic.response import BaseHTTPResponse

RawHeaders = Iterable[tuple[bytes, bytes]]
Change = Callable[[RawHeaders], RawHeaders]


async def send_at_once(
    request: Request, status: int, headers: list[tuple[str, str]], body: bytes
) -> None:
    """Send a response to the server directly: respond() would run the response middleware."""
    response = HTTPResponse(body, status, Header(headers), "text/plain; charset=utf-8")
    cast("Http", request.stream).respond(response)
    await response.send(end_stream=True)


def change_when_sent(request: Request, change: Change) -> None:
    """Change the headers of the response to a request when they are sent.

    A handler may change the headers until it sends the first part of the body, and an error may
    replace the whole response until then. A WebSocket handshake is not sent this way.
    """
    stream: Any = request.stream
    attribute = "response_func" if isinstance(request.stream, Http) else "send"
    send = getattr(stream, attribute)

    async def send_with_headers(data: bytes, end_stream: bool) -> None:
        response = stream.response
        stream.response = _ChangedResponse(response, change)
        try:
            await send(data, end_stream)
        finally:
            stream.response = response

    setattr(stream, attribute, send_with_headers)


class _ChangedResponse:
    """A response whose headers are changed while they are written.

    The response itself stays unchanged, since an application may use it again for other requests.
    """

    def __init__(self, response: BaseHTTPResponse, change: Change) -> None:
        self._response = response
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)

    @property
    def processed_headers(self) -> RawHeaders:
        return self._change(self._response.processed_headers)


def line_of(request: Request, name: str) -> str | None:
    """Return the value of a header, or its values joined with a comma, or None."""
    # No origin has a comma: a second header makes it one that matches nothing.
    lines = request.headers.getall(name, None)
    if lines is None:
        return None
    # Sanic decodes the bytes as UTF-8, corekit as latin-1.
    return ",".join(lines).encode(errors="surrogateescape").decode("latin-1")
