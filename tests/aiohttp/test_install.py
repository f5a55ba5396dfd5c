"""`install` on an aiohttp application: the responses of its server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDict
from yarl import URL

from corekit import CorsPolicy, CorsRoutes
from corekit_aiohttp import install

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
PREFLIGHT = {"Origin": APP, "Access-Control-Request-Method": "PUT"}

policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])

Client = TestClient[web.Request, web.Application]


async def hello(request: web.Request) -> web.StreamResponse:
    return web.Response(text="hello", headers={"Vary": "Accept"})


async def fail(request: web.Request) -> web.StreamResponse:
    raise RuntimeError


async def forbid(request: web.Request) -> web.StreamResponse:
    raise web.HTTPForbidden


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={ALLOW_ORIGIN: "*"})
    await response.prepare(request)
    for piece in (b"one", b"two"):
        await response.write(piece)
    await response.write_eof()
    return response


async def echo(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
        await socket.close()
    return socket


def make_app(debug: bool = False) -> web.Application:
    app = web.Application()
    app.router.add_get("/", hello)
    app.router.add_get("/fail", fail)
    app.router.add_get("/forbid", forbid)
    app.router.add_get("/stream", stream)
    app.router.add_get("/echo", echo)
    app.router.add_static("/files", Path(__file__).parent)
    below = web.Application()
    below.router.add_get("/", hello)
    below.router.add_get("/fail", fail)
    app.add_subapp("/below/", below)
    return app


def with_client(app: web.Application, use: Callable[[Client], Awaitable[None]]) -> None:
    async def run() -> None:
        async with TestClient(TestServer(app)) as client:
            await use(client)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/fail", 500),
        ("/forbid", 403),
        ("/stream", 200),
        ("/missing", 404),
        ("/below/", 200),
        ("/below/fail", 500),
        ("/below/missing", 404),
        ("/files/test_install.py", 200),
    ],
)
def test_every_response_is_readable_by_the_allowed_page_only(path: str, status: int) -> None:
    app = make_app()
    install(app, policy)

    async def use(client: Client) -> None:
        mine = await client.get(path, headers={"Origin": APP})
        assert mine.status == status
        assert mine.headers.getall(ALLOW_ORIGIN) == [APP]
        assert mine.headers["Vary"].split(", ")[-1] == "Origin"
        theirs = await client.get(path, headers={"Origin": UNTRUSTED})
        assert theirs.status == status
        assert ALLOW_ORIGIN not in theirs.headers
        assert theirs.headers["Vary"] == mine.headers["Vary"]
        assert await theirs.read() == await mine.read()

    with_client(app, use)


def test_405_has_the_headers() -> None:
    app = make_app()
    install(app, policy)

    async def use(client: Client) -> None:
        response = await client.put("/", headers={"Origin": APP})
        assert (response.status, response.headers[ALLOW_ORIGIN]) == (405, APP)

    with_client(app, use)


@pytest.mark.parametrize("path", ["/", "/missing", "/below/"])
def test_preflight_never_reaches_the_application(path: str) -> None:
    @web.middleware
    async def refuse(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        raise web.HTTPUnauthorized

    app = make_app()
    app.middlewares.append(refuse)
    install(app, policy)

    async def use(client: Client) -> None:
        granted = await client.options(path, headers=PREFLIGHT)
        assert granted.status == 204
        assert granted.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, PUT"
        refused = await client.options(path, headers={**PREFLIGHT, "Origin": UNTRUSTED})
        assert refused.status == 403
        assert await refused.text() == "CORS: the origin is not allowed.\n"
        assert ALLOW_ORIGIN not in refused.headers
        unknown = await client.get(path, headers={"Origin": APP})
        assert (unknown.status, unknown.headers[ALLOW_ORIGIN]) == (401, APP)

    with_client(app, use)


def test_plain_options_reaches_the_application() -> None:
    app = make_app()
    app.router.add_options("/own", hello)
    install(app, policy)

    async def use(client: Client) -> None:
        own = await client.options("/own", headers={"Origin": APP})
        assert (own.status, own.headers[ALLOW_ORIGIN]) == (200, APP)
        assert (await client.options("/")).status == 405
        fields = {"Access-Control-Request-Method": "PUT"}
        assert (await client.options("/own", headers=fields)).status == 200

    with_client(app, use)


def test_two_origins_match_nothing() -> None:
    app = make_app()
    install(app, policy)

    async def use(client: Client) -> None:
        headers = CIMultiDict([("Origin", APP), ("Origin", APP)])
        assert ALLOW_ORIGIN not in (await client.get("/", headers=headers)).headers

    with_client(app, use)


def test_websocket_is_not_changed() -> None:
    app = make_app()
    install(app, policy)

    async def use(client: Client) -> None:
        async with client.ws_connect("/echo", headers={"Origin": UNTRUSTED}) as socket:
            assert "Vary" not in socket._response.headers
            await socket.send_str("hello")
            message = await socket.receive()
            assert (message.type, message.data) == (WSMsgType.TEXT, "hello")

    with_client(app, use)


def test_subapplication_policy_covers_remaining_paths() -> None:
    app = web.Application()
    app.router.add_get("/", hello)
    app.router.add_get("/inner", hello)
    below = web.Application()
    below.router.add_get("/open", hello)
    below.router.add_get("/closed", hello)
    install(below, CorsPolicy(allow_origins=["*"], allow_methods=["DELETE"]))
    app.add_subapp("/below/", below)
    install(app, CorsRoutes([("/inner", policy), ("/below/closed", policy)]))

    async def use(client: Client) -> None:
        async def reported(path: str) -> str | None:
            return (await client.get(path, headers={"Origin": UNTRUSTED})).headers.get(ALLOW_ORIGIN)

        async def methods(path: str) -> str | None:
            response = await client.options(path, headers=PREFLIGHT)
            return response.headers.get("Access-Control-Allow-Methods")

        plain = await client.get("/", headers={"Origin": APP})
        assert plain.headers["Vary"] == "Accept"
        assert (await client.options("/", headers=PREFLIGHT)).status == 405
        assert await reported("/inner") is None
        assert await reported("/below/open") == "*"
        assert await reported("/below/closed") is None
        assert await methods("/below/open") == "GET, HEAD, POST, DELETE"
        assert await methods("/below/closed") == "GET, HEAD, POST, PUT"

    with_client(app, use)


def test_shared_headers_are_not_changed() -> None:
    shared = CIMultiDict({"Vary": "Accept"})

    async def share(request: web.Request) -> web.StreamResponse:
        return web.Response(text="shared", headers=shared)

    app = web.Application()
    app.router.add_get("/covered", share)
    app.router.add_get("/other", share)
    install(app, CorsRoutes([("/covered", policy)]))

    async def use(client: Client) -> None:
        for _ in range(2):
            covered = await client.get("/covered", headers={"Origin": APP})
            assert covered.headers.getall(ALLOW_ORIGIN) == [APP]
            assert covered.headers.getall("Vary") == ["Accept, Origin"]
        other = await client.get("/other", headers={"Origin": UNTRUSTED})
        assert ALLOW_ORIGIN not in other.headers
        assert other.headers.getall("Vary") == ["Accept"]

    with_client(app, use)


def test_invalid_policy_is_refused() -> None:
    with pytest.raises(TypeError, match=r"install\(\) got a str: .*Pass a CorsPolicy"):
        install(web.Application(), "*")  # type: ignore[arg-type]


def test_arguments_of_a_policy_are_accepted() -> None:
    app = make_app()
    assert install(app, allow_origins=[APP]) is app

    async def use(client: Client) -> None:
        response = await client.get("/", headers={"Origin": APP})
        assert response.headers[ALLOW_ORIGIN] == APP

    with_client(app, use)
    with pytest.raises(TypeError, match=r"Did you mean on_decision\?"):
        install(web.Application(), policy, on_decison=print)  # type: ignore[call-arg]


def test_second_policy_is_refused() -> None:
    app = web.Application()
    install(app, policy)

    with pytest.raises(RuntimeError, match="already has a policy"):
        install(app, policy)


def test_started_application_is_refused() -> None:
    app = web.Application()
    app.freeze()

    with pytest.raises(RuntimeError, match="The application has started"):
        install(app, policy)


@pytest.mark.parametrize("prefix", ["/v1", "/a+b", "/v1/v1"])
def test_routes_of_a_subapplication_are_below_its_prefix(prefix: str) -> None:
    below = web.Application()
    for path in ("/", "/closed", "/v1", "/closed%2Fx"):
        below.router.add_get(path, hello)
    install(below, CorsRoutes([("/closed/", policy), ("/", CorsPolicy(allow_origins=["*"]))]))
    app = web.Application()
    app.add_subapp(prefix, below)

    async def use(client: Client) -> None:
        async def reported(path: str) -> str | None:
            url = URL(quote(f"{prefix}{path}", safe="/%"), encoded=True)
            return (await client.get(url, headers={"Origin": UNTRUSTED})).headers.get(ALLOW_ORIGIN)

        assert await reported("/") == "*"
        assert await reported("/closed") is None
        # Unrouted, and below the prefix as well.
        assert await reported("/open") == "*"
        assert await reported("/closed/x") is None
        # One reading is an open path, the other one is not.
        assert await reported("/closed%2Fx") is None
        assert await reported("/v1/closed") == "*"

    with_client(app, use)


@pytest.mark.parametrize("prefix", ["", "/v1", "/a%2Fb"])
@pytest.mark.parametrize(
    "path",
    ["/api/x", "/api/open%2Fx", "/%61pi/x", "/%61pi/open%2Fx", "/%61pi/open%252Fx"],
)
def test_partly_decoded_path_has_the_policy_of_its_route(prefix: str, path: str) -> None:
    async def secret(_: web.Request) -> web.Response:
        return web.Response(text="secret")

    public = CorsPolicy(allow_origins=["*"])
    below = web.Application()
    below.router.add_get("/api/open/{name}", hello)
    below.router.add_get("/api/{name}", secret)
    install(below, CorsRoutes([("/api/open/", public), ("/api/", policy), ("/", public)]))
    app = below
    if prefix:
        app = web.Application()
        app.add_subapp(prefix, below)

    async def use(client: Client) -> None:
        url = URL(f"{prefix}{path}", encoded=True)
        async with client.get(url, headers={"Origin": UNTRUSTED}) as response:
            assert (await response.text(), response.headers.get(ALLOW_ORIGIN)) == ("secret", None)
        url = URL(f"{prefix}/api/open/x", encoded=True)
        async with client.get(url, headers={"Origin": UNTRUSTED}) as response:
            assert (await response.text(), response.headers.get(ALLOW_ORIGIN)) == ("hello", "*")

    with_client(app, use)
