"""Mounted applications of other libraries, which have no routes of Starlette's."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import pytest
from litestar import Litestar, get
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route
from starlette.testclient import TestClient

import corekit_asgi
from corekit import CorsPolicy, CorsRoutes
from corekit.guard import CrossOriginGuard
from corekit_starlette import cors, install
from tests.starlette.reading import (
    APP,
    PARTNER,
    UNTRUSTED,
    default,
    hello,
    may_send,
    partner,
    public,
    reads,
)

feed: Final = cors(public)(Route("/feed", hello))


class Other:
    """An application of another library."""

    def __init__(self, **attributes: object) -> None:
        vars(self).update(attributes)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4000})
            return
        await PlainTextResponse("other")(scope, receive, send)


class NotStarted(Other):
    @property
    def routes(self) -> list[Any]:
        raise RuntimeError("not started")


class NotStartedInside(Other):
    @property
    def app(self) -> object:
        raise RuntimeError("not started")


def litestar(policy: CorsPolicy | None = None) -> Any:
    @get("/")
    async def index() -> str:
        return "other"

    @get("/partner")
    @corekit_asgi.cors(partner)
    async def of_partner() -> str:
        return "other"

    handlers = [index] if policy is None else [index, of_partner]
    app = Litestar(handlers, openapi_config=None, logging_config=None)
    return app if policy is None else corekit_asgi.install(app, policy)


OTHERS: Final[dict[str, Callable[[], Any]]] = {
    "Litestar": litestar,
    "tuples": lambda: Other(routes=[("/", "index")]),
    "strings": lambda: Other(routes=("/",)),
    "one route of Starlette": lambda: Other(routes=[Route("/", hello), None]),
    "mapping": lambda: Other(routes={"/": "index"}),
    "method": lambda: Other(routes=lambda: ["/"]),
    "not started": NotStarted,
    "not started inside": NotStartedInside,
    "tuples in a bridge": lambda: Other(app=Other(routes=[("/", "index")])),
}


def mount(app: Any) -> Mount:
    return Mount("/other", app)


def mount_in_middleware(app: Any) -> Mount:
    return Mount("/other", app, middleware=[Middleware(GZipMiddleware)])


def mount_in_mount(app: Any) -> Mount:
    return Mount("/", routes=[Mount("/other", app)])


def host(app: Any) -> Host:
    return Host("testserver", app)


@pytest.mark.parametrize("wrap", [mount, mount_in_middleware, mount_in_mount, host])
@pytest.mark.parametrize("name", OTHERS)
def test_mounted_application_has_the_policy_of_the_application(
    name: str, wrap: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = install(Starlette(routes=[feed, wrap(OTHERS[name]())]), default)
    path = "/" if wrap is host else "/other/"
    assert reads(app, path, APP) == APP
    assert reads(app, path, UNTRUSTED) is None
    assert may_send(app, path, APP, "PUT")
    assert reads(app, "/feed", UNTRUSTED) == "*"
    assert not [each for each in caplog.records if each.levelno == logging.ERROR]


@pytest.mark.parametrize("wrap", [mount, mount_in_middleware, host])
@pytest.mark.parametrize("name", OTHERS)
def test_mounted_application_has_the_policy_of_its_mount(name: str, wrap: Any) -> None:
    app = install(Starlette(routes=[feed, cors(partner)(wrap(OTHERS[name]()))]), default)
    path = "/" if wrap is host else "/other/"
    assert reads(app, path, PARTNER) == PARTNER
    assert reads(app, path, APP) is None
    assert may_send(app, path, PARTNER, "PATCH")


@pytest.mark.parametrize("name", OTHERS)
def test_guard_judges_requests_to_a_mounted_application(name: str) -> None:
    app = Starlette(routes=[feed, Mount("/other", OTHERS[name]())])
    install(app, default, guard=CrossOriginGuard(default))
    client = TestClient(app)
    for origin, is_refused in ((APP, False), (UNTRUSTED, True)):
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        assert (client.post("/other/", headers=headers).status_code == 403) is is_refused


@pytest.mark.parametrize("name", OTHERS)
def test_middleware_may_change_the_path_of_a_mounted_application(name: str) -> None:
    class Versions:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                scope = {**scope, "path": scope["path"].replace("/v1/", "/")}
            await self.app(scope, receive, send)

    app = Starlette(routes=[Mount("/api/other", OTHERS[name]())])
    app.add_middleware(Versions)
    install(app, CorsRoutes([("/api/", default)]))
    with TestClient(app) as client:
        response = client.get("/api/v1/other/", headers={"Origin": APP})
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == APP


@pytest.mark.parametrize("outer", [None, CorsRoutes([("/api/", public)])])
def test_policy_of_a_mounted_application_applies_without_one_outside(
    outer: CorsRoutes | None,
) -> None:
    app = install(Starlette(routes=[feed, Mount("/other", litestar(default))]), outer)
    assert reads(app, "/other/", APP) == APP
    assert reads(app, "/other/", UNTRUSTED) is None
    assert may_send(app, "/other/", APP, "PUT")
    assert reads(app, "/other/partner", PARTNER) == PARTNER
    assert reads(app, "/other/partner", APP) is None


def test_routes_of_an_application_that_starts_later_are_noticed() -> None:
    class Later(Starlette):
        is_started = False

        @property
        def routes(self) -> list[Any]:
            if not self.is_started:
                raise RuntimeError("not started")
            return super().routes

    later = Later(routes=[feed])
    app = install(Starlette(routes=[Mount("/later", later)]), default)
    assert reads(app, "/later/none", APP) == APP
    later.is_started = True
    assert reads(app, "/later/feed", UNTRUSTED) == "*"


def test_middleware_may_use_the_name_of_routes_for_something_else() -> None:
    inner = Starlette(routes=[feed])

    class Limit(GZipMiddleware):
        routes: Final = ["/login"]

    app = install(Starlette(routes=[Mount("/inner", Limit(inner))]), default)
    assert reads(app, "/inner/feed", UNTRUSTED) == "*"


def test_application_may_have_routes_of_any_class() -> None:
    route = Route("/feed", cors(public)(lambda _: PlainTextResponse("feed")))

    class Similar:
        """What a router of Starlette calls, in another class."""

        endpoint, matches, handle = staticmethod(route.endpoint), route.matches, route.handle

    app: Any = Starlette()
    app.routes.append(Similar())
    install(app, default)
    assert reads(app, "/feed", UNTRUSTED) == "*"


@pytest.mark.parametrize("kept", ["application", "router", "middleware"])
def test_mounted_application_may_keep_the_one_around_it(kept: str) -> None:
    inner = Starlette(routes=[Route("/users", cors(public)(lambda _: PlainTextResponse("users")))])
    around = {"application": inner, "router": inner.router, "middleware": GZipMiddleware(inner)}
    inner.mount("/admin", Other(app=around[kept]))
    inner.router.routes.append(cors(partner)(Mount("/partner", Other(app=around[kept]))))
    # The application with `install`, and one that is mounted in it.
    for app, path in ((inner, ""), (Starlette(routes=[Mount("/v1", inner)]), "/v1")):
        install(app, default)
        assert reads(app, f"{path}/users", UNTRUSTED) == "*"
        for below in ("", "/", "/users", "/admin/users"):
            assert reads(app, f"{path}/admin{below}", UNTRUSTED) is None
        assert reads(app, f"{path}/admin/users", APP) == APP
        assert reads(app, f"{path}/partner/users", PARTNER) == PARTNER
        assert reads(app, f"{path}/partner/users", UNTRUSTED) is None


def test_mark_of_the_application_around_a_mount_is_not_that_of_the_mounted_one() -> None:
    app = cors(public)(Starlette(routes=[Route("/", hello)]))
    app.router.routes.append(cors(partner)(Mount("/admin", Other(app=app))))
    install(app, default)
    assert reads(app, "/", UNTRUSTED) == "*"
    assert reads(app, "/admin/", PARTNER) == PARTNER
    assert reads(app, "/admin/", UNTRUSTED) is None


@pytest.mark.parametrize("middleware", [None, [Middleware(GZipMiddleware)]])
def test_application_mounted_in_itself_is_served(middleware: Any) -> None:
    app = Starlette(routes=[feed, Route("/", hello)])
    app.router.routes.append(Mount("/v1", app, middleware=middleware))
    install(app, default)
    assert reads(app, "/v1/feed", UNTRUSTED) == "*"
    assert reads(app, "/v1/v1/feed", UNTRUSTED) == "*"
    assert reads(app, "/v1/", APP) == APP


@pytest.mark.parametrize("is_pair", [False, True])
def test_preflight_of_an_application_mounted_in_itself_without_a_prefix_ends(
    caplog: pytest.LogCaptureFixture, is_pair: bool
) -> None:
    app = Starlette(routes=[feed])
    other = Starlette() if is_pair else app
    app.mount("/", other)
    if is_pair:
        other.mount("/", app)
    install(app, default)
    assert reads(app, "/feed", UNTRUSTED) == "*"
    assert preflight(app, "/feed", "GET") == (204, "*", "0")
    # The router itself does not find the end.
    for path, method in (("/feed", "PUT"), ("/missing", "GET")):
        caplog.clear()
        assert preflight(app, path, method) == (403, None, None)
        record = next(each for each in caplog.records if each.levelno == logging.ERROR)
        assert record.exc_info is not None
        assert str(record.exc_info[1]) == "The request passes more than 100 mounts."


def test_preflight_below_many_mounts_of_one_application() -> None:
    app = Starlette(routes=[feed, Route("/", hello)])
    app.mount("/m", app)
    install(app, default)
    assert preflight(app, "/m" * 100 + "/feed", "GET") == (204, "*", None)
    for depth in (101, 10_000):
        assert preflight(app, "/m" * depth + "/feed", "GET") == (403, None, None)


def preflight(app: Starlette, path: str, method: str) -> tuple[int, str | None, str | None]:
    """Send a preflight of a page on any site; return the status and what it allows."""
    asked = {"Origin": UNTRUSTED, "Access-Control-Request-Method": method}
    response = TestClient(app).options(path, headers=asked)
    names = ("Access-Control-Allow-Origin", "Access-Control-Max-Age")
    allowed, age = (response.headers.get(name) for name in names)
    return response.status_code, allowed, age
