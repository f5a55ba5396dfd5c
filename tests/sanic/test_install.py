"""`install` around a Sanic application, over its own server: what a browser then receives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sanic import Blueprint, HTTPResponse, Request, Sanic, Websocket, redirect, text
from sanic.compat import Header
from sanic.exceptions import Forbidden
from sanic.response import BaseHTTPResponse, file, file_stream
from websockets.sync.client import connect
from websockets.typing import Origin

from corekit import CorsPolicy, CorsRoutes
from corekit.browser import HttpRequest
from corekit_sanic import cors, install
from corekit_testing.transports import AsgiTransport
from tests.frameworks.sanic_app import App, make_app
from tests.sanic.serving import APP, UNTRUSTED, serve

policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])
public = CorsPolicy(allow_origins=["*"])


async def hello(request: Request, rest: str = "") -> HTTPResponse:
    return text("hello", headers={"Vary": "Accept"})


async def fail(request: Request) -> HTTPResponse:
    raise RuntimeError


async def forbid(request: Request) -> HTTPResponse:
    raise Forbidden("no", headers={"Access-Control-Allow-Origin": "*"})


async def stream(request: Request) -> None:
    headers = {"Access-Control-Allow-Origin": "*"}
    response = await request.respond(headers=headers, content_type="text/plain")
    assert response is not None
    # Headers may change until the first part of the body is sent.
    response.headers["Access-Control-Expose-Headers"] = "x-secret"
    for part in ("one", "two"):
        await response.send(part)
    await response.eof()


async def fail_before_stream(request: Request) -> None:
    await request.respond(headers={"Access-Control-Allow-Origin": "*"})
    raise LookupError


async def send_file(request: Request) -> HTTPResponse:
    return await file(__file__)


async def stream_file(request: Request) -> Any:
    return await file_stream(__file__)


async def move(request: Request) -> HTTPResponse:
    return redirect("/")


async def not_modified(request: Request) -> HTTPResponse:
    return HTTPResponse(status=304, headers={"ETag": '"1"'})


async def bad_status(request: Request) -> HTTPResponse:
    return HTTPResponse(status=99)


async def two_lines(request: Request) -> HTTPResponse:
    return HTTPResponse(headers=Header([("Vary", "Accept"), ("Vary", "Cookie")]))


async def handle_lookup(request: Request, error: Exception) -> HTTPResponse:
    return text("handled", status=418)


ROUTES = {
    "/": hello,
    "/fail": fail,
    "/forbid": forbid,
    "/stream": stream,
    "/fail-before-stream": fail_before_stream,
    "/file": send_file,
    "/file-stream": stream_file,
    "/move": move,
    "/not-modified": not_modified,
    "/bad-status": bad_status,
    "/two-lines": two_lines,
}


def make() -> App:
    app = make_app()
    for path, handler in ROUTES.items():
        app.add_route(handler, path, methods=["GET", "HEAD"])
    app.exception(LookupError)(handle_lookup)
    app.static("/files", Path(__file__).parent, name="files")
    inner = Blueprint(f"inner-{app.name}", url_prefix="/inner", version=1)
    inner.add_route(hello, "/", name="hello")
    inner.add_route(fail, "/fail")
    app.blueprint(Blueprint.group(inner, url_prefix="/group"))
    return app


RESPONSES = [
    ("/", 200),
    ("/fail", 500),
    ("/forbid", 403),
    ("/stream", 200),
    ("/fail-before-stream", 418),
    ("/file", 200),
    ("/file-stream", 200),
    ("/move", 302),
    ("/not-modified", 304),
    ("/bad-status", 500),
    ("/missing", 404),
    ("/files/serving.py", 200),
    ("/files/missing", 404),
    ("/v1/group/inner/", 200),
    ("/v1/group/inner/fail", 500),
]


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


def test_path_that_is_slow_to_route_gets_no_permission() -> None:
    app = make()
    install(app, policy)
    with serve(app) as server:
        assert server.get("/" * 19).allowed == [APP]
        assert server.get("/" * 20).allowed is None
        assert server.get("/" * 7_000).allowed is None


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


def test_request_without_a_path_fails_as_without_a_policy() -> None:
    app = make()
    install(app, policy)
    with serve(app) as server:
        assert server.get("http://api.example.com").status == 500


def test_path_without_a_policy_is_not_changed() -> None:
    app = make()
    install(app, CorsRoutes([("/forbid", policy)]))
    with serve(app) as server:
        assert server.get("/forbid").allowed == [APP]
        assert server.get("/stream", UNTRUSTED).allowed == ["*"]
        assert server.get("/").vary == ["Accept"]
        assert server.preflight("/").status == 405


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


class TestPath:
    """The path that chooses the policy is the one that Sanic routes."""

    routes = CorsRoutes([("/closed", CorsPolicy.deny_all()), ("/é/", policy), ("/", public)])

    @pytest.mark.parametrize("path", ["/closed", "/closed/", "/closed//", "/closed/?a=/"])
    def test_slash_at_the_end_does_not_change_the_policy(self, path: str) -> None:
        app = make_app()
        app.add_route(hello, "/closed")
        install(app, self.routes)
        with serve(app) as server:
            response = server.get(path)
            assert (response.status, response.allowed) == (200, None)

    def test_slash_at_the_end_of_an_unrouted_path(self) -> None:
        app = make()
        install(app, self.routes)
        with serve(app) as server:
            response = server.get("/closed/")
            assert (response.status, response.allowed) == (404, None)
            assert server.get("/").allowed == ["*"]

    def test_strict_route_with_a_slash_has_the_policy_of_the_one_without(self) -> None:
        app = make_app()
        app.add_route(hello, "/closed/", strict_slashes=True)
        install(app, self.routes)
        with serve(app) as server:
            response = server.get("/closed/")
            assert (response.status, response.allowed) == (200, None)

    def test_path_encoded_by_a_browser_has_the_policy_of_its_text(self) -> None:
        app = make_app()
        app.add_route(hello, "/é/<rest>")
        install(app, self.routes)
        with serve(app) as server:
            response = server.get("/%C3%A9/a%20b")
            assert (response.status, response.allowed) == (200, [APP])

    @pytest.mark.parametrize("unquote", [False, True])
    def test_encoded_letter_never_leads_to_a_wider_policy(self, unquote: bool) -> None:
        app = make_app()
        app.add_route(hello, "/<rest:path>", unquote=unquote)
        install(app, self.routes)
        with serve(app) as server:
            assert server.get("/%63losed").allowed is None
            assert server.get("/%6fpen").allowed == ["*"]
            assert server.get("/%c3%a9/%61").allowed == ([APP] if unquote else None)


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


def make_plain() -> App:
    app = make_app()

    @app.get("/")
    async def hello(request: Request) -> HTTPResponse:
        return text("hello")

    return app


class TestArguments:
    def test_other_types_than_policies_are_refused(self) -> None:
        with pytest.raises(TypeError, match=r"install\(\) got a str: .*Pass a CorsPolicy"):
            install(make_app(), "*")  # type: ignore[arg-type]

    def test_arguments_of_a_policy_are_accepted(self) -> None:
        app = make()
        assert install(app, allow_origins=[APP]) is app
        with serve(app) as server:
            assert server.get("/").allowed == [APP]
        with pytest.raises(TypeError, match=r"install\(\) got a policy and max_age\."):
            install(make_app(), policy, max_age=5)

    def test_second_policy_is_refused(self) -> None:
        app = make_app()
        install(app, policy)
        with pytest.raises(RuntimeError, match="already has a policy"):
            install(app, policy)

    def test_started_application_is_wrapped(self) -> None:
        app = make_plain()
        with serve(app) as server:
            assert server.get("/").allowed is None
            install(app, policy)
            assert server.get("/").allowed == [APP]

    def test_policy_may_be_installed_in_a_listener(self) -> None:
        app = make_plain()

        @app.before_server_start
        async def read_origins(app: App) -> None:
            install(app, policy)

        with serve(app) as server:
            assert server.get("/").allowed == [APP]

    def test_application_keeps_its_class(self) -> None:
        class Shop(Sanic[Any, Any]):
            pass

        app = Shop("shop", configure_logging=False)
        install(app, policy)
        assert isinstance(app, Shop)
        assert type(app).__name__ == "Shop"
        Sanic.unregister_app(app)
