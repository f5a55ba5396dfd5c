"""Every adapter, as a function that applies a policy to a small application, for the properties.

The application sends the same response to every request and records the methods that reached it.
The function of an adapter returns a function that sends a request to the application.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import django
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest as DjangoRequest
from django.http import HttpResponse as DjangoResponse
from django.test import override_settings
from django.urls import re_path
from flask import Flask
from flask import Response as FlaskResponse
from flask import request as flask_request
from multidict import CIMultiDict
from starlette.applications import Starlette
from starlette.routing import Mount

import corekit_aiohttp
import corekit_asgi
import corekit_starlette
import corekit_wsgi
from corekit import CorsPolicy
from corekit.browser import HttpRequest, HttpResponse
from corekit.events import OnDecision
from corekit_flask import Cors
from corekit_testing.asgi import AsgiTransport
from corekit_testing.transports import WsgiTransport

django.setup()


@dataclass
class Application:
    """The application under every adapter: one response, and the methods that reached it."""

    status: int
    headers: list[tuple[str, str]]
    reached: list[str] = field(default_factory=list)

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.reached.append(scope["method"])
            raw = [(name.lower().encode(), value.encode()) for name, value in self.headers]
            await send({"type": "http.response.start", "status": self.status, "headers": raw})
            await send({"type": "http.response.body", "body": b"secret"})

    def wsgi(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.reached.append(environ["REQUEST_METHOD"])
        start_response(f"{self.status} Status", list(self.headers))
        return [b"secret"]


Send = Callable[[HttpRequest], HttpResponse]


@cache
def shared_loop() -> asyncio.AbstractEventLoop:
    """Return one event loop for all examples, since creating a loop is slow."""
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


def asgi_sender(app: Any) -> Send:
    transport = AsgiTransport(app, raise_exceptions=True)
    return lambda request: shared_loop().run_until_complete(transport.send_async(request))


def through_asgi(
    policy: CorsPolicy, application: Application, on_decision: OnDecision | None = None
) -> Send:
    app = corekit_asgi.CorsMiddleware(application.asgi, policy, on_decision=on_decision)
    return asgi_sender(app)


def through_wsgi(
    policy: CorsPolicy, application: Application, on_decision: OnDecision | None = None
) -> Send:
    app = corekit_wsgi.CorsMiddleware(application.wsgi, policy, on_decision=on_decision)
    return WsgiTransport(app, raise_exceptions=True).send


def through_starlette(
    policy: CorsPolicy, application: Application, on_decision: OnDecision | None = None
) -> Send:
    app = Starlette(routes=[Mount("/", app=application.asgi)])
    corekit_starlette.install(app, policy, on_decision=on_decision)
    return asgi_sender(app)


def through_flask(
    policy: CorsPolicy, application: Application, on_decision: OnDecision | None = None
) -> Send:
    app = Flask(__name__)
    Cors(app, policy, on_decision=on_decision)

    @app.before_request
    def answer() -> FlaskResponse:
        application.reached.append(flask_request.environ["REQUEST_METHOD"])
        return FlaskResponse(b"secret", application.status, application.headers)

    return WsgiTransport(app, raise_exceptions=True).send


django_applications: list[Application] = []


def django_view(request: DjangoRequest) -> DjangoResponse:
    application = django_applications[-1]
    application.reached.append(str(request.method))
    response = DjangoResponse(b"secret", status=application.status)
    for name, value in application.headers:
        response[name] = value
    return response


urlpatterns = [re_path("", django_view)]


def through_django(
    policy: CorsPolicy, application: Application, on_decision: OnDecision | None = None
) -> Send:
    settings = override_settings(
        ALLOWED_HOSTS=["*"],
        CORS_ON_DECISION=on_decision,
        CORS_POLICY=policy,
        MIDDLEWARE=["corekit_django.middleware.CorsMiddleware"],
        ROOT_URLCONF=__name__,
    )
    with settings:
        transport = WsgiTransport(WSGIHandler(), raise_exceptions=True)

    def send(request: HttpRequest) -> HttpResponse:
        django_applications.append(application)
        with settings:
            response = transport.send(request)
        django_applications.clear()
        return response

    return send


def through_aiohttp(
    policy: CorsPolicy, application: Application, on_decision: OnDecision | None = None
) -> Send:
    async def answer(request: web.Request) -> web.StreamResponse:
        application.reached.append(request.method)
        headers = CIMultiDict(application.headers)
        return web.Response(body=b"secret", status=application.status, headers=headers)

    app = web.Application()
    corekit_aiohttp.install(app, policy, on_decision=on_decision)
    app.router.add_route("*", "/{path:.*}", answer)

    app.freeze()

    async def send_once(asked: HttpRequest) -> HttpResponse:
        # Without a server, since the parser of aiohttp's server accepts registered methods only.
        target = asked.url.partition("://")[2].partition("/")[2]
        request = make_mocked_request(
            asked.method, f"/{target}", headers=CIMultiDict(asked.headers), app=app
        )
        response = await app._handle(request)
        await response.prepare(request)
        body = response.body if isinstance(response, web.Response) else b""
        assert body is None or isinstance(body, bytes)
        return HttpResponse(response.status, tuple(response.headers.items()), body or b"")

    return lambda request: shared_loop().run_until_complete(send_once(request))


ADAPTERS: dict[str, Callable[..., Send]] = {
    "asgi": through_asgi,
    "wsgi": through_wsgi,
    "starlette": through_starlette,
    "flask": through_flask,
    "django": through_django,
    "aiohttp": through_aiohttp,
}
