"""FastAPI: corekit and Starlette's layer, for `servers`."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Response
from starlette.middleware.cors import CORSMiddleware

from benchmarks.applications import POLICY
from benchmarks.traffic import ALLOWED, BODY, EXPOSED, HEADERS, MAX_AGE, METHODS, RESPONSE
from benchmarks.workloads import BARE, OURS
from corekit_asgi import CorsMiddleware


def served_apps() -> dict[str, Any]:
    """Return one application for each contender, with the same policy."""
    apps = {name: _application() for name in (BARE, OURS, "starlette")}
    apps[OURS].add_middleware(CorsMiddleware, policy=POLICY)
    apps["starlette"].add_middleware(
        CORSMiddleware,
        allow_origins=[ALLOWED],
        allow_methods=METHODS,
        allow_headers=HEADERS,
        allow_credentials=True,
        expose_headers=EXPOSED,
        max_age=MAX_AGE,
    )
    return apps


def _application() -> FastAPI:
    app = FastAPI()

    @app.get("/items/{number}")
    async def item(number: int) -> Response:
        return Response(BODY, headers=dict(RESPONSE[2:]), media_type="application/json")

    return app
