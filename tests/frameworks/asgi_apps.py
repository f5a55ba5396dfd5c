"""Applications under test in the frameworks of ASGI, each written as its users write it.

A function makes one application around one policy, with the adapter that its users would take.
Frameworks that read annotations have a module each, where the names are global.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import corekit_asgi
import corekit_starlette
from tests.conformance.bare import ASGIApp, bare_asgi
from tests.conformance.case import CASE_HEADER
from tests.conformance.case import Response as Answer
from tests.conformance.table import response_of
from tests.frameworks.answering import METHODS, Policy, record_asgi

__all__ = [
    "django",
    "falcon",
    "outermost",
    "pieces",
    "plain",
    "quart",
    "sanic",
    "starlette",
    "starlette_response",
]


async def pieces(answer: Answer) -> AsyncIterator[bytes]:
    """Give the body of an answer piece by piece."""
    for chunk in answer.chunks:
        yield chunk


def outermost(app: Any, policy: Policy) -> ASGIApp:
    """Put the middleware of ASGI around an application."""
    return corekit_asgi.CorsMiddleware(record_asgi(app), policy)


def plain(policy: Policy) -> ASGIApp:
    return outermost(bare_asgi, policy)


def starlette(policy: Policy) -> ASGIApp:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def answer(request: Request) -> Response:
        response: Response = starlette_response(response_of(request.headers[CASE_HEADER]))
        return response

    app = Starlette(
        routes=[
            Route("/app/{path:path}", answer, methods=METHODS),
            Route("/get-only", answer, methods=["GET"]),
        ]
    )
    app.add_middleware(record_asgi)
    corekit_starlette.install(app, policy)
    return app


def starlette_response(answer: Answer) -> Any:
    """Make the response of Starlette that a case asks for."""
    from starlette.responses import Response, StreamingResponse

    if answer.streamed:
        response: Response = StreamingResponse(pieces(answer), answer.status)
    else:
        response = Response(b"".join(answer.chunks), answer.status)
    response.raw_headers.extend((n.lower().encode(), v.encode()) for n, v in answer.headers)
    return response


def quart(policy: Policy) -> ASGIApp:
    from quart import Quart, Response, request

    app = Quart("application")

    @app.route("/app/<path:path>", methods=list(METHODS), provide_automatic_options=False)
    @app.route("/get-only", endpoint="get_only")
    async def answer(path: str = "") -> Response:
        case = response_of(request.headers[CASE_HEADER])
        body = pieces(case) if case.streamed else b"".join(case.chunks)
        response = Response(body, case.status)
        response.headers.extend(list(case.headers))
        return response

    return outermost(app, policy)


def sanic(policy: Policy) -> ASGIApp:
    from sanic import HTTPResponse, Request, Sanic

    app: Any = Sanic(f"application-{id(policy)}", configure_logging=False)

    async def answer(request: Request, path: str = "") -> HTTPResponse | None:
        case = response_of(request.headers[CASE_HEADER])
        if case.streamed:
            stream = await request.respond(status=case.status, headers=dict(case.headers))
            assert stream is not None
            async for piece in pieces(case):
                await stream.send(piece)
            await stream.eof()
            return None
        response = HTTPResponse(b"".join(case.chunks), case.status)
        for name, value in case.headers:
            response.headers.add(name, value)
        return response

    app.add_route(answer, "/app/<path:path>", methods=METHODS)
    app.add_route(answer, "/get-only", methods=["GET"], name="get_only")
    return outermost(app, policy)


def falcon(policy: Policy) -> ASGIApp:
    import falcon.asgi

    async def respond(req: Any, resp: Any, **kwargs: Any) -> None:
        answer = response_of(req.get_header(CASE_HEADER))
        resp.status = answer.status
        for name, value in answer.headers:
            resp.append_header(name, value)
        if answer.streamed:
            resp.stream = pieces(answer)
        else:
            resp.data = b"".join(answer.chunks)

    class GetOnly:
        async def on_get(self, req: Any, resp: Any) -> None:
            await respond(req, resp)

    app = falcon.asgi.App()
    app.add_sink(respond, "/app/")
    app.add_route("/get-only", GetOnly())
    return outermost(app, policy)


def django(policy: Policy) -> ASGIApp:
    from django.core.asgi import get_asgi_application

    from tests.frameworks import django_site

    django_site.configure()
    return outermost(get_asgi_application(), policy)
