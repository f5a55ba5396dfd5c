"""The demo's API for servers in another process: `wsgi`, and `asgi` with the ASGI middleware.

COREKIT_DEMO_PAGE is the origin that the policy allows.
"""

from __future__ import annotations

import os
from typing import Any, Final

from corekit import CorsPolicy
from corekit.browser import HttpResponse
from corekit_asgi import CorsMiddleware
from corekit_asgi.layers import ASGIApp, Message, Receive, Scope, Send
from corekit_cli.demo.api import LOG_PATH, Api, RequestLog, serve_api
from corekit_cli.demo.form import make_policy

__all__ = ["asgi", "wsgi"]

_POLICY: Final = make_policy(os.environ.get("COREKIT_DEMO_PAGE", "http://localhost:3000"))


def serve_asgi_api(policy: CorsPolicy) -> ASGIApp:
    """Build the ASGI application: the log around the middleware around the API."""
    api, log = Api(), RequestLog()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = _headers(scope)
        await _send_reply(send, api.reply(scope["method"], scope["path"], headers, body))

    covered = CorsMiddleware(application, policy)

    async def logged(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "run without lifespan"
        query = scope["query_string"].decode()
        if scope["path"] == LOG_PATH:
            await _send_reply(send, log.reply(query))
            return

        async def send_and_log(message: Message) -> None:
            if message["type"] == "http.response.start":
                log.add(scope["method"], query, _headers(scope), message["status"])
            await send(message)

        await covered(scope, receive, send_and_log)

    return logged


async def _send_reply(send: Send, reply: HttpResponse) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def _headers(scope: Any) -> dict[str, str]:
    return {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}


asgi = serve_asgi_api(_POLICY)
wsgi = serve_api(_POLICY)
