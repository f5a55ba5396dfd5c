"""Applications under test in ASGI frameworks, each written as its users would write it.

A function returns one application with one policy, through the adapter for its framework.
Frameworks that read annotations have their own modules, since they need global names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import corekit_asgi
import corekit_starlette
from tests.conformance.bare import ASGIApp, bare_asgi
from tests.conformance.case import CASE_HEADER
from tests.conformance.case import Response as CaseResponse
from tests.conformance.table import response_of
from tests.frameworks.dispatch import METHODS, Policy, record_asgi

__all__ = [
    "django",
    "falcon",
    "plain",
    "quart",
    "sanic",
    "starlette",
    "starlette_response",
    "stream_body",
    "wrap",
]


async def stream_body(case: CaseResponse) -> AsyncIterator[bytes]:
    """Yield the body of a response chunk by chunk."""
    for chunk in case.chunks:
        yield chunk


def wrap(app: Any, policy: Policy) -> ASGIApp:
    """Wrap an application in the ASGI middleware."""
    return corekit_asgi.CorsMiddleware(record_asgi(app), policy)


def plain(policy: Policy) -> ASGIApp:
    return wrap(bare_asgi, policy)


def starlette(policy: Policy) -> ASGIApp:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def respond(request: Request) -> Response:
        response: Response = starlette_response(response_of(request.headers[CASE_HEADER]))
        return response

    app = Starlette(
        routes=[
            Route("/app/{path:path}", respond, methods=METHODS),
            Route("/get-only", respond, methods=["GET"]),
        ]
    )
    app.add_middleware(record_asgi)
    corekit_starlette.install(app, policy)
    return app


def starlette_response(case: CaseResponse) -> Any:
    """Return the response of a case as a Starlette response."""
    from starlette.responses import Response, StreamingResponse

    if case.streamed:
        response: Response = StreamingResponse(stream_body(case), case.status)
    else:
        response = Response(b"".join(case.chunks), case.status)
    response.raw_headers.extend((n.lower().encode(), v.encode()) for n, v in case.headers)
    return response


def quart(policy: Policy) -> ASGIApp:
    from quart import Quart, Response, request

    app = Quart("application")

    @app.route("/app/<path:path>", methods=list(METHODS), provide_automatic_options=False)
    @app.route("/get-only", endpoint="get_only")
    async def respond(path: str = "") -> Response:
        case = response_of(request.headers[CASE_HEADER])
        body = stream_body(case) if case.streamed else b"".join(case.chunks)
        response = Response(body, case.status)
        response.headers.extend(list(case.headers))
        return response

    return wrap(app, policy)


def sanic(policy: Policy) -> ASGIApp:
    from sanic import HTTPResponse, Request, Sanic

    app: Any = Sanic(f"application-{id(policy)}", configure_logging=False)

    async def respond(request: Request, path: str = "") -> HTTPResponse | None:
        case = response_of(request.headers[CASE_HEADER])
        if case.streamed:
            stream = await request.respond(status=case.status, headers=dict(case.headers))
            assert stream is not None
            async for piece in stream_body(case):
                await stream.send(piece)
            await stream.eof()
            return None
        response = HTTPResponse(b"".join(case.chunks), case.status)
        for name, value in case.headers:
            response.headers.add(name, value)
        return response

    app.add_route(respond, "/app/<path:path>", methods=METHODS)
    app.add_route(respond, "/get-only", methods=["GET"], name="get_only")
    return wrap(app, policy)


def falcon(policy: Policy) -> ASGIApp:
    import falcon.asgi

    async def respond(req: Any, resp: Any, **kwargs: Any) -> None:
        case = response_of(req.get_header(CASE_HEADER))
        resp.status = case.status
        for name, value in case.headers:
            resp.append_header(name, value)
        if case.streamed:
            resp.stream = stream_body(case)
        else:
            resp.data = b"".join(case.chunks)

    class GetOnly:
        async def on_get(self, req: Any, resp: Any) -> None:
            await respond(req, resp)

    app = falcon.asgi.App()
    app.add_sink(respond, "/app/")
    app.add_route("/get-only", GetOnly())
    return wrap(app, policy)


def django(policy: Policy) -> ASGIApp:
    from django.core.asgi import get_asgi_application

    from tests.frameworks import django_site

    django_site.configure()
    return wrap(get_asgi_application(), policy)
