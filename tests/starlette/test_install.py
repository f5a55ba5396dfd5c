"""`install` on Starlette and FastAPI applications: the responses that a browser gets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from corekit import CorsPolicy, CorsRoutes
from corekit_starlette import install

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"
ALLOW_ORIGIN = "access-control-allow-origin"
PREFLIGHT = {"Origin": APP, "Access-Control-Request-Method": "PUT"}

policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


async def fail(request: Request) -> Response:
    raise RuntimeError("a bug of the application")


async def forbid(request: Request) -> Response:
    raise HTTPException(403, "not for you")


class Refusing(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Any) -> Response:
        if request.url.path == "/secret":
            return PlainTextResponse("who are you?", 401)
        return await call_next(request)  # type: ignore[no-any-return]


def client_of(app: Starlette) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


def routes() -> list[Any]:
    return [
        Route("/", hello),
        Route("/fail", fail),
        Route("/forbid", forbid),
        Mount("/sub", Starlette(routes=[Route("/", hello), Route("/fail", fail)])),
    ]


def fastapi(**settings: Any) -> FastAPI:
    app = FastAPI(**settings)
    app.router.routes.extend(routes())
    return app


def starlette(**settings: Any) -> Starlette:
    return Starlette(routes=routes(), **settings)


each_framework = pytest.mark.parametrize("make", [starlette, fastapi])


@each_framework
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/fail", 500),
        ("/forbid", 403),
        ("/missing", 404),
        ("/sub/", 200),
        ("/sub/fail", 500),
        ("/sub/missing", 404),
    ],
)
def test_every_response_is_readable(
    make: Callable[..., Starlette], debug: bool, path: str, status: int
) -> None:
    app = make(debug=debug)
    install(app, policy)

    response = client_of(app).get(path, headers={"Origin": APP})

    assert response.status_code == status
    assert response.headers.get_list(ALLOW_ORIGIN) == [APP]
    assert response.headers["vary"] == "Origin"


@each_framework
def test_untrusted_origin_cannot_read_error_pages(make: Callable[..., Starlette]) -> None:
    app = make()
    install(app, policy)

    response = client_of(app).get("/fail", headers={"Origin": UNTRUSTED})

    assert response.status_code == 500
    assert ALLOW_ORIGIN not in response.headers
    assert response.headers["vary"] == "Origin"


@each_framework
def test_405_has_the_headers(make: Callable[..., Starlette]) -> None:
    app = make()
    install(app, policy)

    response = client_of(app).delete("/", headers={"Origin": APP})

    assert (response.status_code, response.headers[ALLOW_ORIGIN]) == (405, APP)


@each_framework
def test_error_handler_for_500_keeps_its_response(make: Callable[..., Starlette]) -> None:
    async def sorry(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": "sorry"}, 500)

    app = make(exception_handlers={Exception: sorry})
    install(app, policy)

    response = client_of(app).get("/fail", headers={"Origin": APP})

    assert response.json() == {"error": "sorry"}
    assert response.headers[ALLOW_ORIGIN] == APP


@each_framework
def test_exception_still_reaches_the_server(make: Callable[..., Starlette]) -> None:
    app = make()
    install(app, policy)

    with pytest.raises(RuntimeError, match="a bug of the application"):
        TestClient(app).get("/fail", headers={"Origin": APP})


@each_framework
def test_routes_and_middleware_may_be_added_later(make: Callable[..., Starlette]) -> None:
    app = make()
    install(app, policy)
    app.add_middleware(Refusing)
    app.add_route("/secret", hello)
    app.add_route("/late", hello)

    client = client_of(app)

    refused = client.get("/secret", headers={"Origin": APP})
    assert (refused.status_code, refused.headers[ALLOW_ORIGIN]) == (401, APP)
    assert client.get("/late", headers={"Origin": APP}).headers[ALLOW_ORIGIN] == APP


@each_framework
def test_preflight_is_answered_before_other_middleware(
    make: Callable[..., Starlette],
) -> None:
    app = make(middleware=[Middleware(Refusing)])
    install(app, policy)

    response = client_of(app).options("/secret", headers=PREFLIGHT)

    assert response.status_code == 204
    assert response.headers["access-control-allow-methods"] == "GET, HEAD, POST, PUT"


def test_fastapi_path_operations_are_covered() -> None:
    app = FastAPI()

    @app.get("/before")
    def before() -> str:
        return "before"

    install(app, policy)

    @app.put("/after/{number}")
    def after(number: int) -> int:
        return number

    client = client_of(app)
    assert client.get("/before", headers={"Origin": APP}).headers[ALLOW_ORIGIN] == APP
    unprocessable = client.put("/after/x", headers={"Origin": APP})
    assert (unprocessable.status_code, unprocessable.headers[ALLOW_ORIGIN]) == (422, APP)
    assert client.options("/after/1", headers=PREFLIGHT).status_code == 204
    assert client.get("/docs", headers={"Origin": APP}).headers[ALLOW_ORIGIN] == APP


@each_framework
def test_routes_are_accepted_as_a_policy(make: Callable[..., Starlette]) -> None:
    app = make()
    install(app, CorsRoutes([("/sub/", policy)]))

    client = client_of(app)

    assert client.get("/sub/", headers={"Origin": APP}).headers[ALLOW_ORIGIN] == APP
    assert "vary" not in client.get("/", headers={"Origin": APP}).headers


def test_mounted_application_does_not_add_a_second_header() -> None:
    sub = Starlette(routes=[Route("/", hello)])
    install(sub, CorsPolicy(allow_origins=["*"]))
    app = Starlette(routes=[Mount("/sub", sub)])
    install(app, policy)

    response = client_of(app).get("/sub/", headers={"Origin": APP})

    assert response.headers.get_list(ALLOW_ORIGIN) == [APP]


def test_websockets_and_lifespan_are_not_changed() -> None:
    events = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        events.append("started")
        yield
        events.append("stopped")

    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    app = Starlette(routes=[WebSocketRoute("/ws", echo)], lifespan=lifespan)
    install(app, policy)

    with (
        TestClient(app) as client,
        client.websocket_connect("/ws", headers={"Origin": UNTRUSTED}) as socket,
    ):
        socket.send_text("hello")
        assert socket.receive_text() == "hello"
    assert events == ["started", "stopped"]


def test_invalid_policy_is_refused() -> None:
    with pytest.raises(TypeError, match=r"policy is of type dict: .* Pass a CorsPolicy"):
        install(Starlette(), {"allow_origins": ["*"]})  # type: ignore[arg-type]


def test_second_policy_is_refused() -> None:
    app = Starlette()
    install(app, policy)

    with pytest.raises(RuntimeError, match="already has a policy"):
        install(app, policy)


def test_started_application_is_refused() -> None:
    app = Starlette(routes=routes())
    client_of(app).get("/")

    with pytest.raises(RuntimeError, match="The application has started"):
        install(app, policy)
