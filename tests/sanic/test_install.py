"""`install` around a Sanic application, over its own server: what a browser then receives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sanic import HTTPResponse, Request, Sanic, Websocket, text
from sanic.response import BaseHTTPResponse
from websockets.sync.client import connect
from websockets.typing import Origin

from corekit import CorsRoutes
from corekit.browser import HttpRequest
from corekit_sanic import cors, install
from corekit_testing.transports import AsgiTransport
from tests.frameworks.sanic_app import make_app
from tests.sanic.serving import APP, UNTRUSTED, serve
from tests.sanic.site import RESPONSES, hello, make, policy, public


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_allowed_origin_can_read_every_response(method: str) -> None:
    app = make()
    install(app, policy)
    with serve(app) as server:
        for path, status in RESPONSES:
            if method == "HEAD" and "stream" in path:
                continue  # Sanic fails after the headers, since it awaits None
            mine = server.request(method, path)
            assert mine.status in {status, 405}, path
            assert mine.allowed == [APP], path
            assert "access-control-expose-headers" not in mine.headers
            assert mine.vary is not None
            assert mine.vary[0].split(", ")[-1] == "Origin"
            other = server.request(method, path, UNTRUSTED)
            assert (other.status, other.allowed, other.vary) == (mine.status, None, mine.vary)
            assert other.body == mine.body
            assert server.request(method, path, None).vary == mine.vary


def test_method_without_route_is_refused_readably() -> None:
    app = make()
    install(app, policy)
    with serve(app) as server:
        response = server.request("PUT", "/")
        assert (response.status, response.allowed) == (405, [APP])


def test_two_lines_of_vary_become_one() -> None:
    app = make()
    install(app, policy)
    with serve(app) as server:
        assert server.get("/two-lines").vary == ["Accept, Cookie, Origin"]


def test_preflight_never_reaches_the_application() -> None:
    app = make()
    reached: list[str] = []

    @app.on_request
    async def on_request(request: Request) -> HTTPResponse:
        reached.append("request middleware")
        return text("no", status=401)

    @app.on_response  # type: ignore[untyped-decorator]
    async def on_response(request: Request, response: BaseHTTPResponse) -> None:
        reached.append("response middleware")

    @app.signal("http.lifecycle.exception")
    async def on_exception(**context: object) -> None:
        reached.append("exception")

    install(app, policy)
    with serve(app) as server:
        for path in ("/", "/missing", "/v1/group/inner/"):
            granted = server.preflight(path)
            assert (granted.status, granted.allowed, granted.body) == (204, [APP], b"")
            assert granted.headers["access-control-allow-methods"] == ["GET, HEAD, POST, PUT"]
            denied = server.preflight(path, UNTRUSTED)
            assert (denied.status, denied.allowed, denied.vary) == (403, None, ["Origin"])
            assert denied.body == b"CORS: the origin is not allowed.\n"
        assert reached == []
        response = server.get("/")
        assert (response.status, response.allowed) == (401, [APP])
        assert reached == ["request middleware", "response middleware"]


def test_other_options_requests_reach_the_application() -> None:
    app = make()
    app.add_route(hello, "/own", methods=["OPTIONS"], name="own")
    install(app, policy)
    with serve(app) as server:
        own = server.request("OPTIONS", "/own")
        assert (own.status, own.allowed, own.body) == (200, [APP], b"hello")
        assert server.request("OPTIONS", "/").status == 405
        fields = {"Access-Control-Request-Method": "PUT"}
        assert server.send("OPTIONS", "/own", list(fields.items())).body == b"hello"


def test_two_origins_match_nothing() -> None:
    app = make()
    install(app, policy)
    with serve(app) as server:
        assert server.send("GET", "/", [("Origin", APP), ("Origin", APP)]).allowed is None
        assert server.get("/", f"{APP}, {APP}").allowed is None


def test_connection_stays_open_for_the_next_request() -> None:
    app = make()
    install(app, policy)
    with serve(app) as server:
        assert server.preflight("/").headers["connection"] == ["keep-alive"]


@pytest.mark.parametrize("decorate", [lambda handler: handler, cors(public)])
def test_websocket_is_not_changed(decorate: Callable[[Any], Any]) -> None:
    app = make()
    events: list[object] = []

    @app.websocket("/echo")  # type: ignore[untyped-decorator]
    @decorate
    async def echo(request: Request, socket: Websocket) -> None:
        await socket.send(await socket.recv() or "")

    install(app, policy, on_decision=events.append)
    with (
        serve(app) as server,
        connect(f"ws://127.0.0.1:{server.port}/echo", origin=Origin(UNTRUSTED)) as socket,
    ):
        assert socket.response is not None
        assert "Vary" not in socket.response.headers
        socket.send("hello")
        assert socket.recv() == "hello"
    assert events == []


def test_timeout_of_a_handler_is_reported_readably() -> None:
    async def wait(request: Request) -> HTTPResponse:
        await asyncio.sleep(60)
        return text("late")

    app = make_app()
    app.config.RESPONSE_TIMEOUT = 0.2
    app.add_route(wait, "/")
    install(app, policy)
    with serve(app) as server:
        response = server.get("/")
        assert (response.status, response.allowed) == (503, [APP])


def test_shared_response_stays_the_same() -> None:
    shared = text("shared", headers={"Vary": "Accept"})

    async def share(request: Request) -> HTTPResponse:
        return shared

    app = make_app()
    app.add_route(share, "/covered", name="covered")
    app.add_route(share, "/other", name="other")
    install(app, CorsRoutes([("/covered", policy)]))
    with serve(app) as server:
        for _ in range(2):
            covered = server.get("/covered")
            assert (covered.allowed, covered.vary) == ([APP], ["Accept, Origin"])
            other = server.get("/other")
            assert (other.allowed, other.vary) == (None, ["Accept"])
        server.get("/covered")
    assert shared.headers.getall("Vary") == ["Accept"]
    # Sanic disconnects a response at the end, so that it cannot write into the next one.
    assert shared.stream is None


def test_application_works_under_asgi_too() -> None:
    app = make()
    install(app, policy)
    transport = AsgiTransport(app, raise_exceptions=True)
    for path, status in RESPONSES:
        request = HttpRequest("GET", f"https://api.example.com{path}", (("Origin", APP),))
        response = transport.send(request)
        headers = dict(response.headers)
        # Only Sanic's own server checks the status.
        assert response.status == (99 if path == "/bad-status" else status)
        assert headers["access-control-allow-origin"] == APP
    fields = (("Origin", APP), ("Access-Control-Request-Method", "PUT"))
    asked = HttpRequest("OPTIONS", "https://api.example.com/", fields)
    assert transport.send(asked).status == 204
    transport.close()
    Sanic.unregister_app(app)
