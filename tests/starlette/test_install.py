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
from starlette.middleware.cors import CORSMiddleware as Peer
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from corekit import CorsPolicy, CorsRoutes
from corekit_starlette import cors, install
from corekit_starlette.compat import CORSMiddleware

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
    with pytest.raises(TypeError, match=r"install\(\) got a dict: .* Pass a CorsPolicy, a"):
        install(Starlette(), {"allow_origins": ["*"]})  # type: ignore[arg-type]


def test_second_policy_is_refused() -> None:
    app = Starlette()
    install(app, policy)

    with pytest.raises(RuntimeError, match="already has a policy"):
        install(app, policy)


@each_framework
def test_arguments_of_a_policy_are_accepted(make: Callable[..., Starlette]) -> None:
    app = make()

    assert install(app, allow_origins=[APP]) is app

    assert client_of(app).get("/", headers={"Origin": APP}).headers[ALLOW_ORIGIN] == APP


def test_misspelled_argument_is_refused() -> None:
    with pytest.raises(TypeError, match=r"allow_origin: .* Did you mean allow_origins\?"):
        install(Starlette(), allow_origin=[APP])  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"install\(\) got a policy and max_age\."):
        install(Starlette(), policy, max_age=5)


@each_framework
def test_started_application_is_wrapped(make: Callable[..., Starlette]) -> None:
    app = make(middleware=[Middleware(Refusing)])
    client = client_of(app)
    assert ALLOW_ORIGIN not in client.get("/", headers={"Origin": APP}).headers

    install(app, policy)

    for path, status in (("/", 200), ("/fail", 500), ("/secret", 401)):
        response = client.get(path, headers={"Origin": APP})
        assert (response.status_code, response.headers[ALLOW_ORIGIN]) == (status, APP)
    with pytest.raises(RuntimeError, match="already has a policy"):
        install(app, policy)


@each_framework
def test_policy_may_be_installed_in_the_lifespan(make: Callable[..., Starlette]) -> None:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        install(app, policy)
        yield

    @cors(allow_origins=[UNTRUSTED])
    async def own(request: Request) -> Response:
        return PlainTextResponse("own")

    app = make(lifespan=lifespan)
    app.add_route("/own", own)

    with client_of(app) as client:
        assert client.get("/", headers={"Origin": APP}).headers[ALLOW_ORIGIN] == APP
        assert ALLOW_ORIGIN not in client.get("/own", headers={"Origin": APP}).headers
        assert client.options("/missing", headers=PREFLIGHT).status_code == 204


@pytest.mark.parametrize(
    ("added", "logged"),
    [
        (Middleware(Peer, allow_origins=["*"]), "starlette.middleware.cors.CORSMiddleware"),
        (Middleware(CORSMiddleware, [APP]), "corekit_starlette.compat.CORSMiddleware"),
        (Middleware(Refusing), None),
    ],
)
def test_cors_middleware_inside_is_logged_once(
    added: Any, logged: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    app = Starlette(routes=routes())
    install(app, policy)
    app.user_middleware += [Middleware(Refusing), added]
    client = client_of(app)
    for _ in range(2):
        client.get("/", headers={"Origin": APP})

    expected = f"CORS: {logged} has no effect, since corekit replaces its headers. Remove it."
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == (
        [expected] if logged else []
    )


def test_middleware_that_covers_the_remaining_routes_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Starlette(routes=routes(), middleware=[Middleware(CORSMiddleware, [APP])])
    install(app)

    assert client_of(app).get("/", headers={"Origin": APP}).headers[ALLOW_ORIGIN] == APP
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize("is_before", [True, False])
def test_removed_instrumentation_keeps_the_policy(is_before: bool) -> None:
    # As `instrument_app` and `uninstrument_app` of opentelemetry-instrumentation-fastapi.
    app: Any = FastAPI(routes=routes())
    if not is_before:
        install(app, policy)
    app._original_build_middleware_stack = app.build_middleware_stack
    app.build_middleware_stack = lambda: Refusing(app._original_build_middleware_stack())
    if is_before:
        install(app, policy)
    client = client_of(app)
    assert client.get("/secret", headers={"Origin": APP}).status_code == 401
    app.build_middleware_stack = app._original_build_middleware_stack
    app.middleware_stack = app.build_middleware_stack()

    assert client.get("/", headers={"Origin": APP}).headers[ALLOW_ORIGIN] == APP
    assert client.options("/", headers=PREFLIGHT).status_code == 204
    assert client.get("/secret", headers={"Origin": APP}).status_code == 404


def hide(app: Any) -> Any:
    """A middleware that does not show the application inside."""

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    return middleware


@each_framework
def test_routes_behind_middleware_that_hides_the_application(make: Callable[..., Any]) -> None:
    app = make(middleware=[Middleware(hide)])
    install(app, CorsRoutes([("/sub/", policy), ("/", CorsPolicy.deny_all())]))

    below = TestClient(app, root_path="/v1", headers={"Origin": APP})
    for path in ("/v1/sub/", "/sub/"):
        assert below.get(path).headers[ALLOW_ORIGIN] == APP
    assert ALLOW_ORIGIN not in below.get("/v1/").headers
    encoded = TestClient(app, headers={"Origin": APP}).get("/s%75b/")
    assert encoded.text == "hello"
    assert encoded.headers[ALLOW_ORIGIN] == APP
