"""The application under test in FastAPI, which reads the annotations of its path operations."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

import corekit_starlette
from tests.conformance.bare import ASGIApp
from tests.conformance.case import CASE_HEADER
from tests.conformance.table import response_of
from tests.frameworks.asgi_apps import starlette_response
from tests.frameworks.dispatch import METHODS, Policy, record_asgi

__all__ = ["make"]


def make(policy: Policy) -> ASGIApp:
    app = FastAPI()
    corekit_starlette.install(app, policy)
    app.add_middleware(record_asgi)

    @app.api_route("/app/{path:path}", methods=list(METHODS))
    @app.get("/get-only")
    async def respond(request: Request) -> Response:
        response: Response = starlette_response(response_of(request.headers[CASE_HEADER]))
        return response

    return app
