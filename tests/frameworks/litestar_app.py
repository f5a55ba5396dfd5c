"""The application under test in Litestar, which reads the annotations of its handlers."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Litestar, Request, Response, route
from litestar.response import Stream

from tests.conformance.bare import ASGIApp
from tests.conformance.case import CASE_HEADER
from tests.conformance.table import response_of
from tests.frameworks.asgi_apps import stream_body, wrap
from tests.frameworks.dispatch import METHODS, Policy, join_lines

__all__ = ["make"]


def respond(request: Request[Any, Any, Any]) -> Response[Any]:
    case = response_of(request.headers[CASE_HEADER])
    headers = join_lines(case.headers)
    if case.streamed:
        return Stream(stream_body(case), status_code=case.status, headers=headers)
    body = b"".join(case.chunks).decode()
    kind = "text/plain"
    return Response(body, status_code=case.status, headers=headers, media_type=kind)


def make(policy: Policy) -> ASGIApp:
    @route("/app/{path:path}", http_method=[HttpMethod(method) for method in METHODS])
    async def respond_to_any(request: Request[Any, Any, Any], path: str) -> Response[Any]:
        return respond(request)

    @route("/get-only", http_method=[HttpMethod.GET])
    async def respond_to_get(request: Request[Any, Any, Any]) -> Response[Any]:
        return respond(request)

    app: Any = Litestar([respond_to_any, respond_to_get], openapi_config=None, logging_config=None)
    return wrap(app, policy)
