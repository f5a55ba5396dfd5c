"""The browser that tests use: a page, the code under test, a cookie jar and a clock.

The rules of fetching are `corekit.browser`'s; here they are put to work: arguments in Python's
terms become a `Fetch`, cookies are added where the model says that credentials go, and what comes
back is a response or an exception.
"""

from __future__ import annotations

import json as jsonlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Self, TypedDict, Unpack
from urllib.parse import urlencode

from corekit.browser import ENGINES, BrowserModel, Exchange, Fetch, HttpRequest, HttpResponse
from corekit.browser.urls import parse_url

from .cookies import COOKIE_QUIRKS, CookieJar
from .outcome import Response, raise_or_return
from .transports import Transport, make_transport

__all__ = ["DEFAULT_URL", "Browser", "FetchOptions"]

DEFAULT_URL: Final = "https://testserver"
"""Where an application is taken to be served, unless the test says otherwise."""


class FetchOptions(TypedDict, total=False):
    """What a fetch may have beside method and address.

    `headers`
        Request headers, as the page writes them.
    `json`
        A value to send as ``application/json``.
    `data`
        Instead of `json`: a mapping to send as a form, a str as ``text/plain``, or bytes without a
        type. A Content-Type among the headers is preferred.
    `mode`
        ``cors``, unless it is ``no-cors`` or ``same-origin``.
    `credentials`
        ``same-origin``, unless it is ``include`` or ``omit``: may cookies go with it?
    `redirect`
        ``follow``, unless it is ``error`` or ``manual``.
    `upload_listener`
        Whether the page watches the upload, which makes a preflight for any method.
    """

    headers: Mapping[str, str] | None
    json: Any
    data: Mapping[str, str] | str | bytes | None
    mode: str
    credentials: str
    redirect: str
    upload_listener: bool


class Browser:
    """A browser with one page open, in front of the code under test.

    `app` is an ASGI or WSGI application, Django's among them, the URL of a server, or a mapping
    from origins to any of these. `page` is the origin of the page that fetches; ``null`` for a
    sandboxed frame. Further arguments, all by keyword:

    `url`
        Where `app` is served, to which the addresses of fetches are relative.
    `engine`
        ``standard``, ``chromium``, ``firefox`` or ``webkit``: whose departures from the standard.
    `third_party_cookies`
        False for a browser that blocks cookies between sites.
    `raise_exceptions`
        Whether what the application raises reaches the test; otherwise it becomes the bare 500
        that a server makes of it, so that the test sees what a page would.
    `clock`
        A callable that returns seconds since the epoch.

    Close it, or use it in a ``with`` block, to end the lifespan of an ASGI application.

    >>> def app(environ, start_response):
    ...     start_response("200 OK", [("Access-Control-Allow-Origin", "https://app.example.com")])
    ...     return [b"hello"]
    >>> browser = Browser(app, page="https://app.example.com")
    >>> browser.fetch("GET", "/items").text
    'hello'
    >>> browser.fetch("GET", "/items", credentials="include")
    Traceback (most recent call last):
    corekit_testing.outcome.CorsError: InvalidAllowCredentials: The request includes ...
    """

    def __init__(
        self,
        app: Any,
        page: str,
        *,
        url: str | None = None,
        engine: str = "standard",
        third_party_cookies: bool = True,
        raise_exceptions: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if engine not in ENGINES:
            raise ValueError(f"engine {engine!a} is not one of {', '.join(ENGINES)}")
        if url is None and isinstance(app, str):
            url = app
        elif url is None and isinstance(app, Mapping):
            url = next(iter(app))
        self.page = page
        self.exchanges: list[Exchange] = []
        self._url = parse_url(DEFAULT_URL if url is None else url)
        self._clock = clock
        self._passed = 0.0
        self.cookies = CookieJar(
            clock=self._now,
            third_party=third_party_cookies,
            quirks=COOKIE_QUIRKS[engine],
        )
        self._model = BrowserModel(clock=self._now, quirks=ENGINES[engine])
        apps = app if isinstance(app, Mapping) else {self._url.origin: app}
        self._transports: dict[str, Transport] = {
            parse_url(origin).origin: make_transport(each, raise_exceptions=raise_exceptions)
            for origin, each in apps.items()
        }
        # A server redirects wherever it likes; an application is the only thing there is.
        self._network = self._transports[self._url.origin] if isinstance(app, str) else None

    def fetch(self, method: str, url: str, **options: Unpack[FetchOptions]) -> Response:
        """Fetch as the page would with JavaScript's ``fetch``; `FetchOptions` has the arguments.

        `url` may be relative to where the code under test is served. Raises `CorsError` where CORS
        keeps the page from the response, `FetchError` where another rule does, ValueError for what
        a page cannot ask for. Source: https://fetch.spec.whatwg.org/#fetch-method
        """
        wire: list[Exchange] = []

        def carry(request: HttpRequest) -> HttpResponse:
            request = self._dress(request)
            return self._keep(wire, request, self._transport(request).send(request))

        asked = _ask(str(parse_url(url, self._url)), method, options)
        return raise_or_return(self._model.fetch(carry, self.page, asked), tuple(wire))

    async def fetch_async(self, method: str, url: str, **options: Unpack[FetchOptions]) -> Response:
        """Do the same from within an event loop; an application's lifespan is the test's own."""
        wire: list[Exchange] = []

        async def carry(request: HttpRequest) -> HttpResponse:
            request = self._dress(request)
            return self._keep(wire, request, await self._transport(request).send_async(request))

        asked = _ask(str(parse_url(url, self._url)), method, options)
        return raise_or_return(await self._model.fetch_async(carry, self.page, asked), tuple(wire))

    def wait(self, seconds: float) -> None:
        """Let time pass for this browser, without waiting: grants and cookies grow old."""
        self._passed += seconds

    def close(self) -> None:
        """End what was started for the code under test."""
        for transport in self._transports.values():
            transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _now(self) -> float:
        return self._clock() + self._passed

    def _transport(self, request: HttpRequest) -> Transport:
        origin = parse_url(request.url).origin
        transport = self._transports.get(origin, self._network)
        if transport is None:
            raise ConnectionError(
                f"nothing is served at {origin}: give Browser a mapping of origins to applications"
            )
        return transport

    def _dress(self, request: HttpRequest) -> HttpRequest:
        cookies = self.cookies.header(self.page, request.url) if request.credentials else None
        if cookies is None:
            return request
        return replace(request, headers=(*request.headers, ("Cookie", cookies)))

    def _keep(
        self, wire: list[Exchange], request: HttpRequest, response: HttpResponse
    ) -> HttpResponse:
        if request.credentials:
            lines = [value for name, value in response.headers if name.lower() == "set-cookie"]
            self.cookies.store(self.page, request.url, lines)
        exchange = Exchange(request, response)
        wire.append(exchange)
        self.exchanges.append(exchange)
        return response


def _ask(url: str, method: str, options: FetchOptions) -> Fetch:
    headers = tuple((options.get("headers") or {}).items())
    body, content_type = _encode(options.get("json"), options.get("data"))
    if content_type and not any(name.lower() == "content-type" for name, _ in headers):
        headers += (("Content-Type", content_type),)
    return Fetch(
        url,
        method,
        headers,
        body,
        mode=options.get("mode", "cors"),
        credentials=options.get("credentials", "same-origin"),
        redirect=options.get("redirect", "follow"),
        upload_listener=options.get("upload_listener", False),
    )


def _encode(
    json: Any, data: Mapping[str, str] | str | bytes | None
) -> tuple[bytes | None, str | None]:
    # https://fetch.spec.whatwg.org/#concept-bodyinit-extract
    if json is not None:
        if data is not None:
            raise ValueError("give json or data, not both")
        return jsonlib.dumps(json).encode(), "application/json"
    if isinstance(data, Mapping):
        encoded = urlencode(data).encode()
        return encoded, "application/x-www-form-urlencoded;charset=UTF-8"
    if isinstance(data, str):
        return data.encode(), "text/plain;charset=UTF-8"
    return data, None
