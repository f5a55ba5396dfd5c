"""A request that a layer changes after its policy was found: the policy is still right, or fails.

`/closed` has its own policy, which allows no origins, and all other paths are open; or the other
way around.
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pytest
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Match, Mount, Route, Router
from starlette.testclient import TestClient

import corekit_aiohttp
import corekit_asgi
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import MARKS
from tests.frameworks.sanic_app import make_app

UNTRUSTED: Final = "https://untrusted.example"
ANY: Final = CorsPolicy(allow_origins=["*"], allow_methods=["PUT"])
CLOSED: Final = CorsPolicy.deny_all()

Ask = Callable[..., tuple[int, str | None]]
"""Sends a method, a path and headers; returns the status and Access-Control-Allow-Origin."""


def ask_starlette(app: Any) -> Ask:
    client = TestClient(app, raise_server_exceptions=False)

    def ask(method: str, path: str, **headers: str) -> tuple[int, str | None]:
        response = client.request(method, path, headers={"Origin": UNTRUSTED, **headers})
        return response.status_code, response.headers.get("access-control-allow-origin")

    return ask


def ask_flask(app: Flask) -> Ask:
    client = app.test_client()

    def ask(method: str, path: str, **headers: str) -> tuple[int, str | None]:
        response = client.open(path, method=method, headers={"Origin": UNTRUSTED, **headers})
        return response.status_code, response.headers.get("Access-Control-Allow-Origin")

    return ask


class Change(NamedTuple):
    """What a layer changes if a request has the header X-Change."""

    path: str | None = None
    method: str | None = None
    host: str | None = None


class Layer:
    """An ASGI middleware that makes a change, and calls the application `times` times.

    The list of headers is replaced, or changed `in_place`.
    """

    def __init__(self, app: Any, change: Change, times: int = 1, *, in_place: bool = False) -> None:
        self.app = app
        self._change = change
        self._times = times
        self._in_place = in_place

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        fields = dict(scope.get("headers", ()))
        if b"x-change" not in fields:
            await self.app(scope, receive, send)
            return
        path, method, host = self._change
        if host is not None:
            fields[b"host"] = host.encode()
        headers = scope["headers"] if self._in_place else [*scope["headers"]]
        headers[:] = fields.items()
        scope["headers"] = headers
        scope["path"] = path or scope["path"]
        scope["method"] = method or scope["method"]
        for time in range(self._times, 0, -1):
            try:
                await self.app(scope, receive, send)
            except RuntimeError:
                if time == 1:
                    raise


def change_environ(app: Any, change: Change, times: int = 1) -> Any:
    """Wrap a WSGI application like `Layer`."""

    def application(environ: Any, start_response: Any) -> Any:
        if "HTTP_X_CHANGE" not in environ:
            return app(environ, start_response)
        path, method, host = change
        environ["PATH_INFO"] = path or environ["PATH_INFO"]
        environ["REQUEST_METHOD"] = method or environ["REQUEST_METHOD"]
        environ["HTTP_HOST"] = host or environ["HTTP_HOST"]
        for _ in range(times - 1):
            app(environ, start_response)
        return app(environ, start_response)

    return application


def starlette(
    change: Change, own: CorsPolicy, default: CorsPolicy, times: int, *, in_place: bool = False
) -> Ask:
    cors = corekit_starlette.cors(own)

    async def public(_: object) -> PlainTextResponse:
        return PlainTextResponse("public")

    @cors
    async def marked(_: object) -> PlainTextResponse:
        return PlainTextResponse("marked")

    routes = [
        Host("marked.example", Router([Route("/", marked)])),
        Route("/marked", marked),
        Route("/methods", marked, methods=["PUT"]),
        Route("/methods", public),
        Route("/{rest:path}", public, methods=["GET", "PUT"]),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(Layer, change=change, times=times, in_place=in_place)
    corekit_starlette.install(app, default)
    return ask_starlette(app)


def starlette_in_place(change: Change, own: CorsPolicy, default: CorsPolicy, times: int) -> Ask:
    return starlette(change, own, default, times, in_place=True)


def flask(change: Change, own: CorsPolicy, default: CorsPolicy, times: int) -> Ask:
    app = Flask("changed", host_matching=True, static_host="static.example")
    marked = corekit_flask.cors(own)(lambda **_: "marked")
    app.add_url_rule("/", "host", marked, host="marked.example")
    app.add_url_rule("/marked", "marked", marked, host="<host>")
    app.add_url_rule("/methods", "put", marked, host="<host>", methods=["PUT"])
    app.add_url_rule("/methods", "get", lambda **_: "public", host="<host>")
    app.add_url_rule("/", "root", lambda **_: "public", host="<host>")
    app.add_url_rule("/<path:rest>", "rest", lambda **_: "public", host="<host>")
    vars(app)["wsgi_app"] = change_environ(app.wsgi_app, change, times)
    corekit_flask.Cors(app, default)
    return ask_flask(app)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(("own", "default"), [(CLOSED, ANY), (ANY, CLOSED)])
@pytest.mark.parametrize("make", [starlette, starlette_in_place, flask])
@pytest.mark.parametrize(
    ("method", "path", "host", "change"),
    [
        ("GET", "/x", "a.example", Change(path="/marked")),
        ("GET", "/marked", "a.example", Change(path="/x")),
        ("GET", "/methods", "a.example", Change(method="PUT")),
        ("PUT", "/methods", "a.example", Change(method="GET")),
        ("GET", "/", "a.example", Change(host="marked.example")),
        ("GET", "/", "marked.example", Change(host="a.example")),
    ],
)
def test_change_that_leads_to_another_policy_fails(  # noqa: PLR0917
    method: str,
    path: str,
    host: str,
    change: Change,
    make: Callable[..., Ask],
    own: CorsPolicy,
    default: CorsPolicy,
    times: int,
) -> None:
    ask = make(change, own, default, times)
    before = ask(method, path, host=host)
    assert before[0] == 200
    # What would run now has the other policy.
    changed = Change(path or change.path, change.method or method, change.host or host)
    other = ask(changed.method, change.path or path, host=changed.host)
    assert {before[1], other[1]} == {None, "*"}
    status, _ = ask(method, path, host=host, **{"X-Change": "1"})
    assert status == 500


@pytest.mark.parametrize("make", [starlette, starlette_in_place, flask])
def test_change_that_keeps_the_policy_passes(make: Callable[..., Ask]) -> None:
    ask = make(Change(path="/y", host="b.example"), CLOSED, ANY, 1)
    assert ask("GET", "/x", host="a.example", **{"X-Change": "1"}) == (200, "*")


def test_layer_outside_may_change_what_it_likes() -> None:
    async def endpoint(_: object) -> PlainTextResponse:
        return PlainTextResponse("x")

    app = Starlette(routes=[Route("/marked", corekit_starlette.cors(CLOSED)(endpoint))])
    corekit_starlette.install(app, ANY)
    ask = ask_starlette(Layer(app, Change(path="/marked")))
    assert ask("GET", "/x", **{"X-Change": "1"}) == (200, None)


def test_change_inside_a_mount_does_not_reach_a_closed_handler() -> None:
    async def public(_: object) -> PlainTextResponse:
        return PlainTextResponse("public")

    @corekit_starlette.cors(CLOSED)
    async def closed(_: object) -> PlainTextResponse:
        return PlainTextResponse("closed")

    below = Starlette(routes=[Route("/x", public), Route("/closed", closed)])
    app = Starlette(routes=[Mount("/below", Layer(below, Change(path="/below/closed")))])
    corekit_starlette.install(app, ANY)
    ask = ask_starlette(app)
    assert ask("GET", "/below/x") == (200, "*")
    assert ask("GET", "/below/closed") == (200, None)
    assert ask("GET", "/below/x", **{"X-Change": "1"})[0] == 500


def hide(app: Any) -> Any:
    """Wrap an application in a middleware that is a function, as some libraries have it."""

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    return middleware


@pytest.mark.parametrize(
    "policies", [CLOSED, CorsRoutes([("/closed", CLOSED), ("/", CLOSED)])], ids=["one", "routes"]
)
@pytest.mark.parametrize("kind", ["application", "router", "route", "mount", "default", "fastapi"])
def test_marked_application_does_not_run_if_it_is_hidden(
    kind: str, policies: CorsPolicy | CorsRoutes
) -> None:
    cors: Any = corekit_starlette.cors(policies)

    async def endpoint(_: object) -> PlainTextResponse:
        return PlainTextResponse("closed")

    async def default(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("closed")(scope, receive, send)

    route = Route("/closed", endpoint)
    fastapi = FastAPI(routes=[route])
    kinds: dict[str, Callable[[], Any]] = {
        "application": lambda: cors(Starlette(routes=[route])),
        "router": lambda: cors(cors(Router([route]))),
        "route": lambda: Router([cors(route)]),
        "mount": lambda: Router([cors(Mount("/", Router([route])))]),
        "default": lambda: Router(default=cors(default)),
        "fastapi": lambda: cors(fastapi),
    }
    app = Starlette(routes=[Mount("/below", hide(kinds[kind]()))])
    corekit_starlette.install(app, ANY)
    ask = ask_starlette(app)
    assert ask("GET", "/below/closed")[0] == 500
    assert ask("GET", "/x") == (404, "*")
    # What is not hidden runs, and so does what another layer covers with the same policy.
    if kind != "default":
        shown = Starlette(routes=[Mount("/below", kinds[kind]())])
        corekit_starlette.install(shown, ANY)
        assert ask_starlette(shown)("GET", "/below/closed") == (200, None)
    alone = corekit_asgi.CorsMiddleware(kinds[kind](), policies)
    assert ask_starlette(alone)("GET", "/closed") == (200, None)


def test_marked_route_of_a_websocket_is_left_alone() -> None:
    class Echo:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close"})

    app = Starlette(routes=[corekit_starlette.cors(CLOSED)(Mount("/", Echo()))])
    corekit_starlette.install(app, ANY)
    with TestClient(app).websocket_connect("/") as socket:
        assert socket.receive()["type"] == "websocket.close"


def test_host_with_a_policy_keeps_its_routes() -> None:
    async def endpoint(_: object) -> PlainTextResponse:
        return PlainTextResponse("closed")

    host = Host("a.example", Router([Route("/x", endpoint, name="x")]), name="host")
    corekit_starlette.cors(CLOSED)(host)
    assert [route.path for route in host.routes if isinstance(route, Route)] == ["/x"]
    app = Starlette(routes=[host])
    corekit_starlette.install(app, ANY)
    assert ask_starlette(app)("GET", "/x", host="a.example") == (200, None)
    assert app.url_path_for("host:x") == "/x"


@pytest.mark.parametrize("make", [Starlette, FastAPI])
def test_mark_of_the_installed_application_applies(make: Callable[..., Any]) -> None:
    async def endpoint(_: object) -> PlainTextResponse:
        return PlainTextResponse("x")

    app = make(routes=[Route("/x", endpoint)])
    corekit_starlette.cors(CLOSED)(app)
    corekit_starlette.install(app, ANY)
    assert ask_starlette(app)("GET", "/x") == (200, None)
    assert ask_starlette(app)("GET", "/missing") == (404, None)


def test_application_of_other_frameworks_cannot_be_marked() -> None:
    from aiohttp import web

    for cors, app in (
        (corekit_flask.cors, Flask("marked")),
        (corekit_aiohttp.cors, web.Application()),
        (corekit_sanic.cors, make_app()),
    ):
        with pytest.raises(TypeError, match="cannot keep a policy"):
            cors(CLOSED)(app)


def test_arriving_application_switches_the_check_on(monkeypatch: pytest.MonkeyPatch) -> None:
    router = Router()
    corekit_starlette.cors(CLOSED)(router)
    sent = pickle.dumps(router)
    monkeypatch.setattr(MARKS, "exist", False)
    arrived = pickle.loads(sent)
    assert MARKS.exist
    assert type(arrived.middleware_stack) is type(router.middleware_stack)


def test_path_with_several_routes_of_other_methods_has_the_policy_of_the_first() -> None:
    async def endpoint(_: object) -> PlainTextResponse:
        return PlainTextResponse("x")

    closed = corekit_starlette.cors(CLOSED)(Route("/x", endpoint, methods=["PUT"]))
    app = Starlette(routes=[closed, Route("/x", endpoint, methods=["PATCH"])])
    corekit_starlette.install(app, ANY)
    ask = ask_starlette(app)
    assert ask("GET", "/x") == (405, None)
    assert ask("PATCH", "/x") == (200, "*")


@pytest.mark.parametrize("headers", [None, (), iter([(b"origin", UNTRUSTED.encode())])])
def test_headers_may_be_missing_or_an_iterator(headers: Any) -> None:
    seen: list[Any] = []

    @corekit_starlette.cors(CLOSED)
    async def endpoint(request: Request) -> PlainTextResponse:
        seen.append(request.headers.get("origin"))
        return PlainTextResponse("x")

    app = Starlette(routes=[Route("/x", endpoint)])
    corekit_starlette.install(app, ANY)
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/x", "query_string": b""}
    if headers is not None:
        scope["headers"] = headers
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, None, send))  # type: ignore[arg-type]
    assert seen == [UNTRUSTED if headers else None]
    assert sent[0]["status"] == 200
    assert b"access-control-allow-origin" not in dict(sent[0]["headers"])


class OnlyPut(Route):
    """A route that does not match the path if the method is not PUT."""

    def matches(self, scope: Any) -> tuple[Match, Any]:
        return super().matches(scope) if scope["method"] == "PUT" else (Match.NONE, {})


def test_route_may_match_a_path_for_one_method_only() -> None:
    async def endpoint(_: object) -> PlainTextResponse:
        return PlainTextResponse("x")

    closed = corekit_starlette.cors(CLOSED)(OnlyPut("/x", endpoint, methods=["PUT"]))
    app = Starlette(routes=[closed, Route("/x", endpoint, methods=["GET", "PUT"])])
    corekit_starlette.install(app, ANY)
    ask = ask_starlette(app)
    assert ask("GET", "/x") == (200, "*")
    assert ask("PUT", "/x") == (200, None)
    # The methods of the path have two policies, so that a preflight is not cached for both.
    preflight = {"Origin": UNTRUSTED, "Access-Control-Request-Method": "GET"}
    response = TestClient(app).options("/x", headers=preflight)
    assert response.headers["access-control-max-age"] == "0"
