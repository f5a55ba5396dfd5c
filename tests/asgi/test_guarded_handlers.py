"""The guard in Quart and Litestar: the policy of the handler judges, also WebSockets."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from litestar import Litestar, WebSocket, get, post, websocket_listener, websocket_stream
from litestar import websocket as litestar_websocket
from litestar.handlers import WebsocketListener
from quart import Quart
from quart import websocket as quart_websocket
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from corekit import CorsPolicy, CorsRoutes, DecisionEvent, Reason
from corekit.guard import CrossOriginGuard, GuardEvent
from corekit_asgi import CorsMiddleware, GuardMiddleware, cors, install
from tests.asgi.connecting import handshake, is_accepted

APP = "https://app.example.com"
PARTNER = "https://partner.example.com"
UNTRUSTED = "https://untrusted.example"

policy = CorsPolicy(allow_origins=[APP])
partner = CorsPolicy(allow_origins=[PARTNER])
routes = CorsRoutes([("/", policy)])
marked = cors(partner)


def quart() -> Quart:
    app = Quart(__name__)

    @app.post("/default/<name>")
    async def change(name: str) -> str:
        return "changed"

    @app.post("/shared/<name>")
    @marked
    async def shared(name: str) -> str:
        return "changed"

    @app.websocket("/ws/default/<name>")
    async def echo(name: str) -> None:
        await quart_websocket.accept()

    @app.websocket("/ws/shared/<name>")
    @marked
    async def shared_echo(name: str) -> None:
        await quart_websocket.accept()

    # A decorator without functools.wraps hides the mark.
    @app.websocket("/ws/hidden/<name>")
    async def hidden_echo(name: str) -> None:
        await shared_echo(name)

    return app


def litestar() -> Litestar:
    @post("/default/x", status_code=200)
    async def change() -> str:
        return "changed"

    @post("/shared/x", status_code=200)
    @marked
    async def shared() -> str:
        return "changed"

    @litestar_websocket("/ws/default/x")
    async def echo(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()

    @litestar_websocket("/ws/shared/x")
    @marked
    async def shared_echo(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()

    @litestar_websocket("/ws/hidden/x")
    async def hidden_echo(socket: WebSocket[Any, Any, Any]) -> None:
        await shared_echo.fn(socket)

    # A path may have a handler of both kinds.
    @get("/ws/shared/x")
    async def read() -> str:
        return "read"

    handlers: list[Any] = [change, shared, echo, shared_echo, hidden_echo, read]
    return Litestar(handlers, logging_config=None, openapi_config=None)


frameworks = pytest.mark.parametrize("make", [quart, litestar])
ways = pytest.mark.parametrize("wrap", [install, CorsMiddleware])
policies = pytest.mark.parametrize("each", [policy, routes], ids=["policy", "routes"])


@frameworks
@ways
@policies
def test_policy_of_the_handler_judges(
    make: Callable[[], Any], wrap: Callable[..., Any], each: CorsPolicy | CorsRoutes
) -> None:
    events: list[GuardEvent] = []
    app = wrap(make(), each, guard=CrossOriginGuard(each), on_verdict=events.append)
    client = TestClient(app)
    for path, allowed in (("/default/x", APP), ("/shared/x", PARTNER), ("/missing", APP)):
        for origin in (APP, PARTNER, UNTRUSTED):
            response = client.post(path, headers={"Origin": origin})
            assert (response.status_code != 403) is (origin == allowed)
    assert len(events) == 9


@frameworks
@ways
@policies
def test_policy_of_the_handler_judges_handshakes(
    make: Callable[[], Any], wrap: Callable[..., Any], each: CorsPolicy | CorsRoutes
) -> None:
    app = wrap(make(), each, guard=CrossOriginGuard(each))
    for path, allowed in (("/ws/default/x", APP), ("/ws/shared/x", PARTNER)):
        for origin in (APP, PARTNER, UNTRUSTED):
            headers = [(b"host", b"api.example.org"), (b"origin", origin.encode())]
            assert is_accepted(app, handshake(headers, path)) is (origin == allowed)


@websocket_listener("/async")
@marked
async def listen(data: str) -> str:
    return data


@websocket_listener(["/sync", "/other"])
@marked
def listen_in_thread(data: str) -> str:
    return data


class Listener(WebsocketListener):
    path = "/class"

    @marked
    async def on_receive(self, data: str) -> str:
        return data


@websocket_stream("/stream")
@marked
async def stream() -> AsyncGenerator[str, None]:
    yield "hello"


@websocket_listener("/default")
async def listen_to_default(data: str) -> str:
    return data


@ways
@policies
@pytest.mark.parametrize("path", ["/async", "/sync", "/other", "/class", "/stream", "/default"])
def test_policy_of_a_listener_judges_handshakes_in_litestar(
    path: str, wrap: Callable[..., Any], each: CorsPolicy | CorsRoutes
) -> None:
    handlers: list[Any] = [listen, listen_in_thread, Listener, stream, listen_to_default]
    app = Litestar(handlers, logging_config=None, openapi_config=None)
    client = TestClient(wrap(app, each, guard=CrossOriginGuard(each)))
    allowed = APP if path == "/default" else PARTNER
    for origin in {APP, PARTNER, UNTRUSTED} - {allowed}:
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect(path, headers={"Origin": origin}),
        ):
            pytest.fail("accepted")
    with client.websocket_connect(path, headers={"Origin": allowed}) as socket:
        if path != "/stream":
            socket.send_text("hello")
        assert socket.receive_text() == "hello"


@frameworks
@ways
@policies
def test_handler_whose_policy_is_not_found_accepts_no_judged_handshake(
    make: Callable[[], Any], wrap: Callable[..., Any], each: CorsPolicy | CorsRoutes
) -> None:
    headers = {"Origin": APP}
    client = TestClient(wrap(make(), each, guard=CrossOriginGuard(each)))
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/ws/hidden/x", headers=headers),
    ):
        pytest.fail("accepted")
    # Without a guard for WebSockets, no policy applies to them.
    unjudged = CrossOriginGuard(each, websockets="ignore")
    for app in (wrap(make(), each, guard=unjudged), wrap(make(), each)):
        with TestClient(app).websocket_connect("/ws/hidden/x", headers=headers) as socket:
            assert socket.accepted_subprotocol is None


@frameworks
def test_guard_alone_judges_by_the_policy_of_the_path(make: Callable[[], Any]) -> None:
    client = TestClient(GuardMiddleware(make(), CrossOriginGuard(routes)))
    for path in ("/default/x", "/shared/x"):
        for origin in (APP, PARTNER, UNTRUSTED):
            response = client.post(path, headers={"Origin": origin})
            assert (response.status_code == 200) is (origin == APP)


@frameworks
def test_install_checks_the_guard(make: Callable[[], Any]) -> None:
    app = make()
    with pytest.raises(ValueError, match="The guard has another policy"):
        install(app, policy, guard=CrossOriginGuard(routes))
    with pytest.raises(TypeError, match=r"Did you mean on_verdict\?"):
        install(app, on_verdit=print)  # type: ignore[call-arg]
    install(app, policy)


@frameworks
def test_own_origin_behind_a_proxy_is_not_a_denial(make: Callable[[], Any]) -> None:
    own = "https://www.example.com"
    events: list[DecisionEvent] = []
    guard = CrossOriginGuard(policy, own_origins=[own])
    app = install(make(), policy, guard=guard, on_decision=events.append)
    assert TestClient(app).post("/default/x", headers={"Origin": own}).text == "changed"
    assert [event.decision.reason for event in events] == [Reason.SAME_ORIGIN]
