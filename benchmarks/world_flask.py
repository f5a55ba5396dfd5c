"""Flask: corekit beside flask-cors, around one application each, without a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response
from flask_cors import CORS

from benchmarks.applications import POLICY
from benchmarks.traffic import (
    ALLOWED,
    BODY,
    EXPOSED,
    HEADERS,
    MAX_AGE,
    METHODS,
    RESPONSE,
    STRANGER,
    environ,
    preflight_headers,
    request_headers,
)
from benchmarks.workloads import BARE, OURS, Workload
from benchmarks.world_wsgi import drive

PEER: Final = "flask-cors"


def application() -> Flask:
    """Make an application of one view."""
    app = Flask(__name__)

    @app.route("/items/<int:number>")
    def item(number: int) -> Response:
        return Response(BODY, headers=dict(RESPONSE[2:]), content_type="application/json")

    return app


def contenders() -> dict[str, Any]:
    """Put everybody around an application of their own, with the same grants."""
    ours, theirs = application(), application()
    _protect(ours)
    CORS(
        theirs,
        origins=[ALLOWED],
        methods=[*METHODS],
        allow_headers=[*HEADERS],
        expose_headers=[*EXPOSED],
        supports_credentials=True,
        max_age=MAX_AGE,
        vary_header=True,
    )
    return {BARE: application().wsgi_app, OURS: ours.wsgi_app, PEER: theirs.wsgi_app}


def workloads() -> list[Workload]:
    """List the workloads of Flask."""
    around = contenders()
    answerers = {name: app for name, app in around.items() if name != BARE}

    def asking(origin: str | None) -> Callable[[], Any]:
        headers = request_headers(origin)
        return lambda: environ("GET", headers)

    def preflighting() -> Any:
        return environ("OPTIONS", preflight_headers(ALLOWED))

    return [
        Workload("flask-no-origin", "no Origin", drive, asking(None), around, batch=10),
        Workload("flask-allowed", "allowed, credentials", drive, asking(ALLOWED), around, batch=10),
        Workload("flask-denied", "denied", drive, asking(STRANGER), around, batch=10),
        Workload(
            "flask-preflight", "preflight", drive, preflighting, answerers, whole=True, batch=10
        ),
    ]


def _protect(app: Flask) -> None:
    from corekit_flask import Cors  # noqa: PLC0415 - so that the other worlds do not need it

    Cors(app, POLICY)
