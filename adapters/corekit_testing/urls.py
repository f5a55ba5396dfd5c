"""The transport for a server at a URL, with httpx."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from corekit.browser import HttpRequest, HttpResponse
from corekit.browser.urls import parse_url

if TYPE_CHECKING:
    import httpx

_TIMEOUT: Final = 30.0
_MAX_BODY: Final = 16_777_216
_LINES: Final = "corekit.lines"


class UrlTransport:
    """Carries requests over the network; TLS certificates are verified.

    `timeout` applies to each part of a response's head, and to all of its body. At most `max_body`
    bytes of a body are read, and the rest is dropped. `headers` are sent with every request. Raises
    the errors of httpx, such as ``httpx.ConnectError``.
    """

    def __init__(
        self,
        *,
        timeout: float = _TIMEOUT,
        max_body: int = _MAX_BODY,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        try:
            import httpx  # noqa: PLC0415 - an extra: only URLs need it
        except ImportError:
            raise ImportError(
                "Fetching from a URL needs httpx: pip install 'corekit[testing]'"
            ) from None
        self._timeout = timeout
        self._max_body = max_body
        # Bodies are read as they come, so they should not be compressed.
        options: dict[str, Any] = {
            "timeout": timeout,
            "headers": {"Accept-Encoding": "identity", **(headers or {})},
        }
        self._client = httpx.Client(event_hooks={"response": [_keep_lines]}, **options)
        hooks = {"response": [_keep_lines_async]}
        self._make_async = partial(httpx.AsyncClient, event_hooks=hooks, **options)

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request."""
        # The cookies of a response are not sent with the next request.
        self._client.cookies.clear()
        with self._client.stream(**_arguments(request)) as response:
            body = _Body(self._max_body, self._timeout)
            for chunk in response.iter_raw():
                if body.add(chunk):
                    break
            return HttpResponse(response.status_code, response.extensions[_LINES], body.read())

    async def send_async(self, request: HttpRequest) -> HttpResponse:
        """Send one request from within an event loop, over a new connection."""
        async with self._make_async() as client, client.stream(**_arguments(request)) as response:
            body = _Body(self._max_body, self._timeout)
            async for chunk in response.aiter_raw():
                if body.add(chunk):
                    break
            return HttpResponse(response.status_code, response.extensions[_LINES], body.read())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class _Body:
    """The part of a body that is read: httpx limits the wait for each chunk, but not for all."""

    def __init__(self, limit: int, timeout: float) -> None:
        self._bytes = bytearray()
        self._limit = limit
        self._deadline = time.monotonic() + timeout

    def add(self, chunk: bytes) -> bool:
        """Keep a chunk; return whether to read no further."""
        self._bytes += chunk
        return len(self._bytes) >= self._limit or time.monotonic() >= self._deadline

    def read(self) -> bytes:
        return bytes(self._bytes[: self._limit])


def _arguments(request: HttpRequest) -> dict[str, Any]:
    url, extensions = request.url, {}
    parsed = parse_url(url)
    host = parsed.host
    # Browsers do not look up names below localhost, which resolvers often do not know:
    # https://www.rfc-editor.org/rfc/rfc6761#section-6.3
    if host.endswith(".localhost"):
        url = url.replace(host, "localhost", 1)
        extensions = {"sni_hostname": host}
    headers = [("Host", parsed.authority), *request.headers]
    return {
        "method": request.method,
        "url": url,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "content": request.body,
        "extensions": extensions,
    }


def _keep_lines(response: httpx.Response) -> None:
    # As they were sent, so that repeated headers remain visible.
    response.extensions[_LINES] = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
    )
    # httpx parses it without following it, and raises if it is not a URL.
    response.headers.pop("location", None)


async def _keep_lines_async(response: httpx.Response) -> None:
    _keep_lines(response)
