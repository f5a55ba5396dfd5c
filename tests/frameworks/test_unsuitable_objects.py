"""Objects whose policy no framework would find cannot get one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import litestar
import pytest
import quart
import sanic
from aiohttp import web
from django.http import HttpResponse
from django.urls import include, path
from flask import Flask
from rest_framework.routers import DefaultRouter
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import corekit_aiohttp
import corekit_asgi
import corekit_django
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy

OWN: Final = CorsPolicy(allow_origins=["https://app.example.com"])
ADAPTERS: Final[dict[str, Callable[[CorsPolicy], Callable[[Any], Any]]]] = {
    "aiohttp": corekit_aiohttp.cors,
    "asgi": corekit_asgi.cors,
    "django": corekit_django.cors,
    "flask": corekit_flask.cors,
    "sanic": corekit_sanic.cors,
    "starlette": corekit_starlette.cors,
}


class Controller(litestar.Controller):
    path = "/items"


class Handlers:
    def get(self) -> str:
        return "secret"


def _objects() -> Iterator[tuple[str, Any]]:
    url = path("items", lambda _: HttpResponse())
    yield "django", url
    yield "django", path("items/", include([url]))
    yield "django", include([url])
    yield "django", DefaultRouter()
    yield "asgi", Controller
    yield "asgi", litestar.Litestar([], logging_config=None)
    yield "asgi", litestar.Router("/items", route_handlers=[])
    yield "asgi", quart.Blueprint("items", __name__)
    yield "aiohttp", web.get("/items", web.View)
    yield "aiohttp", web.RouteTableDef()
    yield "flask", Flask("items")
    yield "sanic", sanic.Blueprint("items")
    yield "starlette", Middleware(Handlers)  # type: ignore[arg-type]
    yield "starlette", [Route("/items", lambda _: PlainTextResponse(""))]
    for name in ADAPTERS:
        yield name, Handlers
        yield name, Handlers()


OBJECTS: Final = [*_objects()]


@pytest.mark.parametrize(
    ("name", "target"), OBJECTS, ids=[f"{n}-{type(each).__name__}" for n, each in OBJECTS]
)
def test_object_without_a_handler_cannot_get_a_policy(name: str, target: Any) -> None:
    with pytest.raises(TypeError, match="cannot keep a policy"):
        ADAPTERS[name](OWN)(target)


@pytest.mark.parametrize("name", ADAPTERS)
def test_method_of_a_class_that_is_not_a_view_can_get_one(name: str) -> None:
    method = ADAPTERS[name](OWN)(Handlers.get)
    assert method(Handlers()) == "secret"
