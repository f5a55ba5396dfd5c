"""Django: corekit and django-cors-headers, the middleware alone and in the full handler.

Alone, the middleware calls a view that is already resolved. In the full handler, a WSGI request
passes through all of Django: two more middleware, URL resolution and the view.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.urls import path, resolve

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
from benchmarks.workloads import BARE, OURS, Workload

OTHER: Final = "django-cors-headers"
MIDDLEWARE: Final = {
    OURS: "corekit_django.middleware.CorsMiddleware",
    OTHER: "corsheaders.middleware.CorsMiddleware",
}
_COMMON: Final = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]

_HEADERS: Final = dict(RESPONSE[1:])


def plain_app(request: HttpRequest, number: int = 7) -> HttpResponse:
    """Respond like a typical view."""
    return HttpResponse(BODY, content_type="application/json", headers=_HEADERS)


urlpatterns = [path("items/<int:number>", plain_app)]


def configure() -> None:
    """Configure Django once, for all contenders but their middleware."""
    if settings.configured:
        return
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="benchmarks",
        USE_TZ=True,
        MIDDLEWARE=[],
        CORS_ALLOWED_ORIGINS=[ALLOWED],
        CORS_ALLOW_CREDENTIALS=True,
        CORS_ALLOW_METHODS=METHODS,
        CORS_ALLOW_HEADERS=HEADERS,
        CORS_EXPOSE_HEADERS=EXPOSED,
        CORS_PREFLIGHT_MAX_AGE=MAX_AGE,
    )
    django.setup()
    # Django imports the view by its module's name, which may differ from the running one.
    sys.modules.setdefault("benchmarks.framework_django", sys.modules[__name__])


def served_apps() -> dict[str, Any]:
    """Return the applications for `served`."""
    configure()
    return _full()


def workloads() -> list[Workload]:
    """Return the workloads for Django."""
    configure()
    alone, full = _alone(), _full()
    cases: list[tuple[str, str, Callable[[], Any]]] = [
        ("no-origin", "no Origin", _get_factory(None)),
        ("allowed", "allowed, credentials", _get_factory(ALLOWED)),
        ("denied", "denied", _get_factory(UNTRUSTED)),
        ("preflight", "preflight", _make_preflight),
    ]
    found: list[Workload] = []
    for key, title, make in cases:
        whole = key == "preflight"
        found += [
            Workload(
                f"django-{key}",
                f"{title}, middleware alone",
                drive_alone,
                _request_factory(make),
                {name: app for name, app in alone.items() if not whole or name != BARE},
                whole=whole,
                batch=10,
            ),
            Workload(
                f"django-full-{key}",
                f"{title}, full handler",
                drive_full,
                make,
                {name: app for name, app in full.items() if not whole or name != BARE},
                whole=whole,
                batch=10,
            ),
        ]
    return found


def drive_alone(middleware: Any, requests: list[Any]) -> None:
    """Send requests through a middleware."""
    for request in requests:
        middleware(request)


def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
    """Act as the server: accept the head of a response."""


def drive_full(handler: Any, environs: list[Any]) -> None:
    """Send requests through the whole of Django."""
    for one in environs:
        handler(one, start_response)


def _get_factory(origin: str | None) -> Callable[[], Any]:
    headers = request_headers(origin)
    return lambda: environ("GET", headers)


def _make_preflight() -> Any:
    return environ("OPTIONS", preflight_headers(ALLOWED))


def _request_factory(make: Callable[[], Any]) -> Callable[[], Any]:
    def request() -> WSGIRequest:
        found = WSGIRequest(make())
        found.resolver_match = resolve(found.path_info)
        return found

    return request


def _alone() -> dict[str, Any]:
    from corsheaders.middleware import CorsMiddleware as Theirs  # noqa: PLC0415 - after configure

    from corekit_django.middleware import CorsMiddleware as Ours  # noqa: PLC0415 - likewise

    return {BARE: plain_app, OURS: Ours(plain_app), OTHER: Theirs(plain_app)}


def _full() -> dict[str, Any]:
    handlers: dict[str, Any] = {}
    for name, middleware in {BARE: None, **MIDDLEWARE}.items():
        settings.MIDDLEWARE = [*filter(None, [middleware]), *_COMMON]
        handlers[name] = WSGIHandler()
    return handlers
