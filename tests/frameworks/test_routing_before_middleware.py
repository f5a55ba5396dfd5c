"""A route that reads what a middleware sets: corekit routes before the middleware inside of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import pytest
from flask import Flask
from flask import Request as FlaskRequest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import corekit_flask
import corekit_starlette
from corekit import CorsPolicy, CorsRoutes
from tests.frameworks.asking import Ask, ask_asgi, ask_flask

ADMIN: Final = "https://admin.example.com"
APP: Final = "https://app.example.com"
OWN: Final = CorsPolicy(allow_origins=[ADMIN])
DEFAULT: Final = CorsPolicy(allow_origins=[APP])


class Tenant:
    """A middleware that sets what a route needs."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, request: Any, *args: Any) -> Any:
        return self.app({**request, "tenant": "example"}, *args)


class TenantRoute(Route):
    def matches(self, scope: Any) -> Any:
        assert scope["tenant"] == "example"
        return super().matches(scope)


class TenantRequest(FlaskRequest):
    def __init__(self, environ: Any, *args: Any, **options: Any) -> None:
        assert environ["tenant"] == "example"
        super().__init__(environ, *args, **options)


async def respond_to_starlette(_: object) -> PlainTextResponse:
    return PlainTextResponse("item")


def starlette_tenants(policy: CorsPolicy | CorsRoutes, *, is_inside: bool) -> Ask:
    routes = [
        corekit_starlette.cors(OWN)(Route("/first", respond_to_starlette)),
        TenantRoute("/admin/{item}", respond_to_starlette),
    ]
    # By path, no route has its own policy.
    app = Starlette(routes=routes[isinstance(policy, CorsRoutes) :])
    if is_inside:
        app.add_middleware(Tenant)
    corekit_starlette.install(app, policy)

    async def around(scope: Any, receive: Any, send: Any) -> None:
        await Tenant(app)(scope, receive, send)

    return ask_asgi(app if is_inside else around)


def flask_tenants(policy: CorsPolicy | CorsRoutes, *, is_inside: bool) -> Ask:
    app = Flask("tenants")
    app.request_class = TenantRequest
    if isinstance(policy, CorsPolicy):
        app.add_url_rule("/first", "first", corekit_flask.cors(OWN)(lambda: "item"))
    app.add_url_rule("/admin/<item>", "admin", lambda item: item)
    layers: list[Callable[[], object]] = [
        lambda: setattr(app, "wsgi_app", Tenant(app.wsgi_app)),
        lambda: corekit_flask.Cors(app, policy),
    ]
    for add in layers if is_inside else reversed(layers):
        add()
    return ask_flask(app)


TENANTS: Final = (starlette_tenants, flask_tenants)


def is_allowed(response: tuple[int, str | None]) -> bool:
    status, allowed = response
    return status < 300 and allowed is not None


@pytest.mark.parametrize("make", TENANTS)
def test_route_that_needs_a_middleware_inside_allows_no_origins(
    make: Callable[..., Ask], caplog: pytest.LogCaptureFixture
) -> None:
    ask = make(DEFAULT, is_inside=True)
    assert ask("GET", "/admin/1", {"Origin": APP}) == (200, None)
    (line,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert line.getMessage() == (
        "CORS: GET '/admin/1' from 'https://app.example.com': no origins are allowed, since the"
        " router raised an exception. If a route needs what a middleware sets, which runs later,"
        " put that middleware outside of corekit, or choose the policy by path, with CorsRoutes."
    )


@pytest.mark.parametrize(
    ("policy", "is_inside"), [(DEFAULT, False), (CorsRoutes([("/admin/", DEFAULT)]), True)]
)
@pytest.mark.parametrize("make", TENANTS)
def test_advice_for_a_route_that_needs_a_middleware_works(
    make: Callable[..., Ask], policy: CorsPolicy | CorsRoutes, is_inside: bool
) -> None:
    ask = make(policy, is_inside=is_inside)
    assert ask("GET", "/admin/1", {"Origin": APP}) == (200, APP)
    preflight = {"Origin": APP, "Access-Control-Request-Method": "GET"}
    assert is_allowed(ask("OPTIONS", "/admin/1", preflight))


def test_preflight_for_a_route_before_one_that_fails_has_its_policy() -> None:
    ask = starlette_tenants(DEFAULT, is_inside=True)
    preflight = {"Origin": ADMIN, "Access-Control-Request-Method": "GET"}
    assert is_allowed(ask("OPTIONS", "/first", preflight))
    assert ask("GET", "/first", {"Origin": ADMIN}) == (200, ADMIN)
    assert not is_allowed(ask("OPTIONS", "/first", {**preflight, "Origin": APP}))
