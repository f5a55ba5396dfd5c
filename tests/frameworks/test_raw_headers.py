"""Header names and values that an ASGI application or server sends as other types than bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import corekit_asgi
import corekit_starlette
from corekit import CorsPolicy
from corekit.browser import HttpRequest
from tests.conformance.bare import Message, Scope
from tests.properties.adapters import ADAPTERS
from tests.properties.application import Application, shared_loop

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"
RAW = ["asgi", "starlette"]
policy = CorsPolicy(allow_origins=[APP])

HEADERS = [
    ("Content-Type", "text/plain"),
    ("Access-Control-Allow-Origin", "*"),
    ("X-Mine", "1"),
    ("Vary", "Accept"),
]
TYPES: dict[str, Callable[[str], Any]] = {
    "bytearray": lambda text: bytearray(text, "latin-1"),
    "memoryview": lambda text: memoryview(text.encode()),
    "writable memoryview": lambda text: memoryview(bytearray(text, "latin-1")),
    "memoryview of characters": lambda text: memoryview(text.encode()).cast("c"),
}


@pytest.mark.parametrize("adapter", RAW)
@pytest.mark.parametrize("encode", TYPES.values(), ids=TYPES.keys())
@pytest.mark.parametrize("origin", [None, APP, UNTRUSTED])
def test_no_header_is_lost(adapter: str, encode: Callable[[str], Any], origin: str | None) -> None:
    fields = () if origin is None else (("Origin", origin),)
    request = HttpRequest("GET", "https://api.example.org/", fields)
    usual, other = (
        ADAPTERS[adapter](policy, Application(200, HEADERS, each))(request)
        for each in (str.encode, encode)
    )
    assert other == usual
    assert dict(usual.headers)["x-mine"] == "1"
    assert dict(usual.headers).get("access-control-allow-origin") == (
        APP if origin == APP else None
    )


@corekit_starlette.cors(policy)
async def hello(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} from {request.headers.get('origin')}")


def through_asgi() -> Any:
    return corekit_asgi.CorsMiddleware(Starlette(routes=[Route("/", hello)]), policy)


def through_starlette() -> Any:
    # The policy of the route, not of the application, is found by the headers.
    app = Starlette(routes=[Route("/", hello)])
    corekit_starlette.install(app, CorsPolicy(allow_origins=["*"]))
    return app


REQUESTS = {
    "no origin": ("GET", [("Accept", "text/plain")]),
    "actual": ("GET", [("Accept", "text/plain"), ("Origin", APP)]),
    "untrusted": ("GET", [("Origin", UNTRUSTED)]),
    "two origins": ("GET", [("Origin", APP), ("Origin", APP)]),
    "options": ("OPTIONS", [("Origin", APP), ("X-Long-Name-Without-Any-Effect", "1")]),
    "preflight": ("OPTIONS", [("Origin", APP), ("Access-Control-Request-Method", "PUT")]),
    "preflight first": ("OPTIONS", [("Access-Control-Request-Method", "PUT"), ("Origin", APP)]),
    "headers twice": (
        "OPTIONS",
        [
            ("Origin", APP),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "x-a"),
            ("Access-Control-Request-Headers", "x-b"),
        ],
    ),
    "untrusted preflight": (
        "OPTIONS",
        [("Origin", UNTRUSTED), ("Access-Control-Request-Method", "GET")],
    ),
}


def respond(app: Any, method: str, headers: list[tuple[Any, Any]]) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "https",
        "method": method,
        "root_path": "",
        "path": "/",
        "query_string": b"",
        "headers": headers,
    }
    shared_loop().run_until_complete(app(scope, receive, send))
    return sent


@pytest.mark.parametrize("make_app", [through_asgi, through_starlette])
@pytest.mark.parametrize("encode", [*TYPES.values(), str], ids=[*TYPES, "str"])
@pytest.mark.parametrize("parts", [(True, True), (True, False), (False, True)], ids=str)
@pytest.mark.parametrize("request_name", REQUESTS)
def test_headers_of_a_request_are_read(
    make_app: Callable[[], Any],
    encode: Callable[[str], Any],
    parts: tuple[bool, bool],
    request_name: str,
) -> None:
    app, (method, pairs) = make_app(), REQUESTS[request_name]
    usual = [(name.encode(), value.encode()) for name, value in pairs]
    encode_name, encode_value = (encode if is_other else str.encode for is_other in parts)
    other = [(encode_name(name), encode_value(value)) for name, value in pairs]
    assert respond(app, method, other) == respond(app, method, usual)


@pytest.mark.parametrize("name", [5, None, 1.5])
def test_header_of_another_type_is_an_error(name: Any) -> None:
    with pytest.raises(TypeError):
        respond(through_asgi(), "GET", [(name, b"1")])
