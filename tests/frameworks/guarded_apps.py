"""The guard in adapters that are not ASGI, in front of a small application: see `guard_table`."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from flask import Flask, Response, request
from multidict import CIMultiDict
from sanic import HTTPResponse, Sanic
from sanic import Request as SanicRequest
from sanic.compat import Header

import corekit_aiohttp
import corekit_flask
import corekit_sanic
import corekit_wsgi
from corekit.guard import CrossOriginGuard, OnVerdict
from corekit_testing.transports import WsgiTransport
from tests.frameworks.sanic_app import App, make_app, send_to
from tests.properties.adapters import aiohttp_sender, asgi_sender
from tests.properties.application import Application, Send, shared_loop

__all__ = [
    "protect_aiohttp",
    "protect_flask",
    "protect_sanic",
    "protect_sanic_over_asgi",
    "protect_wsgi",
    "protect_wsgi_alone",
]


def protect_wsgi(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict, **more: Any
) -> Send:
    app = corekit_wsgi.CorsMiddleware(
        application.wsgi, guard.policy, guard=guard, on_verdict=on_verdict, **more
    )
    return WsgiTransport(app, raise_exceptions=True).send


def protect_wsgi_alone(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict
) -> Send:
    app = corekit_wsgi.GuardMiddleware(application.wsgi, guard, on_verdict=on_verdict)
    return WsgiTransport(app, raise_exceptions=True).send


def protect_flask(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict, **more: Any
) -> Send:
    app = Flask(__name__)

    @app.before_request
    def respond() -> Response:
        application.reached.append(request.method)
        return Response(b"secret", application.status, application.headers)

    corekit_flask.Cors(app, guard.policy, guard=guard, on_verdict=on_verdict, **more)
    return WsgiTransport(app, raise_exceptions=True).send


def protect_aiohttp(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict, **more: Any
) -> Send:
    async def respond(request: web.Request) -> web.StreamResponse:
        application.reached.append(request.method)
        headers = CIMultiDict(application.headers)
        return web.Response(body=b"secret", status=application.status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", respond)
    corekit_aiohttp.install(app, guard.policy, guard=guard, on_verdict=on_verdict, **more)
    return aiohttp_sender(app)


def protect_sanic(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict, **more: Any
) -> Send:
    return send_to(install_in_sanic(guard, application, on_verdict, **more))


def protect_sanic_over_asgi(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict, **more: Any
) -> Send:
    app = install_in_sanic(guard, application, on_verdict, **more)
    app.asgi = True
    shared_loop().run_until_complete(app._startup())  # type: ignore[no-untyped-call]
    Sanic.unregister_app(app)
    return asgi_sender(app)


def install_in_sanic(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict, **more: Any
) -> App:
    app = make_app()

    async def respond(request: SanicRequest, path: str) -> HTTPResponse:
        application.reached.append(request.method)
        return HTTPResponse(b"secret", application.status, Header(application.headers))

    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    app.add_route(respond, "/<path:path>", methods=methods)
    return corekit_sanic.install(app, guard.policy, guard=guard, on_verdict=on_verdict, **more)
