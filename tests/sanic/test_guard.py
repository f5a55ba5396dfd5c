"""The guard in Sanic: refusals come before all middleware, and a handler's policy judges."""

from __future__ import annotations

import asyncio
import logging
from contextlib import closing
from http.client import HTTPConnection
from typing import Any, Final

import pytest
from sanic import HTTPResponse, Request, Websocket, text
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from corekit import CorsPolicy, CorsRoutes, DecisionEvent
from corekit.browser import HttpRequest
from corekit.guard import CrossOriginGuard, GuardEvent
from corekit_sanic import cors, install
from corekit_testing.transports import AsgiTransport
from tests.asgi.connecting import DENIAL, handshake
from tests.asgi.connecting import connect as connect_asgi
from tests.frameworks.sanic_app import App, make_app
from tests.sanic.serving import APP, UNTRUSTED, serve

PARTNER: Final = "https://partner.example"

policy = CorsPolicy(allow_origins=[APP], allow_credentials=True)
partners = CorsPolicy(allow_origins=[PARTNER], allow_credentials=True)
guard = CrossOriginGuard(policy)


async def save(request: Request, name: str = "") -> HTTPResponse:
    return text("saved", headers={"Vary": "Accept"})


async def stream(request: Request) -> None:
    response = await request.respond(content_type="text/plain")
    assert response is not None
    for part in ("one", "two"):
        await response.send(part)
    await response.eof()


async def echo(request: Request, socket: Websocket) -> None:
    await socket.send(await socket.recv() or "")


def make() -> tuple[App, list[str]]:
    """Return an application, and the list of the paths that its middleware saw."""
    app = make_app()
    ran: list[str] = []

    async def record(request: Request) -> None:
        ran.append(request.path)

    app.register_middleware(record, "request")
    app.add_route(save, "/", methods=["GET", "HEAD", "POST", "OPTIONS"])
    app.add_route(save, "/webhooks/<name>", methods=["POST"], name="webhook")
    app.add_route(save, "/acs", methods=["POST"], name="acs")
    app.add_route(save, "/strict/", methods=["POST"], name="strict", strict_slashes=True)
    app.add_route(stream, "/stream")
    app.add_websocket_route(echo, "/echo")
    app.add_websocket_route(cors(partners)(echo_for_partners), "/partners")
    return app, ran


async def echo_for_partners(request: Request, socket: Websocket) -> None:
    await echo(request, socket)


def test_refusal_comes_before_middleware() -> None:
    app, ran = make()
    install(app, policy, guard=guard)
    with serve(app) as server:
        for path in ("/", "/missing"):
            refused = server.request("POST", path, UNTRUSTED)
            assert (refused.status, refused.allowed, refused.vary) == (403, None, ["Origin"])
            assert refused.body.startswith(b"Guard: ")
        assert ran == []
        assert server.request("POST", "/", APP).status == 200
        assert server.request("POST", "/", f"http://127.0.0.1:{server.port}").status == 200
        assert server.request("GET", "/", UNTRUSTED).status == 200
        assert server.request("POST", "/", None).status == 200
    assert ran == ["/"] * 4


def test_refusal_of_a_body_leaves_the_connection_usable() -> None:
    app, ran = make()
    install(app, policy, guard=guard)

    with serve(app) as server, closing(HTTPConnection("127.0.0.1", server.port)) as connection:
        for origin, status in ((UNTRUSTED, 403), (APP, 200)):
            connection.request("POST", "/", b"x" * 100_000, {"Origin": origin})
            kept = connection.sock
            response = connection.getresponse()
            assert response.status == status
            response.read()
            assert connection.sock is kept
    assert ran == ["/"]


def test_allowed_page_can_read_the_refusal() -> None:
    app, _ = make()
    reading = CorsPolicy(allow_origins=[APP])
    install(app, reading, guard=CrossOriginGuard(reading))
    with serve(app) as server:
        refused = server.request("POST", "/", APP, Cookie="session=1")
        assert (refused.status, refused.allowed, refused.vary) == (403, [APP], ["Origin"])


def test_handshakes() -> None:
    app, ran = make()
    install(app, policy, guard=guard)
    with serve(app) as server:
        url, own = f"ws://127.0.0.1:{server.port}", f"http://127.0.0.1:{server.port}"
        for path, pages in (("/echo", (None, own, APP)), ("/partners", (None, own, PARTNER))):
            for page in pages:
                origin = None if page is None else Origin(page)
                with connect(f"{url}{path}", origin=origin) as socket:
                    socket.send("hello")
                    assert socket.recv() == "hello"
        ran.clear()
        for path, page in (("/echo", UNTRUSTED), ("/echo", "null"), ("/partners", APP)):
            with (
                pytest.raises(InvalidStatus) as caught,
                connect(f"{url}{path}", origin=Origin(page)),
            ):
                pass
            assert caught.value.response.status_code == 403
        assert ran == []
        # Only a GET is a handshake.
        assert server.request("GET", "/", UNTRUSTED, Upgrade="h2c").status == 200
        assert server.request("POST", "/", UNTRUSTED, Upgrade="websocket").status == 403
    ignoring, _ = make()
    install(ignoring, policy, guard=CrossOriginGuard(policy, websockets="ignore"))
    with serve(ignoring) as server:
        assert server.request("GET", "/", UNTRUSTED, Upgrade="websocket").status == 200
        assert server.request("POST", "/", UNTRUSTED, Upgrade="websocket").status == 403


def test_other_hosts_and_preflights() -> None:
    app, ran = make()
    routes = CorsRoutes([("/covered/", policy)])
    install(app, routes, guard=CrossOriginGuard(routes, hosts=["shop.example.com"]))
    asked = {"Access_Control_Request_Method": "POST", "Host": "rebind.example"}
    with serve(app) as server:
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            refused = server.request(method, "/", None, Host="rebind.example")
            assert refused.status == 421
            assert bool(refused.body) is (method != "HEAD")
        assert server.request("GET", "/", None, Host="a.example, b.example").status == 400
        assert server.request("OPTIONS", "/covered/x", APP, **asked).status == 204
        # No policy covers the path, so that the application would respond.
        assert server.request("OPTIONS", "/", APP, **asked).status == 421
        assert ran == []
        assert server.request("GET", "/", None, Host="shop.example.com").status == 200


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/webhooks/stripe", 200),
        ("/webhooks/caf%C3%A9", 200),
        ("/webhooks/stripe/", 200),
        ("/webhooks/..%2Fx", 403),
        ("/%77ebhooks/stripe", 403),
        ("/acs", 200),
        ("/acs/", 403),
        ("/ac%73", 403),
        ("/strict/", 200),
        ("/strict", 403),
        ("/", 403),
        (f"/acs{'/' * 30}", 403),
    ],
)
def test_exemption_holds_for_each_reading_of_the_path(path: str, expected: int) -> None:
    app, _ = make()
    install(app, policy, guard=CrossOriginGuard(policy, exempt=["/webhooks/", "/acs", "/strict/"]))
    with serve(app) as server:
        assert server.request("POST", path, UNTRUSTED).status == expected


def test_exempt_folder_does_not_exempt_the_route_without_a_slash() -> None:
    app, _ = make()
    install(app, policy, guard=CrossOriginGuard(policy, exempt=["/acs/"]))
    with serve(app) as server:
        assert server.request("POST", "/acs/", UNTRUSTED).status == 403


def test_policy_of_the_handler_judges() -> None:
    app, _ = make()

    @app.post("/view")
    @cors(partners)
    async def view(request: Request) -> HTTPResponse:
        return await save(request)

    install(app, policy, guard=guard)
    with serve(app) as server:
        assert server.request("POST", "/view", PARTNER).status == 200
        assert server.request("POST", "/view", APP).status == 403
        assert server.request("POST", "/", PARTNER).status == 403


FETCH_METADATA: Final = "Sec-Fetch-Site, Sec-Fetch-Mode, Sec-Fetch-Dest"


def test_isolated_reads_vary() -> None:
    app, _ = make()
    routes = CorsRoutes([("/stream", policy)])
    install(app, routes, guard=CrossOriginGuard(routes, reads="isolate"))
    with serve(app) as server:
        assert server.request("GET", "/", None).vary == [f"Accept, {FETCH_METADATA}"]
        streamed = server.request("GET", "/stream", None)
        assert streamed.vary is not None
        assert set(streamed.vary[0].split(", ")) == {"Origin", *FETCH_METADATA.split(", ")}
        assert streamed.body == b"onetwo"
        refused = server.request("GET", "/", None, Sec_Fetch_Site="cross-site")
        assert (refused.status, refused.vary) == (403, [FETCH_METADATA])
        assert server.request("POST", "/", None).vary == ["Accept"]


def test_two_lines_of_one_header_are_joined() -> None:
    app, _ = make()
    install(app, policy, guard=guard)
    site = ("Sec-Fetch-Site", "same-origin")
    with serve(app) as server:
        for pair in (site, ("Origin", APP)):
            host = ("Host", "x")
            assert server.send("POST", "/", [host, pair]).status == 200
            assert server.send("POST", "/", [host, pair, pair]).status == 403


def test_forwarded_scheme_is_not_that_of_the_server() -> None:
    app, _ = make()
    app.config.PROXIES_COUNT = 1
    install(app, policy, guard=guard)
    with serve(app) as server:
        own = f"http://127.0.0.1:{server.port}"
        assert server.request("POST", "/", own, X_Forwarded_Proto="https").status == 200


def start_up(app: App) -> None:
    """Start an application as in an ASGI server."""
    app.asgi = True
    asyncio.run(app._startup())  # type: ignore[no-untyped-call]


class TestAsgi:
    def test_requests(self) -> None:
        app, ran = make()
        install(app, policy, guard=CrossOriginGuard(policy, reads="isolate"))
        transport = AsgiTransport(app, raise_exceptions=True)

        def ask(method: str, origin: str, url: str = "https://api.example.com/") -> Any:
            return transport.send(HttpRequest(method, url, (("Origin", origin),)))

        refused = ask("POST", UNTRUSTED)
        assert (refused.status, ran) == (403, [])
        assert refused.body.startswith(b"Guard: ")
        assert ask("POST", APP).status == 200
        assert ask("POST", "https://api.example.com").status == 200
        # The server knows that it is HTTPS.
        assert ask("POST", "http://api.example.com").status == 403
        assert ask("POST", "http://api.example.com", "http://api.example.com/").status == 200
        assert ask("GET", APP).status == 200
        (vary,) = [value for name, value in ask("GET", APP).headers if name == "vary"]
        assert set(vary.split(", ")) == {"Accept", "Origin", *FETCH_METADATA.split(", ")}

    @pytest.mark.parametrize("extensions", [None, {}, DENIAL])
    def test_refused_handshake(self, extensions: dict[str, Any] | None) -> None:
        app, ran = make()
        events: list[GuardEvent] = []
        install(app, policy, guard=guard, on_verdict=events.append)
        headers = [(b"host", b"api.example.com"), (b"origin", UNTRUSTED.encode())]
        start_up(app)
        start, *more = connect_asgi(app, handshake(headers, "/echo", extensions=extensions))
        if extensions:
            assert (start["type"], start["status"]) == ("websocket.http.response.start", 403)
            assert (b"content-type", b"text/plain; charset=utf-8") in start["headers"]
            (body,) = more
            assert body["type"] == "websocket.http.response.body"
            assert body["body"].startswith(b"Guard: ")
        else:
            assert start == {"type": "websocket.close", "code": 1008}
            assert more == []
        assert ran == []
        assert [event.is_websocket for event in events] == [True]

    def test_accepted_handshake(self) -> None:
        app, _ = make()
        install(app, policy, guard=guard)
        start_up(app)
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.receive", "text": "hello"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = [(b"host", b"api.example.com"), (b"origin", APP.encode())]
        asyncio.run(app(handshake(headers, "/echo"), receive, send))
        assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send"]


def test_verdicts_and_refusals_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    events: list[GuardEvent] = []
    app, _ = make()
    install(app, policy, guard=guard, on_verdict=events.append)
    with serve(app) as server, caplog.at_level(logging.WARNING, "corekit.sanic"):
        server.request("GET", "/", APP)
        server.request("POST", "/caf%C3%A9", UNTRUSTED)
        server.request("POST", "/", APP)
    first, second = events
    assert (first.outcome, first.adapter, first.path) == ("refused", "sanic", "/caf\xe9")
    assert isinstance(first.request, Request)
    assert (second.outcome, second.origin, second.is_websocket) == ("allowed", APP, False)
    (record,) = [record for record in caplog.records if record.name == "corekit.sanic"]
    assert f"from '{UNTRUSTED}' refused:" in record.getMessage()


def test_own_origins_are_not_denials() -> None:
    events: list[DecisionEvent] = []
    app, _ = make()
    own = CrossOriginGuard(policy, own_origins=["https://shop.example.com"])
    install(app, policy, guard=own, on_decision=events.append)
    with serve(app) as server:
        assert server.request("POST", "/", "https://shop.example.com").status == 200
    (event,) = events
    assert event.decision.reason.name == "SAME_ORIGIN"


@pytest.mark.parametrize(
    ("policy", "options", "error", "message"),
    [
        (partners, {"guard": guard}, ValueError, "another policy"),
        (None, {"guard": guard}, ValueError, "the application has none"),
        (policy, {"guard": "*"}, TypeError, "guard is of type str"),
        (policy, {"on_verdict": print}, TypeError, "Pass guard too"),
        (policy, {"guard": guard, "on_verdict": 1}, TypeError, "on_verdict is of type int"),
        (policy, {"gaurd": guard}, TypeError, "Did you mean guard"),
    ],
)
def test_wrong_arguments(
    policy: CorsPolicy | None, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    app = make_app()
    with pytest.raises(error, match=message):
        install(app, policy, **options)
    # Nothing was installed.
    install(app, partners)
