"""Applications with one secret path, for the test that no request gets the policy of another path.

Each has ``/admin/secret``, and another handler for all other paths if its router can have one. Some
are mounted below `PREFIX`. A request names its application in a header.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

from corekit import CorsPolicy, CorsRoutes
from tests.conformance.bare import ASGIApp, Receive, Scope, Send
from tests.frameworks.dispatch import run_lifespans

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ADMIN: Final = "https://admin.example.com"
OTHER: Final = "https://other.example"
PREFIX: Final = "/v1"
SECRET: Final = "/admin/secret"

# An exact route, since one with a slash at its end would cover what a router adds to the secret.
ROUTES: Final = CorsRoutes(
    [
        (SECRET, CorsPolicy(allow_origins=[ADMIN], allow_credentials=True)),
        ("/", CorsPolicy(allow_origins=["*"])),
    ]
)
APP_HEADER: Final = "x-app"


def _mark(cors: Callable[..., Any], endpoint: Any) -> Any:
    return cors(allow_origins=[ADMIN], allow_credentials=True)(endpoint)


def _starlette(*, is_marked: bool = False) -> Any:
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def secret(_: object) -> PlainTextResponse:
        return PlainTextResponse("secret")

    async def public(_: object) -> PlainTextResponse:
        return PlainTextResponse("public")

    if is_marked:
        from corekit_starlette import cors

        secret = _mark(cors, secret)
    return Starlette(routes=[Route(SECRET, secret), Route("/{rest:path}", public)])


def _installed(app: Any) -> Any:
    from corekit_starlette import install

    install(app, ROUTES)
    return app


def _with_marks(app: Any) -> Any:
    from corekit_starlette import install

    install(app, CorsPolicy(allow_origins=["*"]))
    return app


def _marked() -> Any:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    from corekit_starlette import cors, install

    app = Starlette(routes=[Mount(PREFIX, cors(ROUTES)(_starlette()))])
    install(app, CorsPolicy(allow_origins=["*"]))
    return app


def _marked_fastapi() -> Any:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    from corekit_starlette import cors, install

    app = Starlette(routes=[Mount("/", _Layer(cors(ROUTES)(_fastapi(root_path=PREFIX))))])
    install(app, CorsPolicy(allow_origins=["*"]))
    return app


def _mounted(app: Any) -> Any:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    return Starlette(routes=[Mount(PREFIX, app)])


def _fastapi(**options: Any) -> Any:
    from fastapi import FastAPI
    from fastapi.responses import PlainTextResponse

    app = FastAPI(**options)

    @app.get(SECRET)
    def secret() -> PlainTextResponse:
        return PlainTextResponse("secret")

    return app


def _litestar() -> Any:
    from litestar import Litestar, get

    @get(SECRET, sync_to_thread=False)
    def secret() -> str:
        return "secret"

    return Litestar([secret])


def _quart() -> Any:
    from quart import Quart

    app = Quart("paths")

    @app.get(SECRET)
    async def secret() -> str:
        return "secret"

    return app


def _falcon() -> Any:
    import falcon.asgi

    class Secret:
        async def on_get(self, _: object, response: Any) -> None:
            response.text = "secret"

    app = falcon.asgi.App()
    app.add_route(SECRET, Secret())
    return app


def _sanic(*, is_marked: bool = False) -> Any:
    from sanic import Sanic
    from sanic.response import text

    app: Any = Sanic("paths")

    async def secret(_: object) -> Any:
        return text("secret")

    async def public(_: object, rest: str) -> Any:
        return text("public")

    if is_marked:
        from corekit_sanic import cors

        secret = _mark(cors, secret)
    app.add_route(secret, SECRET)
    app.add_route(public, "/<rest:path>")
    return app


def _bare(read: Callable[[Scope], str]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b"secret" if read(scope).rstrip("/") == SECRET else b"public"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app


class _Layer:
    """A middleware around an application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app({**scope}, receive, send)


def _covered(app: Any, **options: Any) -> Any:
    from corekit_asgi import CorsMiddleware

    return CorsMiddleware(app, ROUTES, **options)


def _below(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


@cache
def _django() -> None:
    import django
    from django.conf import settings
    from django.http import HttpRequest, HttpResponse
    from django.urls import re_path

    from corekit_django import cors

    def secret(_: HttpRequest) -> HttpResponse:
        return HttpResponse("secret")

    def public(_: HttpRequest) -> HttpResponse:
        return HttpResponse("public")

    path = f"^{SECRET[1:]}$"
    for name, view in (("marked", _mark(cors, secret)), ("regex", secret)):
        urls = sys.modules[f"urls_{name}"] = ModuleType(f"urls_{name}")
        vars(urls)["urlpatterns"] = [re_path(path, view), re_path("", public)]
    settings.configure(
        ALLOWED_HOSTS=["*"],
        CORS_ALLOW_ALL_ORIGINS=True,
        CORS_URLS_REGEX=r"^/(?!admin(/|$))",
        MIDDLEWARE=[
            "tests.frameworks.path_apps.SelectUrls",
            "corekit_django.middleware.CorsMiddleware",
        ],
        ROOT_URLCONF="urls_regex",
    )
    django.setup()


class SelectUrls:
    """Middleware that selects the URLs of an application, as that of a site with tenants does."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        is_marked = "marked" in request.headers[APP_HEADER]
        request.urlconf = "urls_marked" if is_marked else "urls_regex"
        return self._get_response(request)


def _django_asgi() -> Any:
    from django.core.handlers.asgi import ASGIHandler

    _django()
    return ASGIHandler()


def _django_wsgi() -> Any:
    from django.core.handlers.wsgi import WSGIHandler

    _django()
    return WSGIHandler()


ASGI_APPS: Final[Mapping[str, Callable[[], Any]]] = {
    "starlette": lambda: _installed(_starlette()),
    "starlette in the middleware": lambda: _covered(_starlette()),
    "starlette in a layer in the middleware": lambda: _covered(_Layer(_starlette())),
    "starlette mounted": lambda: _mounted(_installed(_starlette())),
    "starlette mounted twice": lambda: _mounted(_mounted(_installed(_starlette()))),
    "starlette mounted with a mark": _marked,
    "starlette with a marked endpoint": lambda: _with_marks(_starlette(is_marked=True)),
    "starlette with a marked endpoint, mounted": lambda: _with_marks(
        _mounted(_starlette(is_marked=True))
    ),
    "django with a marked view": _django_asgi,
    "django with CORS_URLS_REGEX": _django_asgi,
    "fastapi": lambda: _installed(_fastapi()),
    "fastapi with a root path": lambda: _installed(_fastapi(root_path=PREFIX)),
    "fastapi with a root path in the middleware": lambda: _covered(_fastapi(root_path=PREFIX)),
    "fastapi with a root path and a mark, mounted": _marked_fastapi,
    "litestar": lambda: _covered(_litestar()),
    "quart": lambda: _covered(_quart()),
    "falcon": lambda: _covered(_falcon()),
    "sanic, unknown": lambda: _covered(_sanic()),
    "whole path, unknown": lambda: _covered(_bare(lambda scope: scope["path"])),
    "whole path": lambda: _covered(_bare(lambda scope: scope["path"]), strips_root_path=False),
    "below the root, unknown": lambda: _covered(_bare(_below)),
    "below the root": lambda: _covered(_bare(_below), strips_root_path=True),
}


def _flask(*, is_marked: bool = False) -> Any:
    from flask import Flask

    app = Flask("paths")

    def secret() -> str:
        return "secret"

    @app.get("/<path:rest>")
    def public(rest: str) -> str:
        return "public"

    if is_marked:
        from corekit_flask import cors

        secret = _mark(cors, secret)
    app.get(SECRET)(secret)
    return app


def _flask_extension() -> Any:
    from corekit_flask import Cors

    app = _flask()
    Cors(app, ROUTES)
    return app


def _flask_marked() -> Any:
    from corekit_flask import Cors

    app = _flask(is_marked=True)
    Cors(app, CorsPolicy(allow_origins=["*"]))
    return app


def _flask_resources() -> Any:
    from corekit_flask.compat import CORS

    app = _flask()
    CORS(
        app,
        resources={
            "/admin/*": {"origins": ADMIN, "supports_credentials": True},
            "/*": {"origins": "*"},
        },
    )
    return app


def _dispatched(app: Any) -> Any:
    from werkzeug.exceptions import NotFound
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    return DispatcherMiddleware(NotFound(), {PREFIX: app})


def _bottle() -> Any:
    import bottle  # type: ignore[import-untyped]

    app = bottle.Bottle()
    app.route(SECRET, callback=lambda: "secret")
    return app


def _pyramid() -> Any:
    from pyramid.config import Configurator  # type: ignore[import-untyped]
    from pyramid.response import Response  # type: ignore[import-untyped]

    with Configurator() as config:
        config.add_route("secret", SECRET)
        config.add_view(lambda _: Response("secret"), route_name="secret")
        return config.make_wsgi_app()


def _bare_wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"secret" if environ["PATH_INFO"].rstrip("/") == SECRET else b"public"]


def _covered_wsgi(app: Any) -> Any:
    from corekit_wsgi import CorsMiddleware

    return CorsMiddleware(app, ROUTES)


WSGI_APPS: Final[Mapping[str, Callable[[], Any]]] = {
    "flask": _flask_extension,
    "flask dispatched": lambda: _dispatched(_flask_extension()),
    "flask with a marked view": _flask_marked,
    "flask with a marked view, dispatched": lambda: _dispatched(_flask_marked()),
    "django with a marked view": _django_wsgi,
    "django with CORS_URLS_REGEX": _django_wsgi,
    "flask with resources": _flask_resources,
    "flask with resources, dispatched": lambda: _dispatched(_flask_resources()),
    "flask in the middleware": lambda: _covered_wsgi(_flask()),
    "bottle": lambda: _covered_wsgi(_bottle()),
    "pyramid": lambda: _covered_wsgi(_pyramid()),
    "wsgi": lambda: _covered_wsgi(_bare_wsgi),
}


def serve_asgi() -> ASGIApp:
    """Return one ASGI callable for all applications."""
    apps = {name: make() for name, make in ASGI_APPS.items()}

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await apps[dict(scope["headers"])[APP_HEADER.encode()].decode()](scope, receive, send)
        else:
            await run_lifespans(list(apps.values()), scope, receive, send)

    return dispatch


def serve_wsgi() -> WSGIApplication:
    """Return one WSGI callable for all applications."""
    apps = {name: make() for name, make in WSGI_APPS.items()}

    def dispatch(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found: Iterable[bytes] = apps[environ["HTTP_X_APP"]](environ, start_response)
        return found

    return dispatch


def serve_aiohttp(port: int, *, below: bool = False) -> None:
    """Serve an aiohttp application, or two of them as subapplications."""
    from aiohttp import web

    from corekit_aiohttp import install

    async def secret(_: web.Request) -> web.Response:
        return web.Response(text="secret")

    async def public(_: web.Request) -> web.Response:
        return web.Response(text="public")

    def make() -> web.Application:
        app = web.Application()
        app.router.add_get(SECRET, secret)
        app.router.add_get("/{rest:.*}", public)
        install(app, ROUTES)
        return app

    app = web.Application() if below else make()
    if below:
        middle = web.Application()
        middle.add_subapp("/v2", make())
        app.add_subapp(PREFIX, make())
        app.add_subapp("/x", middle)
    web.run_app(app, host="127.0.0.1", port=port, print=None)


def serve_sanic(port: int, *, is_marked: bool = False) -> None:
    """Serve a Sanic application on its own server."""
    from corekit_sanic import install

    app = _sanic(is_marked=is_marked)
    install(app, CorsPolicy(allow_origins=["*"]) if is_marked else ROUTES)
    app.run("127.0.0.1", port, single_process=True, motd=False, access_log=False)


_SERVERS: Final[Mapping[str, Callable[[int], None]]] = {
    "aiohttp": serve_aiohttp,
    "aiohttp-below": lambda port: serve_aiohttp(port, below=True),
    "sanic": serve_sanic,
    "sanic-marked": lambda port: serve_sanic(port, is_marked=True),
}

if __name__ == "__main__":
    _SERVERS[sys.argv[1]](int(sys.argv[2]))
