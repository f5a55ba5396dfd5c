"""Streams, files, compression and background work of frameworks, over real servers."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]

import corekit_asgi
import corekit_wsgi
from corekit import CorsPolicy
from corekit_starlette import install

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

APP = "https://app.example.com"
policy = CorsPolicy(allow_origins=[APP], expose_headers=["etag"])


@contextmanager
def over_uvicorn(app: Any, *, lifespan: Literal["on", "off"] = "off") -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, log_level="critical", lifespan=lifespan)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(timeout=10)


@contextmanager
def over_waitress(app: Any) -> Iterator[int]:
    sockets: dict[int, Any] = {}
    server = create_server(app, host="127.0.0.1", port=0, threads=8, map=sockets)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.effective_port
    finally:
        # The sockets are closed in the server's own thread. If that thread is already awake, it
        # may close the trigger before this one writes to it.
        with suppress(OSError):
            server.trigger.pull_trigger(lambda: wasyncore.close_all(sockets))
        thread.join(timeout=10)
        assert not thread.is_alive()
        server.task_dispatcher.shutdown()


def get(
    port: int, path: str, origin: str | None = APP, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    if origin is not None:
        headers["Origin"] = origin
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        return response.status, received, response.read()
    finally:
        connection.close()


def test_events_are_delivered_immediately() -> None:
    read = threading.Event()

    async def events() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        # The second event is sent only after the client has read the first.
        assert await asyncio.to_thread(read.wait, 10)
        yield b"data: 2\n\n"

    async def stream(request: Request) -> Response:
        return StreamingResponse(events(), media_type="text/event-stream")

    app = Starlette(routes=[Route("/", stream)])
    install(app, policy)

    with over_uvicorn(app) as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/", headers={"Origin": APP})
        response = connection.getresponse()
        assert response.getheader("Access-Control-Allow-Origin") == APP
        assert response.read1() == b"data: 1\n\n"
        read.set()
        assert response.read() == b"data: 2\n\n"
        connection.close()


def test_large_file_is_delivered_in_full_and_in_ranges(tmp_path: Path) -> None:
    content = bytes(range(256)) * 20_000
    (tmp_path / "file").write_bytes(content)

    async def file(request: Request) -> Response:
        return FileResponse(tmp_path / "file")

    app = Starlette(routes=[Route("/", file)])
    install(app, policy)

    with over_uvicorn(app) as port:
        status, received, body = get(port, "/")
        assert (status, received["access-control-allow-origin"], body) == (200, APP, content)
        status, received, body = get(port, "/", Range="bytes=256-511")
        assert (status, received["access-control-allow-origin"], body) == (
            206,
            APP,
            content[256:512],
        )


def test_background_task_runs_after_the_response() -> None:
    done = threading.Event()

    async def work() -> None:
        await asyncio.sleep(0.05)
        done.set()

    async def respond(request: Request) -> Response:
        return PlainTextResponse("accepted", 202, background=BackgroundTask(work))

    app = Starlette(routes=[Route("/", respond)])
    install(app, policy)

    with over_uvicorn(app) as port:
        status, received, body = get(port, "/")
        assert (status, received["access-control-allow-origin"], body) == (202, APP, b"accepted")
        assert done.wait(10)


@pytest.mark.parametrize("place", ["inside", "outside"])
def test_compression_works_inside_and_outside(place: str) -> None:
    text = b"compress me " * 1000

    async def respond(request: Request) -> Response:
        return PlainTextResponse(text)

    inside = [Middleware(GZipMiddleware)] if place == "inside" else []
    app = Starlette(routes=[Route("/", respond)], middleware=inside)
    wrapped: Any = corekit_asgi.CorsMiddleware(app, policy)
    if place == "outside":
        wrapped = GZipMiddleware(wrapped)

    with over_uvicorn(wrapped) as port:
        status, received, body = get(port, "/", **{"Accept-Encoding": "gzip"})

    assert (status, received["access-control-allow-origin"]) == (200, APP)
    assert {name.strip().lower() for name in received["vary"].split(",")} == {
        "accept-encoding",
        "origin",
    }
    assert gzip.decompress(body) == text


def test_exception_in_a_stream_ends_it() -> None:
    async def body_pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise RuntimeError

    async def stream(request: Request) -> Response:
        return StreamingResponse(body_pieces())

    app = Starlette(routes=[Route("/", stream)])
    install(app, policy)

    with over_uvicorn(app) as port, socket.create_connection(("127.0.0.1", port), 10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nOrigin: " + APP.encode() + b"\r\n\r\n")
        seen = b""
        while piece := raw.recv(65536):
            seen += piece

    head, _, body = seen.partition(b"\r\n\r\n")
    assert head.lower().count(b"access-control-allow-origin") == 1
    assert body == b"3\r\none\r\n"


def test_server_sends_its_file_wrapper(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4000
    (tmp_path / "file").write_bytes(content)
    wrapped = []

    def app(environ: dict[str, Any], start_response: StartResponse) -> Any:
        start_response("200 OK", [("Content-Length", str(len(content)))])
        body = environ["wsgi.file_wrapper"]((tmp_path / "file").open("rb"), 8192)
        wrapped.append(body)
        return body

    with over_waitress(corekit_wsgi.CorsMiddleware(app, policy)) as port:
        status, received, body = get(port, "/")

    assert (status, received["access-control-allow-origin"], body) == (200, APP, content)
    assert len(wrapped) == 1
