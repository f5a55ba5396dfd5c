"""Applications with a secret path in frameworks that have servers themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from corekit import CorsPolicy
from tests.frameworks.path_policies import PREFIX, ROUTES, SECRET, mark


def make_sanic(*, is_marked: bool = False) -> Any:
    from sanic import Sanic
    from sanic.response import text

    app: Any = Sanic("paths")

    async def secret(_: object) -> Any:
        return text("secret")

    async def public(_: object, rest: str) -> Any:
        return text("public")

    if is_marked:
        from corekit_sanic import cors

        secret = mark(cors, secret)
    app.add_route(secret, SECRET)
    app.add_route(public, "/<rest:path>")
    return app


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

    app = make_sanic(is_marked=is_marked)
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
