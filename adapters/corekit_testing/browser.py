"""The browser that tests use: a page, the code under test, a cookie jar and a clock.

`corekit.browser` has the rules of a fetch. This module turns Python arguments into a `Fetch`, adds
cookies where the model sends credentials, and returns a response or raises an exception.
"""

from __future__ import annotations

import json as jsonlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final, Self, TypedDict, Unpack
from urllib.parse import urlencode

from corekit.browser import (
    ENGINES,
    BrowserModel,
    Exchange,
    Fetch,
    HttpRequest,
    HttpResponse,
    LocalNetwork,
)
from corekit.browser.urls import parse_url
from corekit.explain import read_origin

from .cookies import COOKIE_QUIRKS, CookieJar
from .network import MAX_BODY, TIMEOUT
from .outcome import Response, raise_or_return
from .transports import Transport, make_transport

DEFAULT_URL: Final = "https://testserver"
"""The URL of an application, unless the test passes another one."""


class FetchOptions(TypedDict, total=False):
    """What a fetch may have in addition to method and URL.

    `headers`
        Request headers, as the page sets them.
    `json`
        A value to send as ``application/json``.
    `data`
        Instead of `json`: a mapping to send as a form, a str as ``text/plain``, or bytes without a
        type. A Content-Type header overrides the type, except in the mode ``no-cors``, in which
        browsers drop that header unless its value is safelisted.
    `mode`
        ``cors`` (the default), ``no-cors`` or ``same-origin``.
    `credentials`
        ``same-origin`` (the default), ``include`` or ``omit``: whether to send cookies.
    `redirect`
        ``follow`` (the default), ``error`` or ``manual``.
    `upload_listener`
        Whether the page listens to the progress of the upload, which causes a preflight; in
        Chromium, only if there is a body.
    `target_address_space`
        ``public``, ``local`` or ``loopback``, as JavaScript's targetAddressSpace. It has no effect
        unless the browser has an `address_space`.
    """

    headers: Mapping[str, str] | None
    json: Any
    data: Mapping[str, str] | str | bytes | None
    mode: str
    credentials: str
    redirect: str
    upload_listener: bool
    target_address_space: str | None


class Browser:
    """A browser with one page open, in front of the code under test.

    `app` is an ASGI or WSGI application, Django's among them, the URL of a server, or a mapping
    from origins to any of these. `page` is the origin of the page that fetches; ``null`` for a
    sandboxed iframe. The other arguments are keyword-only:

    `url`
        The URL of `app`; the URLs of fetches are relative to it.
    `engine`
        ``standard``, ``chromium``, ``firefox`` or ``webkit``: whose quirks to apply.
    `address_space`
        Where the page comes from: ``public``, ``local`` or ``loopback``, or a
        `corekit.browser.LocalNetwork`, which also has the permissions of the user. By default,
        Local Network Access is not checked.
    `third_party_cookies`
        False for a browser that blocks third-party cookies.
    `raise_exceptions`
        Whether exceptions of the application propagate to the test. Otherwise the response is the
        bare 500 that a server sends, so that the test sees what a page would see.
    `timeout`, `max_body`
        For a URL: seconds for each exchange, and bytes of a response body. A server that exceeds
        one raises `LimitError`.
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
    corekit_testing.outcome.CorsError: InvalidAllowCredentials: The request ...
    """

    def __init__(
        self,
        app: Any,
        page: str,
        *,
        url: str | None = None,
        engine: str = "standard",
        address_space: str | LocalNetwork | None = None,
        third_party_cookies: bool = True,
        raise_exceptions: bool = True,
        timeout: float = TIMEOUT,
        max_body: int = MAX_BODY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if engine not in ENGINES:
            raise ValueError(f"engine={engine!a} is not one of {', '.join(ENGINES)}.")
        problem = read_origin(page)[1]
        if problem is not None:
            raise ValueError(f"page={page!a}: {problem.message} {problem.hint}")
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
        self._model = BrowserModel(
            clock=self._now, quirks=ENGINES[engine], address_space=address_space
        )
        apps = app if isinstance(app, Mapping) else {self._url.origin: app}
        self._transports: dict[str, Transport] = {
            parse_url(origin).origin: make_transport(
                each, raise_exceptions=raise_exceptions, timeout=timeout, max_body=max_body
            )
            for origin, each in apps.items()
        }
        # A server may redirect to other servers; with an application there is nothing else.
        self._network = self._transports[self._url.origin] if isinstance(app, str) else None

    def fetch(self, method: str, url: str, **options: Unpack[FetchOptions]) -> Response:
        """Fetch as the page would with JavaScript's ``fetch``; `FetchOptions` has the arguments.

        `url` may be relative to the URL of the code under test. Raises `CorsError` if CORS blocks
        the response, `FetchError` if another rule does, and ValueError for a fetch that no page can
        make. Source: https://fetch.spec.whatwg.org/#fetch-method
        """
        wire: list[Exchange] = []

        def send(request: HttpRequest) -> HttpResponse:
            request = self._add_cookies(request)
            return self._record(wire, request, self._transport(request).send(request))

        fetch = _make_fetch(parse_url(url, self._url).href, method, options)
        return raise_or_return(self._model.fetch(send, self.page, fetch), tuple(wire))

    async def fetch_async(self, method: str, url: str, **options: Unpack[FetchOptions]) -> Response:
        """Like `fetch()`, within an event loop; the lifespan is up to the test."""
        wire: list[Exchange] = []

        async def send(request: HttpRequest) -> HttpResponse:
            request = self._add_cookies(request)
            return self._record(wire, request, await self._transport(request).send_async(request))

        fetch = _make_fetch(parse_url(url, self._url).href, method, options)
        return raise_or_return(await self._model.fetch_async(send, self.page, fetch), tuple(wire))

    def wait(self, seconds: float) -> None:
        """Advance the clock of this browser, so that cached preflights and cookies expire."""
        self._passed += seconds

    def close(self) -> None:
        """Close what was opened for the code under test."""
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
                f"No application serves {origin}. Pass a mapping from origins to applications."
            )
        return transport

    def _add_cookies(self, request: HttpRequest) -> HttpRequest:
        cookies = self.cookies.header(self.page, request.url) if request.credentials else None
        if cookies is None:
            return request
        return replace(request, headers=(*request.headers, ("Cookie", cookies)))

    def _record(
        self, wire: list[Exchange], request: HttpRequest, response: HttpResponse
    ) -> HttpResponse:
        if request.credentials:
            lines = [value for name, value in response.headers if name.lower() == "set-cookie"]
            self.cookies.store(self.page, request.url, lines)
        exchange = Exchange(request, response)
        wire.append(exchange)
        self.exchanges.append(exchange)
        return response


def _make_fetch(url: str, method: str, options: FetchOptions) -> Fetch:
    given: dict[str, Any] = dict(options)
    for name in sorted(given.keys() - FetchOptions.__annotations__.keys()):
        raise TypeError(f"{name}: fetch() has no such option. {_suggest(name)}")
    if given.get("credentials") is True:
        raise ValueError("credentials=True is not a mode. Did you mean 'include'?")
    headers = tuple((given.pop("headers", None) or {}).items())
    json, data = given.pop("json", None), given.pop("data", None)
    if json is not None:
        if data is not None:
            raise ValueError("Pass json or data, not both.")
        # A page sends text, and sets the header.
        data = jsonlib.dumps(json)
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers += (("Content-Type", "application/json"),)
    body, body_type = _encode(data)
    return Fetch(url, method, headers, body, body_type=body_type, **given)


def _suggest(name: str) -> str:
    known = list(FetchOptions.__annotations__)
    near = ["data"] if name == "body" else get_close_matches(name.lower(), known, n=1)
    return f"Did you mean {near[0]}?" if near else f"The options are {', '.join(known)}."


def _encode(data: Mapping[str, str] | str | bytes | None) -> tuple[bytes | None, str]:
    # https://fetch.spec.whatwg.org/#concept-bodyinit-extract
    if isinstance(data, Mapping):
        return urlencode(data).encode(), "application/x-www-form-urlencoded;charset=UTF-8"
    if isinstance(data, str):
        return data.encode(), "text/plain;charset=UTF-8"
    return data, ""
