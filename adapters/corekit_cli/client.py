"""The HTTP client of the commands: limited in the number, size and duration of its requests.

GET and OPTIONS are sent; any other method only if the caller says that it may be.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import httpx

from corekit import __version__
from corekit.browser import HttpRequest, HttpResponse
from corekit_testing.urls import UrlTransport

from .network_errors import describe_error
from .output import CommandError

_MAX_BODY: Final = 65_536
"""Bytes of a response body that are read; no command looks at it."""

_SAFE_METHODS: Final = frozenset({"GET", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to wait for a response, seconds between two requests, and how many there may be.

    The timeout applies to each part of a response's head, and to all of its body.
    """

    timeout: float
    delay: float
    max_requests: int


class Client:
    """Sends requests: the transport of a `BrowserModel` and of a probe.

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
        self._transport = UrlTransport(
            timeout=limits.timeout,
            max_body=_MAX_BODY,
            headers={"User-Agent": f"corekit/{__version__}"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        if self._sent:
            time.sleep(self._limits.delay)
        self._sent += 1
        try:
            response = self._transport.send(request)
        # An invalid host name is found by whatever looks it up.
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            message, hint = describe_error(error, request.url, timeout=self._limits.timeout)
            raise CommandError(message, hint, source=request.url) from error
        if request.is_preflight:
            self._preflight = response
        return response

    def _assume(self, request: HttpRequest) -> HttpResponse:
        if self._preflight is None:
            message = f"{request.method} is not sent, since it may change something."
            raise CommandError(message, "Allow it with --send-unsafe.", source=request.url)
        self.assumed.append(request.method)
        # Nothing is known of its other headers.
        headers = self._preflight.headers
        kept = tuple(pair for pair in headers if pair[0].lower().startswith("access-control-"))
        return HttpResponse(200, kept)
