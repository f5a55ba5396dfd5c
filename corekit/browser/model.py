"""The fetch: from a page's request to what the page gets.

It follows https://fetch.spec.whatwg.org/#main-fetch, HTTP fetch, HTTP-redirect fetch and
CORS-preflight fetch step by step. A fetch is a generator that yields requests and receives
responses, so the same steps work with a plain and an async transport.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import replace
from typing import Final

from corekit._names import SAFELISTED_METHODS
from corekit._origins import OPAQUE

from .blocking import check_url
from .cache import PreflightCache
from .checks import (
    REDIRECT_STATUSES,
    REFUSALS,
    CheckFailure,
    check_cors,
    check_preflight,
    check_resource_policy,
    readable_headers,
)
from .data_urls import DATA_SCHEME, read_data_url
from .failures import FetchFailedError
from .fields import (
    NON_WILDCARD_HEADER,
    OWN_CLIENT_HINTS,
    get_header,
    get_lines,
    list_values,
    read_max_age,
    unsafe_names,
)
from .local_network import LocalNetwork, read_local_network
from .messages import Exchange, Fetch, Headers, HttpRequest, HttpResponse, Outcome, PageResponse
from .quirks import STANDARD, Quirks
from .running import Running, start
from .urls import HTTP_SCHEMES, parse_url

_MAX_REDIRECTS: Final = 20
_MISDIRECTED: Final = 421
_NULL_BODY_STATUSES: Final = frozenset({101, 103, 204, 205, 304})
_BODY_HEADERS: Final = frozenset(
    {"content-encoding", "content-language", "content-location", "content-type"}
)


class BrowserModel:
    """A browser with its preflight cache.

    `clock` is any callable that returns seconds and never goes back; `quirks` are those of an
    engine, or the standard. `address_space` is where the pages come from: ``public``, ``local`` or
    ``loopback``, or a `LocalNetwork`, which also has the permissions of the user; by default, Local
    Network Access is not checked. Pages are identified by their origin, so one model serves all
    pages.

    >>> def server(request):
    ...     return HttpResponse(200, (("Access-Control-Allow-Origin", "*"),), b"hello")
    >>> browser = BrowserModel(clock=lambda: 0.0)
    >>> outcome = browser.fetch(server, "https://app.example.com", Fetch("https://api.example.com/"))
    >>> outcome.response.body
    b'hello'
    >>> outcome = browser.fetch(
    ...     server,
    ...     "https://app.example.com",
    ...     Fetch("https://api.example.com/", credentials="include"),
    ... )
    >>> print(outcome.failure.name)
    WildcardOriginNotAllowed
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        quirks: Quirks = STANDARD,
        address_space: str | LocalNetwork | None = None,
    ) -> None:
        self.quirks = quirks
        self.local_network = read_local_network(address_space)
        self.cache = PreflightCache(clock=clock, quirks=quirks)

    def fetch(
        self, transport: Callable[[HttpRequest], HttpResponse], page: str, fetch: Fetch
    ) -> Outcome:
        """Make a fetch of a page with the origin `page` over a plain transport.

        Raises ValueError if a browser would throw a TypeError before it sends anything: for a
        forbidden method, a body with GET, a malformed URL. Exceptions of `transport` pass through.
        """
        steps = self.steps(page, fetch)
        try:
            request = next(steps)
            while True:
                request = steps.send(transport(request))
        except StopIteration as done:
            outcome: Outcome = done.value
            return outcome

    async def fetch_async(
        self, transport: Callable[[HttpRequest], Awaitable[HttpResponse]], page: str, fetch: Fetch
    ) -> Outcome:
        """Like `fetch()`, over an async transport."""
        steps = self.steps(page, fetch)
        try:
            request = next(steps)
            while True:
                request = steps.send(await transport(request))
        except StopIteration as done:
            outcome: Outcome = done.value
            return outcome

    def steps(self, page: str, fetch: Fetch) -> Generator[HttpRequest, HttpResponse, Outcome]:
        """Make the fetch as a generator of requests, which receives responses."""
        running = start(page, fetch, self.quirks)
        running.local_network = self.local_network
        try:
            response = yield from self._main_fetch(running)
        except FetchFailedError as error:
            clears = running.preflighted and not self.quirks.failure_keeps_cache
            if self.quirks.only_cors_failure_clears_cache:
                clears = error.failure.is_cors
            if clears:
                self.cache.clear(self._key(running))
            return Outcome(error.failure, tuple(running.exchanges))
        return Outcome(response, tuple(running.exchanges))

    def _main_fetch(self, running: Running) -> Generator[HttpRequest, HttpResponse, PageResponse]:
        # No redirect leads to a data: URL.
        if running.url.scheme == DATA_SCHEME:
            media_type, body = read_data_url(running.url)
            return _filter(running, HttpResponse(200, (("Content-Type", media_type),), body))
        while True:
            with_preflight = self._choose_tainting(running)
            if with_preflight:
                running.preflighted = True
                if self._needs_preflight(running):
                    if self.quirks.one_response_per_url:
                        self.cache.clear(self._key(running))
                    yield from self._preflight(running)
            response = yield from _exchange(running, self._request(running))
            problem = self._check_response(running, response)
            if problem is not None:
                raise running.fail(*problem)
            if response.status not in REDIRECT_STATUSES:
                return _filter(running, response)
            if running.requested.redirect == "error":
                raise running.fail("RedirectNotFollowed")
            if running.requested.redirect == "manual":
                return PageResponse("opaqueredirect", running.url.href, 0, (), b"")
            locations = get_lines(response.headers, "location")
            if not locations:
                return _filter(running, response)
            if len(locations) > 1:
                raise running.fail("InvalidRedirect", ", ".join(locations))
            self._redirect(running, response.status, locations[0])

    def _choose_tainting(self, running: Running) -> bool:
        # https://fetch.spec.whatwg.org/#main-fetch; return whether to fetch with a preflight.
        url, mode = running.url, running.requested.mode
        target = running.requested.target_address_space
        problem = check_url(running.page, url, self.quirks, self.local_network, target)
        if problem is not None:
            raise running.fail(*problem)
        if url.origin == running.page and running.tainting == "basic":
            return False
        if mode == "same-origin":
            raise running.fail("DisallowedByMode", str(url))
        if mode == "no-cors":
            if running.requested.redirect != "follow":
                raise running.fail("NoCorsRedirectModeNotFollow", str(url))
            running.tainting = "opaque"
            return False
        running.tainting = "cors"
        return (
            self._is_listening(running)
            or running.method not in SAFELISTED_METHODS
            or bool(self._unsafe_names(running))
            or (running.redirected and self.quirks.preflight_after_redirect)
        )

    def _needs_preflight(self, running: Running) -> bool:
        # https://fetch.spec.whatwg.org/#concept-http-fetch
        if not self._is_cached(running):
            return True
        key, include = self._key(running), running.include
        needs_method = (
            running.method not in SAFELISTED_METHODS
            or self._is_listening(running)
            or (running.redirected and self.quirks.preflight_after_redirect)
            or (running.method == "HEAD" and self.quirks.head_is_cached_by_name_only)
        )
        if needs_method and not self.cache.covers_method(key, running.method, include=include):
            return True
        return not all(
            self.cache.covers_header(key, name, include=include)
            for name in self._unsafe_names(running)
        )

    def _check_response(self, running: Running, response: HttpResponse) -> CheckFailure | None:
        # https://fetch.spec.whatwg.org/#concept-http-fetch
        if running.tainting == "cors":
            is_redirect = response.status in REDIRECT_STATUSES
            include = running.include or (is_redirect and self._keeps_credentials(running))
            return check_cors(running.origin, response.headers, include=include)
        if running.tainting == "opaque":
            return check_resource_policy(running.page, running.url, response.headers)
        return None

    def _keeps_credentials(self, running: Running) -> bool:
        is_own = running.urls[0].origin == running.page
        is_default = running.requested.credentials == "same-origin"
        return self.quirks.credentials_survive_redirect and is_own and is_default

    def _request(self, running: Running) -> HttpRequest:
        # https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch
        headers = running.headers
        if running.is_bodiless and self.quirks.dropped_headers_return:
            headers = tuple(pair for pair in headers if pair[0].lower() not in _BODY_HEADERS)
        if get_header(headers, "accept") is None:
            headers = (("Accept", "*/*"), *headers)
        origin = self._origin_header(running)
        if origin is not None:
            headers += (("Origin", origin),)
        credentials = (
            running.include
            or (running.requested.credentials == "same-origin" and running.tainting == "basic")
            or (running.tainting == "opaque" and self._keeps_credentials(running))
        )
        return HttpRequest(running.method, str(running.url), headers, running.body, credentials)

    def _origin_header(self, running: Running) -> str | None:
        # https://fetch.spec.whatwg.org/#append-a-request-origin-header
        if running.tainting == "cors":
            return running.origin
        survives = self.quirks.origin_survives_get and running.is_bodiless
        if running.method in ("GET", "HEAD") and not survives:
            return None
        # By the default referrer policy: strict-origin-when-cross-origin.
        is_downgrade = running.origin.startswith("https:") and running.url.scheme == "http"
        if is_downgrade and not self.quirks.origin_survives_downgrade:
            return OPAQUE
        return running.origin

    def _preflight(self, running: Running) -> Generator[HttpRequest, HttpResponse]:
        # https://fetch.spec.whatwg.org/#cors-preflight-fetch-0
        quirks, upload_listener = self.quirks, running.requested.upload_listener
        origin, _ = self._key(running)
        headers: Headers = (("Accept", "*/*"), ("Access-Control-Request-Method", running.method))
        if names := self._unsafe_names(running):
            headers += (("Access-Control-Request-Headers", ",".join(names)),)
        headers += (("Origin", origin),)
        request = HttpRequest("OPTIONS", str(running.url), headers)
        response = yield from _exchange(running, request)
        # After redirects, Firefox treats a preflight to the page's own server as same-origin.
        is_own = quirks.preflight_untainted and running.url.origin == origin
        problem = check_preflight(
            None if is_own else origin,
            running.method,
            names,
            response,
            include=running.include,
            upload_listener=upload_listener,
            quirks=quirks,
        )
        is_refusal = problem is not None and problem[0] in REFUSALS
        if problem is None or (is_refusal and quirks.rejected_response_is_cached):
            self._keep(running, response.headers)
        if problem is not None:
            raise running.fail(*problem)

    def _keep(self, running: Running, headers: Headers) -> None:
        if not self._is_cached(running):
            return
        methods = list_values(headers, "access-control-allow-methods") or ()
        is_missing = get_header(headers, "access-control-allow-methods") is None
        lenient = running.requested.upload_listener and not self.quirks.missing_methods_refused
        self.cache.store(
            self._key(running),
            methods=(running.method,) if is_missing and lenient else methods,
            names=list_values(headers, "access-control-allow-headers") or (),
            max_age=read_max_age(headers, self.quirks),
            include=running.include,
        )

    def _key(self, running: Running) -> tuple[str, str]:
        """Return the origin and the URL of a preflight."""
        origin = running.page if self.quirks.preflight_untainted else running.origin
        fragment = running.url.fragment
        return origin, running.url.href + ("" if fragment is None else f"#{fragment}")

    def _unsafe_names(self, running: Running) -> tuple[str, ...]:
        is_as_set = self.quirks.preflight_lists_dropped_headers
        return unsafe_names(running.set_headers if is_as_set else running.headers, self.quirks)

    def _is_listening(self, running: Running) -> bool:
        has_body = running.requested.body is not None or not self.quirks.upload_listener_needs_body
        return running.requested.upload_listener and has_body

    def _is_cached(self, running: Running) -> bool:
        if running.page == OPAQUE:
            return not self.quirks.opaque_page_is_not_cached
        return running.origin != OPAQUE or not self.quirks.tainted_origin_is_not_cached

    def _redirect(self, running: Running, status: int, location: str) -> None:
        # https://fetch.spec.whatwg.org/#concept-http-redirect-fetch
        try:
            url = parse_url(location, running.url)
        except ValueError as error:
            raise running.fail("InvalidRedirect", location) from error
        if url.scheme not in HTTP_SCHEMES:
            raise running.fail("CorsDisabledScheme", location)
        if len(running.urls) > _MAX_REDIRECTS:
            raise running.fail("TooManyRedirects")
        crosses = running.requested.mode == "cors" and url.origin != running.page
        if url.userinfo and (crosses or running.tainting == "cors"):
            raise running.fail("RedirectContainsCredentials", location)
        is_fetch = not running.requested.upload_listener
        if url.userinfo and is_fetch and self.quirks.redirect_without_user_name:
            raise running.fail("InvalidRedirect", location)
        becomes_get = (status in (301, 302) and running.method == "POST") or (
            status == 303 and running.method not in ("GET", "HEAD")
        )
        dropped: frozenset[str] = frozenset()
        is_other = url.origin != running.url.origin
        if becomes_get:
            dropped = _BODY_HEADERS
            running.method, running.body, running.is_bodiless = "GET", None, True
        if running.method == "DELETE" and is_other and self.quirks.delete_becomes_get:
            running.method, running.body = "GET", None
        if self.quirks.client_hints and url.origin != running.page:
            dropped |= OWN_CLIENT_HINTS
        if is_other:
            dropped |= {NON_WILDCARD_HEADER}
        # Whether the request needed a preflight, even a cached one.
        running.redirected = running.preflighted
        if self.quirks.preflight_after_own_redirect and self._unsafe_names(running):
            running.redirected = True
        kept = self._headers_to_keep(running, is_cors=crosses or running.tainting == "cors")
        running.headers = tuple(pair for pair in kept if pair[0].lower() not in dropped)
        if url.fragment is None:
            url = replace(url, fragment=running.url.fragment)
        running.urls.append(url)

    def _headers_to_keep(self, running: Running, *, is_cors: bool) -> Headers:
        if self.quirks.dropped_headers_return:
            return running.set_headers
        if not (self.quirks.body_headers_return and is_cors):
            return running.headers
        missing = _BODY_HEADERS - {name.lower() for name, _ in running.headers}
        returning = (pair for pair in running.set_headers if pair[0].lower() in missing)
        return (*running.headers, *returning)


def _exchange(
    running: Running, request: HttpRequest
) -> Generator[HttpRequest, HttpResponse, HttpResponse]:
    if running.local_network is not None:
        target = None if request.is_preflight else running.requested.target_address_space
        problem = running.local_network.check(running.page, running.url, target)
        if problem is not None:
            raise running.fail(*problem)
    response = yield request
    running.exchanges.append(Exchange(request, response))
    if response.status == _MISDIRECTED:
        # Once more over a new connection: the other one was for another host.
        response = yield request
        running.exchanges.append(Exchange(request, response))
    return response


def _filter(running: Running, response: HttpResponse) -> PageResponse:
    # https://fetch.spec.whatwg.org/#concept-filtered-response
    if running.tainting == "opaque":
        return PageResponse("opaque", "", 0, (), b"")
    no_body = running.method == "HEAD" or response.status in _NULL_BODY_STATUSES
    return PageResponse(
        running.tainting,
        running.url.href,
        response.status,
        readable_headers(response.headers, running.tainting, include=running.include),
        b"" if no_body else response.body,
        redirected=len(running.urls) > 1,
    )
