"""Small servers, and functions that fetch from them. Not a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from corekit.browser import (
    STANDARD,
    BrowserModel,
    Fetch,
    HttpRequest,
    HttpResponse,
    Outcome,
    Quirks,
)
from tests.clock import Clock

PAGE = "https://app.example.com"
API = "https://api.example.com/items"
OPEN = HttpResponse(200, (("Access-Control-Allow-Origin", "*"),), b"items")
GRANT = HttpResponse(
    204,
    (
        ("Access-Control-Allow-Origin", PAGE),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "PUT, PATCH, DELETE"),
        ("Access-Control-Allow-Headers", "content-type, x-a, authorization"),
    ),
)
Server = Callable[[HttpRequest], HttpResponse]


def browse(
    server: Server | HttpResponse,
    *fetches: Fetch,
    page: str = PAGE,
    quirks: Quirks = STANDARD,
    clock: Clock | None = None,
) -> list[Outcome]:
    browser = BrowserModel(clock=clock or Clock(), quirks=quirks)
    transport = (lambda _: server) if isinstance(server, HttpResponse) else server
    return [browser.fetch(transport, page, fetch) for fetch in fetches]


def failed(outcome: Outcome) -> str:
    assert outcome.response is None
    assert outcome.failure is not None
    return outcome.failure.name


def blamed(outcome: Outcome) -> str | None:
    assert outcome.failure is not None
    return outcome.failure.value


def sent(outcome: Outcome) -> list[str]:
    return [f"{each.request.method} {each.request.url}" for each in outcome.exchanges]


def header(request: HttpRequest, name: str) -> str | None:
    values = [value for given, value in request.headers if given.lower() == name]
    assert len(values) < 2
    return values[0] if values else None


THIRD = "https://third.example/"


def chain(*locations: str, status: int = 307, grant: HttpResponse = OPEN) -> Server:
    """Build a server that redirects from each location to the next, then responds."""
    urls = [API, *locations]

    def server(request: HttpRequest) -> HttpResponse:
        if request.is_preflight:
            return replace(GRANT, headers=(*OPEN.headers, *GRANT.headers[2:]))
        at = urls.index(request.url)
        if at + 1 == len(urls):
            return grant
        return replace(OPEN, status=status, headers=(*OPEN.headers, ("Location", urls[at + 1])))

    return server


def asked(outcome: Outcome, name: str = "access-control-request-headers") -> list[str | None]:
    return [header(each.request, name) for each in outcome.exchanges if each.request.is_preflight]


def redirect_if_asked(request: HttpRequest) -> HttpResponse:
    """Redirect from ``/to?URL``, and allow every page everything."""
    headers = (
        ("Access-Control-Allow-Origin", header(request, "origin") or "*"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "PUT"),
        ("Access-Control-Allow-Headers", "x-a"),
        ("Cache-Control", "no-store"),
    )
    _, is_redirect, location = request.url.partition("/to?")
    if is_redirect and not request.is_preflight:
        return HttpResponse(302, (*headers, ("Location", location)))
    return HttpResponse(200, headers)
