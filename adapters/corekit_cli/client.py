"""The HTTP client of the commands: limited in the number, size and duration of its requests.

No server can lead it into a private network, by a redirect or by changing its own address. GET and
OPTIONS are sent; any other method only if the caller says that it may be.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final, Literal, Self

import httpx

from corekit import __version__
from corekit.browser import HttpRequest, HttpResponse
from corekit_testing.network import LimitError, UrlTransport

from .output import CommandError

_MAX_BODY: Final = 65_536
"""Bytes of a response body that are read: the refusal of a guard is shorter."""

_SAFE_METHODS: Final = frozenset({"GET", "OPTIONS"})

_MAX_SHOWN: Final = 200
"""Characters of a network error that are shown: some repeat what the server sent."""

_LONGEST_WAIT: Final = 10.0
"""Seconds that a server may ask to wait before a request is sent again."""

_CHECK_HOST: Final = "Check the spelling of the host."
_ERRORS: Final[dict[type[Exception], tuple[str, str]]] = {
    ssl.SSLCertVerificationError: (
        "The certificate is not trusted ({}).",
        "If it comes from your own authority, name that in the variable SSL_CERT_FILE.",
    ),
    ssl.SSLError: (
        "The TLS handshake failed ({}).",
        "If the server speaks plain HTTP, use http://.",
    ),
    socket.gaierror: ("The host name was not found ({}).", _CHECK_HOST),
    ConnectionRefusedError: (
        "The connection was refused.",
        "Check that the server is running, and that the port is right.",
    ),
    ConnectionError: (
        "The server closed the connection without a response.",
        "Check the log of the server.",
    ),
    OSError: ("The server cannot be reached ({}).", "Check the URL and the network."),
    UnicodeError: ("The host name is not valid.", _CHECK_HOST),
    httpx.RemoteProtocolError: (
        "The response is not HTTP ({}).",
        "Check that the port belongs to an HTTP server.",
    ),
    Exception: ("The request failed ({}).", "Check the URL."),
}
"""The message and the hint: the first that an error, or one of its causes, is an instance of."""


Network = Literal["public", "private", "link-local", "loopback"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for each response, between two requests, and for all of them; how many there may be.

    `timeout` and `max_time` include everything from the lookup of a name to the end of a body.
    """

    timeout: float
    delay: float
    max_time: float
    max_requests: int


class _NetworkError(Exception):
    """A server led to another network; `address` is the host, and the address if that differs."""

    def __init__(self, address: str, network: Network, first: Network) -> None:
        super().__init__(address)
        self.address, self.network, self.first = address, network, first


class Client:
    """Sends requests: the transport of a `BrowserModel` and of a probe.

    After the first request, it connects only to public addresses and to the same kind of network.
    It follows no redirects, which is up to the browser, and keeps no cookies. Unless `send_unsafe`
    is set, an unsafe request is not sent: the response to its preflight is used instead, and
    its method is added to `assumed`.
    """

    def __init__(self, limits: Limits, *, send_unsafe: bool) -> None:
        self.assumed: list[str] = []
        self._sent = 0
        self._limits = limits
        self._send_unsafe = send_unsafe
        self._preflight: HttpResponse | None = None
        self._network: Network | None = None
        self._end = time.monotonic() + limits.max_time
        self._transport = UrlTransport(
            max_body=_MAX_BODY,
            truncate=True,
            headers={"User-Agent": f"corekit/{__version__}"},
            on_connect=self._check_network,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request; raises `CommandError` if it gets no response or may not be sent."""
        if request.method not in _SAFE_METHODS and not self._send_unsafe:
            return self._assume(request)
        if self._sent >= self._limits.max_requests:
            raise CommandError(
                f"More than {self._limits.max_requests} requests are necessary.",
                "Raise --max-requests.",
                source=request.url,
            )
        delay = self._limits.delay if self._sent else 0
        left = self._end - time.monotonic() - delay
        if left <= 0:
            raise self._make_time_error(request)
        if self._sent:
            time.sleep(delay)
        self._sent += 1
        try:
            response = self._transport.send(request, min(self._limits.timeout, left))
        except _NetworkError as error:
            raise CommandError(
                f"A server with a {error.first} address led to the {error.network} address"
                f" {error.address}. The request was not sent.",
                "If you trust this URL, pass it to the command.",
                source=request.url,
            ) from error
        # An invalid host name is found by whatever looks it up.
        except (LimitError, OSError, UnicodeError, httpx.HTTPError, httpx.InvalidURL) as error:
            is_timeout = isinstance(error, LimitError) and error.limit == "timeout"
            if is_timeout and left < self._limits.timeout:
                raise self._make_time_error(request) from error
            message, hint = describe_error(error, request.url, timeout=self._limits.timeout)
            raise CommandError(message, hint, source=request.url) from error
        if request.is_preflight:
            self._preflight = response
        return response

    def wait(self, seconds: float) -> bool:
        """Wait, if there is time for that and for more requests; return whether there was."""
        left = self._end - time.monotonic() - seconds - self._limits.delay
        if seconds > _LONGEST_WAIT or left <= 0 or self._sent + 2 > self._limits.max_requests:
            return False
        time.sleep(seconds)
        return True

    def _make_time_error(self, request: HttpRequest) -> CommandError:
        message = f"All requests together take more than {self._limits.max_time:g} seconds."
        return CommandError(message, "Raise --max-time.", source=request.url)

    def _check_network(self, host: str, address: str) -> None:
        network = find_network(address or host)
        if self._network is None:
            self._network = network
        elif network not in ("public", self._network):
            shown = host if address in ("", host) else f"{host} ({address})"
            raise _NetworkError(shown, network, self._network)

    def _assume(self, request: HttpRequest) -> HttpResponse:
        if self._preflight is None:
            message = f"{request.method} is not sent, since it may change something."
            raise CommandError(message, "Allow it with --send-unsafe.", source=request.url)
        self.assumed.append(request.method)
        # Nothing is known of its other headers.
        headers = self._preflight.headers
        kept = tuple(pair for pair in headers if pair[0].lower().startswith("access-control-"))
        return HttpResponse(200, kept)


def describe_error(error: Exception, url: str, *, timeout: float) -> tuple[str, str]:
    """Return why there is no response from `url`, and a hint; both are safe to print.

    `timeout` is how many seconds the client waited.

    >>> describe_error(ConnectionRefusedError(), "http://localhost:8000/", timeout=10)[0]
    'The connection was refused.'
    """
    if isinstance(error, LimitError):
        if error.limit == "timeout":
            return f"No response within {timeout:g} seconds.", "Check the URL, or raise --timeout."
        return "The head of the response has more than 100 KiB.", "Send fewer or shorter headers."
    chain = list(_causes(error))
    kind, exception = next(
        (kind, each) for kind in _ERRORS for each in chain if isinstance(each, kind)
    )
    if kind is httpx.RemoteProtocolError and "disconnected" in str(exception):
        kind = ConnectionError
    message, hint = _ERRORS[kind]
    if kind is ConnectionError and url.startswith("http:"):
        hint = "If it speaks HTTPS, use https://."
    shown = ascii(message.format(_detail(exception)))[1:-1].replace("\\'", "'")
    return shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}...", hint


def find_network(host: str) -> Network:
    """Return the kind of network that an IP address is on; a name is taken for a public host.

    >>> find_network("169.254.169.254"), find_network("::ffff:10.0.0.1"), find_network("localhost")
    ('link-local', 'private', 'loopback')
    """
    if host == "localhost":
        return "loopback"
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return "public"
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback or address.is_unspecified:
        return "loopback"
    if address.is_link_local:
        return "link-local"
    return "public" if address.is_global else "private"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    # httpx wraps what the network reported, twice.
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _detail(error: BaseException) -> str:
    texts = (getattr(error, name, "") for name in ("verify_message", "reason", "strerror"))
    text = next(filter(None, texts), str(error))
    return text.rstrip(".") or type(error).__name__
