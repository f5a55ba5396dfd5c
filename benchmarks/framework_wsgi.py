"""WSGI: corekit and wsgicors, without a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wsgicors import CORS as WsgiCors  # noqa: N811 - it is a class

from benchmarks.applications import POLICY
from benchmarks.minimum import MinimalWsgi
from benchmarks.traffic import (
    ALLOWED,
    BODY,
    EXPOSED,
    HEADERS,
    MAX_AGE,
    METHODS,
    RESPONSE,
    UNTRUSTED,
    environ,
    preflight_headers,
    request_headers,
)
from benchmarks.workloads import BARE, MINIMUM, NO_OP, OURS, Workload, copy_function
from corekit_wsgi import CorsMiddleware

_CONTENT_TYPE, _CONTENT_LENGTH, _CACHE_CONTROL, _REQUEST_ID = RESPONSE
_VARY = ("Vary", "Accept-Encoding")


def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
    """Act as the server: accept the head of a response."""


def drive(app: Any, environs: list[Any]) -> None:
    """Send requests through `app`."""
    for one in environs:
        app(one, start_response)


def plain_app(environ: Any, start_response: Any) -> Any:
    """Respond like a typical application, with a new list for each request."""
    headers = [_CONTENT_TYPE, _CONTENT_LENGTH, _CACHE_CONTROL, _REQUEST_ID]
    start_response("200 OK", headers)
    return [BODY]


def vary_app(environ: Any, start_response: Any) -> Any:
    """Like `plain_app`, with a Vary header."""
    headers = [_CONTENT_TYPE, _CONTENT_LENGTH, _VARY, _CACHE_CONTROL, _REQUEST_ID]
    start_response("200 OK", headers)
    return [BODY]


class NoOp:
    """A middleware that does nothing, to measure the cost of any middleware."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


def contenders(app: Any) -> dict[str, Any]:
    """Return `app` wrapped by each contender, with the same policy as far as it can express it."""
    return {
        BARE: copy_function(app),
        NO_OP: NoOp(copy_function(app)),
        MINIMUM: MinimalWsgi(copy_function(app)),
        OURS: CorsMiddleware(copy_function(app), POLICY),
        "wsgicors": WsgiCors(
            copy_function(app),
            origin=ALLOWED,
            methods=",".join(METHODS),
            headers=",".join(HEADERS),
            expose_headers=",".join(EXPOSED),
            credentials="true",
            maxage=str(MAX_AGE),
        ),
    }


def served_apps() -> dict[str, Any]:
    """Return the applications for `served`."""
    return contenders(plain_app)


def workloads() -> list[Workload]:
    """Return the workloads for WSGI."""
    apps, vary_apps = map(contenders, (plain_app, vary_app))
    preflights = {name: app for name, app in apps.items() if name not in (BARE, NO_OP)}
    numbers = iter(range(10**12))

    def get_factory(origin: str | None) -> Callable[[], Any]:
        headers = request_headers(origin)
        return lambda: environ("GET", headers)

    def preflight_factory(origin: str, *names: str) -> Callable[[], Any]:
        headers = preflight_headers(origin, *names)
        return lambda: environ("OPTIONS", headers)

    def all_different() -> Any:
        return environ("GET", request_headers(f"https://untrusted-{next(numbers)}.example"))

    return [
        Workload("wsgi-no-origin", "no Origin", drive, get_factory(None), apps),
        Workload("wsgi-allowed", "allowed", drive, get_factory(ALLOWED), apps),
        Workload("wsgi-denied", "denied", drive, get_factory(UNTRUSTED), apps),
        Workload("wsgi-different", "denied, distinct origins", drive, all_different, apps),
        Workload(
            "wsgi-vary", "allowed, with a Vary header", drive, get_factory(ALLOWED), vary_apps
        ),
        Workload(
            "wsgi-preflight", "preflight", drive, preflight_factory(ALLOWED), preflights, whole=True
        ),
        Workload(
            "wsgi-preflight-denied",
            "preflight, denied",
            drive,
            preflight_factory(UNTRUSTED),
            preflights,
            whole=True,
        ),
        Workload(
            "wsgi-hostile-commas",
            "preflight, 64 KiB of commas",
            drive,
            preflight_factory(ALLOWED, "," * 65_536),
            preflights,
            whole=True,
        ),
    ]
