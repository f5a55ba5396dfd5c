"""Applications with a policy for ``/secret``, to be put behind a bridge to another interface."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from asgiref.wsgi import WsgiToAsgi
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse as DjangoResponse
from django.urls import path as django_path
from flask import Flask
from litestar import Litestar
from litestar import get as litestar_get
from quart import Quart
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import corekit_asgi
import corekit_django
import corekit_flask
import corekit_starlette
import corekit_wsgi
from corekit import CorsPolicy, CorsRoutes
from tests.frameworks.django_urls import any_origin_site, serve_urls

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.middleware.wsgi import WSGIMiddleware

APP: Final = "https://app.example.com"
ANY: Final = CorsPolicy(allow_origins=["*"])
OWN: Final = CorsPolicy(allow_origins=[APP], allow_credentials=True)
ELSEWHERE: Final = CorsRoutes([("/elsewhere", ANY)])

ran: list[str] = []


def _flask() -> Flask:
    app = Flask("inner")

    @app.get("/secret")
    @corekit_flask.cors(OWN)
    def secret() -> str:
        ran.append("secret")
        return "secret"

    app.add_url_rule("/open", "open", lambda: "open")
    return app


def flask() -> Any:
    app = _flask()
    corekit_flask.Cors(app)
    return app


def flask_with_policy() -> Any:
    app = _flask()
    corekit_flask.Cors(app, ANY)
    return app


def flask_in_the_middleware() -> Any:
    return corekit_wsgi.CorsMiddleware(_flask(), ANY)


def flask_in_the_middleware_of_other_paths() -> Any:
    return corekit_wsgi.CorsMiddleware(_flask(), ELSEWHERE)


def django_wsgi() -> Any:
    return WSGIHandler()


def installed(app: Starlette) -> Any:
    corekit_starlette.install(app, ANY)
    return app


def wrapped(app: Starlette) -> Any:
    return corekit_asgi.CorsMiddleware(app, ANY)


WSGI: Final = (
    flask,
    flask_with_policy,
    flask_in_the_middleware,
    flask_in_the_middleware_of_other_paths,
    django_wsgi,
)
BRIDGES: Final = (WSGIMiddleware, WsgiToAsgi)


def starlette() -> Any:
    return _starlette()


def starlette_with_policies_of_routes() -> Any:
    return corekit_starlette.install(_starlette())


def starlette_with_policy() -> Any:
    return corekit_starlette.install(_starlette(), ANY)


def starlette_in_the_middleware() -> Any:
    return corekit_asgi.CorsMiddleware(_starlette(), ANY)


def _starlette() -> Starlette:
    @corekit_starlette.cors(OWN)
    async def secret(_: object) -> PlainTextResponse:
        ran.append("secret")
        return PlainTextResponse("secret")

    return Starlette(
        routes=[Route("/secret", secret), Route("/open", lambda _: PlainTextResponse("open"))]
    )


def quart() -> Any:
    app = Quart("inner")

    @app.get("/secret")
    @corekit_asgi.cors(OWN)
    async def secret() -> str:
        ran.append("secret")
        return "secret"

    @app.get("/open")
    async def get_open() -> str:
        return "open"

    return corekit_asgi.install(app, OWN)


def litestar() -> Any:
    @litestar_get("/secret", sync_to_thread=False)
    @corekit_asgi.cors(OWN)
    def secret() -> str:
        ran.append("secret")
        return "secret"

    @litestar_get("/open", sync_to_thread=False)
    def get_open() -> str:
        return "open"

    return corekit_asgi.install(Litestar([secret, get_open], logging_config=None), OWN)


def django_asgi() -> Any:
    return ASGIHandler()


ASGI: Final = (
    starlette,
    starlette_with_policies_of_routes,
    starlette_with_policy,
    starlette_in_the_middleware,
    quart,
    litestar,
    django_asgi,
)


@contextmanager
def django_site() -> Iterator[None]:
    """Set Django up for the handlers, and forget what ran."""

    @corekit_django.cors(OWN)
    def secret(_: object) -> DjangoResponse:
        ran.append("secret")
        return DjangoResponse("secret")

    ran.clear()
    with any_origin_site():
        serve_urls(
            django_path("secret", secret),
            django_path("open", lambda _: DjangoResponse("open")),
        )
        yield
