"""The guard in Starlette and FastAPI: the policy of the route judges, also WebSockets."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.endpoints import WebSocketEndpoint
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from corekit import CorsPolicy, CorsRoutes, DecisionEvent, Reason
from corekit.guard import CrossOriginGuard, GuardEvent
from corekit_asgi import CorsMiddleware
from corekit_starlette import cors, install
from tests.asgi.connecting import DENIAL, connect, handshake, is_accepted

APP = "https://app.example.com"
PARTNER = "https://partner.example.com"
UNTRUSTED = "https://untrusted.example"

policy = CorsPolicy(allow_origins=[APP])
partner = CorsPolicy(allow_origins=[PARTNER])
guard = CrossOriginGuard(policy, exempt=["/hooks"])


async def change(request: Request) -> Response:
    return PlainTextResponse("changed")


async def shared(request: Request) -> Response:
    return PlainTextResponse("changed")


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()


async def shared_echo(websocket: WebSocket) -> None:
    await websocket.accept()


class Echo(WebSocketEndpoint):
    async def on_connect(self, websocket: WebSocket) -> None:
        await websocket.accept()


def post(path: str, endpoint: Callable[..., Any]) -> Route:
    return Route(path, endpoint, methods=["POST"])


def starlette() -> Starlette:
    inner = [post("/items", change), WebSocketRoute("/ws", echo)]
    marked = cors(partner)
    return Starlette(
        routes=[
            post("/default", change),
            post("/hooks", change),
            post("/shared", marked(shared)),
            marked(post("/route", change)),
            Mount("/mount", app=marked(Router(routes=inner))),
            Mount("/plain", app=Router(routes=inner)),
            WebSocketRoute("/ws/default", echo),
            WebSocketRoute("/ws/shared", marked(shared_echo)),
            marked(WebSocketRoute("/ws/route", echo)),
            WebSocketRoute("/ws/class", marked(type("Marked", (Echo,), {}))),
            Mount("/own", app=Starlette(routes=inner)),
        ]
    )


def fastapi() -> FastAPI:
    app = FastAPI()
    marked = cors(partner)
    router, included = APIRouter(), marked(APIRouter(prefix="/mount"))

    @app.post("/default")
    @app.post("/hooks")
    @app.post("/plain/items")
    @app.post("/own/items")
    @included.post("/items")
    async def change() -> str:
        return "changed"

    @app.post("/shared")
    @app.post("/route")
    @marked
    async def shared() -> str:
        return "changed"

    @app.websocket("/ws/default")
    @router.websocket("/plain/ws")
    @router.websocket("/own/ws")
    @included.websocket("/ws")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()

    @app.websocket("/ws/shared")
    @router.websocket("/ws/route")
    @router.websocket("/ws/class")
    @marked
    async def shared_echo(websocket: WebSocket) -> None:
        await websocket.accept()

    app.include_router(router)
    app.include_router(included)
    return app


frameworks = pytest.mark.parametrize("make", [starlette, fastapi])


@frameworks
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/default", APP),
        ("/plain/items", APP),
        ("/own/items", APP),
        ("/missing", APP),
        ("/shared", PARTNER),
        ("/route", PARTNER),
        ("/mount/items", PARTNER),
    ],
)
def test_policy_of_the_route_judges(make: Callable[[], Starlette], path: str, allowed: str) -> None:
    client = TestClient(install(make(), policy, guard=guard))
    for origin in (APP, PARTNER, UNTRUSTED):
        response = client.post(path, headers={"Origin": origin})
        assert (response.status_code != 403) is (origin == allowed)
        assert (response.headers.get("access-control-allow-origin") == origin) is (
            origin == allowed
        )
    assert client.post("/hooks", headers={"Origin": UNTRUSTED}).text.strip('"') == "changed"


@frameworks
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/ws/default", APP),
        ("/plain/ws", APP),
        ("/own/ws", APP),
        ("/ws/shared", PARTNER),
        ("/ws/route", PARTNER),
        ("/ws/class", PARTNER),
        ("/mount/ws", PARTNER),
    ],
)
def test_policy_of_the_route_judges_handshakes(
    make: Callable[[], Starlette], path: str, allowed: str
) -> None:
    app = install(make(), policy, guard=guard)
    for origin in (APP, PARTNER, UNTRUSTED):
        scope = handshake([(b"origin", origin.encode())], path)
        assert is_accepted(app, scope) is (origin == allowed)


def test_headers_of_a_handshake_may_be_an_iterator() -> None:
    """A route for a host reads them, too."""
    routes = [cors(partner)(WebSocketRoute("/", echo))]
    app = install(Starlette(routes=[Host("api.example.org", Router(routes))]), policy, guard=guard)
    for origin in (PARTNER, UNTRUSTED):
        headers = [(b"host", b"api.example.org"), (b"origin", origin.encode())]
        assert is_accepted(app, handshake(iter(headers))) is (origin == PARTNER)


class Shortened:
    """A layer that removes a prefix from the path of a request."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app({**scope, "path": scope["path"].removeprefix("/v1")}, receive, send)


def hiding(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Hide a mark, as a decorator without functools.wraps does."""

    async def hidden(*arguments: Any) -> Any:
        return await endpoint(*arguments)

    return hidden


def hidden_function() -> Starlette:
    marked = cors(partner)
    return Starlette(
        routes=[
            post("/v1/items", hiding(marked(shared))),
            WebSocketRoute("/v1/ws", hiding(marked(shared_echo))),
        ]
    )


def hidden_router() -> Starlette:
    router = cors(partner)(Router([post("/items", change), WebSocketRoute("/ws", echo)]))
    return Starlette(routes=[Mount("/v1", app=hiding(router))])


def changed_path() -> Starlette:
    marked = cors(partner)
    routes = [post("/items", marked(shared)), WebSocketRoute("/ws", marked(shared_echo))]
    return Starlette(routes=routes, middleware=[Middleware(Shortened)])


def changed_path_of_fastapi() -> FastAPI:
    app = FastAPI(middleware=[Middleware(Shortened)])
    app.post("/items")(cors(partner)(lambda: "changed"))

    @app.websocket("/ws")
    @cors(partner)
    async def partner_echo(websocket: WebSocket) -> None:
        await websocket.accept()

    return app


@pytest.mark.parametrize(
    "make", [hidden_function, hidden_router, changed_path, changed_path_of_fastapi]
)
@pytest.mark.parametrize("each", [policy, CorsRoutes([("/", policy)])], ids=["policy", "routes"])
@pytest.mark.parametrize("way", [install, CorsMiddleware])
def test_handshake_fails_as_a_request_does_if_its_policy_is_not_found(
    make: Callable[[], Starlette], each: CorsPolicy | CorsRoutes, way: Callable[..., Any]
) -> None:
    app = way(make(), each, guard=CrossOriginGuard(each))
    with pytest.raises(RuntimeError, match=r"has (its own|another) CORS policy"):
        TestClient(app).post("/v1/items", headers={"Origin": APP})
    headers = [(b"origin", APP.encode())]
    with pytest.raises(RuntimeError, match=r"has (its own|another) CORS policy"):
        connect(app, handshake(headers, "/v1/ws"))
    assert not is_accepted(app, handshake([(b"origin", UNTRUSTED.encode())], "/v1/ws"))
    # Without a guard for WebSockets, no policy applies to them.
    unjudged = CrossOriginGuard(each, websockets="ignore")
    assert is_accepted(way(make(), each, guard=unjudged), handshake(headers, "/v1/ws"))
    assert is_accepted(way(make(), each), handshake(headers, "/v1/ws"))


def test_changed_path_of_a_handshake_is_in_the_message() -> None:
    app = install(changed_path(), policy, guard=guard)
    with pytest.raises(RuntimeError, match="changed 'WebSocket /v1/ws' to 'WebSocket /ws'"):
        connect(app, handshake([(b"origin", APP.encode())], "/v1/ws"))


def test_handshakes_without_route_policies() -> None:
    app = install(Starlette(routes=[WebSocketRoute("/", echo)]), policy, guard=guard)
    for origin, expected in ((APP, True), (UNTRUSTED, False)):
        assert is_accepted(app, handshake([(b"origin", origin.encode())])) is expected
    (start, _) = connect(app, handshake([(b"origin", b"null")], extensions=DENIAL))
    assert start["status"] == 403


def test_refused_request_reaches_no_middleware() -> None:
    reached: list[str] = []

    class Noting:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            reached.append(scope["type"])
            await self.app(scope, receive, send)

    app = Starlette(routes=[post("/", change)], middleware=[Middleware(Noting)])
    client = TestClient(install(app, policy, guard=guard))
    client.post("/", headers={"Origin": UNTRUSTED})
    connect(app, handshake([(b"origin", b"null")]))
    assert reached == []
    client.post("/", headers={"Origin": APP})
    assert reached == ["http"]


@pytest.mark.parametrize("is_marked", [True, False])
def test_path_that_no_policy_covers(is_marked: bool) -> None:
    routes = CorsRoutes([("/api/", policy)])
    other = post("/shared", change)
    app = Starlette(
        routes=[
            post("/other", change),
            post("/api/", change),
            WebSocketRoute("/other", echo),
            cors(partner)(other) if is_marked else other,
        ]
    )
    client = TestClient(install(app, routes, guard=CrossOriginGuard(routes)))
    for path, expected in (("/other", 403), ("/api/", 200)):
        response = client.post(path, headers={"Origin": APP})
        assert response.status_code == expected
    assert client.post("/other").text == "changed"
    assert client.get("/other", headers={"Origin": APP}).status_code == 405
    assert not is_accepted(app, handshake([(b"origin", APP.encode())], "/other"))
    assert is_accepted(app, handshake([], "/other"))


def test_mounted_application_has_its_own_guard() -> None:
    inner = install(
        Starlette(routes=[post("/hooks", change), post("/items", change)]), policy, guard=guard
    )
    client = TestClient(Starlette(routes=[Mount("/sub", app=inner)]))
    assert client.post("/sub/items", headers={"Origin": UNTRUSTED}).status_code == 403
    assert client.post("/sub/hooks", headers={"Origin": UNTRUSTED}).status_code == 200


def test_root_path_of_fastapi() -> None:
    app = FastAPI()
    app.root_path = "/api"
    app.post("/hooks")(lambda: "changed")
    app.post("/other")(lambda: "changed")
    client = TestClient(install(app, policy, guard=guard))
    for path, expected in (("/hooks", 200), ("/api/hooks", 200), ("/api/other", 403)):
        assert client.post(path, headers={"Origin": UNTRUSTED}).status_code == expected


def test_lifespan_is_not_changed() -> None:
    events = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        events.append("started")
        yield
        events.append("stopped")

    with TestClient(install(Starlette(lifespan=lifespan), policy, guard=guard)):
        assert events == ["started"]
    assert events == ["started", "stopped"]


def test_event_and_log_are_of_the_adapter(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    events: list[GuardEvent] = []
    app = install(Starlette(), policy, guard=guard, on_verdict=events.append)
    TestClient(app).post("/", headers={"Origin": UNTRUSTED})
    assert [(event.adapter, event.outcome) for event in events] == [("starlette", "refused")]
    records = [record for record in caplog.records if record.getMessage().startswith("Guard")]
    assert [record.name for record in records] == ["corekit.starlette"]


def test_own_origin_behind_a_proxy_is_not_a_denial() -> None:
    own = "https://www.example.com"
    events: list[DecisionEvent] = []
    app = install(
        Starlette(routes=[post("/", change)]),
        policy,
        guard=CrossOriginGuard(policy, own_origins=[own]),
        on_decision=events.append,
    )
    assert TestClient(app).post("/", headers={"Origin": own}).text == "changed"
    assert [event.decision.reason for event in events] == [Reason.SAME_ORIGIN]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"guard": guard}, ValueError, "the application has none"),
        ({"policy": partner, "guard": guard}, ValueError, "has another policy"),
        ({"policy": policy, "guard": policy}, TypeError, "guard is of type CorsPolicy"),
        ({"guard": policy}, TypeError, "guard is of type CorsPolicy"),
        ({"policy": policy, "on_verdict": print}, TypeError, "Pass guard too"),
        ({"policy": policy, "guard": guard, "on_verdict": 1}, TypeError, "on_verdict is of type"),
        ({"allow_origins": [APP], "on_verdit": print}, TypeError, "Did you mean on_verdict"),
    ],
)
def test_wrong_arguments(given: dict[str, Any], error: type[Exception], message: str) -> None:
    app = Starlette()
    with pytest.raises(error, match=message):
        install(app, **given)
    install(app, policy)


def test_arguments_of_the_policy_of_the_guard() -> None:
    app = install(Starlette(), allow_origins=[APP], guard=guard)
    assert TestClient(app).post("/", headers={"Origin": UNTRUSTED}).status_code == 403
