"""A Sanic application that responds in every way that Sanic has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sanic import Blueprint, HTTPResponse, Request, redirect, text
from sanic.compat import Header
from sanic.exceptions import Forbidden
from sanic.response import file, file_stream

from corekit import CorsPolicy
from tests.frameworks.sanic_app import App, make_app
from tests.sanic.serving import APP

policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])
public = CorsPolicy(allow_origins=["*"])


async def hello(request: Request, rest: str = "") -> HTTPResponse:
    return text("hello", headers={"Vary": "Accept"})


async def fail(request: Request) -> HTTPResponse:
    raise RuntimeError


async def forbid(request: Request) -> HTTPResponse:
    raise Forbidden("no", headers={"Access-Control-Allow-Origin": "*"})


async def stream(request: Request) -> None:
    headers = {"Access-Control-Allow-Origin": "*"}
    response = await request.respond(headers=headers, content_type="text/plain")
    assert response is not None
    # Headers may change until the first part of the body is sent.
    response.headers["Access-Control-Expose-Headers"] = "x-secret"
    for part in ("one", "two"):
        await response.send(part)
    await response.eof()


async def fail_before_stream(request: Request) -> None:
    await request.respond(headers={"Access-Control-Allow-Origin": "*"})
    raise LookupError


async def send_file(request: Request) -> HTTPResponse:
    return await file(__file__)


async def stream_file(request: Request) -> Any:
    return await file_stream(__file__)


async def move(request: Request) -> HTTPResponse:
    return redirect("/")


async def not_modified(request: Request) -> HTTPResponse:
    return HTTPResponse(status=304, headers={"ETag": '"1"'})


async def bad_status(request: Request) -> HTTPResponse:
    return HTTPResponse(status=99)


async def two_lines(request: Request) -> HTTPResponse:
    return HTTPResponse(headers=Header([("Vary", "Accept"), ("Vary", "Cookie")]))


async def handle_lookup(request: Request, error: Exception) -> HTTPResponse:
    return text("handled", status=418)


ROUTES = {
    "/": hello,
    "/fail": fail,
    "/forbid": forbid,
    "/stream": stream,
    "/fail-before-stream": fail_before_stream,
    "/file": send_file,
    "/file-stream": stream_file,
    "/move": move,
    "/not-modified": not_modified,
    "/bad-status": bad_status,
    "/two-lines": two_lines,
}


def make() -> App:
    app = make_app()
    for path, handler in ROUTES.items():
        app.add_route(handler, path, methods=["GET", "HEAD"])
    app.exception(LookupError)(handle_lookup)
    app.static("/files", Path(__file__).parent, name="files")
    inner = Blueprint(f"inner-{app.name}", url_prefix="/inner", version=1)
    inner.add_route(hello, "/", name="hello")
    inner.add_route(fail, "/fail")
    app.blueprint(Blueprint.group(inner, url_prefix="/group"))
    return app


RESPONSES = [
    ("/", 200),
    ("/fail", 500),
    ("/forbid", 403),
    ("/stream", 200),
    ("/fail-before-stream", 418),
    ("/file", 200),
    ("/file-stream", 200),
    ("/move", 302),
    ("/not-modified", 304),
    ("/bad-status", 500),
    ("/missing", 404),
    ("/files/serving.py", 200),
    ("/files/missing", 404),
    ("/v1/group/inner/", 200),
    ("/v1/group/inner/fail", 500),
]
