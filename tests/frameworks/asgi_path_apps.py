"""ASGI applications with a secret path.

Each has ``/admin/secret``, and another handler for all other paths if its router can have one. Some
are mounted below `PREFIX`. A request names its application in a header.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from corekit import CorsPolicy
from tests.conformance.bare import ASGIApp, Receive, Scope, Send
from tests.frameworks.dispatch import run_lifespans
from tests.frameworks.django_path_apps import django_asgi
from tests.frameworks.path_policies import APP_HEADER, PREFIX, ROUTES, SECRET, mark
from tests.frameworks.path_servers import make_sanic


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

        secret = mark(cors, secret)
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


def _adding(app: Any) -> Any:
    """Add middleware that hides the application: a function, and a class without `app`."""

    class Hiding:
        def __init__(self, app: ASGIApp) -> None:
            self._inside = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self._inside(scope, receive, send)

    def hide(app: ASGIApp) -> ASGIApp:
        async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
            await app(scope, receive, send)

        return middleware

    app.add_middleware(Hiding)
    app.add_middleware(hide)
    return app


def _covered(app: Any, **options: Any) -> Any:
    from corekit_asgi import CorsMiddleware

    return CorsMiddleware(app, ROUTES, **options)


def _below(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


ASGI_APPS: Final[Mapping[str, Callable[[], Any]]] = {
    "starlette": lambda: _installed(_starlette()),
    "starlette with middleware": lambda: _installed(_adding(_starlette())),
    "starlette with middleware, mounted": lambda: _mounted(_installed(_adding(_starlette()))),
    "starlette in the middleware": lambda: _covered(_starlette()),
    "starlette in a layer in the middleware": lambda: _covered(_Layer(_starlette())),
    "starlette mounted": lambda: _mounted(_installed(_starlette())),
    "starlette mounted twice": lambda: _mounted(_mounted(_installed(_starlette()))),
    "starlette mounted with a mark": _marked,
    "starlette with a marked endpoint": lambda: _with_marks(_starlette(is_marked=True)),
    "starlette with a marked endpoint, mounted": lambda: _with_marks(
        _mounted(_starlette(is_marked=True))
    ),
    "django with a marked view": django_asgi,
    "django with CORS_URLS_REGEX": django_asgi,
    "fastapi": lambda: _installed(_fastapi()),
    "fastapi with a root path": lambda: _installed(_fastapi(root_path=PREFIX)),
    "fastapi with a root path and middleware": lambda: _installed(
        _adding(_fastapi(root_path=PREFIX))
    ),
    "fastapi with a root path in the middleware": lambda: _covered(_fastapi(root_path=PREFIX)),
    "fastapi with a root path and a mark, mounted": _marked_fastapi,
    "litestar": lambda: _covered(_litestar()),
    "quart": lambda: _covered(_quart()),
    "falcon": lambda: _covered(_falcon()),
    "sanic, unknown": lambda: _covered(make_sanic()),
    "whole path, unknown": lambda: _covered(_bare(lambda scope: scope["path"])),
    "whole path": lambda: _covered(_bare(lambda scope: scope["path"]), strips_root_path=False),
    "below the root, unknown": lambda: _covered(_bare(_below)),
    "below the root": lambda: _covered(_bare(_below), strips_root_path=True),
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
