"""The policy of a preflight is that of the handler that aiohttp routes the next request to."""

from __future__ import annotations

import pytest
from aiohttp import web

from corekit import CorsPolicy, DecisionEvent
from corekit_aiohttp import cors, install
from tests.aiohttp.test_handlers import (
    ADMIN,
    ALLOW_ORIGIN,
    APP,
    Client,
    Orders,
    make_app,
    preflight,
    reads,
    use,
)

MAX_AGE = "Access-Control-Max-Age"

default = CorsPolicy(allow_origins=[APP], allow_methods=["*"], max_age=600)


@cors(default.replace(allow_origins=[ADMIN]))
async def marked(_: web.Request) -> web.Response:
    return web.Response(text="marked")


async def plain(_: web.Request) -> web.Response:
    return web.Response(text="plain")


def make_subapp(name: str) -> web.Application:
    below = web.Application()
    if name == "another path":
        below.router.add_get("/items", marked)
    elif name == "another method":
        below.router.add_get("/{name}", marked)
    elif name == "any method":
        below.router.add_route("*", "/{name}", marked)
    return below


def make_outer(below: web.Application) -> web.Application:
    """Return an application with routes below the prefix of the one below it."""
    app = web.Application()
    app.add_subapp("/api", below)
    app.router.add_put("/api/marked", marked)
    app.router.add_put("/api/plain", plain)
    app.router.add_get("/api/plain", marked)
    app.router.add_patch("/api/patched", marked)
    return app


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "PURGE", "purge"])
@pytest.mark.parametrize("path", ["/api/marked", "/api/plain", "/api/items", "/api/missing"])
@pytest.mark.parametrize("name", ["no handlers", "another path", "another method", "any method"])
def test_preflight_below_the_prefix_of_a_subapplication(name: str, path: str, method: str) -> None:
    app = make_outer(make_subapp(name))
    install(app, default)

    async def check(client: Client) -> None:
        for origin in (APP, ADMIN):
            granted = await reads(client, path, origin, method)
            response = await preflight(client, path, origin, method)
            assert response.headers.get(ALLOW_ORIGIN) == granted
            assert response.status == (403 if granted is None else 204)

    use(app, check)


def test_preflight_below_a_prefix_is_not_cached_for_other_policies() -> None:
    app = make_outer(web.Application())
    install(app, default)

    async def check(client: Client) -> None:
        shared = await preflight(client, "/api/plain", APP, "PUT")
        alone = await preflight(client, "/api/marked", ADMIN, "PUT")
        assert (shared.headers[MAX_AGE], alone.headers[MAX_AGE]) == ("0", "600")

    use(app, check)


def test_preflight_in_lower_case_below_a_prefix() -> None:
    app = make_outer(web.Application())
    install(app, default)

    async def check(client: Client) -> None:
        for origin in (APP, ADMIN):
            assert (await preflight(client, "/api/patched", origin, "patch")).status == 403

    use(app, check)


def test_preflight_is_not_cached_for_other_methods_of_a_view() -> None:
    app = web.Application()
    app.router.add_view("/orders", Orders)
    install(app, default)

    async def check(client: Client) -> None:
        assert (await preflight(client, "/orders", APP, "GET")).headers[MAX_AGE] == "0"

    use(app, check)


@pytest.mark.parametrize("has_marks", [False, True])
def test_policy_of_a_subapplication_is_not_for_the_outer_one(has_marks: bool) -> None:
    below = make_subapp("another path" if has_marks else "no handlers")
    below.router.add_put("/changes", plain)
    install(below, default)
    app = make_outer(below)

    async def check(client: Client) -> None:
        for path, status in (("/api/changes", 204), ("/api/plain", 404), ("/api/marked", 404)):
            assert (await preflight(client, path, APP, "PUT")).status == status

    use(app, check)


def test_outer_application_without_a_policy_has_not_that_of_a_subapplication() -> None:
    below, app = web.Application(), web.Application()
    below.router.add_put("/changes", plain)
    app.add_subapp("/api", install(below, default))
    app.router.add_put("/api/plain", plain)
    install(app)

    async def check(client: Client) -> None:
        for path, status in (("/api/changes", 204), ("/api/plain", 404)):
            assert (await preflight(client, path, APP, "PUT")).status == status

    use(app, check)


def count_routings(app: web.Application, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of the methods for which the application has routed something since then."""
    routed: list[str] = []
    resolve = web.UrlDispatcher.resolve

    async def count_calls(router: web.UrlDispatcher, request: web.Request) -> object:
        if router is app.router:
            routed.append(request.method)
        return await resolve(router, request)

    monkeypatch.setattr(web.UrlDispatcher, "resolve", count_calls)
    return routed


@pytest.mark.parametrize(
    ("path", "method", "count"),
    [
        # The preflight itself, a method that no path has, and the methods of the path.
        ("/items", "PUT", 5),
        ("/nothing", "PUT", 3),
        ("/items", "PATCH", 6),
        # GET, HEAD, PUT and the requested method, which the application has for other paths.
        ("/all/1", "PUT", 5),
        ("/all/1", "PURGE", 6),
        ("/api/items", "GET", 5),
    ],
)
def test_preflight_is_routed_once_for_each_method(
    path: str, method: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    app.router.add_route("*", "/all/{name}", marked)
    app.add_subapp("/api", make_subapp("another path"))
    install(app, default)
    routed = count_routings(app, monkeypatch)

    async def check(client: Client) -> None:
        await preflight(client, path, APP, method)
        assert len({*routed}) == len(routed) == count

    use(app, check)


@pytest.mark.parametrize("is_inside", [False, True], ids=["outer", "subapplication"])
def test_path_that_is_slow_to_route_is_routed_once(
    is_inside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiohttp takes a time that is quadratic in the number of segments."""
    events: list[DecisionEvent] = []
    app, below = web.Application(), web.Application()
    (below if is_inside else app).router.add_get("/marked", marked)
    below.router.add_route("*", "/{rest:.*}", plain)
    install(below if is_inside else app, default, on_decision=events.append)
    app.add_subapp("/api", below)
    routed = count_routings(app, monkeypatch)

    async def check(client: Client) -> None:
        assert (await preflight(client, "/api" + "/y" * 63, APP, "PUT")).status == 204
        assert len(routed) > 1
        routed.clear()
        for path in ("/api" + "/y" * 64, "/api" + "/y" * 3_000):
            assert (await preflight(client, path, APP, "PUT")).status == 403
            assert await reads(client, path, APP, "PUT") == APP
        assert routed == ["OPTIONS", "PUT"] * 2
        hint = events[-2].decision.hint
        assert hint == "Request a path with at most 64 slashes."

    use(app, check)
