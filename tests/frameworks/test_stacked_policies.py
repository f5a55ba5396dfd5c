"""Two routes of one function with two policies: each has its own, or the import fails."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache, partial, wraps
from itertools import product
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from aiohttp import web
from fastapi import APIRouter, FastAPI
from flask import Blueprint, Flask
from ninja import NinjaAPI
from quart import Quart
from sanic import Sanic
from starlette.applications import Starlette
from starlette.routing import Mount, Router

import corekit_aiohttp
import corekit_asgi
import corekit_django
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy
from corekit.adapter import kept_policy, own_mark
from tests.frameworks.asking import ask_asgi, ask_flask
from tests.frameworks.hiding import named_async
from tests.frameworks.sanic_app import make_app

UNTRUSTED = "https://untrusted.example"
OPEN = CorsPolicy(allow_origins=["*"])
STRICT = CorsPolicy(allow_origins=["https://app.example.com"])
SAME = CorsPolicy(allow_origins=["https://app.example.com"])

Cors = Callable[[CorsPolicy], Callable[[Any], Any]]
Route = Callable[[str], Callable[[Any], Any]]


def fastapi() -> tuple[Cors, Route]:
    return corekit_starlette.cors, FastAPI().get


def flask() -> tuple[Cors, Route]:
    app = Flask("stacked")
    return corekit_flask.cors, lambda path: app.get(path, endpoint=path)


def quart() -> tuple[Cors, Route]:
    app = Quart("stacked")
    return corekit_asgi.cors, lambda path: app.get(path, endpoint=path)


def aiohttp() -> tuple[Cors, Route]:
    return corekit_aiohttp.cors, web.RouteTableDef().get


def sanic() -> tuple[Cors, Route]:
    app = make_app()
    Sanic.unregister_app(app)
    return corekit_sanic.cors, lambda path: app.get(path, name=path.strip("/"))


def django_ninja() -> tuple[Cors, Route]:
    return corekit_django.cors, NinjaAPI(urls_namespace="stacked").get


ADAPTERS: dict[str, Cors] = {
    "aiohttp": corekit_aiohttp.cors,
    "django": corekit_django.cors,
    "flask": corekit_flask.cors,
    "quart": corekit_asgi.cors,
    "sanic": corekit_sanic.cors,
    "starlette": corekit_starlette.cors,
}
FRAMEWORKS = [fastapi, flask, quart, aiohttp, sanic, django_ninja]


@pytest.mark.parametrize(("top", "bottom"), [(STRICT, OPEN), (OPEN, STRICT)])
@pytest.mark.parametrize("make", FRAMEWORKS)
def test_another_policy_above_the_routes_is_an_error(
    make: Callable[[], tuple[Cors, Route]], top: CorsPolicy, bottom: CorsPolicy
) -> None:
    cors, route = make()
    with pytest.raises(TypeError, match="handle has another CORS policy already"):

        @cors(top)
        @route("/top")
        @cors(bottom)
        @route("/bottom")
        async def handle(request: str) -> str:
            return ""


@pytest.mark.parametrize(("top", "bottom"), [(STRICT, OPEN), (OPEN, STRICT)])
@pytest.mark.parametrize("make", FRAMEWORKS)
def test_another_policy_below_a_decorator_is_an_error(
    make: Callable[[], tuple[Cors, Route]], top: CorsPolicy, bottom: CorsPolicy
) -> None:
    cors, route = make()
    with pytest.raises(TypeError, match="handle has another CORS policy already"):

        @cors(top)
        @route("/")
        @named_async
        @cors(bottom)
        async def handle(request: str) -> str:
            return ""


@pytest.mark.parametrize("make", FRAMEWORKS)
def test_one_policy_above_each_route_is_accepted(make: Callable[[], tuple[Cors, Route]]) -> None:
    cors, route = make()

    @cors(STRICT)
    @route("/top")
    @cors(SAME)
    @route("/bottom")
    async def handle(request: str) -> str:
        return ""

    assert callable(handle)


async def base(request: str) -> str:
    return ""


def through_partner(cors: Cors) -> Callable[[Any], Any]:
    """Return a decorator of a project, which applies `cors` itself."""

    def partner(function: Any) -> Any:
        return cors(STRICT)(function)

    return partner


BASES: dict[str, Callable[[Cors], Any]] = {
    "plain": lambda _: base,
    "with a policy": lambda cors: cors(OPEN)(copy_function(base)),
    "partial": lambda cors: partial(cors(OPEN)(copy_function(base))),
}
# What `route` returns.
RETURNED: dict[str, Callable[[Any], Any]] = {
    "function": lambda function: function,
    "wrapper": named_async,
    "partial": partial,
}


def copy_function(function: Any) -> Any:
    return FunctionType(function.__code__, function.__globals__)


@pytest.mark.parametrize(
    ("make", "returned"),
    # The `cors` of Quart takes no partial.
    [each for each in product(FRAMEWORKS, RETURNED) if each != (quart, "partial")],
)
@pytest.mark.parametrize("make_base", BASES.values(), ids=BASES)
def test_policy_above_the_route_of_a_function_that_wraps_another_one(
    make: Callable[[], tuple[Cors, Route]],
    returned: str,
    make_base: Callable[[Cors], Any],
) -> None:
    cors, framework_route = make()
    wrapped = make_base(cors)
    kept, registered = kept_policy(wrapped), []

    def route(path: str) -> Callable[[Any], Any]:
        def register(function: Any) -> Any:
            registered.append(function)
            return RETURNED[returned](framework_route(path)(function))

        return register

    @cors(STRICT)
    @route("/direct")
    @wraps(wrapped)
    async def direct(request: str) -> str:
        return ""

    @through_partner(cors)
    @route("/partner")
    @wraps(wrapped)
    async def through(request: str) -> str:
        return ""

    @cors(STRICT)
    @route("/above")
    @named_async
    @route("/below")
    @wraps(wrapped)
    async def twice(request: str) -> str:
        return ""

    assert [kept_policy(each) for each in registered] == [STRICT] * 4
    assert kept_policy(wrapped) is kept
    assert [kept_policy(each) for each in (direct, through, twice)] == [STRICT] * 3


@pytest.mark.parametrize("make", FRAMEWORKS)
def test_another_policy_of_a_function_that_wraps_another_one(
    make: Callable[[], tuple[Cors, Route]],
) -> None:
    cors, route = make()
    with pytest.raises(TypeError, match="base has another CORS policy already"):

        @cors(STRICT)
        @route("/top")
        @cors(OPEN)
        @route("/bottom")
        @wraps(cors(SAME)(copy_function(base)))
        async def handle(request: str) -> str:
            return ""


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_policy_of_a_function_that_wraps_another_one_is_only_its_own(name: str) -> None:
    cors = ADAPTERS[name]
    wrapped = cors(OPEN)(copy_function(base))

    @cors(STRICT)
    @wraps(wrapped)
    async def handle(request: str) -> str:
        return ""

    later = cors(SAME)(handle)
    assert [kept_policy(each) for each in (wrapped, handle, later)] == [OPEN, STRICT, SAME]


def test_class_has_one_policy() -> None:
    routes = web.RouteTableDef()
    with pytest.raises(TypeError, match=r"View has another CORS policy already"):

        @corekit_aiohttp.cors(OPEN)
        @routes.view("/top")
        @corekit_aiohttp.cors(STRICT)
        @routes.view("/bottom")
        class View(web.View):
            pass


@pytest.mark.parametrize("first", [OPEN, STRICT])
def test_policy_below_each_route_applies_to_it(first: CorsPolicy) -> None:
    second = STRICT if first is OPEN else OPEN
    app, flask_app = FastAPI(), Flask("stacked")

    @app.get("/second")
    @corekit_starlette.cors(second)
    @app.get("/first")
    @corekit_starlette.cors(first)
    def read() -> str:
        return ""

    @flask_app.get("/second", endpoint="second")
    @corekit_flask.cors(second)
    @flask_app.get("/first", endpoint="first")
    @corekit_flask.cors(first)
    def read_flask() -> str:
        return ""

    corekit_flask.Cors(flask_app, STRICT)
    for ask in (ask_asgi(corekit_starlette.install(app, STRICT)), ask_flask(flask_app)):
        for path, policy in (("/first", first), ("/second", second)):
            granted = "*" if policy is OPEN else None
            assert ask("GET", path, {"Origin": UNTRUSTED}) == (200, granted)


def test_other_uses_of_a_function_may_have_other_policies() -> None:
    app = FastAPI()

    @corekit_starlette.cors(STRICT)
    def read() -> str:
        return ""

    app.get("/strict")(read)
    app.get("/open")(corekit_starlette.cors(OPEN)(read))
    ask = ask_asgi(corekit_starlette.install(app, STRICT))
    assert ask("GET", "/strict", {"Origin": UNTRUSTED}) == (200, None)
    assert ask("GET", "/open", {"Origin": UNTRUSTED}) == (200, "*")


class Handler:
    def __call__(self) -> str:
        return ""


class Transparent:
    """A wrapper that passes attributes on to a function, as those of wrapt do."""

    def __init__(self) -> None:
        object.__setattr__(self, "_function", lambda: "")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._function, name, value)

    def __call__(self) -> str:
        return ""


OBJECTS: dict[str, tuple[str, Callable[[], Any]]] = {
    "APIRouter": ("starlette", APIRouter),
    "FastAPI": ("starlette", FastAPI),
    "Starlette": ("starlette", Starlette),
    "Router": ("starlette", Router),
    "Mount": ("starlette", lambda: Mount("/", Router())),
    "Blueprint": ("flask", lambda: Blueprint("stacked", __name__)),
    "Transparent": ("flask", Transparent),
    **{f"Handler {name}": (name, Handler) for name in ("aiohttp", "flask", "sanic", "starlette")},
    **{f"partial {name}": (name, lambda: partial(Handler())) for name in ("flask", "starlette")},
    **{f"_lru_cache_wrapper {name}": (name, lambda: lru_cache(lambda: "")) for name in ADAPTERS},
}


@pytest.mark.parametrize(("first", "second"), [(STRICT, OPEN), (OPEN, STRICT)])
@pytest.mark.parametrize("name", OBJECTS)
def test_object_has_one_policy_wherever_it_is_used(
    name: str, first: CorsPolicy, second: CorsPolicy
) -> None:
    adapter, make = OBJECTS[name]
    cors, target = ADAPTERS[adapter], make()
    kept = own_mark(cors(first)(target))
    with pytest.raises(TypeError) as caught:
        cors(second)(target)
    assert own_mark(target) is kept is not None
    kind, file = name.split(maxsplit=1)[0], Path(__file__).name
    *_, line = (each.lineno for each in caught.traceback if each.path == Path(__file__))
    assert str(caught.value) == (
        f"The {kind} has another CORS policy already, from {file}:{line - 1}. With that from"
        f" {file}:{line + 1}, it would have only one of them wherever it is used."
        f" Pass the mounts or routes around it to cors(), or use one {kind} per policy."
    )


@pytest.mark.parametrize("name", OBJECTS)
def test_object_may_have_the_same_policy_twice(name: str) -> None:
    adapter, make = OBJECTS[name]
    target = make()
    for policy in (STRICT, SAME):
        assert ADAPTERS[adapter](policy)(target) is target


def test_instance_may_have_another_policy_than_its_class() -> None:
    class Items(Handler):
        pass

    corekit_starlette.cors(OPEN)(Items)
    item = corekit_starlette.cors(STRICT)(Items())
    assert (kept_policy(item), kept_policy(Items())) == (STRICT, OPEN)


def test_copy_that_django_makes_has_its_own_policy() -> None:
    strict = corekit_django.cors(STRICT)(Handler())
    assert [kept_policy(each) for each in (corekit_django.cors(OPEN)(strict), strict)] == [
        OPEN,
        STRICT,
    ]


def test_copy_has_the_policy_from_an_earlier_call() -> None:
    routed = corekit_starlette.cors(STRICT)(Handler())
    with pytest.raises(
        TypeError, match=r"already, from an earlier cors\(\)\. With that from test_"
    ):
        corekit_starlette.cors(OPEN)(deepcopy(routed))
