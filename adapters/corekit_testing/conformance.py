"""The fetches that show whether a server at a URL does what a policy says, and what came of them.

Each is made by the browser model over the network, for pages that the policy allows, that it nearly
allows and that it does not. What changes nothing is sent (GET, HEAD and preflights); of any other
request only the preflight is, unless the caller says that the request may be sent too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from corekit import CorsPolicy
from corekit._names import SAFELISTED_METHODS
from corekit._origins import ANY, OPAQUE, Origin
from corekit.browser import (
    STANDARD,
    BrowserModel,
    Failure,
    Fetch,
    HttpRequest,
    HttpResponse,
    Quirks,
)
from corekit.browser.fields import get_header, unsafe_names
from corekit.browser.urls import parse_url

__all__ = ["Case", "Result", "make_cases", "run_cases"]

_PROBE = "x-corekit-probe"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS = ("PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Case:
    """A fetch by a page of an origin; `expected` says whether the policy grants it.

    `page` is None for a request without an origin, which a cache may keep: it has to carry Vary.
    """

    name: str
    page: str | None
    fetch: Fetch
    expected: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a case: whether the page could read, and why not."""

    case: Case
    readable: bool
    failure: Failure | None = None

    @property
    def agrees(self) -> bool:
        """Whether the server does what the policy says."""
        return self.readable == self.case.expected


def make_cases(policy: CorsPolicy, url: str, origins: Iterable[str]) -> Iterator[Case]:
    """Make the cases for pages of `origins`, and for pages that are nearly of the first of them.

    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_methods=["PUT"])
    >>> cases = list(make_cases(policy, "https://api.example.com/", ["https://app.example.com"]))
    >>> [case.name for case in cases if case.expected and case.page == "https://app.example.com"]
    ['GET', 'PUT']
    """
    own = parse_url(url).origin
    pages = [origin for origin in dict.fromkeys(origins) if origin != own]
    for page in dict.fromkeys((*pages, *_near_misses(pages[:1]))):
        for name, fetch in _fetches(policy, url):
            yield Case(name, page, fetch, _is_granted(policy, page, fetch))
    if ANY not in policy.allow_origins:
        yield Case("Vary without Origin", None, Fetch(url), expected=True)


def run_cases(
    cases: Iterable[Case],
    send: Callable[[HttpRequest], HttpResponse],
    *,
    quirks: Quirks = STANDARD,
    send_unsafe: bool = False,
) -> Iterator[Result]:
    """Make the fetches with `send`, which may raise; results come as they are made."""
    for case in cases:
        if case.page is None:
            response = send(HttpRequest("GET", case.fetch.url, (("Accept", "*/*"),)))
            yield Result(case, _varies(response))
            continue
        transport = send if send_unsafe else _Careful(send).send
        # A cache would hide what the server says to the next fetch.
        model = BrowserModel(clock=time.monotonic, quirks=quirks)
        outcome = model.fetch(transport, case.page, case.fetch)
        yield Result(case, outcome.response is not None, outcome.failure)


class _Careful:
    """Sends preflights and what changes nothing; else the preflight's answer is the answer."""

    def __init__(self, send: Callable[[HttpRequest], HttpResponse]) -> None:
        self._send = send
        self._last = HttpResponse(200)

    def send(self, request: HttpRequest) -> HttpResponse:
        if request.method in _SAFE:
            self._last = self._send(request)
            return self._last
        return HttpResponse(200, self._last.headers)


def _fetches(policy: CorsPolicy, url: str) -> Iterator[tuple[str, Fetch]]:
    yield "GET", Fetch(url)
    yield "GET with credentials", Fetch(url, credentials="include")
    for method in dict.fromkeys((*_METHODS, *policy.allow_methods)):
        if method not in (ANY, *SAFELISTED_METHODS):
            yield method, Fetch(url, method)
    for name in dict.fromkeys((*policy.allow_headers, "authorization", _PROBE)):
        if name != ANY:
            yield f"GET with {name}", Fetch(url, headers=((name, _value(name)),))


def _value(name: str) -> str:
    # One that is not safelisted, so that it is asked for.
    return "application/json" if name == "content-type" else '"corekit"'


def _near_misses(pages: list[str]) -> Iterator[str]:
    for page in pages:
        if page != OPAQUE:
            origin = Origin.parse(page)
            other = "http" if origin.scheme == "https" else "https"
            yield f"{origin.scheme}://{origin.host}.evil.example"
            yield f"{origin.scheme}://evil{origin.host}"
            yield f"{other}://{origin.host}"
    yield OPAQUE
    yield "https://evil.example"


def _is_granted(policy: CorsPolicy, page: str, fetch: Fetch) -> bool:
    if fetch.credentials == "include" and not policy.allow_credentials:
        return False
    asked = unsafe_names(fetch.headers)
    if asked or fetch.method not in SAFELISTED_METHODS:
        decision = policy.decide(
            "OPTIONS",
            origin=page,
            request_method=fetch.method,
            request_headers=",".join(asked) or None,
        )
        return decision.allowed
    return policy.decide(fetch.method, origin=page).allowed


def _varies(response: HttpResponse) -> bool:
    value = get_header(response.headers, "vary") or ""
    return not {name.strip().lower() for name in value.split(",")}.isdisjoint({"origin", ANY})
