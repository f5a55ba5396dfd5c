"""Which path of a request chooses the policy: the one that the application routes."""

from __future__ import annotations

import asyncio
from typing import Any

import falcon.asgi
import pytest
from django.core.handlers.asgi import ASGIHandler
from fastapi import FastAPI
from hypothesis import example, given
from hypothesis import strategies as st
from litestar import Litestar
from quart import Quart
from starlette._utils import get_route_path
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Router

from corekit import CorsPolicy, CorsRoutes
from corekit_asgi import CorsMiddleware
from corekit_asgi.paths import PathReader, path_below_root
from tests.conformance.bare import Message, Receive, Scope, Send

ANY, CLOSED = "*", None
ROUTES = CorsRoutes([("/closed/", CorsPolicy.deny_all()), ("/", CorsPolicy(allow_origins=["*"]))])

segments = st.sampled_from(["", "a", "ab", "v1", "closed", ".."])
paths = st.lists(segments, max_size=4).map(lambda parts: "/" + "/".join(parts))
roots = st.sampled_from(["", "/v1", "/a", "/v1/a", "/v"])


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


class Layer:
    """A middleware that responds itself."""

    def __init__(self, app: object) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await bare(scope, receive, send)


def granted(
    app: Any, path: str, root_path: str = "", raw_path: bytes | memoryview | None = None
) -> str | None:
    """Return the origin that the response to a request of any origin has."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "query_string": b"",
        "path": path,
        "root_path": root_path,
        "raw_path": raw_path,
        "headers": [(b"origin", b"https://untrusted.example")],
    }
    asyncio.run(app(scope, receive, send))
    found: bytes | None = dict(sent[0]["headers"]).get(b"access-control-allow-origin")
    return None if found is None else found.decode()


def covered(app: object, **options: Any) -> CorsMiddleware:
    """Wrap an application, of which only the class matters, in the routes."""
    return CorsMiddleware(Layer(app), ROUTES, **options)


STRIPPING = [Starlette(), FastAPI(), Router(), Litestar(logging_config=None), Quart("paths")]


@pytest.mark.parametrize(
    "app", [*STRIPPING, ASGIHandler.__new__(ASGIHandler)], ids=lambda app: type(app).__name__
)
def test_framework_that_strips_the_root_path(app: Any) -> None:
    assert granted(covered(app), "/v1/closed/x", "/v1") is CLOSED
    assert granted(covered(app), "/closed/x", "/closed") == ANY
    assert granted(covered(app), "/v1", "/v1") == ANY


def test_framework_that_routes_the_whole_path() -> None:
    app = covered(falcon.asgi.App())
    assert granted(app, "/v1/closed/x", "/v1") == ANY
    assert granted(app, "/closed/x", "/closed") is CLOSED


def test_application_is_found_behind_layers_and_methods() -> None:
    quart = Quart("paths")
    for app in (GZipMiddleware(Starlette()), Layer(Layer(Starlette())), quart.asgi_app):
        assert granted(covered(app), "/v1/open", "/v1") == ANY
        assert granted(covered(app), "/v1/closed/x", "/v1") is CLOSED
        assert granted(covered(app), "/closed/x", "/closed") == ANY


def test_root_path_of_fastapi_may_be_set_later() -> None:
    api = FastAPI()
    app = covered(api)
    assert granted(app, "/v1/closed/x") == ANY
    api.root_path = "/v1"
    assert granted(app, "/v1/closed/x") is CLOSED


def test_root_path_of_fastapi_replaces_that_of_the_server() -> None:
    with pytest.warns(match="root_path"):
        app = covered(FastAPI(root_path="/v1"))
    assert granted(app, "/v1/closed/x") is CLOSED
    assert granted(app, "/v2/closed/x", "/v2") == ANY


def test_unknown_application_gets_a_policy_only_if_all_readings_agree() -> None:
    app = covered(bare)
    assert granted(app, "/v1/open", "/v1") == ANY
    assert granted(app, "/v1/closed/x", "/v1") is CLOSED
    assert granted(app, "/closed/x", "/closed") is CLOSED
    assert granted(app, "/v1/closed/x") == ANY


def test_unknown_application_may_route_the_path_as_it_was_sent() -> None:
    app = covered(bare)
    assert granted(app, "/caf\xe9/x", raw_path=b"/caf%C3%A9/x") == ANY
    assert granted(app, "/closed/x", raw_path=b"/%63losed/x") is CLOSED
    assert granted(app, "/open", raw_path=memoryview(b"/closed/%2e%2e/open")) is CLOSED
    assert granted(app, "/open/x", raw_path=b"/closed/%2e%2e/open/x") is CLOSED


@pytest.mark.parametrize("path", ["http://api.example.com/open", "x:/open", "*"])
def test_target_that_is_not_a_path_allows_no_origins(path: str) -> None:
    for app in (Quart("paths"), Starlette(), bare):
        assert granted(covered(app), path) is CLOSED


def test_empty_path_is_that_of_the_root() -> None:
    assert granted(covered(bare), "") == ANY


def test_user_knows_what_the_application_routes() -> None:
    strips = covered(bare, strips_root_path=True)
    whole = covered(bare, strips_root_path=False)
    assert granted(strips, "/v1/closed/x", "/v1") is CLOSED
    assert granted(strips, "/closed/x", "/closed") == ANY
    assert granted(whole, "/v1/closed/x", "/v1") == ANY
    assert granted(whole, "/closed/x", "/closed") is CLOSED


@given(paths, roots)
@example("/v1", "/v1")
@example("/v1a", "/v1")
def test_path_below_the_root_is_what_starlette_routes(path: str, root: str) -> None:
    scope: Scope = {"path": path, "root_path": root}
    assert path_below_root(path, root) == (get_route_path(scope) or "/")


@pytest.mark.parametrize(
    ("path", "root", "hint"),
    [
        ("/v1/closed/x", "/v1", "The path has another policy with the root path than without it."),
        ("/x/../closed/x", "", "The path is ambiguous."),
        ("http://api.example.com/open", "", "Request a path that begins with a slash, not a URL."),
    ],
)
def test_hint_is_about_the_path(path: str, root: str, hint: str) -> None:
    policy = PathReader.of(bare, None).find_policy(ROUTES, {"path": path, "root_path": root})
    assert policy is not None
    assert policy.decide("GET", origin="https://app.example.com").hint.startswith(hint)


def test_hint_is_not_to_pass_what_was_passed() -> None:
    scope = {"path": "/closed/x", "root_path": "/x"}
    policy = PathReader.of(bare, True).find_policy(ROUTES, scope)
    assert policy is not None
    hint = policy.decide("GET", origin="https://app.example.com").hint
    assert hint.startswith("The path is ambiguous.")
