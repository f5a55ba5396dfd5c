"""Two handlers of a path share a method: the policy is that of the one that runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiohttp import web
from django.urls import path as django_path
from fastapi import FastAPI
from flask import Flask
from ninja import NinjaAPI
from quart import Quart

import corekit_aiohttp
import corekit_asgi
import corekit_django
import corekit_flask
import corekit_starlette
from corekit import CorsPolicy
from tests.frameworks.asking import Ask, ask_aiohttp, ask_asgi, ask_flask, django_site
from tests.frameworks.django_urls import any_origin_site, serve_urls

UNTRUSTED = "https://untrusted.example"
OPEN = CorsPolicy(allow_origins=["*"], allow_methods=["*"])
STRICT = OPEN.replace(allow_origins=["https://app.example.com"])

Cors = Callable[[CorsPolicy], Callable[[Any], Any]]
Routed = list[tuple[list[str], bool]]
"""The methods of the handlers of /x, and whether one is strict, in the order of the routes."""

ran: list[bool] = []


def mark(cors: Cors, handler: Any, is_strict: bool) -> Any:
    return cors(STRICT)(handler) if is_strict else handler


def make_handler(is_strict: bool) -> Callable[[], str]:
    def handle() -> str:
        ran.append(is_strict)
        return ""

    return handle


def make_aiohttp_handler(is_strict: bool) -> Callable[[Any], Awaitable[web.Response]]:
    async def handle(_: Any) -> web.Response:
        ran.append(is_strict)
        return web.Response()

    return handle


def make_ninja_handler(is_strict: bool) -> Callable[[Any], str]:
    def handle(request: Any) -> str:
        return make_handler(is_strict)()

    return handle


@contextmanager
def fastapi(routed: Routed) -> Iterator[Ask]:
    app = FastAPI()
    for methods, is_strict in routed:
        handler = mark(corekit_starlette.cors, make_handler(is_strict), is_strict)
        app.api_route("/x", methods=methods)(handler)
    yield ask_asgi(corekit_starlette.install(app, OPEN))


@contextmanager
def flask(routed: Routed) -> Iterator[Ask]:
    app = Flask("two")
    for methods, is_strict in routed:
        view = mark(corekit_flask.cors, make_handler(is_strict), is_strict)
        app.add_url_rule("/x", endpoint=str(methods), view_func=view, methods=methods)
    corekit_flask.Cors(app, OPEN)
    yield ask_flask(app)


@contextmanager
def quart(routed: Routed) -> Iterator[Ask]:
    app = Quart("two")
    for methods, is_strict in routed:
        view = mark(corekit_asgi.cors, make_handler(is_strict), is_strict)
        app.add_url_rule("/x", endpoint=str(methods), view_func=view, methods=methods)
    yield ask_asgi(corekit_asgi.install(app, OPEN))


@contextmanager
def aiohttp(routed: Routed) -> Iterator[Ask]:
    def make() -> web.Application:
        app = web.Application()
        for methods, is_strict in routed:
            resource = app.router.add_resource(f"/{{{methods[0]}}}")
            handler = mark(corekit_aiohttp.cors, make_aiohttp_handler(is_strict), is_strict)
            for method in methods:
                resource.add_route(method, handler)
        return corekit_aiohttp.install(app, OPEN)

    yield ask_aiohttp(make)


@contextmanager
def django_ninja(routed: Routed) -> Iterator[Ask]:
    api = NinjaAPI(urls_namespace="two", docs_url=None, openapi_url=None)
    for methods, is_strict in routed:
        handler = mark(corekit_django.cors, make_ninja_handler(is_strict), is_strict)
        api.api_operation(methods, "x")(handler)
    with any_origin_site():
        serve_urls(django_path("", api.urls))
        yield django_site()


@pytest.mark.parametrize("is_first_strict", [True, False])
@pytest.mark.parametrize("make", [fastapi, flask, quart, aiohttp, django_ninja])
def test_policy_is_that_of_the_handler_that_runs(
    make: Callable[[Routed], Any], is_first_strict: bool
) -> None:
    ran.clear()
    routed = [(["GET", "PUT"], is_first_strict), (["PUT", "DELETE"], not is_first_strict)]
    with make(routed) as ask:
        for method in ("GET", "PUT", "DELETE"):
            _, granted = ask(method, "/x", {"Origin": UNTRUSTED})
            headers = {"Origin": UNTRUSTED, "Access-Control-Request-Method": method}
            _, granted_before = ask("OPTIONS", "/x", headers)
            assert granted_before == granted == (None if ran[-1] else "*")
    assert len(ran) == 3
