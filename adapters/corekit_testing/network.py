"""The transport for a server at a URL: httpx, with a deadline for the exchange as a whole.

httpx limits the wait for each part of a response, so a server can go on forever: with informational
responses, or with a head that arrives byte by byte. Each exchange therefore runs in a thread, which
is abandoned at the deadline. That also covers the lookup of a name, which nothing can interrupt.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from struct import pack
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final, Literal

from corekit.browser import HttpRequest, HttpResponse
from corekit.browser.messages import Headers
from corekit.browser.urls import Url, parse_url

if TYPE_CHECKING:
    import httpx

Limit = Literal["timeout", "max_body", "head"]
OnConnect = Callable[[str, str], None]

TIMEOUT: Final = 30.0
"""Seconds for an exchange, unless a test passes another number."""

MAX_BODY: Final = 16_777_216
"""Bytes of a response body, unless a test passes another number."""

THREAD: Final = "corekit exchange"
"""The name of the threads that send and receive."""

_RESET: Final = pack("HH" if sys.platform == "win32" else "ii", 1, 0)
"""struct linger: closing the socket resets the connection."""

_LINES: Final = "corekit.lines"


class LimitError(Exception):
    """A server at a URL exceeded a limit.

    `limit` is ``timeout`` or ``max_body``, which are arguments of `Browser`, or ``head``: httpx
    reads some 100 KiB of a response's head, and of the lines between the chunks of its body.
    """

    def __init__(self, limit: Limit, message: str) -> None:
        super().__init__(message)
        self.limit: Limit = limit


class UrlTransport:
    """Carries requests over the network, with httpx; TLS certificates are verified.

    `timeout` applies to all of an exchange, from the lookup of the name to the end of the body, and
    `max_body` to the bytes of the body, which is not decompressed. A response that exceeds one
    raises `LimitError`; with `truncate`, the rest of its body is dropped instead. `headers` are
    sent with every request. `on_connect` is called with the host of a request and the address of
    the new connection ("" if a proxy connects), before anything is sent; it may raise an exception.
    Raises OSError and the errors of httpx too, such as ``httpx.ConnectError``.
    """

    def __init__(
        self,
        *,
        timeout: float = TIMEOUT,
        max_body: int = MAX_BODY,
        truncate: bool = False,
        headers: Mapping[str, str] | None = None,
        on_connect: OnConnect | None = None,
    ) -> None:
        try:
            import httpx  # noqa: PLC0415 - an extra: only URLs need it
        except ImportError:
            raise ImportError(
                "Fetching from a URL needs httpx. Install corekit with the extra 'testing'."
            ) from None
        self._timeout = timeout
        self._max_body = max_body
        self._truncate = truncate
        # Bodies are not decompressed, so they should not be compressed.
        self._headers = {"Accept-Encoding": "identity", **(headers or {})}
        self._on_connect = on_connect
        self._timeout_error = httpx.TimeoutException
        self._connection = self._open()

    def send(self, request: HttpRequest, timeout: float | None = None) -> HttpResponse:
        """Send one request; `timeout` replaces that of the transport."""
        exchange = _Exchange(self._connection, request, self._max_body)
        try:
            return self._run(exchange, self._timeout if timeout is None else timeout)
        finally:
            if exchange.is_abandoned:
                self._connection = self._open()

    async def send_async(self, request: HttpRequest) -> HttpResponse:
        """Send one request in a thread, over a new connection, so that the event loop can run."""
        exchange = _Exchange(self._open(), request, self._max_body, is_last=True)
        return await asyncio.to_thread(self._run, exchange, self._timeout)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _open(self) -> _Connection:
        return _Connection(self._headers, self._on_connect)

    def _run(self, exchange: _Exchange, timeout: float) -> HttpResponse:
        exchange.run_for(timeout)
        error = exchange.error
        limit: Limit | None = None
        if exchange.is_abandoned or isinstance(error, self._timeout_error):
            limit = "timeout"
        elif exchange.is_too_long:
            limit = "max_body"
        elif error is not None and _is_head_too_long(error):
            limit = "head"
        elif error is not None:
            raise error
        if exchange.head is None or (limit is not None and not self._truncate):
            message = {
                "timeout": f"is not complete after {timeout:g} seconds. Raise timeout.",
                "max_body": f"has more than {self._max_body} bytes. Raise max_body.",
                "head": "has a head, or a line between chunks, of more than 100 KiB.",
            }
            limit = limit or "timeout"
            raise LimitError(limit, f"The response of {exchange.url} {message[limit]}") from error
        return HttpResponse(*exchange.head, bytes(exchange.body[: self._max_body]))


class _Connection:
    """An httpx client with at most one open connection, which any thread can cut."""

    def __init__(self, headers: Mapping[str, str], on_connect: OnConnect | None) -> None:
        import httpx  # noqa: PLC0415 - an extra: only URLs need it

        self.client = httpx.Client(
            headers=headers,
            limits=httpx.Limits(max_connections=1),
            event_hooks={"response": [_keep_lines]},
        )
        self._on_connect = on_connect
        self._lock = Lock()
        self._sockets: list[socket.socket] = []
        self._is_cut = False

    def trace(self, host: str) -> Callable[[str, Mapping[str, Any]], None]:
        """Return the ``trace`` extension of a request to `host`, which follows its connection."""
        target = ""

        def trace(event: str, info: Mapping[str, Any]) -> None:
            nonlocal target
            event = event.partition(".")[2]
            if event == "connect_tcp.started":
                target = info["host"]
            elif event == "connect_tcp.complete":
                found = info["return_value"].get_extra_info("socket")
                try:
                    self._keep(found)
                    if self._on_connect is not None:
                        self._on_connect(host, found.getpeername()[0] if target == host else "")
                except BaseException:
                    found.close()
                    raise
            elif event == "start_tls.started":
                # The handshake takes the socket away; its duplicate is the same connection.
                self._keep(self._sockets[0].dup())
            elif event.startswith("start_tls."):
                self._sockets[0].close()
                if event == "start_tls.complete":
                    self._keep(info["return_value"].get_extra_info("socket"))

        return trace

    def _keep(self, found: socket.socket) -> None:
        with self._lock:
            self._sockets[:] = [found]
            if self._is_cut:
                _shut(found)

    def cut(self) -> None:
        """End what is sent and received, now or as soon as there is a connection."""
        with self._lock:
            self._is_cut = True
            for each in self._sockets:
                _shut(each)

    def close(self) -> None:
        """Close the connection."""
        self.client.close()


class _Exchange:
    """One request and its response; all that was received until the deadline."""

    def __init__(
        self, connection: _Connection, request: HttpRequest, max_body: int, *, is_last: bool = False
    ) -> None:
        self.url = request.url
        self.head: tuple[int, Headers] | None = None
        self.body = bytearray()
        self.error: BaseException | None = None
        self.is_abandoned = False
        self._is_last = is_last
        self._is_done = False
        self._lock = Lock()
        self._connection = connection
        self._request = request
        self._max_body = max_body

    @property
    def is_too_long(self) -> bool:
        """Whether there is more of the body than may be read."""
        return len(self.body) > self._max_body

    def run_for(self, seconds: float) -> None:
        """Send and receive in a thread; after `seconds`, cut the connection."""
        thread = Thread(target=self._run, args=(seconds,), name=THREAD, daemon=True)
        thread.start()
        try:
            thread.join(seconds)
        finally:
            with self._lock:
                self.is_abandoned = not self._is_done
            if self.is_abandoned:
                self._connection.cut()

    def _run(self, seconds: float) -> None:
        try:
            self._receive(seconds)
        except BaseException as error:  # noqa: BLE001 - raised again where the caller waits
            self.error = error
        with self._lock:
            self._is_done = True
        if self._is_last or self.is_abandoned:
            self._connection.close()

    def _receive(self, seconds: float) -> None:
        request, client, parsed = self._request, self._connection.client, parse_url(self.url)
        url, host, extensions = _locate(self.url, parsed)
        # The cookies of a response are not sent with the next request.
        client.cookies.clear()
        with client.stream(
            request.method,
            url,
            headers=encode_headers(_with_host(request.headers, parsed)),
            content=request.body,
            timeout=seconds,
            extensions={**extensions, "trace": self._connection.trace(host)},
        ) as response:
            self.head = (response.status_code, response.extensions[_LINES])
            for chunk in response.iter_raw():
                self.body += chunk
                if self.is_too_long:
                    break


def _with_host(headers: Headers, parsed: Url) -> Headers:
    # A page cannot set Host, but a probe can.
    if any(name.lower() == "host" for name, _ in headers):
        return headers
    return (("Host", parsed.authority), *headers)


def _locate(url: str, parsed: Url) -> tuple[str, str, dict[str, str]]:
    """Return the URL and the host to connect to, and extensions of the request."""
    # Browsers do not look up names below localhost, which resolvers often do not know:
    # https://www.rfc-editor.org/rfc/rfc6761#section-6.3
    if parsed.host.endswith(".localhost"):
        sni = {"sni_hostname": parsed.host}
        return url.replace(parsed.host, "localhost", 1), "localhost", sni
    return url, parsed.host.strip("[]"), {}


def _shut(found: socket.socket) -> None:
    # Not the methods of a TLS socket: it would go on in plain text.
    with suppress(OSError):
        # The server learns at once that nobody receives what it sends.
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        socket.socket.shutdown(found, socket.SHUT_RDWR)
        # What has arrived already could be read for a long time.
        while socket.socket.recv(found, 65_536):
            pass


def _is_head_too_long(error: BaseException | None) -> bool:
    # h11 recommends the status that a server would send; httpx wraps its exception.
    while error is not None and getattr(error, "error_status_hint", None) != 431:
        error = error.__cause__ or error.__context__
    return error is not None


def _keep_lines(response: httpx.Response) -> None:
    # As they were sent, so that repeated headers remain visible.
    response.extensions[_LINES] = decode_headers(response.headers.raw)
    # httpx parses it without following it, and raises if it is not a URL.
    response.headers.pop("location", None)


def encode_headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return headers as bytes."""
    return [(name.encode(), value.encode("latin-1")) for name, value in headers]


def decode_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return headers as text; servers take any bytes-like objects."""
    return tuple((str(name, "latin-1"), str(value, "latin-1")) for name, value in headers)
