"""Flask: corekit and flask-cors, each with its own application, without a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response
from flask_cors import CORS

from benchmarks.applications import POLICY
from benchmarks.framework_wsgi import drive
from benchmarks.traffic import (
    ALLOWED,
    BODY,
    EXPOSED,
    HEADERS,
    MAX_AGE,
    METHODS,
    RESPONSE,
    UNTRUSTED,
    environ,
    preflight_headers,
    request_headers,
)
from benchmarks.workloads import BARE, OURS, Workload

OTHER: Final = "flask-cors"


def application() -> Flask:
    """Return an application with one view."""
    app = Flask(__name__)

    @app.route("/items/<int:number>")
    def item(number: int) -> Response:
        return Response(BODY, headers=dict(RESPONSE[2:]), content_type="application/json")

    return app


def contenders() -> dict[str, Any]:
    """Return one application for each contender, with the same policy."""
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
    return {BARE: application().wsgi_app, OURS: ours.wsgi_app, OTHER: theirs.wsgi_app}


def served_apps() -> dict[str, Any]:
    """Return the applications for `served`."""
    return contenders()


def workloads() -> list[Workload]:
    """Return the workloads for Flask."""
    apps = contenders()
    preflight_apps = {name: app for name, app in apps.items() if name != BARE}

    def get_factory(origin: str | None) -> Callable[[], Any]:
        headers = request_headers(origin)
        return lambda: environ("GET", headers)

    def preflight_factory() -> Any:
        return environ("OPTIONS", preflight_headers(ALLOWED))

    return [
        Workload("flask-no-origin", "no Origin", drive, get_factory(None), apps, batch=10),
        Workload(
            "flask-allowed", "allowed, credentials", drive, get_factory(ALLOWED), apps, batch=10
        ),
        Workload("flask-denied", "denied", drive, get_factory(UNTRUSTED), apps, batch=10),
        Workload(
            "flask-preflight",
            "preflight",
            drive,
            preflight_factory,
            preflight_apps,
            whole=True,
            batch=10,
        ),
    ]


def _protect(app: Flask) -> None:
    from corekit_flask import Cors  # noqa: PLC0415 - the other frameworks do not need it

    Cors(app, POLICY)
