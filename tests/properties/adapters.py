"""Every adapter, as a function that applies a policy to a small application, for the properties.

The function of an adapter returns a function that sends a request to the application. The table of
tests/frameworks/matrix.py names them; that of a new adapter is in the module of its application.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from typing import Any

import django
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from django.core.handlers.asgi import ASGIHandler
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
from corekit_testing.transports import AsgiTransport, WsgiTransport
from tests.frameworks.matrix import ROWS
from tests.properties.application import Application, Send, shared_loop

django.setup()


def asgi_sender(app: Any) -> Send:
    transport = AsgiTransport(app, raise_exceptions=True)
    return lambda request: shared_loop().run_until_complete(transport.send_async(request))


def wsgi_sender(app: Any) -> Send:
    return WsgiTransport(app, raise_exceptions=True).send


def through_asgi(
    policy: CorsPolicy, application: Application, on_decision: OnDecision | None = None
) -> Send:
    app = corekit_asgi.CorsMiddleware(application.asgi, policy, on_decision=on_decision)
    return asgi_sender(app)


def through_wsgi(
    policy: CorsPolicy, application: Application, on_decision: OnDecision | None = None
) -> Send:
    app = corekit_wsgi.CorsMiddleware(application.wsgi, policy, on_decision=on_decision)
    return wsgi_sender(app)


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

    return wsgi_sender(app)


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
    return django_sender(application, CORS_POLICY=policy, CORS_ON_DECISION=on_decision)


def django_sender(application: Application, *, is_async: bool = False, **more: Any) -> Send:
    settings = override_settings(
        **more,
        ALLOWED_HOSTS=["*"],
        MIDDLEWARE=["corekit_django.middleware.CorsMiddleware"],
        ROOT_URLCONF=__name__,
    )
    with settings:
        pass_on = asgi_sender(ASGIHandler()) if is_async else wsgi_sender(WSGIHandler())

    def send(request: HttpRequest) -> HttpResponse:
        django_applications.append(application)
        with settings:
            response = pass_on(request)
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
    return aiohttp_sender(app)


def aiohttp_sender(app: web.Application) -> Send:
    app.freeze()

    async def send_once(asked: HttpRequest) -> HttpResponse:
        # Without a server, since the parser of aiohttp's server accepts registered methods only.
        host, _, target = asked.url.partition("://")[2].partition("/")
        headers = CIMultiDict([("Host", host), *asked.headers])
        request = make_mocked_request(asked.method, f"/{target}", headers=headers, app=app)
        response = await app._handle(request)
        await response.prepare(request)
        body = response.body if isinstance(response, web.Response) else b""
        assert body is None or isinstance(body, bytes)
        # The date may change between two responses that are compared.
        fields = tuple(field for field in response.headers.items() if field[0] != "Date")
        return HttpResponse(response.status, fields, body or b"")

    return lambda request: shared_loop().run_until_complete(send_once(request))


ADAPTERS: dict[str, Callable[..., Send]] = {
    row.adapter.removeprefix("corekit_"): pkgutil.resolve_name(row.in_process)
    for row in ROWS
    if row.in_process
}
