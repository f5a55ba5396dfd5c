"""A shop in Quart and in Litestar, with handlers that have their own policy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from litestar import Controller, Litestar, asgi, delete, get, post
from litestar.params import FromPath
from quart import Quart
from quart.views import MethodView

from corekit import CorsPolicy, CorsRoutes
from corekit_asgi import cors

PARTNER = "https://partner.example"
OWN = CorsPolicy(allow_origins=[PARTNER], max_age=600)


def hide(function: Callable[..., Any]) -> Callable[..., Any]:
    async def hidden() -> str:
        return str(await function())

    hidden.__name__ = f"hidden_{uuid4().hex}"
    return hidden


def quart(**settings: Any) -> Any:
    app = Quart("shop", **settings)

    @app.get("/users/<int:number>/public")
    @cors(OWN)
    async def public(number: int) -> str:
        return f"public {number}"

    @app.get("/users/<int:number>/private")
    async def private(number: int) -> str:
        return f"private {number}"

    @app.delete("/users/<int:number>/public")
    async def remove(number: int) -> str:
        return "removed"

    @app.get("/folder/")
    @cors(OWN)
    def folder() -> str:
        return "folder"

    @app.get("/routes/<name>")
    @cors(CorsRoutes([("/routes/a", OWN)]))
    async def routes(name: str) -> str:
        return name

    @app.post("/only-post")
    @cors(OWN)
    async def only_post() -> str:
        return "posted"

    @app.get("/fail")
    async def fail() -> str:
        raise RuntimeError("a bug of the application")

    class Items(MethodView):
        @cors(OWN)
        async def get(self) -> str:
            return "items"

        async def post(self) -> str:
            return "made"

    @cors(OWN)
    class Orders(MethodView):
        async def get(self) -> str:
            return "orders"

    @cors(OWN)
    async def closed() -> str:
        return "closed"

    app.add_url_rule("/items", view_func=Items.as_view("items"))
    app.add_url_rule("/orders", view_func=Orders.as_view("orders"))
    app.add_url_rule("/partial", "partial", partial(closed))
    app.add_url_rule("/hidden", "hidden", hide(closed))
    return app


@asgi("/mount", is_mount=True, copy_scope=True)
async def mount(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"mount"})


@get(["/files", "/files/{name:str}"], sync_to_thread=True)
@cors(OWN)
def files() -> str:
    return "files"


def litestar(**settings: Any) -> Any:
    @get("/users/{number:int}/public")
    @cors(OWN)
    async def public(number: FromPath[int]) -> str:
        return f"public {number}"

    @get("/users/{number:int}/private")
    async def private(number: FromPath[int]) -> str:
        return f"private {number}"

    @delete("/users/{number:int}/public", status_code=200)
    async def remove(number: FromPath[int]) -> str:
        return "removed"

    @get("/folder", sync_to_thread=True)
    @cors(OWN)
    def folder() -> str:
        return "folder"

    @get("/routes/{name:str}")
    @cors(CorsRoutes([("/routes/a", OWN)]))
    async def routes(name: FromPath[str]) -> str:
        return name

    @post("/only-post")
    @cors(OWN)
    async def only_post() -> str:
        return "posted"

    @get("/fail")
    async def fail() -> str:
        raise RuntimeError("a bug of the application")

    class Items(Controller):
        path = "/items"

        @get()
        @cors(OWN)
        async def read(self) -> str:
            return "items"

        @post(status_code=200)
        async def make(self) -> str:
            return "made"

    @cors(OWN)
    async def closed() -> str:
        return "closed"

    async def hidden() -> str:
        return str(await closed())

    handlers: list[Any] = [public, private, remove, folder, files, routes, only_post, fail]
    return Litestar(
        [*handlers, Items, mount, get("/hidden")(hidden)],
        logging_config=None,
        openapi_config=None,
        **settings,
    )
