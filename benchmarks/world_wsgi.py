"""WSGI: corekit beside wsgicors, without a server."""

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
    STRANGER,
    environ,
    preflight_headers,
    request_headers,
)
from benchmarks.workloads import BARE, MINIMUM, NO_OP, OURS, Workload, own_copy
from corekit_wsgi import CorsMiddleware

_CONTENT_TYPE, _CONTENT_LENGTH, _CACHE_CONTROL, _REQUEST_ID = RESPONSE
_VARY = ("Vary", "Accept-Encoding")


def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
    """Stand for the server: take the head of a response."""


def drive(app: Any, environs: list[Any]) -> None:
    """Send requests through `app`."""
    for one in environs:
        app(one, start_response)


def answering(environ: Any, start_response: Any) -> Any:
    """Answer as an application does, with a list of its own for each request."""
    headers = [_CONTENT_TYPE, _CONTENT_LENGTH, _CACHE_CONTROL, _REQUEST_ID]
    start_response("200 OK", headers)
    return [BODY]


def varying(environ: Any, start_response: Any) -> Any:
    """Answer with a Vary of its own beside."""
    headers = [_CONTENT_TYPE, _CONTENT_LENGTH, _VARY, _CACHE_CONTROL, _REQUEST_ID]
    start_response("200 OK", headers)
    return [BODY]


class NoOp:
    """A middleware that does nothing: what being one costs."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


def contenders(app: Any) -> dict[str, Any]:
    """Put everybody around `app`, with the same grants as far as they can say them."""
    return {
        BARE: own_copy(app),
        NO_OP: NoOp(own_copy(app)),
        MINIMUM: MinimalWsgi(own_copy(app)),
        OURS: CorsMiddleware(own_copy(app), POLICY),
        "wsgicors": WsgiCors(
            own_copy(app),
            origin=ALLOWED,
            methods=",".join(METHODS),
            headers=",".join(HEADERS),
            expose_headers=",".join(EXPOSED),
            credentials="true",
            maxage=str(MAX_AGE),
        ),
    }


def workloads() -> list[Workload]:
    """List the workloads of WSGI."""
    around, around_varying = map(contenders, (answering, varying))
    preflights = {name: app for name, app in around.items() if name not in (BARE, NO_OP)}
    numbers = iter(range(10**12))

    def asking(origin: str | None) -> Callable[[], Any]:
        headers = request_headers(origin)
        return lambda: environ("GET", headers)

    def preflighting(origin: str, *names: str) -> Callable[[], Any]:
        headers = preflight_headers(origin, *names)
        return lambda: environ("OPTIONS", headers)

    def all_different() -> Any:
        return environ("GET", request_headers(f"https://stranger-{next(numbers)}.example"))

    return [
        Workload("wsgi-no-origin", "no Origin", drive, asking(None), around),
        Workload("wsgi-allowed", "allowed", drive, asking(ALLOWED), around),
        Workload("wsgi-denied", "denied", drive, asking(STRANGER), around),
        Workload("wsgi-different", "denied, all different", drive, all_different, around),
        Workload("wsgi-vary", "allowed, own Vary", drive, asking(ALLOWED), around_varying),
        Workload(
            "wsgi-preflight", "preflight", drive, preflighting(ALLOWED), preflights, whole=True
        ),
        Workload(
            "wsgi-preflight-denied",
            "preflight, denied",
            drive,
            preflighting(STRANGER),
            preflights,
            whole=True,
        ),
        Workload(
            "wsgi-hostile-commas",
            "preflight, 64 KiB of commas",
            drive,
            preflighting(ALLOWED, "," * 65_536),
            preflights,
            whole=True,
        ),
    ]
