"""The Django project under test: its settings, its views and its URLs, all in this module.

Wrapped in the WSGI or ASGI middleware, one project serves all policies. With Django's own adapter,
which takes its policy from the settings, each policy has a forked process.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from typing import Any
from wsgiref.simple_server import make_server

import django
from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import re_path
from django.utils.decorators import sync_and_async_middleware
from django.views.decorators.http import require_safe

from tests.conformance.case import CASE_HEADER
from tests.conformance.table import response_of
from tests.frameworks.dispatch import POLICIES, RAN_PATH, Policy, join_lines, ran
from tests.frameworks.quiet import Quiet

__all__ = ["configure", "serve_asgi", "serve_wsgi"]


def configure(policy: Policy | None = None) -> None:
    """Configure Django in this process, once; with `policy`, through its own adapter."""
    if settings.configured:
        return
    own: dict[str, Any] = {"MIDDLEWARE": []}
    if policy is not None:
        middleware = ["corekit_django.middleware.CorsMiddleware", f"{__name__}.record"]
        own = {"CORS_POLICY": policy, "MIDDLEWARE": middleware}
        own["INSTALLED_APPS"] = ["corekit_django"]
    settings.configure(
        ALLOWED_HOSTS=["*"],
        APPEND_SLASH=False,
        ROOT_URLCONF=__name__,
        SECRET_KEY="tests",
        LOGGING_CONFIG=None,
        **own,
    )
    django.setup()


def respond(request: HttpRequest) -> HttpResponseBase:
    case = response_of(request.headers[CASE_HEADER])
    if case.streamed:
        response: HttpResponseBase = StreamingHttpResponse(iter(case.chunks), status=case.status)
    else:
        response = HttpResponse(b"".join(case.chunks), status=case.status)
    for name, value in join_lines(case.headers).items():
        response.headers[name] = value
    return response


def report_ran(request: HttpRequest) -> HttpResponseBase:
    return JsonResponse(sorted(ran), safe=False)


urlpatterns = [
    re_path(r"^app/", respond),
    re_path(r"^get-only$", require_safe(respond)),
    re_path(rf"^{RAN_PATH.removeprefix('/')}$", report_ran),
]


@sync_and_async_middleware
def record(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Record the cases that reach this middleware."""
    if iscoroutinefunction(get_response):

        async def record_async(request: HttpRequest) -> Any:
            ran.add(request.headers.get(CASE_HEADER, ""))
            return await get_response(request)

        return record_async

    def recording_app(request: HttpRequest) -> Any:
        ran.add(request.headers.get(CASE_HEADER, ""))
        return get_response(request)

    return recording_app


def serve_wsgi(ports: Sequence[int]) -> None:
    """Serve the project for each policy until the processes are terminated."""
    from django.core.wsgi import get_wsgi_application

    def serve(port: int) -> None:
        application = get_wsgi_application()
        with make_server("127.0.0.1", port, application, handler_class=Quiet) as server:
            server.serve_forever()

    _fork(ports, serve)


def serve_asgi(ports: Sequence[int]) -> None:
    """Like `serve_wsgi`, over ASGI."""
    import uvicorn
    from django.core.asgi import get_asgi_application

    def serve(port: int) -> None:
        application: Any = get_asgi_application()
        uvicorn.run(application, port=port, http="h11", lifespan="off", log_level="critical")

    _fork(ports, serve)


def _fork(ports: Sequence[int], serve: Callable[[int], None]) -> None:
    for policy, port in zip(POLICIES, ports, strict=True):
        if os.fork() == 0:
            configure(policy)
            serve(port)
            os._exit(0)
    signal.pause()
