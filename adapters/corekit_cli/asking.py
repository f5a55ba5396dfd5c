"""Asking a live server: requests over the network, bounded in number, in size and in time.

What is asked, and what the answers mean, is the business of others. GET and OPTIONS are sent; any
other request only where the caller says that it may be.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import httpx

from corekit import __version__
from corekit.browser import HttpRequest, HttpResponse
from corekit.browser.urls import parse_url

from .unanswered import tell_why

__all__ = ["Asker", "NotAskedError", "Pace"]

_MAX_BODY: Final = 65_536
"""Bytes of a response's body that are read; what a page could read of it is no matter of CORS."""

_LINES: Final = "corekit.lines"

_GRANTS: Final = "access-control-"

_HARMLESS: Final = frozenset({"GET", "OPTIONS"})


class NotAskedError(Exception):
    """The server could not be asked: one sentence, with the address."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard a server may be asked: seconds to wait for it, seconds between, requests at most.

    So long is waited for each part of a response's head, and for all of its body.
    """

    timeout: float
    delay: float
    limit: int


class Asker:
    """Carries requests to a server: the transport of a `BrowserModel`, and of a probe.

    Redirects are not followed: that is the browser's part. `asked` counts what went out. Where a
    request may not be sent (`send_unsafe`), the answer to its preflight stands for its own, and its
    method is added to `assumed`.
    """

    def __init__(self, pace: Pace, *, send_unsafe: bool) -> None:
        self.asked = 0
        self.assumed: list[str] = []
        self._pace = pace
        self._send_unsafe = send_unsafe
        self._granted: HttpResponse | None = None
        self._client = httpx.Client(
            timeout=pace.timeout,
            follow_redirects=False,
            headers={"User-Agent": f"corekit/{__version__}"},
            event_hooks={"response": [_keep_lines]},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def send(self, request: HttpRequest) -> HttpResponse:
        """Carry one request; raises `NotAskedError` where no answer came or none may be had."""
        if request.method not in _HARMLESS and not self._send_unsafe:
            if self._granted is None:
                raise NotAskedError(
                    f"{request.method} is not sent without --send-unsafe: it may change something"
                )
            self.assumed.append(request.method)
            # Of its other headers nothing is known.
            headers = self._granted.headers
            granted = tuple(pair for pair in headers if pair[0].lower().startswith(_GRANTS))
            return HttpResponse(200, granted)
        if self.asked >= self._pace.limit:
            raise NotAskedError(
                f"{request.url}: --max-requests {self._pace.limit} is too few to ask this, too"
            )
        if self.asked:
            time.sleep(self._pace.delay)
        self.asked += 1
        response = self._carry(request)
        if request.is_preflight:
            self._granted = response
        return response

    def _carry(self, request: HttpRequest) -> HttpResponse:
        headers = [("Host", parse_url(request.url).authority), *request.headers]
        # What one answer sets is not to be sent with the next: each is asked afresh.
        self._client.cookies.clear()
        try:
            url, names = _locate(httpx.URL(request.url))
            with self._client.stream(
                request.method,
                url,
                headers=[(name.encode(), value.encode("latin-1")) for name, value in headers],
                content=request.body,
                extensions=names,
            ) as response:
                body = _read_body(response, self._pace.timeout)
                return HttpResponse(response.status_code, response.extensions[_LINES], body)
        # What a name cannot be is found out late, by whatever looks it up.
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            reason = tell_why(error, request.url, timeout=self._pace.timeout)
            raise NotAskedError(f"{request.url}: {reason}") from error


def _locate(url: httpx.URL) -> tuple[httpx.URL, dict[str, str]]:
    # Browsers look up no name below localhost, and resolvers often do not know any:
    # https://www.rfc-editor.org/rfc/rfc6761#section-6.3
    if not url.host.endswith(".localhost"):
        return url, {}
    return url.copy_with(host="localhost"), {"sni_hostname": url.host}


def _keep_lines(response: httpx.Response) -> None:
    # As they came, so that a header that came twice is seen twice.
    response.extensions[_LINES] = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
    )
    # httpx reads it though it follows nothing, and fails where it is no address.
    response.headers.pop("location", None)


def _read_body(response: httpx.Response, timeout: float) -> bytes:
    # httpx bounds the wait for each part; a server that drips could be waited for all day.
    until = time.monotonic() + timeout
    body = b""
    for chunk in response.iter_raw():
        body += chunk
        if len(body) >= _MAX_BODY or time.monotonic() >= until:
            break
    return body[:_MAX_BODY]
