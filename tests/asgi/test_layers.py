"""What is around and inside the middleware: errors at start, and second CORS layers."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from litestar import Litestar
from litestar.config.cors import CORSConfig
from quart import Quart
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware as Starlettes
from starlette.middleware.gzip import GZipMiddleware
from starlette.testclient import TestClient

from corekit import CorsPolicy, PolicyError
from corekit_asgi import CorsMiddleware

APP = "https://app.example.com"
policy = CorsPolicy(allow_origins=[APP])


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


MISTAKES: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"allow_origin": [APP]}, TypeError, "Did you mean allow_origins?"),
    ({"policy": policy, "on_decison": print}, TypeError, "Did you mean on_decision?"),
    ({"policy": policy, "max_age": 5}, TypeError, "CorsMiddleware() got a policy and max_age."),
    ({"policy": "*"}, TypeError, "CorsMiddleware() got a str"),
    ({"allow_origins": ["null"]}, PolicyError, "[opaque-origin]"),
    ({}, PolicyError, "[no-origins]"),
]
each_mistake = pytest.mark.parametrize(("arguments", "error", "message"), MISTAKES)


@each_mistake
@pytest.mark.parametrize("app", [hello, Starlette()])
def test_mistake_raises_at_once(
    app: Any, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        CorsMiddleware(app, **arguments)

    assert message in str(caught.value)


@each_mistake
def test_mistake_in_added_middleware_keeps_the_server_from_starting(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    own = Middleware(CorsMiddleware, **arguments)
    app = Starlette(middleware=[own, Middleware(GZipMiddleware)])
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(error):
        asyncio.run(app({"type": "lifespan"}, receive, send))

    (failed,) = sent
    assert failed["type"] == "lifespan.startup.failed"
    assert message in failed["message"]


@each_mistake
def test_client_for_tests_raises_the_mistake_in_added_middleware(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    client = TestClient(Starlette(middleware=[Middleware(CorsMiddleware, **arguments)]))

    with pytest.raises(error, match=re.escape(message)):
        client.__enter__()


def test_server_without_lifespan_gets_the_mistake_per_request() -> None:
    misspelled: Any = {"allow_origin": [APP]}
    app = Starlette(middleware=[Middleware(CorsMiddleware, **misspelled)])

    for _ in range(2):
        with pytest.raises(TypeError, match="Did you mean allow_origins"):
            TestClient(app).get("/", headers={"Origin": APP})


def test_arguments_of_a_policy_are_accepted() -> None:
    assert CorsMiddleware(hello, allow_origins=[APP]).policy == policy


def test_policy_cannot_be_replaced() -> None:
    app = CorsMiddleware(hello, policy)

    with pytest.raises(AttributeError):
        app.policy = CorsPolicy(allow_origins=["*"])  # type: ignore[misc]


def quart_with_layer() -> Any:
    app: Any = Quart("shop")
    app.asgi_app = CorsMiddleware(app.asgi_app, policy)
    return app


@pytest.mark.parametrize(
    ("app", "logged"),
    [
        (CorsMiddleware(hello, policy), "corekit_asgi.middleware.CorsMiddleware"),
        (Starlettes(hello), "starlette.middleware.cors.CORSMiddleware"),
        (GZipMiddleware(Starlettes(hello)), "starlette.middleware.cors.CORSMiddleware"),
        (
            Starlette(middleware=[Middleware(Starlettes)]),
            "starlette.middleware.cors.CORSMiddleware",
        ),
        (Litestar(cors_config=CORSConfig(), logging_config=None), "cors_config of Litestar"),
        (quart_with_layer().asgi_app, "corekit_asgi.middleware.CorsMiddleware"),
        (Litestar(logging_config=None), None),
        (GZipMiddleware(hello), None),
        (Quart("shop").asgi_app, None),
    ],
)
def test_second_layer_inside_is_logged(
    app: Any, logged: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    CorsMiddleware(app, policy)

    expected = f"CORS: {logged} has no effect, since corekit replaces its headers. Remove it."
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == (
        [("WARNING", expected)] if logged else []
    )
