"""The guard in aiohttp: refusals come before all middlewares, and a handler's policy judges."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Any, Final

import pytest
from aiohttp import WSServerHandshakeError, web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict
from yarl import URL

from corekit import CorsPolicy, CorsRoutes, DecisionEvent
from corekit.guard import CrossOriginGuard, GuardEvent
from corekit_aiohttp import cors, install
from tests.aiohttp.test_install import APP, UNTRUSTED, Client, echo, stream, with_client

PARTNER: Final = "https://partner.example"

policy = CorsPolicy(allow_origins=[APP], allow_credentials=True)
partners = CorsPolicy(allow_origins=[PARTNER], allow_credentials=True)
guard = CrossOriginGuard(policy)


async def post(request: web.Request) -> web.StreamResponse:
    return web.Response(text="posted")


def make_app() -> tuple[web.Application, list[str]]:
    """Return an application, and the list of the paths that its middleware saw."""
    ran: list[str] = []

    @web.middleware
    async def record(request: web.Request, handler: Any) -> web.StreamResponse:
        ran.append(request.path)
        response: web.StreamResponse = await handler(request)
        return response

    app = web.Application(middlewares=[record])
    app.router.add_route("*", "/", post)
    app.router.add_post("/webhooks/{name}", post)
    app.router.add_get("/echo", echo)
    app.router.add_get("/stream", stream)
    return app, ran


def statuses(app: web.Application, *requests: tuple[str, str, str], **headers: str) -> list[int]:
    """Return the statuses of requests, each a method, a path and an origin."""
    found: list[int] = []

    async def use(client: Client) -> None:
        for method, path, origin in requests:
            url = URL(path, encoded=True)
            response = await client.request(method, url, headers={"Origin": origin, **headers})
            found.append(response.status)

    with_client(app, use)
    return found


def test_refusal_comes_before_other_middlewares() -> None:
    app, ran = make_app()
    install(app, policy, guard=guard)
    requests = [
        ("POST", "/", UNTRUSTED),
        ("POST", "/missing", UNTRUSTED),
        ("POST", "/", APP),
        ("GET", "/", UNTRUSTED),
    ]
    assert statuses(app, *requests) == [403, 403, 200, 200]
    assert ran == ["/", "/"]


def test_own_page_may_write() -> None:
    app, _ = make_app()
    install(app, policy, guard=guard)

    async def use(client: Client) -> None:
        own = {"Origin": str(client.make_url("/").origin())}
        assert (await client.post("/", headers=own)).status == 200

    with_client(app, use)


def test_allowed_page_can_read_the_refusal() -> None:
    app, _ = make_app()
    reading = CorsPolicy(allow_origins=[APP])
    install(app, reading, guard=CrossOriginGuard(reading))

    async def use(client: Client) -> None:
        response = await client.post("/", headers={"Origin": APP, "Cookie": "session=1"})
        assert response.status == 403
        assert response.headers["Access-Control-Allow-Origin"] == APP
        assert (await response.text()).startswith("Guard: ")

    with_client(app, use)


def test_handshakes() -> None:
    app, ran = make_app()
    install(app, policy, guard=guard)

    async def use(client: Client) -> None:
        own = str(client.make_url("/").origin())
        for origin in (None, own, APP):
            async with client.ws_connect("/echo", origin=origin) as socket:
                await socket.send_str("hello")
                assert (await socket.receive()).data == "hello"
        ran.clear()
        for origin in (UNTRUSTED, "null"):
            with pytest.raises(WSServerHandshakeError) as caught:
                await client.ws_connect("/echo", origin=origin)
            assert caught.value.status == 403
        assert ran == []
        for value, status in (("WebSocket", 403), ("h2c, websocket", 403), ("h2c", 200)):
            headers = {"Origin": UNTRUSTED, "Upgrade": value}
            assert (await client.get("/", headers=headers)).status == status

    with_client(app, use)


def test_only_a_get_is_a_handshake() -> None:
    app, _ = make_app()
    install(app, policy, guard=CrossOriginGuard(policy, websockets="ignore"))
    requests = [("GET", "/", UNTRUSTED), ("POST", "/", UNTRUSTED)]
    assert statuses(app, *requests, Upgrade="websocket") == [200, 403]


@pytest.mark.parametrize(
    ("page", "status"), [("http://x.example", 403), ("https://x.example", 200)]
)
def test_server_with_tls_knows_its_scheme(page: str, status: int) -> None:
    app, _ = make_app()
    install(app, policy, guard=guard)
    app.freeze()
    headers = CIMultiDict({"Host": "x.example", "Origin": page})
    request = make_mocked_request(
        "POST", "/", headers, app=app, sslcontext=ssl.create_default_context()
    )
    assert asyncio.run(app._handle(request)).status == status


@pytest.mark.parametrize(("host", "expected"), [("shop.example.com", 200), ("rebind.example", 421)])
def test_host_is_compared_except_for_preflights(host: str, expected: int) -> None:
    asked = {"Access-Control-Request-Method": "POST"}
    hosts = ["shop.example.com"]
    app, ran = make_app()
    install(app, policy, guard=CrossOriginGuard(policy, hosts=hosts))
    requests = [("GET", "/", APP), ("HEAD", "/", APP), ("OPTIONS", "/", APP)]
    assert statuses(app, *requests, Host=host) == [expected] * 3
    assert len(ran) == (3 if expected == 200 else 0)
    app, ran = make_app()
    install(app, policy, guard=CrossOriginGuard(policy, hosts=hosts))
    assert statuses(app, requests[2], Host=host, **asked) == [204]
    assert ran == []
    # No policy covers the path, so that the application responds.
    app, ran = make_app()
    routes = CorsRoutes([("/api/", policy)])
    install(app, routes, guard=CrossOriginGuard(routes, hosts=hosts))
    assert statuses(app, requests[2], Host=host, **asked) == [expected]
    assert len(ran) == (1 if expected == 200 else 0)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/webhooks/stripe", 200),
        ("/webhooks/caf%C3%A9", 200),
        ("/%77ebhooks/stripe", 403),
        ("/webhooks/..%2F", 403),
        ("/webhooks", 403),
        ("/", 403),
    ],
)
def test_exemption_holds_for_each_reading_of_the_path(path: str, expected: int) -> None:
    app, _ = make_app()
    install(app, policy, guard=CrossOriginGuard(policy, exempt=["/webhooks/"]))
    assert statuses(app, ("POST", path, UNTRUSTED)) == [expected]


class TestSubapplications:
    def make(self, inner: Callable[[web.Application], object]) -> web.Application:
        below, _ = make_app()
        inner(below)
        app, _ = make_app()
        app.add_subapp("/below/", below)
        return app

    def test_outer_guard_judges_the_whole_path(self) -> None:
        app = self.make(lambda _: None)
        install(app, policy, guard=CrossOriginGuard(policy, exempt=["/below/webhooks/"]))
        requests = [
            ("POST", "/below/", UNTRUSTED),
            ("POST", "/below/", APP),
            ("POST", "/below/webhooks/x", UNTRUSTED),
            ("POST", "/webhooks/x", UNTRUSTED),
        ]
        assert statuses(app, *requests) == [403, 200, 200, 403]

    def test_guard_of_a_subapplication_judges_the_path_below_it(self) -> None:
        own = CrossOriginGuard(policy, exempt=["/webhooks/"])
        app = self.make(lambda below: install(below, policy, guard=own))
        requests = [
            ("POST", "/below/", UNTRUSTED),
            ("POST", "/below/", APP),
            ("POST", "/below/webhooks/x", UNTRUSTED),
            ("POST", "/", UNTRUSTED),
        ]
        assert statuses(app, *requests) == [403, 200, 200, 200]

    def test_outer_policy_is_the_authority_for_both_guards(self) -> None:
        app = self.make(
            lambda below: install(
                below, partners, guard=CrossOriginGuard(partners, reads="enforce")
            )
        )
        install(app, policy, guard=CrossOriginGuard(policy, reads="isolate"))

        async def use(client: Client) -> None:
            for page, status in ((APP, 200), (PARTNER, 403)):
                assert (await client.post("/below/", headers={"Origin": page})).status == status
            response = await client.get("/below/")
            names = ("Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest")
            assert sorted(response.headers["Vary"].split(", ")) == sorted(names)

        with_client(app, use)


def test_policy_of_the_handler_judges() -> None:
    app, _ = make_app()

    @cors(partners)
    class View(web.View):
        async def get(self) -> web.StreamResponse:
            return await echo(self.request)

        async def post(self) -> web.StreamResponse:
            return await post(self.request)

        @cors(policy)
        async def put(self) -> web.StreamResponse:
            return await post(self.request)

    app.router.add_view("/view", View)
    install(app, policy, guard=guard)

    async def use(client: Client) -> None:
        for send, page in ((client.post, PARTNER), (client.put, APP)):
            for origin in (APP, PARTNER):
                response = await send("/view", headers={"Origin": origin})
                assert response.status == (200 if origin == page else 403)
        async with client.ws_connect("/view", origin=PARTNER):
            pass
        with pytest.raises(WSServerHandshakeError):
            await client.ws_connect("/view", origin=APP)

    with_client(app, use)


def test_stream_of_an_isolated_read_varies() -> None:
    app, _ = make_app()
    install(app, policy, guard=CrossOriginGuard(policy, reads="isolate"))

    async def use(client: Client) -> None:
        response = await client.get("/stream")
        assert response.headers["Vary"] == "Origin, Sec-Fetch-Site, Sec-Fetch-Mode, Sec-Fetch-Dest"
        response = await client.get("/stream", headers={"Sec-Fetch-Site": "cross-site"})
        assert response.status == 403
        assert "Sec-Fetch-Site" in response.headers["Vary"]
        response = await client.post("/")
        assert response.headers["Vary"] == "Origin"

    with_client(app, use)


def test_response_that_is_used_again_is_not_changed() -> None:
    app, _ = make_app()
    headers = {"Vary": "Accept"}

    async def hello(_: web.Request) -> web.StreamResponse:
        return web.Response(headers=headers)

    app.router.add_get("/hello", hello)
    routes = CorsRoutes([("/api/", policy)])
    install(app, routes, guard=CrossOriginGuard(routes, reads="enforce"))

    async def use(client: Client) -> None:
        for _ in range(2):
            assert (await client.get("/hello")).headers["Vary"] == "Accept, Origin"

    with_client(app, use)
    assert headers == {"Vary": "Accept"}


def test_two_lines_of_one_header_are_joined() -> None:
    app, _ = make_app()
    install(app, policy, guard=guard)

    async def ask(port: int, *lines: str) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        fields = ["Host: x", "Content-Length: 0", "Connection: close", *lines]
        writer.write("\r\n".join(["POST / HTTP/1.1", *fields, "", ""]).encode())
        response = await reader.read()
        writer.close()
        return int(response.split()[1])

    async def use(client: Client) -> None:
        port = client.port
        assert port is not None
        assert await ask(port, f"Origin: {APP}") == 200
        assert await ask(port, f"Origin: {APP}", f"Origin: {APP}") == 403
        site = "Sec-Fetch-Site: same-origin"
        assert await ask(port, site) == 200
        assert await ask(port, site, site) == 403

    with_client(app, use)


def test_verdicts_and_refusals_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    events: list[GuardEvent] = []
    app, _ = make_app()
    install(app, policy, guard=guard, on_verdict=events.append)
    with caplog.at_level(logging.WARNING, "corekit.aiohttp"):
        statuses(app, ("GET", "/", APP), ("POST", "/caf%C3%A9", UNTRUSTED), ("POST", "/", APP))
    first, second = events
    assert (first.outcome, first.adapter, first.path) == ("refused", "aiohttp", "/caf\xe9")
    assert isinstance(first.request, web.Request)
    assert (second.outcome, second.origin, second.is_websocket) == ("allowed", APP, False)
    (record,) = caplog.records
    assert record.name == "corekit.aiohttp"
    assert f"from '{UNTRUSTED}' refused:" in record.getMessage()


def test_own_origins_are_not_denials() -> None:
    events: list[DecisionEvent] = []
    app, _ = make_app()
    own = CrossOriginGuard(policy, own_origins=["https://shop.example.com"])
    install(app, policy, guard=own, on_decision=events.append)
    assert statuses(app, ("POST", "/", "https://shop.example.com")) == [200]
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
    app = web.Application()
    with pytest.raises(error, match=message):
        install(app, policy, **options)
    # Nothing was installed.
    install(app, partners)
