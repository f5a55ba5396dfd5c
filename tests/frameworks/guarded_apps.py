"""The guard in adapters that are not ASGI, in front of a small application: see `guard_table`."""

from __future__ import annotations

from aiohttp import web
from flask import Flask, Response, request
from multidict import CIMultiDict

import corekit_aiohttp
import corekit_flask
import corekit_wsgi
from corekit.guard import CrossOriginGuard, OnVerdict
from corekit_testing.transports import WsgiTransport
from tests.properties.adapters import aiohttp_sender
from tests.properties.application import Application, Send

__all__ = ["protect_aiohttp", "protect_flask", "protect_wsgi", "protect_wsgi_alone"]


def protect_wsgi(guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict) -> Send:
    app = corekit_wsgi.CorsMiddleware(
        application.wsgi, guard.policy, guard=guard, on_verdict=on_verdict
    )
    return WsgiTransport(app, raise_exceptions=True).send


def protect_wsgi_alone(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict
) -> Send:
    app = corekit_wsgi.GuardMiddleware(application.wsgi, guard, on_verdict=on_verdict)
    return WsgiTransport(app, raise_exceptions=True).send


def protect_flask(guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict) -> Send:
    app = Flask(__name__)

    @app.before_request
    def respond() -> Response:
        application.reached.append(request.method)
        return Response(b"secret", application.status, application.headers)

    corekit_flask.Cors(app, guard.policy, guard=guard, on_verdict=on_verdict)
    return WsgiTransport(app, raise_exceptions=True).send


def protect_aiohttp(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict
) -> Send:
    async def respond(request: web.Request) -> web.StreamResponse:
        application.reached.append(request.method)
        headers = CIMultiDict(application.headers)
        return web.Response(body=b"secret", status=application.status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", respond)
    corekit_aiohttp.install(app, guard.policy, guard=guard, on_verdict=on_verdict)
    return aiohttp_sender(app)
