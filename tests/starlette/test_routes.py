"""`cors` on endpoints, routes, routers and mounts: the route selects the policy."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Host, Mount, Route, Router
from starlette.testclient import TestClient

from corekit import CorsPolicy, CorsRoutes
from corekit_starlette import cors, install
from tests.starlette.reading import (
    ADMIN,
    APP,
    PARTNER,
    UNTRUSTED,
    admin,
    default,
    hello,
    may_send,
    partner,
    public,
    reads,
)


@cors(public)
async def shared(request: Request) -> Response:
    return PlainTextResponse("hello")


def test_endpoint_policy_overrides_the_default() -> None:
    app = Starlette(routes=[Route("/", hello), Route("/shared", shared)])
    install(app, default)

    assert reads(app, "/shared", UNTRUSTED) == "*"
    assert reads(app, "/", UNTRUSTED) is None
    assert reads(app, "/", APP) == APP


def test_class_endpoint_has_its_own_policy() -> None:
    @cors(admin)
    class Items(HTTPEndpoint):
        async def get(self, request: Request) -> Response:
            return PlainTextResponse("items")

        async def delete(self, request: Request) -> Response:
            return PlainTextResponse("gone")

    app = Starlette(routes=[Route("/items", Items)])
    install(app, default)

    assert reads(app, "/items", ADMIN) == ADMIN
    assert may_send(app, "/items", ADMIN, "DELETE")
    assert not may_send(app, "/items", APP, "PUT")


def test_partial_endpoint_has_its_own_policy() -> None:
    app = Starlette(routes=[Route("/", cors(public)(partial(hello)))])
    install(app, default)

    assert reads(app, "/", UNTRUSTED) == "*"


def test_route_policy_overrides_its_endpoint() -> None:
    app = Starlette(routes=[cors(partner)(Route("/a", shared)), Route("/b", shared)])
    install(app, default)

    assert reads(app, "/a", PARTNER) == PARTNER
    assert reads(app, "/a", UNTRUSTED) is None
    assert reads(app, "/b", UNTRUSTED) == "*"


def test_preflight_has_the_policy_of_the_requested_route() -> None:
    app = Starlette(
        routes=[
            Route("/items", hello, methods=["GET"]),
            cors(admin)(Route("/items", hello, methods=["DELETE"])),
            cors(partner)(Route("/items", hello, methods=["PATCH"])),
        ]
    )
    install(app, default)

    assert may_send(app, "/items", ADMIN, "DELETE")
    assert may_send(app, "/items", PARTNER, "PATCH")
    assert not may_send(app, "/items", PARTNER, "DELETE")
    assert not may_send(app, "/items", APP, "DELETE")
    # No route has this method: the first route responds with 405, so its policy applies.
    assert may_send(app, "/items", APP, "PUT")


def max_age(app: Starlette, path: str, origin: str, method: str) -> str | None:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    reported = TestClient(app).options(path, headers=asked).headers
    age: str | None = reported.get("access-control-max-age")
    return age


def test_preflight_is_not_cached_if_methods_differ_in_policy() -> None:
    kept = default.replace(max_age=600)
    nothing = CorsPolicy.deny_all()
    app = Starlette(
        routes=[
            Route("/items", hello, methods=["GET"]),
            cors(kept.replace(allow_methods=["*"]))(Route("/items", hello, methods=["DELETE"])),
            Route("/same", hello, methods=["GET"]),
            Route("/same", hello, methods=["DELETE"]),
            cors(nothing)(Route("/closed", hello, methods=["GET"])),
            Route("/closed", hello, methods=["PUT"]),
        ]
    )
    install(app, kept)

    assert max_age(app, "/items", APP, "GET") == "600"
    assert max_age(app, "/items", APP, "DELETE") == "0"
    assert max_age(app, "/same", APP, "DELETE") == "600"
    assert max_age(app, "/closed", APP, "PUT") == "0"
    assert not may_send(app, "/closed", APP, "GET")


def test_method_without_a_route_gets_the_policy_of_the_path() -> None:
    app = Starlette(routes=[cors(admin)(Route("/items", hello, methods=["GET"]))])
    install(app, default)

    assert reads(app, "/items", ADMIN, "DELETE") == ADMIN
    assert reads(app, "/items", APP, "DELETE") is None


@pytest.mark.parametrize(
    "mount",
    [
        cors(partner)(Mount("/v1", routes=[Route("/x", hello), Route("/shared", shared)])),
        Mount("/v1", cors(partner)(Router([Route("/x", hello), Route("/shared", shared)]))),
        Mount(
            "/v1",
            cors(partner)(Router([Route("/x", hello), Route("/shared", shared)])),
            middleware=[Middleware(GZipMiddleware)],
        ),
        Mount(
            "/v1", cors(partner)(Starlette(routes=[Route("/x", hello), Route("/shared", shared)]))
        ),
        Mount("", cors(partner)(Router([Mount("/v1", routes=[Route("/x", hello)])]))),
        cors(partner)(Host("testserver", Router([Mount("/v1", routes=[Route("/x", hello)])]))),
    ],
    ids=["mount", "router", "router in middleware", "application", "two deep", "host"],
)
def test_mounted_application_has_the_policy_of_the_mount(mount: Any) -> None:
    app = Starlette(routes=[Route("/", hello), mount])
    install(app, default)

    assert reads(app, "/v1/x", PARTNER) == PARTNER
    assert reads(app, "/v1/x", APP) is None
    assert reads(app, "/v1/missing", PARTNER) == PARTNER
    assert may_send(app, "/v1/x", PARTNER, "PATCH")
    assert reads(app, "/", APP) == APP


def test_endpoint_below_a_mount_keeps_its_own_policy() -> None:
    app = Starlette(routes=[cors(partner)(Mount("/v1", routes=[Route("/shared", shared)]))])
    install(app, default)

    assert reads(app, "/v1/shared", UNTRUSTED) == "*"


def test_router_of_the_application_may_have_the_policy() -> None:
    app = Starlette(routes=[Route("/", hello), Route("/shared", shared)])
    cors(partner)(app.router)
    install(app)

    assert reads(app, "/", PARTNER) == PARTNER
    assert reads(app, "/missing", PARTNER) == PARTNER
    assert reads(app, "/shared", UNTRUSTED) == "*"


def test_only_route_policies_apply_without_a_default() -> None:
    app = Starlette(routes=[Route("/", hello), Route("/shared", shared)])
    install(app)

    client = TestClient(app)

    assert reads(app, "/shared", UNTRUSTED) == "*"
    plain = client.get("/", headers={"Origin": APP})
    assert "vary" not in plain.headers
    preflight = {"Origin": APP, "Access-Control-Request-Method": "GET"}
    assert client.options("/", headers=preflight).status_code == 405


def test_policies_have_no_effect_without_install() -> None:
    routes = [Route("/", shared), cors(public)(Route("/route", hello))]
    mount = cors(public)(Mount("/mount", routes=[Route("/", hello)]))
    app = Starlette(routes=[*routes, mount])

    for path in ("/", "/route", "/mount/"):
        assert TestClient(app).get(path).status_code == 200
        assert reads(app, path, UNTRUSTED) is None


def test_deny_all_policy_closes_one_route() -> None:
    app = Starlette(routes=[cors(CorsPolicy.deny_all())(Route("/closed", hello))])
    install(app, public)

    assert reads(app, "/closed", APP) is None
    assert not may_send(app, "/closed", APP, "GET")


def test_route_may_have_a_policy_per_path() -> None:
    routes = CorsRoutes([("/public/", public)])
    files = Router(default=plain_not_found)
    nested = FastAPI()
    nested.root_path = "/elsewhere"
    for route, prefix in (
        (cors(routes)(Mount("/files", files)), "/files"),
        (Mount("/files", cors(routes)(Router(default=plain_not_found))), "/files"),
        (Mount("/v1", routes=[cors(routes)(Mount("/files", files))]), "/v1/files"),
        (cors(routes)(Mount("/v1", routes=[Mount("/public", files)])), "/v1"),
        (cors(routes)(Mount("/v1", routes=[Mount("/x", files), Mount("", files)])), "/v1"),
        (cors(routes)(Mount("/v1", nested)), "/v1"),
        (cors(routes)(Host("testserver", files)), ""),
    ):
        app = Starlette(routes=[route])
        install(app, default)

        assert reads(app, f"{prefix}/public/x", UNTRUSTED) == "*"
        assert may_send(app, f"{prefix}/public/x", UNTRUSTED, "GET")
        assert reads(app, f"{prefix}/x", UNTRUSTED) is None
        assert reads(app, f"{prefix}/x", APP) == APP


@pytest.mark.parametrize(("path", "slashed"), [("/feed/", "/feed"), ("/feed", "/feed/")])
def test_slash_redirect_has_the_policy_of_its_target(path: str, slashed: str) -> None:
    app = Starlette(routes=[Mount("/v1", routes=[Route(path, shared)]), Route(path, shared)])
    install(app, default)
    client = TestClient(app, follow_redirects=False)

    for prefix in ("", "/v1"):
        response = client.get(f"{prefix}{slashed}", headers={"Origin": UNTRUSTED})
        assert response.status_code == 307
        assert response.headers["access-control-allow-origin"] == "*"


async def plain_not_found(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("nothing here", 404)(scope, receive, send)


def test_error_of_a_route_has_the_policy_of_the_route() -> None:
    @cors(partner)
    async def fail(request: Request) -> Response:
        raise RuntimeError

    app = Starlette(routes=[Route("/fail", fail)])
    install(app, default)

    assert reads(app, "/fail", PARTNER) == PARTNER


def test_failing_convertor_allows_no_origins() -> None:
    # Python does not parse numbers of more than 4300 digits.
    app = Starlette(routes=[cors(partner)(Route("/items/{number:int}", hello))])
    install(app, default)
    client = TestClient(app, raise_server_exceptions=False)

    response = client.get(f"/items/{'1' * 5000}", headers={"Origin": APP})

    assert response.status_code == 500
    assert "access-control-allow-origin" not in response.headers


def test_policy_of_a_websocket_route_does_not_apply() -> None:
    from starlette.routing import WebSocketRoute
    from starlette.websockets import WebSocket

    async def close(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    app = Starlette(routes=[WebSocketRoute("/", close), Route("/", shared)])
    install(app, default)

    with TestClient(app).websocket_connect("/", headers={"Origin": UNTRUSTED}):
        pass
    assert reads(app, "/", UNTRUSTED) == "*"


@pytest.mark.parametrize("target", [[].append, object(), "endpoint"])
def test_object_without_attributes_is_refused(target: object) -> None:
    with pytest.raises(TypeError, match="cannot keep a policy"):
        cors(public)(target)


def test_invalid_policy_is_refused() -> None:
    with pytest.raises(TypeError, match=r"cors\(\) got a str"):
        cors("*")  # type: ignore[arg-type]


def test_requests_are_routed_once_without_route_policies() -> None:
    matched = []

    class Watched(Route):
        def matches(self, scope: Any) -> Any:
            matched.append(scope["path"])
            return super().matches(scope)

    app = Starlette(routes=[Watched("/", hello)])
    install(app, default)

    assert reads(app, "/", APP) == APP
    assert matched == ["/"]


@pytest.mark.parametrize("outer", [admin, CorsPolicy(allow_origins=[ADMIN])])
def test_hidden_endpoint_does_not_run_if_only_a_farther_mark_has_its_policy(
    outer: CorsPolicy,
) -> None:
    ran = []
    own = cors(outer)

    @own
    async def secret(_: Request) -> Response:
        ran.append("secret")
        return PlainTextResponse("secret")

    async def hidden(request: Request) -> Response:
        response: Response = await secret(request)
        return response

    near = cors(public)(Mount("/near", routes=[Route("/secret", hidden)]))
    equal = cors(outer.replace())
    for far in (own, equal):
        app = install(Starlette(routes=[far(Mount("/far", routes=[near]))]), default)
        assert reads(app, "/far/near/secret", UNTRUSTED) == "*"
        assert ran == []
        app = install(Starlette(routes=[far(Mount("/far", routes=[Route("/secret", hidden)]))]))
        assert reads(app, "/far/secret", ADMIN) == ADMIN
        assert ran.pop() == "secret"


def test_method_that_only_the_class_knows_has_its_own_policy() -> None:
    class Folder(HTTPEndpoint):
        @cors(admin)
        async def propfind(self, _: Request) -> Response:
            return PlainTextResponse("folder")

    app = install(Starlette(routes=[Route("/", Folder)]), public)
    assert reads(app, "/", ADMIN, "PROPFIND") == ADMIN
    assert reads(app, "/", UNTRUSTED, "PROPFIND") is None
