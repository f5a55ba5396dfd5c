"""The application under test in Litestar, which reads the annotations of its handlers."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Litestar, Request, Response, route
from litestar.response import Stream

from tests.conformance.bare import ASGIApp
from tests.conformance.case import CASE_HEADER
from tests.conformance.table import response_of
from tests.frameworks.answering import METHODS, Policy, joined
from tests.frameworks.asgi_apps import outermost, pieces

__all__ = ["make"]


def respond(request: Request[Any, Any, Any]) -> Response[Any]:
    answer = response_of(request.headers[CASE_HEADER])
    headers = joined(answer.headers)
    if answer.streamed:
        return Stream(pieces(answer), status_code=answer.status, headers=headers)
    body = b"".join(answer.chunks).decode()
    kind = "text/plain"
    return Response(body, status_code=answer.status, headers=headers, media_type=kind)


def make(policy: Policy) -> ASGIApp:
    @route("/app/{path:path}", http_method=[HttpMethod(method) for method in METHODS])
    async def answer_all(request: Request[Any, Any, Any], path: str) -> Response[Any]:
        return respond(request)

    @route("/get-only", http_method=[HttpMethod.GET])
    async def answer_get(request: Request[Any, Any, Any]) -> Response[Any]:
        return respond(request)

    app: Any = Litestar([answer_all, answer_get], openapi_config=None, logging_config=None)
    return outermost(app, policy)
