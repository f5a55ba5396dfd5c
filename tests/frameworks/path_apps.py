"""Applications with one secret path, for the test that no request gets the policy of another path.

Each has ``/admin/secret``, and another handler for all other paths if its router can have one. Some
are mounted below `PREFIX`. A request names its application in a header.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from corekit import CorsPolicy, CorsRoutes
from tests.conformance.bare import ASGIApp, Receive, Scope, Send
from tests.frameworks.dispatch import run_lifespans

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ADMIN: Final = "https://admin.example.com"
OTHER: Final = "https://other.example"
PREFIX: Final = "/v1"
SECRET: Final = "/admin/secret"

ROUTES: Final = CorsRoutes(
    [
        ("/admin/", CorsPolicy(allow_origins=[ADMIN], allow_credentials=True)),
        ("/", CorsPolicy(allow_origins=["*"])),
    ]
)
APP_HEADER: Final = "x-app"


def _starlette(**options: Any) -> Any:
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def secret(_: object) -> PlainTextResponse:
        return PlainTextResponse("secret")

    async def public(_: object) -> PlainTextResponse:
        return PlainTextResponse("public")

    routes = [Route(SECRET, secret), Route("/{rest:path}", public)]
    return Starlette(routes=routes, **options)


def _installed(app: Any) -> Any:
    from corekit_starlette import install

    install(app, ROUTES)
    return app


def _marked() -> Any:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    from corekit_starlette import cors, install

    app = Starlette(routes=[Mount(PREFIX, cors(ROUTES)(_starlette()))])
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


def _sanic() -> Any:
    from sanic import Sanic
    from sanic.response import text

    app: Any = Sanic("paths")

    async def secret(_: object) -> Any:
        return text("secret")

    async def public(_: object, rest: str) -> Any:
        return text("public")

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


ASGI_APPS: Final[Mapping[str, Callable[[], Any]]] = {
    "starlette": lambda: _installed(_starlette()),
    "starlette in the middleware": lambda: _covered(_starlette()),
    "starlette in a layer in the middleware": lambda: _covered(_Layer(_starlette())),
    "starlette mounted": lambda: _mounted(_installed(_starlette())),
    "starlette mounted twice": lambda: _mounted(_mounted(_installed(_starlette()))),
    "starlette mounted with a mark": _marked,
    "fastapi": lambda: _installed(_fastapi()),
    "fastapi with a root path": lambda: _installed(_fastapi(root_path=PREFIX)),
    "fastapi with a root path in the middleware": lambda: _covered(_fastapi(root_path=PREFIX)),
    "litestar": lambda: _covered(_litestar()),
    "quart": lambda: _covered(_quart()),
    "falcon": lambda: _covered(_falcon()),
    "sanic, unknown": lambda: _covered(_sanic()),
    "whole path, unknown": lambda: _covered(_bare(lambda scope: scope["path"])),
    "whole path": lambda: _covered(_bare(lambda scope: scope["path"]), strips_root_path=False),
    "below the root, unknown": lambda: _covered(_bare(_below)),
    "below the root": lambda: _covered(_bare(_below), strips_root_path=True),
}


def _flask() -> Any:
    from flask import Flask

    app = Flask("paths")

    @app.get(SECRET)
    def secret() -> str:
        return "secret"

    @app.get("/<path:rest>")
    def public(rest: str) -> str:
        return "public"

    return app


def _flask_extension() -> Any:
    from corekit_flask import Cors

    app = _flask()
    Cors(app, ROUTES)
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


def _bare_wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"secret" if environ["PATH_INFO"].rstrip("/") == SECRET else b"public"]


def _covered_wsgi(app: Any) -> Any:
    from corekit_wsgi import CorsMiddleware

    return CorsMiddleware(app, ROUTES)


WSGI_APPS: Final[Mapping[str, Callable[[], Any]]] = {
    "flask": _flask_extension,
    "flask dispatched": lambda: _dispatched(_flask_extension()),
    "flask with resources": _flask_resources,
    "flask with resources, dispatched": lambda: _dispatched(_flask_resources()),
    "flask in the middleware": lambda: _covered_wsgi(_flask()),
    "bottle": lambda: _covered_wsgi(_bottle()),
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


def serve_sanic(port: int) -> None:
    """Serve a Sanic application on its own server."""
    from corekit_sanic import install

    app = _sanic()
    install(app, ROUTES)
    app.run("127.0.0.1", port, single_process=True, motd=False, access_log=False)


_SERVERS: Final[Mapping[str, Callable[[int], None]]] = {
    "aiohttp": serve_aiohttp,
    "aiohttp-below": lambda port: serve_aiohttp(port, below=True),
    "sanic": serve_sanic,
}

if __name__ == "__main__":
    _SERVERS[sys.argv[1]](int(sys.argv[2]))
